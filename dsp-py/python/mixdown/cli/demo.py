"""``mixdown demo``: the whole workflow on a synthesised song."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mixdown import demo as song
from mixdown import display
from mixdown._checks import Audio
from mixdown._checks import shown as quoted
from mixdown._core import ParameterError
from mixdown.cli.inputs import check_place
from mixdown.cli.judged import judged, plain_judged, print_judged
from mixdown.cli.measure import measurements
from mixdown.cli.mix import strips_of
from mixdown.cli.options import Force, Json, Quiet
from mixdown.cli.release import plain_released, print_released, released
from mixdown.cli.stems import balance_stems, read_stems
from mixdown.cli.terminal import bar, figure, say, say_json, table
from mixdown.delivery import find_target
from mixdown.delivery import master as make_master
from mixdown.display import MixStage
from mixdown.files import Tags, read, replace_file, write
from mixdown.files.names import shown
from mixdown.files.tags import MIX_MARK
from mixdown.meters import loudness
from mixdown.session import Mix

_RATE_HZ = 48_000
_LEAD = "lead"


def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write into; made if missing.")] = Path(
        "mixdown-demo"
    ),
    seed: Annotated[str, typer.Option("--seed", metavar="N", help="Performance: a whole number, 0 or more.")] = "1",
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the whole workflow: synthesise a song, mix it by a session file, master the mix, draw a report.

    Writes stems, song.toml, mix.wav, master.wav and report.png, which compares the mix with a start balance at equal
    loudness. Prints the mix check and the lead report, and tries one suggestion of each kind on a copy of the mix. Two
    packs hold files for release, each with manifest and report: single (archive WAV, FLAC, files for a service) and
    album, of the song and a quiet piece (FLAC, CD image with CUE and TOC, sides of a 7-inch record).

    Change song.toml, then mix it again: mixdown mix song.toml -o mix.wav --force
    """
    performance = _seed(seed)
    wanted = find_target("spotify")
    for name in ("stems", "song.toml", "mix.wav", "master.wav", "report.png", "single", "album"):
        check_place(folder / name, [], force)
    (folder / "stems").mkdir(parents=True, exist_ok=True)
    with bar("Synthesising the song") as progress:
        stems = song.stems(seed=performance, sample_rate_hz=_RATE_HZ)
        for position, (name, audio) in enumerate(stems.items()):
            write(folder / "stems" / f"{name}.wav", audio, _RATE_HZ)
            progress((position + 1) / len(stems))
    # From here on the workflow is that of any song: it starts from files.
    replace_file(folder / "song.toml", song.session().encode())
    mix = Mix.from_file(folder / "song.toml")
    with bar(f"Mixing {len(mix)} strips") as progress:
        rendered = mix.render(progress=lambda done, total: progress(done / max(total, 1)))
    write(folder / "mix.wav", rendered, _RATE_HZ, tags=Tags({MIX_MARK: ("mix",)}))
    if not as_json:
        say(f"{mix.table()}\n")
    with bar("Judging the mix") as progress:
        found = judged(lambda: Mix.from_file(folder / "song.toml"), rendered, _LEAD, progress)
    if not as_json:
        print_judged(found)
    with bar("Mastering") as progress:
        mixed, _ = read(folder / "mix.wav")
        mastered = make_master(mixed, _RATE_HZ, target=wanted.name, name="master.wav", progress=progress)
        mastered.write(folder / "master.wav", tags={"title": "Demo", "artist": "mixdown"})
    with bar("Reading stems") as progress:
        files = read_stems([folder / "stems" / f"{name}.wav" for name in stems], progress)
    balanced = balance_stems(files, _RATE_HZ)
    with bar("Measuring and drawing") as progress:
        master, _ = read(folder / "master.wav")
        readings = [loudness(audio, _RATE_HZ, precision="reference") for audio in (mixed, master)]
        progress(0.5)
        report = display.mix_report(
            start=_stage(balanced.audio, balanced.mix.stems(of="tracks", tail="none")),
            mix=_stage(mixed, mix.stems(tail="none")),
            master=readings[1],
            sample_rate_hz=_RATE_HZ,
            target_lufs=wanted.integrated_lufs,
            ceiling_dbtp=wanted.ceiling_dbtp,
            title="mixdown demo",
            reduction_db=mastered.certificate.reduction_curve_db,
            leads=(found.lead, found.lead_after),
        )
        replace_file(folder / "report.png", display.png(report))
    if not as_json:
        say(f"{mastered.certificate.summary()}\n")
    with bar("Packing") as progress:
        packs = released(folder, mixed, _RATE_HZ, performance, progress)
    loudness_of = {
        "start balance": balanced.loudness_of_mix,
        shown(folder / "mix.wav"): readings[0],
        shown(folder / "master.wav"): readings[1],
    }
    if as_json:
        values: dict[str, Any] = {
            "folder": shown(folder),
            "seed": performance,
            "strips": strips_of(mix),
            **plain_judged(found),
            "certificate": mastered.certificate.to_dict(),
            "loudness": {name: measurements(reading) for name, reading in loudness_of.items()},
            **plain_released(packs),
        }
        say_json(values)
        return
    rows = [
        (
            name,
            figure(measured.integrated_lufs, "LUFS"),
            figure(measured.loudness_range_lu, "LU"),
            figure(measured.max_short_term_lufs, "LUFS"),
            figure(measured.true_peak_dbtp, "dBTP"),
        )
        for name, measured in loudness_of.items()
    ]
    say(table(("File", "Integrated", "LRA", "Max S", "True peak"), rows))
    say()
    print_released(packs)
    say(f"Report: {shown(folder / 'report.png')}, {shown(folder / 'album' / 'qc' / 'report.html')}")


def _stage(audio: Audio, parts: dict[str, Audio]) -> MixStage:
    """Return a mix with its lead and the sum of all others."""
    return MixStage(audio, parts[_LEAD], cast(Audio, sum(part for name, part in parts.items() if name != _LEAD)))


def _seed(text: str) -> int:
    """Return the seed that a word of the command line gives."""
    if not text.isdecimal():
        raise ParameterError(f"--seed = {quoted(text)} is not allowed: it must be a whole number, 0 or more")
    return int(text)
