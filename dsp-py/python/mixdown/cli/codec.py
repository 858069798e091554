"""``mixdown codec``: a programme as lossy codecs give it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mixdown._core import ParameterError
from mixdown.checking import codec_preview
from mixdown.cli.inputs import check_place, opened_file
from mixdown.cli.options import Force, Json, Quiet, separate, words_from
from mixdown.cli.terminal import bar, figure, say, say_json, table
from mixdown.files import Blocks, check_output, write
from mixdown.files.encoding import Coding
from mixdown.files.names import shown
from mixdown.files.recordings import gathered

#: Bit rates that are in use.
_USUAL = ("aac:256", "aac:192", "mp3:320", "mp3:256", "mp3:128", "vorbis:320", "vorbis:160", "opus:128", "opus:96")


def codec(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Any readable audio file; - is standard input.")],
    codecs: Annotated[
        list[str] | None,
        typer.Option(
            "--codec",
            metavar="NAMES",
            help="mp3, vorbis, opus or aac, a colon and kb/s; with commas between, or repeated. By default aac:256.",
            autocompletion=words_from(lambda: _USUAL),
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write what one codec gives back, .wav, in floating point.",
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Code a programme and decode it again: how far its true peak rises, overs, loudness, what is cut off.

    AAC takes PyAV (pip install 'mixdown[aac]') or ffmpeg.
    """
    codings = [Coding.of(text, "--codec") for text in separate(codecs) or ["aac:256"]]
    for coding in codings:
        coding.check()
    if output is not None:
        if len(codings) > 1:
            raise ParameterError(f"--output takes what one codec gives back: --codec names {len(codings)}")
        check_output(output, bit_depth=32)
        check_place(output, [source], force)
    with bar(f"Coding {shown(source.name)}") as progress:
        with opened_file(source) as opened, Blocks(opened) as blocks:
            given = gathered(blocks)
        reports = []
        for done, coding in enumerate(codings):
            progress((1 + done) / (1 + len(codings)))
            reports.append(codec_preview(given, codec=str(coding)))
    if output is not None:
        write(output, reports[0].audio, reports[0].sample_rate_hz, bit_depth=32)
    if as_json:
        results = [report.to_dict() for report in reports]
        say_json({"source": shown(source), "codecs": results})
        return
    before = reports[0].before
    rows = [("as it is", "", figure(before.integrated_lufs), figure(before.true_peak_dbtp), "", "", "", "")]
    for report in reports:
        cut = "-" if report.cutoff_hz is None else f"{report.cutoff_hz / 1000:.1f}"
        error = "-" if report.error_db is None else figure(report.error_db, digits=1)
        peak, rise = figure(report.true_peak_dbtp), figure(report.rise_db, sign=True)
        kbps = figure(report.bitrate_kbps, digits=0)
        rows.append((report.codec, kbps, figure(report.integrated_lufs), peak, rise, str(report.overs), error, cut))
    say(table(("Codec", "kb/s", "LUFS", "dBTP", "rise dB", "overs", "error dB", "cut kHz"), rows))
    say()
    for report in reports:
        say(report.message)
    if output is not None:
        say(f"Written: {shown(output)}.")
