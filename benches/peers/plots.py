"""Draws a plot per family: how many times as fast mixdown is as the scalar loop, and as each peer.

Run by ``cargo xtask bench``: ``plots.py DATA.json FOLDER``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

OURS = "#1f5f8b"
PEERS = ["#c8553d", "#e3a857", "#6a994e", "#7b5ea7", "#888888", "#3d9b9b"]


def draw(family: dict[str, Any], folder: Path) -> None:
    """Draw one family as horizontal bars on a logarithmic axis, 1 being as fast."""
    bars = family["bars"]
    if not bars:
        return
    names = [bar["with"] for bar in bars]
    others = sorted({name for name in names if name != "scalar loop"})
    colours = {"scalar loop": OURS} | {name: PEERS[index % len(PEERS)] for index, name in enumerate(others)}
    rows: dict[str, list[dict[str, Any]]] = {}
    for bar in bars:
        rows.setdefault(bar["label"], []).append(bar)
    height = 0.22 * len(bars) + 0.12 * len(rows) + 1.2
    figure, axis = plt.subplots(figsize=(9, height), layout="constrained")
    place, ticks, labels = 0.0, [], []
    for label, group in rows.items():
        start = place
        for bar in group:
            width = bar["ratio"] - 1
            axis.barh(place, width, left=1, height=0.85, color=colours[bar["with"]])
            side, shift = ("left", 4) if width >= 0 else ("right", -4)
            axis.annotate(
                f"{bar['ratio']:.2g}" if bar["ratio"] < 10 else f"{bar['ratio']:.0f}",
                (bar["ratio"], place),
                xytext=(shift, 0),
                textcoords="offset points",
                va="center",
                ha=side,
                fontsize=7,
            )
            place += 1
        ticks.append((start + place - 1) / 2)
        labels.append(label)
        place += 0.5
    ratios = [bar["ratio"] for bar in bars]
    axis.set_xscale("log")
    axis.set_xlim(min(0.5, 0.7 * min(ratios)), 1.5 * max([*ratios, 2]))
    axis.axvline(1, color="black", linewidth=0.8)
    axis.set_yticks(ticks, labels, fontsize=8)
    axis.set_ylim(place, -1)
    steps = [
        step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if axis.get_xlim()[0] <= step <= axis.get_xlim()[1]
    ]
    axis.set_xticks(steps, [f"{step:g}" for step in steps])
    axis.minorticks_off()
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.set_xlabel("times as fast as …")
    axis.set_title(family["title"], fontsize=11)
    used = [name for name in colours if name in names]
    handles = [plt.Rectangle((0, 0), 1, 1, color=colours[name]) for name in used]
    figure.legend(handles, used, fontsize=8, loc="outside lower center", ncols=min(6, len(used)), frameon=False)
    figure.savefig(folder / f"{family['name']}.png", dpi=110, metadata={"Software": None})
    plt.close(figure)


def main(data: Path, folder: Path) -> None:
    """Draw every family that has bars."""
    folder.mkdir(parents=True, exist_ok=True)
    for family in json.loads(data.read_text(encoding="utf-8")):
        draw(family, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
