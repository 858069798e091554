"""A mix in memory: tracks with their settings, rendered to stereo."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike

from mixdown import _core
from mixdown import audio as files
from mixdown._core import GraphError, ParameterError, ShapeError
from mixdown.audio import Audio
from mixdown.effects import Effect, PanLaw, without_infinities

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames there are."""

#: Frames rendered between two calls of the progress function.
_STEP_FRAMES = 65_536
#: A tail is looked at in steps of this, in s.
_TAIL_GRID_S = 0.1
#: A tail ends where a whole step lies below this, -120 dBFS.
_TAIL_FLOOR = 1e-6
#: Longest tail, in s.
_MAX_TAIL_S = 60.0


@dataclass
class Track:
    """One strip of a :class:`Mix`. Its settings may be changed until the mix is rendered.

    Parameters
    ----------
    name : str
        What the mix calls it.
    audio : array, shape (1 or 2, frames)
        At the mix's rate.
    fader_db : float
        Level, -inf to 12; at -144 and below silence.
    pan : float
        -1 to 1: pan of a mono track, balance of a stereo one.
    pan_law : str
        As in :class:`Pan`.
    width : float
        Stereo width after the inserts, 0 to 2; mono tracks take 1 only.
    trim_db : float
        Level before the inserts, -24 to 24.
    invert_polarity : bool
        Turns the waveform upside down before the inserts.
    inserts : sequence of effects
        First to last.
    mute, solo : bool
        As long as any track is soloed, only soloed ones are heard.
    """

    name: str
    audio: Audio
    fader_db: float = 0.0
    pan: float = 0.0
    pan_law: PanLaw = "constant_power"
    width: float = 1.0
    trim_db: float = 0.0
    invert_polarity: bool = False
    inserts: Sequence[Effect] = ()
    mute: bool = False
    solo: bool = False

    def __post_init__(self) -> None:
        self._check()

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a setting at once, and keep the old one."""
        if name not in {entry.name for entry in dataclasses.fields(self)}:
            raise ParameterError(f"a track has no parameter {name}")
        before = self.__dict__.get(name)
        ready = all(entry.name in self.__dict__ for entry in dataclasses.fields(self))
        object.__setattr__(self, name, value)
        if ready:
            try:
                self._check()
            except Exception:
                object.__setattr__(self, name, before)
                raise

    def _check(self) -> None:
        self.add_to(_core.Mixer(48_000.0))

    def add_to(self, mixer: _core.Mixer) -> None:
        """Add the strip to a running mixer."""
        mixer.add_track(self.name, self.audio.shape[0], _settings(self, mixer.sample_rate_hz, skip=("name", "audio")))


@dataclass
class Master:
    """The master strip of a :class:`Mix`.

    Parameters
    ----------
    inserts : sequence of effects
        On the stereo bus, first to last.
    fader_db : float
        Level after them, -inf to 12.
    """

    inserts: Sequence[Effect] = ()
    fader_db: float = 0.0

    def set_on(self, mixer: _core.Mixer) -> None:
        """Set the strip of a running mixer."""
        mixer.set_master(_settings(self, mixer.sample_rate_hz))


def _settings(strip: Track | Master, sample_rate_hz: float, skip: Sequence[str] = ()) -> str:
    """Return a strip's settings as JSON text."""
    plain: dict[str, Any] = {}
    for entry in dataclasses.fields(strip):
        if entry.name in skip:
            continue
        value = getattr(strip, entry.name)
        if entry.name == "inserts":
            for position, effect in enumerate(value):
                if not isinstance(effect, Effect):
                    raise TypeError(f"inserts[{position}] = {effect!r} is not an effect")
            value = [effect._engine(sample_rate_hz) for effect in value]
        elif str(entry.type) == "float":
            value = float(value)
            if math.isnan(value) or (math.isinf(value) and entry.name != "fader_db"):
                raise ParameterError(f"{entry.name} is not a finite number")
        elif str(entry.type) == "bool":
            value = bool(value)
        plain[entry.name] = value
    return json.dumps(without_infinities(plain))


