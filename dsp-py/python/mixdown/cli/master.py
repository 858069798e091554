"""``mixdown master``: a mix made ready for delivery."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.cli.inputs import check_place, opened_file
from mixdown.cli.measure import measure_file, plain, print_reading
from mixdown.cli.options import (
    AMOUNT,
    CEILING_DBTP,
    RATE_HZ,
    TARGET_LUFS,
    Ceiling,
    Chunks,
    Clip,
    Depth,
    DualMono,
    Force,
    Json,
    OneTarget,
    Output,
    Quiet,
    Rate,
    Shaping,
    TargetLufs,
    bits,
    clip_depth,
)
from mixdown.cli.terminal import bar, figure, say, say_json, table
from mixdown.delivery import master as make_master
from mixdown.delivery.report import check_report
from mixdown.delivery.targets import figures_of
from mixdown.files import Blocks, NoiseShaping, Profile, Tags, check_output, read
from mixdown.files.names import shown
from mixdown.files.recordings import gathered
from mixdown.files.tags import MIX_MARK, read_tags
from mixdown.loudspeakers import LAYOUTS


def master(
    source: Annotated[
        Path, typer.Argument(metavar="MIX", help="The mix: any readable audio file; - is standard input.")
    ],
    output: Output = Path("master.wav"),
    target: OneTarget = None,
    target_lufs: TargetLufs = None,
    ceiling_dbtp: Ceiling = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            metavar="FILE",
            help="A programme whose spectrum an equalizer leads towards, before the limiter.",
        ),
    ] = None,
    amount: Annotated[
        str | None,
        AMOUNT.declared("Share of the difference to --reference that is taken over", "By default 0.5."),
    ] = None,
    clip_db: Clip = "auto",
    bit_depth: Depth = "24",
    noise_shaping: Shaping = "none",
    rate: Rate = None,
    profile: Chunks = None,
    dual_mono: DualMono = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Report to write too: .html (one page, with players of mix and master at equal loudness), .pdf or "
            ".png.",
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Master a mix: to a target's loudness under its ceiling, measured on the samples that are written.

    Tags and cover pictures of the mix are written to the master, except with --profile ingest.
    """
    lufs, dbtp = TARGET_LUFS.read_given(target_lufs), CEILING_DBTP.read_given(ceiling_dbtp)
    figures_of(target, lufs, dbtp)
    if amount is not None and reference is None:
        raise ParameterError("--amount is given without --reference: there is nothing to match")
    share = 0.5 if amount is None else AMOUNT.read(amount)
    clip = clip_depth(clip_db)
    word_bits = bits(bit_depth)
    _checks.noise_shaping(noise_shaping, get_args(NoiseShaping), word_bits)
    wanted_hz = RATE_HZ.read_given(rate)
    chunks = None if profile is None else cast(Profile, _checks.one_of("--profile", profile, get_args(Profile)))
    check_output(output, wanted_hz, bit_depth=word_bits, profile=chunks)
    if report is not None:
        check_report(report, "--report")
    with opened_file(source) as opened:
        with Blocks(opened) as blocks:
            for place in (output, *([] if report is None else [report])):
                check_place(place, [source, *([] if reference is None else [reference])], force)
            rate_hz = blocks.sample_rate_hz
            check_output(
                output,
                rate_hz if wanted_hz is None else wanted_hz,
                blocks.channels,
                bit_depth=word_bits,
                profile=chunks,
            )
            if blocks.weights is not None and blocks.positions is not None:
                raise ValueError(
                    f"{shown(source)}: its loudspeakers are {' '.join(blocks.positions)}: mastering takes the layouts "
                    f"{', '.join(LAYOUTS)}"
                )
            audio, _ = gathered(blocks)
        other = None if reference is None else read(reference)
        with bar(f"Mastering {shown(source.name)}") as progress:
            mastered = make_master(
                audio,
                rate_hz,
                target=target,
                target_lufs=lufs,
                ceiling_dbtp=dbtp,
                reference=other,
                amount=share,
                clip_db=clip,
                bit_depth=word_bits,
                noise_shaping=cast(NoiseShaping, noise_shaping),
                delivery_rate_hz=wanted_hz,
                dual_mono=dual_mono,
                name=shown(output.name),
                progress=progress,
            )
        with contextlib.ExitStack() as closing:
            file = closing.enter_context(opened.open("rb")) if isinstance(opened, Path) else opened
            found = read_tags(file).without(MIX_MARK)
        mastered.write(output, tags=Tags() if chunks == "ingest" else found, profile=chunks)
    if report is not None:
        with bar(f"Drawing {shown(report.name)}"):
            mastered.report(report, before=(audio, rate_hz), title=found.text("title") or shown(output.name))
    with bar(f"Measuring {shown(output.name)}") as progress:
        measured = measure_file(output, progress, dual_mono=dual_mono)
    if as_json:
        drawn = {} if report is None else {"report": shown(report)}
        say_json({"output": plain(measured), "certificate": mastered.certificate.to_dict(), **drawn})
        return
    say(mastered.certificate.summary())
    print_reading(output, measured.reading)
    rows = [(name, figure(gain_db, "dB", sign=True)) for name, gain_db in mastered.certificate.playback_gain_db.items()]
    say()
    say(table(("Player", "plays it at"), rows))
    if report is not None:
        say(f"Report: {shown(report)}, {report.stat().st_size / 1e6:.1f} MB")
