"""The report of a vinyl check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mixdown.analysis.findings import SEVERITIES, Finding, FindingsReport
from mixdown.analysis.reports import aligned
from mixdown.delivery.vinyl.songs import VinylSong, clock
from mixdown.display.style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class VinylCheck(FindingsReport):
    """A check of a record side from groove geometry. Absolute levels are accurate to ±3 dB.

    Attributes
    ----------
    fmt : str
        As "12in33".
    findings : tuple of Finding
        The worst first; the places of a song count from its start.
    songs : tuple of VinylSong
    duration_s : float
        Including the gaps.
    gap_s : float
    fits_level_db : float or None
        Highest level at which the side fits, re 5 cm/s rms for a tone of -18 dBFS and 1 kHz in both channels; None if
        it fits at none.
    level_db : float
        Level of the check: the highest that fits; for short sides the usual one.
    programme_level_db : float or None
        Its loudness at that level, as that of such a tone.
    integrated_lufs : float or None
        Loudness of all songs together.
    turns, width_mm, span_mm, mean_pitch_um : float
        Turns of the groove, cut width, available width, mean distance from groove to groove.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    >>> side = md.vinyl_check(md.LowPass()(noise, 48_000), 48_000, fmt="7in45", level_db=0)
    >>> print(f"{side.turns:.1f} turns, {side.mean_pitch_um:.0f} µm from groove to groove")
    1.5 turns, 82 µm from groove to groove
    >>> side.passed, side.counts
    (False, '1 fault, 2 warnings')
    """

    fmt: str
    findings: tuple[Finding, ...]
    songs: tuple[VinylSong, ...]
    duration_s: float
    gap_s: float
    fits_level_db: float | None
    level_db: float
    programme_level_db: float | None
    integrated_lufs: float | None
    turns: float
    width_mm: float
    span_mm: float
    mean_pitch_um: float
    _course: tuple[Mapping[str, Any], ...] = field(compare=False)
    _limits: Mapping[str, float] = field(compare=False)

    def __repr__(self) -> str:
        fits = "fits at no level" if self.fits_level_db is None else f"fits at {self.fits_level_db:+.1f} dB"
        return f"<VinylCheck, {self.fmt}, {clock(self.duration_s)}: {fits}; {self.counts}>"

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> plain = md.vinyl_check(noise, 48_000, fmt="7in45").to_dict()
        >>> plain["fmt"], plain["duration_s"], round(plain["turns"], 1)
        ('7in45', 2.0, 1.5)
        """
        values = super().to_dict()
        del values["_course"], values["_limits"]
        return {"passed": self.passed, **values}

    def table(self) -> str:
        """Return the side, its songs and its findings as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> print(md.vinyl_check(noise, 48_000, fmt="7in45").table().partition(" It fits")[0])
        7in45, 0:02, 2 turns, 0.2 of 31.2 mm.
        """
        fits = "It fits at no level" if self.fits_level_db is None else f"It fits at {self.fits_level_db:+.1f} dB"
        head = (
            f"{self.fmt}, {clock(self.duration_s)}, {self.turns:.0f} turns, {self.width_mm:.1f} of "
            f"{self.span_mm:.1f} mm. {fits} re 5 cm/s; judged at {self.level_db:+.1f} dB."
        )
        rows: list[tuple[str, ...]] = [
            ("Song", "Length", "Radius mm", "LUFS", "Slope", "Curvature", "outside", "inside", "Lift µm", "Bass")
        ]
        rows += [
            (
                song.title,
                clock(song.duration_s),
                f"{song.outer_radius_mm:.0f}-{song.inner_radius_mm:.0f}",
                "-" if song.integrated_lufs is None else f"{song.integrated_lufs:.1f}",
                *(
                    f"{value:+.1f}"
                    for value in (
                        song.slope_db,
                        song.curvature_db,
                        song.outermost_curvature_db,
                        song.innermost_curvature_db,
                    )
                ),
                f"{song.lift_um:.1f}",
                "-" if song.bass_correlation is None else f"{song.bass_correlation:.2f}",
            )
            for song in self.songs
        ]
        found = [[SEVERITIES[finding.severity], finding.check, finding.message] for finding in self.findings]
        return "\n\n".join([head, aligned(rows), aligned(found, left=3, headed=False) if found else "Nothing found."])

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw slope and curvature along the side, with their limits.

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
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> axes = md.vinyl_check(noise, 48_000, fmt="7in45", level_db=0).plot()
        >>> {line.get_label(): round(float(np.max(line.get_ydata())), 1) for line in axes.lines[:2]}
        {'curvature': 14.6, 'slope': 8.5}
        """
        from mixdown.delivery.vinyl.picture import draw_side

        drawn = new_axes(9.0, 4.2) if axes is None else axes
        draw_side(drawn, self._course, self.songs, self._limits)
        return drawn

    def plot_pitch(self, axes: Axes | None = None) -> Axes:
        """Draw the distance from groove to groove along the side.

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
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> axes = md.vinyl_check(noise, 48_000, fmt="7in45", level_db=0).plot_pitch()
        >>> print(f"{np.max(axes.lines[0].get_ydata()):.0f} µm at most")
        100 µm at most
        """
        from mixdown.delivery.vinyl.picture import draw_pitch

        drawn = new_axes(9.0, 3.2) if axes is None else axes
        draw_pitch(drawn, self._course, self.songs, self._limits)
        return drawn
