"""The reference of the Python package: a page for every public name, in the groups of the field."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import mixdown as md
from sphinx.application import Sphinx
from sphinx.config import Config

from pages import names as choices
from pages.sources import replace_folder

FOLDER = "api"

#: Title and introduction of a group, and the modules whose public names it holds; the first that fits takes a name.
GROUPS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "effects": (
        "Effects",
        "Settings that process audio, whole or in blocks. What each of them does: :doc:`../processors/index`.",
        ("mixdown.effects",),
    ),
    "console": (
        "Console",
        "A mix: tracks, groups, returns and the master, with sends, keys, automation and VCA groups.",
        ("mixdown.session", "mixdown.faders"),
    ),
    "meters": ("Meters", "Loudness, peaks, correlation, spectra.", ("mixdown.meters",)),
    "judgement": (
        "Judgement",
        "What a mix does to its tracks, and what it lacks beside others.",
        ("mixdown.analysis",),
    ),
    "mastering": (
        "Mastering",
        "To a loudness and a true peak, with a certificate that is measured on the delivered samples.",
        (
            "mixdown.delivery.mastering",
            "mixdown.delivery.normalizing",
            "mixdown.delivery.certificate",
            "mixdown.delivery.targets",
            "mixdown.catalog",
        ),
    ),
    "delivery": (
        "Album and delivery",
        "Songs mastered together, and what services, listeners and plants take.",
        ("mixdown.album", "mixdown.pack", "mixdown.delivery"),
    ),
    "files": (
        "Files",
        "Reading, writing, checking and converting.",
        ("mixdown.files", "mixdown.checking", "mixdown.conversion", "mixdown._checks"),
    ),
    "display": ("Display", "Figures, each drawn into one axis.", ("mixdown.display",)),
    "types": ("Types", "What annotations in signatures stand for.", ()),
    "errors": ("Errors", "All are subclasses of ``ValueError``, with one line for the reader.", ()),
}
#: Classes that functions return and nobody makes, where they are defined, and the group that lists them.
RESULTS = {
    "effects.processed_blocks.ProcessedBlocks": "effects",
    "session.kinds.Master": "console",
    "session.vcas.Vcas": "console",
    "delivery.targets.Targets": "mastering",
    "album.label.Label": "delivery",
    "pack.delivering.Delivery": "delivery",
    "pack.quality.Quality": "delivery",
    "checking.profiles.Profiles": "files",
}
#: Public names without a module of their own, and the group that tells them.
PLACED = {"Audio": "types", "__version__": "types"}

_TYPES = """\
.. py:data:: __version__
   :type: str

   The version of the package.

.. py:type:: Audio
   :canonical: NDArray[np.float32] | NDArray[np.float64]

   What effects return: shape ``(channels, frames)`` or ``(frames,)``.

.. py:type:: AudioLike

   What functions take as audio: an array, or anything with ``__array__`` or ``__dlpack__``.

.. py:type:: Source

   Audio, or audio and its rate as :func:`read` returns them.
