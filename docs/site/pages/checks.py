"""What the finished site must have; a build that lacks any of it fails, and says what."""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

from pages import processors, reference

_TARGET = re.compile(r'\b(?:href|src)="([^"]*)"')
_ANCHOR = re.compile(r'\b(?:id|name)="([^"]*)"')
_CELL = re.compile(r'<div class="cell[ "][^>]*>')
_FIGURE = re.compile(r'<svg[^>]* class="measured"|<img[^>]* src="[^"]*_images/')


def report(app: Sphinx, exception: Exception | None) -> None:
    """Check the pages that were written and print what there is of them."""
    if exception is not None or app.builder.name != "html":
        return
    pages = {name: Path(app.outdir, f"{name}.html") for name in sorted(app.env.found_docs)}
    texts = {name: path.read_text("utf-8") for name, path in pages.items()}
    faults = [*_orphans(app), *_unnamed(app), *_unmeasured(texts), *_broken(Path(app.outdir))]
    for fault in faults:
        getLogger(__name__).warning(fault)
        app.statuscode = 1
    for name in texts:
        print(f"  {name}")
    figures = sum(len(_FIGURE.findall(text)) for name, text in texts.items() if name != "processors/index")
    cells = sum(len(_CELL.findall(text)) for text in texts.values())
    print(f"{len(texts)} pages, {figures} figures, {_examples()} examples in the reference, {cells} executed cells")


def _orphans(app: Sphinx) -> Iterator[str]:
    """Find pages that no table of contents leads to."""
    reached, pending = set(), [app.config.root_doc]
    while pending:
        page = pending.pop()
        if page not in reached:
            reached.add(page)
            pending += app.env.toctree_includes.get(page, [])
    for page in sorted(app.env.found_docs - reached - reference.leaves()):
        yield f"{page}: no table of contents has it"


def _unnamed(app: Sphinx) -> Iterator[str]:
    """Find public names without an entry in the reference."""
    objects = app.env.domains["py"].objects  # type: ignore[attr-defined]
    for name in reference.public_names():
        if f"mixdown.{name}" not in objects:
            yield f"mixdown.{name}: not in the reference"
            continue
        value = reference.value_of(name)
        if inspect.isclass(value):
            for member in reference.members(value):
                if f"mixdown.{name}.{member}" not in objects:
                    yield f"mixdown.{name}.{member}: not in the reference"


def _unmeasured(texts: dict[str, str]) -> Iterator[str]:
    """Find effects without a page, or without a figure on it."""
    for name in processors.effects():
        text = texts.get(f"{processors.FOLDER}/{name}", "")
        if '<svg class="measured"' not in text and 'class="measured"' not in text:
            yield f"{processors.FOLDER}/{name}: no measured figure"


def _broken(folder: Path) -> Iterator[str]:
    """Find links within the site that lead nowhere."""
    anchors: dict[Path, set[str]] = {}
    texts = {path: path.read_text("utf-8") for path in sorted(folder.rglob("*.html"))}
    for path, text in texts.items():
        anchors[path] = {html.unescape(each) for each in _ANCHOR.findall(text)}
    for path, text in texts.items():
        for target in dict.fromkeys(_TARGET.findall(text)):
            if re.match(r"[a-z][a-z+.-]*:|//", target):
                continue
            file, _, anchor = html.unescape(target).partition("#")
            file = unquote(file.partition("?")[0])
            place = (path.parent / file).resolve() if file else path
            place = place / "index.html" if place.is_dir() else place
            shown = path.relative_to(folder)
            if not place.is_file():
                yield f"{shown}: link to {target}, which does not exist"
            elif anchor and place in anchors and unquote(anchor) not in anchors[place]:
                yield f"{shown}: link to {target}, whose place does not exist"


def _examples() -> int:
    """Count the public callables of the reference that have an example."""
    return sum(">>>" in (inspect.getdoc(value) or "") for value in _callables())


def _callables() -> Iterator[object]:
    for name in reference.public_names():
        value = reference.value_of(name)
        if callable(value):
            yield value
        if inspect.isclass(value):
            yield from (getattr(value, member) for member in reference.members(value))
