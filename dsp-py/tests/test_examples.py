"""Examples in docstrings: every public callable has one that shows a figure, and each runs as it stands."""

import ast
import doctest
import functools
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mixdown as md

ROOT = Path(md.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
PARSER = doctest.DocTestParser()
ALONE = re.compile(r">>> (import .*mixdown as md|from mixdown)")


def examples_of(file: Path) -> Iterator[doctest.DocTest]:
    """Every docstring of a file with examples in it, whatever decorates its owner.

    One that imports the package stands alone, as in the session of a user; others explain the inside of a module.
    """
    module = ".".join(("mixdown", *file.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            words = ast.get_docstring(node) or ""
            if ">>>" in words:
                names = {} if ALONE.search(words) else dict(vars(importlib.import_module(module)))
                place, line = getattr(node, "name", file.stem), node.body[0].lineno - 1
                yield PARSER.get_doctest(words, names, place, str(file), line)


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_examples_run(file: Path) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    failed = sum(runner.run(test, out=said.append).failed for test in examples_of(file))
    assert not failed, "".join(said)


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties of a class, with their place; inherited ones belong to the base."""
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] == "mixdown":
            for name, value in vars(base).items():
                inner = getattr(value, "__func__", value)
                if not name.startswith("_") and (
                    inspect.isroutine(inner) or isinstance(value, (property, functools.cached_property))
                ):
                    yield f"{base.__qualname__}.{name}", inner


def public() -> Iterator[tuple[str, Any]]:
    """What ``md.__all__`` and ``md.display`` name. Errors are raised, protocols are types: no one calls either."""
    for module, prefix in ((md, ""), (md.display, "display.")):
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, type) and (issubclass(value, Exception) or getattr(value, "_is_protocol", False)):
                continue
            if inspect.isclass(value) or inspect.isfunction(value):
                yield prefix + name, value


def figures(doc: str | None) -> list[str]:
    """The source of examples that stand alone, and whose expected output holds a digit."""
    if not ALONE.search(doc or ""):
        return []
    return [example.source for example in PARSER.get_examples(doc or "") if re.search(r"\d", example.want)]


def test_every_public_callable_shows_a_figure() -> None:
    """A property is shown where an example of its class reads it."""
    callables: dict[str, bool] = {}
    properties: dict[str, bool] = {}
    for name, value in public():
        callables[name] = bool(figures(value.__doc__))
        if inspect.isclass(value):
            of_class = list(members(value))
            read = "\n".join(
                source for doc in (value.__doc__, *(inner.__doc__ for _, inner in of_class)) for source in figures(doc)
            )
            for place, inner in of_class:
                if inspect.isroutine(inner):
                    callables[place] = bool(figures(inner.__doc__))
                else:
                    shown = re.search(rf"\.{place.rpartition('.')[2]}\b", read) is not None
                    properties[place] = properties.get(place, False) or shown
    print(f"{sum(callables.values())} of {len(callables)} public callables and {sum(properties.values())} of", end=" ")
    print(f"{len(properties)} properties show a figure")
    missing = [name for name, shown in (callables | properties).items() if not shown]
    assert missing == []
