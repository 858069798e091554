"""Reference vectors by scipy and numpy, in f64, for tests/reference.rs: `cargo xtask golden`.

Nothing here knows the library: filters come from the formulas of the Audio EQ Cookbook and from scipy.signal, the loudness from a slow and
literal reading of ITU-R BS.1770-5 and EBU Tech 3342.
"""

import json
from pathlib import Path

import numpy as np
from scipy import signal

HERE = Path(__file__).parent
RATE_HZ = 48_000


def noise(seed: int, count: int) -> np.ndarray:
    """Uniform noise in -1..1 of a linear congruential generator (Knuth's MMIX), as tests/common has it."""
    mask = (1 << 64) - 1
    state = (seed * 0x9E37_79B9_7F4A_7C15 & mask) | 1
    samples = np.empty(count)
    for n in range(count):
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & mask
        samples[n] = (state >> 11) / (1 << 52) - 1.0
    return samples


def cookbook(kind: str, rate_hz: float, frequency_hz: float, gain_db: float = 0.0, q: float = 1.0) -> np.ndarray:
    """One section of the Audio EQ Cookbook as a row of scipy's `sos`."""
    w = 2.0 * np.pi * frequency_hz / rate_hz
    cos, alpha, amplitude = np.cos(w), np.sin(w) / (2.0 * q), 10.0 ** (gain_db / 40.0)
    root = 2.0 * np.sqrt(amplitude) * alpha
    up, down = amplitude + 1.0, amplitude - 1.0
    sections = {
        "Bell": [
            1 + alpha * amplitude,
            -2 * cos,
            1 - alpha * amplitude,
            1 + alpha / amplitude,
            -2 * cos,
            1 - alpha / amplitude,
        ],
        "LowShelf": [
            amplitude * (up - down * cos + root),
            2 * amplitude * (down - up * cos),
            amplitude * (up - down * cos - root),
            up + down * cos + root,
            -2 * (down + up * cos),
            up + down * cos - root,
        ],
        "HighShelf": [
            amplitude * (up + down * cos + root),
            -2 * amplitude * (down + up * cos),
            amplitude * (up + down * cos - root),
            up - down * cos + root,
            2 * (down - up * cos),
            up - down * cos - root,
        ],
        "BandPass": [alpha, 0, -alpha, 1 + alpha, -2 * cos, 1 - alpha],
        "Notch": [1, -2 * cos, 1, 1 + alpha, -2 * cos, 1 - alpha],
        "AllPass": [1 - alpha, -2 * cos, 1 + alpha, 1 + alpha, -2 * cos, 1 - alpha],
    }
    section = np.array(sections[kind], dtype=float)
    return section / section[3]


def tilt(rate_hz: float, frequency_hz: float, gain_db: float) -> np.ndarray:
    """(s + G) / (G s + 1) with G = half of the gain, prewarped to the pivot."""
    half = 10.0 ** (gain_db / 40.0)
    warped = 2.0 * rate_hz * np.tan(np.pi * frequency_hz / rate_hz)
    b, a = signal.bilinear([1.0 / warped, half], [half / warped, 1.0], fs=rate_hz)
    return np.array([b[0], b[1], 0.0, a[0], a[1], 0.0]) / a[0]


def sections(band: dict, rate_hz: float) -> np.ndarray:
    kind, frequency_hz = band["kind"], band["frequency_hz"]
    if kind in ("LowPass", "HighPass"):
        order = round(band["slope_db_per_octave"] / 6.0)
        return signal.butter(order, frequency_hz, kind.removesuffix("Pass").lower(), fs=rate_hz, output="sos")
    if kind == "Tilt":
        return tilt(rate_hz, frequency_hz, band["gain_db"])[None, :]
    return cookbook(kind, rate_hz, frequency_hz, band.get("gain_db", 0.0), band.get("q", 1.0))[None, :]


