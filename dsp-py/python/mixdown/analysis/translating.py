"""Translation: how much of each track and of each region of the spectrum is left on other loudspeakers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Source
from mixdown._core import ParameterError
from mixdown.analysis.devices import Device, devices_of
from mixdown.analysis.figures import Figures
from mixdown.analysis.reports import Report, aligned, limits_of
from mixdown.analysis.reports import limits as limits_table
from mixdown.analysis.stems import Stems, StemsLike, one_or_two_channels
from mixdown.analysis.suggestions import Suggestion, suggestion_of
from mixdown.display import style
from mixdown.display.style import new_axes
from mixdown.effects import Effect, Saturator, range_of
from mixdown.session import Mix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Verdict = Literal["fine", "thin", "lost", "not_judged"]

#: Name of a programme without its tracks.
PROGRAMME = "mix"
#: Difference in the kept share from which the noise of a device is named.
_NOISE_SHARE = 0.1
#: Level to which a saturator in parallel with a lost bass drives its peaks, in dBFS, and its share.
_DRIVEN_DBFS, _SHARE = 12.0, 0.3


@dataclass(frozen=True, eq=False)
class Translation(Report):
    """How a mix translates to other loudspeakers.

    Attributes
    ----------
    tracks : tuple of str
        The tracks; "mix" alone for a programme without them.
    studio_share : mapping of track to float
        Share in the loudness of the mix in the studio: partial loudness over the active frames of the track.
    kept : mapping of track to mapping of device to float or None
        Share on the device, relative to that; None for a track that is hidden in the full mix (a share below 0.01).
    kept_in_quiet : mapping of track to mapping of device to float or None
        The same in a silent room: the difference is the loss to noise.
    verdicts : mapping of track to mapping of device to str
        "fine", "thin" (below 0.6), "lost" (below 0.25), "not_judged".
    bands : mapping of device to mapping of region to float or None
        The same for regions of the spectrum of the whole mix, "sub" (below 60 Hz) to "high" (above 6 kHz).
    bands_in_quiet : mapping of device to mapping of region to float or None
    devices : tuple of Device
    suggestions : tuple of Suggestion
        For a lost bass: a bell above its fundamental or a saturator, where that helps.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> bass = 0.2 * np.sin(2 * np.pi * 50 * np.arange(96_000) / 48_000)
    >>> lead = 0.1 * np.random.default_rng(1).standard_normal(96_000)
    >>> report = md.translation({"bass": bass, "lead": lead}, 48_000, devices=["phone", "car"])
    >>> {name: round(kept, 2) for name, kept in report.kept["bass"].items()}
    {'phone': 0.0, 'car': 0.31}
    >>> report.verdicts["bass"]["phone"], report.is_programme, len(report.notes)
    ('lost', False, 1)
    """

    tracks: tuple[str, ...]
    studio_share: Mapping[str, float]
    kept: Mapping[str, Mapping[str, float | None]]
    kept_in_quiet: Mapping[str, Mapping[str, float | None]]
    verdicts: Mapping[str, Mapping[str, Verdict]]
    bands: Mapping[str, Mapping[str, float | None]]
    bands_in_quiet: Mapping[str, Mapping[str, float | None]]
    devices: tuple[Device, ...] = field(repr=False)
    suggestions: tuple[Suggestion, ...]

    def __repr__(self) -> str:
        names = [device.name for device in self.devices]
        lost = [f"{track} on {name}" for track in self.tracks for name in names if self.verdicts[track][name] == "lost"]
        judged = any(kept is not None for of_track in self.kept.values() for kept in of_track.values())
        found = "nothing is lost" if judged else "nothing to judge"
        if lost:
            found = f"lost: {', '.join(lost[:4])}{', …' if len(lost) > 4 else ''}"
        return f"<Translation of {len(self.tracks)} tracks to {len(names)} devices: {found}>"

    @property
    def notes(self) -> tuple[str, ...]:
        """Tracks that are not judged, and losses caused by noise, one sentence each."""
        first = [self.verdicts[track][device.name] for track in self.tracks for device in self.devices[:1]]
        hidden = [track for track, verdict in zip(self.tracks, first, strict=False) if verdict == "not_judged"]
        notes = [self._noise_note(device.name) for device in self.devices]
        if hidden and not self.is_programme:
            notes.insert(0, f"Hidden in the full mix already, and not judged: {', '.join(hidden)}.")
        return tuple(filter(None, notes))

    def _noise_note(self, device: str) -> str:
        """Return what is thin or lost by the noise of a device, and its share without the noise."""
        if self.is_programme:
            thin = limits_table("translation")["thin"].default
            kepts = [(name, kept, self.bands_in_quiet[device][name]) for name, kept in self.bands[device].items()]
            weak = {name for name, kept, _ in kepts if kept is not None and kept < thin}
        else:
            kepts = [(track, self.kept[track][device], self.kept_in_quiet[track][device]) for track in self.tracks]
            weak = {track for track in self.tracks if self.verdicts[track][device] in ("thin", "lost")}
        masked = [
            f"{name} {quiet:.2f}"
            for name, kept, quiet in kepts
            if name in weak and kept is not None and quiet is not None and quiet - kept >= _NOISE_SHARE
        ]
        return f"Without the noise of the {device}: {', '.join(masked)}." if masked else ""

    @property
    def is_programme(self) -> bool:
        """Whether the report is of a programme without its tracks."""
        return self.tracks == (PROGRAMME,)

    def table(self) -> str:
        """Return the kept shares of tracks and regions of the spectrum on each device, as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = md.Tilt(gain_db=12)(0.1 * np.random.default_rng(1).standard_normal(96_000), 48_000)
        >>> for line in md.translation(noise, 48_000, devices=["phone", "laptop"]).table().splitlines()[:4]:
        ...     print(line)
        Region    phone  laptop
        sub           -       -
        bass       0.00    0.31
        low-mid    0.71    1.00
        """
        names = [device.name for device in self.devices]
        regions = list(self.bands[names[0]]) if names else []
        parts = []
        if not self.is_programme:
            rows = [("Track", "Share", *names)]
            for track in self.tracks:
                cells = [_cell(self.kept[track][name], self.verdicts[track][name]) for name in names]
                rows.append((track, f"{self.studio_share[track]:.3f}", *cells))
            parts.append(aligned(rows))
        region_rows = [("Region", *names)]
        region_rows += [(region, *(_figure(self.bands[name][region]) for name in names)) for region in regions]
        parts.append(aligned(region_rows))
        parts += self.notes
        parts += [f"{suggestion.track}: {suggestion.reason}" for suggestion in self.suggestions]
        return "\n\n".join(parts)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the kept share of each track, or of each region of a programme without tracks, on each device.

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
        >>> noise = md.Tilt(gain_db=12)(0.1 * np.random.default_rng(1).standard_normal(96_000), 48_000)
        >>> axes = md.translation(noise, 48_000, devices=["phone", "laptop"]).plot()
        >>> [text.get_text() for text in axes.texts[:4]]
        ['not judged', 'not judged', '0.00', '0.31']
        """
        names = [device.name for device in self.devices]
        regions = list(self.bands[names[0]]) if names else []
        rows: list[tuple[str, list[float | None]]] = (
            [(region, [self.bands[name][region] for name in names]) for region in regions]
            if self.is_programme
            else [(track, [self.kept[track][name] for name in names]) for track in self.tracks]
        )
        drawn = new_axes(1.6 + 1.0 * len(names), 1.2 + 0.42 * len(rows)) if axes is None else axes
        values = np.array([[np.nan if kept is None else kept for kept in kepts] for _, kepts in rows], dtype=np.float64)
        # What has more than in the studio is no better; the ends of the scale are left out, as figures stand on it.
        shown = np.ma.masked_invalid(np.minimum(values, 1.0))
        drawn.imshow(shown, cmap="RdYlGn", vmin=-0.35, vmax=1.35, aspect="auto")
        for row, (_, kepts) in enumerate(rows):
            for column, kept in enumerate(kepts):
                drawn.text(
                    column, row, "not judged" if kept is None else f"{kept:.2f}", ha="center", va="center", fontsize=9
                )
        drawn.set_xticks(range(len(names)), names)
        drawn.set_yticks(range(len(rows)), [name for name, _ in rows])
        style.style(drawn, title="Share of the mix that is kept", grid="")
        style.plain_labels(drawn)
        return drawn

    def audition(self, device: str) -> Effect:
        """Return an effect that approximates a device: see :meth:`Device.audition`.

        Parameters
        ----------
        device : str
            Its name.

        Returns
        -------
        Effect

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> heard = md.translation(noise, 48_000, devices=["phone"]).audition("phone")(noise, 48_000)
        >>> print(f"correlation {md.correlation(heard, 48_000).overall:.2f}: mono")
        correlation 1.00: mono
        """
        for one in self.devices:
            if one.name == device:
                return one.audition()
        known = ", ".join(one.name for one in self.devices)
        raise ParameterError(f"device = {_checks.shown(device)} is none of the devices ({known})")


