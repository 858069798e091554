"""Loudspeaker positions: channel orders of file formats, and channel weights of the loudness meter.

Names: L R C front, LFE low-frequency effects, Ls Rs sides or surrounds, Lb Rb Cs back, Lc Rc between centre and front,
Tc Ltf Ctf Rtf Ltb Ctb Rtb overhead.
"""

from __future__ import annotations

Positions = tuple[str, ...]

#: Positions in the order of the bits of a WAVE channel mask.
_MASK_BITS = (
    *("L", "R", "C", "LFE", "Lb", "Rb", "Lc", "Rc", "Cs", "Ls", "Rs"),
    *("Tc", "Ltf", "Ctf", "Rtf", "Ltb", "Ctb", "Rtb"),
)

#: Names of the layouts of the loudness meter, and their channels.
LAYOUTS = {"mono": 1, "stereo": 2, "3.0": 3, "4.0": 4, "5.0": 5, "5.1": 6, "7.1": 8}

#: Rows of audio in memory, by count: the layouts of the loudness meter.
STANDARD: dict[int, Positions] = {
    1: ("C",),
    2: ("L", "R"),
    3: ("L", "R", "C"),
    4: ("L", "R", "Ls", "Rs"),
    5: ("L", "R", "C", "Ls", "Rs"),
    6: ("L", "R", "C", "LFE", "Ls", "Rs"),
    8: ("L", "R", "C", "LFE", "Lb", "Rb", "Ls", "Rs"),
}

#: Vorbis I specification 4.3.9; Opus with mapping family 1 (RFC 7845) is the same.
VORBIS: dict[int, Positions] = {
    1: ("C",),
    2: ("L", "R"),
    3: ("L", "C", "R"),
    4: ("L", "R", "Ls", "Rs"),
    5: ("L", "C", "R", "Ls", "Rs"),
    6: ("L", "C", "R", "Ls", "Rs", "LFE"),
    7: ("L", "C", "R", "Ls", "Rs", "Cs", "LFE"),
    8: ("L", "C", "R", "Ls", "Rs", "Lb", "Rb", "LFE"),
}

#: RFC 9639, 9.1.3.
FLAC: dict[int, Positions] = {**STANDARD, 7: ("L", "R", "C", "LFE", "Cs", "Ls", "Rs")}

#: Channel layout tags of Core Audio (CAF `chan`, AIFF `CHAN`) without their count in the low 16 bits.
_CORE_AUDIO_TAGS: dict[int, Positions] = {
    100: ("C",),
    101: ("L", "R"),
    108: ("L", "R", "Ls", "Rs"),
    113: ("L", "R", "C"),
    114: ("C", "L", "R"),
    115: ("L", "R", "C", "Cs"),
    116: ("C", "L", "R", "Cs"),
    117: ("L", "R", "C", "Ls", "Rs"),
    118: ("L", "R", "Ls", "Rs", "C"),
    119: ("L", "C", "R", "Ls", "Rs"),
    120: ("C", "L", "R", "Ls", "Rs"),
    121: ("L", "R", "C", "LFE", "Ls", "Rs"),
    122: ("L", "R", "Ls", "Rs", "C", "LFE"),
    123: ("L", "C", "R", "Ls", "Rs", "LFE"),
    124: ("C", "L", "R", "Ls", "Rs", "LFE"),
    125: ("L", "R", "C", "LFE", "Ls", "Rs", "Cs"),
    126: ("L", "R", "C", "LFE", "Ls", "Rs", "Lc", "Rc"),
    128: ("L", "R", "C", "LFE", "Ls", "Rs", "Lb", "Rb"),
    131: ("L", "R", "Cs"),
    132: ("L", "R", "Ls", "Rs"),
    133: ("L", "R", "LFE"),
    134: ("L", "R", "LFE", "Cs"),
    135: ("L", "R", "LFE", "Ls", "Rs"),
    136: ("L", "R", "C", "LFE"),
    137: ("L", "R", "C", "LFE", "Cs"),
}
_CORE_AUDIO_USES_DESCRIPTIONS, _CORE_AUDIO_USES_BITMAP = 0, 1 << 16
#: Channel labels of Core Audio that differ from "bit of the mask + 1".
_CORE_AUDIO_LABELS = {5: "Ls", 6: "Rs", 10: "Ls", 11: "Rs", 33: "Lb", 34: "Rb", 42: "C"}

#: BS.1770-5, Annexes 1 and 3: loudspeakers 60 to 120 degrees off the front, not overhead.
_SIDE_WEIGHT = 1.41


def of_mask(mask: int, channels: int) -> Positions | None:
    """Return the positions that a WAVE channel mask names, None if it does not name every channel."""
    named = tuple(name for bit, name in enumerate(_MASK_BITS) if mask >> bit & 1)[:channels]
    return _surround(named) if len(named) == channels else None


def mask_of(positions: Positions) -> int | None:
    """Return the WAVE channel mask whose order is that of `positions`, None if there is none."""
    # A surround pair without a back pair is written as the back pair, as in most 5.1 files.
    if not {"Lb", "Rb", "Cs"} & set(positions):
        positions = tuple({"Ls": "Lb", "Rs": "Rb"}.get(name, name) for name in positions)
    bits = [_MASK_BITS.index(name) for name in positions]
    return sum(1 << bit for bit in bits) if bits == sorted(set(bits)) else None


def of_core_audio(tag: int, bitmap: int, labels: list[int], channels: int) -> Positions | None:
    """Return the positions that a Core Audio channel layout names, None if it does not name every channel."""
    if tag == _CORE_AUDIO_USES_BITMAP:
        return of_mask(bitmap, channels)
    if tag == _CORE_AUDIO_USES_DESCRIPTIONS:
        by_bit = {bit + 1: name for bit, name in enumerate(_MASK_BITS)} | _CORE_AUDIO_LABELS
        if len(labels) != channels or not set(labels) <= set(by_bit):
            return None
        return _surround(tuple(by_bit[label] for label in labels))
    positions = _CORE_AUDIO_TAGS.get(tag >> 16, ())
    return positions if len(positions) == channels else None


def _surround(positions: Positions) -> Positions:
    """Name a back pair without a side pair the surrounds."""
    if {"Ls", "Rs"} & set(positions):
        return positions
    return tuple({"Lb": "Ls", "Rb": "Rs"}.get(name, name) for name in positions)


def to_standard(positions: Positions) -> list[int] | None:
    """Return the channel of `positions` for each row of the usual layout of as many, None for another layout."""
    standard = STANDARD.get(len(positions), ())
    if set(positions) != set(standard):
        return None
    return [positions.index(name) for name in standard]


def weights(positions: Positions) -> tuple[float, ...]:
    """Return the weight of each channel's energy in a loudness meter."""
    special = {"LFE": 0.0, "Ls": _SIDE_WEIGHT, "Rs": _SIDE_WEIGHT}
    return tuple(special.get(name, 1.0) for name in positions)
