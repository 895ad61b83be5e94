"""Names of papers, and why one is not good, in both languages. Terms: domain.md 9."""

from __future__ import annotations

DOCUMENTS: dict[str, tuple[str, str]] = {
    "national_id": ("國民身分證", "national ID card"),
    "nhi_card": ("健保卡", "NHI card"),
    "household_certificate": ("戶口名簿", "household certificate"),
    "household_transcript": ("戶籍謄本", "household transcript"),
    "residence_certificate": ("居留證", "residence certificate (ARC)"),
    "permanent_residence_certificate": (
        "外僑永久居留證",
        "permanent residence certificate (APRC)",
    ),
    "spouse_national_id": ("配偶的國民身分證", "spouse's national ID card"),
    "spouse_household_certificate": ("配偶的戶口名簿", "spouse's household certificate"),
    "spouse_household_transcript": ("配偶的戶籍謄本", "spouse's household transcript"),
    "passport": ("護照", "passport"),
    "student_id": ("學生證", "student ID"),
    "enrolment_certificate": ("在學證明", "enrolment certificate"),
    "letter_of_authority": ("委託書", "letter of authority"),
}

# Why a paper is not good today, by the second of each pair in a decision's fact `unusable`.
UNUSABLE: dict[str, tuple[str, str]] = {
    "expired": ("已逾期", "expired"),
    "not_issued_yet": ("發證日期還沒到", "dated in the future"),
    "old_id_card": ("舊式身分證，已停用", "old ID card, out of use"),
}


def paper(entry: str, language: str) -> str:
    """One entry of a decision's `missing` (or a document of `unusable`) as people say it:
    `a|b` is "a or b", `proxy.a` the proxy's. `language` is zh-TW or en."""
    is_zh = language == "zh-TW"
    names = [_paper(kind, is_zh=is_zh) for kind in entry.split("|")]
    return ("或" if is_zh else " or ").join(names)


def _paper(kind: str, *, is_zh: bool) -> str:
    zh, en = DOCUMENTS[kind.removeprefix("proxy.")]
    whose_zh, whose_en = ("受委託人的", "proxy's ") if kind.startswith("proxy.") else ("", "")
    return whose_zh + zh if is_zh else whose_en + en
