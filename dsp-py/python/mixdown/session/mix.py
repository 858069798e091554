"""A mix in memory: tracks, groups and returns with their settings, rendered to stereo."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack, cast

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._core import MixerError
from mixdown.display import routing
from mixdown.effects import Effect
from mixdown.effects.setting import without_infinities
from mixdown.session.automation import Points
from mixdown.session.mapping import Strips
from mixdown.session.routing import MASTER, refuse_unknown
from mixdown.session.settings import FurtherSettings, Settings, Stored, strip_name, track_audio
from mixdown.session.song import load, plain_mix, save, source_file
from mixdown.session.strips import Group, Master, Return, Strip, Track
from mixdown.session.table import table
from mixdown.session.vcas import Vca, Vcas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames there are."""

#: Most strips that are printed with the mix.
_MOST_ROWS = 16

_Method = TypeVar("_Method", bound=Callable[..., Any])
_Strip = TypeVar("_Strip", bound=Strip)


def _takes_settings(kind: type[Strip]) -> Callable[[_Method], _Method]:
    """Write the settings of a strip into the signature of a method that takes ``**settings``."""

    def sign(method: _Method) -> _Method:
        signature = inspect.signature(method)
        given = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        names = [p.name for p in given]
        settings = [
            inspect.Parameter(
                entry.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=entry.default,
                annotation=Settings.__annotations__[entry.name],
            )
            for entry in dataclasses.fields(kind)
            if entry.kw_only and entry.name not in (*names, *kind._without)
        ]
        method.__signature__ = signature.replace(parameters=[*given, *settings])  # type: ignore[attr-defined]
        return method

    return sign