"""


def leaves() -> set[str]:
    """Return the pages that stand in the list of their group, and in no table of contents."""
    return {f"{FOLDER}/{name}" for name in (*public_names(), *RESULTS) if name not in PLACED}


def public_names() -> list[str]:
    """Return every name that a page of the reference has, those of the display included."""
    shown = [f"display.{name}" for name in display_names()]
    return [*(name for name in md.__all__ if name != "display"), *shown]


def display_names() -> list[str]:
    """Return the public functions of the display."""
    return sorted(name for name in md.display.__all__ if callable(getattr(md.display, name)))


def value_of(name: str) -> Any:
    """Return what a public name stands for."""
    module, _, last = f"mixdown.{name}".rpartition(".")
    return getattr(importlib.import_module(module), last)


def group_of(name: str) -> str:
    """Return the group of a public name."""
    value = value_of(name)
    if name in PLACED or name in RESULTS:
        return PLACED.get(name) or RESULTS[name]
    if name.startswith("display."):
        return "display"
    if inspect.isclass(value) and issubclass(value, Exception):
        return "errors"
    module = value.__module__
    for group, (_, _, modules) in GROUPS.items():
        if any(module == each or module.startswith(f"{each}.") for each in modules):
            return group
    raise ValueError(f"{name} of {module} has no group in the reference: add its module to GROUPS")


def members(kind: type) -> list[str]:
    """Return the public methods and properties that the page of a class documents.

    They are its own and those of its bases without a page, so that each stands in one place.
    """
    bases = [base for base in kind.__mro__[1:] if base is not kind and _has_page(base)]
    elsewhere = {name for base in bases for name in dir(base)}
    foreign = {name for base in kind.__mro__ if not _is_ours(base) for name in dir(base)}
    own = {name for base in kind.__mro__ if _is_ours(base) for name in vars(base)}
    kept = [name for name in own if not name.startswith("_") and _is_member(kind, name)]
    return sorted(name for name in kept if name in vars(kind) or name not in elsewhere | (foreign - own))


def inherited(kind: type) -> dict[type, list[str]]:
    """Return the members that stand on the pages of its bases, by base."""
    seen = set(members(kind))
    found: dict[type, list[str]] = {}
    for base in kind.__mro__[1:]:
        if _has_page(base):
            more = [name for name in members(base) if name not in seen]
            if more:
                found[base] = more
            seen.update(more)
    return found


def _is_ours(kind: type) -> bool:
    return kind.__module__.split(".")[0] == "mixdown"


def _has_page(kind: type) -> bool:
    return _is_ours(kind) and getattr(md, kind.__name__, None) is kind


def _is_member(kind: type, name: str) -> bool:
    value = inspect.getattr_static(kind, name)
    return isinstance(value, (property, classmethod, staticmethod)) or inspect.isfunction(value)


def summary(value: Any) -> str:
    """Return the first sentences of a documentation, on one line, without references: they depend on the place."""
    text = inspect.getdoc(value) or ""
    return re.sub(r":\w+:`~?([^`]*)`", r"``\1``", " ".join(text.split("\n\n")[0].split()))


def write(_app: Sphinx, _config: Config) -> None:
    """Write all pages."""
    grouped: dict[str, list[str]] = {group: [] for group in GROUPS}
    names = [*public_names(), *RESULTS]
    for name in names:
        grouped[group_of(name)].append(name)
    pages = {f"{name}.rst": _page(name) for name in names if name not in PLACED}
    pages |= {f"{group}.rst": _group(group, names) for group, names in grouped.items()}
    pages["index.rst"] = _index(grouped)
    replace_folder(FOLDER, pages)


def _titled(title: str) -> str:
    return f"{title}\n{'=' * len(title)}\n\n"


def _page(name: str) -> str:
    value = value_of(name)
    group = group_of(name)
    # Not in the table of contents: its navigation, made for each page anew, would take half of the build's time.
    way = f":doc:`API reference <index>` › :doc:`{GROUPS[group][0]} <{group}>`"
    head = f":orphan:\n\n{_titled(_called(name))}{way}\n\n.. currentmodule:: mixdown\n\n"
    if not inspect.isclass(value):
        return f"{head}.. autofunction:: mixdown.{name}\n"
    return f"{head}.. autoclass:: mixdown.{name}\n\n" + "\n".join(_class_parts(name, value))


def _class_parts(name: str, kind: type) -> Iterator[str]:
    for member in members(kind):
        value = inspect.getattr_static(kind, member)
        directive = "autoproperty" if isinstance(value, property) else "automethod"
        yield f"   .. {directive}:: mixdown.{name}.{member}\n"
    for base, names in inherited(kind).items():
        roles = ", ".join(f":py:obj:`~mixdown.{base.__name__}.{member}`" for member in names)
        yield f"Also has, from :class:`~mixdown.{base.__name__}`: {roles}.\n"


def _is_named_class(name: str) -> bool:
    return name not in RESULTS and inspect.isclass(value_of(name))


def _is_function(name: str) -> bool:
    return inspect.isroutine(value_of(name))


def _called(name: str) -> str:
    return name.rpartition(".")[2] if name in RESULTS else f"md.{name}"


def _group(group: str, names: list[str]) -> str:
    title, introduction, _ = GROUPS[group]
    text = f"{_titled(title)}{introduction}\n\n.. currentmodule:: mixdown\n\n"
    for heading, kept in (("Classes", _is_named_class), ("Functions", _is_function), ("Results", RESULTS.__contains__)):
        chosen = [name for name in names if kept(name)]
        if chosen:
            text += f"{heading}\n{'-' * len(heading)}\n\n.. list-table::\n   :widths: 30 70\n\n"
            text += "".join(
                f"   * - :py:obj:`{_called(name)} <mixdown.{name}>`\n     - {summary(value_of(name))}\n"
                for name in chosen
            )
            text += "\n"
    if group == "types":
        text += "\n".join([_TYPES, *_words()])
    return text


def _words() -> Iterator[str]:
    for name, values in choices.words().items():
        yield f".. py:type:: {name}\n\n   {', '.join(f'``{value!r}``' for value in values)}\n"


def _index(grouped: dict[str, list[str]]) -> str:
    text = _titled("API reference")
    text += (
        "All names are those of ``import mixdown as md``. Arrays are numpy float32 or float64 of the shape "
        "``(channels, frames)`` or ``(frames,)``; parameters are given by name and carry their unit.\n\n"
        ".. list-table::\n   :widths: 25 10 65\n   :header-rows: 1\n\n   * - Group\n     - Names\n     - Holds\n"
    )
    for group, names in grouped.items():
        title, introduction, _ = GROUPS[group]
        text += f"   * - :doc:`{title} <{group}>`\n     - {len(names)}\n     - {introduction}\n"
    listed = "\n".join(f"   {group}" for group in grouped)
    return f"{text}\n.. toctree::\n   :hidden:\n\n{listed}\n"
