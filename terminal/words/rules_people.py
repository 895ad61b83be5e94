"""What the rules of issuing child and student cards are called, C1-C6 and S1-S4 (domain.md 5, 9).

A rule that entitles has exit 0, one that refuses 3. Which of several texts: `key_of` in
`rules_issuance.py`.
"""

from __future__ import annotations

from terminal.words.said import Parts, Said

_ONE_ZH = "每人一張；遺失補發請洽學校或區公所，舊卡會先停用。"
_ONE_EN = "One each; a lost one is replaced by the school or district office."
_OPEN_ZH = "請先完成或作廢那一件；待查案件請洽市府承辦。"
_OPEN_EN = "Finish or void that one first; for a case call the city's desk."
_OPEN_THERE_ZH = "請到該處完成或作廢那一件；待查案件請洽市府承辦。"
_OPEN_THERE_EN = "Have it finished or voided there; for a case call the city's desk."

RULES: dict[str, Said] = {
    "C1": Said(
        0,
        Parts(
            "可領兒童卡：設籍本市，年滿 6 歲、未滿 12 歲。",
            "半票到 12 歲生日前一天；餘額之後仍可使用。",
            "請把卡片交給申請人；要享雙十公車優惠，請接著綁卡。",
        ),
        Parts(
            "Entitled to a child card: household in the city, 6 to under 12.",
            "Half fare to the day before the 12th birthday; the balance stays usable.",
            "Hand the card over; for the Double-Ten bus fare bind it next.",
        ),
    ),
    "C2": Said(
        0,
        Parts(
            "可領兒童卡：本市國小學生，年滿 6 歲、未滿 12 歲。",
            "半票到 12 歲生日前一天；餘額之後仍可使用。",
            "請把卡片交給申請人；要享雙十公車優惠，請接著綁卡。",
        ),
        Parts(
            "Entitled to a child card: pupil of a primary school here, 6 to under 12.",
            "Half fare to the day before the 12th birthday; the balance stays usable.",
            "Hand the card over; for the Double-Ten bus fare bind it next.",
        ),
    ),
    "C3": Said(
        3,
        Parts(
            "申請人已滿 12 歲。",
            "兒童卡給 6 歲到未滿 12 歲的兒童；這次沒有發卡。",
            "在本市就學者可申請數位學生證；一般電子票證也能綁卡。",
        ),
        Parts(
            "The applicant is 12 or older.",
            "Child cards are for ages 6 to under 12; none was issued.",
            "Who is at school here may have a student card; any other card can be bound.",
        ),
    ),
    "C3.too_young": Said(
        3,
        Parts(
            "申請人未滿 6 歲。",
            "兒童卡給 6 歲到未滿 12 歲的兒童；這次沒有發卡。",
            "請在 6 歲生日當天或以後再來。",
        ),
        Parts(
            "The applicant is under 6.",
            "Child cards are for ages 6 to under 12; none was issued.",
            "Please come again on the 6th birthday or after.",
        ),
    ),
    "C4": Said(
        3,
        Parts(
            "申請人不是本市市民，也不是本市的國小學生。",
            "兒童卡發給設籍本市或就讀本市國小的兒童；沒有發卡。",
            "就讀本市國小者，請帶學生證或在學證明。",
        ),
        Parts(
            "Neither a citizen of the city nor a pupil of a primary school here.",
            "Child cards are for those two. None was issued.",
            "A pupil of a primary school here brings student ID or enrolment certificate.",
        ),
    ),
    "C4.elsewhere": Said(
        3,
        Parts(
            "證件上的戶籍在外縣市。",
            "兒童卡發給設籍本市或就讀本市國小的兒童；沒有發卡。",
            "就讀本市國小者，請以學生身分申請，附在學證明。",
        ),
        Parts(
            "The papers show a household in another city or county.",
            "Child cards are for citizens and for primary-school pupils here.",
            "A pupil of a school here applies as student, with enrolment certificate.",
        ),
    ),
    "C5": Said(
        3,
        Parts("這位申請人已經有兒童卡。", _ONE_ZH, "請用原有的卡片；如有疑問，請記下規則 C5。"),
        Parts(
            "This person has a child card already.",
            _ONE_EN,
            "Please use the card there is; to contest this, note rule C5.",
        ),
    ),
    "C5.where": Said(
        3,
        Parts(
            "此人已於{office}（{month}）領過兒童卡。",
            _ONE_ZH,
            "請用原有的卡片；如有疑問，請記下規則 C5。",
        ),
        Parts(
            "This person was given a child card at {office} ({month}).",
            _ONE_EN,
            "Please use the card there is; to contest this, note rule C5.",
        ),
    ),
    "C6": Said(
        3,
        Parts(
            "這位申請人的兒童卡案件還沒有結束。",
            "另一櫃檯正在辦理，或兩筆資料待查；這次沒有發卡。",
            _OPEN_ZH,
        ),
        Parts(
            "An issuance of a child card for this person is still open.",
            "Another counter holds it, or a case is undecided; none was issued now.",
            _OPEN_EN,
        ),
    ),
    "C6.where": Said(
        3,
        Parts(
            "此人的兒童卡案件在{office}還沒有結束。",
            "那裡正在辦理，或兩筆資料待查；這次沒有發卡。",
            _OPEN_THERE_ZH,
        ),
        Parts(
            "A child card for this person is still open at {office}.",
            "It is being worked on there, or undecided; none was issued now.",
            _OPEN_THERE_EN,
        ),
    ),
    "S1": Said(
        0,
        Parts(
            "可領數位學生證：在本市就學的學生。",
            "學生證用到畢業那個學年結束；餘額之後仍可使用。",
            "請把卡片交給申請人；要享雙十公車優惠，請接著綁卡。",
        ),
        Parts(
            "Entitled to a student card: pupil or student of a school here.",
            "It is a student ID to the end of the last school year; the balance stays.",
            "Hand the card over; for the Double-Ten bus fare bind it next.",
        ),
    ),
    "S2": Said(
        3,
        Parts(
            "申請人的學校不在本市。",
            "數位學生證發給在本市就學的學生；這次沒有發卡。",
            "請洽就讀學校；設籍本市者可用自己的卡片綁卡。",
        ),
        Parts(
            "The applicant's school is not in the city.",
            "Student cards are for who is at school here; none was issued.",
            "Ask that school; a citizen can bind a card of their own.",
        ),
    ),
    "S2.graduated": Said(
        3,
        Parts(
            "申請人已經畢業。",
            "數位學生證發給在學的學生；這次沒有發卡。",
            "繼續在本市就學者，請帶新學校的在學證明。",
        ),
        Parts(
            "The applicant has left school.",
            "Student cards are for who is at school; none was issued.",
            "Who goes on to another school here brings its enrolment certificate.",
        ),
    ),
    "S3": Said(
        3,
        Parts("這位申請人已經有數位學生證。", _ONE_ZH, "請用原有的卡片；如有疑問，請記下規則 S3。"),
        Parts(
            "This person has a student card already.",
            _ONE_EN,
            "Please use the card there is; to contest this, note rule S3.",
        ),
    ),
    "S3.where": Said(
        3,
        Parts(
            "此人已於{office}（{month}）領過數位學生證。",
            _ONE_ZH,
            "請用原有的卡片；如有疑問，請記下規則 S3。",
        ),
        Parts(
            "This person was given a student card at {office} ({month}).",
            _ONE_EN,
            "Please use the card there is; to contest this, note rule S3.",
        ),
    ),
    "S4": Said(
        3,
        Parts(
            "這位申請人的數位學生證案件還沒有結束。",
            "另一櫃檯正在辦理，或兩筆資料待查；這次沒有發卡。",
            _OPEN_ZH,
        ),
        Parts(
            "An issuance of a student card for this person is still open.",
            "Another counter holds it, or a case is undecided; none was issued now.",
            _OPEN_EN,
        ),
    ),
    "S4.where": Said(
        3,
        Parts(
            "此人的數位學生證案件在{office}還沒有結束。",
            "那裡正在辦理，或兩筆資料待查；這次沒有發卡。",
            _OPEN_THERE_ZH,
        ),
        Parts(
            "A student card for this person is still open at {office}.",
            "It is being worked on there, or undecided; none was issued now.",
            _OPEN_THERE_EN,
        ),
    ),
}
