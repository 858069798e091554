"""How long a whole mix takes: 16 stereo stems of three minutes, in mixdown and in a script of pedalboard and numpy.

Run with other sections by ``cargo xtask compare``, or alone; ``RAYON_NUM_THREADS`` sets the threads of mixdown.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import mixdown as md
import numpy as np
import pedalboard
from numpy.typing import NDArray
from tables import Row, Section

Stems = list[NDArray[np.float32]]

RATE_HZ = 48_000
SECONDS = 180
STEMS = 16
#: Of this many turns the shortest counts: whatever else runs only ever adds.
TURNS = 3
#: Frequency in Hz, gain in dB and q of the bells of every stem and of the master.
BANDS = [(80.0, 2.0, 0.7), (300.0, -3.0, 1.0), (2_500.0, 2.0, 1.0), (9_000.0, 1.5, 0.7)]
SEND_DB = -18.0
PEAK_DBFS = -1.0


def stems() -> Stems:
    """Return noise with bursts, of another seed for each stem."""
    random = np.random.default_rng(1)
    frames = 10 * RATE_HZ
    bursts = 0.05 + 0.2 * (np.arange(frames) % 24_000 < 6_000)
    made = []
    for _ in range(STEMS):
        noise = (bursts * random.standard_normal((2, frames))).astype(np.float32)
        made.append(np.tile(noise, (1, SECONDS // 10)))
    return made


def pan(stem: int) -> float:
    """Return the balance of a stem."""
    return float(np.sin(0.37 * stem))


def ours(audio: Stems) -> NDArray[np.floating]:
    """Mix with mixdown."""
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    bands = [md.Bell(frequency_hz=hz, gain_db=gain_db, q=q) for hz, gain_db, q in BANDS]
    inserts = [md.Gain(gain_db=-6), md.Equalizer(bands=bands), md.Compressor(threshold_db=-20, ratio=3)]
    for index, stem in enumerate(audio):
        mix.track(f"stem {index:02}", stem, pan=pan(index), inserts=inserts, sends={"hall": SEND_DB})
    mix.returns("hall", [md.Reverb()])
    mix.master(inserts=[md.Equalizer(bands=bands), md.Limiter(mode="sample_peak")])
    out = mix.render(tail="none")
    return normalized(out)


def theirs(audio: Stems) -> NDArray[np.floating]:
    """Mix with pedalboard and numpy."""
    bands = [pedalboard.PeakFilter(hz, gain_db, q) for hz, gain_db, q in BANDS]
    strip = pedalboard.Pedalboard([pedalboard.Gain(-6), *bands, pedalboard.Compressor(-20, 3, 10, 100)])
    bus = np.zeros_like(audio[0])
    send = np.zeros_like(bus)
    for index, stem in enumerate(audio):
        angle = (pan(index) + 1) * np.pi / 4
        gains = np.float32(np.sqrt(2)) * np.array([[np.cos(angle)], [np.sin(angle)]], np.float32)
        panned = strip(stem, RATE_HZ) * gains
        bus += panned
        send += np.float32(10 ** (SEND_DB / 20)) * panned
    bus += pedalboard.Reverb(room_size=0.7, wet_level=1, dry_level=0)(send, RATE_HZ)
    master = pedalboard.Pedalboard([*bands, pedalboard.Limiter(-1, 100)])
    return normalized(master(bus, RATE_HZ))


def normalized(audio: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the audio with its peak at the level that both give it."""
    audio *= 10 ** (PEAK_DBFS / 20) / max(audio.max(), -audio.min())
    return audio


def shortest_s(jobs: list[Callable[[Stems], object]], audio: Stems) -> list[float]:
    """Return the shortest time of each job, all called in turns."""
    shortest = [float("inf")] * len(jobs)
    for _ in range(TURNS):
        for index, job in enumerate(jobs):
            start = time.perf_counter()
            job(audio)
            shortest[index] = min(shortest[index], time.perf_counter() - start)
    return shortest


def section() -> Section:
    """Time the job."""
    own_s, their_s = shortest_s([ours, theirs], stems())
    threads = os.environ.get("RAYON_NUM_THREADS") or f"{os.cpu_count()}"
    return Section(
        "Offline job",
        f"{STEMS} stereo stems of {SECONDS // 60} min in float32 at 48 kHz: gain, four bands, compressor, pan, a send to one\n"
        f"reverb, master EQ, limiter, peak normalised; the shortest of {TURNS} turns. mixdown on {threads} thread(s), the\n"
        "script on the one that pedalboard uses.",
        [Row("time", own_s, their_s, "s", "short"), Row("times as fast", their_s / own_s, 1.0, "", "many", 1)],
    )


if __name__ == "__main__":
    print(section().markdown())
