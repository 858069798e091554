"""Gain, pan and width: gains read from constant signals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import FORMULA, Drawing, Measured, labelled, over_frequency
from pages.measured.signals import RATE_HZ, amplitude, decibels, impulse, measured_response, shown

_LAWS = ("constant_power", "-4.5dB", "-6dB", "linear")


def _gain() -> Sequence[Measured]:
    settings_db = np.arange(-60, 61, 2.0)
    constant = np.ones((1, 64))
    measured_db = np.array([decibels(md.Gain(gain_db=each)(constant, RATE_HZ)[0, -1]) for each in settings_db])
    largest_db = float(np.max(np.abs(measured_db - settings_db)))
    static = Drawing()
    static.axes[0].plot(settings_db, measured_db, label="measured")
    static.axes[0].plot(settings_db, settings_db, **FORMULA)
    labelled(static.axes[0], "gain_db", "gain, dB")
    text = f"A constant of 1. Dotted: the setting. Largest difference: {shown(largest_db, 'dB')}."
    return [static.finished("gain", "Gain over its setting", text), _glide()]


def _glide() -> Measured:
    stream = md.Gain(gain_db=0).stream(RATE_HZ, 1, "float64")
    frames = round(0.01 * RATE_HZ)
    before = stream.process(np.ones((1, frames)))
    stream.set(md.Gain(gain_db=-12))
    after = stream.process(np.ones((1, 4 * frames)))
    gain = np.concatenate([before[0], after[0]])
    times_ms = 1000 * (np.arange(gain.size) - frames) / RATE_HZ
    end_ms = 1000 * float(np.argmax(np.abs(after[0] - amplitude(-12)) < 1e-9)) / RATE_HZ
    drawing = Drawing()
    drawing.axes[0].plot(times_ms, gain)
    labelled(drawing.axes[0], "time after stream.set, ms", "gain, linear")
    text = (
        f"A constant of 1 in a stream that is set from 0 to -12 dB. The new gain is reached after **{end_ms:.1f} ms**."
    )
    return drawing.finished("glide", "A change while it runs", text)


def _pan() -> Sequence[Measured]:
    positions = np.linspace(-1, 1, 81)
    constant = np.ones((1, 64))
    drawing = Drawing(2)
    gains, power = drawing.axes
    centre = []
    for law in _LAWS:
        outputs = np.array([md.Pan(pan=each, law=law)(constant, RATE_HZ)[:, -1] for each in positions])
        gains.plot(positions, np.maximum(decibels(outputs[:, 0]), -40), label=law)
        power.plot(positions, decibels(np.sqrt(np.sum(outputs**2, axis=1))), label=law)
        centre.append(f"{law} {float(decibels(outputs[40, 0])):.2f} dB")
    labelled(gains, "pan", "gain of left, dB")
    gains.set_ylim(-30, 1)
    labelled(power, "pan", "power of both, dB")
    angles = (positions + 1) * np.pi / 4
    gains.plot(positions, np.maximum(decibels(np.cos(angles)), -40), **FORMULA)
    constant_power = np.array([md.Pan(pan=each)(constant, RATE_HZ)[0, -1] for each in positions])
    error = float(np.max(np.abs(constant_power - np.cos(angles))))
    text = (
        f"A constant of 1, mono. At the centre: {', '.join(centre)}. Dotted: cos of (pan + 1) x 45 degrees; largest "
        f"difference of the constant-power law {shown(error)}, linear."
    )
    return [drawing.finished("laws", "Pan laws", text, legend="lower left")]


def _width() -> Sequence[Measured]:
    widths = np.linspace(0, 2, 41)
    constant = np.array([[1.0], [-0.5]]) * np.ones(64)
    outputs = np.array([md.Width(width=each)(constant, RATE_HZ)[:, -1] for each in widths])
    side, middle = (outputs[:, 0] - outputs[:, 1]) / 2, (outputs[:, 0] + outputs[:, 1]) / 2
    drawing = Drawing()
    (axes,) = drawing.axes
    axes.plot(widths, middle / 0.25, label="mid")
    axes.plot(widths, side / 0.75, label="side")
    axes.plot(widths, widths, **FORMULA)
    labelled(axes, "width", "gain, linear")
    error = float(max(np.max(np.abs(side / 0.75 - widths)), np.max(np.abs(middle / 0.25 - 1))))
    text = f"A constant that differs left and right. Dotted: the setting. Largest difference: {shown(error)}."
    return [drawing.finished("width", "Gain of mid and side", text), _bass()]


def _bass() -> Measured:
    drawing = Drawing()
    (axes,) = drawing.axes
    signal = impulse(channels=2)
    signal[1] *= -1
    corners = []
    for frequency_hz in (60, 120, 240):
        output = md.Width(bass_mono_hz=frequency_hz)(signal, RATE_HZ)
        frequencies_hz, measured = measured_response(md.Chain(), signal, (output[:1] - output[1:]) / 2)
        axes.plot(frequencies_hz, decibels(measured), label=f"bass_mono_hz={frequency_hz}")
        corners.append(f"{np.interp(frequency_hz, frequencies_hz, decibels(measured)):.2f}")
    over_frequency(axes)
    axes.set_ylim(-48, 3)
    text = f"An impulse on the side alone: what is left of it. At the settings: {', '.join(corners)} dB."
    return drawing.finished("bass", "Mono bass", text)


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {"Gain": _gain, "Pan": _pan, "Width": _width}
