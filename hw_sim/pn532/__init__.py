"""A PN532 with one antenna: the chip, what it does on the air, and the serial line to it."""

from hw_sim.pn532.chip import Pn532
from hw_sim.pn532.line import Notice, Pn532Server

__all__ = ["Notice", "Pn532", "Pn532Server"]
