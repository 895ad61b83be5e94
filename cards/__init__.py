"""What is kept on a card, and the order of writes that survives a tear."""
