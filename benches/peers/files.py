"""Tasks from file to file: a programme normalised, and a folder scanned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mixdown as md
import numpy as np
import pedalboard
import pyloudnorm
import soundfile

RATE_HZ = 48_000
TARGET_LUFS = -14.0
CEILING_DBTP = -1.0
#: The files of a scan, each of them visited ROUNDS times: as many reads from the cache of the system, less to write.
FILES = 20
ROUNDS = 10
SECONDS = 30

Jobs = dict[str, Callable[[], object]]


def programme(seconds: int, seed: int) -> np.ndarray:
    """Return pink noise with a beat at -24 dBFS: its crests ask for a limiter, as those of a mix do."""
    frames = 10 * RATE_HZ
    frequencies_hz = np.maximum(np.fft.rfftfreq(frames, 1 / RATE_HZ), 30)
    white = np.random.default_rng(seed).standard_normal((2, frames))
    pink = np.fft.irfft(np.fft.rfft(white) / np.sqrt(frequencies_hz), frames)
    pink *= 0.3 + np.exp(-(np.arange(frames) % 24_000) / 6_000)
    pink *= 10 ** (-24 / 20) / np.sqrt(np.mean(pink**2))
    return np.tile(pink.astype(np.float32), (1, -(-seconds // 10)))[:, : seconds * RATE_HZ]


class Normalizing:
    """Four minutes to -14 LUFS and -1 dBTP, from a file of 24 bits to another."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "mix.wav"
        self.made = {"mixdown": folder / "ours.wav", "pedalboard + pyloudnorm": folder / "theirs.wav"}

    def jobs(self) -> Jobs:
        """Return both."""
        soundfile.write(self.source, programme(240, 3).T, RATE_HZ, subtype="PCM_24")
        return {"mixdown": self.ours, "pedalboard + pyloudnorm": self.theirs}

    def ours(self) -> None:
        """Measure, limit until both are met, write."""
        audio, rate_hz = md.read(self.source)
        out = md.normalize(audio, rate_hz, target_lufs=TARGET_LUFS, ceiling_dbtp=CEILING_DBTP)
        md.write(self.made["mixdown"], out, rate_hz, bit_depth=24)

    def theirs(self) -> None:
        """Measure, apply the gain, limit, write: what their documentation shows."""
        audio, rate_hz = soundfile.read(self.source)
        meter = pyloudnorm.Meter(rate_hz)
        louder = pyloudnorm.normalize.loudness(audio, meter.integrated_loudness(audio), TARGET_LUFS)
        limiter = pedalboard.BrickwallLimiter(ceiling_db=CEILING_DBTP, true_peak=True)
        out = limiter(louder.T.astype(np.float32), rate_hz)
        soundfile.write(self.made["pedalboard + pyloudnorm"], out.T, rate_hz, subtype="PCM_24")

    def notes(self) -> dict[str, str]:
        """Return what the files read."""
        notes = {}
        for name, path in self.made.items():
            found = md.loudness(*md.read(path))
            notes[name] = f"{found.integrated_lufs:.2f} LUFS, {found.true_peak_dbtp:.2f} dBTP"
        return notes


def scan(folder: Path) -> Jobs:
    """Return all meters over the files; pyloudnorm's one over a round of them, ROUNDS times as long in truth."""
    paths = [folder / f"file-{index:02}.wav" for index in range(FILES)]
    for index, path in enumerate(paths):
        soundfile.write(path, programme(SECONDS, index).T, RATE_HZ, subtype="PCM_16")
    return {
        "mixdown": lambda: [md.loudness(*md.read(path)) for _ in range(ROUNDS) for path in paths],
        "pyloudnorm, integrated only": lambda: [integrated(path) for _ in range(ROUNDS) for path in paths],
    }


def integrated(path: Path) -> float:
    """Return the loudness of a file by pyloudnorm."""
    audio, rate_hz = soundfile.read(path)
    return float(pyloudnorm.Meter(rate_hz).integrated_loudness(audio))
