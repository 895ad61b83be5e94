"""The arithmetic of a MIFARE Classic's memory: geometry, access bits, value blocks. No I/O."""
