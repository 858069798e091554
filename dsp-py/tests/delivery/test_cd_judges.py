"""A compact disc, read by other people's programs: image, CUE sheet, TOC file, CD-TEXT."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import mixdown as md
from judges import judge
from mixdown.delivery.cd import CdLayout, CdTrack
from mixdown.delivery.cd.cue import CueEncoding

RATE_HZ = 44_100
SECTOR = 588
#: In frames: hidden audio, two songs without a gap, a pause of 2 s, a song with a second index. None ends on a sector.
HIDDEN, FIRST, SECOND, PAUSE, THIRD = 7 * RATE_HZ + 100, 6 * RATE_HZ + 333, 5 * RATE_HZ + 77, 2 * RATE_HZ, 263_123
SECOND_AT = HIDDEN + FIRST
PAUSE_AT = SECOND_AT + SECOND
THIRD_AT = PAUSE_AT + PAUSE
INDEX_AT = THIRD_AT + 2 * RATE_HZ + 100
TOTAL = THIRD_AT + THIRD


def nearest(frame: int) -> int:
    return round(frame / SECTOR)


#: In sectors, by hand: floor after silence, nearest within music, ceiling at the start of the pause and at the end.
STARTS = (HIDDEN // SECTOR, nearest(SECOND_AT), THIRD_AT // SECTOR)
PAUSE_SECTOR = -(-PAUSE_AT // SECTOR)
INDEX_SECTOR = nearest(INDEX_AT)
END = -(-TOTAL // SECTOR)


@pytest.fixture(scope="module")
def layout() -> CdLayout:
    tracks = [
        CdTrack("Grüße", HIDDEN, isrc="DE-A12-26-00001", songwriter="Jürgen Öst"),
        CdTrack("Zweiter Satz", SECOND_AT, "Gäste", starts_in_music=True, copy_permitted=True, isrc="DEA122600002"),
        CdTrack(
            "Schluß", THIRD_AT, isrc="DEA122600003", pause_frame=PAUSE_AT, index_frames=(INDEX_AT,), pre_emphasis=True
        ),
    ]
    return CdLayout.of(tracks, TOTAL, title="Über alles", performer="Die Ärzte", barcode="0 12345 67890 5")


@pytest.fixture(scope="module")
def disc(layout: CdLayout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("disc")
    programme = np.random.default_rng(1).uniform(-0.1, 0.1, (2, TOTAL)).astype(np.float32)
    image = np.pad(programme, ((0, 0), (0, layout.padded_frames - TOTAL)))
    md.write(folder / "album.wav", image, RATE_HZ, bit_depth=16, profile="ingest")
    (folder / "album.cue").write_bytes(layout.cue("album.wav", cdtext_file="album.cdt"))
    (folder / "album.toc").write_bytes(layout.toc(str(folder / "album.wav")))
    (folder / "album.cdt").write_bytes(layout.cdtext())
    return folder


def time(sectors: int) -> str:
    return f"{sectors // 4500:02}:{sectors // 75 % 60:02}:{sectors % 75:02}"


def shown_toc(text: str) -> str:
    """What cdrdao shows of a disc, without its name and its warnings."""
    return text[text.index("TOC TYPE") :].strip()


def test_2_the_image_of_a_disc_is_a_canonical_wav_of_whole_sectors(disc: Path) -> None:
    shown = judge("shntool", "info", str(disc / "album.wav")).stdout
    for line in (
        "CD quality: yes",
        "Cut on sector boundary: yes",
        "Long enough to be burned: yes",
        "Extra RIFF chunks: no",
        "Non-canonical header: no",
        "Inconsistent header: no",
    ):
        name, value = line.split(": ")
        assert re.search(rf"{name}: +{value}$", shown, re.M), line


def test_6_cdrdao_shows_every_position_code_and_flag_of_the_toc(disc: Path) -> None:
    shown = judge("cdrdao", "show-toc", str(disc / "album.toc"))
    assert "WARNING" not in shown.stderr.upper()
    expected = [
        "TOC TYPE: CD_DA CATALOG NUMBER: 0012345678905",
        "TRACK 1 Mode AUDIO: ISRC DE A12 26 00001 COPY NOT PERMITTED NO PRE-EMPHASIS TWO CHANNEL AUDIO"
        f" PREGAP {time(STARTS[0])}( {STARTS[0]}) START {time(STARTS[0])}( {STARTS[0]})"
        f" END {time(STARTS[1])}( {STARTS[1]})",
        "TRACK 2 Mode AUDIO: ISRC DE A12 26 00002 COPY PERMITTED NO PRE-EMPHASIS TWO CHANNEL AUDIO"
        f" START {time(STARTS[1])}( {STARTS[1]}) END {time(PAUSE_SECTOR)}( {PAUSE_SECTOR})",
        "TRACK 3 Mode AUDIO: ISRC DE A12 26 00003 COPY NOT PERMITTED PRE-EMPHASIS TWO CHANNEL AUDIO"
        f" PREGAP {time(STARTS[2] - PAUSE_SECTOR)}( {STARTS[2] - PAUSE_SECTOR}) START {time(STARTS[2])}( {STARTS[2]})"
        f" INDEX 2 {time(INDEX_SECTOR)}( {INDEX_SECTOR}) END {time(END)}( {END})",
    ]
    assert " ".join(shown_toc(shown.stdout).split()) == " ".join(expected)


def test_6_cdrdao_reads_the_cue_sheet_without_index_2_like_the_toc(
    layout: CdLayout, disc: Path, tmp_path: Path
) -> None:
    # Its reader of CUE sheets counts index 2 from the wrong point: https://github.com/cdrdao/cdrdao/issues/9
    bare = replace(layout, entries=tuple(replace(entry, index_sectors=()) for entry in layout.entries))
    image = str(disc / "album.wav")
    shown = []
    for name, content in (("bare.cue", bare.cue(image)), ("bare.toc", bare.toc(image))):
        (tmp_path / name).write_bytes(content)
        shown.append(shown_toc(judge("cdrdao", "show-toc", str(tmp_path / name)).stdout))
    assert shown[0] == shown[1]
    assert shown[0].count("TRACK ") == 3


def test_6_cdrdao_reads_all_sound_of_the_toc(disc: Path) -> None:
    assert f"Read {END} blocks." in judge("cdrdao", "read-test", str(disc / "album.toc")).stderr


def test_6_metaflac_takes_every_position_code_and_flag_of_the_cue_sheet(disc: Path, tmp_path: Path) -> None:
    flac = tmp_path / "album.flac"
    judge("flac", "--silent", "--output-name", str(flac), str(disc / "album.wav"))
    judge("metaflac", f"--import-cuesheet-from={disc / 'album.cue'}", str(flac))
    sheet = judge("metaflac", "--export-cuesheet-to=-", str(flac)).stdout
    assert [line.strip() for line in sheet.splitlines()] == [
        "CATALOG 0012345678905",
        f'FILE "{flac}" FLAC',
        *("TRACK 01 AUDIO", "ISRC DEA122600001", "INDEX 00 00:00:00", f"INDEX 01 {time(STARTS[0])}"),
        *("TRACK 02 AUDIO", "ISRC DEA122600002", f"INDEX 01 {time(STARTS[1])}"),
        *("TRACK 03 AUDIO", "FLAGS PRE", "ISRC DEA122600003", f"INDEX 00 {time(PAUSE_SECTOR)}"),
        *(f"INDEX 01 {time(STARTS[2])}", f"INDEX 02 {time(INDEX_SECTOR)}"),
        "REM FLAC__lead-in 88200",
        f"REM FLAC__lead-out 170 {END * SECTOR}",
    ]


def test_6_pieces_that_shntool_splits_by_the_cue_sheet_join_to_the_image(disc: Path, tmp_path: Path) -> None:
    points = judge("cuebreakpoints", "--append-gaps", str(disc / "album.cue")).stdout
    assert points.split() == [time(sector)[1:].replace(":", ".", 2).replace(".", ":", 1) for sector in STARTS[1:]]
    (tmp_path / "points").write_text(points)
    judge(
        *("shntool", "split", "-q", "-f", str(tmp_path / "points"), "-d", str(tmp_path), "-a", "t"),
        str(disc / "album.wav"),
    )
    pieces = [soundfile.read(path, dtype="int16")[0] for path in sorted(tmp_path.glob("t*.wav"))]
    assert [len(piece) for piece in pieces] == [
        SECTOR * (stop - start) for start, stop in zip((0, *STARTS[1:]), (*STARTS[1:], END), strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), soundfile.read(disc / "album.wav", dtype="int16")[0])


def cdrskin_sheet(packs: Path) -> list[str]:
    """The texts of a file of packs as cdrskin prints them, in Latin-1."""
    judge("cdrskin", "--version")
    command = ["cdrskin", f"textfile_to_v07t={packs}"]
    done = subprocess.run(command, capture_output=True, encoding="latin-1", stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return [" ".join(line.split()) for line in done.stdout.splitlines() if "=" in line]


def test_6_cdrskin_prints_all_texts_of_the_packs(disc: Path) -> None:
    assert cdrskin_sheet(disc / "album.cdt")[2:] == [
        *("Text Code = 8859", "Language Code = English"),
        *("Album Title = Über alles", "Artist Name = Die Ärzte", "Songwriter ="),
        *("UPC / EAN = 0012345678905", "Text Data Copy Protection = OFF"),
        *("First Track Number = 1", "Last Track Number = 3"),
        *("Track 01 Title = Grüße", "Track 01 Artist = Die Ärzte", "Track 01 Songwriter = Jürgen Öst"),
        "ISRC 01 = DEA122600001",
        *("Track 02 Title = Zweiter Satz", "Track 02 Artist = Gäste", "Track 02 Songwriter ="),
        "ISRC 02 = DEA122600002",
        *("Track 03 Title = Schluß", "Track 03 Artist = Die Ärzte", "Track 03 Songwriter ="),
        "ISRC 03 = DEA122600003",
    ]


def test_cdrskin_prints_256_packs_of_98_tracks(tmp_path: Path) -> None:
    # 98 ISRCs take 107 packs, the sizes 3, 1752 characters of titles the rest. cdrskin 1.5.4 refuses a track 99.
    tracks = [CdTrack(f"Number {at:02} xxxxxx", at * 4 * RATE_HZ, isrc=f"DEA1226{at:05}") for at in range(98)]
    layout = CdLayout.of(tracks, 98 * 4 * RATE_HZ, title="A" * 85)
    packs = layout.cdtext()
    assert len(packs) == 18 * 256
    (tmp_path / "full.cdt").write_bytes(packs)
    sheet = cdrskin_sheet(tmp_path / "full.cdt")
    assert f"Album Title = {layout.title}" in sheet
    assert [line for line in sheet if line.startswith("Track 98 Title")] == [f"Track 98 Title = {tracks[97].title}"]
    assert "ISRC 98 = DEA122600097" in sheet
    with pytest.raises(md.ParameterError, match=r"^CD-TEXT takes 257 packs, 256 fit: title has 86 characters, "):
        replace(layout, title=layout.title + "B").cdtext()


@pytest.mark.parametrize(("encoding", "title"), [("utf-8", "Żółw “Чайка”"), ("latin-1", "Zólw ''Chayka''")])
def test_cueprint_reads_the_titles_of_both_encodings(encoding: CueEncoding, title: str, tmp_path: Path) -> None:
    tracks = [CdTrack('Żółw "Чайка"', 0, "Ärzte"), CdTrack("", 10 * RATE_HZ), CdTrack("Back\\slash", 20 * RATE_HZ)]
    sheet = tmp_path / "album.cue"
    sheet.write_bytes(CdLayout.of(tracks, 30 * RATE_HZ, performer="Die Gäste").cue(encoding=encoding))
    if encoding == "latin-1":
        sheet.write_text(sheet.read_bytes().decode("latin-1"), encoding="utf-8")
    printed = judge("cueprint", "-d", "", "-t", r"%n|%t|%p\n", str(sheet)).stdout
    assert printed.splitlines() == [f"1|{title}|Ärzte", "2||Die Gäste", "3|Back\\slash|Die Gäste"]
