"""What the rules of issuing the Flora card are called, F1-F16 (domain.md 3, 9).

A rule that entitles has exit 0, one that refuses 3. Some rules say no for several reasons: those
texts have keys of their own (`F6.elsewhere`), named by the decision's fact `said`; `key_of`
picks the right one, for binding too (`rules_binding.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from terminal.words.said import Parts, Said

_WHERE = ("F15", "F16", "C5", "C6", "S3", "S4")  # have a second text, with office and month


def key_of(rule: str, outcome: str, facts: Mapping[str, object]) -> str:
    """The key of the text for one outcome: issued, bound, moved, unbound or refused."""
    if outcome in ("moved", "unbound"):
        return outcome
    key = str(facts.get("said", rule))
    if key in _WHERE and facts.get("office"):
        return f"{key}.where"
    return key


RULES: dict[str, Said] = {
    "F1": Said(
        0,
        Parts(
            "可領臺中花博卡：設籍本市，已查驗國民身分證。",
            "每人限領一張，卡片不記名，遺失不補發。",
            "請把卡片交給申請人；要享雙十公車優惠，請接著綁卡。",
        ),
        Parts(
            "Entitled to a Flora Expo card: household in the city, national ID seen.",
            "One each, unregistered; it is not handed out again when lost.",
            "Hand the card over; for the Double-Ten bus fare bind it next.",
        ),
    ),
    "F2": Said(
        0,
        Parts(
            "可領臺中花博卡：設籍本市，已查驗健保卡與戶籍資料。",
            "每人限領一張，卡片不記名，遺失不補發。",
            "請把卡片交給申請人；要享雙十公車優惠，請接著綁卡。",
        ),
        Parts(
            "Entitled to a Flora Expo card: NHI card and household paper seen.",
            "One each, unregistered; it is not handed out again when lost.",
            "Hand the card over; for the Double-Ten bus fare bind it next.",
        ),
    ),
    "F3": Said(
        3,
        Parts(
            "證件上的戶籍在外縣市。",
            "花博卡只發給設籍本市的市民；這次沒有發卡。",
            "請先遷入本市；在本市就學者可用自己的卡片綁卡。",
        ),
        Parts(
            "The papers show a household in another city or county.",
            "Flora Expo cards are for citizens of this city; none was issued.",
            "Register in the city first; students here can bind a card of their own.",
        ),
    ),
    "F4": Said(
        0,
        Parts(
            "可領臺中花博卡：本市市民的外籍配偶，證件齊備。",
            "每人限領一張，卡片不記名，遺失不補發。",
            "請把卡片交給申請人；要享雙十公車優惠，請接著綁卡。",
        ),
        Parts(
            "Entitled to a Flora Expo card: foreign spouse of a citizen of the city.",
            "One each, unregistered; it is not handed out again when lost.",
            "Hand the card over; for the Double-Ten bus fare bind it next.",
        ),
    ),
    "F5": Said(
        3,
        Parts(
            "配偶的證件顯示戶籍在外縣市。",
            "外籍配偶以配偶設籍本市為限；這次沒有發卡。",
            "配偶遷入本市後，請帶新的戶口名簿或戶籍謄本再來。",
        ),
        Parts(
            "A paper of the spouse shows a household in another city or county.",
            "Foreign spouses need a spouse registered in the city; none was issued.",
            "Once the spouse has moved here, come again with the new household paper.",
        ),
    ),
    "F6": Said(
        0,
        Parts(
            "可領臺中花博卡：外僑永久居留證，地址在本市。",
            "每人限領一張，卡片不記名，遺失不補發。",
            "請把卡片交給申請人；要享雙十公車優惠，請接著綁卡。",
        ),
        Parts(
            "Entitled to a Flora Expo card: permanent resident living in the city.",
            "One each, unregistered; it is not handed out again when lost.",
            "Hand the card over; for the Double-Ten bus fare bind it next.",
        ),
    ),
    "F6.elsewhere": Said(
        3,
        Parts(
            "外僑永久居留證上的地址不在本市。",
            "永久居留者以居留地址在本市為限；這次沒有發卡。",
            "已搬到本市者，請先到移民署變更地址再來。",
        ),
        Parts(
            "The permanent residence certificate shows an address elsewhere.",
            "Permanent residents need an address in the city; none was issued.",
            "If you live here now, have the certificate's address changed first.",
        ),
    ),
    "flora.not_yet": Said(
        3,
        Parts(
            "這類申請人目前還不在發放對象內。",
            "本市尚未開放或沒有開放這類身分；這次沒有發卡。",
            "請查看市府公告的開放日期；有疑問請洽區公所。",
        ),
        Parts(
            "This kind of applicant is not entitled at present.",
            "The city has not opened the cards to this group; none was issued.",
            "See the city's notice for dates, or ask a district office.",
        ),
    ),
    "F7": Said(
        3,
        Parts(
            "外籍居民（工作、就學、依親）不在發放對象內。",
            "發放對象是市民、市民的外籍配偶及永久居留者；沒有發卡。",
            "如屬上述身分，請改以該身分申請；搭公車可用一般電子票證。",
        ),
        Parts(
            "Foreign residents (work, study, other family) are not entitled.",
            "Citizens, their foreign spouses, permanent residents are. None was issued.",
            "If you are one of those, apply as such; any stored-value card rides.",
        ),
    ),
    "F8": Said(
        3,
        Parts(
            "外縣市設籍的學生不在發放對象內。",
            "雙十公車適用在學學生，花博卡則否；這次沒有發卡。",
            "請用自己的電子票證綁卡，附學生證或在學證明。",
        ),
        Parts(
            "Students whose household is elsewhere are not entitled to this card.",
            "The Double-Ten fare covers them, this card does not; none was issued.",
            "Bind a card of your own: bring student ID or enrolment certificate.",
        ),
    ),
    "F9": Said(
        3,
        Parts(
            "受委託人的證件不齊。",
            "代辦須有委託書及受委託人的國民身分證正本；沒有發卡。",
            "請補齊所列證件後再辦理。",
        ),
        Parts(
            "The proxy's papers are not complete.",
            "It takes a letter of authority and the proxy's own ID; none was issued.",
            "Please come again with the papers listed.",
        ),
    ),
    "F10": Said(
        3,
        Parts(
            "父母代辦，但父母的證件不齊。",
            "須查驗國民身分證或有效的居留證正本；沒有發卡。",
            "請補齊所列證件後再辦理。",
        ),
        Parts(
            "A parent came, and the parent's papers are not complete.",
            "It takes a national ID or valid residence certificate; none was issued.",
            "Please come again with the papers listed.",
        ),
    ),
    "F10.of_age": Said(
        3,
        Parts(
            "申請人已成年，父母代辦也須委託書。",
            "滿 18 歲即以一般受委託人辦理；這次沒有發卡。",
            "請補委託書及受委託人的國民身分證，或由本人申請。",
        ),
        Parts(
            "The applicant is of age, so a parent needs a letter of authority too.",
            "From 18 on a parent counts as any other proxy; none was issued.",
            "Bring the letter and the parent's own ID, or let the applicant come.",
        ),
    ),
    "F11": Said(
        3,
        Parts(
            "應備證件不齊。",
            "須查驗正本後才能發卡；這次沒有發卡，資格不受影響。",
            "請補齊所列證件後再辦理。",
        ),
        Parts(
            "Not all papers that are needed were shown.",
            "Originals must be seen first. None was issued; the right is untouched.",
            "Please come again with the papers listed.",
        ),
    ),
    "F12": Said(
        3,
        Parts(
            "有證件今天不能使用。",
            "證件已逾期、尚未生效或為舊式身分證；這次沒有發卡。",
            "請換發後帶有效的正本再來；所列證件都要補。",
        ),
        Parts(
            "A paper that was shown is not good today.",
            "It has expired, is dated ahead, or is an old ID card; none was issued.",
            "Have it renewed and bring all papers listed, in the original.",
        ),
    ),
    "F13": Said(
        3,
        Parts(
            "申請資料互相矛盾。",
            "號碼、國籍、出生日期或代辦人有一項不合；這次沒有發卡。",
            "請對照證件重新確認後再輸入。",
        ),
        Parts(
            "The application contradicts itself.",
            "A number, the nationality, birth date or proxy cannot be; none was issued.",
            "Please compare it with the papers and enter it again.",
        ),
    ),
    "F14": Said(
        3,
        Parts(
            "108 年 4 月底前的名冊上，這位申請人已領過花博卡。",
            "每人限領一張，遺失也不補發；這次沒有發卡。",
            "可用原有的卡片辦理綁卡；如有疑問，請記下規則 F14。",
        ),
        Parts(
            "The list up to April 2019 says this person has collected a Flora card.",
            "One each, and none again when lost; none was issued now.",
            "An own card can be bound; to contest this, note rule F14.",
        ),
    ),
    "F15": Said(
        3,
        Parts(
            "這位申請人已經領過花博卡。",
            "每人限領一張，遺失也不補發（市府報告 參.一.(二).3）。",
            "可用原有的卡片辦理綁卡；如有疑問，請記下規則 F15。",
        ),
        Parts(
            "This person has collected a Flora card before.",
            "One each, and none again when lost (city's report 參.一.(二).3).",
            "An own card can be bound; to contest this, note rule F15.",
        ),
    ),
    "F15.where": Said(
        3,
        Parts(
            "此人已於{office}（{month}）領過花博卡。",
            "每人限領一張，遺失也不補發（市府報告 參.一.(二).3）。",
            "可用原有的卡片辦理綁卡；如有疑問，請記下規則 F15。",
        ),
        Parts(
            "This person collected a Flora card at {office} ({month}).",
            "One each, and none again when lost (city's report 參.一.(二).3).",
            "An own card can be bound; to contest this, note rule F15.",
        ),
    ),
    "F16": Said(
        3,
        Parts(
            "這位申請人的領卡案件還沒有結束。",
            "另一櫃檯正在辦理，或兩筆資料待查；這次沒有發卡。",
            "請先完成或作廢那一件；待查案件請洽市府承辦。",
        ),
        Parts(
            "An issuance for this person is still open.",
            "Another counter holds it, or a case is undecided; none was issued now.",
            "Finish or void that one first; for a case call the city's desk.",
        ),
    ),
    "F16.where": Said(
        3,
        Parts(
            "此人的領卡案件在{office}還沒有結束。",
            "那裡正在辦理，或兩筆資料待查；這次沒有發卡。",
            "請到該處完成或作廢那一件；待查案件請洽市府承辦。",
        ),
        Parts(
            "An issuance for this person is still open at {office}.",
            "It is being worked on there, or undecided; none was issued now.",
            "Have it finished or voided there; for a case call the city's desk.",
        ),
    ),
}
