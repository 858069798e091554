"""``mixdown mix``: a session file, or a start balance of a folder of stems."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mixdown._checks import Audio, shown
from mixdown._core import ParameterError
from mixdown.cli.inputs import check_place
from mixdown.cli.measure import measure_file, plain, print_reading
from mixdown.cli.options import Depth, Force, Json, Output, Quiet, bits
from mixdown.cli.stems import balance_stems, balanced_stems, listed, print_balance, read_stems, stem_files
from mixdown.cli.terminal import bar, say, say_json
from mixdown.files import BitDepth, Tags, check_output, write
from mixdown.files.names import shown as printed
from mixdown.files.tags import MIX_MARK
from mixdown.session import Mix


def mix(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="Session file (song.toml), or folder of stems.")],
    output: Output = Path("mix.wav"),
    bit_depth: Depth = "24",
    lead: Annotated[
        str | None,
        typer.Option(
            "--lead", metavar="NAME", help="Stem of a folder that leads. By default the vocals, by their names."
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Mix a session file as it says, or a folder of stems to a start balance, the sum at -6 dBTP.

    A start balance goes by the names of stems: drums count as one instrument, a lead that a name tells is 2 LU above
    them, one that is given has the audibility of leads in engineers' mixes, pads give way, pairs such as "guitar left"
    and "guitar right" are panned. Stems are mono or stereo, of any rates and lengths. Stems of noise alone are not
    raised. An output in the same folder is not a stem.
    """
    word_bits = bits(bit_depth)
    if source.suffix.lower() == ".toml":
        if lead is not None:
            raise ParameterError(f"--lead = {shown(lead)} is not allowed: a session file has its own balance")
        _session(source, output, word_bits, force, as_json)
    elif source.is_file():
        takes = "mix takes a folder of stems or a session file (.toml)"
        raise ParameterError(f"{printed(source)}: {takes}; for one file: mixdown master {printed(source)}")
    else:
        _folder(source, output, word_bits, lead, force, as_json)


def _folder(source: Path, output: Path, word_bits: int, lead: str | None, force: bool, as_json: bool) -> None:
    """Mix a folder of stems to a start balance."""
    files, others = stem_files(source, output)
    check_output(output, bit_depth=word_bits)
    check_place(output, [], force)
    if others and not as_json:
        say(f"Left out: {listed(others)}.")
    with bar("Reading stems") as progress:
        stems = read_stems(files, progress)
    rate_hz = _common_rate_hz([rate_hz for _, rate_hz in stems.values()])
    check_output(output, rate_hz, 2, bit_depth=word_bits)
    balanced = balance_stems(stems, rate_hz, lead)
    _write(output, balanced.audio, rate_hz, word_bits)
    measured = measure_file(output)
    if as_json:
        say_json({"output": plain(measured), **balanced_stems(balanced), "left_out": others})
        return
    print_balance(balanced)
    print_reading(output, measured.reading)


def _session(source: Path, output: Path, bit_depth: int, force: bool, as_json: bool) -> None:
    """Mix a session file."""
    check_output(output, bit_depth=bit_depth)
    check_place(output, [source], force)
    session = Mix.from_file(source)
    check_place(output, session.files(), force)
    check_output(output, session.sample_rate_hz, 2, bit_depth=bit_depth)
    with bar(f"Mixing {len(session)} strips") as progress:
        audio = session.render(progress=lambda done, total: progress(done / max(total, 1)))
    _write(output, audio, session.sample_rate_hz, bit_depth)
    measured = measure_file(output)
    if as_json:
        say_json({"output": plain(measured), "strips": strips_of(session)})
        return
    say(session.table())
    print_reading(output, measured.reading)


def strips_of(session: Mix) -> list[dict[str, Any]]:
    """Return the strips of a mix as plain values; what is drawn over time is None."""
    strips = [*dict(session.items()).values(), session.master_strip]
    return [
        {
            "name": strip.name,
            "fader_db": None if isinstance(strip.fader_db, tuple) else strip.fader_db,
            "pan": None if isinstance(strip.pan, tuple) else strip.pan,
            "inserts": [effect.to_dict() for effect in strip.inserts],
            "sends_db": {
                name: None if f"sends/{name}/level_db" in strip.automation else float(send.level_db)
                for name, send in strip.sends.items()
            },
            "to": None if strip is session.master_strip else strip.to,
        }
        for strip in strips
    ]


def _write(output: Path, audio: Audio, rate_hz: float, bit_depth: int) -> None:
    # So that it is not taken for a stem later.
    mark = Tags({MIX_MARK: ("mix",)})
    write(output, audio, rate_hz, bit_depth=cast(BitDepth, bit_depth), tags=mark)


def _common_rate_hz(rates_hz: list[float]) -> float:
    """Return the most common rate of the stems; of several, the highest."""
    counts = Counter(rates_hz)
    return max(counts, key=lambda rate: (counts[rate], rate))
