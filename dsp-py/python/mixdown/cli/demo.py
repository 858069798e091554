"""``mixdown demo``: the whole workflow on a synthesised song."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mixdown import demo as song
from mixdown import display
from mixdown._checks import shown as quoted
from mixdown._core import ParameterError
from mixdown.cli.inputs import check_place
from mixdown.cli.options import Force
from mixdown.cli.stems import balance_stems, print_balance, read_stems
from mixdown.cli.terminal import bar, figure, say, table
from mixdown.delivery import find_target
from mixdown.delivery import master as make_master
from mixdown.files import read, replace_file, write
from mixdown.files.names import shown
from mixdown.meters import loudness


def demo(
    folder: Annotated[Path, typer.Argument(help="Folder to write into; made if missing.")] = Path("mixdown-demo"),
    seed: Annotated[str, typer.Option(metavar="N", help="Another seed is another performance.")] = "1",
    force: Force = False,
) -> None:
    """Run the whole workflow: synthesise a song, mix its stems, master the mix, draw a report."""
    performance = _seed(seed)
    rate_hz = 48_000
    wanted = find_target("spotify")
    made = [folder / name for name in ("stems", "mix.wav", "master.wav", "report.png")]
    for place in made:
        check_place(place, [], force)
    (folder / "stems").mkdir(parents=True, exist_ok=True)
    with bar("Synthesising the song") as progress:
        stems = song.stems(seed=performance, sample_rate_hz=rate_hz)
        for position, (name, audio) in enumerate(stems.items()):
            write(folder / "stems" / f"{name}.wav", audio, rate_hz)
            progress((position + 1) / len(stems))
    # From here on the workflow is that of any stems: it starts from files.
    with bar("Reading stems") as progress:
        files = read_stems([folder / "stems" / f"{name}.wav" for name in stems], progress)
    balanced = balance_stems(files, rate_hz)
    print_balance(balanced)
    write(folder / "mix.wav", balanced.audio, rate_hz)
    with bar("Mastering") as progress:
        before, _ = read(folder / "mix.wav")
        mastered = make_master(before, rate_hz, target=wanted.name, name="master.wav", progress=progress)
        mastered.write(folder / "master.wav", tags={"title": "Demo", "artist": "mixdown"})
    with bar("Measuring and drawing") as progress:
        after, _ = read(folder / "master.wav")
        reading_before, reading_after = (loudness(audio, rate_hz, precision="reference") for audio in (before, after))
        progress(0.5)
        report = display.report(
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
        replace_file(folder / "report.png", display.png(report))
    say(mastered.certificate.summary())
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


def _seed(text: str) -> int:
    """Return the seed that a word of the command line gives."""
    if not text.isdecimal():
        raise ParameterError(f"--seed = {quoted(text)} is not allowed: it must be a whole number, 0 or more")
    return int(text)
