"""The report of a master: a picture, a sheet for print, or a page of HTML with players."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mixdown import _checks
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError
from mixdown.conversion import at_rate
from mixdown.delivery.certificate import Certificate
from mixdown.delivery.report_page import Reported, page_of
from mixdown.delivery.report_rows import ceiling_remarks, stages, verdict_rows
from mixdown.display.report import pdf, png
from mixdown.display.report import report as drawn
from mixdown.files.names import shown
from mixdown.files.outputs import check_folder
from mixdown.files.writing import replace_file
from mixdown.meters import Loudness, loudness

if TYPE_CHECKING:
    from mixdown.session import Mix

#: Difference of lengths, in seconds, that a conversion of rates may make.
_SAME_S = 0.1
#: Endings of names, and so formats, of reports.
ENDINGS = (".html", ".pdf", ".png")


def check_report(path: str | os.PathLike[str], name: str = "path") -> Path:
    """Return the file of a report, or refuse it before any work is done.

    Parameters
    ----------
    path : path
    name : str
        Its name in errors.

    Raises
    ------
    OSError
        If its folder is missing, or cannot be written into.
    ParameterError
        For a name of another ending.
    """
    file = _checks.path(name, path)
    if file.suffix.lower() not in ENDINGS:
        raise ParameterError(f"{name} = {shown(file)} is not allowed: its name must end in {', '.join(ENDINGS)}")
    check_folder(file)
    return file


def write_report(
    path: str | os.PathLike[str],
    audio: Audio,
    sample_rate_hz: float,
    certificate: Certificate,
    before: Source | Mix | None,
    before_rate_hz: float | None,
    title: str,
    longest_s: float,
) -> None:
    """Write a report; see :meth:`Mastered.report`."""
    file = check_report(path)
    title = _checks.text("title", title)
    longest_s = _checks.in_range("longest_s", longest_s, 1, 3600)
    if before is None and before_rate_hz is not None:
        raise ParameterError("before_rate_hz is given without before: there is nothing to compare with")
    mix = None if before is None else _mix(before, before_rate_hz, audio, sample_rate_hz)
    reported = Reported(
        title=title or "Master",
        audio=_checks.planar(audio),
        sample_rate_hz=sample_rate_hz,
        certificate=certificate,
        mix=mix,
        mix_loudness=None if mix is None else _loudness(mix, sample_rate_hz, certificate.dual_mono),
    )
    ending = file.suffix.lower()
    replace_file(file, page_of(reported, longest_s).encode() if ending == ".html" else _sheet(reported, ending))


def _loudness(mix: Audio, sample_rate_hz: float, dual_mono: bool) -> Loudness:
    """Measure a mix as its master was measured."""
    return loudness(mix, sample_rate_hz, dual_mono=dual_mono and mix.shape[0] == 1, precision="reference")


def _mix(before: Source | Mix, before_rate_hz: float | None, audio: Audio, sample_rate_hz: float) -> Audio:
    """Return the mix at the rate of its master."""
    # By what it can do: mixes are a layer above.
    render = getattr(before, "render", None)
    given = cast(Source, before if render is None else (render(), cast("Mix", before).sample_rate_hz))
    _, own_hz = _checks.unpack(given, "before")
    known_hz = own_hz if before_rate_hz is None else before_rate_hz
    source, rate_hz = _checks.recording(
        given, sample_rate_hz if known_hz is None else before_rate_hz, "before", "before_rate_hz"
    )
    mix = _checks.finite(_checks.planar(source, "before"), "before")
    frames = audio.shape[-1]
    if known_hz is None and mix.shape[1] != frames:
        raise ParameterError(
            f"before has {mix.shape[1]} frames, the master {frames}: if it is of another rate than "
            f"{_checks.plain(sample_rate_hz)} Hz, give before_rate_hz"
        )
    if mix.shape[1] == 0:
        raise ParameterError("before has no frames: there is nothing to compare with")
    mix_s, master_s = mix.shape[1] / rate_hz, frames / sample_rate_hz
    if abs(mix_s - master_s) > _SAME_S:
        raise ParameterError(
            f"before lasts {mix_s:.2f} s, the master {master_s:.2f} s: it takes the mix that the master was made from"
        )
    return at_rate(mix, rate_hz, sample_rate_hz)


def _sheet(reported: Reported, ending: str) -> bytes:
    certificate = reported.certificate
    figure = drawn(
        after=reported.audio,
        sample_rate_hz=reported.sample_rate_hz,
        loudness_after=certificate.loudness,
        target_lufs=certificate.target_lufs,
        ceiling_dbtp=certificate.ceiling_dbtp,
        title=reported.title,
        before=reported.mix,
        loudness_before=reported.mix_loudness,
        reduction_db=certificate.reduction_curve_db,
        verdicts=verdict_rows(certificate),
        remarks=ceiling_remarks(certificate),
        stages=stages(certificate),
    )
    return pdf(figure) if ending == ".pdf" else png(figure)