class Mix(Strips):
    """Tracks, groups and returns through faders, pans, inserts and sends into stereo; a mapping of names to strips.

    Names of destinations, sends and keys are looked up when it is rendered, so that the order of writing is free; a
    circle is refused at once.

    Parameters
    ----------
    sample_rate_hz : float, default 48 000
        Rate of the mix; tracks of other rates are resampled.

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> mix = md.Mix(sample_rate_hz=48_000)
    >>> _ = mix.track("left", np.full(480, 0.5), pan=-1, to="band")
    >>> _ = mix.track("right", np.full(480, 0.25), pan=1, fader_db=-6.0206)
    >>> _ = mix.group("band", fader_db=-6.0206)
    >>> mix.render(tail="none")[:, 100].round(4).tolist()
    [0.25, 0.125]
    """

    @_checks.named
    def __init__(self, *, sample_rate_hz: float = 48_000.0) -> None:
        self._sample_rate_hz = _checks.sample_rate(sample_rate_hz)
        self._strips: dict[str, Strip] = {}
        self._master = self._made(Master, {})
        self._vcas = Vcas()

    @property
    def sample_rate_hz(self) -> float:
        """Rate of the mix in Hz."""
        return self._sample_rate_hz

    @property
    def master_strip(self) -> Master:
        """The master strip; its settings may be changed."""
        return self._master

    @property
    def vcas(self) -> Vcas:
        """The VCA groups by their names."""
        return self._vcas

    @_checks.named
    @_takes_settings(Track)
    def track(
        self, name: str, audio: Source, *, sample_rate_hz: float | None = None, **settings: Unpack[Settings]
    ) -> Track:
        """Add a track.

        Parameters
        ----------
        name : str
            Unique in the mix, without "/".
        audio : array, shape (frames,), (1, frames) or (2, frames), or what :func:`read` returned
            float32 or float64; non-finite samples are refused. It is copied.
        sample_rate_hz : float, optional
            Rate of `audio`, which is converted to the mix's; by default the mix's, or the one :func:`read` returned.
        **settings
            See :class:`Strip`.

        Returns
        -------
        Track
            Also ``mix[name]``.

        Raises
        ------
        MixerError
            If there is a strip of this name, or it would feed itself.
        ParameterError, ShapeError, TypeError
            For arguments that do not fit; the mix is unchanged then.

        Examples
        --------
        >>> import numpy as np, mixdown as md
        >>> mix = md.Mix()
        >>> kick = mix.track("kick", np.ones(48_000), pan=-1, fader_db=[(0.0, 0), (1.0, -6.0206)])
        >>> mix.render(tail="none")[0, 24_000].round(4)
        np.float64(0.7071)
        """
        self._refuse_taken(strip_name(name))
        stored = track_audio(name, audio, sample_rate_hz, self._sample_rate_hz)
        return self._add(Track, {"name": name, "audio": Stored(stored), **settings})

    @_checks.named
    @_takes_settings(Group)
    def group(self, name: str, inserts: Iterable[Effect] = (), **settings: Unpack[FurtherSettings]) -> Group:
        """Add a group: a stereo strip that others feed by their `to`.

        Parameters
        ----------
        name : str
            Unique in the mix, without "/".
        inserts : sequence of effects, default none
            On its sum, first to last.
        **settings
            See :class:`Strip`.

        Returns
        -------
        Group
            Also ``mix[name]``.
        """
        self._refuse_taken(strip_name(name))
        return self._add(Group, {"name": name, "inserts": inserts, **settings})

    @_checks.named
    @_takes_settings(Return)
    def returns(self, name: str, inserts: Iterable[Effect] = (), **settings: Unpack[FurtherSettings]) -> Return:
        """Add a return: a stereo strip that others feed by their `sends`, with an effect such as a reverb.

        It is heard while other strips are soloed.

        Parameters
        ----------
        name : str
            Unique in the mix, without "/".
        inserts : sequence of effects, default none
            On its sum, first to last.
        **settings
            See :class:`Strip`.

        Returns
        -------
        Return
            Also ``mix[name]``.
        """
        self._refuse_taken(strip_name(name))
        return self._add(Return, {"name": name, "inserts": inserts, **settings})

    @_checks.named
    @_takes_settings(Master)
    def master(self, *, inserts: Iterable[Effect] = (), **settings: Unpack[FurtherSettings]) -> None:
        """Set the master strip: what is not given takes its default.

        Parameters
        ----------
        inserts : sequence of effects, default none
            On the stereo bus, first to last.
        **settings
            See :class:`Strip`; it has no `sends`, `to`, `solo` and `solo_safe`.
        """
        made = self._made(Master, {"inserts": inserts, **settings})
        self._master.__dict__.clear()
        self._master.__dict__.update(made.__dict__)

    @_checks.named
    def vca(self, name: str, members: Iterable[str], *, fader_db: float = 0.0, mute: bool = False) -> Vca:
        """Set a VCA group: one fader for several strips, whose own faders stay.

        Parameters
        ----------
        name : str
            A group of this name is replaced. ``del mix.vcas[name]`` removes it.
        members : sequence of str
            Names of strips.
        fader_db : float, default 0
            Added to the faders of the members, -inf to 12 dB.
        mute : bool, default False
            Mutes the members.

        Returns
        -------
        Vca
            Also ``mix.vcas[name]``.
        """
        vca = Vca(name, members, fader_db=fader_db, mute=mute)  # type: ignore[arg-type]
        self._vcas.add(vca)
        return vca

    @_checks.named
    def automate(self, path: str, points: Points | None) -> None:
        """Give a parameter points in time.

        Parameters
        ----------
        path : str
            Name of the strip, then the parameter: ``"vocals/fader_db"``, ``"vocals/sends/hall/level_db"``, or
            ``"vocals/2/threshold_db"`` for the insert at position 2, counted from 0. Of a strip itself `fader_db`, the
            pans and `mute` take points, of a send `level_db`, `pan` and `mute`, of an insert every number and switch
            that may change while a stream runs.
        points : list of (seconds, value) or (seconds, value, shape), or None
            As in :class:`Strip`; the shape of switches is "hold". None makes it a constant again, with the value that
            it had before.

        Raises
        ------
        ParameterError
            For a path that leads nowhere, times that fall, values out of range; nothing changes then.

        Examples
        --------
        >>> import numpy as np, mixdown as md
        >>> mix = md.Mix()
        >>> _ = mix.track("keys", np.full(48_000, 0.5), pan=-1, inserts=[md.Gain()])
        >>> mix.automate("keys/0/gain_db", [(0.0, 0), (0.5, -12.0412, "hold")])
        >>> mix.render(tail="none")[0, [0, 47_999]].round(4).tolist()
        [0.5, 0.125]
        """
        if not isinstance(path, str):
            raise TypeError(f"path = {_checks.shown(path)} is not a text")
        name, _, parameter = path.partition("/")
        strip = self._master if name == MASTER else self[name]
        strip.automate(parameter, points)

    def _made(self, kind: type[_Strip], settings: Mapping[str, Any]) -> _Strip:
        """Return a strip of this mix that is not in it yet."""
        strip = kind.__new__(kind)
        # Legal settings depend on the rate of the mix, and on what is in it.
        object.__setattr__(strip, "_mix", self)
        strip.__init__(**settings)  # type: ignore[misc]
        return strip

    def _add(self, kind: type[_Strip], settings: Mapping[str, Any]) -> _Strip:
        strip = self._made(kind, settings)
        self._strips[strip.name] = strip
        return strip

    def __repr__(self) -> str:
        kinds = [
            f"{count} {kind}{'' if count == 1 else 's'}"
            for kind, count in (
                (kind, sum(isinstance(strip, cls) for strip in self.values()))
                for kind, cls in (("track", Track), ("group", Group), ("return", Return))
            )
            if count or kind == "track"
        ]
        head = f"<Mix: {self._sample_rate_hz:g} Hz, {', '.join(kinds)}>"
        return f"{head}\n{self.table()}" if 0 < len(self) <= _MOST_ROWS else head

    def _plain(self) -> dict[str, Any]:
        """Return plain values for the compiled module."""
        rate_hz = self._sample_rate_hz
        return {
            "strips": [strip._engine(rate_hz) for strip in self._strips.values()],
            "vcas": [vca.plain() for vca in self._vcas.values()],
            "master": self._master._engine(rate_hz)["params"],
        }

    def _engine(self) -> tuple[dict[str, Any], list[Audio]]:
        """Return plain values for the compiled module, and the audio of the tracks in one format."""
        tracks = [strip.audio for strip in self._strips.values() if isinstance(strip, Track)]
        if not tracks:
            raise MixerError("the mix has no tracks")
        vcas = {vca.name: vca.members for vca in self._vcas.values()}
        refuse_unknown(self._all(), vcas, [strip.name for strip in self._all()])
        for effect in (effect for strip in self._all() for effect in strip.inserts):
            effect._warn(self._sample_rate_hz)
        dtype = np.result_type(*{audio.dtype for audio in tracks})
        return self._plain(), [audio.astype(dtype, copy=False) for audio in tracks]

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

        Raises
        ------
        MixerError
            If there are no tracks; for a destination, send or key that does not exist, or that is a track.
        """
        keep, report = _checks.tail(tail), _checks.callback("progress", progress)
        plain, tracks = self._engine()
        return _core.render_mix(plain, tracks, self._sample_rate_hz, keep, report)

    @_checks.named
    def stems(
        self,
        *,
        of: Literal["master_inputs", "tracks"] = "master_inputs",
        tail: Literal["none", "auto"] | float = "auto",
        progress: Progress | None = None,
    ) -> dict[str, Audio]:
        """Render the strips by themselves, as they sound in the mix.

        Parameters
        ----------
        of : "master_inputs" or "tracks", default "master_inputs"
            What each strip gives to the master: they add up to its signal before trim and inserts. Or what each track
            gives to its group or to the master, after fader and pan, without its sends.
        tail : "none", "auto" or seconds, default "auto"
            As in :meth:`render`, the same for all.
        progress : function, optional
            As in :meth:`render`.

        Returns
        -------
        dict of str to array, shape (2, frames)
            float64, whatever the tracks are: the mix is rounded once, their sum.

        Examples
        --------
        >>> import numpy as np, mixdown as md
        >>> mix = md.Mix()
        >>> _ = mix.track("kick", np.full(480, 0.5), to="drums")
        >>> _ = mix.track("lead", np.full(480, 0.5), pan=-1, fader_db=-6.0206)
        >>> _ = mix.group("drums")
        >>> stems = mix.stems(tail="none")
        >>> {name: stem[0, 100].round(4).tolist() for name, stem in stems.items()}
        {'lead': 0.25, 'drums': 0.3536}
        """
        wanted = _checks.one_of("of", of, ("master_inputs", "tracks"))
        keep, report = _checks.tail(tail), _checks.callback("progress", progress)
        plain, tracks = self._engine()
        return _core.render_stems(plain, tracks, self._sample_rate_hz, wanted, keep, report)

    def table(self) -> str:
        """Return the strips as a table of text, the master last.

        Returns
        -------
        str

        Examples
        --------
        >>> import numpy as np, mixdown as md
        >>> mix = md.Mix()
        >>> _ = mix.track("lead", np.zeros(480), fader_db=-3, inserts=[md.Gate()], sends={"hall": -18})
        >>> _ = mix.returns("hall", [md.Plate()])
        >>> print(mix.table())
        Strip   Input   Fader    Pan  Inserts  Sends          To
        lead    mono    -3.0 dB  0    Gate     hall -18.0 dB  master
        hall    return  0.0 dB   0    Plate                   master
        master  master  0.0 dB   0
        """
        return table(self.values(), self._master)

    def graph(self, axes: Axes | None = None) -> Axes:
        """Draw the routing: signals from left to right, sends dashed, keys dotted.

        Parameters
        ----------
        axes : matplotlib Axes, optional
            By default those of a new figure, ``mix.graph().figure``.

        Returns
        -------
        matplotlib Axes
        """
        if axes is None:
            from matplotlib.figure import Figure

            axes = Figure(figsize=(9, 5), layout="constrained").add_subplot()
        routing(axes, self._all())
        return axes

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read a session file, and the audio files that it names.

        Parameters
        ----------
        path : path
            A text as :meth:`save` writes it; ``docs/session-files.md`` describes it.

        Returns
        -------
        Mix

        Raises
        ------
        ParameterError, MixerError, FileNotFoundError
            For what :meth:`track` would refuse, for names that are not known, for audio files that are not there; with
            the line, and the nearest name.
        """
        return load(path, cls)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a session file, from which :meth:`from_file` makes the same mix.

        Audio that a session file named stays where it is, and is named by its path from the new file. All other audio
        is written, as floating point, into the folder ``<name> audio`` beside the file: also audio whose file has
        changed since, and audio that was written for another session file. What was written for one strip is replaced
        by later audio of that strip alone; other files are never replaced.

        Parameters
        ----------
        path : path
            As "song.toml". A file there is replaced.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import numpy as np, mixdown as md
        >>> mix = md.Mix(sample_rate_hz=48_000)
        >>> _ = mix.track("lead", np.full(480, 0.5), fader_db=-3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder) / "song.toml"
        ...     mix.save(file)
        ...     again = md.Mix.from_file(file)
        ...     print(file.read_text())
        # A mix of mixdown. Paths are relative to this file.
        version = 1
        sample_rate_hz = 48000
        <BLANKLINE>
        [[track]]
        name = "lead"
        audio = "song audio/lead.wav"
        fader_db = -3.0
        <BLANKLINE>
        >>> float(abs(again.render() - mix.render()).max())
        0.0
        """
        save(self, path)

    def files(self) -> list[Path]:
        """Return the files of tracks whose audio is as it was read or written.

        Returns
        -------
        list of Path
        """
        return [Path(file) for strip in self.values() if (file := source_file(strip)) is not None]

    def to_dict(self) -> dict[str, Any]:
        """Return the mix as plain values, as in a session file: defaults are left out, and so is audio of no file.

        Returns
        -------
        dict
            ``{"version": 1, "sample_rate_hz": 48000, "track": […], …}``. Valid as strict JSON: an infinity is the word
            "inf" or "-inf".
        """
        return cast(dict[str, Any], without_infinities(plain_mix(self)))
