"""Values and names of strips as short text."""

from __future__ import annotations

from typing import Any

from mixdown import _checks


def said(value: Any, unit: str = "") -> str:
    """Return the value of a setting as short text."""
    if isinstance(value, tuple):
        return f"automated ({len(value)} points)"
    return f"{_checks.figure(value)}{unit}" if unit else str(value)


def listed(names: list[str], separator: str) -> str:
    """Return some of several names."""
    return separator.join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
