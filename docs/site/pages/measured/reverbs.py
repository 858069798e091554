"""Reverbs: energy decay, times by octave, spectrum and beginning of the response of an impulse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import FORMULA, Drawing, Measured, labelled, over_frequency
from pages.measured.signals import RATE_HZ, Signal, decibels, impulse, power_spectrum_db, smoothed_db, times_s

_OCTAVES_HZ = (63, 125, 250, 500, 1000, 2000, 4000, 8000)


def energy_decay_db(response: Signal) -> Signal:
    """Return what is left of the energy of all channels from each frame on (Schroeder's integral)."""
    energy = np.cumsum(np.sum(np.atleast_2d(response) ** 2, axis=0)[::-1])[::-1]
    return 10 * np.log10(np.maximum(energy / energy[0], 1e-12))


def reverberation_s(response: Signal, *, highest_db: float = -5, lowest_db: float = -35) -> float:
    """Return the time to -60 dB by the slope of the energy decay between two levels."""
    decay_db = energy_decay_db(response)
    start, end = np.argmax(decay_db <= highest_db), np.argmax(decay_db <= lowest_db)
    slope = np.polyfit(times_s(decay_db.size)[start:end], decay_db[start:end], 1)[0]
    return float(-60 / slope)


def octave(response: Signal, frequency_hz: float) -> Signal:
    """Return an octave of a response, by a window over its transform that rings little."""
    spectrum = np.fft.rfft(response)
    frequencies_hz = np.fft.rfftfreq(response.shape[-1], 1 / RATE_HZ)
    octaves = np.minimum(np.abs(np.log2(np.maximum(frequencies_hz, 1) / frequency_hz)), 1)
    return np.fft.irfft(spectrum * np.cos(0.5 * np.pi * octaves) ** 2, response.shape[-1])


def decay(responses: Mapping[str, Signal], times: Mapping[str, float | None], *, title: str) -> Measured:
    """Draw energy decays; dotted, straight lines of the time that is set."""
    drawing = Drawing()
    (axes,) = drawing.axes
    readings = []
    for label, response in responses.items():
        decay_db = energy_decay_db(response)
        step = max(1, decay_db.size // 500)
        seconds = times_s(decay_db.size)[::step]
        kept = decay_db[::step] > -80
        axes.plot(seconds[kept], decay_db[::step][kept], label=label)
        mid_s = float(np.mean([reverberation_s(octave(response, each)) for each in (500, 1000)]))
        readings.append(f"{label} {mid_s:.2f} s")
        set_s = times[label]
        if set_s is not None:
            axes.plot([0, set_s * 7 / 6], [0, -70], **FORMULA)
            readings[-1] += f" of {set_s:g}"
    labelled(axes, "time, s", "energy left, dB")
    axes.set_ylim(-70, 2)
    straight = " Dotted: -60 dB in the time that is set." if any(times.values()) else ""
    text = f"An impulse, Schroeder's integral.{straight} Measured at 500 and 1000 Hz (-5 to -35 dB): {', '.join(readings)}."
    return drawing.finished("decay", title, text, legend="upper right")


def spectrum(responses: Mapping[str, Signal], *, title: str) -> Measured:
    """Draw spectra of tails, each at its own mean level."""
    drawing = Drawing()
    (axes,) = drawing.axes
    for label, response in responses.items():
        frequencies_hz, levels_db = smoothed_db(*power_spectrum_db(response[0, : 1 << 16], 1 << 13), points=45)
        axes.plot(frequencies_hz, levels_db - np.max(levels_db), label=label)
    over_frequency(axes)
    axes.set_ylim(-40, 3)
    return drawing.finished(
        "spectrum",
        title,
        "The response of an impulse on the left, its power in bands of equal ratio.",
        legend="lower left",
    )


def beginning(response: Signal, *, milliseconds: float, text: str) -> Measured:
    """Draw the first reflections of both channels."""
    frames = round(milliseconds * RATE_HZ / 1000)
    drawing = Drawing()
    (axes,) = drawing.axes
    for channel, (label, sign) in enumerate((("left", 1), ("right", -1))):
        levels_db = np.maximum(decibels(response[channel, :frames]) - decibels(np.max(np.abs(response))), -50) + 50
        axes.vlines(
            1000 * times_s(frames)[::2],
            0,
            sign * np.maximum(levels_db[::2], levels_db[1::2]),
            linewidth=0.7,
            color=f"C{channel}",
            label=label,
        )
    axes.set_yticks([-50, -25, 0, 25, 50], ["0", "-25", "-50", "-25", "0"])
    labelled(axes, "time, ms", "level, dB")
    return drawing.finished("beginning", "The beginning", text, legend="upper right")


def _reverb() -> Sequence[Measured]:
    spaces = {space: md.Reverb(space=space) for space in ("room", "club", "chamber", "hall", "cathedral")}
    responses = {
        space: effect(impulse(round(1.4 * effect.t60_s * RATE_HZ) + RATE_HZ), RATE_HZ)
        for space, effect in spaces.items()
    }
    times = {space: effect.t60_s for space, effect in spaces.items()}
    return [
        decay(responses, times, title="Energy decay of the five spaces"),
        _by_octave(spaces["hall"], responses["hall"]),
        spectrum({space: responses[space] for space in ("room", "hall", "cathedral")}, title="Spectrum"),
    ]


def _by_octave(effect: md.Reverb, response: Signal) -> Measured:
    measured_s = [reverberation_s(octave(response, each)) for each in _OCTAVES_HZ]
    drawing = Drawing()
    (axes,) = drawing.axes
    axes.plot(_OCTAVES_HZ, measured_s, "o-", label='space="hall"')
    for hertz, ratio in ((30, effect.t60_low_ratio), (1000, 1.0), (16_000, effect.t60_high_ratio)):
        axes.plot([hertz / 1.8, hertz * 1.8], [ratio * effect.t60_s] * 2, **FORMULA)
    over_frequency(axes, unit="time to -60 dB, s")
    axes.set_ylim(0, None)
    listed = ", ".join(f"{each} Hz {seconds:.2f}" for each, seconds in zip(_OCTAVES_HZ, measured_s, strict=True))
    text = f"By octave (-5 to -35 dB): {listed} s. Dotted: `t60_s` and its ratios, beyond the corners {effect.low_frequency_hz:g} and {effect.high_frequency_hz:g} Hz."
    return drawing.finished("octaves", "Reverberation time by octave", text)


def _plate() -> Sequence[Measured]:
    effects = {f"decay={each}": md.Plate(decay=each) for each in (0.3, 0.5, 0.8)}
    responses = {label: effect(impulse(6 * RATE_HZ), RATE_HZ) for label, effect in effects.items()}
    damped = {
        f"damping_hz={each}": md.Plate(damping_hz=each)(impulse(2 * RATE_HZ), RATE_HZ) for each in (2000, 7000, 20_000)
    }
    return [
        decay(responses, dict.fromkeys(responses), title="Energy decay"),
        spectrum(damped, title="Damping"),
    ]


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {"Reverb": _reverb, "Plate": _plate}
