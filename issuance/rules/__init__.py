"""The rules F1-F16 and B1-B6 as pure functions that name their source."""
