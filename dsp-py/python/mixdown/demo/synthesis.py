"""Building blocks of the instruments of the demo song: filters, strings and noise beds.

Filters are complex frequency responses of analogue prototypes, multiplied together and applied by FFT: the
shortest way to a causal filter without a loop over samples, and the same sound at every sample rate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]
Spectrum = NDArray[np.complex128]
Response = Callable[[Signal], Spectrum]
"""Maps frequencies in Hz to complex gains."""


class Session(NamedTuple):
    """Length and sample rate of the recording."""

    sample_rate_hz: float
    frames: int

    def silence(self, channels: int = 1) -> Signal:
        """An empty stem, shape ``(channels, frames)``."""
        return np.zeros((channels, self.frames))

    def time_s(self, length_s: float) -> Signal:
        """Times of the frames of a sound that lasts `length_s`."""
        return np.arange(round(length_s * self.sample_rate_hz)) / self.sample_rate_hz

    def place(self, stem: Signal, sound: Signal, start_s: float) -> None:
        """Add a sound to a stem, in place; what lies outside the stem is cut."""
        first = max(0, round(start_s * self.sample_rate_hz))
        last = min(self.frames, first + sound.shape[-1])
        stem[..., first:last] += sound[..., : last - first]


def frequency_hz(pitch: float) -> float:
    """Frequency of a MIDI note number in equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def loudness_of(velocity: float) -> float:
    """Amplitude of a stroke of velocity 0..1; 30 dB from a touch (0.1) to full force."""
    return float(velocity**1.5)


