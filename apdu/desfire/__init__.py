"""MIFARE DESFire from the terminal's side: values in, bytes out; `card.Desfire` carries them."""
