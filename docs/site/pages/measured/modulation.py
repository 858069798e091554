"""Modulation: pitch and level over time, and moving notches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import FORMULA, Drawing, Measured, labelled, over_frequency
from pages.measured.signals import (
    RATE_HZ,
    Signal,
    decibels,
    impulse,
    measured_response,
    noise,
    shown,
    sine,
    thinned,
    times_s,
)


def _pitch_cents(signal: Signal, frequency_hz: float) -> tuple[Signal, Signal]:
    """Return how far the pitch of a modulated sine is from its own, over time, edges left out."""
    spectrum = np.fft.fft(signal)
    spectrum[signal.size // 2 :] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(2 * spectrum)))
    edge = RATE_HZ // 5
    hertz = np.gradient(phase)[edge:-edge] * RATE_HZ / (2 * np.pi)
    return times_s(signal.size)[edge:-edge], 1200 * np.log2(hertz / frequency_hz)


#: Frames between two impulses of a sweep: longer than any delay in it.
_PERIOD = 1024


def _sweep(effect: md.Effect, text: str, *, seconds: float = 4, high_khz: float = 12) -> Measured:
    """Draw the response to an impulse every 21 ms: flat spectra, in which notches stand out."""
    signal = np.zeros((1, _PERIOD * round(seconds * RATE_HZ / _PERIOD)))
    signal[:, ::_PERIOD] = 1
    output = effect(signal, RATE_HZ)
    kept = round(high_khz * 1000 * _PERIOD / RATE_HZ)
    responses = np.fft.rfft(output.reshape(-1, _PERIOD))[:, :kept]
    drawing = Drawing()
    (axes,) = drawing.axes
    axes.grid(visible=False)
    image = axes.imshow(
        decibels(responses).T,
        origin="lower",
        aspect="auto",
        extent=(0, output.size / RATE_HZ, 0, high_khz),
        vmin=-30,
        vmax=0,
        cmap="magma",
        interpolation="bilinear",
    )
    drawing.figure.colorbar(image, ax=axes, label="dB", pad=0.02)
    labelled(axes, "time, s", "frequency, kHz")
    return drawing.finished("sweep", "The sweep", text, legend=False)


def _chorus() -> Sequence[Measured]:
    drawing = Drawing()
    (axes,) = drawing.axes
    readings = []
    tone = sine(1000, 3, -12)[None]
    for depth_ms in (1, 2, 4):
        effect = md.Chorus(voices=1, mix=1, depth_ms=depth_ms)
        times, cents = _pitch_cents(effect(tone, RATE_HZ)[0], 1000)
        axes.plot(thinned(times), thinned(cents), label=f"depth_ms={depth_ms}")
        formula = 1200 * np.log2(1 + 2 * np.pi * 0.8 * depth_ms / 1000)
        readings.append(f"`depth_ms={depth_ms}` {float(np.max(cents)):.1f} of {formula:.1f}")
    labelled(axes, "time, s", "pitch, cents")
    text = f"A sine of 1 kHz through one voice. Highest pitch, of 2 pi rate depth: {', '.join(readings)} cents."
    return [drawing.finished("pitch", "Pitch of a voice", text), _chorus_sides()]


def _chorus_sides() -> Measured:
    drawing = Drawing()
    (axes,) = drawing.axes
    tone = sine(1000, 3, -12)[None]
    output = md.Chorus(voices=1, mix=1)(tone, RATE_HZ)
    for channel, label in enumerate(("left", "right")):
        times, cents = _pitch_cents(output[channel], 1000)
        axes.plot(thinned(times), thinned(cents), label=label)
    labelled(axes, "time, s", "pitch, cents")
    left, right = md.Chorus()(noise(6, -20), RATE_HZ)
    level_db = float(decibels(np.sqrt(np.mean(np.stack([left, right]) ** 2)))) + 20
    text = (
        "One voice of each side. As shipped, white noise comes out with a correlation of "
        f"{float(np.corrcoef(left, right)[0, 1]):.2f} between left and right, {level_db:+.1f} dB from the input."
    )
    return drawing.finished("sides", "Left and right", text)


def _flanger() -> Sequence[Measured]:
    text = "Impulses every 21 ms, as shipped (`rate_hz=0.25, delay_ms=1, depth_ms=4`): notches move as the LFO does."
    return [_comb(), _sweep(md.Flanger(feedback=0), text)]


def _comb() -> Measured:
    effect = md.Flanger(delay_ms=1, depth_ms=0, feedback=0)
    frequencies_hz, measured = measured_response(effect, impulse())
    turn = np.exp(-2j * np.pi * frequencies_hz * 0.001)
    formula_db = decibels(0.5 + 0.5 * turn)
    drawing = Drawing()
    (axes,) = drawing.axes
    axes.plot(frequencies_hz, decibels(measured), label="feedback=0")
    axes.plot(frequencies_hz, formula_db, **FORMULA)
    driven = measured_response(md.Flanger(delay_ms=1, depth_ms=0, feedback=0.7), impulse())[1]
    axes.plot(frequencies_hz, decibels(driven), label="feedback=0.7", linewidth=1.2)
    over_frequency(axes, low_hz=100)
    axes.set_ylim(-40, 10)
    heard = (formula_db > -30) & (frequencies_hz < 5000)
    error_db = float(np.max(np.abs(decibels(measured) - formula_db)[heard]))
    text = (
        "Standing still at 1 ms (`depth_ms=0`). Dotted: half of the sound and half of it 1 ms later; largest difference "
        f"up to 5 kHz, above -30 dB: {shown(error_db, 'dB')}."
    )
    return drawing.finished("comb", "The comb", text, legend="lower left")


def _phaser() -> Sequence[Measured]:
    drawing = Drawing()
    (axes,) = drawing.axes
    readings = []
    for stages in (4, 6, 12):
        effect = md.Phaser(stages=stages, depth_octaves=0, feedback=0)
        frequencies_hz, measured = measured_response(effect, impulse())
        levels_db = decibels(measured)
        axes.plot(frequencies_hz, levels_db, label=f"stages={stages}")
        lows = np.flatnonzero(
            (levels_db[1:-1] < levels_db[:-2]) & (levels_db[1:-1] < levels_db[2:]) & (levels_db[1:-1] < -15)
        )
        readings.append(f"`stages={stages}` {lows.size}")
    over_frequency(axes)
    axes.set_ylim(-40, 6)
    text = f"Standing still at 800 Hz (`depth_octaves=0, feedback=0`). Notches: {', '.join(readings)}."
    sweep = (
        "Impulses every 21 ms, as shipped (`rate_hz=0.4, depth_octaves=2`), without feedback: notches move in octaves."
    )
    return [
        drawing.finished("stages", "Notches by stages", text, legend="lower left"),
        _sweep(md.Phaser(feedback=0), sweep, high_khz=6),
    ]


def _tremolo() -> Sequence[Measured]:
    drawing = Drawing()
    (axes,) = drawing.axes
    constant = np.ones((1, RATE_HZ // 2))
    times = times_s(constant.shape[1])
    largest = 0.0
    for shape in ("sine", "triangle", "square"):
        output = md.Tremolo(shape=shape, depth=0.8)(constant, RATE_HZ)[0]
        axes.plot(thinned(1000 * times), thinned(output), label=f'shape="{shape}"')
        if shape == "sine":
            formula = 1 - 0.4 + 0.4 * np.sin(2 * np.pi * 5 * times)
            largest = float(np.max(np.abs(output - formula)))
            axes.plot(thinned(1000 * times), thinned(formula), **FORMULA)
    labelled(axes, "time, ms", "gain, linear")
    text = (
        "A constant of 1 with `depth=0.8`. Dotted: 1 - depth / 2 + depth / 2 x sin(2 pi rate t); largest difference "
        f"of the sine {shown(largest)}."
    )
    return [drawing.finished("shapes", "Shapes", text, legend="upper right"), _auto_pan()]


def _auto_pan() -> Measured:
    drawing = Drawing()
    (axes,) = drawing.axes
    output = md.Tremolo(depth=1, rate_hz=2, stereo_phase_degrees=180)(np.ones((2, RATE_HZ)), RATE_HZ)
    times_ms = 1000 * times_s(RATE_HZ)
    power_db = 10 * np.log10(np.sum(output**2, axis=0) / 2)
    for channel, label in enumerate(("left", "right")):
        axes.plot(thinned(times_ms), thinned(output[channel]), label=label)
    labelled(axes, "time, ms", "gain, linear")
    text = (
        "`rate_hz=2, depth=1, stereo_phase_degrees=180`. The power of both sides stays within "
        f"{shown(float(np.ptp(power_db)), 'dB')}."
    )
    return drawing.finished("auto-pan", "Auto-pan", text, legend="upper right")


def _vibrato() -> Sequence[Measured]:
    drawing = Drawing()
    (axes,) = drawing.axes
    readings = []
    tone = sine(1000, 1.4, -12)[None]
    for depth_cents in (30, 60, 120):
        times, cents = _pitch_cents(md.Vibrato(depth_cents=depth_cents)(tone, RATE_HZ)[0], 1000)
        axes.plot(thinned(times), thinned(cents), label=f"depth_cents={depth_cents}")
        readings.append(f"`depth_cents={depth_cents}` {float(np.max(cents)):.1f}, {float(np.min(cents)):.1f}")
    labelled(axes, "time, s", "pitch, cents")
    text = f"A sine of 1 kHz. Highest and lowest pitch: {'; '.join(readings)} cents."
    return [drawing.finished("pitch", "Pitch", text, legend="upper right")]


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {
    "Chorus": _chorus,
    "Flanger": _flanger,
    "Phaser": _phaser,
    "Tremolo": _tremolo,
    "Vibrato": _vibrato,
}
