"""What is said when something is wrong between a terminal and the hub (sync.errors)."""

from __future__ import annotations

from terminal.words.said import Parts, Said

FAULTS: dict[str, Said] = {
    "hub_silent": Said(
        exit=5,
        zh=Parts(
            what="連不上市府主機（等候 {waited_s} 秒）。",
            means="無法確認是否重複領卡，因此沒有發卡；待送資料都保留著。",
            next="請檢查網路後再試；綁卡與刷卡仍可照常辦理。",
        ),
        en=Parts(
            what="The city's hub does not answer (waited {waited_s} s).",
            means="A second collection cannot be ruled out; no card was issued. Uploads are kept.",
            next="Check the network and try again. Binding and taps go on meanwhile.",
        ),
    ),
    "rubbish": Said(
        exit=5,
        zh=Parts(
            what="市府主機的回應無法辨識（{why}）。",
            means="沒有變更任何資料，待送資料已保留。",
            next="請稍後再試；如果持續發生，請洽市府承辦。",
        ),
        en=Parts(
            what="The hub's answer makes no sense ({why}).",
            means="Nothing was changed here; what waits to be uploaded is kept.",
            next="Try later; if it lasts, call the city's office.",
        ),
    ),
    "recovering": Said(
        exit=5,
        zh=Parts(
            what="市府主機剛由備份復原，正在核對資料。",
            means="核對完成前不受理新的領卡；沒有發卡，也沒有遺失資料。",
            next="請每一台都執行同步；全部核對後會自動恢復。",
        ),
        en=Parts(
            what="The hub was restored from an older copy and is being checked.",
            means="It takes no new claims until then. No card was issued; nothing is lost.",
            next="Let every terminal sync; it resumes by itself when all have.",
        ),
    ),
    "revoked": Said(
        exit=3,
        zh=Parts(
            what="本機已被市府主機停用。",
            means="不能再發卡；已寫入的日誌都保留在本機與主機。",
            next="請洽市府承辦，取得新的邀請碼後重新加入。",
        ),
        en=Parts(
            what="The city's hub has revoked this terminal.",
            means="It cannot issue any more. Its journal is kept, here and at the hub.",
            next="Ask the city's office for a new invite code and join again.",
        ),
    ),
    "stranger": Said(
        exit=3,
        zh=Parts(
            what="這不是本市的主機（識別碼不符）。",
            means="沒有加入，也沒有送出任何資料。",
            next="請核對主機網址與邀請碼。",
        ),
        en=Parts(
            what="This hub is another city's, or not the one that made the code.",
            means="This terminal has not joined it, and nothing was sent.",
            next="Check the hub's address and the invite code.",
        ),
    ),
    "hub_role": Said(
        exit=3,
        zh=Parts(
            what="市府主機不受理這種機器的這項要求。",
            means="這台機器的角色不能做這件事；沒有任何變動。",
            next="請改到櫃檯辦理，或請承辦核對本機的角色。",
        ),
        en=Parts(
            what="The hub does not take this from a machine of this role.",
            means="This terminal may not do it. Nothing changed.",
            next="Use a counter, or have the city's office check this terminal's role.",
        ),
    ),
    "entry_refused": Said(
        exit=5,
        zh=Parts(
            what="市府主機不接受本機日誌第 {seq} 筆（{why}）。",
            means="這一筆與其後的資料還沒有上傳；全部保留在本機。",
            next="請執行 ledger verify 檢查，並保留這台機器的硬碟。",
        ),
        en=Parts(
            what="The hub does not take entry {seq} of this journal ({why}).",
            means="That entry and those after it are not uploaded; all are kept here.",
            next="Run `ledger verify`, and keep this machine's disk.",
        ),
    ),
    "invite_refused": Said(
        exit=3,
        zh=Parts(
            what="市府主機不認得這個邀請碼。",
            means="可能打錯、用過，或超過 24 小時；本機還沒有加入。",
            next="請核對機器名稱與邀請碼，或請承辦重新產生一組。",
        ),
        en=Parts(
            what="The hub does not know this invite code.",
            means="Mistyped, used already, or older than 24 hours. Nothing was joined.",
            next="Check the terminal's name and the code, or ask for a new one.",
        ),
    ),
    "invite_code": Said(
        exit=2,
        zh=Parts(
            what="這不是邀請碼。",
            means="邀請碼是 32 個字元，每 4 個一組；沒有送出任何資料。",
            next="請照著主機印出的邀請碼再輸入一次。",
        ),
        en=Parts(
            what="This is no invite code.",
            means="A code has 32 characters in groups of 4. Nothing was sent.",
            next="Type it again as `hub invite` printed it.",
        ),
    ),
    "hub_address": Said(
        exit=2,
        zh=Parts(
            what="這個主機網址不能使用（{why}）。",
            means="對外連線必須是 https；http 只限本機。沒有送出任何資料。",
            next="請輸入主機網址，例如 https://hub.example，不含路徑。",
        ),
        en=Parts(
            what="This address of a hub cannot be used ({why}).",
            means="Beyond this machine it must be https. Nothing was sent.",
            next="Give the hub's URL without a path, such as https://hub.example",
        ),
    ),
    "not_enrolled": Said(
        exit=2,
        zh=Parts(
            what="本機尚未加入市府主機。",
            means="沒有可以同步的對象；本機的紀錄完好。",
            next="請先執行 sync enrol 加入主機。",
        ),
        en=Parts(
            what="This terminal has not joined a hub.",
            means="There is nothing to sync with. The records here are whole.",
            next="Join one first with `sync enrol`.",
        ),
    ),
    "hub_home_taken": Said(
        exit=2,
        zh=Parts(
            what="這個資料夾裡已經有一個主機。",
            means="沒有覆寫任何資料。",
            next="請換一個資料夾，或直接使用原有的主機。",
        ),
        en=Parts(
            what="There is a hub's home in this folder already.",
            means="Nothing was overwritten.",
            next="Choose another folder, or use the hub that is there.",
        ),
    ),
    "no_hub_home": Said(
        exit=2,
        zh=Parts(
            what="這個資料夾不是主機的資料夾。",
            means="沒有任何變動。",
            next="請先執行 hub init，或核對 --home 的路徑。",
        ),
        en=Parts(
            what="This folder is no hub's home.",
            means="Nothing was changed.",
            next="Run `hub init` first, or check the path given with --home.",
        ),
    ),
    "hub_database": Said(
        exit=4,
        zh=Parts(
            what="主機的資料庫打不開（{why}）。",
            means="主機沒有啟動；資料庫沒有任何變動。",
            next="請檢查資料庫位址（--db 或 FLORA_DB）、磁碟與權限。",
        ),
        en=Parts(
            what="The hub's database cannot be opened ({why}).",
            means="The hub did not start; the database was left as it is.",
            next="Check its address (--db or FLORA_DB), the disk and its permissions.",
        ),
    ),
}
