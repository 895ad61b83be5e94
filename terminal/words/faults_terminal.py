"""Words for `terminal.errors`."""

from __future__ import annotations

from typing import Final

from terminal.words.said import Parts, Said

NOTHING_ZH: Final = "沒有執行任何動作，也沒有變更資料。"
NOTHING_EN: Final = "Nothing was run and nothing was changed."
HELP_ZH: Final = "請加上 --help 查看用法：{command} --help"
HELP_EN: Final = "See how it is used: {command} --help"

FAULTS: dict[str, Said] = {
    "no_such_command": Said(
        2,
        Parts("沒有這個指令。", NOTHING_ZH, HELP_ZH),
        Parts("There is no such command.", NOTHING_EN, HELP_EN),
    ),
    "command_needed": Said(
        2,
        Parts("這裡還需要一個子指令。", NOTHING_ZH, HELP_ZH),
        Parts("A subcommand is needed here.", NOTHING_EN, HELP_EN),
    ),
    "no_such_option": Said(
        2,
        Parts("這個指令沒有選項 {option}。", NOTHING_ZH, HELP_ZH),
        Parts("This command has no option {option}.", NOTHING_EN, HELP_EN),
    ),
    "argument_missing": Said(
        2,
        Parts("缺少 {argument}。", NOTHING_ZH, HELP_ZH),
        Parts("{argument} is missing.", NOTHING_EN, HELP_EN),
    ),
    "argument_extra": Said(
        2,
        Parts("多了不需要的參數。", NOTHING_ZH, HELP_ZH),
        Parts("There are more arguments than this command takes.", NOTHING_EN, HELP_EN),
    ),
    "argument_bad": Said(
        2,
        Parts("{argument} 的值格式不對。", NOTHING_ZH, HELP_ZH),
        Parts("The value of {argument} has the wrong form.", NOTHING_EN, HELP_EN),
    ),
    "no_home": Said(
        2,
        Parts(
            "這裡沒有終端機資料夾：{path}",
            "指令需要它的設定、金鑰與帳本；沒有變更任何資料。",
            "請先執行 init 建立，或用 --home 指定另一個。",
        ),
        Parts(
            "There is no terminal's home here: {path}",
            "The command needs its settings, keys and ledger. Nothing was changed.",
            "Make one with init, or name another with --home.",
        ),
    ),
    "home_exists": Said(
        2,
        Parts(
            "這裡已經有終端機資料夾：{path}",
            "為免蓋掉帳本與金鑰，沒有重新建立。",
            "請用 --home 指定另一個資料夾。",
        ),
        Parts(
            "There is a home here already: {path}",
            "It was left as it is: its ledger and keys must not be overwritten.",
            "Name another folder with --home.",
        ),
    ),
    "home_damaged": Said(
        4,
        Parts(
            "終端機資料夾的檔案讀不懂：{file}",
            "設定可能損壞；帳本沒有變動。",
            "請由備份還原這個檔案，或請維護人員查看。",
        ),
        Parts(
            "A file of this terminal's home cannot be read: {file}",
            "Its settings may be damaged. The ledger was not touched.",
            "Restore this file from a backup, or have it looked at.",
        ),
    ),
    "terminal_name": Said(
        2,
        Parts(
            "終端機名稱不合格式。",
            "還沒有建立任何資料。",
            "請用 1 至 32 個英文字母、數字或連字號。",
        ),
        Parts(
            "The terminal's name has the wrong form.",
            "Nothing was made.",
            "Use 1 to 32 letters, digits and hyphens.",
        ),
    ),
    "no_such_site": Said(
        2,
        Parts(
            "找不到這個行政區或地點。",
            "還沒有建立任何資料。",
            "請用 8 碼行政區代碼（如 66000060）、區名或地點代號。",
        ),
        Parts(
            "No district or site goes by that name.",
            "Nothing was made.",
            "Use an 8-digit district code (66000060), its name, or a site's id.",
        ),
    ),
    "role_needed": Said(
        2,
        Parts(
            "正式設定檔的終端機必須指定角色。",
            "發卡與驗票的金鑰要分開；還沒有建立任何資料。",
            "請加上 --role counter、kiosk、validator 或 import。",
        ),
        Parts(
            "A terminal with a real profile must name its role.",
            "Keys for issuing and for validating are kept apart. Nothing was made.",
            "Add --role counter, kiosk, validator or import.",
        ),
    ),
    "wrong_role": Said(
        2,
        Parts(
            "這台終端機的角色是 {role}，不能執行 {command}。",
            "沒有任何變動。",
            "請改到負責這項業務的終端機辦理。",
        ),
        Parts(
            "This terminal is a {role} and may not run {command}.",
            "Nothing was changed.",
            "Use a terminal with the right role.",
        ),
    ),
    "real_home": Said(
        2,
        Parts(
            "正式的終端機不能執行 {command}。",
            "這是模擬用的功能，可用來偽造；沒有任何變動。",
            "請改用模擬的終端機資料夾。",
        ),
        Parts(
            "A real terminal does not run {command}.",
            "It belongs to the simulation and could forge. Nothing was changed.",
            "Use a simulation home for it.",
        ),
    ),
    "file_trouble": Said(
        4,
        Parts(
            "無法讀寫檔案 {file}（{why}）。",
            "動作沒有完成；原有的檔案沒有變動。",
            "請確認路徑、權限與磁碟空間後再試一次。",
        ),
        Parts(
            "The file {file} cannot be read or written ({why}).",
            "The work was not done. Files that were there are unchanged.",
            "Check path, permissions and disk space, then try again.",
        ),
    ),
    "file_exists": Said(
        2,
        Parts(
            "檔案已經存在：{file}",
            "為免蓋掉它，沒有寫入。",
            "請指定另一個檔名。",
        ),
        Parts(
            "The file is there already: {file}",
            "It was left as it is; nothing was written.",
            "Name another file.",
        ),
    ),
    "input_too_long": Said(
        2,
        Parts(
            "輸入超過上限 {bytes_max} 位元組。",
            "沒有讀完，也沒有登記任何資料。",
            "請確認送入的是正確的資料。",
        ),
        Parts(
            "The input is longer than {bytes_max} bytes.",
            "It was not read to its end; nothing was recorded.",
            "Check that the right data is being sent.",
        ),
    ),
    "not_from_stdin": Said(
        2,
        Parts(
            "申請資料只能由標準輸入讀取。",
            "證號不可出現在命令列；沒有登記任何資料。",
            "請用 --applicant - 並由標準輸入送入 JSON。",
        ),
        Parts(
            "An application is read from standard input only.",
            "Numbers of people must not stand in a command line. Nothing was recorded.",
            "Use --applicant - and send the JSON on standard input.",
        ),
    ),
    "no_passphrase": Said(
        2,
        Parts(
            "沒有地方可以輸入金鑰庫的通行密語。",
            "金鑰庫沒有打開；沒有任何變動。",
            "請在終端機執行，或由 systemd 憑證 flora-keys 提供。",
        ),
        Parts(
            "There is nowhere to ask for the key store's passphrase.",
            "The key store stayed closed. Nothing was changed.",
            "Run it in a terminal, or give the systemd credential flora-keys.",
        ),
    ),
    "passphrase_differs": Said(
        2,
        Parts(
            "兩次輸入的通行密語不同，或是空白。",
            "沒有建立任何資料。",
            "請再輸入一次，兩行要相同。",
        ),
        Parts(
            "The passphrase and its repetition differ, or are empty.",
            "Nothing was made.",
            "Type it again, the same on both lines.",
        ),
    ),
    "no_screen": Said(
        2,
        Parts(
            "這個畫面需要在終端機視窗中執行。",
            "沒有開啟畫面，也沒有任何變動。",
            "請在終端機視窗中執行，不要導向輸出入。",
        ),
        Parts(
            "This screen needs a terminal window.",
            "It was not opened and nothing was changed.",
            "Run it in a terminal, without redirecting input or output.",
        ),
    ),
    "not_built": Said(
        2,
        Parts(
            "這裡沒有安裝需要的套件 {package}。",
            "沒有任何變動。",
            "請依說明文件安裝後再試一次。",
        ),
        Parts(
            "The package {package} is not installed here.",
            "Nothing was changed.",
            "Install it as the guide says, then try again.",
        ),
    ),
    "bad_uid": Said(
        2,
        Parts(
            "卡片序號不合格式。",
            "還沒有建立卡片檔。",
            "請用 4 或 7 個位元組的十六進位；4 個時不可以 88 開頭。",
        ),
        Parts(
            "The card's serial has the wrong form.",
            "No card file was made.",
            "Give 4 or 7 bytes in hex; 4 bytes may not begin with 88.",
        ),
    ),
    "purse_too_full": Said(
        2,
        Parts(
            "餘額不可超過 NT${ntd_max}。",
            "卡片的紀錄放不下更大的金額；沒有變更。",
            "請減少金額。",
        ),
        Parts(
            "The purse holds NT${ntd_max} at most.",
            "The card's record has no room for more. Nothing was changed.",
            "Use a smaller amount.",
        ),
    ),
    "no_purse": Said(
        4,
        Parts(
            "這張卡上沒有可以加值的模擬錢包。",
            "卡片檔沒有變動。",
            "請用 card new flora 製作的卡片。",
        ),
        Parts(
            "There is no simulated purse on this card.",
            "The card file was not changed.",
            "Use a card made with card new flora.",
        ),
    ),
    "dump_size": Said(
        2,
        Parts(
            "這個檔案不是卡片映像（{got_bytes} 位元組）。",
            "純映像是 320、1024、2048 或 4096 位元組。",
            "其他格式：.mct、.eml、Proxmark JSON、.nfc。",
        ),
        Parts(
            "This file is no dump of a card ({got_bytes} bytes).",
            "A plain dump has 320, 1,024, 2,048 or 4,096. Nothing was written.",
            "Other formats: .mct, .eml, Proxmark JSON, Flipper .nfc.",
        ),
    ),
    "holder_unfit": Said(
        2,
        Parts(
            "模擬健保卡的持卡人資料不合（{field}）。",
            "沒有製作卡片檔。",
            "需要 name、id_no、born、sex，日期用 ISO。",
        ),
        Parts(
            "The holder of the simulated NHI card does not fit ({field}).",
            "No card file was made.",
            "Give name, id_no, born and sex; dates in ISO form.",
        ),
    ),
    "dump_unreadable": Said(
        2,
        Parts(
            "卡片映像的內容不合格式（{why}）。",
            "檔案可能被截斷或改過；沒有寫入。",
            "請重新匯出映像檔。",
        ),
        Parts(
            "The dump does not keep to its format ({why}).",
            "It may be cut or edited. Nothing was written.",
            "Make the dump once more.",
        ),
    ),
    "dump_lacks": Said(
        2,
        Parts(
            "映像不完整，有 {unknown_bytes} 位元組未知。",
            "不能做成卡片檔；未知的內容不會補上。",
            "可用 card show --dump 查看。",
        ),
        Parts(
            "The dump lacks {unknown_bytes} bytes of the card's memory.",
            "No card can be made of it: what is unknown is not made up.",
            "Look at it with card show --dump.",
        ),
    ),
    "dump_keyless": Said(
        2,
        Parts(
            "這種卡的映像沒有金鑰。",
            "不能做成卡片檔；沒有寫入。",
            "可用 card show --dump 查看。",
        ),
        Parts(
            "A dump of this kind of card holds no keys.",
            "No card file can be made of it. Nothing was written.",
            "Look at it with card show --dump.",
        ),
    ),
    "dump_unfit": Said(
        2,
        Parts(
            "{form} 格式裝不下這張卡。",
            "沒有寫入檔案。",
            "DESFire 請用 .nfc；Classic 2K 請用 .mfd。",
        ),
        Parts(
            "The format {form} cannot hold this card.",
            "Nothing was written.",
            "Use .nfc for a DESFire, .mfd for a Classic 2K.",
        ),
    ),
    "address_trouble": Said(
        2,
        Parts(
            "無法在這個位址提供服務（{why}）。",
            "主機沒有啟動；資料沒有變動。",
            "請用 --listen HOST:PORT（如 127.0.0.1:8123）或換埠。",
        ),
        Parts(
            "The hub cannot serve on this address ({why}).",
            "It was not started; no data changed.",
            "Use --listen HOST:PORT, e.g. 127.0.0.1:8123, or another port.",
        ),
    ),
    "ledger_not_whole": Said(
        4,
        Parts(
            "帳本有 {faults} 處損壞。",
            "檢查只讀取，沒有變更；損壞處列在結果裡。",
            "請停止發卡、保留磁碟，並通知維護人員。",
        ),
        Parts(
            "The ledger is damaged in {faults} places.",
            "The check only reads; what is damaged is in its result.",
            "Stop issuing, keep the disk, and call the operator.",
        ),
    ),
    "demo_broken": Said(
        1,
        Parts(
            "示範在這一步沒有照預期：{step}",
            "示範只用暫存資料夾，沒有動到其他資料。",
            "請再執行一次；若重複發生，請回報這一步。",
        ),
        Parts(
            "The demo did not go as expected at: {step}",
            "It works in a temporary folder; nothing else was touched.",
            "Run it again; if it happens again, report this step.",
        ),
    ),
    "no_access": Said(
        4,
        Parts(
            "作業系統不允許讀寫需要的檔案。",
            "這個動作沒有完成；先前完成的都還在。",
            "請用這台終端機的帳號執行，或檢查資料夾權限。",
        ),
        Parts(
            "The operating system does not allow access to a needed file.",
            "This step was not done. What was done before is still there.",
            "Run it as the terminal's own user, or check the folder's permissions.",
        ),
    ),
    "interrupted": Said(
        1,
        Parts(
            "已由鍵盤中斷。",
            "中斷前完成的都已存檔。",
            "請用 open list 查看有沒有未完成的發卡。",
        ),
        Parts(
            "Interrupted from the keyboard.",
            "What was done before is on disk.",
            "See with open list whether an issuance is unfinished.",
        ),
    ),
    "unexpected": Said(
        1,
        Parts(
            "程式出了狀況（{kind}，{place}）。",
            "這是程式的問題，不是您操作的問題；已存檔的資料還在。",
            "請回報括號內的文字，並用 open list 查看未完成的發卡。",
        ),
        Parts(
            "The program failed ({kind}, {place}).",
            "The fault is ours, not yours. What was on disk is still there.",
            "Report the text in brackets; see with open list what is unfinished.",
        ),
    ),
}
