"""The singers of the demo song: a glottal source, a vocal tract, vibrato, portamento and breath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .score import Note
from .synthesis import (
    Response,
    Session,
    Signal,
    Spectrum,
    bell,
    bins_hz,
    cascade,
    fast_length,
    filtered,
    high_pass,
    low_pass,
)

VOWEL_FORMANTS_HZ = {
    "i": (310.0, 2790.0, 3310.0),
    "e": (610.0, 2330.0, 2990.0),
    "a": (850.0, 1220.0, 2810.0),
    "o": (590.0, 920.0, 2710.0),
    "u": (370.0, 950.0, 2670.0),
}
"""First three formants of women in heed, head, hod, hawed, who'd (Peterson & Barney 1952, table II)."""

CONSONANT_FORMANTS_HZ = {
    "l": (360.0, 1300.0, 2900.0),
    "m": (280.0, 1000.0, 2400.0),
    "n": (280.0, 1700.0, 2600.0),
    "s": (330.0, 1700.0, 2700.0),
}
"""Where the formants of a syllable start from; values of this song, near the loci of Klatt (1980)."""

CONSONANT_LEVEL = {"l": 0.45, "m": 0.25, "n": 0.25, "s": 0.0}
"""Amplitude of the voice during the consonant; it is unvoiced for s."""

FORMANT_BANDWIDTHS_HZ = (110.0, 130.0, 180.0)

SINGERS_FORMANT = bell(3000.0, 11.0, 1.1)
"""Third to fifth formant drawn together by a trained singer (Sundberg 1974)."""

TRACT_SPACING_HZ = 1190.0
"""Distance of the higher formants of a vocal tract of 14.7 cm, c / 2 L."""

SIBILANCE = cascade(high_pass(4800.0, 3), bell(7400.0, 8.0, 1.8), low_pass(13_000.0))

CONTROL_HZ = 1000.0
"""Rate of pitch, level and formant curves."""


class Character(NamedTuple):
    """The properties of a singer."""

    vibrato_hz: float = 5.4
    vibrato_cents: float = 38.0
    portamento_s: float = 0.09
    tract: float = 1.0
    """Scale of all formants, larger for a shorter vocal tract."""
    breath: float = 0.05
    """Amplitude of the breath in the voice."""


class Gesture(NamedTuple):
    """The control curves of a performance, `CONTROL_HZ` values per second."""

    pitch: Signal
    """MIDI note numbers, shape ``(moments,)``."""
    level: Signal
    """Amplitude of the voice, 0..1."""
    breath: Signal
    """Amplitude of the breath."""
    sibilance: Signal
    """Amplitude of s sounds."""
    formants_hz: Signal
    """First three formants, shape ``(3, moments)``."""


def sing(session: Session, notes: Sequence[Note], rng: np.random.Generator, character: Character) -> Signal:
    """Sing syllables.

    Source and filter as in Klatt (1980), "Software for a cascade/parallel formant synthesizer": a train of
    pulses with the tilt of the glottis and of the radiation at the lips, breath, and a cascade of formants.

    Returns
    -------
    Signal
        Shape ``(1, frames)``, arbitrary level.
    """
    gesture = _gesture(session, notes, rng, character)
    moments_s = np.arange(gesture.pitch.size) / CONTROL_HZ
    frames_s = np.arange(session.frames) / session.sample_rate_hz
    fundamental_hz = 440.0 * 2.0 ** ((np.interp(frames_s, moments_s, gesture.pitch) - 69.0) / 12.0)

    level = np.interp(frames_s, moments_s, gesture.level)
    voiced = level * _pulses(fundamental_hz, session.sample_rate_hz, level > 0.0)
    noise = rng.standard_normal(session.frames)
    source = filtered(voiced, session.sample_rate_hz, _glottis)
    breath = filtered(noise, session.sample_rate_hz, cascade(high_pass(700.0, 1), low_pass(9000.0, 1)))
    source += breath * np.interp(frames_s, moments_s, gesture.breath)

    sung = _vocal_tract(source, session.sample_rate_hz, gesture.formants_hz, character.tract)
    hiss = filtered(noise * np.interp(frames_s, moments_s, gesture.sibilance), session.sample_rate_hz, SIBILANCE)
    return (sung + hiss)[np.newaxis]


