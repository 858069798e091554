"""Saturation: curves, harmonics and aliases of tones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import Drawing, Measured, labelled
from pages.measured.signals import RATE_HZ, Signal, decibels, sine

_FRAMES = 1 << 15


def _tone(frequency_hz: float, level_dbfs: float) -> tuple[int, Signal]:
    """Return the bin nearest to a frequency, and a sine in it of four times the length of the transform."""
    place = round(frequency_hz * _FRAMES / RATE_HZ)
    return place, sine(place * RATE_HZ / _FRAMES, 4 * _FRAMES / RATE_HZ, level_dbfs)[None]


def _lines_db(effect: md.Effect, signal: Signal) -> Signal:
    """Return the level of each bin of the third quarter of the output: settled, and its end not near."""
    output = effect(signal, RATE_HZ)
    return decibels(np.fft.rfft(output[0, 2 * _FRAMES : 3 * _FRAMES]) * 2 / _FRAMES)


def _curve(effects: Mapping[str, md.Effect], *, reach: float) -> Measured:
    drawing = Drawing(height_in=3.4)
    (axes,) = drawing.axes
    # Slow enough that no filter bends it.
    signal = reach * sine(2, 0.5)[None]
    falling = slice(RATE_HZ // 8, 3 * RATE_HZ // 8)
    for label, effect in effects.items():
        output = effect(signal, RATE_HZ)
        order = np.argsort(signal[0, falling], kind="stable")[::40]
        axes.plot(signal[0, falling][order], output[0, falling][order], label=label)
    labelled(axes, "input", "output")
    return drawing.finished("curve", "Static curve", "A sine of 2 Hz: output over input.", legend="upper left")


def _harmonics(effects: Mapping[str, md.Effect]) -> Measured:
    place, signal = _tone(1000, -6)
    drawing = Drawing()
    (axes,) = drawing.axes
    readings = []
    offsets = np.linspace(-0.24, 0.24, len(effects))
    for offset, (label, effect) in zip(offsets, effects.items(), strict=True):
        levels_db = _lines_db(effect, signal)[place::place][:10]
        levels_db -= levels_db[0]
        orders = np.arange(1, levels_db.size + 1)
        axes.vlines(
            orders + offset,
            -120,
            np.maximum(levels_db, -120),
            color=axes._get_lines.get_next_color(),
            linewidth=4,
            label=label,
        )
        distortion_db = float(10 * np.log10(np.sum(10 ** (levels_db[1:] / 10))))
        readings.append(f"`{label}` {distortion_db:.1f} dB")
    labelled(axes, "harmonic", "level under the first, dB")
    axes.set_xticks(range(1, 11))
    axes.set_ylim(-120, 5)
    text = f"A sine of 1 kHz at -6 dBFS. Harmonic distortion (2 to 10): {', '.join(readings)}."
    return drawing.finished("harmonics", "Harmonics", text, legend="upper right")


def _aliases(effects: Mapping[str, md.Effect]) -> Measured:
    place, signal = _tone(5_003, 0)
    # Harmonics beyond half the rate, folded.
    folded = np.arange(1, 400) * place % _FRAMES
    bins = np.unique(np.minimum(folded, _FRAMES - folded))
    audible = (bins % place != 0) & (bins * RATE_HZ / _FRAMES > 20) & (bins * RATE_HZ / _FRAMES < 20_000)
    bins = bins[audible]
    drawing = Drawing()
    (axes,) = drawing.axes
    readings = []
    for label, effect in effects.items():
        levels_db = _lines_db(effect, signal)
        levels_db = levels_db[bins] - levels_db[place]
        readings.append(f"`{label}` {float(np.max(levels_db)):.0f} dB")
        heard = levels_db > -150
        axes.plot(bins[heard] * RATE_HZ / _FRAMES / 1000, levels_db[heard], "o", markersize=4, label=label)
    labelled(axes, "frequency, kHz", "level under the tone, dB")
    # Room for the legend.
    axes.set_ylim(-155, 40)
    axes.set_yticks(range(-150, 1, 25))
    axes.set_xlim(0, 20)
    text = f"A full-scale sine of 5 kHz: its harmonics folded at half the rate. Strongest: {', '.join(readings)}."
    return drawing.finished("aliases", "Aliases", text, legend="upper right")


def _saturator() -> Sequence[Measured]:
    curves = {f'curve="{curve}"': md.Saturator(curve=curve) for curve in ("tanh", "hard", "cubic", "soft_clip")}
    driven = {
        "drive_db=6": md.Saturator(drive_db=6),
        "drive_db=18": md.Saturator(drive_db=18),
        "bias=0.3": md.Saturator(drive_db=6, bias=0.3),
    }
    multiples = {f"oversample={each}": md.Saturator(drive_db=12, oversample=each) for each in (1, 2, 4, 8)}
    return [_curve(curves, reach=2.5), _harmonics(driven), _aliases(multiples)]


def _clipper() -> Sequence[Measured]:
    knees = {f"knee_db={knee}": md.Clipper(ceiling_db=-3, knee_db=knee) for knee in (0, 3, 9)}
    driven = {f"gain_db=12, knee_db={knee}": md.Clipper(gain_db=12, knee_db=knee) for knee in (0, 6)}
    multiples = {f"oversample={each}": md.Clipper(gain_db=6, oversample=each) for each in (1, 2, 4, 8)}
    return [_curve(knees, reach=1.2), _harmonics(driven), _aliases(multiples)]


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {"Saturator": _saturator, "Clipper": _clipper}
