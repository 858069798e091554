"""A page for every effect: what it is, its parameters, and measurements of it as figures; and a gallery of all."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass

import mixdown as md
from numpydoc.docscrape import NumpyDocString
from sphinx.application import Sphinx
from sphinx.config import Config

from pages import measured, reference
from pages.measured.figures import Measured
from pages.sources import replace_folder

FOLDER = "processors"

_ROLE = re.compile(r":(?:py:)?\w+:`~?(?:[\w.]*?\.)?(?P<name>\w+)(?:\(\))?`")
_LITERAL = re.compile(r"``([^`]+)``")
_SINGLE = re.compile(r"(?<![`\w])`([^`]+)`(?!`)")


@dataclass(frozen=True)
class Processor:
    """An effect and what was measured of it."""

    name: str
    kind: type[md.Effect]
    figures: Sequence[Measured]

    @property
    def documentation(self) -> NumpyDocString:
        """Return the parts of the docstring."""
        return NumpyDocString(inspect.getdoc(self.kind) or "")


def effects() -> list[str]:
    """Return every public effect that processes audio by itself."""
    found = []
    for name in md.__all__:
        value = getattr(md, name)
        if inspect.isclass(value) and issubclass(value, md.Effect) and not inspect.isabstract(value):
            found.append(name)
    # Bases, which have no settings of their own.
    return [name for name in found if name not in ("Effect", "Band")]


def families() -> dict[str, list[Processor]]:
    """Measure every effect, by family; one without measurements, or the reverse, is refused."""
    wanted, known = set(effects()), {name for family in measured.FAMILIES.values() for name in family}
    if wanted != known:
        missing, unknown = sorted(wanted - known), sorted(known - wanted)
        raise ValueError(f"pages of processors: without measurements {missing}, measured but not public {unknown}")
    return {
        title: [Processor(name, getattr(md, name), measure()) for name, measure in family.items()]
        for title, family in measured.FAMILIES.items()
    }


def write(_app: Sphinx, _config: Config) -> None:
    """Write all pages."""
    grouped = families()
    pages: dict[str, str] = {}
    for processors in grouped.values():
        for processor in processors:
            pages[f"{processor.name}.md"] = _page(processor)
            for figure in processor.figures:
                pages[f"figures/{processor.name}-{figure.name}.svg"] = figure.svg
    pages["index.md"] = _index(grouped)
    replace_folder(FOLDER, pages)


def _page(processor: Processor) -> str:
    documentation = processor.documentation
    name = processor.name
    parts = [
        f"# {name}",
        _prose(documentation["Summary"]),
        _prose(documentation["Extended Summary"]),
        f"```python\nmd.{name}({', '.join(_required(processor.kind))})(audio, sample_rate_hz)\n```",
        f"Methods and examples: {{py:obj}}`mixdown.{name}`.",
        _parameters(processor),
        "## Measured\n\nAt 48 kHz in float64, while this page was built.",
        *(_figure(name, figure) for figure in processor.figures),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _required(kind: type[md.Effect]) -> list[str]:
    """Return the parameters without a default, as they are given."""
    needed = [each for each in inspect.signature(kind).parameters.values() if each.default is each.empty]
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [f"{each.name}={each.name}" if each.kind is keyword else f"{each.name}" for each in needed]


def _prose(lines: Sequence[str]) -> str:
    """Return text of a docstring as Markdown."""
    text = _ROLE.sub(lambda role: _reference(role["name"]), "\n".join(lines))
    text = _SINGLE.sub(r"`\1`", text)
    return _LITERAL.sub(r"`\1`", text).strip()


def _reference(name: str) -> str:
    return f"{{py:obj}}`~mixdown.{name}`" if hasattr(md, name) else f"`{name}`"


def _parameters(processor: Processor) -> str:
    told = {each.name: each for each in processor.documentation["Parameters"]}
    rows = []
    listed = {each.name: each for each in processor.kind.parameters()}
    for name in [*listed, *(each for each in told if each not in listed)]:
        parameter = listed.get(name)
        legal, default, unit, words = "", "", "", ""
        if name in told:
            kind, _, default = told[name].type.partition(", default ")
            legal, words = kind, _prose(told[name].desc)
        if parameter is not None:
            unit = parameter.unit
            words = words or f"{parameter.summary}."
            if parameter.kind != "compound":
                legal = _legal(parameter)
                default = _default(parameter) or default
        # The same values in all tables.
        rows.append((f"`{name}`", unit, legal, default, words.replace("\n", " ")))
    if not rows:
        return ""
    lines = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
    head = "| parameter | unit | range | default | |\n|---|---|---|---|---|"
    return f"## Parameters\n\n```{{rst-class}} parameters\n```\n\n{head}\n{lines}"


def _legal(parameter: md.Parameter) -> str:
    """Return the legal values, notes grouped: nobody reads a list of 28."""
    legal = (
        repr(parameter)
        .split(": ", 1)[1]
        .split(", default ")[0]
        .removesuffix(", fixed while a stream runs>")
        .rstrip(">")
    )
    words = legal.split(", ")
    if len(words) > 8:
        legal = f"{words[0]}, {words[1]} … {words[-1].split(' or ')[-1]}"
    legal = legal.removesuffix(f" {parameter.unit}") if parameter.unit else legal
    return re.sub(r'"[^"]*"', r"`\g<0>`", legal)


def _default(parameter: md.Parameter) -> str:
    """Return the default as the package writes it."""
    text = repr(parameter).rstrip(">").removesuffix(", fixed while a stream runs").partition(", default ")[2]
    return f"`{text}`" if text.startswith('"') else text


def _figure(name: str, figure: Measured) -> str:
    return f"### {figure.title}\n\n```{{raw}} html\n:file: figures/{name}-{figure.name}.svg\n```\n\n{figure.text}"


def _index(grouped: dict[str, list[Processor]]) -> str:
    count = sum(len(processors) for processors in grouped.values())
    figures = sum(len(processor.figures) for processors in grouped.values() for processor in processors)
    introduction = (
        f"{count} effects, each with its parameters and {figures} measurements in all. Every figure was made from "
        "processed audio while this site was built; where there is a formula, it is dotted, and the page of the effect "
        "says the largest difference."
    )
    parts = ["# Processors", introduction]
    for title, processors in grouped.items():
        cards = "\n\n".join(_card(processor) for processor in processors)
        parts.append(f"## {title}\n\n:::::{{grid}} 1 2 2 2\n:gutter: 3\n\n{cards}\n:::::")
        names = "\n".join(processor.name for processor in processors)
        parts.append(f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{names}\n```")
    return "\n\n".join(parts) + "\n"


def _card(processor: Processor) -> str:
    sentence = _LITERAL.sub(r"`\1`", reference.summary(processor.kind))
    return (
        f"::::{{grid-item-card}} {processor.name}\n:link: {processor.name}\n:link-type: doc\n:class-card: processor\n\n"
        f"```{{raw}} html\n:file: figures/{processor.name}-{processor.figures[0].name}.svg\n```\n\n{sentence}\n::::"
    )
