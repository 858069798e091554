"""Stems: the tracks of a mix, measured once for all reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError, ShapeError
from mixdown._threads import each
from mixdown.conversion import at_rate
from mixdown.display.html import Shown
from mixdown.session import Mix
from mixdown.session.automation import nearest

#: How far the lengths of stems may differ, in s; shorter ones end in silence.
_LENGTHS_S = 1.0


class Stems(Shown, Mapping[str, Audio]):
    """The tracks of a mix by their names, of one rate and length, whose spectra are measured once.

    Every report takes a mapping, a :class:`Mix` or stems; with stems nothing is measured twice.

    Parameters
    ----------
    stems : mapping of name to audio, Mix, or Stems
        Mono or stereo. Audio of other rates, as :func:`read` returns it, is resampled; lengths may differ by 1 s, and
        shorter stems end in silence. Of a mix its tracks, after fader and pan. Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for a mix, and where stems are what :func:`read` returned, all of one rate.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> left, right = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    >>> stems = md.Stems({"left": left, "right": right}, 48_000)
    >>> stems
    <Stems: left, right: 2.0 s at 48000 Hz>
    >>> stems.duration_s, stems.sample_rate_hz, len(stems.spectra)
    (2.0, 48000, 2)
    """

    @_checks.named
    def __init__(self, stems: StemsLike, sample_rate_hz: float | None = None) -> None:
        if isinstance(stems, Mix):
            sample_rate_hz = _rate_beside(sample_rate_hz, stems.sample_rate_hz, "the mix")
            given: Mapping[str, Any] = stems.stems(of="tracks")
        elif isinstance(stems, Mapping):
            given = stems
        else:
            raise TypeError(f"stems = {_checks.shown(stems)} is not a mapping of names to audio")
        read = {}
        for name, source in given.items():
            if not isinstance(name, str):
                raise TypeError(f"stems holds {_checks.shown(name)}: names are texts")
            read[name] = _checks.unpack(source, f"audio of {name!r}")
        if sample_rate_hz is None:
            rates = {own_hz for _, own_hz in read.values()}
            if None in rates or len(rates) > 1:
                raise _checks.CallError(
                    "sample_rate_hz is missing: stems may stand alone only if all have one and the same"
                )
            sample_rate_hz = rates.pop() if rates else 48_000
        self._rate_hz = _checks.sample_rate(sample_rate_hz)
        self._audio = {name: _stem(audio, own_hz, self._rate_hz, name) for name, (audio, own_hz) in read.items()}
        _one_length(self._audio, self._rate_hz)
        self._spectra: list[_core.Spectra] | None = None

    @staticmethod
    def of(stems: StemsLike, sample_rate_hz: float | None = None) -> Stems:
        """Return stems unchanged, or stems made from a mapping or mix.

        Parameters
        ----------
        stems : mapping, Mix or Stems
        sample_rate_hz : float, optional

        Returns
        -------
        Stems

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("kick", np.ones(48_000))
        >>> stems = md.Stems.of(mix)
        >>> stems["kick"].shape, md.Stems.of(stems) is stems
        ((2, 48000), True)
        """
        if isinstance(stems, Stems):
            _rate_beside(sample_rate_hz, stems.sample_rate_hz, "the stems")
            return stems
        return Stems(stems, sample_rate_hz)

    def __getitem__(self, name: str) -> Audio:
        if name not in self._audio:
            raise KeyError(f"no stem {name!r}{nearest(str(name), self._audio)}")
        return self._audio[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._audio)

    def __len__(self) -> int:
        return len(self._audio)

    def __eq__(self, other: object) -> bool:
        """Whether they hold the same samples under the same names, at the same rate."""
        if not isinstance(other, Stems):
            return NotImplemented
        same = (self._rate_hz, self._audio.keys()) == (other._rate_hz, other._audio.keys())
        return same and all(np.array_equal(audio, other._audio[name]) for name, audio in self._audio.items())

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles measure anew: spectra are several times the audio.
        return {**self.__dict__, "_spectra": None}

    def __repr__(self) -> str:
        names = list(self._audio)
        listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        return f"<Stems: {listed}: {self.duration_s:.1f} s at {_checks.plain(self._rate_hz)} Hz>"

    @property
    def sample_rate_hz(self) -> float:
        """Sample rate of all stems in Hz."""
        return self._rate_hz

    @property
    def duration_s(self) -> float:
        """Length of all stems in s."""
        return max((audio.shape[-1] for audio in self._audio.values()), default=0) / self._rate_hz

    @property
    def spectra(self) -> list[_core.Spectra]:
        """Spectra of the stems, measured on first access, on all cores."""
        if self._spectra is None:
            rate_hz = self._rate_hz
            audio = list(self._audio.values())
            measured = each(audio, lambda samples, _: _core.Spectra(samples, rate_hz))
            self._spectra = [cast(_core.Spectra, spectra) for spectra in measured]
        return self._spectra

    def named(self, argument: str, name: Any) -> str:
        """Return the name of a stem that an argument gives, or refuse it.

        Parameters
        ----------
        argument : str
            Its name in errors.
        name : str

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> stems = md.Stems({"kick": np.ones(48_000)}, 48_000)
        >>> stems[stems.named("lead", "kick")].shape
        (1, 48000)
        """
        if not isinstance(name, str):
            raise TypeError(f"{argument} = {_checks.shown(name)} is not a text")
        if name not in self._audio:
            known = ", ".join(self._audio)
            raise ParameterError(f"{argument} = {name!r} is none of the stems ({known}){nearest(name, self._audio)}")
        return name

    def at_least(self, count: int, what: str) -> None:
        """Refuse fewer stems than a report needs.

        Parameters
        ----------
        count : int
            Fewest stems.
        what : str
            Name of the report, for the error.

        Raises
        ------
        ParameterError
            If there are fewer.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> md.Stems({"kick": np.ones(48_000)}, 48_000).at_least(2, "masking")
        Traceback (most recent call last):
            ...
        mixdown.ParameterError: stems has 1 entries: masking is of at least 2
        """
        if len(self) < count:
            raise ParameterError(f"stems has {len(self)} entries: {what} is of at least {count}")


StemsLike: TypeAlias = Mapping[str, Source] | Mix | Stems
"""Stems of a report: see :class:`Stems`."""


def _rate_beside(given_hz: float | None, own_hz: float, whose: str) -> float:
    if given_hz is not None and _checks.sample_rate(given_hz) != own_hz:
        given, own = _checks.plain(_checks.sample_rate(given_hz)), _checks.plain(own_hz)
        raise ParameterError(f"sample_rate_hz = {given} does not fit: that of {whose} is {own}")
    return own_hz


def one_or_two_channels(audio: Any, name: str = "audio") -> Audio:
    """Return audio of one or two channels, shape (channels, frames), whose samples are finite; or refuse it."""
    samples = _checks.planar(audio, name)
    if samples.shape[0] > 2:
        raise ShapeError(f"{name} has {samples.shape[0]} channels: reports are of mono and stereo")
    bad = _checks.non_finite(samples)
    if bad:
        first = int(np.flatnonzero(~np.isfinite(samples).all(axis=0))[0])
        _checks.refuse_non_finite(bad, name, f", the first at frame {first}")
    return samples


def _stem(audio: Any, own_hz: float | None, rate_hz: float, name: str) -> Audio:
    samples = one_or_two_channels(audio, f"audio of {name!r}")
    return samples if own_hz is None else at_rate(samples, own_hz, rate_hz)


def _one_length(stems: dict[str, Audio], rate_hz: float) -> None:
    """Pad stems with silence to one length; refuse lengths that differ by more than a second."""
    frames = {name: audio.shape[-1] for name, audio in stems.items()}
    if not frames:
        return
    longest, shortest = max(frames, key=frames.__getitem__), min(frames, key=frames.__getitem__)
    if frames[longest] - frames[shortest] > _LENGTHS_S * rate_hz:
        lengths = f"{shortest!r} is {frames[shortest] / rate_hz:.2f} s, {longest!r} {frames[longest] / rate_hz:.2f} s"
        hint = "at most 1 s is padded with silence; a Mix takes any lengths"
        raise ParameterError(f"stems differ in length: {lengths}: {hint}")
    for name, audio in stems.items():
        missing = frames[longest] - frames[name]
        if missing:
            stems[name] = cast(Audio, np.pad(audio, [(0, 0), (0, missing)]))
