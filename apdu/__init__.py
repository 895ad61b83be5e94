"""What is said to a card, as bytes. Values in, bytes out; no reader, no file, no policy."""
