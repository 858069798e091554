"""The broadcast extension of WAV files: bext version 2, with the loudness of the programme."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, replace

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.display.html import Shown
from mixdown.files.names import ascii_text
from mixdown.files.tags import Tags
from mixdown.meters.loudness_meter import Loudness

#: Longest texts, in bytes.
_LENGTHS = {"description": 256, "originator": 32, "reference": 32}
#: What stands for a loudness that is not known.
_UNSET = 0x7FFF
#: Greatest figure of a loudness field.
_LARGEST = 99.99


@dataclass(frozen=True, eq=False)
class Broadcast(Shown):
    """The broadcast extension (``bext``) of an archive WAV file.

    Its texts are ASCII; other characters are written without accents, or as ``?``.

    Parameters
    ----------
    description : str
        Description of the contents; 256 characters.
    originator : str
        Name of the originator; 32 characters.
    reference : str
        Reference number of the originator, such as an ISRC; 32 characters.
    date, time : str
        Date and time of creation: ``YYYY-MM-DD`` and ``HH:MM:SS``; the clock is not read.
    coding_history : str
        One line for each coding; the line of the file itself is added where it is empty.
    loudness : Loudness, optional
        Reading of the programme; without it the five loudness fields are marked as unknown.

    Notes
    -----
    EBU Tech 3285 version 2; the coding history by EBU R 98.

    Examples
    --------
    >>> import mixdown as md
    >>> content = md.Broadcast(description="Song", date="2026-11-28").chunk()
    >>> (len(content), content[320:330])
    (602, b'2026-11-28')
    """

    description: str = ""
    originator: str = "mixdown"
    reference: str = ""
    date: str = ""
    time: str = ""
    coding_history: str = ""
    loudness: Loudness | None = None

    def __post_init__(self) -> None:
        for name in (*_LENGTHS, "date", "time", "coding_history"):
            text = getattr(self, name)
            if not isinstance(text, str):
                raise TypeError(f"{name} = {_checks.shown(text)} is not a text")
        for name, length in _LENGTHS.items():
            count = len(ascii_text(getattr(self, name)))
            if count > length:
                raise ParameterError(f"{name} has {count} characters: bext takes at most {length}")
        if self.date and not _is_date(self.date):
            raise ParameterError(f"date = {_checks.shown(self.date)} is not allowed: it must be YYYY-MM-DD")
        if self.time and not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]", self.time):
            raise ParameterError(f"time = {_checks.shown(self.time)} is not allowed: it must be HH:MM:SS")
        if self.loudness is not None and not isinstance(self.loudness, Loudness):
            raise TypeError(f"loudness = {_checks.shown(self.loudness)} is not a Loudness")

    @classmethod
    def of(cls, tags: Tags, loudness: Loudness | None = None) -> Broadcast:
        """Return an extension made from tags: artist and title, ISRC, and the date if it is complete.

        Parameters
        ----------
        tags : Tags
        loudness : Loudness, optional

        Returns
        -------
        Broadcast

        Examples
        --------
        >>> import mixdown as md
        >>> from mixdown.files.tags import Tags
        >>> extension = md.Broadcast.of(Tags.of({"artist": "Duo", "title": "Song", "date": "2026-11-28"}))
        >>> extension.description, extension.date
        ('Duo - Song', '2026-11-28')
        """
        described = " - ".join(text for text in (tags.text("artist"), tags.text("title")) if text)
        date = tags.text("date")
        return cls(
            description=ascii_text(described)[: _LENGTHS["description"]],
            reference=tags.isrc,
            date=date if _is_date(date) else "",
            loudness=loudness,
        )

    def coded(self, sample_rate_hz: int, bit_depth: int, channels: int) -> Broadcast:
        """Return the extension with a coding history, unless it has one.

        Parameters
        ----------
        sample_rate_hz, bit_depth, channels : int

        Returns
        -------
        Broadcast

        Examples
        --------
        >>> import mixdown as md
        >>> md.Broadcast().coded(48_000, 24, 2).coding_history[:26]
        'A=PCM,F=48000,W=24,M=stere'
        """
        from importlib.metadata import version

        if self.coding_history:
            return self
        mode = {1: ",M=mono", 2: ",M=stereo"}.get(channels, "")
        line = f"A=PCM,F={sample_rate_hz},W={bit_depth}{mode},T=mixdown {version('mixdown')}\r\n"
        return replace(self, coding_history=line)

    def chunk(self) -> bytes:
        """Return the bytes of the chunk.

        Returns
        -------
        bytes
            602, and the coding history.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
        >>> content = md.Broadcast(loudness=md.loudness(tone, 48_000)).chunk()
        >>> len(content), int.from_bytes(content[412:414], "little", signed=True) / 100
        (602, -3.01)
        """
        texts = (
            *(_padded(self.description, 256), _padded(self.originator, 32), _padded(self.reference, 32)),
            *(_padded(self.date, 10), _padded(self.time, 8)),
        )
        loudness = self.loudness
        fields = (
            [_UNSET] * 5
            if loudness is None
            else [
                _hundredths(loudness.integrated_lufs),
                _hundredths(loudness.loudness_range_lu),
                _hundredths(loudness.true_peak_dbtp),
                _hundredths(loudness.max_momentary_lufs),
                _hundredths(loudness.max_short_term_lufs),
            ]
        )
        # The time reference, samples since midnight, is 0; the version is 2; a UMID of zeros is none.
        numbers = struct.pack("<QH64x5h180x", 0, 2, *fields)
        history = "".join(f"{ascii_text(line)}\r\n" for line in self.coding_history.splitlines())
        return b"".join(texts) + numbers + history.encode("ascii")


def _is_date(text: str) -> bool:
    return re.fullmatch("[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", text) is not None


def _padded(text: str, length: int) -> bytes:
    return ascii_text(text).encode("ascii").ljust(length, b"\0")


def _hundredths(value: float) -> int:
    """Return a level in hundredths, rounded to the nearest; unset where it is infinite or out of range."""
    if not math.isfinite(value) or abs(value) > _LARGEST:
        return _UNSET
    return math.floor(100 * value + 0.5)
