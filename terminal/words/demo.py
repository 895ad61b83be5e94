"""What the demo says while a working day passes."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "opening": (
        "示範一天：主機、兩個櫃檯、一台驗票機（模擬）",
        "A working day: hub, two counters, one validator (simulated)",
    ),
    "morning": ("上午：兩個櫃檯發卡與綁卡", "Morning: two counters issue and bind"),
    "noon": ("中午：同步之後，另一個櫃檯也認得", "Noon: after a sync the other counter knows"),
    "ride": ("下午：公車上刷卡", "Afternoon: on the bus"),
    "evening": (
        "傍晚：全部上傳，帳本自我檢查",
        "Evening: all is sent, the ledgers check themselves",
    ),
    "preparing": ("準備主機與終端機", "Setting up the hub and the terminals"),
    "hub": ("主機 {url}", "hub at {url}"),
    "terminal": ("{terminal} 已加入", "{terminal} has joined"),
    "table": ("今天的結果（金額為 NT$）", "What the day came to (amounts in NT$)"),
    "head_what": ("項目", "what"),
    "head_where": ("地點", "where"),
    "head_who": ("對象", "whose"),
    "head_result": ("結果", "result"),
    "head_rule": ("規則", "rule"),
    "issued": ("發卡", "issued"),
    "refused": ("不發", "refused"),
    "bound": ("綁卡", "bound"),
    "topped_up": ("加值", "topped up"),
    "tapped": ("刷卡", "tapped"),
    "synced": ("同步", "synced"),
    "verified": ("檢查", "checked"),
    "card_of": ("{who}的卡", "card of the {who}"),
    "result_issued": ("已發卡", "card handed out"),
    "result_refused": ("沒有發卡", "no card"),
    "result_missing": ("還缺 {papers} 項文件", "{papers} papers missing"),
    "result_bound": ("已綁定（{expires_on}）", "bound ({expires_on})"),
    "result_topped_up": ("餘額 {purse_ntd}", "balance {purse_ntd}"),
    "result_on": (
        "上車，扣 {charged_ntd}，餘 {purse_ntd}",
        "on, charged {charged_ntd}, left {purse_ntd}",
    ),
    "result_off": (
        "下車 {distance_m} 公尺，車資 {fare_ntd}，扣 {charged_ntd}，餘 {purse_ntd}",
        "off, {distance_m} m, fare {fare_ntd}, charged {charged_ntd}, left {purse_ntd}",
    ),
    "result_synced": (
        "上傳 {pushed}，下載 {pulled}，待傳 {waiting}",
        "{pushed} up, {pulled} down, {waiting} waiting",
    ),
    "result_whole": ("帳本完好，{entries} 筆", "ledger whole, {entries} entries"),
    "held": ("一切照預期，{seconds} 秒。", "All of it held, in {seconds} s."),
}
