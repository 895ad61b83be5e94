"""What a card is worth right now: the fare policy, and the tap that carries it out."""