def _gesture(session: Session, notes: Sequence[Note], rng: np.random.Generator, character: Character) -> Gesture:
    """Plan the curves of a performance from its notes."""
    moments = round(session.frames / session.sample_rate_hz * CONTROL_HZ) + 1
    time_s = np.arange(moments) / CONTROL_HZ
    pitch = np.full(moments, float(notes[0].pitch))
    level, breath, sibilance, wobble = np.zeros((4, moments))
    formants_hz = np.tile(np.array(VOWEL_FORMANTS_HZ["a"])[:, np.newaxis], moments)

    ended_s = 0.0
    for note, following in zip(notes, [*notes[1:], None], strict=True):
        consonant, vowel = note.articulation[:-1], note.articulation[-1]
        opens_s = note.start_s + (0.06 if consonant else 0.0)
        ends_s = note.start_s + note.length_s
        connected = following is not None and following.start_s - ends_s < 0.1
        if following is not None and connected:
            ends_s = following.start_s
        stops_s = ends_s if connected else ends_s - 0.06
        phrase_starts = note.start_s - ended_s > 0.3

        if phrase_starts:
            inhale = np.clip((time_s - note.start_s + 0.42) / 0.3, 0.0, 1.0) * (time_s < note.start_s - 0.1)
            breath += 0.35 * character.breath * inhale**2
            pitch[time_s >= note.start_s - 0.15] = note.pitch
        pitch[time_s >= note.start_s] = note.pitch
        if phrase_starts:
            pitch -= 1.5 * np.exp(-np.maximum(0.0, time_s - note.start_s) / 0.05) * (time_s >= note.start_s)

        closed = (time_s >= note.start_s - 0.01) & (time_s < opens_s)
        opened = (time_s >= opens_s) & (time_s < stops_s)
        lasting = time_s >= note.start_s - 0.01
        formants_hz[:, lasting] = np.array(VOWEL_FORMANTS_HZ[vowel])[:, np.newaxis]
        if consonant:
            formants_hz[:, closed] = np.array(CONSONANT_FORMANTS_HZ[consonant])[:, np.newaxis]
            level[closed] = note.velocity * CONSONANT_LEVEL[consonant]
        since_s = np.maximum(0.0, time_s - opens_s)
        level[opened] = (note.velocity * (0.9 + 0.25 * since_s * np.exp(1.0 - since_s / 0.5)))[opened]
        wobble[opened] = np.clip((since_s - 0.22) / 0.35, 0.0, 1.0)[opened]
        if consonant == "s":
            level[(time_s > note.start_s - 0.07) & (time_s < opens_s)] = 0.0
            hissing = (time_s > note.start_s - 0.06) & (time_s < note.start_s + 0.045)
            sibilance[hissing] = rng.uniform(0.4, 0.55)
        ended_s = ends_s

    drift_cents = 80.0 * _eased(rng.standard_normal(moments), 0.25)
    rate_hz = character.vibrato_hz * (1.0 + 0.3 * _eased(rng.standard_normal(moments), 0.4))
    swing = np.sin(2.0 * np.pi * (rng.random() + np.cumsum(rate_hz) / CONTROL_HZ))
    vibrato_cents = character.vibrato_cents * _eased(wobble, 0.2) * swing
    level = _eased(level, 0.045)
    level *= 1.0 + 0.10 * _eased(wobble, 0.2) * swing
    return Gesture(
        pitch=_eased(pitch, character.portamento_s) + (vibrato_cents + drift_cents) / 100.0,
        level=level,
        breath=_eased(breath, 0.05) + character.breath * level,
        sibilance=_eased(sibilance, 0.05),
        formants_hz=np.stack([_eased(formant_hz, 0.06) for formant_hz in formants_hz]),
    )


