"""What no compact disc holds is refused, in one line that names the place, the value and the limit."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import mixdown as md
from mixdown.delivery.cd import CdLayout, CdTrack

RATE_HZ = 44_100
LONG = 10 * RATE_HZ


def of(count: int = 2, frames: int | None = None, heading: dict[str, str] | None = None, **second: object) -> CdLayout:
    """A disc of equal tracks, the second changed."""
    tracks = [CdTrack(f"Song {at + 1}", at * LONG) for at in range(count)]
    if second:
        tracks[1] = replace(tracks[1], **second)
    return CdLayout.of(tracks, count * LONG if frames is None else frames, **(heading or {}))


def two(first: CdTrack, second: CdTrack) -> CdLayout:
    return CdLayout.of([first, second], 3 * LONG)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no track": (lambda: of(0), "tracks holds 0: a CD takes 1..99 tracks"),
    "100 tracks": (lambda: of(100), "tracks holds 100: a CD takes 1..99 tracks"),
    "too long": (
        lambda: of(2, (79 * 60 + 57) * RATE_HZ + 1),
        "frames = 211547701 is 79:57:01: a CD takes up to 79:57:00",
    ),
    "empty": (lambda: of(2, 0), "frames = 0 is nothing: a CD takes up to 79:57:00"),
    "below 4 s": (
        lambda: of(2, LONG + 4 * RATE_HZ - 588),
        "tracks[1] 'Song 2' lasts 3.99 s: a CD track has 4 s or more",
    ),
    "below 4 s before a pause": (
        lambda: of(pause_frame=3 * RATE_HZ),
        "tracks[0] 'Song 1' lasts 3.00 s: a CD track has 4 s or more",
    ),
    "short ISRC": (lambda: of(isrc="DEA12260000"), "tracks[1].isrc = 'DEA12260000' is not allowed: an ISRC has "),
    "ISRC twice": (
        lambda: two(CdTrack("A", 0, isrc="DEA122600001"), CdTrack("B", LONG, isrc="de-a12-26-00001")),
        "tracks[1].isrc = 'DEA122600001' is not allowed: tracks[0] has it",
    ),
    "check digit": (
        lambda: of(heading={"barcode": "012345678906"}),
        "barcode = '012345678906' is not allowed: its check digit must be 5",
    ),
    "digits": (lambda: of(heading={"barcode": "12345"}), "barcode = '12345' is not allowed: a GTIN has "),
    "line break": (
        lambda: of(title="One\nTwo"),
        r"tracks[1].title = 'One\nTwo' holds a line break: texts on a CD have one line",
    ),
    "carriage return": (lambda: of(performer="A\rB"), r"tracks[1].performer = 'A\rB' holds a line break"),
    "line separator": (lambda: of(heading={"title": "A\u2028B"}), r"title = 'A\u2028B' holds a line break"),
    "tabulator": (lambda: of(songwriter="A\tB"), r"tracks[1].songwriter = 'A\tB' holds the control character '\t'"),
    "lone surrogate": (lambda: of(title="\udc80"), r"tracks[1].title = '\udc80' holds the control character"),
    "falling start": (
        lambda: of(3, start_frame=3 * LONG - 1),
        "tracks[2].start_frame = 882000 is not allowed: it lies before tracks[1].start_frame = 1322999",
    ),
    "beyond the end": (
        lambda: of(start_frame=2 * LONG),
        "tracks[1].start_frame = 882000 is out of range: the programme has 882000 frames",
    ),
    "negative": (lambda: of(pause_frame=-1), "tracks[1].pause_frame = -1 is not allowed: it lies before"),
    "pause after start": (
        lambda: of(pause_frame=LONG + 1),
        "tracks[1].start_frame = 441000 is not allowed: it lies before tracks[1].pause_frame = 441001",
    ),
    "pause of the first": (
        lambda: CdLayout.of([CdTrack("A", RATE_HZ, pause_frame=1)], LONG),
        "tracks[0].pause_frame = 1 is not allowed: all before the first track is its pause",
    ),
    "index at the start": (
        lambda: of(index_frames=(LONG + 100,)),
        "tracks[1].index_frames[0] = 441100 is not allowed: indices are a sector of 588 frames or more apart",
    ),
    "index after the pause": (
        lambda: CdLayout.of(
            [CdTrack("A", 0, index_frames=(LONG,)), CdTrack("B", 2 * LONG, pause_frame=LONG)], 3 * LONG
        ),
        "tracks[0].index_frames[0] = 441000 is not allowed: indices are ",
    ),
    "99 more indices": (
        lambda: of(index_frames=tuple(range(LONG + 600, LONG + 600 * 100, 600))),
        "tracks[1].index_frames holds 99: a CD track takes up to 98",
    ),
    "file with quotes": (lambda: of().cue('a".wav'), "file = 'a\".wav' is not allowed: a name without double quotes"),
    "file beyond Latin-1": (lambda: of().cue("Żółw.wav"), "file = 'Żółw.wav' does not fit into latin-1: use ASCII"),
    "encoding": (
        lambda: of().cue(encoding="utf-16"),  # type: ignore[arg-type]
        "encoding = 'utf-16' is not allowed: it must be one of latin-1, utf-8",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(case: str) -> None:
    call, message = REFUSED[case]
    with pytest.raises(md.ParameterError) as refusal:
        call()
    assert str(refusal.value).startswith(message)
    assert len(str(refusal.value).splitlines()) == 1


def test_wrong_types_are_refused() -> None:
    with pytest.raises(TypeError, match=r"^tracks\[0\] = 'One' is not a CdTrack"):
        CdLayout.of(["One"], LONG)  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"^tracks\[1\]\.title = 5 is not a text"):
        of(title=5)
    with pytest.raises(TypeError, match=r"^tracks\[1\]\.start_frame = 1\.5 is not a whole number"):
        of(start_frame=1.5)
    with pytest.raises(TypeError, match=r"^tracks\[1\]\.copy_permitted = 1 is not a boolean"):
        of(copy_permitted=1)
    with pytest.raises(TypeError, match=r"^CdLayout\.of has no parameter barcod: did you mean barcode\?"):
        of(heading={"barcod": ""})


def test_the_longest_disc_and_the_shortest_track_are_taken() -> None:
    assert of(2, (79 * 60 + 57) * RATE_HZ).total_frames == (79 * 60 + 57) * 75
    assert of(2, LONG + 4 * RATE_HZ).entries[1].sectors == 300
    assert len(of(99).entries) == 99
    assert len(of(index_frames=tuple(range(LONG + 600, LONG + 600 * 99, 600))).entries[1].index_sectors) == 98
