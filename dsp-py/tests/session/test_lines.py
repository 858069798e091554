"""Errors of a session file name the line of what is wrong, however it is written."""

import re
import tomllib

import numpy as np
import pytest

import mixdown as md
from mixdown.session.places import Places

HEAD = """\
version = 1
sample_rate_hz = 48000
[[track]]
name = "kick"
audio = "kick.wav"
"""
#: Each file with the mark of the line that is named.
FILES = {
    "destination that is a track": (
        HEAD + '[[track]]\nname = "b"\naudio = "kick.wav"\npan = 0\nto = "kick" # here',
        md.MixerError,
        '"kick" is a track: only groups',
    ),
    "send to a track": (
        HEAD + '[[group]]\nname = "b"\nsends = { kick = 0 } # here\npan = 0',
        md.MixerError,
        '"kick" is a track: only groups',
    ),
    "insert that is a word": (
        HEAD + 'inserts = [\n  { type = "Limiter" },\n  "Gain", # here\n]',
        TypeError,
        r"inserts\[1\] = 'Gain' is not a table: write { type = \"Gain\" }",
    ),
    "insert without a type": (
        HEAD + 'inserts = [\n  { type = "Limiter" },\n  { frequency_hz = 30 }, # here\n]',
        md.ParameterError,
        "type is missing",
    ),
    "insert without a type on one line": (
        HEAD + "inserts = [{ frequency_hz = 30 }] # here",
        md.ParameterError,
        "type is missing",
    ),
    "width of mono": (
        HEAD + 'inserts = [\n  { type = "Gain" },\n  { type = "Width" }, # here\n]',
        ValueError,
        "Width|channels",
    ),
    "setting that is no effect": (
        HEAD + 'inserts = [\n  { type = "Gain" },\n  { type = "DynamicBand" }, # here\n]',
        md.ParameterError,
        "type = 'DynamicBand' is not an effect",
    ),
    "number of a band": (
        HEAD
        + 'inserts = [{ type = "Equalizer", bands = [\n{ type = "Bell" },\n{ type = "Bell", q = 1000 }, # here\n]}]',
        md.ParameterError,
        r"bands\[1\].q = 1000 is out of range",
    ),
    "frequency that the rate does not take": (
        HEAD.replace("48000", "8000")
        + 'inserts = [\n{ type = "Bell" },\n{ type = "HighPass", frequency_hz = 5000 }, # here\n]',
        md.ParameterError,
        "frequency_hz = 5000",
    ),
    "position of a key": (
        HEAD + 'inserts = [{ type = "Compressor" }, { type = "Gain" }]\nkey_from = { 1 = "drums" } # here\n'
        '[[group]]\nname = "drums"',
        md.MixerError,
        r"inserts\[1\] takes no key",
    ),
    "key without an insert": (
        HEAD + 'inserts = [{ type = "Gain" }]\nkey_from = "drums" # here\n[[group]]\nname = "drums"',
        md.MixerError,
        "none of its inserts takes a key",
    ),
    "group that feeds itself": (HEAD + '[[group]]\nname = "g"\npan = 0\nto = "g" # here', md.MixerError, "circle"),
    "track keyed by itself": (
        HEAD + 'inserts = [{ type = "Gate" }]\nkey_from = "kick" # here',
        md.MixerError,
        "circle",
    ),
    "send out of range": (
        HEAD + 'sends.hall = 33 # here\n[[return]]\nname = "hall"',
        md.ParameterError,
        "level_db = 33 is out of range",
    ),
    "send to a name that is none": (
        HEAD + 'sends.hall = 3\nsends.hal = 3 # here\n[[return]]\nname = "hall"',
        md.MixerError,
        'named "hal": did you mean hall',
    ),
    "point of a table of automation": (
        HEAD + 'inserts = [{ type = "Gain" }]\n[track.automation]\n"0/gain_db" = [\n  [0, 0],\n  [1, 300], # here\n]',
        md.ParameterError,
        r"point 1 \(at 1 s\): gain_db = 300 is out of range",
    ),
    "point that is a number": (
        HEAD + 'inserts = [{ type = "Gain" }]\n[track.automation]\n"0/gain_db" = [\n  [0, 0],\n  3, # here\n]',
        TypeError,
        "3 is not a point",
    ),
    "point of a fader": (HEAD + "fader_db = [\n  [0, 0],\n  [1, 300], # here\n]", md.ParameterError, "300 is out of"),
    "times of a fader": (HEAD + "fader_db = [\n  [1, 0],\n  [0, 0], # here\n]", md.ParameterError, "time_s = 0"),
    "name that is a number": (HEAD + "[[group]]\npan = 0\nname = 3 # here", TypeError, "name = 3 is not a text"),
    "name that is empty": (HEAD + '[[group]]\npan = 0\nname = "" # here', md.ParameterError, "name = ''"),
    "name with a slash": (HEAD + '[[group]]\npan = 0\nname = "a/b" # here', md.ParameterError, "name = 'a/b'"),
    "name that is taken": (HEAD + '[[group]]\npan = 0\nname = "kick" # here', md.MixerError, '"kick" already'),
    "key after a text of several lines": (
        HEAD + '[[group]]\nname = """\nfadr_db = 3\n[[track]]\n"""\nfadr_db = 3 # here',
        md.ParameterError,
        "a group has no fadr_db: did you mean fader_db",
    ),
    "key after a break that TOML has not": (
        HEAD + '[[group]]\nname = "a\u2028b\x85c"\nfadr_db = 3 # here',
        md.ParameterError,
        "a group has no fadr_db",
    ),
    "points twice": (
        HEAD + 'fader_db = [[0, -6]]\nautomation = { "fader_db" = [[0, 0]] } # here',
        md.ParameterError,
        r"kick/fader_db: there are points in fader_db = \[…\] already",
    ),
    "vca twice": (
        HEAD + '[[vca]]\nname = "v"\nmembers = []\n[[vca]]\nmembers = []\nname = "v" # here',
        md.MixerError,
        'there is a vca named "v" already',
    ),
    "vca without members": (HEAD + '[[vca]] # here\nname = "v"', md.ParameterError, "a vca needs members"),
    "member that is a number": (
        HEAD + '[[vca]]\nname = "v"\nmembers = [\n"kick",\n3, # here\n]',
        TypeError,
        r"members\[1\] = 3 is not a text",
    ),
    "misspelt setting of a vca": (
        HEAD + '[[vca]]\nname = "v"\nmembrs = [] # here',
        md.ParameterError,
        "a vca has no membrs: did you mean members",
    ),
    "table that is none": (
        HEAD + "[inserts] # here\ninserts = 3",
        md.ParameterError,
        "inserts is no part of a mix$",
    ),
    "key in quotes": (HEAD + '[[vca]]\nname = "v"\n"a b" = 3 # here', md.ParameterError, "a vca has no a b$"),
    "audio of a group": (
        HEAD + '[[group]]\nname = "g"\naudio = "kick.wav" # here',
        md.ParameterError,
        "a group has no audio$",
    ),
    "audio in a folder": (
        HEAD + '[[track]]\nname = "b"\naudio = "stems/leda.wav" # here',
        FileNotFoundError,
        "there is no file stems/leda.wav: did you mean stems/lead.wav",
    ),
    "audio that is a folder": (
        HEAD + '[[track]]\nname = "b"\naudio = "." # here',
        md.ParameterError,
        "audio = '.' is a folder",
    ),
    "response that is missing": (
        HEAD
        + 'inserts = [\n{ type = "Gain" },\n{ type = "Convolution", impulse_response = "stems/leda.wav" }, # here\n]',
        FileNotFoundError,
        "impulse_response: there is no file stems/leda.wav: did you mean stems/lead.wav",
    ),
    "kind of an effect": (
        HEAD + 'inserts = [\n{ type = "Gain" },\n{ type = "Limitr" }, # here\n]',
        md.ParameterError,
        "type = 'Limitr' is not an effect: did you mean Limiter",
    ),
    "no TOML": (HEAD + "pan = # here", md.ParameterError, r": Invalid value \(at column 7\)$"),
    "no end": (HEAD + "inserts = [ # here", md.ParameterError, "toml:6: "),
}


