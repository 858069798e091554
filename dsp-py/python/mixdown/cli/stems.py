"""Stems: found in a folder, read, balanced."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio
from mixdown.analysis import Balance, Stems, balance
from mixdown.cli.terminal import bar, figure, one_line, say, table
from mixdown.conversion import at_rate
from mixdown.files import READABLE, read
from mixdown.files.names import shown
from mixdown.files.tags import MIX_MARK, read_tags

#: Names that outputs have by default.
_OUTPUT_NAMES = ("mix", "master")


def _is_mix(file: Path) -> bool:
    """Whether a file is an earlier output of ``mixdown mix``, whatever its name."""
    with file.open("rb") as opened:
        return MIX_MARK in read_tags(opened).texts


def stem_files(folder: Path, output: Path) -> tuple[list[Path], dict[str, str]]:
    """Return the stems in a folder, and its other files with the reason why they are not stems."""
    if not folder.exists():
        raise FileNotFoundError(f"{shown(folder)}: no such file or folder")
    if not folder.is_dir():
        raise NotADirectoryError(f"{shown(folder)}: not a folder of stems")
    stems, others = [], {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            continue
        if file.is_dir():
            reason = "a folder"
        elif not file.exists():
            reason = "a link to nothing"
        elif not file.is_file():
            reason = "not a file"
        elif file.suffix.lower() not in READABLE:
            reason = "not audio by its ending"
        elif output.exists() and file.samefile(output):
            if file.stem.lower() not in _OUTPUT_NAMES and not _is_mix(file):
                raise ValueError(f"{shown(output)}: is one of the stems: choose another output")
            reason = "the output"
        elif file.stem.lower() in _OUTPUT_NAMES:
            reason = "by its name no stem"
        elif _is_mix(file):
            reason = "a mix made by mixdown"
        else:
            stems.append(file)
            continue
        others[shown(file.name)] = reason
    if not stems:
        found = f"; it holds {listed(others)}" if others else ""
        raise ValueError(f"{shown(folder)}: no stems in it{found}")
    return stems, others


def listed(others: Mapping[str, str]) -> str:
    """Return names with their reasons in one line."""
    return ", ".join(f"{name} ({reason})" for name, reason in others.items())


def _free_name(file: Path, taken: Container[str]) -> str:
    """Return a unique name for a stem: without its ending, with it, or numbered."""
    numbered = (f"{shown(file.name)} {number}" for number in itertools.count(2))
    names = itertools.chain((shown(file.stem), shown(file.name)), numbered)
    return next(name for name in names if name not in taken)


def read_stems(files: Sequence[Path], progress: Callable[[float], None]) -> dict[str, tuple[Audio, float]]:
    """Read stems, each with a name of its own; refuse all if one cannot be read."""
    stems: dict[str, tuple[Audio, float]] = {}
    # A mix without one of its stems is another mix: all errors are reported at once.
    wrong = []
    for position, file in enumerate(files):
        try:
            stems[_free_name(file, stems)] = _read_stem(file)
        except (OSError, ValueError) as error:
            wrong.append(one_line(error))
        progress((position + 1) / len(files))
    if wrong:
        raise ValueError("; ".join(wrong))
    return stems


def stems_as_they_are(files: Sequence[Path], sample_rate_hz: float | None = None) -> Stems:
    """Read stems for a report: at one rate, the highest by default, and as long as the longest."""
    read = read_stems(files, lambda _: None)
    rate_hz = sample_rate_hz or max((own_hz for _, own_hz in read.values()), default=48_000)
    audio = {name: at_rate(samples, own_hz, rate_hz) for name, (samples, own_hz) in read.items()}
    longest = max((samples.shape[-1] for samples in audio.values()), default=0)
    padded = {name: np.pad(samples, [(0, 0), (0, longest - samples.shape[-1])]) for name, samples in audio.items()}
    return Stems(padded, rate_hz)


def _read_stem(file: Path) -> tuple[Audio, float]:
    audio, rate_hz = read(file)
    if audio.shape[0] > 2:
        raise ValueError(f"{shown(file)}: {audio.shape[0]} channels: stems are mono or stereo")
    _checks.finite(audio, f"{shown(file)}: audio")
    return audio, rate_hz


def balance_stems(stems: Mapping[str, tuple[Audio, float]], rate_hz: float, lead: str | None = None) -> Balance:
    """Make a start balance, with a progress bar."""
    with bar(f"Balancing {len(stems)} stems") as progress:
        return balance(stems, rate_hz, progress, lead=lead)


def balanced_stems(balanced: Balance) -> dict[str, Any]:
    """Return the role, the loudness, the fader and the pan of each stem, as plain values."""
    return {
        "stems": [
            {
                "name": name,
                "role": balanced.roles[name],
                "integrated_lufs": reading.integrated_lufs,
                "fader_db": balanced.mix[name].fader_db,
                "pan": balanced.mix[name].pan,
            }
            for name, reading in balanced.loudness.items()
        ],
        "lead_level_lu": balanced.lead_level_lu,
        "not_balanced": dict(balanced.left_alone),
    }


def print_balance(balanced: Balance) -> None:
    """Print the role, the loudness, the fader and the pan of each stem."""
    rows = [
        (
            name,
            balanced.roles[name],
            figure(reading.integrated_lufs, "LUFS"),
            figure(cast(float, balanced.mix[name].fader_db), "dB"),
            figure(cast(float, balanced.mix[name].pan), digits=0),
        )
        for name, reading in balanced.loudness.items()
    ]
    say(table(("Stem", "Role", "Measured", "Fader", "Pan"), rows))
    if balanced.lead_level_lu is not None:
        level = figure(abs(balanced.lead_level_lu), "LU", digits=1)
        side = "above" if balanced.lead_level_lu > 0 else "below"
        say(f"The lead lies {level} {side} the sum of all others while it sounds.")
    if balanced.left_alone:
        say(f"Not balanced: {listed(balanced.left_alone)}.")