def equalizers() -> dict:
    """An impulse, then noise, through cookbook equalizers."""
    samples = np.concatenate([[1.0], np.zeros(63), 0.25 * noise(5, 96)])
    bell = {"kind": "Bell", "frequency_hz": 1_000.0, "gain_db": 6.0, "q": 1.4}
    stacks = [
        [bell],
        [bell | {"gain_db": -18.0, "q": 8.0}],
        [bell | {"frequency_hz": 18_000.0, "gain_db": 12.0, "q": 0.5}],
        [bell | {"frequency_hz": 20.0, "gain_db": 12.0, "q": 0.7}],
        [{"kind": "LowShelf", "frequency_hz": 120.0, "gain_db": 9.0, "q": 0.7071}],
        [{"kind": "LowShelf", "frequency_hz": 400.0, "gain_db": -12.0, "q": 1.5}],
        [{"kind": "HighShelf", "frequency_hz": 8_000.0, "gain_db": 9.0, "q": 0.7071}],
        [{"kind": "HighShelf", "frequency_hz": 2_000.0, "gain_db": -6.0, "q": 0.4}],
        [{"kind": "BandPass", "frequency_hz": 700.0, "q": 2.0}],
        [{"kind": "Notch", "frequency_hz": 3_000.0, "q": 5.0}],
        [{"kind": "AllPass", "frequency_hz": 900.0, "q": 0.8}],
        [{"kind": "Tilt", "frequency_hz": 650.0, "gain_db": 6.0}],
        [{"kind": "Tilt", "frequency_hz": 900.0, "gain_db": -9.0}],
        [bell | {"frequency_hz": 80.0 * 2.0**n, "gain_db": 3.0 if n % 2 else -4.0} for n in range(8)],
    ]
    for order in (1, 2, 3, 4, 8, 16):
        for kind in ("LowPass", "HighPass"):
            stacks.append([{"kind": kind, "frequency_hz": 1_500.0, "slope_db_per_octave": 6.0 * order}])
    cases = []
    for n, bands in enumerate(stacks):
        rate_hz = (44_100.0, 48_000.0, 192_000.0)[n % 3]
        sos = np.concatenate([sections(band, rate_hz) for band in bands])
        cases.append({"rate_hz": rate_hz, "bands": bands, "output": signal.sosfilt(sos, samples).tolist()})
    return {"input": samples.tolist(), "cases": cases}


def analog() -> list:
    """Levels of the analog prototypes, which the matched design follows."""
    frequencies_hz = np.geomspace(20.0, 20_000.0, 25)
    cases = []

    def add(band: dict, b: list, a: list) -> None:
        _, response = signal.freqs(b, a, frequencies_hz / band["frequency_hz"])
        cases.append({"band": band, "levels_db": (20.0 * np.log10(np.abs(response))).tolist()})

    for frequency_hz, gain_db, q in (
        (60.0, 6.0, 0.7),
        (1_000.0, -9.0, 3.0),
        (9_000.0, 12.0, 1.0),
        (15_000.0, -12.0, 2.0),
    ):
        amplitude, root = 10.0 ** (gain_db / 40.0), 10.0 ** (gain_db / 80.0)
        band = {"kind": "Bell", "frequency_hz": frequency_hz, "gain_db": gain_db, "q": q}
        add(band, [1, amplitude / q, 1], [1, 1 / (amplitude * q), 1])
        band = {"kind": "LowShelf", "frequency_hz": frequency_hz, "gain_db": gain_db, "q": 0.7071}
        linear = root / 0.7071
        add(band, [amplitude, amplitude * linear, amplitude**2], [amplitude, linear, 1])
        band = {"kind": "HighShelf", "frequency_hz": frequency_hz, "gain_db": gain_db, "q": 0.7071}
        add(band, [amplitude**2, amplitude * linear, amplitude], [1, linear, amplitude])
    for order in (1, 2, 3, 4):
        b, a = signal.butter(order, 1.0, "low", analog=True)
        add({"kind": "LowPass", "frequency_hz": 6_000.0, "slope_db_per_octave": 6.0 * order}, b, a)
        b, a = signal.butter(order, 1.0, "high", analog=True)
        add({"kind": "HighPass", "frequency_hz": 150.0, "slope_db_per_octave": 6.0 * order}, b, a)
    return [{"frequencies_hz": frequencies_hz.tolist()}, *cases]


def pans() -> list:
    """Gains of a mono source: cosine and sine to a power, or straight lines."""
    cases = []
    for law, exponent in (("constant_power", 1.0), ("-4.5dB", 1.5), ("-6dB", 2.0), ("linear", None)):
        for pan in np.linspace(-1.0, 1.0, 17):
            if exponent is None:
                gains = [(1.0 - pan) / 2.0, (1.0 + pan) / 2.0]
            else:
                angle = (pan + 1.0) * np.pi / 4.0
                gains = [np.abs(np.cos(angle)) ** exponent, np.abs(np.sin(angle)) ** exponent]
            cases.append({"law": law, "pan": float(pan), "gains": [float(gain) for gain in gains]})
    return cases


