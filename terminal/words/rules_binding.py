"""What the rules of binding to double-ten are called, B1-B6 (domain.md 4, 9).

A rule that entitles has exit 0, one that refuses 3. Which of several texts: `key_of` in
`rules_issuance.py`.
"""

from __future__ import annotations

from terminal.words.said import Parts, Said

RULES: dict[str, Said] = {
    "B1": Said(
        0,
        Parts(
            "已綁定雙十公車：設籍本市的市民。",
            "10公里免費，超過最多 10 元；每人一張卡適用。",
            "上車、下車請用這張卡刷卡。",
        ),
        Parts(
            "Bound to the Double-Ten bus: citizen of the city.",
            "10 km free, NT$10 at most beyond; it holds for one card a person.",
            "Tap on and off with this card.",
        ),
    ),
    "B2": Said(
        0,
        Parts(
            "已綁定雙十公車：本市市民的外籍配偶。",
            "適用到居留證效期的最後一天。",
            "居留證延期後，請帶新證再綁一次。",
        ),
        Parts(
            "Bound to the Double-Ten bus: foreign spouse of a citizen of the city.",
            "It holds to the last day of the residence certificate.",
            "When the certificate is extended, bind again with the new one.",
        ),
    ),
    "B3": Said(
        0,
        Parts(
            "已綁定雙十公車：在本市就學的學生。",
            "適用到畢業當年的 10 月 31 日。",
            "上車、下車請用這張卡刷卡。",
        ),
        Parts(
            "Bound to the Double-Ten bus: student of a school in the city.",
            "It holds to 31 October of the graduation year.",
            "Tap on and off with this card.",
        ),
    ),
    "B4": Said(
        0,
        Parts(
            "已綁定雙十公車：永久居留者，地址在本市。",
            "永久居留證有效期時，適用到該日；否則沒有期限。",
            "上車、下車請用這張卡刷卡。",
        ),
        Parts(
            "Bound to the Double-Ten bus: permanent resident living in the city.",
            "It holds to the certificate's last day if it has one, else on.",
            "Tap on and off with this card.",
        ),
    ),
    "moved": Said(
        0,
        Parts(
            "已改綁到這張卡。",
            "原來那張卡的雙十公車優惠已停止，餘額不受影響。",
            "從現在起請用這張卡上下車刷卡。",
        ),
        Parts(
            "The binding has moved to this card.",
            "The former card no longer has the Double-Ten fare; its balance is untouched.",
            "From now on tap on and off with this card.",
        ),
    ),
    "unbound": Said(
        0,
        Parts(
            "已解除綁定。",
            "這張卡不再適用雙十公車優惠，餘額不受影響。",
            "要恢復優惠，請帶證件再辦理綁卡。",
        ),
        Parts(
            "The card is no longer bound.",
            "It has lost the Double-Ten fare; its balance is untouched.",
            "To have it back, bring the papers and bind again.",
        ),
    ),
    "bind.papers": Said(
        3,
        Parts(
            "綁卡的應備證件不齊或今天不能使用。",
            "須查驗有效的正本；沒有綁定，原有的綁定也沒有變動。",
            "請補齊所列證件後再辦理。",
        ),
        Parts(
            "Papers for binding are missing or not good today.",
            "Valid originals must be seen. Nothing was bound, nothing else changed.",
            "Please come again with the papers listed.",
        ),
    ),
    "bind.contradiction": Said(
        3,
        Parts(
            "申請資料互相矛盾。",
            "號碼、國籍、出生日期或代辦人有一項不合；沒有綁定。",
            "請對照證件重新確認後再輸入。",
        ),
        Parts(
            "The application contradicts itself.",
            "A number, nationality, birth date or proxy cannot be; nothing was bound.",
            "Please compare it with the papers and enter it again.",
        ),
    ),
    "bind.not_yet": Said(
        3,
        Parts(
            "這類申請人目前還不能綁卡。",
            "本市尚未開放或沒有開放這類身分；沒有綁定。",
            "請查看市府公告的開放日期；有疑問請洽區公所。",
        ),
        Parts(
            "This kind of applicant cannot bind a card at present.",
            "The city has not opened the policy to this group; nothing was bound.",
            "See the city's notice for dates, or ask a district office.",
        ),
    ),
    "B3.school_elsewhere": Said(
        3,
        Parts(
            "就讀的學校不在本市。",
            "學生綁卡以在本市就學為限；沒有綁定。",
            "設籍本市者，請改以市民身分綁卡。",
        ),
        Parts(
            "The school is not in this city.",
            "Students bind a card by a school in the city; nothing was bound.",
            "If the household is in the city, bind as a citizen.",
        ),
    ),
    "B3.graduated": Said(
        3,
        Parts(
            "畢業日期已過。",
            "學生綁卡以在學期間為限；沒有綁定。",
            "仍在學者，請帶新的學生證或在學證明再來。",
        ),
        Parts(
            "The graduation date is past.",
            "Students bind a card while they are enrolled; nothing was bound.",
            "If still enrolled, bring the new student ID or enrolment certificate.",
        ),
    ),
    "B5": Said(
        3,
        Parts(
            "這位申請人不在雙十公車的適用對象內。",
            "適用市民、其外籍配偶、永久居留者及在學學生；沒有綁定。",
            "如屬上述身分，請改以該身分申請。",
        ),
        Parts(
            "This person is not among those the Double-Ten fare is for.",
            "Citizens, foreign spouses, permanent residents, students. Nothing was bound.",
            "If you are one of those, please apply as such.",
        ),
    ),
    "B5.elsewhere": Said(
        3,
        Parts(
            "證件上的戶籍或地址在外縣市，申請人也不是學生。",
            "雙十公車適用設籍本市者及在本市就學者；沒有綁定。",
            "請先遷入本市；在本市就學者請以學生身分申請。",
        ),
        Parts(
            "The papers show another city or county, and no student applies.",
            "Double-Ten is for the city's residents and students; nothing was bound.",
            "Register in the city first; students here apply as students.",
        ),
    ),
    "B5.foreign_resident": Said(
        3,
        Parts(
            "外籍居民（工作、就學、依親）不在雙十公車適用對象內。",
            "適用市民的外籍配偶、永久居留者及在學學生；沒有綁定。",
            "如屬上述身分，請改以該身分申請。",
        ),
        Parts(
            "Foreign residents (work, study, other family) are not entitled.",
            "Foreign spouses, permanent residents, students are. Nothing was bound.",
            "If you are one of those, please apply as such.",
        ),
    ),
    "B5.too_young": Said(
        3,
        Parts(
            "申請人未滿 6 歲。",
            "雙十公車自滿 6 歲起適用；沒有綁定。",
            "滿 6 歲當日起，請帶證件來綁卡。",
        ),
        Parts(
            "The applicant is under six.",
            "The Double-Ten fare begins at the age of six; nothing was bound.",
            "From the sixth birthday on, come again with the papers.",
        ),
    ),
    "B5.senior_card": Said(
        3,
        Parts(
            "申請人持有敬老愛心卡。",
            "敬老愛心卡已有雙十公車優惠，重複綁定會被取消；沒有綁定。",
            "請直接用敬老愛心卡上下車刷卡。",
        ),
        Parts(
            "The applicant holds a senior and care card.",
            "It has the benefit already; a second binding would be ended. None was made.",
            "Please tap on and off with the senior and care card.",
        ),
    ),
    "B6": Said(
        3,
        Parts(
            "這張卡不是由這位申請人綁定的。",
            "一張卡只供一人，解除也須由原綁定人辦理；沒有任何變動。",
            "請由原綁定人先解除綁定，或改用另一張卡。",
        ),
        Parts(
            "This card is not bound to this person.",
            "One card serves one person, who alone may unbind it. Nothing changed.",
            "Let the holder unbind it first, or use another card.",
        ),
    ),
    "B6.childs_card": Said(
        3,
        Parts(
            "這張半票卡不是這位申請人的。",
            "兒童卡只能綁定給持卡的兒童，出生日期不符；沒有任何變動。",
            "請核對出生日期，或改用申請人自己的卡片。",
        ),
        Parts(
            "This half-fare card is not this person's.",
            "A child card is bound to its child; the birth date differs. Nothing changed.",
            "Compare the date of birth, or use a card of the applicant's own.",
        ),
    ),
    "unbind.papers": Said(
        3,
        Parts(
            "受委託人的證件不齊，不能代為解除綁定。",
            "只有原綁定人或其受委託人可以解除；沒有任何變動。",
            "請補齊所列證件後再辦理，或由本人辦理。",
        ),
        Parts(
            "The proxy's papers are not complete; the card stays bound.",
            "Only the holder or the holder's proxy may unbind. Nothing changed.",
            "Come again with the papers listed, or let the holder come.",
        ),
    ),
    "unbind.contradiction": Said(
        3,
        Parts(
            "申請資料互相矛盾。",
            "號碼、國籍、出生日期或代辦人有一項不合；沒有任何變動。",
            "請對照證件重新確認後再輸入。",
        ),
        Parts(
            "The application contradicts itself.",
            "A number, nationality, birth date or proxy cannot be. Nothing changed.",
            "Please compare it with the papers and enter it again.",
        ),
    ),
}
