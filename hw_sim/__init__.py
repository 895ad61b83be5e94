"""The other side of the air: cards as state machines, an RF field that can tear, reader chips.

Written from the card's side of the standards; imports nothing of the house around it.
hw_sim/README.md says how to use it alone.
"""

from hw_sim.classic import ClassicCard
from hw_sim.dumps import Dump, Form, dump_of_card, look_at, read_dump, write_dump
from hw_sim.field import Field, Noise, Picc, Tear
from hw_sim.image import CardImage, ImageCorrupt, load, save
from hw_sim.picc import card_of
from hw_sim.raw import RawPort
from hw_sim.reader_chip import ReaderChip
from hw_sim.stock import new_blank_classic, new_desfire, new_flora, topup

__all__ = [
    "CardImage",
    "ClassicCard",
    "Dump",
    "Field",
    "Form",
    "ImageCorrupt",
    "Noise",
    "Picc",
    "RawPort",
    "ReaderChip",
    "Tear",
    "card_of",
    "dump_of_card",
    "load",
    "look_at",
    "new_blank_classic",
    "new_desfire",
    "new_flora",
    "read_dump",
    "save",
    "topup",
    "write_dump",
]
