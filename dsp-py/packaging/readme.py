"""Runs the Python of a README, statement by statement, on stems of the demonstration's song.

`python readme.py README.md` ends with 0 and the count of statements, or with the first line that fails. It needs the
installed package alone.
"""

import ast
import os
import re
import sys
import tempfile
from pathlib import Path

import mixdown as md
from mixdown import demo

#: Rate of the song.
SAMPLE_RATE_HZ = 48_000
#: Stems for the files that READMEs read, by name.
STEMS = {"kick.wav": "kick", "bass.wav": "bass", "lead.wav": "lead"}
#: Length of the stems: from the verse, where all of them play.
START_S, DURATION_S = 10, 12


def blocks(text: str) -> list[tuple[int, str]]:
    """Return the Python blocks of a Markdown text, each with the number of its first line."""
    found = re.finditer(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [(text.count("\n", 0, match.start(1)) + 1, match.group(1)) for match in found]


def write_stems(folder: Path) -> None:
    """Write what the README reads."""
    stems = demo.stems(seed=1)
    excerpt = slice(START_S * SAMPLE_RATE_HZ, (START_S + DURATION_S) * SAMPLE_RATE_HZ)
    for file, name in STEMS.items():
        md.write(folder / file, stems[name][:, excerpt], SAMPLE_RATE_HZ)
    # Quartered: the sum of all stems is above full scale.
    md.write(folder / "song.wav", sum(audio[:, excerpt] for audio in stems.values()) / 4, SAMPLE_RATE_HZ)


def run(readme: Path) -> int:
    """Run all blocks in one namespace, and return the count of statements."""
    statements = 0
    namespace: dict[str, object] = {}
    for line, source in blocks(readme.read_text(encoding="utf-8")):
        tree = ast.parse(source)
        ast.increment_lineno(tree, line - 1)
        for statement in tree.body:
            try:
                exec(compile(ast.Module([statement], []), readme.name, "exec"), namespace)
            except Exception as error:
                error.add_note(f"{readme.name}:{statement.lineno}: {ast.unparse(statement)}")
                raise
            statements += 1
    return statements


if __name__ == "__main__":
    file = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_stems(Path(folder))
        count = run(file)
        os.chdir(file.parent)
    if not count:
        sys.exit(f"{file.name} holds no Python")
    print(f"{file.name}: {count} statements ran")
