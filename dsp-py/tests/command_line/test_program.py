"""The command line: signals, start, help."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mixdown as md
from mixdown.cli import master as master_command
from mixdown.cli.program import app
from running import call, run


@pytest.mark.parametrize(
    ("ending", "name", "code", "said"),
    [
        ("wav", "SIGINT", 130, "mixdown: interrupted\n"),
        ("flac", "SIGINT", 130, "mixdown: interrupted\n"),
        ("wav", "SIGTERM", 143, ""),
        ("wav", "SIGHUP", 129, ""),
    ],
)
def test_a_signal_while_writing_leaves_nothing(
    tmp_path: Path, song: Path, ending: str, name: str, code: int, said: str
) -> None:
    output = tmp_path / f"out.{ending}"
    output.write_bytes(b"before")
    script = (
        # A test run in the background of a shell ignores Ctrl-C, and so would the program.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "real = os.fsync\n"
        f"def interrupted(file): os.kill(os.getpid(), signal.{name}); return real(file)\n"
        "os.fsync = interrupted\n"
    )
    done = run("master", song, "-o", output, "--force", script=script)
    assert (done.returncode, done.stderr) == (code, said)
    assert output.read_bytes() == b"before"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [f"out.{ending}", "song.wav"]


@pytest.mark.parametrize(
    "place", ["mixdown.files.Blocks._decoded", "mixdown.cli.master.make_master", "mixdown.cli.master.read_tags"]
)
def test_ctrl_c_is_one_line(tmp_path: Path, song: Path, place: str) -> None:
    script = f"def interrupted(*a, **k): raise KeyboardInterrupt\n{place} = interrupted"
    done = run("master", song, "-o", tmp_path / "out.wav", script=script)
    assert (done.returncode, done.stderr) == (130, "mixdown: interrupted\n")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["song.wav"]


@pytest.mark.parametrize("loaded", ["numpy", "mixdown._core", "typer", "mixdown.cli.vinyl"])
def test_ctrl_c_while_it_loads_is_one_line(tmp_path: Path, loaded: str) -> None:
    # Python runs this before all else.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {loaded!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
    )
    script = tmp_path / "mixdown"
    script.write_text("from mixdown.cli import main\nmain()\n")
    command = [str(script)] if loaded in ("numpy", "typer") else ["-m", "mixdown"]
    package = str(Path(md.__file__).parents[1])
    places = os.pathsep.join((str(tmp_path), package, *filter(None, [os.environ.get("PYTHONPATH")])))
    done = subprocess.run(
        [sys.executable, *command, "targets"],
        env=os.environ | {"PYTHONPATH": places},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "mixdown: interrupted\n")


def test_alone_it_prints_help() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("demo", "mix", "master", "measure"):
        assert command in done.stdout
    assert done.stdout == call("--help").stdout
    module = subprocess.run([sys.executable, "-m", "mixdown"], capture_output=True, text=True, timeout=120, check=False)
    assert (module.returncode, module.stdout) == (0, done.stdout)


@pytest.mark.parametrize("command", ["master", "measure"])
def test_help_names_every_target(command: str) -> None:
    done = run(command, "--help", env=os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    words = re.split(r"[\s,.]+", done.stdout)
    for target in md.targets():
        assert target.name in words


def test_drawing_is_loaded_when_something_is_drawn() -> None:
    script = "assert 'matplotlib' not in sys.modules"
    assert run("--version", script=script).stderr == ""


def test_the_progress_of_a_master_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, song: Path) -> None:
    given_progress = []
    real = master_command.make_master

    def watched(*arguments, progress=None, **options):
        given_progress.append(progress)
        return real(*arguments, progress=progress, **options)

    monkeypatch.setattr(master_command, "make_master", watched)
    app(["master", str(song), "-o", str(tmp_path / "out.wav")], standalone_mode=False)
    assert callable(given_progress[0])


def test_help_is_a_word_too() -> None:
    assert call("help").stdout == call("--help").stdout
    assert call("help", "measure").stdout == call("measure", "--help").stdout != ""
