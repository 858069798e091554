"""What the help says of each verb beside its own text: its group, one line, examples that run, what a fault is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """A verb in the overview, and what its help ends with.

    Attributes
    ----------
    group : str
        Heading in the overview.
    line : str
        What it does, in one line.
    examples : tuple of (str, str)
        Commands that run as they stand, where their files are there, with what each does.
    fault : str
        What ends it with exit code 1 beside bad input.
    lists : tuple of "targets" or "services"
        Names that its help lists.
    """

    group: str
    line: str
    examples: tuple[tuple[str, str], ...]
    fault: str = ""
    lists: tuple[str, ...] = ()


_TARGETS = ("targets",)

#: All verbs, in the order of the overview.
VERBS = {
    "demo": Verb(
        "Begin",
        "a song from a seed: stems, mix, master, report, release",
        (
            ("mixdown demo", "writes the folder mixdown-demo"),
            ("mixdown demo demo-2 --seed 2", "another performance, in a folder of its own"),
        ),
    ),
    "mix": Verb(
        "Mix",
        "a session file, or a start balance of a folder of stems",
        (
            ("mixdown mix stems -o mix.wav", "a start balance of all stems in a folder"),
            ("mixdown mix stems -o mix-vox.wav --lead vox", "the same, led by the stem vox"),
            ("mixdown mix song.toml -o song.wav", "a session file, as it says"),
        ),
    ),
    "translate": Verb(
        "Mix",
        "what is left of a mix on a phone, in a car, in mono",
        (
            ("mixdown translate mix.wav", "regions of the spectrum on every device"),
            ("mixdown translate stems --device phone,car", "each stem, on two devices"),
        ),
    ),
    "compare": Verb(
        "Mix",
        "a mix beside a reference, and the equalizer between them",
        (
            ("mixdown compare mix.wav reference.wav", "tonal balance, curve, bands, loudness"),
            (
                "mixdown compare mix.wav reference.wav --apply --amount 0.7 -o matched.wav",
                "70 % of the difference taken over, in a new file",
            ),
        ),
    ),
    "master": Verb(
        "Master",
        "a mix to a target's loudness, under its ceiling",
        (
            ("mixdown master mix.wav --target spotify -o master.wav", "-14 LUFS under -1 dBTP"),
            ("mixdown master mix.wav --target-lufs -10 --ceiling-dbtp -1 -o loud.flac", "figures in place of a name"),
            ("mixdown master mix.wav --bit-depth 16 --rate 44100 -o cd.wav", "16 bits at 44.1 kHz, dithered"),
            (
                "mixdown master mix.wav --target apple -o apple.wav --report report.html",
                "with a page of figures and players",
            ),
        ),
        lists=_TARGETS,
    ),
    "album": Verb(
        "Master",
        "an album file, mastered together and delivered in all formats",
        (
            ("mixdown album album.toml --dry-run", "levels, masters and names of files; nothing is written"),
            ("mixdown album album.toml -o release --formats flac,cd", "two formats, with manifest and report"),
        ),
        "A fault in what was written ends with 1 too.",
    ),
    "order": Verb(
        "Master",
        "an order of the songs of an album, and what each seam costs",
        (
            ("mixdown order album.toml", "the cheapest order whose energy rises and falls"),
            ("mixdown order album.toml --arc flat --first One", "no course of energy, and One at the start"),
        ),
    ),
    "catalog": Verb(
        "Master",
        "all songs of a folder, resumed where it stopped",
        (
            ("mixdown catalog songs -o masters", "every song for spotify, as 24-bit WAV"),
            (
                "mixdown catalog songs -o flacs --format flac --scheduler threads --jobs 2",
                "as FLAC, two songs at once, in one process",
            ),
        ),
        "A song that cannot be mastered ends with 1 too.",
        _TARGETS,
    ),
    "measure": Verb(
        "Measure and check",
        "loudness, range and peaks; pass or fail by target",
        (
            ("mixdown measure mix.wav", "a table of figures, and one of verdicts"),
            ("mixdown measure mix.wav reference.wav --target spotify,r128", "two files, by two targets, and as album"),
            ("mixdown measure mix.wav --json", "the same figures for a program"),
        ),
        "A file that cannot be read ends with 1 too, after all others.",
        _TARGETS,
    ),
    "check": Verb(
        "Measure and check",
        "faults of files and mixes, the worst first",
        (
            ("mixdown check mix.wav", "container, samples, clipping, clicks, hum, polarity"),
            ("mixdown check mix.wav --for spotify,cd", "loudness, ceiling and what these services take, too"),
            ("mixdown check mix.wav --stems stems", "stems that cancel each other, too"),
        ),
        "A fault, and a file that cannot be read, end with 1 too.",
        ("targets", "services"),
    ),
    "codec": Verb(
        "Measure and check",
        "true peak, overs and cut-off after MP3, Vorbis, Opus, AAC",
        (
            ("mixdown codec mix.wav --codec mp3:128,opus:96", "two codecs in one table"),
            ("mixdown codec mix.wav --codec vorbis:160 -o heard.wav", "and what one of them gives back"),
        ),
    ),
    "vinyl": Verb(
        "Measure and check",
        "a side of a record: level that fits, grooves, bass, sibilance",
        (
            ("mixdown vinyl mix.wav reference.wav --format 7in45", "two songs as one side of a single"),
            ("mixdown vinyl album.toml", "all sides of an album file"),
        ),
        "A fault ends with 1 too.",
    ),
    "targets": Verb(
        "Look up",
        "delivery targets: loudness, ceiling, rules, source, date",
        (
            ("mixdown targets", "all of them"),
            ("mixdown targets spotify r128", "these two"),
        ),
    ),
}

#: Examples of the overview.
FIRST_STEPS = (
    ("mixdown mix stems -o mix.wav", "a start balance of a folder of stems"),
    ("mixdown master mix.wav --target spotify -o master.wav", "a master for a platform"),
)
