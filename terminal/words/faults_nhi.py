"""What is said when the NHI card of an applicant cannot be read (terminal.nhi)."""

from __future__ import annotations

from terminal.words.said import Parts, Said

FAULTS: dict[str, Said] = {
    "nhi_unread": Said(
        exit=4,
        zh=Parts(
            what="讀不到健保卡的基本資料（{sw}）。",
            means="可能不是健保卡，或晶片朝向不對；沒有任何變動。",
            next="請把健保卡晶片插入接觸式讀卡機再讀，或直接輸入號碼。",
        ),
        en=Parts(
            what="No profile of an NHI card could be read ({sw}).",
            means="It is another card, or its chip faces the wrong way. Nothing has changed.",
            next="Put the NHI card's chip into the contact slot again, or type the number.",
        ),
    ),
}
