"""A mix in memory: tracks with their settings, rendered to stereo."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast, get_args, overload

import numpy as np

from mixdown import _checks, _core
from mixdown import audio as files
from mixdown._checks import Source
from mixdown._core import MixerError, ParameterError, ShapeError
from mixdown.audio import Audio
from mixdown.effects import Effect, PanLaw

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames there are."""

#: Frames rendered between two calls of the progress function.
_STEP_FRAMES = 65_536
#: A tail is looked at in steps of this, in s.
_TAIL_GRID_S = 0.1
#: A tail ends where a whole step lies below this, -120 dBFS.
_TAIL_FLOOR = 1e-6
#: Name of the master strip; no track has it.
_MASTER = "master"
#: Rate at which a strip is checked that is in no mix yet, in Hz.
_CHECK_RATE_HZ = 48_000.0

_Default = TypeVar("_Default")


class _Strip:
    """Settings that may be changed: each is checked, and made a plain value, wherever it comes in."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_complete", True)
        self._check()

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a setting at once, and keep the old one."""
        known = [entry.name for entry in dataclasses.fields(cast(Any, self))]
        if name not in known:
            raise _checks.unknown(f"a {type(self).__name__.lower()}", name, known)
        plain = self._plain(name, value)
        if "_complete" not in self.__dict__:
            object.__setattr__(self, name, plain)
            return
        before = getattr(self, name)
        object.__setattr__(self, name, plain)
        try:
            self._check()
        except BaseException:
            object.__setattr__(self, name, before)
            raise

    def __delattr__(self, name: str) -> None:
        raise ParameterError(f"{name} cannot be deleted: a {type(self).__name__.lower()} always has it")

    def _check(self) -> None:
        """Refuse what the engine refuses."""

    def _plain(self, name: str, value: Any) -> Any:
        """Return the value of a setting as it is kept."""
        if name == "inserts":
            effects = _checks.items(name, value, "effects")
            for position, effect in enumerate(effects):
                if not isinstance(effect, Effect):
                    raise TypeError(f"inserts[{position}] = {_checks.shown(effect)} is not an effect")
            return tuple(effects)
        if name in ("invert_polarity", "mute", "solo"):
            return _checks.flag(name, value)
        if name == "pan_law":
            return _checks.one_of(name, value, get_args(PanLaw))
        return _checks.number(name, value)

    def _settings(self, sample_rate_hz: float) -> dict[str, Any]:
        """Return what the compiled half reads."""
        plain = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(cast(Any, self))}
        return {**plain, "inserts": [effect._engine(sample_rate_hz) for effect in plain["inserts"]]}