def _figure(kept: float | None) -> str:
    return "-" if kept is None else f"{kept:.2f}"


def _cell(kept: float | None, verdict: Verdict) -> str:
    return _figure(kept) + (f" {verdict}" if verdict in ("thin", "lost") else "")


@_checks.named
def translation(
    stems: StemsLike | Source,
    sample_rate_hz: float | None = None,
    *,
    devices: Iterable[Device | str] | None = None,
    limits: Mapping[str, float] | None = None,
) -> Translation:
    """Measure the share of each track and region of the spectrum that is left on other loudspeakers.

    Each spectrum passes the response of the device, and its mono fold if it has one; the mix is set to the playback
    level; room noise masks all tracks. The share of a track is its partial loudness among all others, relative to the
    loudness of the whole mix.

    Parameters
    ----------
    stems : mapping of name to audio, Mix, Stems, or audio of a programme
        Without its tracks a programme is judged by regions of the spectrum.
    sample_rate_hz : float, optional
        May be left out for a mix, and for what :func:`read` returned.
    devices : sequence of Device or names, optional
        All of :func:`devices` by default.
    limits : mapping of name to number, optional
        In place of those of ``md.limits("translation")``.

    Returns
    -------
    Translation

    Examples
    --------
    A bass of 50 Hz alone is not heard on a phone.

    >>> import mixdown as md, numpy as np
    >>> time_s = np.arange(96_000) / 48_000
    >>> bass, lead = (0.2 * np.sin(2 * np.pi * hz * time_s) for hz in (50, 1_000))
    >>> report = md.translation({"bass": bass, "lead": lead}, 48_000, devices=["phone", "club"])
    >>> for track in report.tracks:
    ...     print(f"{track}: {report.kept[track]['phone']:.2f}, {report.verdicts[track]['phone']}")
    bass: 0.00, lost
    lead: 1.04, fine
    """
    chosen = devices_of(devices)
    if isinstance(stems, (Mapping, Mix)):
        tracks = Stems.of(stems, sample_rate_hz)
        tracks.at_least(1, "translation")
    else:
        audio, rate_hz = _checks.recording(stems, sample_rate_hz)
        tracks = Stems({PROGRAMME: one_or_two_channels(audio)}, rate_hz)
    given = limits_of("translation", limits)
    named = list(zip(tracks, tracks.spectra, strict=True))
    made = _core.translation(named, [device.engine(tracks.sample_rate_hz) for device in chosen], given)
    report = _report(made, chosen)
    saturated = _saturated(report, tracks, named, chosen, given)
    return report if not saturated else _report(made, chosen, saturated)


