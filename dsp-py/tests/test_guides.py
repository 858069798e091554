"""The how-to and concept pages of the site: each has cells that are executed and figures that are asserted."""

import ast
import re
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[2] / "docs" / "site"
PAGES = sorted(page for folder in ("how-to", "concepts") for page in (SITE / folder).glob("*.md"))
#: Lists of pages: they have no cells.
LISTS = [page for page in PAGES if page.name == "index.md"]
GUIDES = [page for page in PAGES if page not in LISTS]

CELL = re.compile(r"^```\{code-cell\} python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TAGS = re.compile(r"^:tags: .*\n", re.MULTILINE)
#: What makes a page one of cells, for myst-nb.
FRONT_MATTER = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"
#: Pages of each folder, and of its list, at the least.
FEWEST = {"how-to": 16, "concepts": 10}


def cells(page: Path) -> list[ast.Module]:
    return [ast.parse(TAGS.sub("", cell)) for cell in CELL.findall(page.read_text("utf-8"))]


def is_figure(node: ast.AST) -> bool:
    """Whether an assertion holds something against a number, or audio against audio."""
    return (isinstance(node, ast.Constant) and type(node.value) in (int, float)) or (
        isinstance(node, ast.Attribute) and node.attr == "array_equal"
    )


def asserted_figures(page: Path) -> list[ast.Assert]:
    return [
        node
        for cell in cells(page)
        for node in ast.walk(cell)
        if isinstance(node, ast.Assert) and any(map(is_figure, ast.walk(node.test)))
    ]


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(\s*([^):#\s]+\.md)\s*\)", page.read_text("utf-8"))


def test_the_pages_are_there() -> None:
    for folder, fewest in FEWEST.items():
        assert sum(page.parent.name == folder for page in GUIDES) >= fewest, folder


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_a_page_is_executed_and_asserts_a_figure(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.startswith(FRONT_MATTER)
    assert text.count("```{code-cell}") == len(cells(page)) > 0
    assert asserted_figures(page)
    assert re.search(r"^# \S", text, re.MULTILINE)


@pytest.mark.parametrize("page", LISTS, ids=lambda page: page.parent.name)
def test_a_list_names_the_pages_beside_it(page: Path) -> None:
    beside = {guide.name for guide in GUIDES if guide.parent == page.parent}
    named = set(links(page))
    assert named <= beside
    assert len(named) >= FEWEST[page.parent.name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_links_lead_to_pages_and_code_to_files(page: Path) -> None:
    for link in links(page):
        # What stands elsewhere is made into documents of the site while it is built.
        document = (SITE.parent / Path(link).name) if link.startswith("../documents/") else (page.parent / link)
        elsewhere = link == "../documents/benchmarks.md" and (SITE.parents[1] / "BENCHMARKS.md").is_file()
        assert document.is_file() or elsewhere, link
    text = page.read_text("utf-8")
    for file in re.findall(r"^```\{literalinclude\} (\S+)$", text, re.MULTILINE):
        code = (page.parent / file).read_text("utf-8")
        options = text.partition(f"{{literalinclude}} {file}\n")[2].partition("```")[0]
        for mark in re.findall(r'^:(?:start-at|end-before): "(.*)"$', options, re.MULTILINE):
            assert mark in code, f"{file}: {mark}"
