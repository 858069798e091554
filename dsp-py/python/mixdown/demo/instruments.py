"""The band of the demo song, without its singers.

Every function takes the session, the notes to play and a random generator, and returns a stem of shape
``(channels, frames)`` at an arbitrary level.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .score import Note
from .synthesis import (
    PluckedString,
    Response,
    Session,
    Signal,
    bell,
    bins_hz,
    cascade,
    fast_length,
    filtered,
    frequency_hz,
    high_pass,
    loudness_of,
    low_pass,
    metal,
    released,
    smeared_harmonics,
)

MEMBRANE_RATIOS = (1.0, 1.594, 2.136, 2.296, 2.653)
"""Modes of an ideal circular membrane (Fletcher & Rossing, The Physics of Musical Instruments, 1998)."""

GUITAR_BODY = cascade(
    high_pass(75.0),
    bell(104.0, 7.0, 4.0),
    bell(205.0, 6.0, 4.0),
    bell(410.0, 3.0, 3.0),
    bell(1800.0, 3.0, 1.2),
    bell(2700.0, 5.0, 1.2),
    low_pass(9000.0),
)
"""Air and top plate resonances of a steel-string guitar, and the brightness of a close microphone."""

BASS_PICKUP = cascade(high_pass(30.0), bell(75.0, 7.0, 0.8), bell(800.0, 3.0, 1.0), low_pass(3500.0))

KIT_MICROPHONE = cascade(high_pass(35.0), bell(4000.0, 3.0, 0.8), low_pass(16_000.0))


def kick(session: Session, notes: Sequence[Note], rng: np.random.Generator) -> Signal:
    """A bass drum: a swept sine that settles at 54 Hz, and the beater."""
    stem = session.silence()
    time_s = session.time_s(0.6)
    envelope = np.exp(-time_s / 0.15) * (1.0 - np.exp(-time_s / 0.0008))
    contact = np.exp(-time_s / 0.005) * (1.0 - np.exp(-time_s / 0.0004))
    slaps = _noise(session, rng, cascade(high_pass(900.0), bell(3200.0, 8.0, 1.5), low_pass(6500.0)))
    for note in notes:
        tuning = 1.0 + rng.normal(0.0, 0.004)
        cycles = tuning * (54.0 * time_s + 2.6 * (1.0 - np.exp(-time_s / 0.024)))
        beater = note.velocity * contact * _slice(slaps, time_s.size, rng)
        sound = np.tanh(1.8 * (envelope * np.sin(2.0 * np.pi * cycles) + 0.5 * beater))
        sound = loudness_of(note.velocity) * released(sound, session.sample_rate_hz, 0.4, 0.04)
        session.place(stem, sound, note.start_s)
    return filtered(stem, session.sample_rate_hz, KIT_MICROPHONE)


def snare(session: Session, notes: Sequence[Note], rng: np.random.Generator) -> Signal:
    """A snare drum: the modes of its head, and wires that sound brighter the harder it is hit."""
    stem = session.silence()
    time_s = session.time_s(0.5)
    attack = 1.0 - np.exp(-time_s / 0.0006)
    rattle = 0.7 * np.exp(-time_s / 0.055) + 0.3 * np.exp(-time_s / 0.14)
    soft = _noise(session, rng, cascade(high_pass(1100.0), low_pass(4000.0)))
    hard = _noise(session, rng, cascade(high_pass(2200.0), low_pass(6000.0)))
    for note in notes:
        head = _membrane(time_s, 188.0 * (1.0 + rng.normal(0.0, 0.006)), 0.075, rng)
        wires = _slice(soft, time_s.size, rng) + note.velocity * _slice(hard, time_s.size, rng)
        sound = np.tanh(1.3 * attack * (0.75 * head + 0.4 * rattle * wires))
        sound = loudness_of(note.velocity) * released(sound, session.sample_rate_hz, 0.4, 0.03)
        session.place(stem, sound, note.start_s)
    return filtered(stem, session.sample_rate_hz, KIT_MICROPHONE)


def hats(session: Session, notes: Sequence[Note], rng: np.random.Generator) -> Signal:
    """A pair of hi-hats, harsh between 6 and 8 kHz; each hit chokes the one before."""
    struck = sorted(notes)
    starts = np.array([round(note.start_s * session.sample_rate_hz) for note in struck])
    amplitude = np.array([loudness_of(note.velocity) for note in struck])
    decay_s = np.array([0.26 if note.articulation == "o" else 0.022 + 0.03 * note.velocity for note in struck])

    frame = np.arange(session.frames)
    latest = np.searchsorted(starts, frame, side="right") - 1
    since_s = np.maximum(0, frame - starts[latest]) / session.sample_rate_hz
    envelope = np.where(latest < 0, 0.0, amplitude[latest] * np.exp(-since_s / decay_s[latest]))
    envelope *= 1.0 - np.exp(-since_s / 0.0004)
    envelope = _smoothed(envelope, round(0.0015 * session.sample_rate_hz))

    bright = cascade(high_pass(3000.0, 2), bell(6500.0, 7.0, 2.2), low_pass(6500.0))
    return metal(session, rng, bright, channels=1, band_hz=(2800.0, 11_000.0)) * envelope


def toms(session: Session, notes: Sequence[Note], rng: np.random.Generator) -> Signal:
    """Three toms in stereo, the high one left, the floor tom right."""
    stem = session.silence(2)
    time_s = session.time_s(1.2)
    sticks = _noise(session, rng, cascade(high_pass(700.0), low_pass(5000.0)))
    for note in notes:
        fundamental_hz, position = {"1": (165.0, -0.5), "2": (122.0, 0.1), "3": (82.0, 0.6)}[note.articulation]
        head = _membrane(time_s, fundamental_hz * (1.0 + rng.normal(0.0, 0.004)), 22.0 / fundamental_hz, rng)
        knock = np.exp(-time_s / 0.006) * _slice(sticks, time_s.size, rng)
        sound = np.tanh((1.0 - np.exp(-time_s / 0.0008)) * (1.2 * head + 0.35 * note.velocity * knock))
        sound = loudness_of(note.velocity) * released(sound, session.sample_rate_hz, 0.8, 0.08)
        session.place(stem, _panned(sound, position), note.start_s)
    return filtered(stem, session.sample_rate_hz, KIT_MICROPHONE)


def cymbals(session: Session, notes: Sequence[Note], rng: np.random.Generator) -> Signal:
    """A crash cymbal under a stereo pair: its treble is loud and short, its body soft and long."""
    time_s = session.time_s(3.5)
    shimmer, body = session.silence(), session.silence()
    onset = 1.0 - np.exp(-time_s / 0.002)
    fade = np.clip((time_s[-1] - time_s) / 0.5, 0.0, 1.0)
    for note in notes:
        strength = loudness_of(note.velocity)
        session.place(shimmer, strength * onset * fade * np.exp(-time_s / 0.45), note.start_s)
        session.place(body, strength * (1.0 - np.exp(-time_s / 0.03)) * fade * np.exp(-time_s / 0.9), note.start_s)
    treble = cascade(high_pass(2500.0), low_pass(6000.0))
    middle = cascade(high_pass(450.0), low_pass(3000.0))
    return (
        metal(session, rng, treble, channels=2, band_hz=(2500.0, 15_000.0)) * shimmer
        + 0.6 * metal(session, rng, middle, channels=2, band_hz=(450.0, 7000.0)) * body
    )


def bass(session: Session, notes: Sequence[Note], rng: np.random.Generator) -> Signal:
    """A fingered electric bass, heavy between 50 and 100 Hz."""
    stem = session.silence()
    strings = _Strings(session, decay_s=3.5, treble_decay_s=0.25)
    for note in notes:
        push = _pluck(session, rng, low_pass(250.0 + 900.0 * note.velocity, 1), noise=0.05)
        tone = strings.plucked(note.pitch, note.length_s + 0.3, push, 0.22)
        sound = np.tanh(1.4 * released(tone, session.sample_rate_hz, note.length_s - 0.03, 0.03))
        session.place(stem, loudness_of(note.velocity) * sound, note.start_s)
    return filtered(stem, session.sample_rate_hz, BASS_PICKUP)


def keys(session: Session, notes: Sequence[Note], rng: np.random.Generator) -> Signal:
    """An electric piano by frequency modulation (Chowning 1973), panned to and fro by its tremolo.

    One carrier per note; a modulator in unison is the bar, one fourteen times above is the tine.
    """
    mono = session.silence()
    longest_s = session.time_s(max(note.length_s for note in notes) + 0.4)
    envelope = (1.0 - np.exp(-longest_s / 0.0015)) * np.exp(-longest_s / 0.9)
    bar_decay, tine_decay = np.exp(np.float32(-longest_s[:, np.newaxis] / [0.5, 0.1])).T
    for note in notes:
        time_s = session.time_s(note.length_s + 0.4)
        sounding = slice(time_s.size)
        cycles = frequency_hz(note.pitch + rng.normal(0.0, 0.01)) * time_s
        angle = (2.0 * np.pi * (cycles - np.floor(cycles))).astype(np.float32)
        bar = np.float32(0.5 + 1.5 * note.velocity) * bar_decay[sounding] * np.sin(angle)
        tine = np.float32(0.1 + 0.4 * note.velocity**2) * tine_decay[sounding] * np.sin(14.0 * angle)
        sound = loudness_of(note.velocity) * envelope[sounding] * np.sin(angle + bar + tine)
        session.place(mono, released(sound, session.sample_rate_hz, note.length_s, 0.06), note.start_s)
    suitcase = cascade(high_pass(110.0), bell(1800.0, 6.0, 0.7), low_pass(7500.0))
    voiced = filtered(np.tanh(0.45 * mono[0]), session.sample_rate_hz, suitcase)
    sway = 0.3 * np.sin(2.0 * np.pi * 4.3 * np.arange(session.frames) / session.sample_rate_hz)
    return np.stack([voiced * (1.0 + sway), voiced * (1.0 - sway)])


def guitar(
    session: Session, notes: Sequence[Note], rng: np.random.Generator, *, pick_hz: float, position: float
) -> Signal:
    """A steel-string acoustic guitar.

    Parameters
    ----------
    pick_hz
        How bright the pick is: the corner of its spectrum at full force.
    position
        Where it plucks, as a fraction of the string from the bridge, 0..0.5.
    """
    stem = session.silence()
    ringing = _Strings(session, decay_s=3.2, treble_decay_s=0.7)
    damped = _Strings(session, decay_s=0.35, treble_decay_s=0.06)
    for note in notes:
        palm = note.articulation == "m"
        length_s = 0.12 if palm else note.length_s
        push = _pluck(session, rng, low_pass(pick_hz * (0.25 + 0.75 * note.velocity), 1), noise=0.35)
        strings = damped if palm else ringing
        tone = strings.plucked(note.pitch, length_s + 0.25, push, position * rng.uniform(0.85, 1.15))
        sound = loudness_of(note.velocity) * released(tone, session.sample_rate_hz, length_s, 0.05)
        session.place(stem, sound, note.start_s)
    return filtered(stem, session.sample_rate_hz, GUITAR_BODY)


def pad(session: Session, notes: Sequence[Note], rng: np.random.Generator) -> Signal:
    """A warm string pad in stereo with a slow attack."""
    stem = session.silence(2)
    time_s = session.time_s(max(note.length_s for note in notes) + 1.8)
    swell = 0.5 - 0.5 * np.cos(np.pi * np.clip(time_s / 0.7, 0.0, 1.0))
    ensembles: dict[int, Signal] = {}
    for note in notes:
        if note.pitch not in ensembles:
            unison = smeared_harmonics(note.pitch, time_s.size, session.sample_rate_hz, rng, spread_cents=22.0)
            ensembles[note.pitch] = swell * unison
        sound = released(ensembles[note.pitch], session.sample_rate_hz, note.length_s, 0.3)
        session.place(stem, loudness_of(note.velocity) * sound, note.start_s)
    return filtered(stem, session.sample_rate_hz, cascade(high_pass(90.0), low_pass(1900.0), bell(700.0, 2.0, 0.7)))


class _Strings:
    """The strings of one instrument, made when they are first played."""

    def __init__(self, session: Session, *, decay_s: float, treble_decay_s: float) -> None:
        self._sample_rate_hz = session.sample_rate_hz
        self._decay_s, self._treble_decay_s = decay_s, treble_decay_s
        self._made: dict[tuple[int, int], PluckedString] = {}

    def plucked(self, pitch: int, length_s: float, excitation: Signal, position: float) -> Signal:
        """One pluck, shape ``(frames,)``, peak 1."""
        frames = round(length_s * self._sample_rate_hz)
        key = pitch, fast_length(frames)
        if key not in self._made:
            self._made[key] = PluckedString(
                *key, self._sample_rate_hz, decay_s=self._decay_s, treble_decay_s=self._treble_decay_s
            )
        return self._made[key].plucked(excitation, position)[:frames]


def _noise(session: Session, rng: np.random.Generator, response: Response) -> Signal:
    """Four seconds of coloured noise to cut strokes from, shape ``(frames,)``."""
    return filtered(rng.standard_normal(round(4.0 * session.sample_rate_hz)), session.sample_rate_hz, response)


def _slice(noise: Signal, frames: int, rng: np.random.Generator) -> Signal:
    """A random stretch of `noise`."""
    first = int(rng.integers(noise.size - frames))
    return noise[first : first + frames]


def _membrane(time_s: Signal, fundamental_hz: float, decay_s: float, rng: np.random.Generator) -> Signal:
    """A struck drum head: falling modes, the higher the shorter; peak about 1."""
    glide_cycles = 0.06 * 0.03 * (1.0 - np.exp(-time_s / 0.03))
    head = np.zeros_like(time_s)
    for ratio in MEMBRANE_RATIOS:
        cycles = ratio * fundamental_hz * (time_s + glide_cycles)
        weight = rng.uniform(0.85, 1.15) / ratio**1.5
        head += weight * np.sin(2.0 * np.pi * cycles) * np.exp(-time_s * ratio / decay_s)
    return head


def _pluck(session: Session, rng: np.random.Generator, touch: Response, *, noise: float) -> Signal:
    """The excitation of a finger or pick: a push, and the noise of its edge; 40 ms long."""
    length = fast_length(round(0.04 * session.sample_rate_hz))
    time_s = np.arange(length) / session.sample_rate_hz
    push = np.exp(-time_s / 0.0006) + noise * rng.standard_normal(length) * np.exp(-time_s / 0.002)
    gains = touch(bins_hz(length, session.sample_rate_hz))
    return np.fft.irfft(np.fft.rfft(push) * gains, length)


def _panned(sound: Signal, position: float) -> Signal:
    """A mono sound in stereo at constant power, position -1..1."""
    angle = (position + 1.0) * np.pi / 4.0
    return np.stack([np.cos(angle) * sound, np.sin(angle) * sound])


def _smoothed(signal: Signal, width_frames: int) -> Signal:
    """Mean over `width_frames` around each frame."""
    total = np.cumsum(np.pad(signal, (width_frames // 2 + 1, width_frames - width_frames // 2)))
    return np.asarray((total[width_frames:] - total[:-width_frames])[: signal.size] / width_frames)
