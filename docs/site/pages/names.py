"""References to names of the package that have no page: internal classes are text; words are listed with their values."""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Iterator
from typing import Any

import mixdown as md
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.inspect import TypeAliasForwardRef

# In a union, Sphinx writes its own name for an alias that is kept by its name.
TypeAliasForwardRef.__repr__ = lambda alias: alias.name  # type: ignore[method-assign]


def words() -> dict[str, tuple[str, ...]]:
    """Return the legal words of every parameter type that is a choice of words, by its name."""
    found = {}
    for module in _modules():
        for name, value in vars(module).items():
            if typing.get_origin(value) is typing.Literal and not (name.startswith("_") or name in md.__all__):
                found[name] = typing.get_args(value)
    return dict(sorted(found.items()))


def as_text(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement) -> nodes.Element | None:
    """Lead a reference to the public name of what it names; what has no page is text, what is not there stays a fault."""
    if node.get("refdomain") != "py":
        return None
    target = str(node.get("reftarget", ""))
    domain = env.domains["py"]
    for name in _meant(target, node.get("py:class")):
        if name in domain.objects:  # type: ignore[attr-defined]
            return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, content)
    return content if target == "Self" or _exists(target) else None


def _meant(target: str, owner: str | None) -> Iterator[str]:
    """Yield what a name may stand for: a public name, as users write it, or a method that the class inherits."""
    yield f"mixdown.{target}"
    kind = getattr(md, owner, None) if owner else None
    for base in kind.__mro__ if isinstance(kind, type) else ():
        yield f"mixdown.{base.__name__}.{target}"


def plain_signature(
    _app: Sphinx, _what: str, _name: str, _value: object, _options: object, arguments: str | None, result: str | None
) -> tuple[str | None, str | None]:
    """Write types in signatures as the sources do."""
    return _plain(arguments), _plain(result)


def _plain(annotations: str | None) -> str | None:
    if annotations is None:
        return None
    # A default that is made anew for each value.
    annotations = annotations.replace("<factory>", "...")
    return re.sub(
        r"(?:~?numpy\.)?ndarray\[(?:~?\w+\.)*\w+\[[^\]]*\], (?:~?numpy\.)?dtype\[([^\]]*)\]\]",
        r"NDArray[\1]",
        annotations,
    )


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
