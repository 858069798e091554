"""Dynamics of bands and of envelopes: multiband compressor, de-esser, transient shaper."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import Drawing, Measured, labelled, over_frequency
from pages.measured.signals import (
    RATE_HZ,
    Signal,
    amplitude,
    decibels,
    impulse,
    measured_response,
    noise,
    pink_noise,
    power_spectrum_db,
    shown,
    sine,
    smoothed_db,
    thinned,
    times_s,
)


def _multiband() -> Sequence[Measured]:
    drawing = Drawing()
    (axes,) = drawing.axes
    everything = md.MultibandCompressor(bypassed=(0, 1, 2))
    for band, label in enumerate(("low", "mid", "high")):
        frequencies_hz, measured = measured_response(everything.replace(solo=band), impulse())
        axes.plot(frequencies_hz, decibels(measured), label=label)
    frequencies_hz, measured = measured_response(everything, impulse())
    axes.plot(frequencies_hz, decibels(measured), label="all bands")
    over_frequency(axes)
    axes.set_ylim(-60, 6)
    ripple_db = float(np.max(np.abs(decibels(measured))))
    text = f"Impulses through each band alone, and through all. Largest level of all bands from 0 dB: {shown(ripple_db, 'dB')}."
    return [drawing.finished("bands", "Crossovers at 200 Hz and 2 kHz", text, legend="lower left"), _tones()]


def _tones() -> Measured:
    levels_db = np.arange(-48, 0.5, 2.0)
    bands = [md.Compressor(threshold_db=each, link_percent=0) for each in (-36, -24, -12)]
    effect = md.MultibandCompressor(bands=bands)
    drawing = Drawing()
    (axes,) = drawing.axes
    readings = []
    for frequency_hz, label in ((60, "60 Hz"), (600, "600 Hz"), (6000, "6 kHz")):
        output = effect(amplitude(levels_db)[:, None] * sine(frequency_hz, 0.6), RATE_HZ)
        measured_db = decibels(np.max(np.abs(output[:, -RATE_HZ // 10 :]), axis=1))
        axes.plot(levels_db, measured_db, label=label)
        readings.append(f"{label} {measured_db[-1]:.1f}")
    labelled(axes, "level in, dBFS", "level out, dBFS")
    text = f"Sines in three bands with thresholds of -36, -24 and -12 dBFS. Of 0 dBFS are left: {', '.join(readings)} dBFS."
    return drawing.finished("tones", "A curve for each band", text)


def _sibilant(seconds: float = 0.3) -> tuple[Signal, slice]:
    """Return pink noise below 2 kHz with a burst of treble in its middle, and where that is."""
    voice = md.LowPass(frequency_hz=2000, slope_db_per_octave=24)(pink_noise(3 * seconds, -24), RATE_HZ)
    frames = round(seconds * RATE_HZ)
    burst = md.HighPass(frequency_hz=6000, slope_db_per_octave=24)(noise(seconds, -20), RATE_HZ)
    place = slice(frames, 2 * frames)
    voice[:, place] *= 0.3
    voice[:, place] += burst
    return voice, place


def _de_esser() -> Sequence[Measured]:
    signal, place = _sibilant()
    effect = md.DeEsser()
    output = effect(signal, RATE_HZ)
    reduction_db = effect.gain_reduction(signal, RATE_HZ)[0]
    drawing = Drawing()
    (axes,) = drawing.axes
    times_ms = 1000 * times_s(reduction_db.size)
    axes.plot(thinned(times_ms), thinned(reduction_db))
    labelled(axes, "time, ms", "gain reduction of the band, dB")
    inside_db = float(np.mean(reduction_db[place]))
    text = (
        "Pink noise below 2 kHz, with 300 ms of treble in its middle as a sibilant. Mean reduction there: "
        f"**{inside_db:.1f} dB**; before it: **{float(np.mean(reduction_db[: place.start])):.2f} dB**."
    )
    over_time = drawing.finished("reduction", "Reduction over time", text)
    spectra = Drawing()
    (axes,) = spectra.axes
    for label, each in (("input", signal), ("output", output)):
        axes.plot(*smoothed_db(*power_spectrum_db(each[0, place], 4096), points=60), label=label)
    over_frequency(axes, low_hz=200)
    return [over_time, spectra.finished("spectrum", "Spectrum of the sibilant", "Before and after, averaged over it.")]


def _strokes() -> Signal:
    """Return four strokes of decaying noise."""
    frames = RATE_HZ // 4
    decay = np.exp(-times_s(frames) / 0.06) * noise(0.25, -14)[0]
    return np.concatenate([np.zeros(2400), *(decay for _ in range(2))])[None]


def _envelope_db(signal: Signal) -> Signal:
    """Return the RMS of windows of 4 ms, every 2 ms."""
    frames = 192
    starts = range(0, signal.size - frames, frames // 2)
    return decibels(np.array([np.sqrt(np.mean(signal[start : start + frames] ** 2)) for start in starts]) + 1e-6)


def _transient_shaper() -> Sequence[Measured]:
    signal = _strokes()
    drawing = Drawing(2)
    readings = []
    for axes, name in zip(drawing.axes, ("attack_db", "sustain_db"), strict=True):
        dry_db = _envelope_db(signal[0])
        for gain_db in (9, 0, -9):
            envelope_db = _envelope_db(md.TransientShaper(**{name: gain_db})(signal, RATE_HZ)[0])
            axes.plot(2 * np.arange(envelope_db.size), envelope_db, label=f"{gain_db:+d} dB" if gain_db else "0 dB")
            if gain_db:
                change_db = envelope_db - dry_db
                furthest = float(change_db[np.argmax(np.abs(change_db) * (dry_db > -60))])
                readings.append(f"`{name}={gain_db}` {furthest:+.1f} dB")
        labelled(axes, "time, ms", "level, dBFS")
        axes.set_title(name, fontsize="medium")
        axes.set_ylim(-70, 5)
        axes.set_xlim(0, 300)
    text = f"Strokes of decaying noise, RMS over 4 ms. Largest change: {', '.join(readings)}."
    return [drawing.finished("envelopes", "Attack and sustain", text, legend="upper right")]


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {
    "MultibandCompressor": _multiband,
    "DeEsser": _de_esser,
    "TransientShaper": _transient_shaper,
}