@dataclass(eq=False, repr=False)
class Track(_Strip):
    """One strip of a :class:`Mix`. Its settings may be changed until the mix is rendered.

    Parameters
    ----------
    name : str
        What the mix calls it. Setting it is :meth:`Mix.rename`.
    audio : array, shape (frames,), (1, frames) or (2, frames), or what :func:`read` returned
        float32 or float64; non-finite samples are refused. It is copied, converted to the mix's rate if it comes with
        another, and kept read-only, (1 or 2, frames): a change is another array.
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
        First to last; kept as a tuple.
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
    inserts: tuple[Effect, ...] = ()
    mute: bool = False
    solo: bool = False

    def __setattr__(self, name: str, value: Any) -> None:
        mix = self._mix
        if name == "name" and mix is not None:
            mix.rename(self.name, value)
        else:
            super().__setattr__(name, value)

    @property
    def _mix(self) -> Mix | None:
        """The mix that it is in. A copy is in none."""
        mix: Mix | None = self.__dict__.get("_owner")
        return mix if mix is not None and mix._tracks.get(self.name) is self else None

    def _rate_hz(self) -> float | None:
        mix = self.__dict__.get("_owner")
        return None if mix is None else cast(float, mix.sample_rate_hz)

    def _plain(self, name: str, value: Any) -> Any:
        if name == "name":
            return _name(value)
        if name == "audio":
            return _track_audio(self.name, value, None, self._rate_hz())
        return super()._plain(name, value)

    def _check(self) -> None:
        self.add_to(_core.Mixer(self._rate_hz() or _CHECK_RATE_HZ))

    def _settings(self, sample_rate_hz: float) -> dict[str, Any]:
        plain = super()._settings(sample_rate_hz)
        del plain["name"], plain["audio"]
        return plain

    def add_to(self, mixer: _core.Mixer) -> None:
        """Add the strip to a running mixer."""
        mixer.add_track(self.name, self.audio.shape[0], self._settings(mixer.sample_rate_hz))

    def __repr__(self) -> str:
        channels, frames = self.audio.shape
        rate_hz = self._rate_hz()
        length = f"{frames} frames" if rate_hz is None else f"{frames / rate_hz:.2f} s"
        said = [f"{'mono' if channels == 1 else 'stereo'}, {length}, fader {_checks.figure(self.fader_db)} dB"]
        defaults = {entry.name: entry.default for entry in dataclasses.fields(self)}
        for name in ("pan", "pan_law", "width", "trim_db", "invert_polarity", "mute", "solo"):
            if getattr(self, name) != defaults[name]:
                said.append(f"{name} {getattr(self, name)}")
        if self.inserts:
            said.append(f"inserts {' > '.join(effect._name for effect in self.inserts)}")
        return f"<Track {_checks.shown(self.name)}: {', '.join(said)}>"


@dataclass(eq=False)
class Master(_Strip):
    """The master strip of a :class:`Mix`.

    Parameters
    ----------
    inserts : sequence of effects
        On the stereo bus, first to last.
    fader_db : float
        Level after them, -inf to 12.
    """

    inserts: tuple[Effect, ...] = ()
    fader_db: float = 0.0

    def set_on(self, mixer: _core.Mixer) -> None:
        """Set the strip of a running mixer."""
        mixer.set_master(self._settings(mixer.sample_rate_hz))


class Mix(Mapping[str, Track]):
    """Tracks through faders, pans and inserts onto a stereo bus; a mapping of names to tracks.

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

    @_checks.named
    def __init__(self, *, sample_rate_hz: float = 48_000.0) -> None:
        self._sample_rate_hz = _checks.sample_rate(sample_rate_hz)
        self._tracks: dict[str, Track] = {}
        self._master = Master()

    @property
    def sample_rate_hz(self) -> float:
        """Rate of the mix in Hz."""
        return self._sample_rate_hz

    @_checks.named
    def track(
        self,
        name: str,
        audio: Source,
        *,
        sample_rate_hz: float | None = None,
        fader_db: float = 0.0,
        pan: float = 0.0,
        pan_law: PanLaw = "constant_power",
        width: float = 1.0,
        trim_db: float = 0.0,
        invert_polarity: bool = False,
        inserts: Iterable[Effect] = (),
        mute: bool = False,
        solo: bool = False,
    ) -> Track:
        """Add a track.

        Parameters
        ----------
        name : str
            Unique in the mix.
        audio : array, shape (frames,), (1, frames) or (2, frames), or what :func:`read` returned
            float32 or float64; non-finite samples are refused. It is copied.
        sample_rate_hz : float, optional
            Rate of `audio`, which is converted to the mix's; by default the mix's, or the one :func:`read` returned.
        fader_db, pan, pan_law, width, trim_db, invert_polarity, inserts, mute, solo
            See :class:`Track`.

        Returns
        -------
        Track
            Also ``mix[name]``.

        Raises
        ------
        MixerError
            If there is a track of this name.
        ParameterError, ShapeError, TypeError
            For what does not fit; the mix is unchanged then.
        """
        self._refuse_taken(_name(name))
        track = Track(
            name,
            _track_audio(name, audio, sample_rate_hz, self._sample_rate_hz),
            fader_db=fader_db,
            pan=pan,
            pan_law=pan_law,
            width=width,
            trim_db=trim_db,
            invert_polarity=invert_polarity,
            inserts=cast(Any, inserts),
            mute=mute,
            solo=solo,
        )
        object.__setattr__(track, "_owner", self)
        # What a strip takes may depend on the mix's rate.
        track._check()
        self._tracks[name] = track
        return self._tracks[name]

    @_checks.named
    def master(self, *, inserts: Iterable[Effect] = (), fader_db: float = 0.0) -> None:
        """Set the master strip.

        Parameters
        ----------
        inserts : sequence of effects
            On the stereo bus, first to last.
        fader_db : float, default 0
            Level after them, -inf to 12.
        """
        master = Master(cast(Any, inserts), fader_db)
        master.set_on(_core.Mixer(self._sample_rate_hz))
        self._master = master

    def rename(self, old: str, new: str) -> None:
        """Give a track another name. Its place in the order stays.

        Parameters
        ----------
        old, new : str

        Raises
        ------
        MixerError
            If there is no track `old`, or a strip `new` already; nothing changes then.
        """
        track = self[old]
        if _name(new) == old:
            return
        self._refuse_taken(new)
        self._tracks = {new if name == old else name: track for name, track in self._tracks.items()}
        object.__setattr__(track, "name", new)

    def _refuse_taken(self, name: str) -> None:
        if name in self._tracks or name == _MASTER:
            raise MixerError(f'there is a strip named "{name}" already: names must differ')

    def __getitem__(self, name: str) -> Track:
        track = self._tracks.get(name) if isinstance(name, str) else None
        if track is None:
            raise MixerError(f"there is no strip named {_shown(name)}")
        return track

    def __delitem__(self, name: str) -> None:
        del self._tracks[self[name].name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._tracks

    def __len__(self) -> int:
        return len(self._tracks)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._tracks))

    @overload
    def get(self, name: str) -> Track | None: ...
    @overload
    def get(self, name: str, default: _Default) -> Track | _Default: ...
    def get(self, name: str, default: object = None) -> object:
        """Return the track called `name`, or `default`."""
        return self._tracks.get(name, default) if isinstance(name, str) else default

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        names = ", ".join(map(_checks.shown, self)) if len(self) <= 8 else ""
        tracks = f"{len(self)} track{'' if len(self) == 1 else 's'}"
        return f"<Mix: {self._sample_rate_hz:g} Hz, {tracks}{': ' + names if names else ''}>"

    @_checks.named
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
            raise MixerError("the mix has no tracks")
        tracks = list(self._tracks.values())
        dtype = np.result_type(*(track.audio.dtype for track in tracks))
        mixer = _core.Mixer(self._sample_rate_hz, dtype.name)
        for track in tracks:
            track.add_to(mixer)
        self._master.set_on(mixer)

        frames = max(track.audio.shape[1] for track in tracks)
        grid = round(_TAIL_GRID_S * self._sample_rate_hz)
        seconds = _checks.tail(tail)
        extra = 0 if isinstance(seconds, str) else round(seconds * self._sample_rate_hz)
        total = frames + extra + mixer.latency_frames
        # So that a mix of no frames has channels and a format too.
        parts = [np.zeros((2, 0), dtype)]
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
        longest = round(_checks.MAX_TAIL_S / _TAIL_GRID_S)
        tail_frames, grid = mixer.tail_frames, silence[0].shape[1]
        steps = longest if tail_frames is None else min(-(-tail_frames // grid), longest)
        parts = [mixer.process(silence) for _ in range(steps)]
        while parts and np.max(np.abs(parts[-1])) < _TAIL_FLOOR:
            parts.pop()
        return parts


def _excerpt(audio: Audio, start: int, stop: int, dtype: np.dtype[Any]) -> Audio:
    """Frames start..stop of a track, silence beyond its end."""
    part = np.zeros((audio.shape[0], stop - start), dtype)
    inside = audio[:, start:stop]
    part[:, : inside.shape[1]] = inside
    return part


def _name(value: Any) -> str:
    """Return what a strip may be called."""
    if not isinstance(value, str):
        raise TypeError(f"name = {_checks.shown(value)} is not a text")
    if not value:
        raise ParameterError(f"name = {value!r} is not allowed: it must be a text that is not empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ParameterError(f"name = {_checks.shown(value)} is not allowed: it must be Unicode text") from None
    return str(value)


def _shown(name: object) -> str:
    return f'"{name}"' if isinstance(name, str) else _checks.shown(name)


def _track_audio(name: str, source: Source, rate_hz: float | None, to_hz: float | None) -> Audio:
    """Return a track's audio as it is kept: a copy, at the mix's rate, that nothing changes afterwards."""
    called = f"audio of {name!r}"
    samples, own_hz = _checks.unpack(source, called)
    if rate_hz is not None:
        samples, own_hz = _checks.recording(source, rate_hz, called)
    audio = _checks.planar(samples, called)
    if audio.shape[0] not in (1, 2):
        hint = ": pass audio.T" if audio.shape[1] in (1, 2) else ""
        raise ShapeError(f"{called} has shape {audio.shape}: a track is (1 or 2, frames){hint}")
    _checks.finite(audio, called)
    if own_hz is not None and to_hz is not None:
        audio = files.resample(audio, own_hz, to_hz)
    kept = cast(Audio, np.array(audio, order="C"))
    kept.flags.writeable = False
    return kept
