"""The Markdown files of the tree as pages, from where they stand, with the links between them mended."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

from sphinx.application import Sphinx
from sphinx.config import Config

from pages.sources import ROOT, SITE, replace_folder

FOLDER = "documents"
#: Documents beside the tree's root that become pages; of docs, all do.
OF_ROOT = ("ARCHITECTURE.md", "BENCHMARKS.md", "CHANGELOG.md", "CONTRIBUTING.md")
#: Files that the site shows elsewhere than under their own name.
ELSEWHERE = {"README.md": "../index.md", "docs/site/index.md": "../index.md"}
REPOSITORY = "https://github.com/mixdown-audio/mixdown"

_LINK = re.compile(r"(?P<start>\]\()(?P<target>[^)\s]+)(?P<end>\))")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FENCE = re.compile(r"^(```|~~~)", re.MULTILINE)


#: Documents for users, in the order of their list; all others are of the project.
GUIDES = ("command-line", "session-files", "judgement", "album", "vinyl", "file-check", "catalogues")
PROJECT = (
    "architecture",
    "contributing",
    "building",
    "decisions",
    "benchmarks",
    "conformance",
    "comparison",
    "changelog",
)

#: Parts of the README that are pages by themselves: the heading there, and what follows it here.
OF_README = {
    "install": (
        "## Install",
        """\
## What some formats need

WAV, FLAC, AIFF, MP3, Ogg Vorbis and Opus need nothing else. AAC in M4A needs `pip install "mixdown[aac]"` or `ffmpeg` on
the PATH; ALAC, WMA and AC-3 need `ffmpeg`. A catalogue on a cluster needs `pip install "mixdown[cluster]"`.

## Whether it works

```sh
mixdown --version
mixdown demo out      # a song from a seed, mixed, mastered and packed, with a report, in a folder "out"
```
""",
    ),
    "rust": (
        "## Rust",
        """\
## The documentation of the crate

`cargo doc --package mixdown --no-deps --all-features --open`, in a checkout, builds the documentation of every type, with
the card of each processor (signal, parameters, contract, source), into `target/doc/mixdown`; releases have it on
[docs.rs](https://docs.rs/mixdown). The processors are those of [Processors](../processors/index.md): the same engine, the
same names and the same bits.
""",
    ),
}


def sources() -> dict[str, str]:
    """Return the page of each document, by its path from the root of the tree."""
    listed = [*OF_ROOT, *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
    return {source: f"{PurePosixPath(source).stem.lower()}.md" for source in listed}


def write(_app: Sphinx, config: Config) -> None:
    """Write all pages."""
    pages = sources()
    texts = {page: page_of(source, pages) for source, page in pages.items()}
    project = [page.removesuffix(".md") for page in texts if page.removesuffix(".md") not in GUIDES]
    # Those that nobody has placed come last.
    project.sort(key=lambda name: PROJECT.index(name) if name in PROJECT else len(PROJECT))
    readme = page_of("README.md", pages)
    texts |= {f"{name}.md": _of_readme(readme, heading, more) for name, (heading, more) in OF_README.items()}
    texts["guides.md"] = _list("In depth", [name for name in GUIDES if f"{name}.md" in texts], texts)
    texts["project.md"] = _list("The project", project, texts)
    notebooks = any((SITE / "notebooks").glob("*.ipynb"))
    if not notebooks:
        config.exclude_patterns.append("notebooks")
    listed = ["how-to/index", "concepts/index", *(["notebooks/index"] if notebooks else []), "documents/guides"]
    texts["guides.txt"] = "\n".join(["```{toctree}", ":hidden:", ":caption: Guides", "", *listed, "```", ""])
    replace_folder(FOLDER, texts)


def mend(_app: Sphinx, name: str, source: list[str]) -> None:
    """Lead links of the site's own pages to documents of the tree, as a reader of the tree follows them, to their pages."""
    if not name.startswith(f"{FOLDER}/"):
        pages, page = sources(), f"docs/site/{name}"
        up = "../" * name.count("/")
        source[0] = _LINK.sub(lambda link: _within(link, page, pages, up), source[0])


def _within(link: re.Match[str], page: str, pages: dict[str, str], up: str) -> str:
    target, _, anchor = link["target"].partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
    if file not in pages:
        return link[0]
    return f"{link['start']}{up}{FOLDER}/{pages[file]}{'#' + anchor if anchor else ''}{link['end']}"


def _of_readme(readme: str, heading: str, more: str) -> str:
    """Return a section of the README as a page."""
    start = readme.index(f"\n{heading}\n") + 1
    end = readme.find("\n## ", start + 1)
    return readme[start + 1 : end].rstrip() + "\n\n" + more


def _list(title: str, names: list[str], texts: dict[str, str]) -> str:
    """Return a page that lists others with their first sentences."""
    lines = []
    for name in names:
        heading, _, text = texts[f"{name}.md"].partition("\n")
        first = " ".join(_COMMENT.sub("", text).strip().split("\n\n")[0].split())
        lines.append(f"- [{heading.removeprefix('# ')}]({name}.md): {re.split(r'(?<=[.:])[ ]', first)[0].rstrip('.:')}")
    listed = "\n".join(names)
    return f"# {title}\n\n" + "\n".join(lines) + f"\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"


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
