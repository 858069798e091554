"""Masking: the loudness that tracks lose to each other, and the bands in which they compete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._core import ParameterError
from mixdown.analysis.reports import Report, aligned, limits_of
from mixdown.analysis.stems import Stems, StemsLike
from mixdown.analysis.suggestions import Suggestion, suggestion_of
from mixdown.display import style
from mixdown.display.html import Shown
from mixdown.display.style import new_axes
from mixdown.session.automation import nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Audible = Literal["hidden", "low", "fine", "not measurable"]

#: ERB numbers within which a band is local to a clash.
_LOCAL_ERB = 1.0


@dataclass(frozen=True, eq=False)
class Clash(Shown):
    """Two tracks that compete around a frequency.

    Attributes
    ----------
    tracks : tuple of two str
    frequency_hz : float
        To a sixth of an octave.
    score : float
        How much of the two tracks overlaps there, and how far they stand out together. A finished mix has 3 to 8 of .02
        and more.
    strong : bool
        From .04 on; a finished mix has 1 to 3.
    owner : str or None
        The track that keeps its level; None if both need the band alike.
    ownership_db : float
        By how much the first track has more of its own energy there than the second.
    message : str
        The clash in one sentence.
    suggestions : tuple of Suggestion
        Cuts that help, best first.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = np.random.default_rng(1).standard_normal((2, 96_000))
    >>> guitar, piano = 0.3 * md.BandPass(frequency_hz=500, q=2)(noise, 48_000)
    >>> clash = md.masking({"guitar": guitar, "piano": piano}, 48_000).clashes(1)[0]
    >>> print(f"{clash.tracks} at {clash.frequency_hz:.0f} Hz, score {clash.score:.2f}")
    ('guitar', 'piano') at 546 Hz, score 0.31
    """

    tracks: tuple[str, str]
    frequency_hz: float
    score: float
    strong: bool
    owner: str | None
    ownership_db: float
    message: str
    suggestions: tuple[Suggestion, ...]

    def __repr__(self) -> str:
        one, other = self.tracks
        return f"<Clash of {one!r} and {other!r} at {_hz(self.frequency_hz)}, score {self.score:.3f}>"


@dataclass(frozen=True, eq=False)
class Masking(Report):
    """The loudness that each track loses to the others.

    Shares are of loudness by the model of Moore, Glasberg and Baer (1997), summed over the time in which a track
    sounds; the model underrates the partial loudness of music, so lost shares are upper bounds. Finished mixes have
    `in_mix` of .34 to .98 and `audibility` of .13 to .76: a high lost share alone is usual, and no fault. Stems that
    hold the same sound twice are taken for separate ones.

    Attributes
    ----------
    names : tuple of str
    lead : str or None
        The track that is never cut.
    lost : array, shape (tracks, tracks)
        ``lost[i, j]`` is the share of the loudness of track j that track i alone takes; NaN is never in it: that of a
        silent track j is 0, and its word "not measurable".
    in_mix : mapping of name to float or None
        The share that all others together take. None, as below, for a silent track.
    audibility : mapping of name to float or None
        0 to 1: how far a track lies above the others, from 15 dB below to 15 dB above. Bands count by the track's own
        loudness, those of the lead by their importance for speech.
    words : mapping of name to "hidden", "low", "fine" or "not measurable"
        The audibility in a word.
    share : mapping of name to float or None
        The part of the mix's loudness that is the track's, while it sounds.
    bands_hz : array
        Middle frequencies of the ERB bands of profiles.
    profiles, uniques, loudness : array
        Data of :meth:`profile`, :meth:`unique` and :meth:`local_lost`.
    all_clashes : tuple of Clash
        Bands in which tracks compete, strongest first.
    notes : tuple of str
        Further remarks, one sentence each.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> soft, loud = np.random.default_rng(1).standard_normal((2, 96_000))
    >>> report = md.masking({"soft": 0.02 * soft, "loud": 0.1 * loud}, 48_000)
    >>> {name: (round(report.audibility[name], 2), word) for name, word in report.words.items()}
    {'soft': (0.03, 'hidden'), 'loud': (0.96, 'fine')}
    """

    names: tuple[str, ...]
    lead: str | None
    lost: NDArray[np.float64]
    in_mix: Mapping[str, float | None]
    audibility: Mapping[str, float | None]
    words: Mapping[str, Audible]
    share: Mapping[str, float | None]
    bands_hz: NDArray[np.float64]
    profiles: NDArray[np.float64]
    uniques: NDArray[np.float64]
    loudness: NDArray[np.float64]
    all_clashes: tuple[Clash, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        strong = sum(clash.strong for clash in self.all_clashes)
        words = ", ".join(f"{name} {word}" for name, word in self.words.items() if word != "fine") or "all fine"
        return f"<Masking of {len(self.names)} tracks: {words}; {len(self.all_clashes)} clashes, {strong} strong>"

    def _index(self, argument: str, track: str | int) -> int:
        if isinstance(track, str):
            if track not in self.names:
                known = ", ".join(self.names)
                raise ParameterError(
                    f"{argument} = {track!r} is none of the tracks ({known}){nearest(track, self.names)}"
                )
            return self.names.index(track)
        return _checks.whole_number(argument, track, 0, len(self.names) - 1)

    def profile(self, masker: str | int, track: str | int) -> NDArray[np.float64]:
        """Return the share of its loudness that a track loses to one masker, by band.

        Parameters
        ----------
        masker, track : str or int
            Names, or positions in `names`.

        Returns
        -------
        array
            One share for each of `bands_hz`; the sum is that of `lost`.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> one, other = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> report = md.masking({"one": one, "other": other}, 48_000)
        >>> profile = report.profile("one", "other")
        >>> print(f"{profile.sum():.2f} in {profile.size} bands, {report.lost[0, 1]:.2f} in all")
        0.72 in 38 bands, 0.72 in all
        """
        found: NDArray[np.float64] = self.profiles[self._index("masker", masker), self._index("track", track)]
        return found.copy()

    def unique(self, masker: str | int, track: str | int) -> float:
        """Return the share of its loudness that a track would gain if the masker were muted.

        It is less than `lost` where others hide the track too.

        Parameters
        ----------
        masker, track : str or int
            Names, or positions in `names`.

        Returns
        -------
        float

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> one, other, third = 0.1 * np.random.default_rng(1).standard_normal((3, 96_000))
        >>> report = md.masking({"one": one, "other": other, "third": third}, 48_000)
        >>> print(f"{report.unique('one', 'other'):.2f} of {report.lost[0, 1]:.2f}")
        0.23 of 0.71
        """
        return float(self.uniques[self._index("masker", masker), self._index("track", track)])

    def local_lost(self, masker: str | int, track: str | int, frequency_hz: float) -> float | None:
        """Return the share of its loudness near a frequency that a track loses to one masker.

        Parameters
        ----------
        masker, track : str or int
            Names, or positions in `names`.
        frequency_hz : float

        Returns
        -------
        float or None
            None if the track has no loudness there.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> bass, noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> bass = md.LowPass(frequency_hz=200, slope_db_per_octave=48)(bass, 48_000)
        >>> report = md.masking({"bass": bass, "noise": noise}, 48_000)
        >>> [round(report.local_lost("bass", "noise", hz), 2) for hz in (100, 5_000)]
        [0.98, 0.0]
        """
        hz = _checks.in_range("frequency_hz", frequency_hz, 20, 20_000)
        near = np.abs(_erb(self.bands_hz) - _erb(hz)) <= _LOCAL_ERB
        whole = self.loudness[self._index("track", track)][near].sum()
        return float(self.profile(masker, track)[near].sum() / whole) if whole > 0 else None

    def clashes(self, limit: int = 5) -> tuple[Clash, ...]:
        """Return the strongest clashes, strongest first.

        Parameters
        ----------
        limit : int
            Most clashes.

        Returns
        -------
        tuple of Clash

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = np.random.default_rng(1).standard_normal((2, 96_000))
        >>> guitar, piano = 0.3 * md.BandPass(frequency_hz=500, q=2)(noise, 48_000)
        >>> report = md.masking({"guitar": guitar, "piano": piano}, 48_000)
        >>> [(round(clash.frequency_hz), round(clash.score, 2)) for clash in report.clashes()]
        [(546, 0.31)]
        """
        return self.all_clashes[: _checks.whole_number("limit", limit, 0, 10_000)]

    def suggest(self, limit: int = 3) -> tuple[Suggestion, ...]:
        """Return the best cut for each of the strongest clashes, where a cut helps.

        Parameters
        ----------
        limit : int
            Most suggestions.

        Returns
        -------
        tuple of Suggestion

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = np.random.default_rng(1).standard_normal((2, 96_000))
        >>> guitar, piano = 0.3 * md.BandPass(frequency_hz=500, q=2)(noise, 48_000)
        >>> for suggestion in md.masking({"guitar": guitar, "piano": piano}, 48_000).suggest():
        ...     print(f"{suggestion.track}: {suggestion.effect}")
        piano: Bell(frequency_hz=546.0, gain_db=-3.0, q=1.46)
        """
        found = [clash.suggestions[0] for clash in self.all_clashes if clash.suggestions]
        return tuple(found[: _checks.whole_number("limit", limit, 0, 10_000)])

    def table(self) -> str:
        """Return the report as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> soft, loud = np.random.default_rng(1).standard_normal((2, 96_000))
        >>> for line in md.masking({"soft": 0.02 * soft, "loud": 0.1 * loud}, 48_000).table().splitlines()[:3]:
        ...     print(line)
        track  audibility          lost in the mix  share of the mix      most to
        soft         0.03  hidden             1.00              0.00  loud (1.00)
        loud         0.96    fine             0.15              0.85  soft (0.15)
        """
        rows = [["track", "audibility", "", "lost in the mix", "share of the mix", "most to"]]
        for index, name in enumerate(self.names):
            column = self.lost[:, index]
            most = int(np.argmax(column))
            to = f"{self.names[most]} ({column[most]:.2f})" if column[most] > 0 else "-"
            figures = [self.audibility[name], self.in_mix[name], self.share[name]]
            audibility, in_mix, share = ["-" if figure is None else f"{figure:.2f}" for figure in figures]
            rows.append(
                [name + (" (lead)" if name == self.lead else ""), audibility, self.words[name], in_mix, share, to]
            )
        lines = [aligned(rows), ""]
        shown = self.clashes(5)
        if shown:
            more = len(self.all_clashes) - len(shown)
            lines.append(
                "Where tracks compete" + (f" (the first {len(shown)} of {len(self.all_clashes)})" if more else "")
            )
        else:
            lines.append("No two tracks compete noticeably.")
        for clash in shown:
            lines.append(f"- {clash.message}")
            lines.extend(f"    {suggestion.reason}" for suggestion in clash.suggestions[:1])
        lines.extend(f"Note: {note}" for note in self.notes)
        return "\n".join(lines)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the share of loudness that each track (columns) loses to every other one (rows), and to all of them.

        Parameters
        ----------
        axes : matplotlib axes, optional
            New ones by default.

        Returns
        -------
        axes

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> soft, loud = np.random.default_rng(1).standard_normal((2, 96_000))
        >>> axes = md.masking({"soft": 0.02 * soft, "loud": 0.1 * loud}, 48_000).plot()
        >>> [text.get_text() for text in axes.texts]
        ['', '0.15', '1.00', '', '1.00', '0.15']
        """
        count = len(self.names)
        if axes is not None:
            _checks.drawable(axes, "axes")
        if axes is None:
            axes = new_axes(2.5 + 0.75 * count, 1.6 + 0.5 * (count + 1))
        in_mix = [self.in_mix[name] or 0.0 for name in self.names]
        grid = np.vstack([self.lost, in_mix])
        axes.imshow(grid, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
        axes.axhline(count - 0.5, color="white", linewidth=3)
        for row in range(count + 1):
            for column, name in enumerate(self.names):
                value, heard = grid[row, column], self.in_mix[name] is not None
                text = "" if row == column else f"{value:.2f}" if heard else "-"
                axes.text(
                    column, row, text, ha="center", va="center", color="white" if value > 0.55 else "black", fontsize=9
                )
        axes.set_xticks(range(count), [f"{name}\n{_word(self, name)}" for name in self.names])
        axes.set_yticks(range(count + 1), [*self.names, "all others"])
        style.style(axes, title="Share of loudness lost", grid="", unit="to")
        style.plain_labels(axes)
        return axes


def _word(report: Masking, name: str) -> str:
    audibility = report.audibility[name]
    return report.words[name] if audibility is None else f"{report.words[name]} ({audibility:.2f})"


def _hz(frequency_hz: float) -> str:
    return f"{frequency_hz:.0f} Hz" if frequency_hz < 1_000 else f"{frequency_hz / 1_000:.2f} kHz"


def _erb(frequency_hz: Any) -> Any:
    return 21.366 * np.log10(1 + 0.004368 * frequency_hz)


@_checks.named
def masking(
    stems: StemsLike,
    sample_rate_hz: float | None = None,
    *,
    lead: str | None = None,
    limits: Mapping[str, float] | None = None,
) -> Masking:
    """Measure the loudness that each track loses to the others, and find where tracks compete.

    Parameters
    ----------
    stems : mapping of name to audio, Mix, or Stems
        At least two; see :class:`Stems`.
    sample_rate_hz : float, optional
        See :class:`Stems`.
    lead : str, optional
        The track that is never cut: the lead vocal, or its equivalent.
    limits : mapping of name to number, optional
        In place of the report's own; see :func:`limits`.

    Returns
    -------
    Masking

    Examples
    --------
    Two noises alike lose most of their loudness beside each other:

    >>> import mixdown as md, numpy as np
    >>> one, other = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    >>> report = md.masking({"one": one, "other": other}, 48_000)
    >>> round(float(report.lost[0, 1]), 1)
    0.7
    """
    given = Stems.of(stems, sample_rate_hz)
    given.at_least(2, "masking")
    name = None if lead is None else given.named("lead", lead)
    made = _core.masking(list(zip(given, given.spectra, strict=True)), name, limits_of("masking", limits))
    names = tuple(made["names"])

    def by_name(field: str) -> dict[str, Any]:
        return dict(zip(names, made[field], strict=True))

    def matrix(field: str) -> NDArray[np.float64]:
        return np.array([[0.0 if value is None else value for value in row] for row in made[field]])

    return Masking(
        names=names,
        lead=made["lead"],
        lost=matrix("lost"),
        in_mix=by_name("in_mix"),
        audibility=by_name("audibility"),
        words=by_name("words"),
        share=by_name("share"),
        bands_hz=np.array(made["bands_hz"]),
        profiles=np.array(made["profiles"]),
        uniques=matrix("unique"),
        loudness=np.array(made["loudness"]),
        all_clashes=tuple(_clash(clash) for clash in made["clashes"]),
        notes=tuple(made["notes"]),
    )


def _clash(made: Mapping[str, Any]) -> Clash:
    one, other = made["tracks"]
    suggestions = tuple(suggestion_of(suggestion) for suggestion in made["suggestions"])
    return Clash(**{**made, "tracks": (one, other), "suggestions": suggestions})
