"""What is said when a card's answer is a refusal or does not hold (apdu.errors)."""

from __future__ import annotations

from terminal.words.said import Parts, Said

FAULTS: dict[str, Said] = {
    "desfire_refused": Said(
        exit=4,
        zh=Parts(
            what="卡片拒絕了 {command}，回覆代碼 {status}。",
            means="這一步沒有寫入；沒有資料遺失，也沒有多發一張。",
            next="請再放一次；若仍被拒絕，請改用另一張卡並回報代碼。",
        ),
        en=Parts(
            what="The card refused {command}: {status}.",
            means="This step wrote nothing. Nothing is lost; no second card went out.",
            next="Put it down again; if it refuses again, take another and report the code.",
        ),
    ),
    "desfire_answer_wrong": Said(
        exit=4,
        zh=Parts(
            what="卡片對 {command} 的回覆不可信（{wrong}）。",
            means="傳輸可能受干擾，或這不是真的本市卡片；不採用其內容。",
            next="請再放一次；若仍如此，請把卡片留下並交給主管。",
        ),
        en=Parts(
            what="The card's answer to {command} does not hold ({wrong}).",
            means="The air was disturbed or the card is not genuine. It is not believed.",
            next="Put it down again; if it stays so, keep the card and tell a supervisor.",
        ),
    ),
}
