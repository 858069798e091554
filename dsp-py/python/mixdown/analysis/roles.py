"""Roles of stems in a start balance: by their names, else by their spectra."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple


class Role(NamedTuple):
    """What stems of a kind count as."""

    name: str
    pattern: str
    """Of its names, in lower case with single spaces between words and figures."""
    group: str
    """Stems of one group count as one instrument; "" stands for the name of the stem."""
    within_lu: float
    """Loudness within its group."""
    level_lu: float
    """Loudness of the group beside the drums."""


class Side(NamedTuple):
    """One of two stems that are left and right of the same."""

    pan: float
    other: str


#: Loudness of a lead that its name tells beside the drums, in LU: +2.7 was nearest to engineers' vocals in 5 songs.
LEAD_LU = 2.0
#: A stem that sounds in less of the song than this is placed as single sounds.
SPARSE_SHARE = 0.1
#: Loudness of single sounds beside what sounds all the time, in LU: the gate leaves their pauses out.
SPARSE_LU = -4.0

_DRUMS = "drums"
#: The first that matches counts. Offsets within the drums, of basses and of others: chosen, and tried on 6 songs; of
#: pads and effects: rules of thumb of the field.
ROLES = (
    Role("kick", r"kick|\bkik\b|\bbd\b|bass ?drum|\bkd\b", _DRUMS, 0.0, 0.0),
    Role("snare", r"snare|\bsd\b|\bsn\b|\bsnr\b|clap", _DRUMS, 0.0, 0.0),
    Role("toms", r"\btoms?\b|floor ?tom|rack ?tom", _DRUMS, -4.0, 0.0),
    Role("hats", r"\bhats?\b|hi ?hats?\b|\bhh\b|cymbal|\bride\b|\bcrash|shaker|tambourine", _DRUMS, -8.0, 0.0),
    Role("overheads", r"overhead|\boh\b|\bohs\b|\broom\b|\brooms\b|ambien|perc|conga|bongo", _DRUMS, -4.0, 0.0),
    Role("drums", r"drum|\bkit\b|\bbeat\b", _DRUMS, 0.0, 0.0),
    Role("backing", r"\bback|\bbv|\bbgv|\bharmon(y|ies)|choir|\bdouble|ad ?lib|\bgang", "", 0.0, -1.0),
    Role("vocal", r"vox|vocal|\bvoc|\bsing(er|ing)?\b|\bvoice", "lead", 0.0, 0.0),
    Role("lead", r"\blead|\bmelody|\bsolo\b", "lead", 0.0, 0.0),
    Role("bass", r"bass|\bsub\b", "bass", 0.0, -1.0),
    Role("pad", r"\bpads?\b|string|atmo|drone", "", 0.0, -4.0),
    Role("effects", r"\bfx\b|\bsfx\b|effect|riser|impact|noise", "", 0.0, -6.0),
    Role(
        "other",
        r"guitar|\bgtr|\bkeys\b|piano|\brhodes|organ|synth|\bclav|horn|brass|\bsax|trumpet|flute",
        "",
        0.0,
        -1.0,
    ),
)
#: Neither name nor spectrum tell.
UNKNOWN = Role("unknown", "", "", 0.0, -1.0)
_BY_NAME = {role.name: role for role in ROLES}
OTHER = _BY_NAME["other"]
_LEAD = _BY_NAME["lead"]

_PANS = {"left": -1.0, "l": -1.0, "lt": -1.0, "right": 1.0, "r": 1.0, "rt": 1.0}


def _words(name: str) -> list[str]:
    """Return the words and figures of a name: of "OH_L", "GuitarLeft2" and "bass-guitar" alike."""
    return [word.lower() for word in re.findall(r"[^\W\d_]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+", name)]


def roles_of(names: Iterable[str], leads: Iterable[str] | None = None) -> dict[str, Role]:
    """Return the role of each stem; with `leads` those stems and no others lead."""
    given = list(names)
    wanted = None if leads is None else set(leads)
    roles = {}
    for name in given:
        text = " ".join(_words(name))
        found = next((role for role in ROLES if re.search(role.pattern, text)), UNKNOWN)
        if wanted is not None:
            found = _LEAD if name in wanted else OTHER if found.group == "lead" else found
        roles[name] = found
    if any(role.name == "vocal" for role in roles.values()):
        # Beside a singer, an instrument that leads is one of the others.
        roles = {name: OTHER if role.name == "lead" else role for name, role in roles.items()}
    return roles


def role_named(name: str) -> Role:
    """Return the role of a name in the table."""
    return UNKNOWN if name == UNKNOWN.name else _BY_NAME[name]


def pairs_of(names: Iterable[str]) -> dict[str, Side]:
    """Return the stems of pairs that differ by a side, as "OH_L" and "OH_R" do."""
    sides: defaultdict[tuple[str, ...], dict[float, str]] = defaultdict(dict)
    for name in names:
        words = _words(name)
        places = [place for place, word in enumerate(words) if word in _PANS]
        if len(places) == 1 and len(words) > 1:
            pan = _PANS[words[places[0]]]
            words[places[0]] = "*"
            sides[tuple(words)].setdefault(pan, name)
    pairs = (pair for pair in sides.values() if len(pair) == 2)
    return {name: Side(pan, pair[-pan]) for pair in pairs for pan, name in pair.items()}
