"""Dynamics of one band: static curves and steps, with signals whose level is plain at every frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import FORMULA, Drawing, Measured, labelled
from pages.measured.signals import RATE_HZ, Signal, amplitude, decibels, noise, shown, sine, square, thinned, tone

_SETTLED = 96 * 5
#: Level that the steps of the figures start from and return to, and that between; when it steps.
_QUIET_DBFS, _LOUD_DBFS = -40.0, -6.0
_BEFORE_S, _HELD_S = 0.4, 0.4


def curves(
    effects: Mapping[str, md.Effect], *, levels_db: Signal, wave: Callable[[int], Signal], told: str
) -> Measured:
    """Draw static curves: a wave of each level in a channel of its own, for a second, over `transfer_curve`."""
    drawing = Drawing(height_in=3.6)
    (axes,) = drawing.axes
    largest_db = 0.0
    signal = amplitude(levels_db)[:, None] * wave(RATE_HZ)
    for label, effect in effects.items():
        output = effect(signal, RATE_HZ)
        measured_db = decibels(np.max(np.abs(output[:, -_SETTLED:]), axis=1))
        formula_db = effect.transfer_curve(levels_db)
        largest_db = max(largest_db, float(np.max(np.abs(measured_db - formula_db))))
        axes.plot(levels_db, measured_db, label=label)
        axes.plot(levels_db, formula_db, **FORMULA)
    labelled(axes, "level in, dBFS", "level out, dBFS")
    text = (
        f"{told} of 500 Hz, {levels_db.size} levels from {levels_db[0]:g} to {levels_db[-1]:g} dBFS, for a second. "
        f"Dotted: `transfer_curve`. Largest difference: {shown(largest_db, 'dB')}."
    )
    return drawing.finished("curve", "Static curve", text)


def step(effects: Mapping[str, md.Effect], *, told: Callable[[Signal, Signal], str]) -> Measured:
    """Draw the gain over a step of the level, read from output over input, over `gain_reduction`."""
    frames = [round(seconds * RATE_HZ) for seconds in (_BEFORE_S, _HELD_S, 0.7)]
    ends = np.cumsum(frames)
    levels_db = np.full(ends[-1], _QUIET_DBFS)
    levels_db[ends[0] : ends[1]] = _LOUD_DBFS
    wave = tone(ends[-1])
    signal = (wave * amplitude(levels_db))[None]
    # A quotient of small numbers says little.
    places = np.flatnonzero(np.abs(wave) > 0.5)
    times_s = (places - ends[0]) / RATE_HZ
    drawing = Drawing()
    (axes,) = drawing.axes
    largest_db, readings = 0.0, []
    for label, effect in effects.items():
        gain_db = decibels(effect(signal, RATE_HZ)[0, places] / signal[0, places])
        formula_db = -effect.gain_reduction(signal, RATE_HZ)[0, places]
        largest_db = max(largest_db, float(np.max(np.abs(gain_db - formula_db))))
        axes.plot(*(thinned(each, points=900) for each in (1000 * times_s, gain_db)), label=label)
        axes.plot(*(thinned(each, points=900) for each in (1000 * times_s, formula_db)), **FORMULA)
        readings.append(f"`{label}`: {told(times_s, gain_db)}")
    labelled(axes, "time from the step, ms", "gain, dB")
    axes.set_xlim(-50, None)
    text = (
        f"A cosine of 500 Hz that steps from {_QUIET_DBFS:g} to {_LOUD_DBFS:g} dBFS for 400 ms: output over input. Dotted: "
        f"`gain_reduction`; largest difference {shown(largest_db, 'dB')}. {'; '.join(readings)}."
    )
    return drawing.finished("step", "A step of the level", text, legend="lower right")


def _falls_and_rises(times_s: Signal, gain_db: Signal) -> str:
    """Return the times to 63.2 % of the fall after the step, and of the rise after its end."""
    during, after = (times_s >= 0) & (times_s < _HELD_S), times_s >= _HELD_S
    lowest_db = float(gain_db[during][-1])
    attack_s = times_s[during][np.argmax(gain_db[during] <= 0.632 * lowest_db)]
    release_s = times_s[after][np.argmax(gain_db[after] >= 0.368 * lowest_db)] - _HELD_S
    return f"63.2 % of {-lowest_db:.1f} dB after {1000 * attack_s:.1f} ms, and back after {1000 * release_s:.0f} ms"


def _opens_and_closes(times_s: Signal, gain_db: Signal) -> str:
    """Return the times to 63.2 % of the amplitude after the step, and of the attenuation in dB after its end."""
    during, after = (times_s >= 0) & (times_s < _HELD_S), times_s >= _HELD_S
    opened_s = times_s[during][np.argmax(amplitude(gain_db[during]) >= 0.632)]
    closed_db = float(gain_db[-1])
    closed_s = times_s[after][np.argmax(gain_db[after] <= 0.632 * closed_db)] - _HELD_S
    return f"open to 63.2 % after {1000 * opened_s:.1f} ms, 63.2 % of {-closed_db:.0f} dB {1000 * closed_s:.0f} ms after its end"


def _compressor() -> Sequence[Measured]:
    base = md.Compressor(threshold_db=-24, link_percent=0, attack_ms=2, release_ms=50)
    ratios = {f"ratio={ratio:g}": base.replace(ratio=ratio) for ratio in (1.5, 2, 4, np.inf)}
    steps = {f"attack_ms={ms}": md.Compressor(threshold_db=-24, attack_ms=ms, release_ms=10 * ms) for ms in (3, 10, 30)}
    return [
        curves(ratios, levels_db=np.arange(-60, 0.5, 1.0), wave=tone, told="Sines"),
        step(
            {f"{label}, release_ms={10 * effect.attack_ms:g}": effect for label, effect in steps.items()},
            told=_falls_and_rises,
        ),
    ]


def _expander() -> Sequence[Measured]:
    base = md.Expander(threshold_db=-30, link_percent=0, release_ms=20)
    ratios = {f"ratio={ratio:g}": base.replace(ratio=ratio) for ratio in (1.5, 2, 4)}
    steps = {f"range_db={reach}": md.Expander(threshold_db=-30, ratio=4, range_db=reach) for reach in (10, 20, 30)}
    return [
        curves(ratios, levels_db=np.arange(-60, 0.5, 1.0), wave=square, told="Square waves, whose RMS is their peak,"),
        step(steps, told=_opens_and_closes),
    ]


def _gate() -> Sequence[Measured]:
    reaches = {f"range_db={reach}": md.Gate(threshold_db=-20, range_db=reach) for reach in (80, 20)}
    return [_hysteresis(), step(reaches, told=_opens_and_closes)]


def _hysteresis() -> Measured:
    levels_db = np.arange(-52, -33.9, 0.5)
    gate = md.Gate(range_db=30, hysteresis_db=6, release_ms=5)
    dwell = round(0.15 * RATE_HZ)
    way_db = np.concatenate([levels_db, levels_db[::-1]])
    # Quiet before it begins: it is closed.
    signal = np.concatenate([np.zeros(dwell), tone(dwell * way_db.size) * amplitude(np.repeat(way_db, dwell))])
    output = gate(signal, RATE_HZ)[dwell:].reshape(way_db.size, dwell)[:, -_SETTLED:]
    out_db = decibels(np.max(np.abs(output), axis=1))
    up_db, down_db = out_db[: levels_db.size], out_db[levels_db.size :][::-1]
    drawing = Drawing(height_in=3.4)
    (axes,) = drawing.axes
    axes.plot(levels_db, up_db, label="rising")
    axes.plot(levels_db, down_db, label="falling")
    axes.plot(levels_db, gate.transfer_curve(levels_db), **FORMULA)
    labelled(axes, "level in, dBFS", "level out, dBFS")
    opens, closes = (levels_db[np.argmax(each > levels_db - 15)] for each in (up_db, down_db))
    text = (
        "A sine of 500 Hz in steps of 0.5 dB, 150 ms each, up and down again, with `threshold_db=-40, hysteresis_db=6, "
        f"range_db=30`. Rising, it is open from **{opens:g} dBFS**; falling, it stays open to **{closes:g} dBFS**. "
        "Dotted: `transfer_curve`, for rising levels."
    )
    return drawing.finished("hysteresis", "Threshold and hysteresis", text)


def _limiter() -> Sequence[Measured]:
    levels_db = np.arange(-24, 12.5, 1.0)
    drawing = Drawing()
    (axes,) = drawing.axes
    largest_db = 0.0
    for ceiling_db in (-1, -6, -12):
        limiter = md.Limiter(ceiling_db=ceiling_db, link_percent=0)
        signal = amplitude(levels_db)[:, None] * sine(997, 0.5)
        measured_db = decibels(np.max(np.abs(limiter(signal, RATE_HZ)[:, RATE_HZ // 4 :]), axis=1))
        formula_db = limiter.transfer_curve(levels_db)
        largest_db = max(largest_db, float(np.max(np.abs(measured_db - formula_db))))
        axes.plot(levels_db, measured_db, label=f"ceiling_db={ceiling_db}")
        axes.plot(levels_db, formula_db, **FORMULA)
    labelled(axes, "peak in, dBFS", "peak out, dBFS")
    text = (
        "Sines of 997 Hz, a channel for each level. Dotted: `transfer_curve`. Largest difference: "
        f"{shown(largest_db, 'dB')}."
    )
    return [drawing.finished("curve", "Static curve", text), _true_peaks()]


def _true_peaks() -> Measured:
    levels_dbfs = (-24, -16, -8, -2, -16, -24)
    bursts = np.concatenate([noise(0.1, level, seed=seed) for seed, level in enumerate(levels_dbfs)], axis=1)
    signal = md.LowPass(frequency_hz=8000, slope_db_per_octave=24)(bursts, RATE_HZ)
    frames = 96
    times_ms = 1000 * frames * np.arange(signal.shape[1] // frames) / RATE_HZ
    drawing = Drawing()
    (axes,) = drawing.axes
    axes.plot(times_ms, _peaks_db(signal, frames), label="input", linewidth=1.2)
    readings = []
    for mode in ("sample_peak", "standard", "master"):
        output = md.Limiter(ceiling_db=-1, mode=mode)(signal, RATE_HZ)
        peak_dbtp = md.loudness(output, RATE_HZ, precision="reference").true_peak_dbtp
        readings.append(f'"{mode}" {peak_dbtp:.2f} dBTP')
        if mode == "standard":
            axes.plot(times_ms, _peaks_db(output, frames), label='mode="standard"')
    axes.axhline(-1, **FORMULA)
    labelled(axes, "time, ms", "peak in 2 ms, dBFS")
    text = f"Noise below 8 kHz, louder and softer, at a ceiling of -1 dBTP. True peak of the outputs: {', '.join(readings)}."
    return drawing.finished("peaks", "Peaks held under the ceiling", text, legend="lower center")


def _peaks_db(signal: Signal, frames: int) -> Signal:
    return decibels(np.max(np.abs(signal[0].reshape(-1, frames)), axis=1))


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {
    "Compressor": _compressor,
    "Expander": _expander,
    "Gate": _gate,
    "Limiter": _limiter,
}
