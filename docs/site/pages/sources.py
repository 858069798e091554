"""Files that pages are written to: replaced only when they change, removed when nobody writes them any more."""

from __future__ import annotations

from pathlib import Path

SITE = Path(__file__).resolve().parents[1]
ROOT = SITE.parents[1]


def replace_folder(name: str, files: dict[str, str]) -> None:
    """Make a folder of the site hold these files and no others, so that Sphinx reads again what has changed alone."""
    folder = SITE / name
    folder.mkdir(exist_ok=True)
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in files:
            path.unlink()
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
