"""What `validation.errors` are called. Terms: domain.md 9."""

from __future__ import annotations

from terminal.words.said import Parts, Said

FAULTS: dict[str, Said] = {
    "unknown_route": Said(
        2,
        Parts(
            "找不到路線「{route}」。",
            "這張卡沒有被讀寫，也沒有扣款。",
            "請確認路線編號，或更新路線資料。",
        ),
        Parts(
            "There is no route {route} here.",
            "The card was not touched and nothing was charged.",
            "Check the route's number, or update the network data.",
        ),
    ),
    "unknown_stop": Said(
        2,
        Parts(
            "路線 {route} 沒有「{stop}」這一站。",
            "這張卡沒有被寫入，也沒有扣款。",
            "請用 network stops --route 查詢站牌後再試。",
        ),
        Parts(
            "Route {route} does not call at {stop}.",
            "Nothing was written to the card and nothing was charged.",
            "Look the stop up with network stops --route, then try again.",
        ),
    ),
    "tap_time_unclear": Said(
        2,
        Parts(
            "看不懂刷卡時間「{text}」。",
            "這張卡沒有被讀寫，也沒有扣款。",
            "請寫成 2026-11-25T08:00（未註明時區即為臺北時間）。",
        ),
        Parts(
            "The tap's time {text} cannot be used.",
            "The card was not touched and nothing was charged.",
            "Write it as 2026-11-25T08:00; without an offset it is Taipei time.",
        ),
    ),
    "vehicle_name_unfit": Said(
        2,
        Parts(
            "車輛名稱不能使用。",
            "這張卡沒有被讀寫，也沒有扣款。",
            "請輸入 1 到 {chars_max} 個可顯示的字，或省略不填。",
        ),
        Parts(
            "The vehicle's name cannot be used.",
            "The card was not touched and nothing was charged.",
            "Give 1 to {chars_max} printable characters, or leave it out.",
        ),
    ),
    "network_unreadable": Said(
        2,
        Parts(
            "路線資料檔 {file} 無法讀取。",
            "原因：{why}。沒有讀卡，也沒有扣款。",
            "請換回完好的路線資料檔再試。",
        ),
        Parts(
            "The network data in {file} cannot be used.",
            "Reason: {why}. No card was read, nothing was charged.",
            "Put a good copy of the network data in its place and try again.",
        ),
    ),
    "fare_policy_unreadable": Said(
        2,
        Parts(
            "市政設定檔裡的票價規則無法使用。",
            "原因：{why}。沒有讀卡，也沒有扣款。",
            "請改用市府發布的設定檔，或洽承辦人員。",
        ),
        Parts(
            "The fare policy in the city profile cannot be used.",
            "Reason: {why}. No card was read, nothing was charged.",
            "Use the profile that the city published, or ask its operator.",
        ),
    ),
}