class Mix:
    """Tracks through faders, pans and inserts onto a stereo bus.

    Parameters
    ----------
    sample_rate_hz : float, default 48 000
        Rate of the mix; tracks of other rates are resampled.

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> mix = md.Mix(sample_rate_hz=48_000)
    >>> _ = mix.track("left", np.full(480, 0.5), pan=-1)
    >>> _ = mix.track("right", np.full(480, 0.25), pan=1, fader_db=-6.0206)
    >>> mix.render(tail="none")[:, 100].round(4).tolist()
    [0.5, 0.125]
    """

    def __init__(self, *, sample_rate_hz: float = 48_000.0) -> None:
        _core.Mixer(sample_rate_hz)
        self._sample_rate_hz = float(sample_rate_hz)
        self._tracks: dict[str, Track] = {}
        self._master = Master()

    @property
    def sample_rate_hz(self) -> float:
        """Rate of the mix in Hz."""
        return self._sample_rate_hz

    def track(
        self,
        name: str,
        audio: ArrayLike | tuple[ArrayLike, float],
        *,
        sample_rate_hz: float | None = None,
        fader_db: float = 0.0,
        pan: float = 0.0,
        pan_law: PanLaw = "constant_power",
        width: float = 1.0,
        trim_db: float = 0.0,
        invert_polarity: bool = False,
        inserts: Sequence[Effect] = (),
        mute: bool = False,
        solo: bool = False,
    ) -> Track:
        """Add a track.

        Parameters
        ----------
        name : str
            Unique in the mix.
        audio : array, shape (frames,), (1, frames) or (2, frames), or what :func:`read` returned
            float32 or float64; non-finite samples are refused.
        sample_rate_hz : float, optional
            Rate of `audio`; by default the mix's, or the one :func:`read` returned.
        fader_db, pan, pan_law, width, trim_db, invert_polarity, inserts, mute, solo
            See :class:`Track`.

        Returns
        -------
        Track
            Also ``mix[name]``.

        Raises
        ------
        GraphError
            If there is a track of this name.
        ParameterError, ShapeError, TypeError
            For what does not fit; the mix is unchanged then.
        """
        if not isinstance(name, str) or not name:
            raise ParameterError(f"name = {name!r} is not allowed: it must be a text that is not empty")
        if name in self._tracks:
            raise GraphError(f'there is a strip named "{name}" already: names must differ')
        if isinstance(audio, tuple):
            audio, rate_hz = audio
            sample_rate_hz = rate_hz if sample_rate_hz is None else sample_rate_hz
        samples = _track_audio(name, cast(ArrayLike, audio))
        samples = files.resample(samples, sample_rate_hz or self._sample_rate_hz, self._sample_rate_hz)
        self._tracks[name] = Track(
            name,
            samples,
            fader_db=fader_db,
            pan=pan,
            pan_law=pan_law,
            width=width,
            trim_db=trim_db,
            invert_polarity=invert_polarity,
            inserts=inserts,
            mute=mute,
            solo=solo,
        )
        return self._tracks[name]

    def master(self, *, inserts: Sequence[Effect] = (), fader_db: float = 0.0) -> None:
        """Set the master strip.

        Parameters
        ----------
        inserts : sequence of effects
            On the stereo bus, first to last.
        fader_db : float, default 0
            Level after them, -inf to 12.
        """
        master = Master(tuple(inserts), fader_db)
        master.set_on(_core.Mixer(self._sample_rate_hz))
        self._master = master

    def __getitem__(self, name: str) -> Track:
        try:
            return self._tracks[name]
        except KeyError:
            raise GraphError(f'there is no strip named "{name}"') from None

    def __len__(self) -> int:
        return len(self._tracks)

    def __iter__(self) -> Iterator[Track]:
        return iter(self._tracks.values())

    def render(self, tail: Literal["none", "auto"] | float = "auto", progress: Progress | None = None) -> Audio:
        """Mix all tracks.

        Parameters
        ----------
        tail : "none", "auto" or seconds, default "auto"
            How much longer than the longest track the mix is: "auto" until 100 ms lie below -120 dBFS, on a grid of
            100 ms, at most 60 s.
        progress : function, optional
            Called with the frames done and the frames of the longest track.

        Returns
        -------
        array, shape (2, frames)
            float64 if any track is, else float32. Shorter tracks end in silence; the latency is taken out.
        """
        if not self._tracks:
            raise GraphError("the mix has no tracks")
        tracks = list(self._tracks.values())
        dtype = np.result_type(*(track.audio.dtype for track in tracks))
        mixer = _core.Mixer(self._sample_rate_hz, dtype.name)
        for track in tracks:
            track.add_to(mixer)
        self._master.set_on(mixer)

        frames = max(track.audio.shape[1] for track in tracks)
        grid = round(_TAIL_GRID_S * self._sample_rate_hz)
        total = frames + _fixed_tail_frames(tail, self._sample_rate_hz) + mixer.latency_frames
        parts = []
        for start in range(0, total, _STEP_FRAMES):
            stop = min(start + _STEP_FRAMES, total)
            parts.append(mixer.process([_excerpt(track.audio, start, stop, dtype) for track in tracks]))
            if progress is not None:
                progress(min(stop, frames), frames)
        if tail == "auto":
            parts += self._ring_out(mixer, [np.zeros((track.audio.shape[0], grid), dtype) for track in tracks])
        return cast(Audio, np.concatenate(parts, axis=1)[:, mixer.latency_frames :])

    @staticmethod
    def _ring_out(mixer: _core.Mixer, silence: list[Audio]) -> list[Audio]:
        """What still sounds after the tracks, step by step, up to the last step that is not quiet.

        A gap in the tail, as a predelay leaves it, does not end it.
        """
        longest = round(_MAX_TAIL_S / _TAIL_GRID_S)
        tail_frames, grid = mixer.tail_frames, silence[0].shape[1]
        steps = longest if tail_frames is None else min(-(-tail_frames // grid), longest)
        parts = [mixer.process(silence) for _ in range(steps)]
        while parts and np.max(np.abs(parts[-1])) < _TAIL_FLOOR:
            parts.pop()
        return parts


def _fixed_tail_frames(tail: str | float, sample_rate_hz: float) -> int:
    if tail in ("none", "auto"):
        return 0
    if isinstance(tail, str) or not 0 <= tail <= _MAX_TAIL_S:
        raise ParameterError(f'tail = {tail!r} is not allowed: "none", "auto" or seconds, 0..60')
    return round(tail * sample_rate_hz)


def _excerpt(audio: Audio, start: int, stop: int, dtype: np.dtype[Any]) -> Audio:
    """Frames start..stop of a track, silence beyond its end."""
    part = np.zeros((audio.shape[0], stop - start), dtype)
    inside = audio[:, start:stop]
    part[:, : inside.shape[1]] = inside
    return part


def _track_audio(name: str, audio: ArrayLike) -> Audio:
    samples = np.asarray(audio)
    if samples.dtype not in (np.float32, np.float64):
        raise TypeError(f"audio of {name!r} is {samples.dtype}: float32 or float64; mixdown.to_float converts")
    if samples.ndim == 1:
        samples = samples[np.newaxis]
    if samples.ndim != 2 or samples.shape[0] not in (1, 2):
        hint = ": pass audio.T" if samples.ndim == 2 and samples.shape[1] in (1, 2) else ""
        raise ShapeError(f"audio of {name!r} has shape {samples.shape}: a track is (1 or 2, frames){hint}")
    bad = samples.size - int(np.count_nonzero(np.isfinite(samples)))
    if bad:
        raise ParameterError(f"audio of {name!r} holds {bad} non-finite samples")
    return samples
