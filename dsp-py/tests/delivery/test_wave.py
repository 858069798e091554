"""WAV files of the two profiles: chunks byte by byte, and what other programs read in them."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

import mixdown as md
from judges import judge
from mixdown.files.tags import read_tags

RATE_HZ = 48_000
TAGS = {
    "title": "Süße “Lügen”",
    "artist": "Björk",
    "album": "Ølbum",
    "tracknumber": "3",
    "tracktotal": "9",
    "isrc": "US-S1Z-26-00001",
    "barcode": "012345678905",
    "date": "2026-11-28",
}


def programme(seconds: float = 4, rate_hz: int = RATE_HZ) -> np.ndarray:
    """A tone that falls by 10 dB after a second, so that the loudness figures differ."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * 440 * time) * np.where(time < 1, 0.5, 0.158)
    return np.stack([tone, 0.8 * tone]).astype(np.float32)


def chunks(file: Path) -> list[tuple[bytes, bytes]]:
    """Names and contents of the chunks of a WAV file; each must be whole, and the last one end the file."""
    content = file.read_bytes()
    assert (content[:4], content[8:12]) == (b"RIFF", b"WAVE")
    assert struct.unpack("<I", content[4:8])[0] == len(content) - 8
    found, at = [], 12
    while at < len(content):
        name, size = struct.unpack("<4sI", content[at : at + 8])
        found.append((name, content[at + 8 : at + 8 + size]))
        assert len(found[-1][1]) == size
        assert content[at + 8 + size : at + 8 + size + size % 2] == bytes(size % 2)
        at += 8 + size + size % 2
    assert at == len(content)
    return found


def mediainfo(file: Path) -> tuple[dict, dict]:
    """What mediainfo says of the file and of its sound."""
    general, audio = json.loads(judge("mediainfo", "--Output=JSON", str(file)).stdout)["media"]["track"]
    return general, audio


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> tuple[Path, md.Mastered]:
    file = tmp_path_factory.mktemp("archive") / "a.wav"
    mastered = md.master(programme(), RATE_HZ, target="spotify")
    mastered.write(file, tags=TAGS, profile="archive")
    return file, mastered


def test_an_archive_has_its_metadata_before_the_samples(archive) -> None:
    file, mastered = archive
    found = chunks(file)
    assert [name for name, _ in found] == [b"bext", b"fmt ", b"LIST", b"axml", b"id3 ", b"data"]
    held = dict(found)
    assert held[b"fmt "] == struct.pack("<HHIIHH", 1, 2, RATE_HZ, 6 * RATE_HZ, 6, 24)
    assert b"ISRC:USS1Z2600001<" in held[b"axml"]
    assert held[b"LIST"].startswith(b'INFOINAM\x0e\0\0\0Susse "Lugen"\0')
    assert held[b"LIST"].isascii()
    assert b"ISRC" not in held[b"LIST"]
    with file.open("rb") as opened:
        found = read_tags(opened)
    assert (found.text("title"), found.isrc, found.number("tracknumber")) == (TAGS["title"], "USS1Z2600001", ("3", "9"))
    back, rate_hz = soundfile.read(file, dtype="float64")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(back.T, mastered.audio)
    np.testing.assert_array_equal(md.read(file).audio, mastered.audio)


def test_the_broadcast_extension_byte_by_byte(archive) -> None:
    file, mastered = archive
    bext = dict(chunks(file))[b"bext"]
    assert bext[:256] == b'Bjork - Susse "Lugen"'.ljust(256, b"\0")
    assert bext[256:288] == b"mixdown".ljust(32, b"\0")
    assert bext[288:320] == b"USS1Z2600001".ljust(32, b"\0")
    assert bext[320:338] == b"2026-11-28".ljust(18, b"\0")
    assert struct.unpack("<QH", bext[338:348]) == (0, 2)
    assert bext[348:412] == bytes(64)
    assert bext[422:602] == bytes(180)
    assert bext[602:] == f"A=PCM,F=48000,W=24,M=stereo,T=mixdown {md.__version__}\r\n".encode()
    reading = mastered.certificate.loudness
    levels = (
        *(reading.integrated_lufs, reading.loudness_range_lu, reading.true_peak_dbtp),
        *(reading.max_momentary_lufs, reading.max_short_term_lufs),
    )
    assert len(set(levels)) == 5
    np.testing.assert_allclose(np.array(struct.unpack("<5h", bext[412:422])) / 100, levels, atol=0.00501)