def _written(folder, text) -> tuple[object, int]:
    (folder / "stems").mkdir()
    for file in ("kick.wav", "stems/lead.wav"):
        md.write(folder / file, np.zeros(100, np.float32), 48_000)
    file = folder / "song.toml"
    file.write_text(text, encoding="utf-8")
    return file, text[: text.index("# here")].count("\n") + 1


@pytest.mark.parametrize("case", FILES)
def test_errors_name_the_line_of_what_is_wrong(tmp_path, case) -> None:
    text, error, message = FILES[case]
    file, line = _written(tmp_path, text)
    with pytest.raises(error, match=message) as refused:
        md.Mix.from_file(file)
    assert re.match(rf"{re.escape(str(file))}:{line}: ", str(refused.value)), refused.value
    assert "\n" not in str(refused.value)


def test_a_text_that_is_not_utf_8(tmp_path) -> None:
    file = tmp_path / "song.toml"
    file.write_bytes(b"version = 1\n# \xe9\n")
    with pytest.raises(md.ParameterError, match=r"song.toml:2: the text is not UTF-8$"):
        md.Mix.from_file(file)


def test_lists_without_end(tmp_path) -> None:
    file, _ = _written(tmp_path, HEAD + "inserts = " + 3000 * "[" + 3000 * "]" + "# here")
    with pytest.raises(md.ParameterError, match=r"song.toml: lists lie too deep within each other$"):
        md.Mix.from_file(file)


