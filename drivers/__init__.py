"""How bytes reach a card: one `Reader` contract, one module a stack, and key custody."""
