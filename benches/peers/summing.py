"""How long the sum of panned mono tracks at rest takes, beside one product of matrices in numpy."""

from __future__ import annotations

import time

import mixdown as md
import numpy as np
from tables import Row, Section

RATE_HZ = 48_000
SECONDS = 30
TRACKS = (8, 32, 64)
#: Of this many turns the shortest counts.
TURNS = 7


def shortest_ms(tracks: int) -> list[float]:
    """Return the shortest times of mixdown, of the product in float32, and of that in float64."""
    audio = (0.1 * np.random.default_rng(1).standard_normal((tracks, SECONDS * RATE_HZ))).astype(np.float32)
    pans = np.sin(0.37 * np.arange(tracks))
    angles = (pans + 1) * np.pi / 4
    gains = np.stack([np.cos(angles), np.sin(angles)])
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    for index, pan in enumerate(pans):
        mix.track(f"track {index:02}", audio[index], pan=float(pan))
    wide, out, wide_out = (
        audio.astype(np.float64),
        np.empty((2, audio.shape[1]), np.float32),
        np.empty((2, audio.shape[1])),
    )
    short_gains = gains.astype(np.float32)
    jobs = [
        lambda: mix.render(tail="none"),
        lambda: np.matmul(short_gains, audio, out=out),
        lambda: np.matmul(gains, wide, out=wide_out),
    ]
    shortest = [float("inf")] * len(jobs)
    for _ in range(TURNS):
        for index, job in enumerate(jobs):
            start = time.perf_counter()
            job()
            shortest[index] = min(shortest[index], 1e3 * (time.perf_counter() - start))
    return shortest


def section() -> Section:
    """Time the sums."""
    rows = []
    for tracks in TRACKS:
        ours, short, wide = shortest_ms(tracks)
        rows.append(Row(f"{tracks} tracks", ours, short, "ms", "short", 1))
        rows.append(Row(f"{tracks} tracks, numpy in float64", ours, wide, "ms", "short", 1))
    return Section(
        "Sum of tracks at rest",
        f"Mono tracks of {SECONDS} s in float32 at 48 kHz, panned: `render`, which checks every sample, adds in f64 and\n"
        "allocates its result, beside `np.matmul(gains, audio, out=out)` in float32, and in float64 of a copy made before;\n"
        f"the shortest of {TURNS} turns.",
        rows,
        peer="numpy",
    )


if __name__ == "__main__":
    print(section().markdown())
