"""Convolution with impulse responses."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import math
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import AudioLike, Source
from mixdown._core import ParameterError, ShapeError
from mixdown.effects.effect import Effect
from mixdown.effects.setting import Setting
from mixdown.files import read

ConvolutionLayout = Literal["auto", "mono", "stereo", "true_stereo"]
"""Routing of the rows of an impulse response."""


@dataclass(frozen=True, repr=False)
class ImpulseResponse(Setting):
    """An impulse response as a value: it compares, hashes and pickles by its samples.

    Parameters
    ----------
    samples : array, float32 or float64, shape (rows, frames) or (frames,)
        1, 2 or 4 rows. ``numpy.asarray`` gives them back.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> response = md.ImpulseResponse(np.array([1.0, 0.0, 0.5]))
    >>> response
    <1 x 3 float64, sha256 c50c370bea32>
    >>> np.asarray(response)
    array([[1. , 0. , 0.5]])
    """

    rows: int
    encoding: Literal["f32", "f64"]
    #: Row after row, little-endian.
    samples: bytes

    def __init__(
        self,
        samples: AudioLike | bytes | str,
        *,
        rows: int | None = None,
        encoding: Literal["f32", "f64"] | None = None,
    ) -> None:
        if isinstance(samples, (bytes, str)):
            content = _decoded(samples) if isinstance(samples, str) else samples
            rows, encoding = rows or 1, encoding or "f32"
        else:
            array = _response(samples)
            content = array.astype(array.dtype.newbyteorder("<"), order="C").tobytes()
            rows, encoding = array.shape[0], "f64" if array.dtype == np.float64 else "f32"
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "encoding", encoding)
        object.__setattr__(self, "samples", content)
        self.__post_init__()

    def _check(self) -> None:
        _checks.whole_number("rows", self.rows, 1, 4)
        size, row_bytes = len(self.samples), self.rows * _FORMATS[self.encoding].itemsize
        if self.rows == 3 or size == 0 or size % row_bytes:
            raise ShapeError(f"samples hold {size} bytes for {self.rows} rows: there are 1, 2 or 4 of the same length")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        array = np.frombuffer(self.samples, dtype=_FORMATS[self.encoding])
        return array.reshape(self.rows, -1).astype(dtype or array.dtype.newbyteorder("="))

    def __repr__(self) -> str:
        array = np.asarray(self)
        digest = hashlib.sha256(self.samples).hexdigest()[:12]
        return f"<{array.shape[0]} x {array.shape[1]} {array.dtype}, sha256 {digest}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, the samples in Base64.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> plain = md.ImpulseResponse(np.array([1.0, 0.5], np.float32)).to_dict()
        >>> plain
        {'type': 'ImpulseResponse', 'rows': 1, 'encoding': 'f32', 'samples': 'AACAPwAAAD8='}
        >>> np.asarray(md.from_dict(plain))
        array([[1. , 0.5]], dtype=float32)
        """
        return {**super().to_dict(), "samples": base64.b64encode(self.samples).decode()}

    def _engine(self, sample_rate_hz: float | None) -> dict[str, Any]:
        return {"rows": self.rows, "format": self.encoding, "samples": self.samples}


_FORMATS: dict[str, np.dtype[Any]] = {"f32": np.dtype("<f4"), "f64": np.dtype("<f8")}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ParameterError(f"samples = {_checks.shown(text)} is not Base64") from None


def _response(samples: AudioLike) -> NDArray[Any]:
    array = _checks.planar(samples, "impulse_response")
    if array.shape[0] not in (1, 2, 4):
        hint = "; if its rows are frames, pass impulse_response.T" if array.shape[0] > 4 else ""
        raise ShapeError(f"impulse_response has {array.shape[0]} rows: it must have 1, 2 or 4{hint}")
    if array.shape[1] == 0:
        raise ShapeError("impulse_response is empty (0 frames)")
    return array


@functools.lru_cache(maxsize=16)
def _from_file(path: str, modified_ns: int, size: int) -> tuple[ImpulseResponse, float]:
    samples, rate_hz = read(path)
    return ImpulseResponse(samples), rate_hz


