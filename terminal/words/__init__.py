"""Every word a person sees, in zh-TW and English: plain data, cheap to import.

`faults_<room>.py` hold `FAULTS: dict[str, Said]` by `Fault.code()`; `rules_<room>.py` hold
`RULES: dict[str, Said]` by rule id. Nothing here imports a room.
"""