def ramp() -> dict:
    """A fader from -6 dB to +3 dB in 20 ms: the quintic with both ends at rest, by solving for its coefficients."""
    frames = RATE_HZ * 20 // 1_000
    ends = [10.0 ** (-6.0 / 20.0), 10.0 ** (3.0 / 20.0)]
    powers = np.arange(6)
    value = lambda u: u**powers
    slope = lambda u: powers * np.where(powers > 0, u ** np.maximum(powers - 1, 0), 0.0)
    bend = lambda u: powers * (powers - 1) * np.where(powers > 1, u ** np.maximum(powers - 2, 0), 0.0)
    conditions = np.array([value(0.0), slope(0.0), bend(0.0), value(1.0), slope(1.0), bend(1.0)])
    polynomial = np.linalg.solve(conditions, [ends[0], 0, 0, ends[1], 0, 0])
    at = list(range(0, frames, 31)) + [frames - 1, frames, frames + 50]
    gains = [float(np.polyval(polynomial[::-1], min((n + 1) / frames, 1.0))) for n in at]
    return {"from_db": -6.0, "to_db": 3.0, "frames": at, "gains": gains}


# ITU-R BS.1770-5, tables 1 and 2.
SHELF = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
HIGH_PASS = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])


def k_weighting() -> list:
    """Level of the K-weighting at frequencies that fit into 100 ms a whole number of times."""
    frequencies_hz = np.array(
        [20.0, 40.0, 60.0, 100.0, 250.0, 500.0, 1_000.0, 1_680.0, 3_000.0, 6_000.0, 12_000.0, 20_000.0]
    )
    levels = np.zeros_like(frequencies_hz)
    for b, a in (SHELF, HIGH_PASS):
        _, response = signal.freqz(b, a, frequencies_hz, fs=RATE_HZ)
        levels += 20.0 * np.log10(np.abs(response))
    return [
        {"frequency_hz": float(f), "level_db": float(level)} for f, level in zip(frequencies_hz, levels, strict=True)
    ]


def programme() -> np.ndarray:
    """Noise under a tone in two channels: loud, quiet enough for the relative gate, silent, loud again."""
    seconds, levels_db = [4, 4, 1, 3], [-20.0, -33.0, -np.inf, -16.0]
    envelope = np.concatenate(
        [np.full(s * RATE_HZ, 10.0 ** (db / 20.0)) for s, db in zip(seconds, levels_db, strict=True)]
    )
    t = np.arange(envelope.size) / RATE_HZ
    tone = np.sin(2.0 * np.pi * 440.0 * t)
    return np.stack([envelope * (0.6 * noise(seed, t.size) + 0.4 * gain * tone) for seed, gain in ((1, 1.0), (2, 0.5))])


def loudness() -> dict:
    """BS.1770-5 and Tech 3342, word for word."""
    power = np.zeros(0)
    for channel in programme():
        weighted = channel
        for b, a in (SHELF, HIGH_PASS):
            weighted = signal.lfilter(b, a, weighted)
        power = power + weighted**2 if power.size else weighted**2
    total = np.concatenate([[0.0], np.cumsum(power)])

    def means(window_s: float, step_s: float) -> np.ndarray:
        window, step = round(window_s * RATE_HZ), round(step_s * RATE_HZ)
        starts = np.arange(0, power.size - window + 1, step)
        return (total[starts + window] - total[starts]) / window

    def lufs(mean: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return -0.691 + 10.0 * np.log10(np.maximum(mean, 0.0))

    blocks = means(0.4, 0.1)
    blocks = blocks[lufs(blocks) > -70.0]
    integrated = lufs(blocks[lufs(blocks) > lufs(blocks.mean()) - 10.0].mean())

    short_term = means(3.0, 0.1)
    short_term = short_term[lufs(short_term) >= -70.0]
    kept = np.sort(lufs(short_term[lufs(short_term) >= lufs(short_term.mean()) - 20.0]))
    rank = lambda percent: round((kept.size - 1) * percent / 100.0)
    return {
        "integrated_lufs": float(integrated),
        "loudness_range_lu": float(kept[rank(95.0)] - kept[rank(10.0)]),
        "max_momentary_lufs": float(lufs(means(0.4, 0.001)).max()),
        "max_short_term_lufs": float(lufs(means(3.0, 0.01)).max()),
    }


def true_peak() -> dict:
    """Noise below 0.4 of the rate that fades in and out, interpolated 32-fold by the Fourier transform."""
    count = 512
    spectrum = np.fft.rfft(noise(9, count) * np.hanning(count))
    spectrum[round(0.4 * count) :] = 0.0
    samples = np.fft.irfft(spectrum, count) * np.hanning(count)
    between = signal.resample(np.concatenate([np.zeros(count), samples, np.zeros(count)]), 3 * count * 32)
    return {"samples": samples.tolist(), "true_peak_dbtp": float(20.0 * np.log10(np.abs(between).max()))}


def main() -> None:
    everything = {
        "equalizers": equalizers(),
        "analog": analog(),
        "pans": pans(),
        "ramp": ramp(),
        "k_weighting": k_weighting(),
        "loudness": loudness(),
        "true_peak": true_peak(),
    }
    for name, content in everything.items():
        path = HERE / f"{name}.json"
        path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
