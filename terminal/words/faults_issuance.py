"""What the faults of an application, and of an issuance left open, are called.

Exit 2 for what was put in, 4 for the home, the card and its reader.
"""

from __future__ import annotations

from terminal.words.said import Parts, Said

_AGAIN_ZH = "請改正後再送一次。"
_AGAIN_EN = "Please correct it and send it again."

FAULTS: dict[str, Said] = {
    "not_utf8": Said(
        2,
        Parts(
            "申請資料不是 UTF-8 編碼（第 {at_byte} 個位元組起）。",
            "無法正確讀出文字；沒有登記任何資料。",
            "請以 UTF-8 儲存後再送一次。",
        ),
        Parts(
            "The application is not UTF-8 (from byte {at_byte}, counted from 0).",
            "Its text cannot be read for certain. Nothing was recorded.",
            "Please save it as UTF-8 and send it again.",
        ),
    ),
    "not_json": Said(
        2,
        Parts(
            "申請資料不是 JSON（第 {line} 行第 {column} 字）。",
            "可能漏了引號、逗號或括號，或內容是空的；沒有登記任何資料。",
            _AGAIN_ZH,
        ),
        Parts(
            "The application is not JSON (line {line}, column {column}).",
            "A quote, comma or bracket may be missing, or all of it. Nothing was recorded.",
            _AGAIN_EN,
        ),
    ),
    "second_document": Said(
        2,
        Parts(
            "申請資料之後還有別的內容（第 {line} 行）。",
            "一次只收一件，無法判斷要辦哪一件；沒有登記任何資料。",
            "請一次只送一件申請。",
        ),
        Parts(
            "Something follows the application (line {line}).",
            "One is taken at a time; which one was meant is unknown. Nothing was recorded.",
            "Please send one application at a time.",
        ),
    ),
    "too_long": Said(
        2,
        Parts(
            "申請資料超過 {bytes_max} 個位元組。",
            "正常的申請不會這麼長；沒有登記任何資料。",
            "請確認送出的是申請資料，再送一次。",
        ),
        Parts(
            "The application is longer than {bytes_max} bytes.",
            "No real one is that long. Nothing was recorded.",
            "Please check that this is the application and send it again.",
        ),
    ),
    "too_deep": Said(
        2,
        Parts(
            "申請資料的層次超過 {depth_max} 層。",
            "正常的申請不會這麼多層；沒有登記任何資料。",
            "請確認送出的是申請資料，再送一次。",
        ),
        Parts(
            "The application is nested deeper than {depth_max} levels.",
            "No real one is that deep. Nothing was recorded.",
            "Please check that this is the application and send it again.",
        ),
    ),
    "duplicate_key": Said(
        2,
        Parts(
            "欄位 {field} 出現兩次。",
            "無法判斷哪一個才對；沒有登記任何資料。",
            "請只留一個，再送一次。",
        ),
        Parts(
            "The field {field} is there twice.",
            "Which one counts would be a guess. Nothing was recorded.",
            "Please keep one of them and send it again.",
        ),
    ),
    "not_finite": Said(
        2,
        Parts(
            "申請資料含有 {name}，這不是 JSON 的值。",
            "沒有任何欄位用得到它；沒有登記任何資料。",
            _AGAIN_ZH,
        ),
        Parts(
            "The application holds {name}, which is no value of JSON.",
            "No field has a use for it. Nothing was recorded.",
            _AGAIN_EN,
        ),
    ),
    "control_character": Said(
        2,
        Parts(
            "欄位 {field} 含有看不見的控制字元。",
            "可能是複製貼上時帶進來的；沒有登記任何資料。",
            "請重新輸入這個欄位。",
        ),
        Parts(
            "The field {field} holds an invisible control character.",
            "It may have come along by copy and paste. Nothing was recorded.",
            "Please type this field again.",
        ),
    ),
    "field_absent": Said(
        2,
        Parts(
            "缺少欄位 {field}。",
            "少了這一項無法判斷資格；沒有登記任何資料。",
            "請對照證件補上後再送一次。",
        ),
        Parts(
            "The field {field} is absent.",
            "Without it nobody can say who is entitled. Nothing was recorded.",
            "Please fill it in from the papers and send it again.",
        ),
    ),
    "unknown_field": Said(
        2,
        Parts(
            "沒有 {field} 這個欄位。",
            "可能拼寫有誤；不認得的欄位一律不收，沒有登記任何資料。",
            "請更正欄位名稱或刪去，再送一次。",
        ),
        Parts(
            "There is no field {field}.",
            "It may be misspelt; unknown fields are never guessed. Nothing was recorded.",
            "Please correct its name or leave it out.",
        ),
    ),
    "wrong_type": Said(
        2,
        Parts(
            "欄位 {field} 的型別不符，應為 {wanted}。",
            "例如文字要加引號，是非要寫 true 或 false；沒有登記任何資料。",
            _AGAIN_ZH,
        ),
        Parts(
            "The field {field} is of another type; {wanted} is wanted.",
            "Text stands in quotes, yes and no are true and false. Nothing was recorded.",
            _AGAIN_EN,
        ),
    ),
    "unknown_kind": Said(
        2,
        Parts(
            "欄位 {field} 的內容「{value}」不在可用的項目內。",
            "不認得的種類不會猜測；沒有登記任何資料。",
            "請從說明列出的項目中選一個。",
        ),
        Parts(
            "The field {field} says “{value}”, which is none of its values.",
            "Unknown kinds are never guessed. Nothing was recorded.",
            "Please choose one of those that the manual lists.",
        ),
    ),
    "too_many": Said(
        2,
        Parts(
            "欄位 {field} 超過 {items_max} 項。",
            "正常的申請不會有這麼多；沒有登記任何資料。",
            "請只留需要的項目，再送一次。",
        ),
        Parts(
            "The list {field} is longer than {items_max} entries.",
            "No real application has that many. Nothing was recorded.",
            "Please keep what is needed and send it again.",
        ),
    ),
    "date_shape": Said(
        2,
        Parts(
            "欄位 {field} 不是日期，或沒有這一天。",
            "日期要寫成西元年-月-日，例如 2016-02-29；沒有登記任何資料。",
            "請對照證件再輸入一次。",
        ),
        Parts(
            "The field {field} is no date, or the calendar lacks that day.",
            "Dates are year-month-day, as in 2016-02-29. Nothing was recorded.",
            "Please type it again from the document.",
        ),
    ),
    "date_minguo": Said(
        2,
        Parts(
            "欄位 {field} 用了民國年。",
            "換成西元應是 {meant}；沒有登記任何資料。",
            "請確認後以西元日期 {meant} 再送一次。",
        ),
        Parts(
            "The field {field} has a year of the Republic (Minguo).",
            "In the Gregorian calendar that is {meant}. Nothing was recorded.",
            "Please check it and send {meant} instead.",
        ),
    ),
    "date_implausible": Said(
        2,
        Parts(
            "欄位 {field} 的年份不合理。",
            "只收西元 1900 到 2150 年的日期；沒有登記任何資料。",
            "請對照證件再輸入一次。",
        ),
        Parts(
            "The year in field {field} cannot be right.",
            "Dates from 1900 to 2150 are taken. Nothing was recorded.",
            "Please type it again from the document.",
        ),
    ),
    "country_shape": Said(
        2,
        Parts(
            "欄位 {field} 不是三個大寫英文字母的國家代碼。",
            "代碼依 ISO 3166-1，例如越南是 VNM；沒有登記任何資料。",
            "請改用三個字母的代碼。",
        ),
        Parts(
            "The field {field} is no country code of three capital letters.",
            "Codes are ISO 3166-1 alpha-3; Vietnam is VNM. Nothing was recorded.",
            "Please use the code of three letters.",
        ),
    ),
    "school_code_shape": Said(
        2,
        Parts(
            "欄位 {field} 不是學校代碼。",
            "學校代碼是 1 到 6 個英文字母或數字；沒有登記任何資料。",
            _AGAIN_ZH,
        ),
        Parts(
            "The field {field} is no code of a school.",
            "Such a code has 1 to 6 letters and digits. Nothing was recorded.",
            _AGAIN_EN,
        ),
    ),
    "grade_unfit": Said(
        2,
        Parts(
            "欄位 {field} 的年級與學校階段不合。",
            "這個階段是 {grade_min} 到 {grade_max} 年級；沒有登記任何資料。",
            _AGAIN_ZH,
        ),
        Parts(
            "The grade in {field} does not fit that level of school.",
            "That level has the grades {grade_min} to {grade_max}. Nothing was recorded.",
            _AGAIN_EN,
        ),
    ),
    "unknown_district": Said(
        2,
        Parts(
            "欄位 {field} 不是已知的行政區代碼。",
            "本市有 29 個區代碼，外縣市寫 elsewhere；未登記資料。",
            "請對照證件上的地址再選一次。",
        ),
        Parts(
            "The field {field} is no district code that we know.",
            "The city has 29 codes; others may say elsewhere. Nothing was recorded.",
            "Please choose again by the address on the paper.",
        ),
    ),
    "number_shape": Said(
        2,
        Parts(
            "欄位 {field} 不是身分證字號或統一證號的格式。",
            "號碼共 10 碼：1 或 2 個英文字母加數字；沒有登記任何資料。",
            "請對照證件再輸入一次。",
        ),
        Parts(
            "The field {field} has not the shape of an ID or residence number.",
            "They have 10 characters: 1 or 2 letters, then digits. Nothing was recorded.",
            "Please type it again from the document.",
        ),
    ),
    "number_twelve_digits": Said(
        2,
        Parts(
            "欄位 {field} 有 12 位數字，不是個人的證號。",
            "那是居留證號（許可證的號碼）或健保卡號；沒有登記任何資料。",
            "請輸入同一張證件上的統一證號或身分證字號（10 碼）。",
        ),
        Parts(
            "The field {field} has 12 digits: that is no person's number.",
            "It is a permit's number or the NHI card's own. Nothing was recorded.",
            "Use the UI No. or ID number (10 characters) on the same document.",
        ),
    ),
    "number_bopomofo": Said(
        2,
        Parts(
            "欄位 {field} 收到注音符號。",
            "輸入法還在注音模式；沒有登記任何資料。",
            "請切換到英數輸入，再輸入一次號碼。",
        ),
        Parts(
            "Bopomofo arrived in the field {field}.",
            "The input method is still on. Nothing was recorded.",
            "Please switch it to Latin letters and type the number again.",
        ),
    ),
    "number_checksum": Said(
        2,
        Parts(
            "身分證字號的檢查碼不符。",
            "可能打錯一個字（{field}）；還沒有登記任何資料。",
            "請對照證件再輸入一次（英文字母加數字，共 10 碼）。",
        ),
        Parts(
            "The check digit of this ID number does not fit.",
            "One character may be mistyped ({field}). Nothing was recorded.",
            "Type it again from the document: 10 characters, a letter first.",
        ),
    ),
    "number_wrong_kind": Said(
        2,
        Parts(
            "證號的種類與申請身分（{kind}）不符。",
            "市民用身分證字號，外籍人士用統一證號；沒有登記任何資料。",
            "請確認申請身分，或改輸入該身分的證號。",
        ),
        Parts(
            "This number is not of the kind that a {kind} has.",
            "Citizens have a national ID, others a residence number. Nothing was recorded.",
            "Please check who applies, or type the number of that kind.",
        ),
    ),
    "number_old_form": Said(
        2,
        Parts(
            "舊式統一證號（2 個英文字母）只用到 {until}。",
            "現在要用新式統一證號；沒有登記任何資料。",
            "請輸入新式證號，舊號可填在其他號碼欄。",
        ),
        Parts(
            "Old residence numbers (two letters) were good until {until}.",
            "The new number is needed now. Nothing was recorded.",
            "Type the new one; the old one may stand among the other numbers.",
        ),
    ),
    "policy_unreadable": Said(
        4,
        Parts(
            "城市設定檔的開辦日期項目 {entry} 無法辨識。",
            "無法判斷誰可以申請；沒有發卡，也沒有綁定。",
            "請通知維護人員更正設定檔。",
        ),
        Parts(
            "The city profile's date of effect {entry} cannot be read.",
            "Who is entitled cannot be said. Nothing was issued or bound.",
            "Please have the profile corrected.",
        ),
    ),
    "void_needs_card": Said(
        4,
        Parts(
            "第 {n} 號案件的卡片可能已寫入，現在不在讀卡機上。",
            "沒有那張卡就無法確定它的狀態；沒有任何變動。",
            "請放回當時那張卡，或確認卡片留在櫃檯（--card-kept）。",
        ),
        Parts(
            "The card of issuance {n} may have been written and is not here.",
            "Without that card its state is unknown. Nothing changed.",
            "Put that very card back, or declare that it stayed here (--card-kept).",
        ),
    ),
    "card_of_open_row": Said(
        4,
        Parts(
            "這張卡屬於第 {n} 號未完成的案件。",
            "為避免一卡兩人，不會寫入這張卡；沒有任何變動。",
            "請先完成或作廢第 {n} 號，或換一張空白卡。",
        ),
        Parts(
            "This card belongs to issuance {n}, which is still open.",
            "It is not written for anybody else. Nothing changed.",
            "Finish or void number {n} first, or take another blank card.",
        ),
    ),
    "card_half_written": Said(
        4,
        Parts(
            "這張卡在別的櫃檯只寫了一半。",
            "那裡的案件還等著這張卡；沒有任何變動。",
            "請換一張空白卡，並把這張交還原櫃檯完成或作廢。",
        ),
        Parts(
            "This card was half written at another counter.",
            "An open issuance there still waits for it. Nothing changed.",
            "Take another blank card, and give this one back to that counter.",
        ),
    ),
    "card_booked_spoiled": Said(
        4,
        Parts(
            "這張卡已登記為損壞。",
            "它不能再發出、綁定或刷卡；沒有任何變動。",
            "請收回這張卡，改用另一張空白卡。",
        ),
        Parts(
            "This card was booked as spoiled.",
            "It is not issued, bound or tapped any more. Nothing changed.",
            "Keep it back and take another blank card.",
        ),
    ),
}
