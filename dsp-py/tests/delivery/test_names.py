"""Names of delivered files, and texts in ASCII fields."""

import random
import unicodedata
from pathlib import Path

import pytest

from mixdown.files.names import ascii_text, delivered_name, unique_names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('a/b\\c:d*e?f"g<h>i|j', "a_b_c_d_e_f_g_h_i_j"),
        ("Tab\tand\x7fdelete\x00", "Tab_and_delete_"),
        ("  Etc. . ", "Etc"),
        ("...", "_"),
        ("", "_"),
        (".hidden", "_hidden"),
        ("..", "_"),
        ("CON", "CON_"),
        ("nul.mix", "nul_.mix"),
        ("Com1", "Com1_"),
        ("Console", "Console"),
        ("Bjo\u0308rk", "Björk"),
        ("日本語", "日本語"),
        ("\ud800x", "_x"),
        ("a\u2028b", "a_b"),
    ],
)
def test_names_that_every_system_takes(text: str, name: str) -> None:
    assert delivered_name(text) == name


def test_long_names_end_at_a_whole_character() -> None:
    for letter, count in (("x", 120), ("é", 60), ("語", 40), ("🎵", 30)):
        assert delivered_name(letter * 200) == letter * count
    assert delivered_name("x" * 119 + " y") == "x" * 119
    # An x with two accents is kept whole or left out.
    assert delivered_name("y" * 115 + "x\u0301\u0323") == "y" * 115 + unicodedata.normalize("NFC", "x\u0301\u0323")
    assert delivered_name("y" * 116 + "x\u0301\u0323") == "y" * 116


def test_any_text_becomes_a_file(tmp_path: Path) -> None:
    draw = random.Random(1)
    alphabet = '/\\:*?"<>|. \t\nABCabc123äöü語🎵\u0301\u2028\x00'
    for _ in range(300):
        name = delivered_name("".join(draw.choices(alphabet, k=draw.randrange(80))))
        assert name
        assert name == unicodedata.normalize("NFC", name)
        assert len(name.encode()) <= 120
        assert not set(name) & set('/\\:*?"<>|\0\t\n')
        assert name[-1] not in ". "
        (tmp_path / name).write_text("x")


def test_names_are_unique_in_small_letters_too() -> None:
    names = unique_names(["Intro", "intro", "INTRO", "a/b", "a:b", "Straße", "STRASSE"])
    assert names == ["Intro", "intro (2)", "INTRO (3)", "a_b", "a_b (2)", "Straße", "STRASSE (2)"]
    long = unique_names(["x" * 200, "x" * 300])
    assert long == ["x" * 120, "x" * 116 + " (2)"]
    # A name that a number would make is taken already.
    assert unique_names(["A (2)", "A", "a"]) == ["A (2)", "A", "a (3)"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Süße “Lügen” – ‚no‘ …", "Susse \"Lugen\" - 'no' ..."),
        ("Ægir Þór Œuvre Łódź İstanbul", "AEgir Thor OEuvre Lodz Istanbul"),
        ("℗ © ® ™ №", "(P) (C) (R) TM No"),
        ("語", "?"),
        ("a\tb\nc\x01d", "a b c?d"),
    ],
)
def test_texts_in_ascii(text: str, plain: str) -> None:
    assert ascii_text(text) == plain
