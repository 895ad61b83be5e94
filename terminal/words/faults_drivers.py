"""What is said when card, reader, card file or key store fail (drivers.errors)."""

from __future__ import annotations

from terminal.words.said import Parts, Said

FAULTS: dict[str, Said] = {
    "card_removed": Said(
        exit=4,
        zh=Parts(
            what="卡片在作業完成前離開了讀卡機。",
            means="這張卡可能只寫了一半；沒有資料遺失，也沒有多發一張。",
            next="請把同一張卡放回讀卡機，再做一次，系統會接著完成。",
        ),
        en=Parts(
            what="The card left the reader before the work was done.",
            means="It may be half written. Nothing is lost; no second card went out.",
            next="Put the same card back and do it again: the work is then finished.",
        ),
    ),
    "card_mute": Said(
        exit=4,
        zh=Parts(
            what="卡片在讀卡機上，但等候 {waited_s} 秒仍沒有回應。",
            means="這張卡可能只寫了一半；沒有資料遺失，也沒有多發一張。",
            next="請拿開卡片再放一次；若仍沒有回應，請改用另一張。",
        ),
        en=Parts(
            what="The card is on the reader and did not answer for {waited_s} seconds.",
            means="It may be half written. Nothing is lost; no second card went out.",
            next="Lift the card and put it down again; if it stays mute, take another.",
        ),
    ),
    "no_card": Said(
        exit=4,
        zh=Parts(
            what="等候 {waited_s} 秒，讀卡機上沒有卡片。",
            means="沒有做任何事，也沒有任何變動。",
            next="請把卡片平放在讀卡機上，再做一次。",
        ),
        en=Parts(
            what="No card was put on the reader within {waited_s} seconds.",
            means="Nothing was done and nothing has changed.",
            next="Lay the card flat on the reader and do it again.",
        ),
    ),
    "block_refused": Said(
        exit=4,
        zh=Parts(
            what="卡片拒絕存取區塊 {block}。",
            means="這一區可能已永久鎖住；這個區塊沒有任何變動。",
            next="請改用另一張卡，並把這張登記為損壞。",
        ),
        en=Parts(
            what="The card refuses access to block {block} ({verb}).",
            means="That sector may be locked for good. The block was not changed.",
            next="Take another card and book this one as spoiled.",
        ),
    ),
    "reader_gone": Said(
        exit=4,
        zh=Parts(
            what="讀卡機不見了：{reader}。",
            means="可能被拔掉或斷線；沒有資料遺失，也沒有多發一張。",
            next="請重新接上讀卡機，再把同一張卡放上去。",
        ),
        en=Parts(
            what="The reader is gone: {reader}.",
            means="It was unplugged or its line is cut. Nothing is lost; no second card.",
            next="Plug the reader in again and put the same card on it.",
        ),
    ),
    "service_gone": Said(
        exit=4,
        zh=Parts(
            what="本機的智慧卡服務（pcscd）沒有回應。",
            means="讀卡機暫時不能使用；沒有資料遺失，也沒有多發一張。",
            next="請稍候片刻再試；若持續發生，請維護人員啟動 pcscd。",
        ),
        en=Parts(
            what="This machine's smart-card service (pcscd) does not answer.",
            means="Readers cannot be used for now. Nothing is lost; no second card went out.",
            next="Wait a moment and try again; if it lasts, have pcscd started.",
        ),
    ),
    "reader_busy": Said(
        exit=4,
        zh=Parts(
            what="讀卡機正由另一個程式使用：{reader}。",
            means="沒有讀寫卡片，也沒有任何變動。",
            next="請關閉另一個程式，再做一次。",
        ),
        en=Parts(
            what="Another program holds the reader: {reader}.",
            means="The card was neither read nor written. Nothing has changed.",
            next="Close the other program and do it again.",
        ),
    ),
    "reader_denied": Said(
        exit=4,
        zh=Parts(
            what="這個帳號無權使用讀卡機：{reader}。",
            means="沒有讀寫卡片，也沒有任何變動。",
            next="請維護人員開放讀卡機或智慧卡服務的使用權。",
        ),
        en=Parts(
            what="This account may not use the reader: {reader}.",
            means="The card was neither read nor written. Nothing has changed.",
            next="Have this account allowed to use the reader or the smart-card service.",
        ),
    ),
    "no_such_reader": Said(
        exit=4,
        zh=Parts(
            what="找不到這台讀卡機或卡片檔：{reader}。",
            means="沒有做任何事，也沒有任何變動。",
            next="請接上讀卡機，或用「readers」指令查看名稱。",
        ),
        en=Parts(
            what="No such reader or card file: {reader}.",
            means="Nothing was done and nothing has changed.",
            next="Plug the reader in, or look its name up with the command `readers`.",
        ),
    ),
    "reader_ambiguous": Said(
        exit=4,
        zh=Parts(
            what="有幾台讀卡機名稱相符，而且都放了卡片：{readers}。",
            means="無法判斷是哪一張，因此都沒有讀寫。",
            next="請只留一張卡片，或寫出讀卡機的完整名稱。",
        ),
        en=Parts(
            what="Several readers match and hold a card: {readers}.",
            means="Which card is meant cannot be told; none was read or written.",
            next="Leave one card only, or give the reader's full name.",
        ),
    ),
    "unknown_scheme": Said(
        exit=2,
        zh=Parts(
            what="看不懂這個讀卡機寫法：{uri}。",
            means="沒有做任何事，也沒有任何變動。",
            next="請寫 sim:檔案、pcsc:名稱、nfc:usb 或 nfc:tty:裝置。",
        ),
        en=Parts(
            what="This is no reader: {uri}.",
            means="Nothing was done and nothing has changed.",
            next="Write sim:FILE, pcsc:NAME, nfc:usb or nfc:tty:DEVICE.",
        ),
    ),
    "stack_missing": Said(
        exit=4,
        zh=Parts(
            what="這台機器沒有安裝讀卡機需要的軟體：{package}。",
            means="不能使用這一種讀卡機；沒有任何變動。",
            next="請維護人員安裝 {package}，或改用另一種讀卡機。",
        ),
        en=Parts(
            what="The software for this kind of reader is not installed: {package}.",
            means="Such readers cannot be used here. Nothing has changed.",
            next="Have {package} installed, or use another kind of reader.",
        ),
    ),
    "card_file_corrupt": Said(
        exit=4,
        zh=Parts(
            what="這個檔案不是卡片檔，或已經損壞：{file}。",
            means="無法辨識其中的卡片；檔案沒有任何變動。",
            next="請改用另一個卡片檔，或由備份取回（{why}）。",
        ),
        en=Parts(
            what="Not a card file, or a damaged one: {file}.",
            means="The card in it cannot be made out. The file was not changed.",
            next="Use another card file, or take it back from a copy ({why}).",
        ),
    ),
    "card_file_unwritable": Said(
        exit=4,
        zh=Parts(
            what="無法寫回卡片檔：{file}（{why}）。",
            means="模擬卡片停在較早的狀態；沒有資料遺失。",
            next="請清出磁碟空間或檢查權限，再做一次。",
        ),
        en=Parts(
            what="The card file cannot be written: {file} ({why}).",
            means="The simulated card keeps its older state. Nothing is lost.",
            next="Free disk space or look at the file's rights, then do it again.",
        ),
    ),
    "service_refused": Said(
        exit=4,
        zh=Parts(
            what="智慧卡服務拒絕了要求（{verb}，代碼 {result}）。",
            means="這台讀卡機現在不能使用；沒有多發一張。",
            next="請重新接上讀卡機；若仍相同，請把代碼告訴維護人員。",
        ),
        en=Parts(
            what="The smart-card service refused ({verb}, result {result}).",
            means="This reader cannot be used now. No second card went out.",
            next="Plug the reader in again; if it stays so, report the result code.",
        ),
    ),
    "reader_protocol": Said(
        exit=4,
        zh=Parts(
            what="讀卡機的回應不合規範（{verb} {sw}）。",
            means="這一種讀卡機可能不支援這種卡片；沒有多發一張。",
            next="請改用另一台讀卡機，並把上面的代碼告訴維護人員。",
        ),
        en=Parts(
            what="The reader answered what no reader answers ({verb} {sw}).",
            means="It may not support this kind of card. No second card went out.",
            next="Use another reader, and report the code above.",
        ),
    ),
    "keystore": Said(
        exit=4,
        zh=Parts(
            what="找不到或打不開金鑰庫（密語不符？）。",
            means="無法發卡與綁卡；資料沒有變動。",
            next="請重新輸入密語，或由保管人還原金鑰。",
        ),
        en=Parts(
            what="The key store is missing or damaged, or the passphrase is wrong.",
            means="No issuing and no binding here. Nothing has changed.",
            next="Try the passphrase again, or have the custodians restore it.",
        ),
    ),
    "key_missing": Said(
        exit=4,
        zh=Parts(
            what="金鑰庫裡缺少一把金鑰（{key}）。",
            means="這件工作需要它才能進行；卡片與資料都沒有變動。",
            next="請由兩位保管人匯入這把金鑰，再做一次。",
        ),
        en=Parts(
            what="The key store lacks a key ({key}).",
            means="This work cannot be done without it. Card and data are unchanged.",
            next="Have the two custodians import it, then do it again.",
        ),
    ),
    "no_card_key": Said(
        exit=4,
        zh=Parts(
            what="這張卡用的是第 {version} 版卡片金鑰。",
            means="這台機器沒有這一版的金鑰，打不開這張卡；卡片沒有變動。",
            next="請由兩位保管人匯入第 {version} 版金鑰，再做一次。",
        ),
        en=Parts(
            what="This card has keys of version {version}.",
            means="This machine does not hold that version. The card is unchanged.",
            next="Have the two custodians import version {version}, then do it again.",
        ),
    ),
    "key_name_bad": Said(
        exit=2,
        zh=Parts(
            what="沒有這個名稱的金鑰。",
            means="沒有匯入任何金鑰。",
            next="名稱是 card、token、record、ref、transport，可加版次如 card.2。",
        ),
        en=Parts(
            what="There is no key of that name.",
            means="No key was brought.",
            next="Say card, token, record, ref or transport; or a version, as in card.2.",
        ),
    ),
    "key_held": Said(
        exit=2,
        zh=Parts(
            what="金鑰庫裡已有另一把 {key}。",
            means="原有的金鑰沒有被蓋掉；沒有任何變動。",
            next="請核對檢查值；新的卡片金鑰要用下一個版次。",
        ),
        en=Parts(
            what="The key store holds another {key}.",
            means="It was not written over. Nothing was changed.",
            next="Compare the check values; a new card master takes the next version.",
        ),
    ),
    "key_store_here": Said(
        exit=2,
        zh=Parts(
            what="這台終端機已經有金鑰庫。",
            means="沒有任何變動。",
            next="請用 keys list 查看；匯入金鑰請用 keys import。",
        ),
        en=Parts(
            what="This terminal has its key store already.",
            means="Nothing was changed.",
            next="Look at it with keys list; bring keys with keys import.",
        ),
    ),
    "component_bad": Said(
        exit=2,
        zh=Parts(
            what="第 {custodian} 位保管人的分量不合（{why}）。",
            means="沒有匯入金鑰。",
            next="請照紙上的十六進位數字重新輸入；各份不可全零或相同。",
        ),
        en=Parts(
            what="The component of custodian {custodian} does not fit ({why}).",
            means="No key was brought.",
            next="Type the hex digits on the paper again; none is zero, no two the same.",
        ),
    ),
    "check_refused": Said(
        exit=2,
        zh=Parts(
            what="檢查值沒有被接受：{key}。",
            means="這把金鑰沒有匯入；沒有任何變動。",
            next="請兩位保管人核對各自的分量，再做一次。",
        ),
        en=Parts(
            what="The check value of {key} was not accepted.",
            means="The key was not kept. Nothing was changed.",
            next="Have both custodians compare their components, then do it again.",
        ),
    ),
    "key_token": Said(
        exit=4,
        zh=Parts(
            what="存放金鑰的權杖不能使用（{why}）。",
            means="無法發卡、綁卡與驗票；卡片與資料都沒有變動。",
            next="請檢查權杖是否插好、程式庫與標籤是否正確，再做一次。",
        ),
        en=Parts(
            what="The token that holds the keys cannot be used ({why}).",
            means="No issuing, binding or tapping here. Card and data are unchanged.",
            next="See that it is plugged in and library and label are right, then again.",
        ),
    ),
    "key_unguarded": Said(
        exit=4,
        zh=Parts(
            what="權杖裡的金鑰 {key} 保護不足或重複。",
            means="它可能被取出或另作他用，所以不使用；沒有任何變動。",
            next="請由保管人在權杖中刪除它，重新匯入。",
        ),
        en=Parts(
            what="The key {key} in the token is not guarded as it must be, or twice there.",
            means="It could be taken out or used otherwise, so it is not used.",
            next="Have the custodians delete it in the token and import it again.",
        ),
    ),
    "development_key": Said(
        exit=4,
        zh=Parts(
            what="{key} 是公開的模擬用金鑰。",
            means="正式終端機不使用它；沒有任何變動。",
            next="請由兩位保管人匯入正式的金鑰。",
        ),
        en=Parts(
            what="{key} is the simulation's key, which everybody has.",
            means="A real terminal does not use it. Nothing was changed.",
            next="Have the two custodians import the city's own key.",
        ),
    ),
    "no_token_key": Said(
        exit=2,
        zh=Parts(
            what="這台機器沒有發卡用的金鑰。",
            means="它只負責驗票或查詢，不能發卡或綁卡；沒有任何變動。",
            next="請改到發卡櫃檯辦理。",
        ),
        en=Parts(
            what="This machine holds no key for issuing.",
            means="It only checks or shows cards. Nothing has changed.",
            next="Use a counter that issues cards.",
        ),
    ),
}
