"""One file a command group; a command parses, calls one verb, prints."""
