"""References to names of the package that have no page: internal classes are text; words are listed with their values."""

from __future__ import annotations

import sys
import types
import typing
from typing import Any

import mixdown as md
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def words() -> dict[str, tuple[str, ...]]:
    """Return the legal words of every parameter type that is a choice of words, by its name."""
    found = {}
    for module in _modules():
        for name, value in vars(module).items():
            if typing.get_origin(value) is typing.Literal and not (name.startswith("_") or name in md.__all__):
                found[name] = typing.get_args(value)
    return dict(sorted(found.items()))


def as_text(
    _app: Sphinx, _env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.TextElement | None:
    """Show a reference to what the package has, but has no page of, as text; what does not exist stays a fault."""
    if node.get("refdomain") != "py":
        return None
    target = str(node.get("reftarget", ""))
    return content if target in ("TypeAliasForwardRef", "Self") or _exists(target) else None


def _exists(target: str) -> bool:
    module, _, name = target.rpartition(".")
    if module:
        found: Any = sys.modules.get(module)
        return module.startswith("mixdown") and hasattr(found, name)
    return any(name in vars(each) and not callable_of_module(vars(each)[name]) for each in _modules())


def callable_of_module(value: object) -> bool:
    """Return whether a value is a function or a module: their references lead to pages or are wrong."""
    return isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.ModuleType))


def _modules() -> list[types.ModuleType]:
    return [module for name, module in sorted(sys.modules.items()) if name.split(".")[0] == "mixdown"]
