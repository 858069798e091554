"""Measurements of every effect, as figures: made from processed audio each time the site is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pages.measured import (
    combinations,
    convolutions,
    delays,
    dynamics,
    equalizers,
    filters,
    levels,
    modulation,
    multiband,
    reverbs,
    saturation,
)
from pages.measured.figures import Measured

#: Title of a family, and the measurements of its effects by class, in the order of pages.
FAMILIES: dict[str, Mapping[str, Callable[[], Sequence[Measured]]]] = {
    "Levels": levels.MEASURED,
    "Filters": filters.MEASURED,
    "Equalizers": equalizers.MEASURED,
    "Dynamics": {**dynamics.MEASURED, **multiband.MEASURED},
    "Saturation": saturation.MEASURED,
    "Delay and modulation": {**delays.MEASURED, **modulation.MEASURED},
    "Reverbs": {**reverbs.MEASURED, **convolutions.MEASURED},
    "Combinations": combinations.MEASURED,
}
