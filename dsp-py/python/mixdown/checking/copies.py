"""What several files share that each should have alone."""

from __future__ import annotations

from collections.abc import Sequence

from mixdown.analysis.findings import Finding, stated
from mixdown.checking.file_check import FileCheck
from mixdown.checking.metadata import ISRC_SOURCE


def duplicates(checks: Sequence[FileCheck]) -> list[tuple[int, Finding]]:
    """Return what files share that each should have alone.

    Parameters
    ----------
    checks : sequence of FileCheck

    Returns
    -------
    list of (index, Finding)
        At the second file, and those behind it.
    """
    found: list[tuple[int, Finding]] = []
    firsts: dict[tuple[str, str], int] = {}
    for index, check in enumerate(checks):
        same = firsts.setdefault(("audio", check.audio_sha256), index)
        if same != index:
            message = f"The samples are those of {checks[same].name}: one of the files may be a copy by mistake."
            found.append((index, stated("duplicate", "warning", message)))
            continue
        if check.isrc:
            other = firsts.setdefault(("isrc", check.isrc), index)
            if other != index:
                message = f"The ISRC {check.isrc} is that of {checks[other].name}: each recording has its own."
                found.append((index, stated("duplicate", "fault", message, source=ISRC_SOURCE)))
        if check.title:
            other = firsts.setdefault(("title", check.title.casefold()), index)
            if other != index:
                message = f"The title {check.title!r} is that of {checks[other].name}, too."
                found.append((index, stated("duplicate", "note", message)))
    return found
