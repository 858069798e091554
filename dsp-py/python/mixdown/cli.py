"""The command line: ``mixdown demo``, ``mix``, ``master``, ``measure``."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import shutil
import signal
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated, BinaryIO, cast

import numpy as np
import typer

from mixdown import __version__
from mixdown._core import ParameterError
from mixdown.audio import (
    READABLE,
    Audio,
    BitDepth,
    Blocks,
    check_output,
    common_rate_hz,
    read,
    replace_file,
    write,
)
from mixdown.balance import Balance, balance
from mixdown.console import SIGNALLED, bar, complain, figure, say, table
from mixdown.delivery import Mastered, Target, find_target, targets, verdict
from mixdown.delivery import master as make_master
from mixdown.loudspeakers import LAYOUTS
from mixdown.meters import Loudness, LoudnessMeter, album_of, loudness
from mixdown.names import printable, shown
from mixdown.recordings import gathered
from mixdown.tags import MIX_MARK, Tags, read_tags

app = typer.Typer(
    add_completion=False,
    help="Mix and master music.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

#: At the end of the help of commands that take a target; lines are not filled again, which would split names.
_TARGETS_HELP = "\b\n" + textwrap.fill(
    f"Targets: {', '.join(target.name for target in targets())}.", 78, break_on_hyphens=False
)

_Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
_Output = Annotated[Path, typer.Option("--output", "-o", help="File to write, .wav or .flac.")]
_Depth = Annotated[int, typer.Option("--bit-depth", help="16, 24 or 32 (floating point).")]


@dataclass(frozen=True)
class _Measured:
    """A measured file."""

    name: str
    meter: LoudnessMeter
    reading: Loudness
    sample_rate_hz: int
    channels: int
    duration_s: float


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[Path | BinaryIO]:
    """Give a file, or what comes through a pipe or, for ``-``, standard input, stored: it is read more than once."""
    if str(file) != "-" and (file.is_file() or not file.exists()):
        yield file
        return
    with contextlib.ExitStack() as closing:
        source = sys.stdin.buffer if str(file) == "-" else closing.enter_context(file.open("rb"))
        stored = closing.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(source, stored)
        stored.flush()
        yield cast(BinaryIO, stored)


def _measure_file(
    file: Path,
    progress: Callable[[float], None] | None = None,
    *,
    layout: str | None = None,
    weights: Sequence[float] | None = None,
    dual_mono: bool = False,
) -> _Measured:
    """Measure a file block by block, so that its length costs no memory."""
    with _opened(file) as opened, Blocks(opened) as source:
        for name, count in (("layout", layout and LAYOUTS[layout]), ("weights", weights and len(weights))):
            if count and count != source.channels:
                raise ParameterError(f"{shown(file)}: {name} is for {count} channels, the file has {source.channels}")
        if layout is None and weights is None:
            weights = source.weights
        try:
            # The meter that certifies masters, so that what passed there passes here.
            meter = LoudnessMeter(
                source.sample_rate_hz,
                source.channels,
                layout=layout,
                weights=weights,
                dual_mono=dual_mono,
                precision="reference",
            )
            for block in source:
                meter.observe(block)
                if progress is not None:
                    progress(source.share_done)
        except ParameterError as error:
            raise ParameterError(f"{shown(file)}: {error}") from None
        duration_s = source.found_frames / source.sample_rate_hz
        return _Measured(shown(file), meter, meter.reading(), source.sample_rate_hz, source.channels, duration_s)


#: Targets that files are judged by where none is named.
_COMMON_TARGETS = ("spotify", "apple", "youtube", "tidal", "amazon", "deezer", "r128", "atsc")


def _measurements(reading: Loudness) -> dict[str, float | None]:
    """Return the single figures of a reading; what is -inf has no place in JSON and becomes None."""
    names = (
        "integrated_lufs",
        "loudness_range_lu",
        "max_momentary_lufs",
        "max_short_term_lufs",
        "true_peak_dbtp",
        "sample_peak_dbfs",
        "plr_lu",
        "min_psr_lu",
    )
    figures = {name: float(getattr(reading, name)) for name in names}
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def _parsed_weights(text: str) -> list[float]:
    try:
        return [float(weight) for weight in text.split(",")]
    except ValueError:
        raise ParameterError(
            f"weights = {text!r} is not allowed: numbers 0..10 with commas between, as 1,1,0"
        ) from None


def _columns_of(measured: Sequence[_Measured]) -> list[str]:
    """Return the names of files, short where they stay different."""
    short = [shown(Path(entry.name).name) for entry in measured]
    return short if len(set(short)) == len(short) else [entry.name for entry in measured]


@app.command(epilog=_TARGETS_HELP)
def measure(
    files: Annotated[list[Path], typer.Argument(help="Audio files; - is standard input.")],
    target: Annotated[list[str] | None, typer.Option(help="Judge by this target; may be repeated.")] = None,
    layout: Annotated[
        str | None,
        typer.Option(help=f"Loudspeakers, in place of what the file says. One of {', '.join(LAYOUTS)}."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="How much each channel counts, in place of a layout: 0..10, as 1,1,0.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    dual_mono: Annotated[bool, typer.Option(help="Count mono files as two loudspeakers: 3 LU louder.")] = False,
) -> None:
    """Measure loudness and true peak of audio files, and judge them by delivery targets.

    A file passes if its loudness is within the target's tolerance (0.5 LU for services, which reject nothing but play
    everything equally loud) and its true peak at or below the ceiling. Several files are also measured as an album.
    What cannot be read is told and left out; the exit code is 1 then.
    """
    judges = [find_target(name) for name in target or _COMMON_TARGETS]
    if layout is not None and layout not in LAYOUTS:
        raise ParameterError(f"layout = {layout!r} is unknown: it must be one of {', '.join(LAYOUTS)}")
    factors = None if weights is None else _parsed_weights(weights)
    measured: list[_Measured] = []
    failed: dict[str, str] = {}
    for file in files:
        try:
            with bar(f"Measuring {shown(file.name)}") as progress:
                measured.append(_measure_file(file, progress, layout=layout, weights=factors, dual_mono=dual_mono))
        except (OSError, ValueError, MemoryError) as error:
            failed[shown(file)] = _one_line(error)
            complain(_one_line(error))
    album_lufs = album_of([entry.meter for entry in measured]) if len(measured) > 1 else None
    if as_json:
        results = [
            {
                "file": entry.name,
                "sample_rate_hz": entry.sample_rate_hz,
                "channels": entry.channels,
                "duration_s": entry.duration_s,
                **_measurements(entry.reading),
                "targets": {
                    judge.name: verdict(entry.reading, judge, channels=entry.channels, dual_mono=dual_mono)
                    for judge in judges
                },
            }
            for entry in measured
        ]
        finite = album_lufs if album_lufs is not None and math.isfinite(album_lufs) else None
        say(json.dumps({"files": results, "album_lufs": finite, "failed": failed}, indent=2, allow_nan=False))
    elif measured:
        _print_measured(measured, album_lufs, judges, dual_mono)
    if failed:
        raise typer.Exit(1)


def _print_measured(
    measured: Sequence[_Measured], album_lufs: float | None, judges: Sequence[Target], dual_mono: bool
) -> None:
    names = _columns_of(measured)
    rows = [
        (
            name,
            figure(entry.duration_s, "s", digits=1),
            figure(entry.reading.integrated_lufs, "LUFS"),
            figure(entry.reading.loudness_range_lu, "LU"),
            figure(entry.reading.max_momentary_lufs, "LUFS"),
            figure(entry.reading.max_short_term_lufs, "LUFS"),
            figure(entry.reading.true_peak_dbtp, "dBTP"),
            figure(entry.reading.sample_peak_dbfs, "dBFS"),
            figure(entry.reading.plr_lu, "LU"),
        )
        for name, entry in zip(names, measured, strict=True)
    ]
    if album_lufs is not None:
        total_s = sum(entry.duration_s for entry in measured)
        peak_dbtp = max(entry.reading.true_peak_dbtp for entry in measured)
        figures = ("", "", "", figure(peak_dbtp, "dBTP"), "", "")
        rows.append(("Album", figure(total_s, "s", digits=1), figure(album_lufs, "LUFS"), *figures))
    say(table(("File", "Duration", "Integrated", "LRA", "Max M", "Max S", "True peak", "Sample peak", "PLR"), rows))
    say()
    verdicts = [
        (
            judge.name,
            figure(judge.integrated_lufs, "LUFS"),
            figure(judge.ceiling_dbtp, "dBTP"),
            *(verdict(entry.reading, judge, channels=entry.channels, dual_mono=dual_mono) for entry in measured),
        )
        for judge in judges
    ]
    say(table(("Target", "Loudness", "Ceiling", *names), verdicts))


def _check_place(output: Path, sources: Sequence[Path], force: bool) -> None:
    """Refuse to write over what is read, and over what is there unless that is wanted."""
    if not output.exists():
        return
    for source in sources:
        same = os.path.samestat(output.stat(), os.fstat(0) if str(source) == "-" else source.stat())
        if same:
            raise ValueError(f"{shown(output)}: is what is read from: choose another output")
    if not force:
        raise FileExistsError(f"{shown(output)}: exists already: --force replaces it")


#: Names that outputs have by default.
_OUTPUT_NAMES = ("mix", "master")


def _is_mix(file: Path) -> bool:
    """Whether a file is an earlier output of ``mixdown mix``, whatever its name."""
    with file.open("rb") as opened:
        return MIX_MARK in read_tags(opened).texts


def _stem_files(folder: Path, output: Path) -> tuple[list[Path], dict[str, str]]:
    """Return the stems in a folder, and what else is in it, with the reason why it is no stem."""
    if not folder.exists():
        raise FileNotFoundError(f"{shown(folder)}: no such file or folder")
    if not folder.is_dir():
        raise NotADirectoryError(f"{shown(folder)}: not a folder of stems")
    stems, others = [], {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            continue
        if file.is_dir():
            reason = "a folder"
        elif not file.exists():
            reason = "a link to nothing"
        elif not file.is_file():
            reason = "not a file"
        elif file.suffix.lower() not in READABLE:
            reason = "not audio by its ending"
        elif output.exists() and file.samefile(output):
            if file.stem.lower() not in _OUTPUT_NAMES and not _is_mix(file):
                raise ValueError(f"{shown(output)}: is one of the stems: choose another output")
            reason = "the output"
        elif file.stem.lower() in _OUTPUT_NAMES:
            reason = "by its name no stem"
        elif _is_mix(file):
            reason = "a mix made by mixdown"
        else:
            stems.append(file)
            continue
        others[shown(file.name)] = reason
    if not stems:
        found = f"; it holds {_listed(others)}" if others else ""
        raise ValueError(f"{shown(folder)}: no stems in it{found}")
    return stems, others


def _listed(others: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({reason})" for name, reason in others.items())


def _free_name(file: Path, taken: Container[str]) -> str:
    """Return a name for a stem that no other stem has: without its ending, with it, or numbered."""
    numbered = (f"{shown(file.name)} {number}" for number in itertools.count(2))
    names = itertools.chain((shown(file.stem), shown(file.name)), numbered)
    return next(name for name in names if name not in taken)


def _read_stems(files: Sequence[Path], progress: Callable[[float], None]) -> dict[str, tuple[Audio, float]]:
    stems: dict[str, tuple[Audio, float]] = {}
    # A mix without one of its stems is another mix: all that is wrong is told at once.
    wrong = []
    for position, file in enumerate(files):
        try:
            stems[_free_name(file, stems)] = _read_stem(file)
        except (OSError, ValueError) as error:
            wrong.append(_one_line(error))
        progress((position + 1) / len(files))
    if wrong:
        raise ValueError("; ".join(wrong))
    return stems


def _read_stem(file: Path) -> tuple[Audio, float]:
    audio, rate_hz = read(file)
    if audio.shape[0] > 2:
        raise ValueError(f"{shown(file)}: {audio.shape[0]} channels: stems are mono or stereo")
    bad = audio.size - int(np.count_nonzero(np.isfinite(audio)))
    if bad:
        raise ValueError(f"{shown(file)}: audio holds {bad} non-finite samples")
    return audio, rate_hz


def _balance(stems: Mapping[str, tuple[Audio, float]], rate_hz: float) -> Balance:
    with bar(f"Balancing {len(stems)} stems") as progress:
        return balance(stems, rate_hz, progress)


def _print_balance(balanced: Balance) -> None:
    rows = [
        (name, figure(reading.integrated_lufs, "LUFS"), figure(balanced.mix[name].fader_db, "dB"))
        for name, reading in balanced.loudness.items()
    ]
    say(table(("Stem", "Measured", "Fader"), rows))
    if balanced.left_alone:
        say(f"Not brought to the loudness of the others: {_listed(balanced.left_alone)}.")


def _print_reading(output: Path, reading: Loudness) -> None:
    say(
        f"{shown(output)}: {figure(reading.integrated_lufs, 'LUFS')}, {figure(reading.true_peak_dbtp, 'dBTP')}, "
        f"LRA {figure(reading.loudness_range_lu, 'LU')}"
    )


@app.command()
def mix(
    source: Annotated[Path, typer.Argument(help="Folder of stems, mono or stereo, of any rates and lengths.")],
    output: _Output = Path("mix.wav"),
    bit_depth: _Depth = 24,
    force: _Force = False,
) -> None:
    """Mix a folder of stems to a start balance: all equally loud, the sum at -6 dBTP.

    Stems that hold nothing but noise are not raised. An output in the same folder is no stem.
    """
    files, others = _stem_files(source, output)
    check_output(output, bit_depth=bit_depth)
    _check_place(output, [], force)
    if others:
        say(f"Left out: {_listed(others)}.")
    with bar("Reading stems") as progress:
        stems = _read_stems(files, progress)
    rate_hz = common_rate_hz([rate_hz for _, rate_hz in stems.values()])
    check_output(output, rate_hz, 2, bit_depth=bit_depth)
    balanced = _balance(stems, rate_hz)
    # So that it is not taken for a stem later, where it lies among them.
    mark = Tags({MIX_MARK: ("mix",)})
    write(output, balanced.audio, rate_hz, bit_depth=cast(BitDepth, bit_depth), tags=mark)
    _print_balance(balanced)
    _print_reading(output, _measure_file(output).reading)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder to write into; made if missing.")] = Path("mixdown-demo"),
    seed: Annotated[int, typer.Option(help="Another seed is another performance.")] = 1,
    force: _Force = False,
) -> None:
    """Play through the whole job: synthesise a song, mix its stems, master the mix, draw a report."""
    rate_hz = 48_000
    wanted = find_target("spotify")
    made = [folder / name for name in ("stems", "mix.wav", "master.wav", "report.png")]
    for place in made:
        _check_place(place, [], force)
    # Loaded where they are needed: drawing alone takes longer than all of the rest.
    from mixdown import demo as song
    from mixdown import plots

    (folder / "stems").mkdir(parents=True, exist_ok=True)
    with bar("Synthesising the song") as progress:
        stems = song.stems(seed=seed, sample_rate_hz=rate_hz)
        for position, (name, audio) in enumerate(stems.items()):
            write(folder / "stems" / f"{name}.wav", audio, rate_hz)
            progress((position + 1) / len(stems))
    # From here on the job is that of anybody's stems: it starts from files.
    with bar("Reading stems") as progress:
        files = _read_stems([folder / "stems" / f"{name}.wav" for name in stems], progress)
    balanced = _balance(files, rate_hz)
    _print_balance(balanced)
    write(folder / "mix.wav", balanced.audio, rate_hz)
    with bar("Mastering") as progress:
        before, _ = read(folder / "mix.wav")
        mastered = make_master(before, rate_hz, target=wanted.name, progress=progress)
        mastered.write(folder / "master.wav", tags={"title": "Demo", "artist": "mixdown"})
    with bar("Measuring and drawing") as progress:
        after, _ = read(folder / "master.wav")
        reading_before, reading_after = (loudness(audio, rate_hz, precision="reference") for audio in (before, after))
        progress(0.5)
        report = plots.report(
            before=before,
            after=after,
            sample_rate_hz=rate_hz,
            loudness_before=reading_before,
            loudness_after=reading_after,
            target_lufs=wanted.integrated_lufs,
            ceiling_dbtp=wanted.ceiling_dbtp,
            title="mixdown demo",
            reduction_db=mastered.certificate.reduction_curve_db,
        )
        replace_file(folder / "report.png", plots.png(report))
    _print_certificate(mastered)
    rows = [
        (
            shown(folder / name),
            figure(reading.integrated_lufs, "LUFS"),
            figure(reading.loudness_range_lu, "LU"),
            figure(reading.max_short_term_lufs, "LUFS"),
            figure(reading.true_peak_dbtp, "dBTP"),
        )
        for name, reading in (("mix.wav", reading_before), ("master.wav", reading_after))
    ]
    say(table(("File", "Integrated", "LRA", "Max S", "True peak"), rows))
    say(f"Report: {shown(folder / 'report.png')}")


def _print_certificate(mastered: Mastered) -> None:
    say(mastered.certificate.summary())


@app.command(epilog=_TARGETS_HELP)
def master(
    source: Annotated[Path, typer.Argument(help="The mix: any readable audio file; - is standard input.")],
    output: _Output = Path("master.wav"),
    target: Annotated[str, typer.Option(help="Delivery target.")] = "spotify",
    bit_depth: _Depth = 24,
    rate: Annotated[float | None, typer.Option(help="Sample rate of the master in Hz; default: the mix's.")] = None,
    force: _Force = False,
    dual_mono: Annotated[bool, typer.Option(help="Count a mono mix as two loudspeakers: 3 LU louder.")] = False,
) -> None:
    """Master a mix: to a target's loudness under its ceiling, measured on the samples that are written.

    Tags and cover pictures of the mix are written to the master.
    """
    find_target(target)
    check_output(output, rate, bit_depth=bit_depth)
    with _opened(source) as opened:
        with Blocks(opened) as blocks:
            _check_place(output, [source], force)
            rate_hz = blocks.sample_rate_hz
            check_output(output, rate_hz if rate is None else rate, blocks.channels, bit_depth=bit_depth)
            if blocks.weights is not None and blocks.positions is not None:
                raise ValueError(
                    f"{shown(source)}: its loudspeakers are {' '.join(blocks.positions)}: mastering takes the layouts "
                    f"{', '.join(LAYOUTS)}"
                )
            audio, _ = gathered(blocks)
        with bar(f"Mastering {shown(source.name)}") as progress:
            mastered = make_master(
                audio,
                rate_hz,
                target=target,
                bit_depth=bit_depth,
                delivery_rate_hz=rate,
                dual_mono=dual_mono,
                progress=progress,
            )
        with contextlib.ExitStack() as closing:
            file = closing.enter_context(opened.open("rb")) if isinstance(opened, Path) else opened
            tags = read_tags(file).without(MIX_MARK)
        mastered.write(output, tags=tags)
    _print_certificate(mastered)
    with bar(f"Measuring {shown(output.name)}") as progress:
        reading = _measure_file(output, progress, dual_mono=dual_mono).reading
    _print_reading(output, reading)
    rows = [(name, figure(gain_db, "dB", sign=True)) for name, gain_db in mastered.certificate.playback_gain_db.items()]
    say(table(("Player", "plays it at"), rows))


def _version(shown: bool) -> None:
    if shown:
        say(f"mixdown {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Mix and master music."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def _stop(number: int, _frame: FrameType | None) -> None:
    """End in an orderly way, so that no part of a file is left."""
    raise SystemExit(SIGNALLED + number)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line: 0 on success, 1 with one line on stderr otherwise, 130 after Ctrl-C.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        # Names and units must not fail on a terminal that has no sign for them.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    warnings.showwarning = lambda message, *_args, **_kwargs: complain(f"warning: {printable(str(message))}")
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    """Run the command that the arguments name, and return the exit code."""
    interrupted = SIGNALLED + signal.SIGINT
    try:
        code = int(app(arguments, prog_name="mixdown", standalone_mode=False) or 0)
    except (ValueError, TypeError, OSError, MemoryError) as error:
        complain(_one_line(error))
        return 1
    except (KeyboardInterrupt, typer.Abort):
        code = interrupted
    except Exception as error:
        # What the parser of the command line says of wrong usage; anything else is a defect and may show itself.
        if not hasattr(error, "format_message"):
            raise
        complain(_one_line(ValueError(error.format_message())))
        return 1
    if code == interrupted:
        complain("interrupted")
    return code


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        name = f"{shown(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        return f"{name}{error.strerror[0].lower()}{error.strerror[1:]}"
    return printable(" ".join(str(error).splitlines())) or type(error).__name__
