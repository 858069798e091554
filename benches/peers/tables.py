"""Tables of figures, ours beside theirs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Row:
    """One figure of both."""

    what: str
    ours: float
    theirs: float | None
    unit: str
    perfect: str
    digits: int = 2

    def markdown(self) -> str:
        """Return a line of the table."""

        def cell(value: float | None) -> str:
            if value is None:
                return ""
            if math.isnan(value):
                return "never"
            # Adding 0 takes the sign off a rounded zero.
            return f"{round(value, self.digits) + 0:.{self.digits}f} {self.unit}".strip()

        return f"| {self.what} | {cell(self.ours)} | {cell(self.theirs)} | {self.perfect} |"


@dataclass
class Section:
    """A table with a heading and what must be known to read it."""

    title: str
    signals: str
    rows: list[Row] = field(default_factory=list)
    peer: str = "pedalboard"

    def markdown(self) -> str:
        """Return the section as text."""
        head = f"## {self.title}\n\n{self.signals}\n\n| figure | mixdown | {self.peer} | perfect |\n|---|--:|--:|---|\n"
        return head + "".join(row.markdown() + "\n" for row in self.rows)
