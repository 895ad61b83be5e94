"""MIFARE DESFire EV1 and EV2 from the card's side.

`image` is what a card keeps, and needs nothing but the standard library; `card` is the card, and
needs the package `cryptography`.
"""
