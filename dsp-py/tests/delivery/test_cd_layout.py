"""The layout of a compact disc: positions, texts, codes, and what is refused."""

import json
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixdown.delivery.cd import CdLayout, CdTrack
from mixdown.delivery.cd.packs import crc
from mixdown.delivery.cd.text import latin_1

RATE_HZ = 44_100
SECTOR = 588
#: Long enough for any track.
LONG = 10 * RATE_HZ


def disc(*tracks: CdTrack, frames: int | None = None, **heading: str) -> CdLayout:
    return CdLayout.of(tracks, frames or tracks[-1].start_frame + LONG, **heading)


def pair(**second: object) -> CdLayout:
    return disc(CdTrack("One", 0), replace(CdTrack("Two", LONG), **second))


@pytest.mark.parametrize(
    ("offset", "after_silence", "in_music", "pause"),
    [(0, 0, 0, 0), (1, 0, 0, 1), (293, 0, 0, 1), (294, 0, 1, 1), (587, 0, 1, 1)],
)
def test_positions_go_to_sector_borders(offset: int, after_silence: int, in_music: int, pause: int) -> None:
    at = 800 * SECTOR + offset
    sectors = [
        pair(start_frame=at).entries[1].start_sector,
        pair(start_frame=at, starts_in_music=True).entries[1].start_sector,
        pair(start_frame=at + RATE_HZ, pause_frame=at).entries[1].pause_sector,
    ]
    assert [sector - 800 for sector in sectors] == [after_silence, in_music, pause]


@pytest.mark.parametrize("extra", [1, 587, 588])
def test_only_the_end_is_padded(extra: int) -> None:
    layout = disc(CdTrack("One", 0), frames=1000 * SECTOR + extra)
    assert (layout.total_frames, layout.padded_frames) == (1001, 1001 * SECTOR)


def test_a_pause_within_one_sector_is_none() -> None:
    layout = pair(start_frame=1000 * SECTOR + 500, pause_frame=1000 * SECTOR + 10)
    assert layout.entries[1].pause_sectors == 0
    assert b"INDEX 00" not in layout.cue()
    assert b"START" not in layout.toc()


def test_hidden_audio_is_the_pause_of_the_first_track() -> None:
    layout = disc(CdTrack("One", 7 * RATE_HZ))
    assert layout.cue().splitlines()[-2:] == [b"    INDEX 00 00:00:00", b"    INDEX 01 00:07:00"]
    assert layout.toc().splitlines()[-2:] == [b'FILE "album.wav" 00:00:00 00:17:00', b"START 00:07:00"]


@given(data=st.data())
def test_positions_hold_in_any_programme(data: st.DataObject) -> None:
    tracks, reached = [], 0
    for at in range(data.draw(st.integers(1, 5))):
        pause = reached
        start = reached + data.draw(st.integers(0, 3 * RATE_HZ))
        if not data.draw(st.booleans()):
            pause = start
        in_music = data.draw(st.booleans())
        tracks.append(CdTrack(str(at), start, starts_in_music=in_music, pause_frame=pause if at else None))
        reached = start + data.draw(st.integers(4 * RATE_HZ + 2 * SECTOR, 6 * RATE_HZ))
    layout = disc(*tracks, frames=reached)
    assert [entry.end_sector for entry in layout.entries[:-1]] == [entry.pause_sector for entry in layout.entries[1:]]
    for track, entry in zip(tracks, layout.entries, strict=True):
        late = entry.start_sector * SECTOR - track.start_frame
        assert -SECTOR // 2 < late <= SECTOR // 2 if track.starts_in_music else -SECTOR < late <= 0
        if entry.pause_sectors and track.pause_frame is not None:
            assert 0 <= entry.pause_sector * SECTOR - track.pause_frame < SECTOR
    assert 0 <= layout.padded_frames - reached < SECTOR
    times = [time.split()[-1].split(b":") for time in layout.cue().splitlines() if b"INDEX 01" in time]
    sectors = [(int(m) * 60 + int(s)) * 75 + int(f) for m, s, f in times]
    assert sectors == [entry.start_sector for entry in layout.entries]


def test_the_cue_sheet_in_full() -> None:
    layout = disc(
        CdTrack("Één", 0, isrc="nl-a12-26-00001", copy_permitted=True, pre_emphasis=True),
        CdTrack("Two", LONG + RATE_HZ, "Guest", "Writer", pause_frame=LONG, index_frames=(LONG + 2 * RATE_HZ,)),
        title="Album",
        performer="Band",
        songwriter="Pen",
        barcode="4006381333931",
    )
    sheet = layout.cue("disc 1.wav", cdtext_file="disc 1.cdt")
    assert sheet.count(b"\n") == sheet.count(b"\r\n") == len(sheet.splitlines())
    assert sheet.decode("latin-1").splitlines() == [
        "CATALOG 4006381333931",
        'PERFORMER "Band"',
        'TITLE "Album"',
        'SONGWRITER "Pen"',
        'CDTEXTFILE "disc 1.cdt"',
        'FILE "disc 1.wav" WAVE',
        "  TRACK 01 AUDIO",
        '    TITLE "Één"',
        '    PERFORMER "Band"',
        '    SONGWRITER "Pen"',
        "    FLAGS DCP PRE",
        "    ISRC NLA122600001",
        "    INDEX 01 00:00:00",
        "  TRACK 02 AUDIO",
        '    TITLE "Two"',
        '    PERFORMER "Guest"',
        '    SONGWRITER "Writer"',
        "    INDEX 00 00:10:00",
        "    INDEX 01 00:11:00",
        "    INDEX 02 00:12:00",
    ]