def _pulses(fundamental_hz: Signal, sample_rate_hz: float, sounding: NDArray[np.bool_]) -> Signal:
    """A train of pulses without aliasing: equal cosines of every harmonic below 0.4 of the sample rate.

    Their sum has a closed form (Winham & Steiglitz 1970); the last harmonic fades in and out as the pitch
    moves. Where it is not `sounding` it is zero.
    """
    cycles = (np.cumsum(fundamental_hz) / sample_rate_hz)[sounding]
    half = np.pi * (cycles - np.floor(cycles) + 1e-9)  # never quite 0, where the closed form is 0 / 0
    harmonics = 0.4 * sample_rate_hz / fundamental_hz[sounding]
    whole = np.floor(harmonics)
    last = (2.0 * whole + 2.0) * half
    pulses = np.zeros_like(fundamental_hz)
    pulses[sounding] = 0.5 * np.sin(last - half) / np.sin(half) - 0.5 + (harmonics - whole) * np.cos(last)
    return pulses


def _glottis(f: Signal) -> Spectrum:
    """Glottal flow of a strong voice (two poles) and radiation at the lips (one zero)."""
    return (1j * f / 300.0) / ((1.0 + 1j * f / 300.0) * (1.0 + 1j * f / 800.0))


def _vocal_tract(source: Signal, sample_rate_hz: float, formants_hz: Signal, scale: float) -> Signal:
    """Filter by moving formants: overlapping Hann windows, each with the formants of its middle.

    A singer keeps all vowels about equally loud, so every shape of the tract passes the same power of a voice
    whose spectrum falls by 6 dB per octave.
    """
    hop = fast_length(round(0.009 * sample_rate_hz))
    window_frames, length = 4 * hop, 8 * hop
    window = 0.25 - 0.25 * np.cos(2.0 * np.pi * np.arange(window_frames) / window_frames)
    padded = np.pad(source, (window_frames, window_frames))
    windows = np.lib.stride_tricks.sliding_window_view(padded, window_frames)[::hop]
    frequencies_hz = bins_hz(length, sample_rate_hz)
    higher = _higher_formants(scale, 0.5 * sample_rate_hz)(frequencies_hz)

    voice_power = frequencies_hz**2 / (200.0**2 + frequencies_hz**2) ** 2
    voice_power /= np.sum(voice_power)
    shapes: dict[tuple[int, ...], Spectrum] = {}

    output = np.zeros(padded.size + length)
    for index in np.flatnonzero(np.max(np.abs(windows[:, ::16]), axis=1) > 0.0):
        middle_s = (index * hop - 0.5 * window_frames) / sample_rate_hz
        moment = int(np.clip(middle_s * CONTROL_HZ, 0, formants_hz.shape[1] - 1))
        shape = tuple(round(formant_hz) for formant_hz in scale * formants_hz[:, moment])
        if shape not in shapes:
            lower = zip(shape, FORMANT_BANDWIDTHS_HZ, strict=True)
            response = higher * cascade(*(_formant(*formant) for formant in lower))(frequencies_hz)
            shapes[shape] = response / np.sqrt(np.sum(voice_power * np.abs(response) ** 2))
        spectrum = np.fft.rfft(windows[index] * window, length) * shapes[shape]
        output[index * hop : index * hop + length] += np.fft.irfft(spectrum, length)
    return output[window_frames : window_frames + source.size]


def _formant(centre_hz: float, bandwidth_hz: float) -> Response:
    """One resonance of the vocal tract, gain 1 at 0 Hz."""

    def response(f: Signal) -> Spectrum:
        x = f / centre_hz
        return np.asarray(1.0 / (1.0 - x**2 + 1j * x * (bandwidth_hz / centre_hz)), dtype=np.complex128)

    return response


def _higher_formants(scale: float, nyquist_hz: float) -> Response:
    """The formants from the fourth up, where a uniform tube has them, and the singer's formant."""
    centres_hz = scale * TRACT_SPACING_HZ * np.arange(3.5, nyquist_hz / TRACT_SPACING_HZ + 3.0)
    tube = (_formant(centre_hz, 0.05 * centre_hz) for centre_hz in centres_hz.tolist())
    return cascade(SINGERS_FORMANT, *tube)


def _eased(curve: Signal, length_s: float) -> Signal:
    """The curve smoothed by a Hann window of `length_s`, its ends held."""
    window = np.hanning(round(length_s * CONTROL_HZ) + 2)
    side = window.size // 2
    padded = np.pad(curve, (side, window.size - 1 - side), mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")
