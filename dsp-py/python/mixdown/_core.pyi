"""Types of the compiled module; checked against it by stubtest."""

from collections.abc import Callable
from typing import Any, Literal, Protocol, final

import numpy as np
from numpy.typing import NDArray

from mixdown._checks import AudioLike

__all__ = [
    "MixerError",
    "LoudnessMeter",
    "Mixer",
    "ParameterError",
    "ShapeError",
    "Stream",
    "album_loudness",
    "as_array",
    "as_audio",
    "ceiling_at",
    "check",
    "deliver",
    "frequency_response",
    "gain_reduction",
    "latency_frames",
    "normalize",
    "playback_gain",
    "process",
    "quantize",
    "reverb_space",
    "targets",
    "transfer_curve",
]

_Audio = NDArray[np.float32] | NDArray[np.float64]

class _Settings(Protocol):
    def _engine(self, sample_rate_hz: float | None) -> dict[str, Any]: ...

class ParameterError(ValueError): ...
class ShapeError(ValueError): ...
class MixerError(ValueError): ...

def as_array(value: AudioLike, name: str) -> NDArray[Any]: ...
def as_audio(value: AudioLike, name: str) -> _Audio: ...
def check(effect: _Settings) -> None: ...
def process(
    effect: _Settings,
    audio: AudioLike,
    sample_rate_hz: float,
    key: AudioLike | None,
    tail: str | float,
    out: _Audio | None,
) -> _Audio: ...
def latency_frames(effect: _Settings, sample_rate_hz: float, channels: int) -> int: ...
def frequency_response(
    effect: _Settings, frequencies_hz: NDArray[np.float64], sample_rate_hz: float
) -> NDArray[np.complex128]: ...
def gain_reduction(
    effect: _Settings, audio: AudioLike, sample_rate_hz: float, key: AudioLike | None
) -> NDArray[np.float64]: ...
def reverb_space(space: str) -> dict[str, Any]: ...
def transfer_curve(effect: _Settings, levels_db: NDArray[np.float64]) -> NDArray[np.float64]: ...

@final
class Stream:
    def __new__(
        cls,
        effect: _Settings,
        sample_rate_hz: float,
        channels: int,
        dtype: str = "float32",
        key_channels: int = 0,
    ) -> Stream: ...
    def process(self, block: AudioLike, key: AudioLike | None = None, out: _Audio | None = None) -> _Audio: ...
    def set(self, effect: _Settings) -> None: ...
    def reset(self) -> None: ...
    @property
    def latency_frames(self) -> int: ...
    @property
    def tail_frames(self) -> int | None: ...
    @property
    def faults(self) -> int: ...
    @property
    def gain_reduction_db(self) -> NDArray[np.float64]: ...

@final
class Mixer:
    def __new__(cls, sample_rate_hz: float, dtype: str = "float32") -> Mixer: ...
    def add_track(self, name: str, channels: int, settings: dict[str, Any]) -> None: ...
    def set_master(self, settings: dict[str, Any]) -> None: ...
    def process(self, blocks: list[_Audio]) -> _Audio: ...
    def reset(self) -> None: ...
    @property
    def sample_rate_hz(self) -> float: ...
    @property
    def latency_frames(self) -> int: ...
    @property
    def tail_frames(self) -> int | None: ...

@final
class LoudnessMeter:
    def __new__(
        cls,
        sample_rate_hz: float,
        channels: int,
        layout: str | None = None,
        weights: list[float] | None = None,
        dual_mono: bool = False,
        precision: str = "standard",
        memory: str = "exact",
    ) -> LoudnessMeter: ...
    def observe(self, block: AudioLike) -> None: ...
    def reading(self) -> dict[str, Any]: ...
    def reset(self) -> None: ...

def album_loudness(meters: list[LoudnessMeter]) -> float: ...
def playback_gain(
    integrated_lufs: float, true_peak_dbtp: float, name: str, channels: int = 2, dual_mono: bool = False
) -> float: ...
def ceiling_at(integrated_lufs: float, name: str) -> float: ...
def normalize(
    audio: AudioLike,
    sample_rate_hz: float,
    target_lufs: float,
    ceiling_dbtp: float,
    policy: str,
    dual_mono: bool = False,
    progress: Callable[[float], object] | None = None,
) -> tuple[_Audio, float, Literal["loudness", "ceiling"]]: ...
def deliver(
    audio: AudioLike,
    sample_rate_hz: float,
    target_lufs: float,
    ceiling_dbtp: float,
    bits: int,
    dither: str,
    dual_mono: bool = False,
    remove_dc: bool = True,
    progress: Callable[[float], object] | None = None,
) -> tuple[_Audio, dict[str, Any]]: ...
def quantize(audio: AudioLike, bits: int, dither: str) -> tuple[NDArray[np.int32], int]: ...
def targets() -> list[dict[str, Any]]: ...