def test_quotes_become_typographic_in_cue_sheets_alone() -> None:
    layout = disc(CdTrack('The "12" Mix" (“live”)', 0))
    assert "TITLE \"The ''12'' Mix'' (''live'')\"" in layout.cue().decode("latin-1")
    assert 'TITLE "The “12” Mix” (“live”)"' in layout.cue(encoding="utf-8").decode()
    assert 'TITLE "“A” B"' in disc(CdTrack('"A" B', 0)).cue(encoding="utf-8").decode()
    assert rb'TITLE "The \"12\" Mix\" (\"live\")"' in layout.toc()
    assert b'The "12"' in layout.cdtext()
    assert [note.partition(":")[0] for note in layout.notes] == ['track 1 title \'The "12" Mix" (“live”)\''] * 2
    assert "“, ”" in layout.notes[0]
    assert "CUE sheets cannot hold double quotes" in layout.notes[1]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Für Élise", "Für Élise"),
        ("Fu\u0308r", "Für"),
        ("Żółw, Łódź, œuvre", "Zólw, Lódz, oeuvre"),
        ("Dvořák – “Čtvrtá”…", 'Dvorák - "Ctvrtá"...'),
        ("Чайка", "Chayka"),
        ("Щука и ёж", "Shchuka i yozh"),
        ("Άνοιξη", "Anoixi"),
        ("ﬁn ½ ™", "fin ½ TM"),
        ("夜", "?"),
    ],
)
def test_other_scripts_are_transliterated_and_listed(text: str, written: str) -> None:
    assert latin_1(text) == written
    layout = disc(CdTrack(text, 0))
    packs = layout.cdtext()
    assert b"".join(packs[at + 4 : at + 16] for at in range(0, len(packs), 18)).startswith(
        b"\0" + written.encode("latin-1") + b"\0"
    )
    changed = written != layout.entries[0].title
    assert any(f"written {written!r} in Latin-1" in note for note in layout.notes) == changed
    assert changed != text.startswith("F")


def test_long_texts_and_discs_beyond_74_minutes_are_noted() -> None:
    assert disc(CdTrack("x" * 80, 0), frames=74 * 60 * RATE_HZ).notes == ()
    layout = disc(CdTrack("x" * 81, 0), frames=74 * 60 * RATE_HZ + 1, performer="y" * 90)
    assert [note[:16] for note in layout.notes] == ["total 74:00:01: ", "disc performer '", "track 1 title 'x"]
    assert layout.notes[2].endswith(": 81 characters, programs may cut it at 80")


def test_the_checksum_of_a_published_pack() -> None:
    assert crc(bytes.fromhex("80000000416c62fc6d004772f6df6500")) == 0x251F


def test_packs_carry_texts_across_each_other() -> None:
    layout = disc(CdTrack("A title of 28 characters, so", 0, isrc="DEA122600001"), CdTrack("B", LONG), title="Al")
    packs = [layout.cdtext()[at : at + 18] for at in range(0, len(layout.cdtext()), 18)]
    heads = [tuple(pack[:4]) for pack in packs]
    # "Al", NUL, 9 characters of track 1; 12 more; 7 more, NUL, "B", NUL.
    assert heads[:3] == [(0x80, 0, 0, 0), (0x80, 1, 1, 9), (0x80, 1, 2, 15)]
    assert heads[3:] == [(0x8E, 0, 3, 0), (0x8E, 1, 4, 11), (0x8F, 0, 5, 0), (0x8F, 1, 6, 0), (0x8F, 2, 7, 0)]
    assert b"".join(pack[4:16] for pack in packs[:3]) == b"Al\0A title of 28 characters, so\0B\0".ljust(36, b"\0")
    sizes = b"".join(pack[4:16] for pack in packs[5:])
    assert sizes == bytes([0, 1, 2, 0, 3, *bytes(13), 2, 3, 7, *bytes(7), 9, *bytes(7)])
    assert all(int.from_bytes(pack[16:], "big") == crc(pack) for pack in packs)


def test_a_disc_without_text_has_no_packs() -> None:
    assert disc(CdTrack("", 0)).cdtext() == b""
    assert b"CD_TEXT" not in disc(CdTrack("", 0)).toc()


def test_the_pq_table_counts_from_the_file_and_from_the_disc() -> None:
    lines = pair(pause_frame=LONG - RATE_HZ, isrc="DEA122600001", copy_permitted=True).pq_table().splitlines()
    assert [line.split() for line in lines[3:]] == [
        ["01", "01", "00:00:00", "00:02:00", "00:09:00", "One"],
        ["02", "00", "00:09:00", "00:11:00", "00:01:00"],
        ["02", "01", "00:10:00", "00:12:00", "00:10:00", "DEA122600001", "DCP", "Two"],
        ["AA", "01", "00:20:00", "00:22:00", "lead-out"],
    ]


def test_a_layout_shows_itself() -> None:
    layout = pair(title="<Two>")
    assert repr(layout) == "<CdLayout: 2 tracks, 00:20:00>"
    assert "&lt;Two&gt;" in layout._repr_html_()
    assert json.loads(json.dumps(layout.to_dict()))["entries"][1]["start_sector"] == 750
    assert pickle.loads(pickle.dumps(layout)) == layout


def test_same_input_same_bytes() -> None:
    one, two = (pair(title="Żółw", isrc="DEA122600001") for _ in range(2))
    assert one == two
    assert (one.cue(), one.toc(), one.cdtext(), one.pq_table()) == (two.cue(), two.toc(), two.cdtext(), two.pq_table())
