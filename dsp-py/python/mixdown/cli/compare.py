"""``mixdown compare``: a mix beside a reference, and the equalization that leads towards it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, cast

import typer

from mixdown._core import ParameterError
from mixdown.analysis import match, tonal_balance, tonal_target
from mixdown.cli.inputs import check_place, opened_file
from mixdown.cli.options import AMOUNT, Depth, Force, Json, Number, Quiet, bits
from mixdown.cli.terminal import bar, figure, say, say_json, table
from mixdown.files import BitDepth, Blocks, Recording, check_output, write
from mixdown.files.names import shown
from mixdown.files.recordings import gathered
from mixdown.files.tags import MIX_MARK, Tags, read_tags

#: 0 is a convolution.
_BANDS = Number("--bands", "N", 0, 32, whole=True)


def compare(
    source: Annotated[
        Path, typer.Argument(metavar="MIX", help="The mix: any readable audio file; - is standard input.")
    ],
    reference: Annotated[Path, typer.Argument(metavar="REFERENCE", help="A programme to compare it with.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="File to write with --apply, .wav or .flac.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the mix through the equalizer of the match.")] = False,
    amount: Annotated[str, AMOUNT.declared("Share of the difference that is taken over")] = "0.5",
    bands: Annotated[str, _BANDS.declared("Most bands of the equalizer", "0 is a convolution.")] = "8",
    bit_depth: Depth = "24",
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare a mix with a reference: tonal balance, the curve of a match and its bands, loudness.

    Nothing is written without --apply, and loudness is never matched.
    """
    share = AMOUNT.read(amount)
    count = int(_BANDS.read(bands))
    word_bits = bits(bit_depth)
    if apply and output is None:
        raise ParameterError("--apply needs a file to write: -o matched.wav")
    if output is not None and not apply:
        raise ParameterError("--output is given without --apply: nothing would be written")
    if output is not None:
        check_output(output, None, bit_depth=word_bits)
        check_place(output, [source, reference], force)
    with bar(f"Reading {shown(source.name)}") as progress:
        mix, tags = _read(source, lambda part: progress(0.5 * part))
        other, _ = _read(reference, lambda part: progress(0.5 + 0.5 * part))
    if output is not None:
        check_output(output, mix.sample_rate_hz, mix.audio.shape[0], bit_depth=word_bits)
    balance = tonal_balance(mix, target=tonal_target([other]))
    found = match(mix, reference=other, amount=share, bands=count or None)
    if output is not None:
        matched = found.effect(mix)
        write(output, matched, mix.sample_rate_hz, bit_depth=cast(BitDepth, word_bits), tags=tags)
    if as_json:
        say_json({"tonal_balance": balance.to_dict(), "match": found.to_dict()})
        return
    rows = []
    for region in balance.regions:
        deviation = (
            "not measurable" if region.deviation_db is None else figure(region.deviation_db, "dB", sign=True, digits=1)
        )
        rows.append((region.name, f"{region.low_hz:.0f} Hz", deviation))
    say(table(("Region", "From", f"beside {shown(reference.name)}"), rows))
    say()
    say(found.table())
    if output is not None:
        say(f"Written: {shown(output)}.")


def _read(file: Path, progress: Callable[[float], None]) -> tuple[Recording, Tags]:
    """Read a file whole, with its tags."""
    with opened_file(file) as opened:
        with Blocks(opened) as blocks:
            recording = gathered(blocks)
        progress(1.0)
        with contextlib.ExitStack() as closing:
            stored = closing.enter_context(opened.open("rb")) if isinstance(opened, Path) else opened
            return recording, read_tags(stored).without(MIX_MARK)
