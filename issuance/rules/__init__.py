"""The rules F1-F16, C1-C6, S1-S4 and B1-B6 as pure functions that name their source."""