def fast_length(frames: int) -> int:
    """The least ``2**a`` or ``3 * 2**a`` that is at least `frames`, a good length for an FFT."""
    power = 1 << max(0, frames - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= frames else power


def bins_hz(length: int, sample_rate_hz: float) -> Signal:
    """Frequencies of the bins of a real FFT of `length` frames."""
    return np.arange(length // 2 + 1, dtype=np.float64) * (sample_rate_hz / length)


def low_pass(cutoff_hz: float, order: int = 2) -> Response:
    """Butterworth low-pass, -3 dB at the cutoff and -6 dB per detuning and order."""
    poles = np.exp(1j * np.pi * (2 * np.arange(order) + order + 1) / (2 * order))
    return lambda f: np.prod([-pole / (1j * f / cutoff_hz - pole) for pole in poles], axis=0)


def high_pass(cutoff_hz: float, order: int = 2) -> Response:
    """Butterworth high-pass, -3 dB at the cutoff, zero at 0 Hz."""
    poles = np.exp(1j * np.pi * (2 * np.arange(order) + order + 1) / (2 * order))
    return lambda f: np.prod([1j * f / (1j * f - pole * cutoff_hz) for pole in poles], axis=0)


def bell(centre_hz: float, gain_db: float, q: float) -> Response:
    """A peak or dip of `gain_db`, 0 dB far from the centre."""
    root = 10.0 ** (gain_db / 40.0)

    def response(f: Signal) -> Spectrum:
        detuning = 1j * (f / centre_hz - centre_hz / np.maximum(f, 1e-3))
        return np.asarray((detuning + root / q) / (detuning + 1.0 / (root * q)))

    return response


def cascade(*responses: Response) -> Response:
    """One response after the other."""
    return lambda f: np.prod([response(f) for response in responses], axis=0)


def filtered(signal: Signal, sample_rate_hz: float, response: Response) -> Signal:
    """Filter along the last axis by overlapping blocks; the length stays.

    Parameters
    ----------
    signal
        Shape ``(..., frames)``.
    response
        The filter. It may ring for 0.15 s, and for 10 ms before the signal: the edge of the band at half the
        sample rate makes an analogue prototype very slightly acausal.
    """
    frames = signal.shape[-1]
    block = fast_length(round(0.16 * sample_rate_hz))
    early = round(0.01 * sample_rate_hz)
    frequencies_hz = bins_hz(2 * block, sample_rate_hz)
    gains = response(frequencies_hz) * np.exp(-2j * np.pi * frequencies_hz * early / sample_rate_hz)
    output = np.zeros((*signal.shape[:-1], frames + 3 * block))
    for first in range(0, frames, block):
        piece = signal[..., first : first + block]
        if piece.any():
            output[..., first : first + 2 * block] += np.fft.irfft(np.fft.rfft(piece, 2 * block) * gains, 2 * block)
    return output[..., early : early + frames]


class PluckedString:
    """A plucked string: a delay line as long as one period, closed through a loss.

    Karplus & Strong (1983), "Digital synthesis of plucked-string and drum timbres", with the exact tuning and
    the pluck position of Jaffe & Smith (1983). The two-point average of the former loses about
    ``exp(-(pi f / fs)**2 / 2)`` on each trip; here the constant of that Gaussian is free, so the decay does
    not depend on pitch or sample rate. The loop is linear, so an FFT solves it, on a circle outside the unit
    circle where its ringing ends before it wraps round.

    Parameters
    ----------
    pitch
        MIDI note number.
    frames
        Length of the note.
    decay_s, treble_decay_s
        Time to -60 dB at 0 Hz and at 3 kHz.
    """

    def __init__(
        self, pitch: int, frames: int, sample_rate_hz: float, *, decay_s: float, treble_decay_s: float
    ) -> None:
        self._length = fast_length(frames)
        self._period_frames = sample_rate_hz / frequency_hz(pitch)
        growth = np.log(1e5) / self._length
        self._outward = np.exp(growth * np.arange(self._length))

        angle = 2.0 * np.pi * bins_hz(self._length, 1.0)
        treble = (angle * sample_rate_hz / (2.0 * np.pi * 3000.0)) ** 2
        loss_per_s = np.log(1000.0) * (1.0 / decay_s + (1.0 / treble_decay_s - 1.0 / decay_s) * treble)
        trip = np.exp(-self._period_frames * (loss_per_s / sample_rate_hz + growth + 1j * angle))
        self._loop = 1.0 / (1.0 - trip)

    def plucked(self, excitation: Signal, position: float) -> Signal:
        """The sound of one pluck.

        Parameters
        ----------
        excitation
            Excitation of the string by the pick, shape ``(frames,)``.
        position
            Where, as a fraction of the string from the bridge, 0..0.5.

        Returns
        -------
        Signal
            Shape ``(fast_length(frames),)``, peak 1.
        """
        bridge = round(position * self._period_frames)
        driven = np.zeros(self._length)
        driven[: excitation.size] += excitation
        driven[bridge : bridge + excitation.size] -= excitation
        sound = np.fft.irfft(np.fft.rfft(driven / self._outward) * self._loop, self._length) * self._outward
        return np.asarray(sound / np.max(np.abs(sound)))


def metal(
    session: Session,
    rng: np.random.Generator,
    response: Response,
    *,
    channels: int,
    band_hz: tuple[float, float],
) -> Signal:
    """The endless ringing of a struck cymbal: noise with many narrow, unrelated peaks.

    Parameters
    ----------
    response
        How it is coloured.
    band_hz
        Its 200 peaks lie in this band, denser towards the top, each about 20 dB above the noise, 12 Hz wide.

    Returns
    -------
    Signal
        Shape ``(channels, frames)``, RMS 1; it repeats every 5 s or so.
    """
    length = fast_length(round(5.0 * session.sample_rate_hz))
    frequencies_hz = bins_hz(length, session.sample_rate_hz)
    bin_hz = frequencies_hz[1]
    low_hz, high_hz = band_hz
    gain = np.ones(frequencies_hz.size)
    for centre_hz in low_hz + (high_hz - low_hz) * np.sqrt(rng.random(200)):
        near = slice(round((centre_hz - 60.0) / bin_hz), round((centre_hz + 60.0) / bin_hz))
        gain[near] += rng.uniform(4.0, 16.0) * np.exp(-0.5 * ((frequencies_hz[near] - centre_hz) / 12.0) ** 2)
    noise = rng.standard_normal((2, channels, gain.size))
    ringing = np.fft.irfft((noise[0] + 1j * noise[1]) * gain * response(frequencies_hz), length)
    ringing /= np.sqrt(np.mean(ringing**2))
    return np.tile(ringing, -(-session.frames // length))[:, : session.frames]


def smeared_harmonics(
    pitch: int, frames: int, sample_rate_hz: float, rng: np.random.Generator, *, spread_cents: float
) -> Signal:
    """The sound of a large ensemble in unison: a spectrum of blurred harmonics with random phases.

    The PADsynth algorithm (N. O. Paul, 2005): harmonic k is a Gaussian whose width grows with k, one inverse
    FFT makes it sound.

    Returns
    -------
    Signal
        Shape ``(2, frames)``, two independent ensembles, RMS 1.
    """
    length = fast_length(frames)
    bin_hz = sample_rate_hz / length
    fundamental_hz = frequency_hz(pitch)
    relative_width = 2.0 ** (spread_cents / 1200.0) - 1.0
    magnitude = np.zeros(length // 2 + 1)
    for harmonic in range(1, int(min(8000.0, 0.45 * sample_rate_hz) / fundamental_hz) + 1):
        centre_hz = harmonic * fundamental_hz
        width_hz = centre_hz * relative_width
        bins = np.arange(int((centre_hz - 5 * width_hz) / bin_hz), int((centre_hz + 5 * width_hz) / bin_hz) + 1)
        bins = bins[bins < magnitude.size]
        shape = np.exp(-0.5 * ((bins * bin_hz - centre_hz) / width_hz) ** 2) / np.sqrt(width_hz)
        magnitude[bins] += shape / harmonic
    phase = rng.uniform(0.0, 2.0 * np.pi, (2, magnitude.size))
    sound = np.fft.irfft(magnitude * np.exp(1j * phase), length)[:, :frames]
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


def released(sound: Signal, sample_rate_hz: float, length_s: float, release_s: float) -> Signal:
    """The sound damped from `length_s` on with time constant `release_s`, and faded over its last 5 ms."""
    frames = sound.shape[-1]
    late_s = np.arange(frames - min(frames, round(length_s * sample_rate_hz))) / sample_rate_hz
    damped = sound.copy()
    if late_s.size:
        damped[..., frames - late_s.size :] *= np.exp(-late_s / release_s) * np.clip(late_s[::-1] / 0.005, 0.0, 1.0)
    return damped