#: Silence after a response whose rate is converted, in s: longer than the low pass of the conversion rings.
_PADDING_S = 0.02
#: Energy before its start that a converted response may lose, relative to that of its highest octave.
_LOST = 1e-10
#: Share of the energy at the end of a converted response that is dropped.
_NEGLIGIBLE = 1e-12
#: Longest response, in s.
_LONGEST_S = 30.0
#: Largest denominator of a ratio of rates: 30 s of response are then in time to 1e-5 frames.
_DENOMINATOR = 100_000
#: Pass and stop band of the low pass of the conversion, in units of half the lower rate, and its gain in the latter.
_EDGES, _STOP_BAND = (0.913, 1.0), 1e-7
#: Rate of the low pass's design in units of the lower rate, and its points: it is causal between frames, too.
_OVERSAMPLING, _POINTS = 8, 1 << 18


@functools.cache
def _low_pass() -> NDArray[np.complex128]:
    """Return the response of the conversion's low pass in minimum phase, by the cepstrum of its magnitude."""
    lower, upper = _EDGES
    frequencies = 2 * _OVERSAMPLING * np.arange(_POINTS // 2 + 1) / _POINTS
    # The integral of a Gauss curve: its kernel, a sinc under a Gauss curve, fades fastest.
    steps = 7.4 * (frequencies - 0.5 * (lower + upper)) / (upper - lower)
    magnitude = np.where(steps < 0, 1.0, 0.0)
    inside = np.abs(steps) < 6
    magnitude[inside] = [0.5 * math.erfc(step) for step in steps[inside]]
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, _STOP_BAND)))
    cepstrum[1 : _POINTS // 2] *= 2
    cepstrum[_POINTS // 2 + 1 :] = 0
    return np.exp(np.fft.rfft(cepstrum))


@functools.lru_cache(maxsize=16)
def _at_rate(response: ImpulseResponse, from_hz: float, to_hz: float) -> ImpulseResponse:
    """Convert the rate at the same frequency response, by transforms of the same duration at both rates.

    Cut to half of the lower rate, every sample rings, with zero phase also before it. Where that would be lost, because
    the response begins in its first samples, the low pass has minimum phase: it rings only behind them, and delays by
    3.3 frames of the lower rate, treble by some more.
    """
    samples = np.asarray(response, np.float64)
    ratio = Fraction(to_hz / from_hz).limit_denominator(_DENOMINATOR)
    padded = samples.shape[1] + 2 * math.ceil(_PADDING_S * from_hz)
    periods = -(-padded // ratio.denominator)
    points, converted_points = periods * ratio.denominator, periods * ratio.numerator
    spectra = np.fft.rfft(samples, points)[:, : min(points, converted_points) // 2 + 1]
    # In points of the design: up to half of the lower rate.
    positions = np.arange(spectra.shape[1]) * (_POINTS / _OVERSAMPLING / min(points, converted_points))
    low_pass = np.interp(positions, np.arange(_POINTS // 2 + 1), _low_pass())
    rows = np.fft.irfft(spectra * np.abs(low_pass), converted_points)
    highest_octave = np.sum(np.abs(spectra[:, spectra.shape[1] // 2 :]) ** 2) * 2 / converted_points
    # What precedes the start stands at the end of the period.
    if np.sum(rows[:, -math.ceil(_PADDING_S * to_hz) :] ** 2) > _LOST * highest_octave:
        rows = np.fft.irfft(spectra * low_pass, converted_points)
    # It rings on after its last sample, too.
    longest = math.ceil(samples.shape[1] * ratio) + math.ceil(_PADDING_S * to_hz)
    left = np.cumsum(np.sum(rows[:, longest - 1 :: -1] ** 2, axis=0))[::-1]
    ringing = int(np.count_nonzero(left > _NEGLIGIBLE * left[0]))
    frames = max(math.ceil(samples.shape[1] * ratio), min(ringing, int(_LONGEST_S * to_hz)))
    return ImpulseResponse(rows[:, :frames].astype(np.asarray(response).dtype))


@dataclass(frozen=True, kw_only=True)
class Convolution(Effect):
    """Convolution with an impulse response of a room, plate or loudspeaker. No latency at any block size.

    Parameters
    ----------
    impulse_response : array, what :func:`read` returned, or path
        1 row for every channel; 2 rows left to left and right to right, mono in makes stereo; 4 rows left to left,
        left to right, right to left, right to right. A running stream takes another one of as many rows, no longer
        than that of its start, both as trimmed and shortened.
    impulse_response_rate_hz : float, optional
        Rate of an array, if it is not that of the audio; it is then converted. A file and a recording from :func:`read`
        have their own. Level and colour stay within 0.01 dB up to 0.45 of the lower rate. A response that begins in
        silence of some ms keeps its waveform; one that begins at once is low-passed in minimum phase, so that nothing
        rings before its first sample, and comes 3 to 5 frames of the lower rate later, 0.1 ms at 44.1 kHz.
    layout : "auto", "mono", "stereo" or "true_stereo", default "auto"
        "auto" follows the number of rows, as above; the others refuse another number.
    predelay_ms : float, default 0
        Delay of the wet signal, 0 to 500 ms.
    trim_ms : float, default 0
        Start of the response that is dropped, 0 to 1000 ms, less than all of it.
    decay : float, default 1
        0.1 to 1: factor on the reverberation time that is measured on the response itself, which it shortens.
    mix : float, default 1
        0 to 1: (1 - mix) dry + mix wet.
    normalize : bool, default False
        Scales the response so that pink noise keeps its loudness; otherwise the taps are used unscaled.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> echo = md.Convolution(impulse_response=np.array([1.0, 0.0, 0.5]))
    >>> echo(np.array([1.0, 0.0, 0.0, 0.0, 0.25]), 48_000, tail=2 / 48_000).round(6) + 0.0
    array([1.   , 0.   , 0.5  , 0.   , 0.25 , 0.   , 0.125])
    """

    impulse_response: ImpulseResponse | str
    impulse_response_rate_hz: float | None = None
    layout: ConvolutionLayout = "auto"
    predelay_ms: float = 0.0
    trim_ms: float = 0.0
    decay: float = 1.0
    mix: float = 1.0
    normalize: bool = False

    def __init__(
        self,
        *,
        impulse_response: ImpulseResponse | Source | str | os.PathLike[str],
        impulse_response_rate_hz: float | None = None,
        layout: ConvolutionLayout = "auto",
        predelay_ms: float = 0.0,
        trim_ms: float = 0.0,
        decay: float = 1.0,
        mix: float = 1.0,
        normalize: bool = False,
    ) -> None:
        rate_hz, rate_name = impulse_response_rate_hz, "impulse_response_rate_hz"
        if rate_hz is not None:
            rate_hz = _checks.sample_rate(rate_hz, rate_name)
        given: Any = impulse_response
        if isinstance(given, (str, os.PathLike)):
            given = os.fspath(given)
            if rate_hz is not None:
                raise ParameterError(
                    f"{rate_name} = {_checks.plain(rate_hz)} is not allowed with a file, which knows its own"
                )
        elif not isinstance(given, ImpulseResponse):
            samples, own_hz = _checks.unpack(given, "impulse_response")
            if own_hz is not None and rate_hz not in (None, own_hz):
                raise ParameterError(
                    f"{rate_name} = {_checks.plain(rate_hz)} does not fit: it was recorded at {_checks.plain(own_hz)}"
                )
            given, rate_hz = ImpulseResponse(samples), own_hz if rate_hz is None else rate_hz
        object.__setattr__(self, "impulse_response", given)
        object.__setattr__(self, "impulse_response_rate_hz", rate_hz)
        object.__setattr__(self, "layout", layout)
        object.__setattr__(self, "predelay_ms", predelay_ms)
        object.__setattr__(self, "trim_ms", trim_ms)
        object.__setattr__(self, "decay", decay)
        object.__setattr__(self, "mix", mix)
        object.__setattr__(self, "normalize", normalize)
        self.__post_init__()

    def _loaded(self) -> tuple[ImpulseResponse, float | None]:
        if isinstance(self.impulse_response, ImpulseResponse):
            return self.impulse_response, self.impulse_response_rate_hz
        file = Path(self.impulse_response)
        try:
            state = file.stat()
            return _from_file(str(file), state.st_mtime_ns, state.st_size)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            kind = type(error) if isinstance(error, OSError) else ParameterError
            raise kind(f"impulse_response: {file}: {reason}") from None

    def _engine(self, sample_rate_hz: float | None) -> dict[str, Any]:
        response, rate_hz = self._loaded()
        if sample_rate_hz is not None and rate_hz is not None and rate_hz != sample_rate_hz:
            response = _at_rate(response, rate_hz, float(sample_rate_hz))
        plain = super()._engine(sample_rate_hz)
        del plain["impulse_response_rate_hz"]
        plain["impulse_response"] = response._engine(sample_rate_hz)
        return plain
