"""Covers: requirements of services, and checks against them."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.analysis.findings import Finding, Severity, stated
from mixdown.display.html import Shown
from mixdown.files.names import shown

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class CoverLimits(Shown):
    """Requirements of a service for covers.

    Attributes
    ----------
    name : str
    min_px : int
        Least width and height; they are equal.
    max_bytes : int
        Largest file; 0 where none is known.
    formats : tuple of str
        "JPEG", "PNG".
    color_profile : bool
        Whether a profile of sRGB may be embedded; another one never.
    progressive : bool
        Whether JPEG may be progressive.
    source, date : str
        Source of the requirements, and the date of reading; [C] marks what was chosen.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import mixdown as md
    >>> from PIL import Image
    >>> own = md.CoverLimits("shop", 500, 100_000, ("PNG",), True, False, "the shop's page", "2026-11-28")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "cover.png")
    ...     Image.new("RGB", (400, 400), "teal").save(path)
    ...     [(found.value, found.limit, found.unit) for found in md.check_cover(path, own)]
    [(400.0, 500.0, 'px')]
    """

    name: str
    min_px: int
    max_bytes: int
    formats: tuple[str, ...]
    color_profile: bool
    progressive: bool
    source: str
    date: str


_READ = "2026-11-28"
#: Limits by the name of the ingest profile.
COVER_LIMITS = {
    limits.name: limits
    for limits in (
        CoverLimits(
            "spotify",
            640,
            0,
            ("JPEG", "PNG"),
            False,
            False,
            "[P] providersupport.spotify.com, building a package: 640 px, 1:1, sRGB of 24 bits, no embedded profile; "
            "[C] not progressive",
            _READ,
        ),
        CoverLimits(
            "apple", 3000, 0, ("JPEG", "PNG"), True, True, "[P] itunespartner.apple.com, music requirements", _READ
        ),
        CoverLimits(
            "distributor",
            3000,
            10_000_000,
            ("JPEG", "PNG"),
            True,
            False,
            "[C] what all of several distributors take",
            _READ,
        ),
    )
}

#: What Pillow calls the kinds of pixels that are no RGB of 8 bits.
_MODES = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey with transparency",
    "P": "a palette",
    "PA": "a palette with transparency",
    "RGBA": "RGB with transparency",
    "CMYK": "CMYK",
    "YCCK": "CMYK",
    "LAB": "Lab",
    "I;16": "grey of 16 bits",
}


@_checks.named
def check_cover(path: str | os.PathLike[str], profile: str | CoverLimits = "distributor") -> tuple[Finding, ...]:
    """Check a cover against the requirements of a service.

    Parameters
    ----------
    path : path
    profile : str or CoverLimits, default "distributor"
        "spotify", "apple" or "distributor", or your own limits.

    Returns
    -------
    tuple of Finding
        Empty without findings. A "fault" would be refused; a "warning" may be displayed differently.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ParameterError
        For an unknown profile.

    Examples
    --------
    >>> import mixdown as md
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "cover.png")
    ...     Image.new("RGB", (2999, 2999), "teal").save(path)
    ...     [(found.severity, found.value, found.limit) for found in md.check_cover(path)]
    [('fault', 2999.0, 3000.0)]
    """
    from PIL import Image

    limits = profile if isinstance(profile, CoverLimits) else COVER_LIMITS.get(str(profile))
    if limits is None:
        known = ", ".join(COVER_LIMITS)
        raise ParameterError(f"profile = {_checks.shown(profile)} is unknown: it must be one of {known}")
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path = {_checks.shown(path)} is not a path: it must be a str or a pathlib.Path")
    content = Path(path).read_bytes()
    judge = _Judge(shown(Path(path).name), limits.source)
    if limits.max_bytes and len(content) > limits.max_bytes:
        judge.say(
            "fault", f"has {len(content)} bytes, {limits.max_bytes} are taken", len(content), limits.max_bytes, "bytes"
        )
    try:
        with warnings.catch_warnings():
            # A large picture is none for a decompression bomb: the limit of an error stays.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                image.load()
                _look(image, limits, judge)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        judge.say("fault", f"is not a readable picture ({_reason(error)})")
    return tuple(judge.found)


def _reason(error: Exception) -> str:
    text = str(error).split(" <", 1)[0]
    return "unknown format" if text.startswith("cannot identify") else text


def _look(image: Image.Image, limits: CoverLimits, judge: _Judge) -> None:
    width, height = image.size
    if image.format not in limits.formats:
        judge.say("fault", f"is a {image.format} picture, {' or '.join(limits.formats)} are taken")
    if width != height:
        judge.say("fault", f"is {width} x {height} px: it must be square", width / height, 1.0)
    least = min(width, height)
    if least < limits.min_px:
        judge.say("fault", f"has {least} px, at least {limits.min_px} are needed", least, limits.min_px, "px")
    if image.mode != "RGB" or "transparency" in image.info:
        kind = _MODES.get(image.mode, image.mode)
        judge.say(
            "fault", f"holds {kind if image.mode != 'RGB' else 'RGB with transparency'}: it must be RGB of 8 bits"
        )
    orientation = image.getexif().get(0x0112, 1)
    if orientation != 1:
        judge.say("warning", f"is turned by its EXIF orientation {orientation}: some services show it unturned")
    if image.info.get("progressive") and not limits.progressive:
        judge.say("warning", "is a progressive JPEG: some services show it grey")
    embedded = image.info.get("icc_profile")
    if embedded:
        named = _profile_name(embedded)
        if "srgb" not in named.lower():
            judge.say("fault", f"embeds the colour profile {named!r}: its colours change where it must be sRGB")
        elif not limits.color_profile:
            judge.say("fault", f"embeds the colour profile {named!r}: none may be embedded")


def _profile_name(embedded: bytes) -> str:
    # Not needed for most pictures.
    from PIL import ImageCms

    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(embedded))).strip()
    except (ImageCms.PyCMSError, OSError):
        return "unreadable"


class _Judge:
    """Findings on one picture."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source
        self.found: list[Finding] = []

    def say(
        self, severity: Severity, text: str, value: float | None = None, limit: float | None = None, unit: str = ""
    ) -> None:
        """Add a finding."""
        numbers = (None if value is None else float(value), None if limit is None else float(limit))
        self.found.append(stated("cover", severity, f"{self.name} {text}.", *numbers, unit, source=self.source))