@pytest.mark.parametrize("change", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")])
def test_texts_of_other_systems(tmp_path, change) -> None:
    file, _ = _written(tmp_path, HEAD + "# here")
    file.write_bytes(change(file.read_bytes()))
    assert list(md.Mix.from_file(file)) == ["kick"]


ODD = r'''
a = 1 # a comment = "3"
"quoted.key" = "x # \" ]"
'literal' = 'C:\'
b.c."d.e".f = [1, [2, 3], { x = 1, y.z = [ 4 ] }, ]
empty = [ ] # ]
none = {}
text = """
[not]
= " "" \""" """""
other = \'\'\'
it\'s \'\'\'\'\'
day = 1979-05-27T07:32:00Z
[t . "u v"]
k = [
  # comment, with ] and "
  "one",
  [ # inner
    true ],
]
"\u00e9\U0001F600\t" = inf
[[list]]
x = 1
[list.sub]
y = """a\
    b"""
[[list.deep]]
z = 1
[[list.deep]]
[list.deep.er]
w = [ { a = 1 },
 { a = 2, "b" = { c = [
 5] } } ]
[[list]]
x = 2
'''.replace("\\'", "'").replace("'C:'", "'C:\\'")


def test_every_key_and_item_has_its_line() -> None:
    document = tomllib.loads(ODD)
    places, lines = Places(ODD), ODD.split("\n")

    def walk(value, path):
        if path:
            # Its own place, not that of what it stands in.
            places.start(path)
        if isinstance(value, dict):
            for key, item in value.items():
                walk(item, (*path, key))
        elif isinstance(value, list):
            for position, item in enumerate(value):
                walk(item, (*path, position))

    walk(document, ())
    for path, start in {
        ("a",): "a = 1",
        ("other",): "other",
        ("day",): "day",
        ("t", "u v", "k", 1): "  [ # inner",
        ("t", "u v", "k", 1, 0): "    true",
        ("t", "u v", "é😀\t"): '"\\u00e9',
        ("list", 0, "sub", "y"): "y = ",
        ("list", 0, "deep", 1, "er", "w", 1, "b", "c", 0): " 5]",
        ("list", 1, "x"): "x = 2",
        ("list", 1, "missing"): "[[list]]",
    }.items():
        assert lines[places.line(path) - 1].startswith(start), path
