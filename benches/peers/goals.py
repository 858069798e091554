"""Times the tasks that users wait for, through Python, beside what else they would use. Prints JSON.

Run by ``cargo xtask bench``, which reads it: ``goals.py OUT.json [FILTER]``. All on one thread, on generated audio, in
turns; of each the shortest time counts, as whatever else runs only ever adds.
"""

from __future__ import annotations

import os

# Before anything is imported that starts threads.
for _pool in ("RAYON", "OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{_pool}_NUM_THREADS"] = "1"

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import files
import judged
import live
import mixdown as md
import numpy as np
import offline_job
import pedalboard
import plain
import pyloudnorm
import soundfile
from numpy.typing import NDArray
from scipy import signal
from turns import shortest

RATE_HZ = 48_000
MINUTE = 60 * RATE_HZ
TRACKS = 32

Audio = NDArray[np.float32]
Jobs = dict[str, Callable[[], object]]


@dataclass
class Task:
    """What is timed: the first of the jobs is ours."""

    name: str
    unit: str
    jobs: Callable[[], Jobs]
    turns: int = 5
    #: Said about the results, by what made them.
    notes: Callable[[], dict[str, str]] = field(default=dict)


def noise(rows: int, frames: int) -> Audio:
    """Return noise at -20 dBFS, another for each row."""
    second = 0.1 * np.random.default_rng(1).standard_normal((rows, 10 * RATE_HZ))
    return np.tile(second.astype(np.float32), (1, -(-frames // (10 * RATE_HZ))))[:, :frames].copy()


def gain() -> Jobs:
    """Return a gain of -3 dB over a minute, into memory that is there."""
    audio = noise(2, MINUTE)
    out, factor = np.empty_like(audio), np.float32(10 ** (-3 / 20))
    ours, theirs = md.Gain(gain_db=-3), pedalboard.Gain(-3)
    return {
        "mixdown": lambda: ours(audio, RATE_HZ, out=out),
        "numpy": lambda: np.multiply(audio, factor, out=out),
        "pedalboard": lambda: theirs(audio, RATE_HZ),
    }


def mix() -> Jobs:
    """Return 32 mono tracks, panned and summed."""
    audio = noise(TRACKS, MINUTE)
    pans = np.sin(0.37 * np.arange(TRACKS))
    angles = (pans + 1) * np.pi / 4
    gains = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    ours = md.Mix(sample_rate_hz=RATE_HZ)
    for index, pan in enumerate(pans):
        ours.track(f"track {index:02}", audio[index], pan=float(pan))

    def by_rows() -> Audio:
        bus = np.zeros((2, MINUTE), np.float32)
        for track, pair in zip(audio, gains.T, strict=True):
            bus += pair[:, None] * track
        return bus

    return {"mixdown": lambda: ours.render(tail="none"), "numpy matmul": lambda: gains @ audio, "numpy loop": by_rows}


def equalizer() -> Jobs:
    """Return eight bells."""
    audio = noise(2, MINUTE)
    bands = [(60 * 2.1**band, 3.0 if band % 2 else -3.0, 1.0) for band in range(8)]
    ours = md.Equalizer(bands=[md.Bell(frequency_hz=hz, gain_db=db, q=q) for hz, db, q in bands])
    theirs = pedalboard.Pedalboard([pedalboard.PeakFilter(hz, db, q) for hz, db, q in bands])
    sections = np.array([plain.bell(*band, RATE_HZ) for band in bands])
    jobs: Jobs = {
        "mixdown": lambda: ours(audio, RATE_HZ),
        "scipy": lambda: signal.sosfilt(sections, audio),
        "pedalboard": lambda: theirs(audio, RATE_HZ),
    }
    if plain.cascade is not None:
        jobs["numba"] = lambda: plain.cascade(sections, audio)
    return jobs


def compressor() -> Jobs:
    """Return a compressor."""
    return effects(md.Compressor(threshold_db=-20), {"pedalboard": pedalboard.Compressor(-20, 4, 10, 100)})


def reverb() -> Jobs:
    """Return a reverb."""
    return effects(md.Reverb(), {"pedalboard": pedalboard.Reverb(wet_level=1, dry_level=0)})


def delay() -> Jobs:
    """Return a delay with feedback."""
    return effects(md.Delay(), {"pedalboard": pedalboard.Delay(0.375, 0.35, 1.0)})


def limiter(mode: str) -> Jobs:
    """Return a limiter driven by 12 dB, its peer with or without true peaks."""
    gain_db, true_peak = 12.0, mode != "sample_peak"
    theirs = pedalboard.Pedalboard(
        [pedalboard.Gain(gain_db), pedalboard.BrickwallLimiter(ceiling_db=-1.0, true_peak=true_peak)]
    )
    return effects(md.Limiter(gain_db=gain_db, mode=mode), {"pedalboard": theirs})


def effects(ours: md.Effect, theirs: dict[str, Callable[..., object]]) -> Jobs:
    """Return effects over the minute, from array to array."""
    audio = noise(2, MINUTE)
    jobs: Jobs = {"mixdown": lambda: ours(audio, RATE_HZ)}
    for name, effect in theirs.items():
        jobs[name] = lambda effect=effect: effect(audio, RATE_HZ)
    return jobs


def convolution(seconds: int, folder: Path) -> Jobs:
    """Return a room of so many seconds in blocks of 512 without latency; scipy convolves the whole at once."""
    audio = noise(2, MINUTE)
    frames = seconds * RATE_HZ
    taps = (noise(2, frames) * 0.2 * np.exp(-6.9 * np.arange(frames) / frames)).astype(np.float32)
    path = folder / f"response-{seconds}.wav"
    soundfile.write(path, taps.T, RATE_HZ, subtype="FLOAT")
    stream = md.Convolution(impulse_response=taps).stream(RATE_HZ, 2)
    theirs = pedalboard.Convolution(str(path), 1.0)

    def blocks(process: Callable[[Audio], object]) -> None:
        for start in range(0, MINUTE, 512):
            process(audio[:, start : start + 512])

    return {
        "mixdown": lambda: blocks(stream.process),
        "pedalboard": lambda: blocks(lambda block: theirs.process(block, RATE_HZ, reset=False)),
        "scipy, offline": lambda: [signal.oaconvolve(*pair) for pair in zip(audio, taps, strict=True)],
    }


def loudness() -> Jobs:
    """Return the loudness of ten minutes: ours with all figures, pyloudnorm's integrated only."""
    audio = noise(2, 10 * MINUTE)
    columns = audio.T.astype(np.float64)
    meter = pyloudnorm.Meter(RATE_HZ)
    return {
        "mixdown": lambda: md.loudness(audio, RATE_HZ),
        "pyloudnorm, integrated only": lambda: meter.integrated_loudness(columns),
    }


def offline() -> Jobs:
    """Return the job of 16 stems."""
    stems = offline_job.stems()
    return {"mixdown": lambda: offline_job.ours(stems), "pedalboard + numpy": lambda: offline_job.theirs(stems)}


def tasks(folder: Path) -> Iterator[Task]:
    """Yield every task, in the order of the report."""
    yield Task("gain", "ms", gain)
    yield Task("mix_32", "ms", mix, 3)
    yield Task("equalizer", "ms", equalizer)
    yield Task("compressor", "ms", compressor)
    yield Task("reverb", "ms", reverb)
    for seconds in (2, 6):
        yield Task(f"convolution_{seconds}", "ms", lambda seconds=seconds: convolution(seconds, folder), 2)
    yield Task("delay", "ms", delay)
    for mode in ("sample_peak", "standard", "master"):
        yield Task(f"limiter_{mode}", "ms", lambda mode=mode: limiter(mode), 3)
    yield Task("loudness", "ms", loudness, 2)
    normalizing = files.Normalizing(folder)
    yield Task("normalise", "ms", normalizing.jobs, 2, normalizing.notes)
    yield Task("stems", "ms", offline, 2)
    yield Task("judgement", "ms", judged.jobs, 2)
    for frames in live.BLOCKS:
        yield Task(f"chain_{frames}", "us", lambda frames=frames: live.chain(frames), live.TURNS)
    yield Task("chains", "us", live.tracks, live.TURNS)
    yield Task("scan", "ms", lambda: files.scan(folder), 1)


def main(out: Path, chosen: str) -> None:
    """Time the tasks whose name holds `chosen`, and write what they took."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks(Path(folder)):
            if chosen not in task.name:
                continue
            times = shortest(task.jobs(), task.turns)
            scale = {"ms": 1e3, "us": 1e6}[task.unit]
            figures = {name: seconds * scale for name, seconds in times.items()}
            results.append({"task": task.name, "unit": task.unit, "times": figures, "notes": task.notes()})
            print(task.name, {name: round(figure, 2) for name, figure in figures.items()}, flush=True)
    peers = ["numpy", "scipy", "pedalboard", "pyloudnorm", *(["numba"] if plain.cascade is not None else [])]
    report = {"versions": {name: version(name) for name in peers}, "tasks": results}
    out.write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
