"""The command line: ``mixdown demo``, ``mix``, ``master``, ``measure``."""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import numpy as np
import soundfile
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mixdown import __version__, plots
from mixdown import demo as song
from mixdown._core import ParameterError
from mixdown.audio import READABLE, Audio, BitDepth, common_rate_hz, read, replace_file, write
from mixdown.balance import Balance, balance
from mixdown.delivery import Mastered, find_target, verdict
from mixdown.delivery import master as make_master
from mixdown.meters import Loudness, LoudnessMeter, album_of, loudness

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Mix and master music.")
out = Console(highlight=False, soft_wrap=True)
progress_console = Console(stderr=True)

#: Frames read from a file at a time while measuring.
_STEP_FRAMES = 65_536


@contextmanager
def _bar(title: str) -> Iterator[Callable[[float], None]]:
    """Show a progress bar on stderr; call what it yields with the share done, 0 to 1."""
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=progress_console, disable=not progress_console.is_terminal) as bars:
        task = bars.add_task(title, total=1.0)
        yield lambda share: bars.update(task, completed=share)
        bars.update(task, completed=1.0)


def _figure(value: float, unit: str = "") -> str:
    text = "-inf" if value == -math.inf else f"{value:.2f}"
    return f"{text} {unit}".rstrip()


@dataclass(frozen=True)
class _Measured:
    """A measured file."""

    file: Path
    meter: LoudnessMeter
    reading: Loudness
    sample_rate_hz: int
    channels: int
    duration_s: float


def _measure_file(file: Path, progress: Callable[[float], None] | None = None, dual_mono: bool = False) -> _Measured:
    """Measure a file block by block, so that its length costs no memory."""
    with file.open("rb"):
        pass
    try:
        with soundfile.SoundFile(file) as source:
            if source.frames == 0:
                raise ParameterError(f"{file}: holds no audio (0 frames)")
            # The meter that certifies masters, so that what passed there passes here.
            meter = LoudnessMeter(source.samplerate, source.channels, dual_mono=dual_mono, precision="reference")
            done = 0
            for block in source.blocks(_STEP_FRAMES, dtype="float32", always_2d=True):
                try:
                    meter.observe(block.T)
                except ParameterError as error:
                    raise ParameterError(f"{file}: {error}") from None
                done += block.shape[0]
                if progress is not None:
                    progress(done / max(source.frames, done))
            return _Measured(file, meter, meter.reading(), source.samplerate, source.channels, done / source.samplerate)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{file}: not a readable audio file ({error.error_string.strip(' .')})") from None


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


