"""The cover of a pack: what goes into the files, and what a distributor would say of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from mixdown._core import ParameterError
from mixdown.analysis.findings import Finding, stated
from mixdown.files.covers import check_cover
from mixdown.files.names import shown
from mixdown.files.tags import Picture

#: Largest picture that FLAC files hold: 24 bits count it, and some bytes describe it.
_MOST_BYTES = (1 << 24) - 1024


@dataclass(frozen=True)
class Cover:
    """The cover of an album.

    Attributes
    ----------
    data : bytes
        Of the file; empty without one, and for what is neither JPEG nor PNG.
    suffix : str
    picture : Picture or None
        For the tags of songs; None where the file cannot be read, or is too large for them.
    findings : tuple of Finding
    """

    data: bytes = b""
    suffix: str = ""
    picture: Picture | None = None
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, path: str | None) -> Cover:
        """Return the cover in a file, which must be there.

        Parameters
        ----------
        path : str or None

        Returns
        -------
        Cover

        Raises
        ------
        OSError
            If it cannot be opened.
        """
        if path is None:
            return cls()
        try:
            findings = check_cover(path)
        except OSError as error:
            raise type(error)(f"cover = {shown(path)!r} cannot be read: {error.strerror}") from None
        picture = None
        with contextlib.suppress(ParameterError):
            picture = Picture.load(path)
        data, suffix = (b"", "") if picture is None else (picture.data, _ENDINGS[picture.mime])
        # A picture that does not decode has no size.
        damaged = any(finding.message.partition(" is not a readable picture")[1] for finding in findings)
        if picture is None or damaged or len(data) > _MOST_BYTES:
            left_out = stated("cover", "note", f"{shown(path)} stands in no tags of the songs.")
            return cls(data, suffix, None, (*findings, left_out))
        return cls(data, suffix, picture, findings)


_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png"}
