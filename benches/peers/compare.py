"""Plays the same signals to mixdown and to pedalboard, measures what comes out, and writes a table.

Run by ``cargo xtask compare``. Every figure is computed here; none is typed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import convolution
import delay
import dynamics
import equalizer
import numpy as np
import offline_job
import reverb
import saturation
import summing
import times
from tables import Section

HEADER = """\
# Comparison

Written by `cargo xtask compare`; every figure is measured on the same signals in the same run, none typed.
Made with mixdown {mixdown}, pedalboard {pedalboard}, numpy {numpy}. The last column says what a perfect one would read.

"""

SECTIONS: list[Callable[[], Section]] = [
    dynamics.section,
    equalizer.section,
    reverb.section,
    reverb.beginning_section,
    convolution.section,
    delay.section,
    delay.chorus_section,
    saturation.section,
    times.section,
    offline_job.section,
    summing.section,
]


def main(report: Path) -> None:
    """Measure everything, then write the report."""
    header = HEADER.format(mixdown=version("mixdown"), pedalboard=version("pedalboard"), numpy=np.__version__)
    text = header + "\n".join(section().markdown() for section in SECTIONS)
    report.parent.mkdir(exist_ok=True)
    report.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
