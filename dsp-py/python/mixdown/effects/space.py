"""Rooms: reverbs and responses of real ones."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown import audio as files
from mixdown._checks import AudioLike, Source
from mixdown._core import ParameterError, ShapeError
from mixdown.effects.base import Effect, Setting

ConvolutionLayout = Literal["auto", "mono", "stereo", "true_stereo"]
"""Which row of an impulse response goes where."""

Space = Literal["room", "club", "chamber", "hall", "cathedral"]
"""What kind of room a reverb is."""


@dataclass(frozen=True, repr=False)
class ImpulseResponse(Setting):
    """An impulse response as a value: compares, hashes and pickles by its samples.

    Parameters
    ----------
    samples : array, float32 or float64, shape (rows, frames) or (frames,)
        1, 2 or 4 rows. ``numpy.asarray`` gives them back.
    """

    rows: int
    encoding: Literal["f32", "f64"]
    samples: str

    def __init__(
        self, samples: AudioLike | str, *, rows: int | None = None, encoding: Literal["f32", "f64"] | None = None
    ) -> None:
        if isinstance(samples, str):
            text, shape, kind = samples, rows or 1, encoding or "f32"
        else:
            array = _response(samples)
            kind = "f64" if array.dtype == np.float64 else "f32"
            shape = array.shape[0]
            text = base64.b64encode(array.astype(array.dtype.newbyteorder("<"), order="C").tobytes()).decode()
        object.__setattr__(self, "rows", shape)
        object.__setattr__(self, "encoding", kind)
        object.__setattr__(self, "samples", text)
        self.__post_init__()

    def _check(self) -> None:
        _checks.whole_number("rows", self.rows, 1, 4)
        try:
            size = len(base64.b64decode(self.samples, validate=True))
        except (binascii.Error, ValueError):
            raise ParameterError(f"samples = {_checks.shown(self.samples)} is not Base64") from None
        row_bytes = self.rows * (4 if self.encoding == "f32" else 8)
        if self.rows == 3 or size == 0 or size % row_bytes:
            raise ShapeError(f"samples hold {size} bytes for {self.rows} rows: there are 1, 2 or 4 of the same length")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        array = np.frombuffer(base64.b64decode(self.samples), dtype="<f4" if self.encoding == "f32" else "<f8")
        return array.reshape(self.rows, -1).astype(dtype or array.dtype.newbyteorder("="))

    def __repr__(self) -> str:
        array = np.asarray(self)
        digest = hashlib.sha256(self.samples.encode()).hexdigest()[:12]
        return f"<{array.shape[0]} x {array.shape[1]} {array.dtype}, sha256 {digest}>"

    def _engine(self, sample_rate_hz: float | None) -> dict[str, Any]:
        return {"rows": self.rows, "format": self.encoding, "samples": self.samples}


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
    samples, rate_hz = files.read(path)
    return ImpulseResponse(samples), rate_hz


@functools.lru_cache(maxsize=16)
def _at_rate(response: ImpulseResponse, from_hz: float, to_hz: float) -> ImpulseResponse:
    """Convert the rate and keep the frequency response: more samples add up to more, so each becomes smaller."""
    samples = np.asarray(response)
    return ImpulseResponse(files.resample(samples, from_hz, to_hz) * samples.dtype.type(from_hz / to_hz))


@dataclass(frozen=True, kw_only=True)
class Reverb(Effect):
    """An algorithmic reverb: early reflections, diffusion and 16 lines that feed each other. Always makes stereo.

    Parameters
    ----------
    space : str, default "hall"
        "room", "club", "chamber", "hall" or "cathedral": the shape of the room, and what is not given of the rest.
        ``replace(space=...)`` takes the rest from the new one.
    predelay_ms : float, default 5, 8, 12, 20, 40 by space
        Before anything is heard of it, 0 to 250.
    size : float, default 0.25, 0.35, 0.45, 0.6, 1 by space
        0 to 1.
    t60_s : float, default 0.5, 0.8, 1.3, 2.2, 6.5 by space
        Time to -60 dB between the two corners; times the highest ratio 0.1 to 18.
    t60_low_ratio, t60_high_ratio : float
        Time to -60 dB below the low and above the high corner, over `t60_s`: 0.2 to 3 and 0.1 to 1.5.
    low_frequency_hz, high_frequency_hz : float
        The corners, 50 to 1000 and 1000 to 16 000.
    diffusion : float
        How soon echoes become dense, 0 to 1.
    modulation_hz, modulation_depth_ms : float
        How fast and how far delays swing, 0 to 3 and 0 to 1.
    early_db : float
        Level of the early reflections beside the tail, -inf (off) to 12.
    width : float
        Factor on the side of what it adds, 0 (mono) to 2.
    freeze : bool, default False
        The tail stays, and nothing new comes in.
    mix : float, default 1
        (1 - mix) dry + mix wet.
    """

    space: Space = "hall"
    predelay_ms: float
    size: float
    t60_s: float
    t60_low_ratio: float
    t60_high_ratio: float
    low_frequency_hz: float
    high_frequency_hz: float
    diffusion: float
    modulation_hz: float
    modulation_depth_ms: float
    early_db: float
    width: float
    freeze: bool
    mix: float

    def __init__(
        self,
        *,
        space: Space = "hall",
        predelay_ms: float | None = None,
        size: float | None = None,
        t60_s: float | None = None,
        t60_low_ratio: float | None = None,
        t60_high_ratio: float | None = None,
        low_frequency_hz: float | None = None,
        high_frequency_hz: float | None = None,
        diffusion: float | None = None,
        modulation_hz: float | None = None,
        modulation_depth_ms: float | None = None,
        early_db: float | None = None,
        width: float | None = None,
        freeze: bool = False,
        mix: float = 1.0,
    ) -> None:
        given = {name: value for name, value in locals().items() if name in _REVERB_SETTINGS and value is not None}
        _checks.one_of("space", space, get_args(Space))
        for name, value in {**_core.reverb_space(space), **given}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def replace(self, **changes: Any) -> Self:
        """Return the same with other settings; another space refills all that is not given here.

        Parameters
        ----------
        **changes
            Parameters by name.
        """
        self._refuse_unknown(changes)
        kept = ("freeze", "mix") if "space" in changes else _REVERB_SETTINGS
        return type(self)(**{**{name: getattr(self, name) for name in kept}, **changes})


_REVERB_SETTINGS = frozenset(entry.name for entry in dataclasses.fields(Reverb))


@dataclass(frozen=True, kw_only=True)
class Plate(Effect):
    """A plate reverb after Dattorro: dense at once, bright, without a room around it. Always makes stereo.

    Parameters
    ----------
    decay : float, default 0.5
        What each half of the tank keeps, 0 to 0.99.
    predelay_ms : float, default 0
        Before anything is heard of it, 0 to 250.
    damping_hz : float, default 7000
        Corner of the low pass in the tank, 200 to 20 000.
    mix : float, default 1
        (1 - mix) dry + mix wet.
    """

    decay: float = 0.5
    predelay_ms: float = 0.0
    damping_hz: float = 7000.0
    mix: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Convolution(Effect):
    """Convolves with an impulse response: real rooms, plates, loudspeakers. No latency, whatever the block size.

    Parameters
    ----------
    impulse_response : array, what :func:`read` returned, or path
        1 row for every channel; 2 rows left to left and right to right, mono in makes stereo; 4 rows left to left,
        left to right, right to left, right to right.
    impulse_response_rate_hz : float, optional
        Rate of an array, if it is not that of the audio; it is then converted. A file and what :func:`read` returned
        know their own.
    layout : "auto", "mono", "stereo" or "true_stereo", default "auto"
        "auto" goes by the number of rows, as above; the others refuse another number.
    predelay_ms : float, default 0
        Before the response begins, 0 to 500.
    mix : float, default 1
        (1 - mix) dry + mix wet.
    normalize : bool, default False
        Brings the response to a level that leaves pink noise as loud as it was; else taps are used as they are.
    """

    impulse_response: ImpulseResponse | str
    impulse_response_rate_hz: float | None = None
    layout: ConvolutionLayout = "auto"
    predelay_ms: float = 0.0
    mix: float = 1.0
    normalize: bool = False

    def __init__(
        self,
        *,
        impulse_response: ImpulseResponse | Source | str | os.PathLike[str],
        impulse_response_rate_hz: float | None = None,
        layout: ConvolutionLayout = "auto",
        predelay_ms: float = 0.0,
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
                raise ParameterError(f"{rate_name} = {rate_hz:g} is not allowed with a file, which knows its own")
        elif not isinstance(given, ImpulseResponse):
            samples, own_hz = _checks.unpack(given, "impulse_response")
            if own_hz is not None and rate_hz not in (None, own_hz):
                raise ParameterError(f"{rate_name} = {rate_hz:g} does not fit: it was recorded at {own_hz:g}")
            given, rate_hz = ImpulseResponse(samples), own_hz if rate_hz is None else rate_hz
        object.__setattr__(self, "impulse_response", given)
        object.__setattr__(self, "impulse_response_rate_hz", rate_hz)
        object.__setattr__(self, "layout", layout)
        object.__setattr__(self, "predelay_ms", predelay_ms)
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