def test_mediainfo_reads_loudness_isrc_and_title(archive) -> None:
    file, mastered = archive
    general, audio = mediainfo(file)
    reading, said = mastered.certificate.loudness, audio["extra"]
    for name, value in [
        ("LoudnessValue", reading.integrated_lufs),
        ("LoudnessRange", reading.loudness_range_lu),
        ("MaxTruePeakLevel", reading.true_peak_dbtp),
        ("MaxMomentaryLoudness", reading.max_momentary_lufs),
        ("MaxShortTermLoudness", reading.max_short_term_lufs),
    ]:
        # Half of the last digit, and the rounding of the figures here.
        assert float(said[name]) == pytest.approx(value, abs=0.00501), name
    assert (general["ISRC"], general["Track"]) == ("USS1Z2600001", "Süße “Lügen”")
    assert (general["Performer"], general["Album"]) == ("Björk", "Ølbum")
    assert (general["Track_Position"], general["Track_Position_Total"]) == ("3", "9")
    assert general["extra"]["BARCODE"] == "012345678905"
    assert (general["extra"]["bext_Version"], general["Producer"]) == ("2", "mixdown")


def test_ffprobe_reads_broadcast_extension_and_info(archive) -> None:
    file, _ = archive
    done = judge(
        "ffprobe", "-v", "error", "-show_entries", "format_tags:stream=codec_name,codec_tag", "-of", "json", str(file)
    )
    said = json.loads(done.stdout)
    assert said["streams"][0] == {"codec_name": "pcm_s24le", "codec_tag": "0x0001"}
    tags = said["format"]["tags"]
    assert (tags["title"], tags["artist"], tags["track"]) == ('Susse "Lugen"', "Bjork", "3")
    assert tags["originator_reference"] == "USS1Z2600001"
    assert tags["coding_history"].startswith("A=PCM,F=48000,W=24,M=stereo,T=mixdown ")


def test_wavinfo_reads_the_broadcast_extension(archive) -> None:
    wavinfo = pytest.importorskip("wavinfo", reason="wavinfo is not installed")
    file, mastered = archive
    bext = wavinfo.WavInfoReader(str(file)).bext
    assert (bext.originator, bext.originator_ref, bext.originator_date) == ("mixdown", "USS1Z2600001", "2026-11-28")
    assert bext.version == 2
    assert bext.loudness_value == pytest.approx(mastered.certificate.loudness.integrated_lufs, abs=0.00501)
    assert bext.max_true_peak == pytest.approx(mastered.certificate.loudness.true_peak_dbtp, abs=0.00501)


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_ingest_file_is_format_and_samples_alone(tmp_path: Path, bits: int, channels: int) -> None:
    file = tmp_path / "a.wav"
    # An odd number of bytes at 24 bits and one channel.
    md.write(file, programme()[:channels, :1001], RATE_HZ, bit_depth=bits, profile="ingest")
    (first, described), (second, samples) = chunks(file)
    assert (first, second) == (b"fmt ", b"data")
    align = channels * bits // 8
    assert described == struct.pack("<HHIIHH", 1, channels, RATE_HZ, align * RATE_HZ, align, bits)
    assert len(samples) == 1001 * align


def test_shntool_calls_an_ingest_file_of_whole_sectors_an_image(tmp_path: Path) -> None:
    for frames, whole in ((588 * 300, "yes"), (588 * 300 + 1, "no")):
        file = tmp_path / "image.wav"
        md.write(file, programme(5, 44_100)[:, :frames], 44_100, bit_depth=16, profile="ingest")
        said = {}
        for line in judge("shntool", "info", str(file)).stdout.splitlines():
            name, _, value = line.strip().partition(":")
            said[name] = value.strip()
        assert (said["CD quality"], said["Cut on sector boundary"]) == ("yes", whole)
        assert (said["Extra RIFF chunks"], said["Non-canonical header"]) == ("no", "no")


