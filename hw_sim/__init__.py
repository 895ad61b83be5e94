"""The other side of the air: cards as state machines, an RF field that can tear, reader chips."""
