"""``mixdown master``: a mix made ready for delivery."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from mixdown import _checks, _core
from mixdown._core import ParameterError
from mixdown.cli.inputs import check_place, opened_file
from mixdown.cli.measure import measure_file, print_reading
from mixdown.cli.options import Depth, Force, Output, bits, clip_depth, number
from mixdown.cli.terminal import bar, figure, say, table
from mixdown.delivery import master as make_master
from mixdown.delivery.targets import figures_of
from mixdown.files import Blocks, NoiseShaping, Profile, Tags, check_output, read
from mixdown.files.names import shown
from mixdown.files.recordings import gathered
from mixdown.files.tags import MIX_MARK, read_tags
from mixdown.loudspeakers import LAYOUTS


def master(
    source: Annotated[Path, typer.Argument(help="The mix: any readable audio file; - is standard input.")],
    output: Output = Path("master.wav"),
    target: Annotated[
        str | None, typer.Option(help="Delivery target; spotify where --target-lufs is not given either.")
    ] = None,
    target_lufs: Annotated[
        str | None, typer.Option(metavar="LUFS", help="Loudness instead of a named target, -50 to 0.")
    ] = None,
    ceiling_dbtp: Annotated[
        str | None,
        typer.Option(
            metavar="DBTP", help="Highest true peak instead of the target's, -12 to 0; -1 with --target-lufs."
        ),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A programme whose spectrum an equalizer leads towards, before the limiter.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(help="Share of the difference to --reference that is taken over, 0 to 1; default 0.5.")
    ] = None,
    clip_db: Annotated[
        str, typer.Option(help="Clipping before the limiter: auto (beyond 3 dB of limiting), off, or dB, 0 to 24.")
    ] = "auto",
    bit_depth: Depth = "24",
    noise_shaping: Annotated[
        str, typer.Option(help="Spectrum of the rounding error: none or weighted (for 16 bits, 44.1 to 96 kHz).")
    ] = "none",
    rate: Annotated[
        str | None, typer.Option(metavar="HZ", help="Sample rate of the master; default: the mix's.")
    ] = None,
    force: Force = False,
    profile: Annotated[
        str | None,
        typer.Option(
            help="Chunks of a WAV file: archive (broadcast extension with the loudness, and all tags) "
            "or ingest (format and samples alone, as services take them)."
        ),
    ] = None,
    dual_mono: Annotated[bool, typer.Option(help="Count a mono mix as two loudspeakers: 3 LU louder.")] = False,
) -> None:
    """Master a mix: to a target's loudness under its ceiling, measured on the samples that are written.

    Tags and cover pictures of the mix are written to the master, but for --profile ingest.
    """
    lufs, dbtp = (
        None if text is None else number(option, text, *_core.delivery_range(name))
        for option, name, text in (
            ("--target-lufs", "target_lufs", target_lufs),
            ("--ceiling-dbtp", "ceiling_dbtp", ceiling_dbtp),
        )
    )
    figures_of(target, lufs, dbtp)
    if amount is not None and reference is None:
        raise ParameterError("--amount is given without --reference: there is nothing to match")
    share = 0.5 if amount is None else number("--amount", amount, 0, 1)
    clip = clip_depth(clip_db)
    word_bits = bits(bit_depth)
    _checks.noise_shaping(noise_shaping, get_args(NoiseShaping), word_bits)
    wanted_hz = None if rate is None else number("--rate", rate, *_checks.RATE_RANGE_HZ)
    chunks = None if profile is None else cast(Profile, _checks.one_of("--profile", profile, get_args(Profile)))
    check_output(output, wanted_hz, bit_depth=word_bits, profile=chunks)
    with opened_file(source) as opened:
        with Blocks(opened) as blocks:
            check_place(output, [source, *([] if reference is None else [reference])], force)
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
            tags = Tags() if chunks == "ingest" else read_tags(file).without(MIX_MARK)
        mastered.write(output, tags=tags, profile=chunks)
    say(mastered.certificate.summary())
    with bar(f"Measuring {shown(output.name)}") as progress:
        reading = measure_file(output, progress, dual_mono=dual_mono).reading
    print_reading(output, reading)
    rows = [(name, figure(gain_db, "dB", sign=True)) for name, gain_db in mastered.certificate.playback_gain_db.items()]
    say(table(("Player", "plays it at"), rows))