@app.command()
def measure(
    files: Annotated[list[Path], typer.Argument(help="Audio files: WAV, FLAC, AIFF, Ogg, MP3.")],
    target: Annotated[list[str] | None, typer.Option(help="Judge by this target; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    dual_mono: Annotated[bool, typer.Option(help="Count mono files as two loudspeakers: 3 LU louder.")] = False,
) -> None:
    """Measure loudness and true peak of audio files, and judge them by delivery targets.

    A file passes if its loudness is within the target's tolerance (0.5 LU for services, which reject nothing but play
    everything equally loud) and its true peak at or below the ceiling. Several files are also measured as an album.
    """
    judges = [find_target(name) for name in target or _COMMON_TARGETS]
    measured = []
    for file in files:
        with _bar(f"Measuring {file.name}") as progress:
            measured.append(_measure_file(file, progress, dual_mono))
    album_lufs = album_of([entry.meter for entry in measured]) if len(measured) > 1 else None
    if as_json:
        results = [
            {
                "file": str(entry.file),
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
        out.print_json(json.dumps({"files": results, "album_lufs": finite}))
        return
    table = Table("File", "Duration", "Integrated", "LRA", "Max M", "Max S", "True peak", "Sample peak", "PLR")
    for column in table.columns[1:]:
        column.justify = "right"
    for entry in measured:
        reading = entry.reading
        table.add_row(
            entry.file.name,
            f"{entry.duration_s:.1f} s",
            _figure(reading.integrated_lufs, "LUFS"),
            _figure(reading.loudness_range_lu, "LU"),
            _figure(reading.max_momentary_lufs, "LUFS"),
            _figure(reading.max_short_term_lufs, "LUFS"),
            _figure(reading.true_peak_dbtp, "dBTP"),
            _figure(reading.sample_peak_dbfs, "dBFS"),
            _figure(reading.plr_lu, "LU"),
        )
    if album_lufs is not None:
        table.add_section()
        total_s = sum(entry.duration_s for entry in measured)
        peak_dbtp = max(entry.reading.true_peak_dbtp for entry in measured)
        figures = ("", "", "", _figure(peak_dbtp, "dBTP"), "", "")
        table.add_row("Album", f"{total_s:.1f} s", _figure(album_lufs, "LUFS"), *figures)
    out.print(table)
    verdicts = Table("Target", "Loudness", "Ceiling", *(entry.file.name for entry in measured))
    for judge in judges:
        verdicts.add_row(
            judge.name,
            _figure(judge.integrated_lufs, "LUFS"),
            _figure(judge.ceiling_dbtp, "dBTP"),
            *(verdict(entry.reading, judge, channels=entry.channels, dual_mono=dual_mono) for entry in measured),
        )
    out.print(verdicts)


def _read_stems(folder: Path, progress: Callable[[float], None]) -> dict[str, tuple[Audio, float]]:
    if not folder.exists():
        raise FileNotFoundError(f"{folder}: no such file or folder")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: not a folder of stems")
    files = sorted(
        file for file in folder.iterdir() if file.suffix.lower() in READABLE and not file.name.startswith(".")
    )
    if not files:
        raise ValueError(f"{folder}: no stems in it (looked for {', '.join('*' + ending for ending in READABLE)})")
    stems: dict[str, tuple[Audio, float]] = {}
    for position, file in enumerate(files):
        name = file.stem if file.stem not in stems else file.name
        audio, rate_hz = read(file)
        if audio.shape[0] > 2:
            raise ValueError(f"{file}: {audio.shape[0]} channels: stems are mono or stereo")
        bad = audio.size - int(np.count_nonzero(np.isfinite(audio)))
        if bad:
            raise ValueError(f"{file}: audio holds {bad} non-finite samples")
        stems[name] = (audio, rate_hz)
        progress((position + 1) / len(files))
    return stems


def _balance(stems: Mapping[str, tuple[Audio, float]]) -> Balance:
    rate_hz = common_rate_hz([rate_hz for _, rate_hz in stems.values()])
    with _bar(f"Balancing {len(stems)} stems") as progress:
        return balance(stems, rate_hz, progress)


def _print_balance(balanced: Balance) -> None:
    table = Table("Stem", "Measured", "Fader")
    for column in table.columns[1:]:
        column.justify = "right"
    for track in balanced.mix:
        reading = balanced.loudness[track.name]
        table.add_row(track.name, _figure(reading.integrated_lufs, "LUFS"), _figure(track.fader_db, "dB"))
    out.print(table)


@app.command()
def mix(
    source: Annotated[Path, typer.Argument(help="Folder of stems, mono or stereo, of any rates and lengths.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write, .wav or .flac.")] = Path("mix.wav"),
    bit_depth: Annotated[int, typer.Option(help="16, 24 or 32 (floating point).")] = 24,
) -> None:
    """Mix a folder of stems to a start balance: all equally loud, the sum at -6 dBTP."""
    with _bar("Reading stems") as progress:
        stems = _read_stems(source, progress)
    balanced = _balance(stems)
    write(output, balanced.audio, balanced.mix.sample_rate_hz, bit_depth=cast(BitDepth, bit_depth))
    _print_balance(balanced)
    reading = _measure_file(output).reading
    out.print(
        f"{output}: {_figure(reading.integrated_lufs, 'LUFS')}, {_figure(reading.true_peak_dbtp, 'dBTP')}, "
        f"LRA {_figure(reading.loudness_range_lu, 'LU')}"
    )


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Folder to write into; made if missing.")] = Path("mixdown-demo"),
    seed: Annotated[int, typer.Option(help="Another seed is another performance.")] = 1,
) -> None:
    """Play through the whole job: synthesise a song, mix its stems, master the mix, draw a report."""
    rate_hz = 48_000
    wanted = find_target("spotify")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stems").mkdir(exist_ok=True)
    with _bar("Synthesising the song") as progress:
        stems = song.stems(seed=seed, sample_rate_hz=rate_hz)
        for position, (name, audio) in enumerate(stems.items()):
            write(folder / "stems" / f"{name}.wav", audio, rate_hz)
            progress((position + 1) / len(stems))
    # From here on the job is that of anybody's stems: it starts from files.
    with _bar("Reading stems") as progress:
        files = _read_stems(folder / "stems", progress)
    balanced = _balance(files)
    _print_balance(balanced)
    write(folder / "mix.wav", balanced.audio, rate_hz)
    with _bar("Mastering"):
        before, _ = read(folder / "mix.wav")
        mastered = make_master(before, rate_hz, target=wanted.name)
        mastered.write(folder / "master.wav", tags={"title": "Demo", "artist": "mixdown"})
    with _bar("Measuring and drawing") as progress:
        after, _ = read(folder / "master.wav")
        reading_before, reading_after = (loudness(audio, rate_hz, precision="reference") for audio in (before, after))
        progress(0.5)
        figure = plots.report(
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
        replace_file(folder / "report.png", plots.png(figure))
    _print_certificate(mastered)
    table = Table("File", "Integrated", "LRA", "Max S", "True peak")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, reading in (("mix.wav", reading_before), ("master.wav", reading_after)):
        table.add_row(
            str(folder / name),
            _figure(reading.integrated_lufs, "LUFS"),
            _figure(reading.loudness_range_lu, "LU"),
            _figure(reading.max_short_term_lufs, "LUFS"),
            _figure(reading.true_peak_dbtp, "dBTP"),
        )
    out.print(table)
    out.print(f"Report: {folder / 'report.png'}")


def _print_certificate(mastered: Mastered) -> None:
    out.print(mastered.certificate.summary(), markup=False)


@app.command()
def master(
    source: Annotated[Path, typer.Argument(help="The mix: any readable audio file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write, .wav or .flac.")] = Path("master.wav"),
    target: Annotated[str, typer.Option(help="Delivery target, as listed by an unknown name.")] = "spotify",
    bit_depth: Annotated[int, typer.Option(help="16, 24 or 32 (floating point).")] = 24,
    rate: Annotated[float | None, typer.Option(help="Sample rate of the master in Hz; default: the mix's.")] = None,
    dual_mono: Annotated[bool, typer.Option(help="Count a mono mix as two loudspeakers: 3 LU louder.")] = False,
) -> None:
    """Master a mix: to a target's loudness under its ceiling, measured on the samples that are written."""
    find_target(target)
    audio, rate_hz = read(source)
    with _bar(f"Mastering {source.name}") as progress:
        mastered = make_master(
            audio,
            rate_hz,
            target=target,
            bit_depth=bit_depth,
            delivery_rate_hz=rate,
            dual_mono=dual_mono,
            progress=progress,
        )
        mastered.write(output)
    _print_certificate(mastered)
    with _bar(f"Measuring {output.name}") as progress:
        reading = _measure_file(output, progress, dual_mono).reading
    out.print(
        f"{output}: {_figure(reading.integrated_lufs, 'LUFS')}, {_figure(reading.true_peak_dbtp, 'dBTP')}, "
        f"LRA {_figure(reading.loudness_range_lu, 'LU')}"
    )
    table = Table("Player", "plays it at")
    table.columns[1].justify = "right"
    for name, gain_db in mastered.certificate.playback_gain_db.items():
        table.add_row(name, f"{gain_db:+.2f} dB")
    out.print(table)


def _version(shown: bool) -> None:
    if shown:
        out.print(f"mixdown {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Mix and master music."""


def main() -> None:
    """Run the command line: 0 on success, 1 with one line on stderr otherwise."""
    warnings.showwarning = lambda message, *_args, **_kwargs: print(f"mixdown: warning: {message}", file=sys.stderr)
    try:
        code = app(standalone_mode=False)
    except (ValueError, TypeError, OSError, MemoryError) as error:
        print(f"mixdown: {_one_line(error)}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("mixdown: interrupted", file=sys.stderr)
        code = 1
    except Exception as error:
        # What the parser of the command line says of wrong usage; anything else is a defect and may show itself.
        if not hasattr(error, "format_message"):
            raise
        print(f"mixdown: {error.format_message()}", file=sys.stderr)
        code = 1
    sys.exit(code or 0)


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror[0].lower()}{error.strerror[1:]}"
    return " ".join(str(error).split())
