"""What is said when something is wrong with the local ledger (sync.errors, first half)."""

from __future__ import annotations

from terminal.words.said import Parts, Said

FAULTS: dict[str, Said] = {
    "disk": Said(
        exit=4,
        zh=Parts(
            what="磁碟已滿或無法寫入（{why}）。",
            means="這一步沒有完成：沒有發卡，已登記的資料也沒有遺失。",
            next="請清出空間或更換磁碟，再做一次。",
        ),
        en=Parts(
            what="The disk is full or failing ({why}).",
            means="This step was not done: no card was issued, and nothing recorded is lost.",
            next="Free space or change the disk, then do it again.",
        ),
    ),
    "ledger_busy": Said(
        exit=4,
        zh=Parts(
            what="另一個程式占用本機帳本超過 {waited_s} 秒。",
            means="這一步沒有完成，沒有任何變動。",
            next="請關閉多餘的視窗後再試一次。",
        ),
        en=Parts(
            what="Another program kept this machine's ledger for over {waited_s} seconds.",
            means="This step was not done. Nothing changed.",
            next="Close windows that are not needed and try again.",
        ),
    ),
    "ledger_faulty": Said(
        exit=4,
        zh=Parts(
            what="本機帳本的檔案無法使用（{why}）。",
            means="不能發卡與綁卡；檔案沒有被改動，已上傳的資料在市府主機。",
            next="請保留這顆硬碟，並請維護人員由備份還原。",
        ),
        en=Parts(
            what="This machine's ledger file cannot be used ({why}).",
            means="No issuing, no binding. The file was left alone; uploads are at the hub.",
            next="Keep this disk and have the ledger restored from a backup.",
        ),
    ),
    "ledger_newer": Said(
        exit=4,
        zh=Parts(
            what="本機帳本是較新版軟體寫的（第 {version} 版，本機第 {ours} 版）。",
            means="舊版不會去改它；資料完好，沒有任何變動。",
            next="請把這台機器的軟體更新後再使用。",
        ),
        en=Parts(
            what="Newer software wrote this ledger (version {version}; this one knows {ours}).",
            means="Older software leaves it alone. The data is whole; nothing changed.",
            next="Update the software on this machine.",
        ),
    ),
    "chain": Said(
        exit=4,
        zh=Parts(
            what="本機日誌第 {seq} 筆與市府主機的不同，或有損壞。",
            means="這一筆不能採信；本機的資料都保留著，沒有變動。",
            next="請停止發卡、保留硬碟，並請維護人員檢查。",
        ),
        en=Parts(
            what="Entry {seq} of this machine's journal is damaged, or not what the hub has.",
            means="It cannot be relied on. Everything here is kept; nothing changed.",
            next="Stop issuing, keep the disk, and have it looked at.",
        ),
    ),
    "rolled_back": Said(
        exit=4,
        zh=Parts(
            what="主機已收到第 {acked} 筆，本機卻只到第 {seq} 筆。",
            means="本機資料比實際紀錄舊（可能由備份還原）；主機的資料沒有遺失。",
            next="請停止發卡，並請承辦以邀請碼讓本機重新加入。",
        ),
        en=Parts(
            what="The hub has entry {acked}; this machine has only {seq} entries.",
            means="This data is older than what was done (a backup?). The hub lost nothing.",
            next="Stop issuing and have this machine join again with an invite code.",
        ),
    ),
    "busy": Said(
        exit=4,
        zh=Parts(
            what="第 {n} 件正在另一個視窗辦理中。",
            means="那一件沒有受到影響，這裡也沒有任何變動。",
            next="請到那個視窗完成；它關閉後，這裡就能接著辦。",
        ),
        en=Parts(
            what="Issuance {n} is being carried on in another window.",
            means="It was not disturbed, and nothing changed here.",
            next="Finish it there; once that window is closed it can go on here.",
        ),
    ),
    "no_open_row": Said(
        exit=2,
        zh=Parts(
            what="沒有編號 {n} 的未完成案件。",
            means="它可能已經辦完或作廢；沒有任何變動。",
            next="請用「open list」查看目前未完成的案件。",
        ),
        en=Parts(
            what="There is no unfinished issuance number {n}.",
            means="It may have been finished or voided. Nothing changed.",
            next="See what is unfinished with: open list",
        ),
    ),
    "already_confirmed": Said(
        exit=3,
        zh=Parts(
            what="第 {n} 件的卡片已算發出，不能作廢。",
            means="申請人視為已領卡；沒有任何變動。",
            next="請用「open finish」把這一件辦完。",
        ),
        en=Parts(
            what="The card of issuance {n} counts as handed out and cannot be voided.",
            means="Its applicant has collected. Nothing changed.",
            next="Complete it with: open finish",
        ),
    ),
    "settling": Said(
        exit=5,
        zh=Parts(
            what="剛加入市府主機，正在上傳與更新（還有 {waiting} 筆待上傳）。",
            means="完成前不能發新卡，以免重複；這次沒有發卡。",
            next="請執行同步，完成後即可發卡。",
        ),
        en=Parts(
            what="Just enrolled: uploading and updating ({waiting} entries to go).",
            means="No new card is issued before that, lest somebody gets two. None was.",
            next="Run the sync; issuing resumes when it is done.",
        ),
    ),
    "role": Said(
        exit=3,
        zh=Parts(
            what="這台機器只負責 {role}，不能做這件事。",
            means="沒有任何變動。",
            next="請改到負責這項業務的機器辦理。",
        ),
        en=Parts(
            what="This machine is a {role} and may not do this.",
            means="Nothing changed.",
            next="Please use a machine that is set up for it.",
        ),
    ),
    "profile_bad": Said(
        exit=2,
        zh=Parts(
            what="這不是可用的城市設定檔（{field}：{why}）。",
            means="沒有採用它，也沒有建立任何資料。",
            next="請向市府承辦取得正確的設定檔。",
        ),
        en=Parts(
            what="This is no usable city profile ({field}: {why}).",
            means="It was not taken, and nothing was made.",
            next="Get the right file from the city's office.",
        ),
    ),
}
