"""Pictures of a side: slope and curvature along it, and its pitch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mixdown.display import style
from mixdown.display.style import AFTER, BEFORE, FAINT, GRID, INK, TARGET
from mixdown.files.names import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mixdown.delivery.vinyl.songs import VinylSong

#: Lowest level that is drawn, in dB.
_LOWEST_DB = -36.0


def draw_side(
    axes: Axes, course: Sequence[Mapping[str, Any]], songs: Sequence[VinylSong], limits: Mapping[str, float]
) -> None:
    """Draw slope and curvature of every second turn, and their limits, over the time of the side."""
    _draw(axes, course, songs, {"curvature_db": ("curvature", AFTER), "slope_db": ("slope", BEFORE)})
    for name, colour in (("curvature", AFTER), ("slope", FAINT)):
        for word, dashes in (("warning", ":"), ("fault", "--")):
            limit_db = limits[f"{name}_{word}_db"]
            label = f"{name} {word}, {limit_db:g} dB"
            axes.axhline(limit_db, color=colour, linestyle=dashes, linewidth=1.0, label=label)
    values = [max(turn["curvature_db"], turn["slope_db"]) for turn in course]
    axes.set_ylim(_LOWEST_DB, max([12.0, *(value + 6.0 for value in values)]))
    axes.set_ylabel("dB re stylus", fontsize=9, color=FAINT)
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.16), ncols=3, frameon=False, fontsize=8, labelcolor=FAINT)


def draw_pitch(
    axes: Axes, course: Sequence[Mapping[str, Any]], songs: Sequence[VinylSong], limits: Mapping[str, float]
) -> None:
    """Draw the distance from groove to groove of every second turn, and that of silence, over the time of the side."""
    _draw(axes, course, songs, {"pitch_um": ("pitch", AFTER)})
    silent_um = limits["rest_width_um"] + limits["land_um"]
    axes.axhline(silent_um, color=TARGET, linestyle="--", linewidth=1.0, label=f"silence, {silent_um:g} µm")
    axes.set_ylim(0.0, max([2.0 * silent_um, *(1.1 * turn["pitch_um"] for turn in course)]))
    axes.set_ylabel("pitch in µm", fontsize=9, color=FAINT)
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.22), ncols=2, frameon=False, fontsize=8, labelcolor=FAINT)


def _draw(
    axes: Axes,
    course: Sequence[Mapping[str, Any]],
    songs: Sequence[VinylSong],
    lines: Mapping[str, tuple[str, str]],
) -> None:
    for index, song in enumerate(songs):
        turns = [turn for turn in course if turn["song"] == index]
        # The last turn is drawn to the end of its song.
        ends_min = (song.start_s + turns[-1]["end_s"]) / 60.0
        times_min = np.array([*(turn["side_s"] / 60.0 for turn in turns), ends_min])
        for name, (label, colour) in lines.items():
            values = [turn[name] for turn in turns]
            axes.step(
                times_min,
                [*values, values[-1]],
                where="post",
                color=colour,
                linewidth=1.2,
                label=label if index == 0 else None,
            )
        if index:
            axes.axvline(song.start_s / 60.0, color=GRID, linewidth=1.5, zorder=0)
        radii = f"{song.outer_radius_mm:.0f}-{song.inner_radius_mm:.0f} mm"
        middle_min = (song.start_s + 0.5 * song.duration_s) / 60.0
        axes.text(
            middle_min,
            1.02,
            f"{printable(song.title)}\n{radii}",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=8,
            color=INK,
            parse_math=False,
        )
    last = songs[-1]
    axes.set_xlim(0.0, (last.start_s + last.duration_s) / 60.0)
    style.style(axes, title="", grid="y")
    axes.set_xlabel("time in min", loc="right", fontsize=9, color=FAINT)
