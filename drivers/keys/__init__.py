"""Key custody: a `KeyStore` uses keys on our behalf and never hands a master key out."""
