"""The strips of a mix: a mapping of names, in which they are added, renamed and removed."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar, Unpack, overload

from mixdown import _checks
from mixdown._checks import Source
from mixdown._core import MixerError, ParameterError
from mixdown.effects import Effect
from mixdown.session.kinds import Group, Master, Return, Track
from mixdown.session.routing import MASTER, needed_by, not_among, refuse_cycle, shown
from mixdown.session.settings import FurtherSettings, Settings, Stored, strip_name, track_audio
from mixdown.session.strips import Strip
from mixdown.session.vcas import Vca, Vcas

_Default = TypeVar("_Default")
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


class Strips(Mapping[str, Strip]):
    """Strips by their names, in the order of writing; ``del`` removes one that no other needs."""

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
        >>> import mixdown as md, numpy as np
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
        """Add a group: a stereo bus, fed by strips with their `to`.

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

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> tone = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
        >>> _ = mix.track("kick", tone, pan=-1, to="drums")
        >>> drums = mix.group("drums", [md.Compressor(threshold_db=-12, ratio=4, knee_db=0)])
        >>> print(f"{20 * np.log10(mix.render(tail='none')[0, -4_800:].max()):.1f} dBFS")
        -9.0 dBFS
        """
        return self._add(Group, {"name": name, "inserts": inserts, **settings})

    @_checks.named
    @_takes_settings(Return)
    def returns(self, name: str, inserts: Iterable[Effect] = (), **settings: Unpack[FurtherSettings]) -> Return:
        """Add a return: a stereo bus, fed by `sends`, and heard while other strips are soloed.

        Parameters
        ----------
        name : str
            Unique in the mix, without "/".
        inserts : sequence of effects, default none
            The effect, such as a reverb, first to last.
        **settings
            See :class:`Strip`.

        Returns
        -------
        Return
            Also ``mix[name]``.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> hall = mix.returns("hall", [md.Delay(time_ms=5, feedback=0)], fader_db=-6.0206)
        >>> _ = mix.track("snare", np.eye(1, 480)[0], pan=-1, sends={"hall": 0})
        >>> mix.render(tail="none")[0, [0, 240]].round(4).tolist()
        [1.0, 0.5]
        """
        return self._add(Return, {"name": name, "inserts": inserts, **settings})

    @_checks.named
    @_takes_settings(Master)
    def master(self, inserts: Iterable[Effect] = (), **settings: Unpack[FurtherSettings]) -> None:
        """Set the master strip; settings that are not given take their defaults.

        Parameters
        ----------
        inserts : sequence of effects, default none
            On the stereo bus, first to last.
        **settings
            See :class:`Strip`; it has no `sends`, `to`, `solo` and `solo_safe`.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("lead", np.full(480, 0.5), pan=-1)
        >>> mix.master([md.Gain(gain_db=6.0206)], fader_db=-12.0412)
        >>> print(f"{mix.render(tail='none')[0, 100]:.4f}")
        0.2500
        >>> mix.master_strip.fader_db
        -12.0412
        """
        made = self._made(Master, {"inserts": inserts, **settings})
        self._master.__dict__.clear()
        self._master.__dict__.update(made.__dict__)

    @_checks.named
    def vca(self, name: str, members: Iterable[str], *, fader_db: float = 0.0, mute: bool = False) -> Vca:
        """Set a VCA group: one fader for several strips, which keep their own faders.

        Parameters
        ----------
        name : str
            A group of this name is replaced. ``del mix.vcas[name]`` removes it.
        members : sequence of str
            Names of strips.
        fader_db : float, default 0
            Added to the faders of the members, -inf to 12 dB.
        mute : bool, default False
            Mutes the members and their sends.

        Returns
        -------
        Vca
            Also ``mix.vcas[name]``.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("kick", np.full(480, 0.5), pan=-1)
        >>> _ = mix.vca("drums", ["kick"], fader_db=-6.0206)
        >>> print(f"{mix.render(tail='none')[0, 100]:.4f}")
        0.2500
        >>> mix.vcas["drums"].fader_db
        -6.0206
        """
        vca = Vca(name, members, fader_db=fader_db, mute=mute)  # type: ignore[arg-type]
        self._vcas.add(vca)
        return vca

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse what a mix does not have, as strips do: a misspelt name would change nothing."""
        known = {known: entry for known in dir(type(self)) if isinstance(entry := getattr(type(self), known), property)}
        if name in known and known[name].fset is None:
            raise ParameterError(f"{name} of a mix cannot be set")
        if name not in known and not name.startswith("_"):
            raise _checks.unknown("a mix", name, known)
        object.__setattr__(self, name, value)

    def __copy__(self) -> Self:
        """Return a mix of its own, which shares audio and effects with this one: they cannot be changed in place."""
        copied = type(self).__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied._strips = {name: strip._copied(copied) for name, strip in self._strips.items()}
        copied._master = self._master._copied(copied)
        copied._vcas = copy.copy(self._vcas)
        return copied

    def _made(self, kind: type[_Strip], settings: Mapping[str, Any]) -> _Strip:
        """Return a strip of this mix that is not in it yet."""
        strip = kind.__new__(kind)
        # Legal settings depend on the rate of the mix, and on what is in it.
        object.__setattr__(strip, "_mix", self)
        strip.__init__(**settings)  # type: ignore[misc]
        return strip

    def _add(self, kind: type[_Strip], settings: Mapping[str, Any]) -> _Strip:
        self._refuse_taken(strip_name(settings["name"]))
        strip = self._made(kind, settings)
        self._strips[strip.name] = strip
        return strip

    def rename(self, old: str, new: str) -> None:
        """Rename a strip and every reference to it. The order of strips stays.

        Parameters
        ----------
        old, new : str

        Raises
        ------
        MixerError
            If there is no strip `old`, or a strip `new` already; nothing changes then.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix(sample_rate_hz=44_100)
        >>> _ = mix.track("kick", np.ones(480), to="drums")
        >>> _ = mix.group("drums", fader_db=-3)
        >>> mix.rename("drums", "kit")
        >>> mix["kick"].to, mix["kit"].fader_db, mix.sample_rate_hz
        ('kit', -3.0, 44100)
        """
        if isinstance(old, str) and old == MASTER:
            raise MixerError("the master strip, mix.master_strip, keeps its name")
        strip = self[old]
        if strip_name(new) == old:
            return
        self._refuse_taken(new)
        self._strips = {new if name == old else name: strip for name, strip in self._strips.items()}
        object.__setattr__(strip, "name", str(new))
        for other in self._all():
            other._renamed(old, new)
        self._vcas.members_changed(lambda members: (new if member == old else member for member in members))

    def _refuse_taken(self, name: str) -> None:
        if name in self._strips or name == MASTER:
            raise MixerError(f"there is a strip named {shown(name)} already: names must differ")

    def _all(self) -> list[Strip]:
        return [*self._strips.values(), self._master]

    def _check_routes(self, strip: Strip) -> None:
        """Refuse a strip of this mix, new or changed, that feeds itself."""
        master: dict[str, Strip] = {MASTER: self.__dict__.get("_master", strip)}
        strips = ChainMap(master, self._strips)
        refuse_cycle(strips, strip)

    def __getitem__(self, name: str) -> Strip:
        strip = self._strips.get(name) if isinstance(name, str) else None
        if strip is None:
            raise not_among("strip", name, self._strips)
        return strip

    def __delitem__(self, name: str) -> None:
        removed = self[name]
        by = needed_by(name, self._all())
        if by:
            raise MixerError(f"strip {shown(name)} cannot be removed while it is needed by {' and '.join(by)}")
        del self._strips[removed.name]
        self._vcas.members_changed(lambda members: (member for member in members if member != name))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._strips

    def __len__(self) -> int:
        return len(self._strips)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._strips))

    @overload
    def get(self, name: str) -> Strip | None: ...
    @overload
    def get(self, name: str, default: _Default) -> Strip | _Default: ...
    def get(self, name: str, default: object = None) -> object:
        """Return the strip called `name`, or `default`.

        Parameters
        ----------
        name : str
        default : optional
            Returned where there is no strip of this name.

        Returns
        -------
        Strip, or `default`

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("kick", np.ones(480), fader_db=-3)
        >>> mix.get("kick").fader_db, mix.get("snare")
        (-3.0, None)
        """
        return self._strips.get(name, default) if isinstance(name, str) else default

    __eq__ = object.__eq__
    __hash__ = object.__hash__
