"""A mix in memory: tracks with their settings, rendered to stereo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar, cast, overload

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._core import MixerError
from mixdown.effects import Effect, PanLaw
from mixdown.session.strips import MASTER, Master, Track, strip_name, track_audio

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames there are."""

_Default = TypeVar("_Default")


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
            For arguments that do not fit; the mix is unchanged then.
        """
        self._refuse_taken(strip_name(name))
        track = Track(
            name,
            track_audio(name, audio, sample_rate_hz, self._sample_rate_hz),
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
        object.__setattr__(track, "_mix", self)
        # Legal settings of a strip may depend on the rate of the mix.
        track._check()
        self._tracks[name] = track
        return self._tracks[name]

    @_checks.named
    def master(self, *, inserts: Iterable[Effect] = (), fader_db: float = 0.0) -> None:
        """Set the master strip.

        Parameters
        ----------
        inserts : sequence of effects, default none
            On the stereo bus, first to last.
        fader_db : float, default 0
            Level after them, -inf to 12 dB.
        """
        master = Master(cast(Any, inserts), fader_db)
        master.check_at(self._sample_rate_hz)
        self._master = master

    def rename(self, old: str, new: str) -> None:
        """Rename a track. The order of tracks stays.

        Parameters
        ----------
        old, new : str

        Raises
        ------
        MixerError
            If there is no track `old`, or a strip `new` already; nothing changes then.
        """
        track = self[old]
        if strip_name(new) == old:
            return
        self._refuse_taken(new)
        self._tracks = {new if name == old else name: track for name, track in self._tracks.items()}
        object.__setattr__(track, "name", new)

    def _refuse_taken(self, name: str) -> None:
        if name in self._tracks or name == MASTER:
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
            Length of the mix beyond the longest track: "auto" until 100 ms are below -120 dBFS, on a grid of
            100 ms, at most 60 s. A single effect, which keeps the length of its input, has "none" by default.
        progress : function, optional
            Called with the frames done and the frames of the longest track. What it raises ends the work.

        Returns
        -------
        array, shape (2, frames)
            float64 if any track is, else float32. Shorter tracks end in silence; the latency is removed.
        """
        if not self._tracks:
            raise MixerError("the mix has no tracks")
        tracks = list(self._tracks.values())
        dtype = np.result_type(*(track.audio.dtype for track in tracks))
        rate_hz = self._sample_rate_hz
        given = [(track.name, track.audio.astype(dtype, copy=False), track._engine(rate_hz)) for track in tracks]
        master = self._master._engine(rate_hz)
        for effect in (*(effect for track in tracks for effect in track.inserts), *self._master.inserts):
            effect._warn(rate_hz)
        return _core.render_mix(given, master, rate_hz, _checks.tail(tail), _checks.callback("progress", progress))


def _shown(name: object) -> str:
    return f'"{name}"' if isinstance(name, str) else _checks.shown(name)
