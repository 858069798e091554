"""Contents of the header of an audio file."""

from __future__ import annotations

from dataclasses import dataclass

from mixdown.loudspeakers import Positions


@dataclass(frozen=True)
class Container:
    """Length, loudspeakers and damage of a file, by its header.

    Attributes
    ----------
    promised_frames : int or None
        Length by the header; None if it states none.
    positions : tuple of str or None
        Loudspeaker of each channel in the file's order; None where none are named.
    patches : tuple of (offset, bytes)
        Replacements of header bytes so that all of the audio is decoded.
    stream : tuple of (start, stop), or None
        Parts of the file to be fed to the decoder one after another instead of the file.
    padding : int
        Zero bytes after them, which complete the last frame.
    damage : str
        Damage beyond the length; empty if there is none.
    foreign : str
        Name of a format that the decoder does not read; empty for others.
    """

    promised_frames: int | None = None
    positions: Positions | None = None
    patches: tuple[tuple[int, bytes], ...] = ()
    stream: tuple[tuple[int, int], ...] | None = None
    padding: int = 0
    damage: str = ""
    foreign: str = ""
