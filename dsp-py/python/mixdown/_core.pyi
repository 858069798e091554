"""Types of the compiled module; checked against it by stubtest."""

from collections.abc import Callable
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from mixdown._checks import AudioLike

__all__ = [
    "MAX_CHANNELS",
    "MAX_SAMPLE_RATE_HZ",
    "MAX_TAIL_S",
    "MIN_SAMPLE_RATE_HZ",
    "CorrelationMeter",
    "LevelMeter",
    "LoudnessMeter",
    "MixerError",
    "ParameterError",
    "ShapeError",
    "Spectra",
    "Stream",
    "album_loudness",
    "as_array",
    "as_audio",
    "ceiling_at",
    "check_band",
    "check_effect",
    "check_mix",
    "check_send",
    "check_strip",
    "deliver",
    "delivery_range",
    "design_error_db",
    "fader_levels_db",
    "fader_positions",
    "fields",
    "frequency_response",
    "gain_reduction",
    "kinds",
    "latency_frames",
    "limits",
    "match_to",
    "measure_mix",
    "mono_fold",
    "normalize",
    "playback_gain",
    "process",
    "quantize",
    "render_mix",
    "render_stems",
    "reverb_space",
    "takes_key",
    "targets",
    "tonal_balance",
    "tonal_curve",
    "tonal_hits",
    "tonal_target",
    "transfer_curve",
]

_Audio = NDArray[np.float32] | NDArray[np.float64]
#: Plain values by name: dicts, lists, numbers, words, bytes.
_Settings = dict[str, Any]

MAX_CHANNELS: Final[int]
MIN_SAMPLE_RATE_HZ: Final[float]
MAX_SAMPLE_RATE_HZ: Final[float]
MAX_TAIL_S: Final[float]

class ParameterError(ValueError): ...
class ShapeError(ValueError): ...
class MixerError(ValueError): ...

def as_array(value: AudioLike, name: str) -> NDArray[Any]: ...
def as_audio(value: AudioLike, name: str) -> _Audio: ...
def check_band(settings: _Settings) -> None: ...
def check_effect(settings: _Settings) -> None: ...
def check_mix(mix: _Settings, sample_rate_hz: float) -> None: ...
def check_send(settings: _Settings) -> None: ...
def check_strip(strip: _Settings, sample_rate_hz: float) -> None: ...
def process(
    settings: _Settings,
    audio: AudioLike,
    sample_rate_hz: float,
    key: AudioLike | None,
    tail: str | float,
    out: _Audio | None,
) -> _Audio: ...
def design_error_db(settings: _Settings, sample_rate_hz: float) -> float: ...
def latency_frames(settings: _Settings, sample_rate_hz: float, channels: int) -> int: ...
def frequency_response(
    settings: _Settings, frequencies_hz: NDArray[np.float64], sample_rate_hz: float
) -> NDArray[np.complex128] | None: ...
def gain_reduction(
    settings: _Settings, audio: AudioLike, sample_rate_hz: float, key: AudioLike | None
) -> NDArray[np.float64]: ...
def kinds() -> list[str]: ...
def fields(kind: str) -> list[_Settings]: ...
def reverb_space(space: str) -> _Settings: ...
def render_mix(
    mix: _Settings,
    tracks: list[_Audio],
    sample_rate_hz: float,
    tail: str | float,
    progress: Callable[[int, int], object] | None = None,
) -> _Audio: ...
def render_stems(
    mix: _Settings,
    tracks: list[_Audio],
    sample_rate_hz: float,
    of: str,
    tail: str | float,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, _Audio]: ...
def measure_mix(
    mix: _Settings,
    tracks: list[_Audio],
    sample_rate_hz: float,
    tail: str | float,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, _Settings]: ...
def takes_key(settings: _Settings) -> bool: ...
def transfer_curve(settings: _Settings, levels_db: NDArray[np.float64]) -> NDArray[np.float64]: ...

@final
class Stream:
    def __new__(
        cls,
        settings: _Settings,
        sample_rate_hz: float,
        channels: int,
        dtype: str = "float32",
        key_channels: int = 0,
    ) -> Stream: ...
    def process(self, block: AudioLike, key: AudioLike | None = None, out: _Audio | None = None) -> _Audio: ...
    def set(self, settings: _Settings) -> None: ...
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
class Spectra:
    def __new__(cls, audio: AudioLike, sample_rate_hz: float) -> Spectra: ...
    def __len__(self) -> int: ...

def limits(report: str) -> list[_Settings]: ...
def match_to(programme: Spectra, reference: Spectra, settings: _Settings, limits: _Settings) -> _Settings: ...
def tonal_balance(programme: Spectra, target: _Settings, limits: _Settings) -> _Settings: ...
def tonal_curve(
    name: str, frequencies_hz: list[float], levels_db: list[float], spread_db: list[float] | None
) -> _Settings: ...
def tonal_hits(percussion: float) -> _Settings: ...
def tonal_target(references: list[Spectra], limits: _Settings) -> _Settings: ...

@final
class LoudnessMeter:
    def __new__(cls, sample_rate_hz: float, channels: int, settings: _Settings) -> LoudnessMeter: ...
    def observe(self, block: AudioLike) -> None: ...
    def reading(self) -> _Settings: ...
    def reset(self) -> None: ...

@final
class LevelMeter:
    def __new__(cls, sample_rate_hz: float, channels: int, settings: _Settings) -> LevelMeter: ...
    def observe(self, block: AudioLike) -> None: ...
    def reading(self) -> _Settings: ...
    def reset(self) -> None: ...

@final
class CorrelationMeter:
    def __new__(cls, sample_rate_hz: float, channels: int, settings: _Settings) -> CorrelationMeter: ...
    def observe(self, block: AudioLike) -> None: ...
    def reading(self) -> _Settings: ...
    def reset(self) -> None: ...

def mono_fold(audio: AudioLike, sample_rate_hz: float) -> _Settings: ...
def fader_levels_db(positions: list[float], taper: str) -> list[float]: ...
def fader_positions(levels_db: list[float], taper: str) -> list[float]: ...
def album_loudness(meters: list[LoudnessMeter]) -> float: ...
def playback_gain(
    integrated_lufs: float, true_peak_dbtp: float, name: str, channels: int = 2, dual_mono: bool = False
) -> float: ...
def delivery_range(name: str) -> tuple[float, float]: ...
def ceiling_at(integrated_lufs: float, name: str) -> float: ...
def normalize(
    audio: AudioLike,
    sample_rate_hz: float,
    settings: _Settings,
    dual_mono: bool = False,
    progress: Callable[[float], object] | None = None,
) -> _Audio: ...
def deliver(
    audio: AudioLike,
    sample_rate_hz: float,
    settings: _Settings,
    progress: Callable[[float], object] | None = None,
    name: str = "",
) -> tuple[_Audio, _Settings]: ...
def quantize(
    audio: AudioLike, sample_rate_hz: float, settings: _Settings, name: str = ""
) -> tuple[NDArray[np.int32], int]: ...
def targets() -> list[_Settings]: ...
