"""What the rules of a tap are called, R1-R9 (domain.md 2.6). Terms: domain.md 9.

R1-R5 are no refusals; their `next` is what the rider does now. Exit 3 counts where a rule refuses.
"""

from __future__ import annotations

from terminal.words.said import Parts, Said

RULES: dict[str, Said] = {
    "R1": Said(
        3,
        Parts(
            "上車刷卡成功。",
            "行程已開始；車資依下車站計算。",
            "下車時請用同一張卡再刷一次。",
        ),
        Parts(
            "Tapped on.",
            "The trip has begun; the fare depends on where you get off.",
            "Tap off with the same card when you leave the bus.",
        ),
    ),
    "R2": Said(
        3,
        Parts(
            "下車刷卡成功。",
            "本次行程已結束，車資已結清。",
            "不必再刷；下次上車請重新刷卡。",
        ),
        Parts(
            "Tapped off.",
            "This trip is closed and its fare is settled.",
            "Nothing more to do; tap on again at your next ride.",
        ),
    ),
    "R3": Said(
        3,
        Parts(
            "已刷卡，不重複計算。",
            "剛才在同一站、同一輛車刷過；這次沒有扣款。",
            "不必再刷；要下車時請到站後再刷。",
        ),
        Parts(
            "Already tapped; it does not count twice.",
            "The card was read here a moment ago. Nothing was charged now.",
            "No need to tap again; tap off when you have reached your stop.",
        ),
    ),
    "R4": Said(
        3,
        Parts(
            "上車刷卡成功，依未綁卡計費。",
            "這張卡的綁定已解除或逾期，不適用雙十公車優惠。",
            "下車時請再刷一次；如要恢復優惠，請到櫃檯綁卡。",
        ),
        Parts(
            "Tapped on, priced as a card that is not bound.",
            "Its binding has ended or expired; Double-Ten does not apply.",
            "Tap off when you leave; to get the benefit back, bind it at a counter.",
        ),
    ),
    "R5": Said(
        3,
        Parts(
            "上車刷卡成功，並補扣前次未下車刷卡的車資。",
            "前次行程沒有刷下車，已補扣並解卡；該程沒有里程優惠。",
            "下車時請記得再刷一次。",
        ),
        Parts(
            "Tapped on; the trip that was never tapped off was charged.",
            "The card was locked and is released; that trip had no benefit.",
            "Remember to tap off when you leave the bus.",
        ),
    ),
    "R6": Said(
        3,
        Parts(
            "餘額不足，無法補扣前次車資，不能上車。",
            "前次沒有刷下車，卡片仍鎖卡；這次沒有扣款。",
            "請先加值再刷卡，或投現搭車。",
        ),
        Parts(
            "The balance does not cover the lock charge; no boarding.",
            "The last trip was not tapped off. Nothing was charged now.",
            "Top the card up and tap again, or pay cash.",
        ),
    ),
    "R7": Said(
        3,
        Parts(
            "餘額為負，不能上車。",
            "前次車資由發卡公司代墊；這次沒有扣款。",
            "請先加值到 0 元以上再刷卡，或投現搭車。",
        ),
        Parts(
            "The balance is below zero; no boarding.",
            "The card company advanced an earlier fare. Nothing was charged now.",
            "Top the card up to NT$0 or more and tap again, or pay cash.",
        ),
    ),
    "R8": Said(
        3,
        Parts(
            "餘額不足，無法完成下車刷卡。",
            "代墊上限是 60 元；行程仍未結束，這次沒有扣款。",
            "請加值後再刷下車；否則下次上車會補扣。",
        ),
        Parts(
            "The balance is too low to tap off.",
            "The advance ends at NT$60. The trip stays open, nothing was charged.",
            "Top up and tap off; else the next boarding takes a lock charge.",
        ),
    ),
    "R9": Said(
        3,
        Parts(
            "這張卡已停卡或逾期，不能搭車。",
            "卡片在黑名單上、已作廢或超過效期；這次沒有扣款。",
            "請投現搭車，並持卡到櫃檯查詢。",
        ),
        Parts(
            "This card is blocked or has expired.",
            "It is on the hotlist, withdrawn or out of date. Nothing was charged.",
            "Pay cash, and take the card to a counter.",
        ),
    ),
}
