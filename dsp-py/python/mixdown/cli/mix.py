"""``mixdown mix``: a start balance of a folder of stems."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, cast

import typer

from mixdown.cli.inputs import check_place
from mixdown.cli.measure import measure_file, print_reading
from mixdown.cli.options import Depth, Force, Output, bits
from mixdown.cli.stems import balance_stems, listed, print_balance, read_stems, stem_files
from mixdown.cli.terminal import bar, say
from mixdown.files import BitDepth, Tags, check_output, write
from mixdown.files.tags import MIX_MARK


def mix(
    source: Annotated[Path, typer.Argument(help="Folder of stems, mono or stereo, of any rates and lengths.")],
    output: Output = Path("mix.wav"),
    bit_depth: Depth = "24",
    force: Force = False,
) -> None:
    """Mix a folder of stems to a start balance: all equally loud, the sum at -6 dBTP.

    Stems of noise alone are not raised. An output in the same folder is not a stem.
    """
    word_bits = bits(bit_depth)
    files, others = stem_files(source, output)
    check_output(output, bit_depth=word_bits)
    check_place(output, [], force)
    if others:
        say(f"Left out: {listed(others)}.")
    with bar("Reading stems") as progress:
        stems = read_stems(files, progress)
    rate_hz = _common_rate_hz([rate_hz for _, rate_hz in stems.values()])
    check_output(output, rate_hz, 2, bit_depth=word_bits)
    balanced = balance_stems(stems, rate_hz)
    # So that it is not taken for a stem later.
    mark = Tags({MIX_MARK: ("mix",)})
    write(output, balanced.audio, rate_hz, bit_depth=cast(BitDepth, word_bits), tags=mark)
    print_balance(balanced)
    print_reading(output, measure_file(output).reading)


def _common_rate_hz(rates_hz: list[float]) -> float:
    """Return the most common rate of the stems; of several, the highest."""
    counts = Counter(rates_hz)
    return max(counts, key=lambda rate: (counts[rate], rate))
