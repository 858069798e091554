"""The Markdown files of the tree as pages, from where they stand, with the links between them mended."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

from sphinx.application import Sphinx
from sphinx.config import Config

from pages.sources import ROOT, replace_folder

FOLDER = "documents"
#: Documents beside the tree's root that become pages; of docs, all do.
OF_ROOT = ("ARCHITECTURE.md", "BENCHMARKS.md", "CHANGELOG.md", "CONTRIBUTING.md")
#: Files that the site shows elsewhere than under their own name.
ELSEWHERE = {"README.md": "../index.md", "docs/site/index.md": "../index.md"}
REPOSITORY = "https://github.com/mixdown-audio/mixdown"

_LINK = re.compile(r"(?P<start>\]\()(?P<target>[^)\s]+)(?P<end>\))")
_FENCE = re.compile(r"^(```|~~~)", re.MULTILINE)


def sources() -> dict[str, str]:
    """Return the page of each document, by its path from the root of the tree."""
    listed = [*OF_ROOT, *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
    return {source: f"{PurePosixPath(source).stem.lower()}.md" for source in listed}


def write(_app: Sphinx, _config: Config) -> None:
    """Write all pages."""
    pages = sources()
    replace_folder(FOLDER, {page: page_of(source, pages) for source, page in pages.items()})


def page_of(source: str, pages: dict[str, str]) -> str:
    """Return the text of a document as a page: links lead to pages, images to where they stand."""
    text = (ROOT / source).read_text("utf-8")
    parts = _FENCE.split(text)
    # Outside of code alone: parts are text, fence, code, fence, text, fence and so on.
    for position in range(0, len(parts), 4):
        parts[position] = _LINK.sub(lambda link: _mended(link, source, pages), parts[position])
    return "".join(parts)


def _mended(link: re.Match[str], source: str, pages: dict[str, str]) -> str:
    target, _, anchor = link["target"].partition("#")
    if not target or "://" in target or target.startswith("mailto:"):
        return link[0]
    file = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if not (ROOT / file).exists():
        raise ValueError(f"{source}: link to {target}, which does not exist")
    if file in pages or file in ELSEWHERE:
        place = pages.get(file) or ELSEWHERE[file]
    elif file.endswith((".png", ".svg")):
        place = f"../../../{file}"
    elif file.startswith("docs/site/"):
        place = f"../{file.removeprefix('docs/site/')}"
    else:
        place = f"{REPOSITORY}/tree/main/{file}"
    return f"{link['start']}{place}{'#' + anchor if anchor else ''}{link['end']}"