def test_what_is_unknown_is_marked_so(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    md.write(file, programme()[:, :100], RATE_HZ, profile="archive")
    found = chunks(file)
    assert [name for name, _ in found] == [b"bext", b"fmt ", b"data"]
    assert struct.unpack("<5h", found[0][1][412:422]) == (0x7FFF,) * 5
    silent = md.loudness(np.zeros((2, RATE_HZ)), RATE_HZ)
    content = md.Broadcast(loudness=silent).chunk()
    integrated, spread, *peaks = struct.unpack("<5h", content[412:422])
    assert (integrated, spread, peaks) == (0x7FFF, 0, [0x7FFF] * 3)


def test_an_own_broadcast_extension_is_written_as_given(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    given = md.Broadcast(
        description="Mätinee",
        originator="Studio",
        reference="R-1",
        date="2026-11-28",
        time="23:59:59",
        coding_history="A=ANALOGUE,M=stereo,T=tape\nA=PCM,F=48000,W=24",
    )
    md.write(file, programme()[:, :100], RATE_HZ, profile="archive", broadcast=given)
    bext = dict(chunks(file))[b"bext"]
    assert bext[:8] == b"Matinee\0"
    assert bext[320:338] == b"2026-11-2823:59:59"
    assert bext[602:] == b"A=ANALOGUE,M=stereo,T=tape\r\nA=PCM,F=48000,W=24\r\n"
    general, _ = mediainfo(file)
    assert general["Encoded_Date"] == "2026-11-28 23:59:59"


def test_more_than_two_channels_keep_their_loudspeakers_in_an_archive(tmp_path: Path) -> None:
    audio = np.vstack([programme()[:, :1000]] * 3)
    md.write(tmp_path / "a.wav", audio, RATE_HZ, profile="archive", tags={"title": "Six"})
    assert md.read(tmp_path / "a.wav").positions == ("L", "R", "C", "LFE", "Ls", "Rs")
    with pytest.raises(md.ParameterError, match="audio has 6 channels: profile = 'ingest' takes 1 or 2"):
        md.write(tmp_path / "b.wav", audio, RATE_HZ, profile="ingest")


@pytest.mark.parametrize("profile", [None, "archive", "ingest"])
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, profile: str | None) -> None:
    tags = None if profile == "ingest" else TAGS
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        md.write(tmp_path / folder / "a.wav", programme()[:, :5000], RATE_HZ, tags=tags, profile=profile)
    assert (tmp_path / "one/a.wav").read_bytes() == (tmp_path / "two/a.wav").read_bytes()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.wav", {"profile": "broadcast"}, "profile = 'broadcast' is not allowed: it must be one of archive, ingest"),
        ("a.flac", {"profile": "archive"}, "profile = 'archive' is not allowed: FLAC has none, WAV has"),
        ("a.wav", {"profile": "ingest", "bit_depth": 32}, "bit_depth = 32 is not allowed: it must be 16 or 24"),
        (
            "a.wav",
            {"profile": "ingest", "tags": {"title": "x", "isrc": "USS1Z2600001"}},
            "tags = title, isrc is not allo",
        ),
        ("a.wav", {"broadcast": md.Broadcast()}, "broadcast is given with profile = None: only an archive"),
        ("a.wav", {"tags": {"isrc": "US-S1Z-26-0001"}}, r"tags\['isrc'\] = 'US-S1Z-26-0001' is not allowed: an ISRC"),
        ("a.wav", {"tags": {"barcode": "012345678900"}}, r"tags\['barcode'\] = .*: its check digit must be 5"),
        ("a.wav", {"tags": {"disctotal": "two"}}, r"tags\['disctotal'\] = 'two' is not allowed: it must be a whole"),
        ("a.wav", {"tags": {"mood": "blue"}}, "tags has no mood: known are title, artist"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(
    tmp_path: Path, name: str, options: dict, message: str
) -> None:
    with pytest.raises(md.ParameterError, match=message):
        md.write(tmp_path / name, programme()[:, :1000], RATE_HZ, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"date": "28.11.2026"}, "date = '28.11.2026' is not allowed: it must be YYYY-MM-DD"),
        ({"time": "24:00:00"}, "time = '24:00:00' is not allowed: it must be HH:MM:SS"),
        ({"originator": "x" * 33}, "originator has 33 characters: bext takes at most 32"),
        ({"description": "ß" * 129}, "description has 258 characters: bext takes at most 256"),
    ],
)
def test_a_broadcast_extension_that_does_not_fit_is_refused(fields: dict, message: str) -> None:
    with pytest.raises(md.ParameterError, match=message):
        md.Broadcast(**fields)
