"""The command line on a terminal: progress, colours, width; completion; what was meant; who reads the output."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from running import START, call, run

pty = pytest.importorskip("pty")


def on_terminal(*arguments: object, columns: int = 80, **environment: str) -> tuple[int, str, str]:
    """Run the command line with standard error on a terminal; return the code, and what both streams got."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    names = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    command = [sys.executable, "-c", f"{START}mixdown.cli.main()", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=kept | environment) as process:
        os.close(theirs)
        drawn = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:
                break
            if not part:
                break
            drawn += part
        assert process.stdout is not None
        printed = process.stdout.read().decode()
    os.close(ours)
    return process.returncode, printed, drawn.decode()


def test_progress_is_drawn_on_a_terminal_alone(song: Path) -> None:
    code, printed, drawn = on_terminal("measure", song, TERM="xterm-256color")
    assert code == 0
    assert "Measuring song.wav" in drawn
    assert "100 %" in drawn
    assert "\x1b[3" in drawn
    assert "\x1b" not in printed
    for environment, options in (({"TERM": "dumb"}, ()), ({"TERM": "xterm-256color"}, ("--quiet",))):
        code, _, drawn = on_terminal("measure", song, *options, **environment)
        assert (code, drawn) == (0, "")
    _, _, drawn = on_terminal("measure", song, TERM="xterm-256color", NO_COLOR="1")
    assert "100 %" in drawn
    assert "\x1b[3" not in drawn
    (song.parent / "song.wav").rename(song.parent / f"{'long name ' * 6}.wav")
    _, _, drawn = on_terminal("measure", song.parent / f"{'long name ' * 6}.wav", columns=50, TERM="xterm-256color")
    assert "100 %" in drawn
    assert "…" not in drawn
    # What makes others colour a pipe draws no progress into it.
    (song.parent / f"{'long name ' * 6}.wav").rename(song)
    done = run("measure", song, env=os.environ | {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "TERM": "xterm"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    "arguments", [["--help"], ["master", "--help"], ["--version"], ["targets"], ["targets", "--json"]]
)
def test_a_reader_that_is_gone_ends_every_text(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(*arguments, stdout=writing, stderr=subprocess.PIPE, capture_output=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("mixdown mea", {"measure"}),
        ("mixdown master --tar", {"--target", "--target-lufs"}),
        ("mixdown master x.wav --target spotify-", {"spotify-loud", "spotify-quiet"}),
        ("mixdown measure x.wav --target spotify,aes77-s", {"spotify,aes77-speech"}),
        ("mixdown check x.wav --for symph", {"symphonic"}),
        ("mixdown codec x.wav --codec opus", {"opus:128", "opus:96"}),
        ("mixdown album x.toml --formats flac,vi", {"flac,vinyl:12in33"}),
        ("mixdown translate x.wav --device large", {"large laptop"}),
        ("mixdown master x.wav --profile in", {"ingest"}),
        ("mixdown vinyl x.wav --format 7in3", {"7in33"}),
        ("mixdown targets net", {"netflix"}),
    ],
)
def test_completion(words: str, expected: set[str], capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setenv("_MIXDOWN_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert set(call().stdout.split("\n")) - {""} == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_is_shown_for_a_shell(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Told in place of looked for: there may be no shell above this test.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    done = call("--show-completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"complete_{shell}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["mesure", "a.wav"], ": did you mean measure?"),
        (["help", "mesure"], "'mesure' is not a command: it must be one of demo, "),
        (["measure", "stems"], "stems: is a directory: name its files, as stems/*"),
        (["mix", "stems/a.wav"], "mix takes a folder of stems or a session file (.toml); for one file: mixdown master"),
        (["master", "song.wav", "-o", "nodir/x.wav"], "nodir/x.wav: folder nodir does not exist"),
        (["order", "song.wav"], "song.wav: not an album file: it is not text"),
        (["mix", "song.toml"], "song.toml: not a session file: it is not text"),
        (["album", "album.toml", "--dry-run"], "album.toml:2: title belongs in [album]"),
        (["measure", "empty.wav"], "empty.wav: is empty: it has 0 bytes"),
        (["measure", "a.wav", "--targt", "spotify"], "measure has no option --targt: did you mean --target?"),
        (["measure", "a.wav", "--target", "spotfy"], ": did you mean spotify?"),
        (["master", "a.wav", "--target", "aple"], ": did you mean apple?"),
        (["check", "a.wav", "--for", "symphonc"], ": did you mean symphonic?"),
        (["master", "a.wav", "--profile", "archiv"], ": did you mean archive?"),
        (["order", "a.toml", "--arc", "frnt"], ": did you mean front?"),
        (["vinyl", "a.wav", "--format", "12in3"], ": did you mean 12in33?"),
        (["measure", "a.wav", "--layout", "sterio"], ": did you mean stereo?"),
        (["targets", "netflx"], ": did you mean netflix?"),
        (["--versoin"], "has no option --versoin: did you mean --version?"),
        (["measure", "-x.wav"], "a file whose name begins with - is given as ./-name"),
        (["measure", "--target"], "measure: --target needs a value"),
        (["compare", "a.wav"], "compare: REFERENCE is missing: a programme to compare it with"),
        (["mix", "a", "b"], "mix takes SOURCE alone: b"),
        (["catalog", "a"], "catalog: --output is missing"),
    ],
)
def test_what_was_meant(arguments: list[str], meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stems").mkdir()
    for name in ("song.wav", "stems/a.wav"):
        md.write(name, np.full(4_800, 0.1), 48_000)
    (tmp_path / "song.toml").write_bytes((tmp_path / "song.wav").read_bytes())
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "album.toml").write_text('version = 1\ntitle = "One"\n')
    done = call(*arguments)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert meant in done.stderr
    assert done.stdout == ""


def test_a_name_that_begins_with_a_dash(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(song.parent)
    song.rename(song.parent / "-x [b].wav")
    for arguments in (["./-x [b].wav"], ["--", "-x [b].wav"]):
        done = call("measure", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "-x [b].wav" in done.stdout
    assert call("master", "./-x [b].wav", "-o", "./-y [b].wav").returncode == 0
    assert (song.parent / "-y [b].wav").exists()