def _report(made: dict[str, Any], devices: list[Device], more: tuple[Suggestion, ...] = ()) -> Translation:
    tracks = tuple(made["tracks"])

    def by_track(name: str) -> Mapping[str, Mapping[str, Any]]:
        return Figures(
            {
                track: Figures({one["device"]: one[name][index] for one in made["devices"]})
                for index, track in enumerate(tracks)
            }
        )

    def by_region(name: str) -> Mapping[str, Mapping[str, float | None]]:
        return Figures(
            {
                one["device"]: Figures({region["name"]: region[name] for region in one["regions"]})
                for one in made["devices"]
            }
        )

    return Translation(
        tracks=tracks,
        studio_share=Figures(dict(zip(tracks, made["studio_share"], strict=True))),
        kept=by_track("kept"),
        kept_in_quiet=by_track("kept_in_quiet"),
        verdicts=by_track("verdicts"),
        bands=by_region("kept"),
        bands_in_quiet=by_region("kept_in_quiet"),
        devices=tuple(devices),
        suggestions=(*(suggestion_of(suggestion) for suggestion in made["suggestions"]), *more),
    )


def _saturated(
    report: Translation,
    stems: Stems,
    named: list[tuple[str, _core.Spectra]],
    devices: list[Device],
    limits: dict[str, Any],
) -> tuple[Suggestion, ...]:
    """Return a saturator for each lost bass that no equalizer lifts, if it helps: measured on the track through it."""
    known = {suggestion.track for suggestion in report.suggestions}
    highest_hz, least = (
        limits.get(name, limits_table("translation")[name].default) for name in ("highest_bass_hz", "least_gain")
    )
    suggestions = []
    for index, track in enumerate(report.tracks):
        lost = [device for device in devices if report.verdicts[track][device.name] == "lost"]
        strongest_hz = named[index][1].strongest_hz
        if not lost or track in known or report.is_programme or strongest_hz is None or strongest_hz > highest_hz:
            continue
        peak = float(np.abs(stems[track]).max(initial=0.0))
        low_db, high_db = range_of("Saturator", "drive_db")
        drive_db = float(np.clip(np.round(_DRIVEN_DBFS - 20 * np.log10(max(peak, 1e-6))), low_db, high_db))
        effect = Saturator(drive_db=drive_db, mix=_SHARE, auto_gain=True)
        changed = list(named)
        changed[index] = (track, _core.Spectra(effect(stems[track], stems.sample_rate_hz), stems.sample_rate_hz))
        after = _report(_core.translation(changed, [lost[0].engine(stems.sample_rate_hz)], limits), lost[:1])
        name = lost[0].name
        before, now = cast(float, report.kept[track][name]), after.kept[track][name]
        if now is not None and now >= before + least:
            suggestions.append(
                Suggestion(
                    track=track,
                    effect=effect,
                    key=None,
                    fader_db=None,
                    reason=f"{track} keeps {before:.2f} of its share of the mix ({name}): little of it lies above its "
                    "fundamental, and saturation adds harmonics.",
                    evidence=Figures({"kept": (before, "")}),
                    predicted=Figures({"kept": (before, now, "")}),
                    confidence="low",
                )
            )
    return tuple(suggestions)
