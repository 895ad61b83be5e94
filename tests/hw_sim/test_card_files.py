"""Card files: round trips, corruption, what a failed save leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim import image
from hw_sim.image import CardImage, ImageCorrupt
from tests.hw_sim.rig import card_image


@st.composite
def images(draw: st.DrawFn) -> CardImage:
    uid = draw(st.sampled_from([b"\x01\x02\x03\x04", b"\x04\x11\x22\x33\x44\x55\x66"]))
    made = card_image(uid=uid)
    made.kind = draw(st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True))
    made.seed = draw(st.integers(0, 2**64 - 1))
    made.sak = draw(st.integers(0, 255))
    made.blocks[1:] = draw(st.lists(st.binary(min_size=16, max_size=16), min_size=63, max_size=63))
    return made


@given(images())
def test_a_saved_card_is_loaded_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, made: CardImage
) -> None:
    path = tmp_path_factory.mktemp("card") / "c.card"
    image.save(path, made)
    assert image.load_classic(path) == made
    assert [p.name for p in path.parent.iterdir()] == ["c.card"]


def document(tmp_path: Path) -> dict[str, Any]:
    image.save(tmp_path / "good", card_image())
    loaded: dict[str, Any] = json.loads((tmp_path / "good").read_text())
    return loaded


def refused(tmp_path: Path, data: bytes | str | object) -> str:
    path = tmp_path / "bad"
    if not isinstance(data, bytes):
        data = (data if isinstance(data, str) else json.dumps(data)).encode()
    path.write_bytes(data)
    with pytest.raises(ImageCorrupt) as caught:
        image.load_classic(path)
    assert caught.value.why == str(caught.value)
    return caught.value.why


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("format", "card"), ("version", 2), ("version", True), ("version", "1"), ("version", None),
        ("kind", ""), ("kind", "UPPER"), ("kind", 7), ("kind", "x" * 33), ("chip", "classic-8k"),
        ("chip", None), ("chip", []), ("uid", "9c599b"), ("uid", "9c599b3"), ("uid", "zz599b32"),
        ("uid", 7),
        ("uid", "9c599b33"), ("uid", "9c 59 9b 32"), ("uid", "\uff19c599b32"), ("atqa", "04"),
        ("sak", "0808"), ("sak", 8), ("seed", -1), ("seed", 2**64), ("seed", True), ("seed", 1.0),
        ("blocks", []), ("blocks", {}), ("blocks", None), ("blocks", ["00" * 16] * 64),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named(tmp_path: Path, name: str, wrong: object) -> None:
    good = document(tmp_path)
    why = refused(tmp_path, good | {name: wrong})
    # A wrong UID and a wrong block 0 cannot be told apart: both contradict each other.
    told = "UID" if why.startswith("block 0") else name
    assert told in why


def test_every_field_is_needed_and_no_other_is_taken(tmp_path: Path) -> None:
    good = document(tmp_path)
    for name in good:
        refused(tmp_path, {k: v for k, v in good.items() if k != name})
    assert "extra" in refused(tmp_path, good | {"extra": 1})


@pytest.mark.parametrize("block", [1, 63])
def test_a_block_that_does_not_fit_is_named_by_its_number(tmp_path: Path, block: int) -> None:
    for wrong in ("00" * 15, "0" * 31, "g" * 32, 5, None):
        bad = document(tmp_path)
        bad["blocks"][block] = wrong
        assert f"block {block} " in refused(tmp_path, bad)


def test_a_file_cut_anywhere_is_corrupt(tmp_path: Path) -> None:
    document(tmp_path)
    whole = (tmp_path / "good").read_bytes().rstrip()
    for length in range(0, len(whole), 7):
        refused(tmp_path, whole[:length])


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"\x00" * 1024, b"[" * 60_000, b"[]", b"null", b'"x"', b"1" * 60_000,
     b"NaN", b'{"a": 1, "a": 2}', b" " * 70_000],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_card_file_at_all(tmp_path: Path, data: bytes) -> None:
    refused(tmp_path, data)


def test_a_name_twice_is_not_the_last_one_wins(tmp_path: Path) -> None:
    text = json.dumps(document(tmp_path))
    assert "JSON" in refused(tmp_path, text[:-1] + ', "sak": "18"}')


@pytest.mark.parametrize("flip", range(0, 4_000, 61))
def test_a_damaged_byte_is_refused_or_another_card_never_a_fault(tmp_path: Path, flip: int) -> None:
    document(tmp_path)
    data = bytearray((tmp_path / "good").read_bytes())
    data[flip % len(data)] ^= 1 << flip % 8
    (tmp_path / "bad").write_bytes(data)
    try:
        loaded = image.load_classic(tmp_path / "bad")
    except ImageCorrupt:
        return
    assert len(loaded.blocks) == 64


def test_a_uid_of_4_bytes_never_begins_with_the_cascade_tag(tmp_path: Path) -> None:
    image.save(tmp_path / "c", card_image(uid=bytes.fromhex("88020304")))
    with pytest.raises(ImageCorrupt, match="UID"):
        image.load_classic(tmp_path / "c")


def test_a_missing_file_is_not_a_corrupt_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        image.load_classic(tmp_path / "none")


def test_a_save_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c"
    old = card_image()
    image.save(path, old)
    new = card_image(blocks={5: b"n" * 16})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        image.save(path, new)
    monkeypatch.undo()
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        image.save(path, new)
    assert image.load_classic(path) == old
    assert list(tmp_path.iterdir()) == [path]


def test_a_save_replaces_the_file_and_never_writes_into_it(tmp_path: Path) -> None:
    path = tmp_path / "c"
    image.save(path, card_image())
    with path.open("rb") as held:
        before = path.stat().st_ino
        image.save(path, card_image(blocks={5: b"n" * 16}))
        assert path.stat().st_ino != before
        assert b"6e6e6e6e" not in held.read()


def test_a_link_to_a_card_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    image.save(tmp_path / "real", card_image())
    image.save(tmp_path / "link", card_image(blocks={5: b"n" * 16}))
    assert (tmp_path / "link").is_symlink()
    assert image.load_classic(tmp_path / "real").blocks[5] == b"n" * 16


@pytest.mark.parametrize(("block", "size"), [(-1, 16), (64, 16), (5, 15), (5, 17)])
def test_programming_what_is_no_block_is_a_misuse(block: int, size: int) -> None:
    made = card_image()
    with pytest.raises(ValueError, match="block="):
        made.program(block, bytes(size))
    assert made.writes == 0
