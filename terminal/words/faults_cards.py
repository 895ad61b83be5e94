"""What is said when something is wrong with a card (cards.errors)."""

from __future__ import annotations

from terminal.words.said import Parts, Said

FAULTS: dict[str, Said] = {
    "wrong_card": Said(
        exit=4,
        zh=Parts(
            what="讀卡機上的卡片不是這裡要用的那一種（{kind}）。",
            means="它不是本市的空白卡，或這裡不能發這一種；卡片沒有任何變動。",
            next="請換一張市府提供的空白卡，再試一次。",
        ),
        en=Parts(
            what="The card on the reader is not of the kind that is wanted ({kind}).",
            means="It is not from the city's stock, or not for this counter. Nothing changed.",
            next="Put down a blank card from the city's stock and try again.",
        ),
    ),
    "card_spoiled": Said(
        exit=4,
        zh=Parts(
            what="這張卡有一區打不開，或內容互相矛盾，不能使用。",
            means="換金鑰時拿開卡片，少數卡片會這樣壞掉；沒有再寫入任何資料。",
            next="請收回這張卡並登記為損壞，改用另一張。",
        ),
        en=Parts(
            what="A sector of this card is locked, or what is on it contradicts itself.",
            means="A card lifted while its keys changed may be lost so. Nothing more was written.",
            next="Keep the card back as spoiled and take another one.",
        ),
    ),
    "newer_layout": Said(
        exit=4,
        zh=Parts(
            what="這張卡是由較新版的軟體寫入的（第 {version} 版）。",
            means="這台機器只能看、不會改寫它；卡片內容完好。",
            next="請更新這台機器的軟體，或到已更新的櫃檯辦理。",
        ),
        en=Parts(
            what="This card was written by newer software (layout version {version}).",
            means="This machine only looks at it and never overwrites it. The card is whole.",
            next="Update this machine, or go to a counter that has been updated.",
        ),
    ),
    "read_back_differs": Said(
        exit=4,
        zh=Parts(
            what="卡片回覆已寫入，讀回來卻不同（區塊 {block}）。",
            means="這次寫入不算完成；原有的資料仍然有效，也沒有多扣款。",
            next="請拿開卡片再放一次；若仍相同，請改用另一張卡。",
        ),
        en=Parts(
            what="The card said it was written and shows something else (block {block}).",
            means="The write does not count. What was valid still is; nothing was charged twice.",
            next="Lift the card and put it down again; if it stays so, take another one.",
        ),
    ),
    "already_issued": Said(
        exit=4,
        zh=Parts(
            what="這張卡已經發給別人了。",
            means="它屬於某位持卡人，不能再發給別人；沒有登記任何資料。",
            next="請換一張空白卡；原持卡人可用這張卡辦理綁卡。",
        ),
        en=Parts(
            what="This card has been issued already.",
            means="It is somebody's and cannot be handed out again. Nothing was recorded.",
            next="Take a blank card; its holder may have this one bound.",
        ),
    ),
    "card_not_issued": Said(
        exit=4,
        zh=Parts(
            what="這張卡還沒有發出。",
            means="卡上沒有有效的紀錄，或只寫了一半；沒有任何變動。",
            next="請先完成領卡，再用這張卡辦理。",
        ),
        en=Parts(
            what="This card has not been handed out yet.",
            means="It holds no valid record, or was written half. Nothing changed.",
            next="Finish its issuance first, then use it.",
        ),
    ),
    "sector_locked": Said(
        exit=4,
        zh=Parts(
            what="這張卡的第 {sector} 區已鎖住，無法再寫入。",
            means="可能永遠打不開；沒有再寫入任何資料。",
            next="請收回這張卡並登記為損壞，改用另一張。",
        ),
        en=Parts(
            what="Sector {sector} of this card is locked and cannot be written.",
            means="It may be so for good. Nothing more was written.",
            next="Keep the card back as spoiled and take another one.",
        ),
    ),
    "file_differs": Said(
        exit=4,
        zh=Parts(
            what="卡片回覆已寫入，讀回來卻不同（檔案 {file}）。",
            means="這次寫入不算完成；卡片沒有多扣款。",
            next="請拿開卡片再放一次；若仍相同，請改用另一張卡。",
        ),
        en=Parts(
            what="The card said it was written and shows something else (file {file}).",
            means="The write does not count; nothing was charged twice.",
            next="Lift the card and put it down again; if it stays so, take another one.",
        ),
    ),
    "key_not_taken": Said(
        exit=4,
        zh=Parts(
            what="卡片回覆已換金鑰，卻不接受新的（金鑰 {key}）。",
            means="這張卡不算完成；卡上的資料沒有改變。",
            next="請拿開卡片再放一次；若仍相同，請改用另一張卡。",
        ),
        en=Parts(
            what="The card said it took a new key and refuses it (key {key}).",
            means="This card does not count as done; what is on it has not changed.",
            next="Lift the card and put it down again; if it stays so, take another one.",
        ),
    ),
    "no_keys_of_ours": Said(
        exit=4,
        zh=Parts(
            what="這張卡上沒有本市的金鑰。",
            means="它的紀錄存在帳本裡，卡上沒有可換的金鑰；沒有任何變動。",
            next="請照常使用，不必更換。",
        ),
        en=Parts(
            what="None of the city's keys are on this card.",
            means="Its record is in the ledger; it has no keys to change. Nothing was written.",
            next="Use the card as it is; it needs no new keys.",
        ),
    ),
    "keys_too_old": Said(
        exit=4,
        zh=Parts(
            what="這張卡打不開：可能是金鑰太舊的花博卡，或沒有空白區的卡。",
            means="無法分辨是否已發出過，所以不發卡、不綁卡也不驗票；沒有任何變動。",
            next="請改用另一張卡；若是持卡人的卡，請留下並通知金鑰保管人。",
        ),
        en=Parts(
            what="No key opens this card: a card under keys too old, or without a free sector.",
            means="It may have been handed out before, so it is refused. Nothing changed.",
            next="Take another; if it is a holder's, keep it and tell the keys' custodians.",
        ),
    ),
}
