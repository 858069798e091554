"""Formats of files: samples, tags and covers, as other programs read them."""

import hashlib
import json
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

import mixdown as md
from judges import judge
from mixdown.files.tags import Tags, read_tags

RATE_HZ = 48_000
TAGS = {
    "title": "Süße “Lügen”",
    "artist": "Björk",
    "album": "Ølbum",
    "albumartist": "Verschiedene",
    "composer": "Çelik",
    "songwriter": "Schröder",
    "genre": "Pop",
    "tracknumber": "3",
    "tracktotal": "9",
    "discnumber": "1",
    "disctotal": "2",
    "date": "2026-11-28",
    "copyright": "℗ 2026 Ich",
    "label": "Läbel",
    "isrc": "USS1Z2600001",
    "barcode": "012345678905",
    "comment": "Größe",
    "lyrics": "Erste Zeile\nZweite Zeile",
}
ENDINGS = ["wav", "flac", "aiff", "mp3", "ogg", "opus", "m4a"]


def tone(seconds: float = 2, rate_hz: int = RATE_HZ) -> np.ndarray:
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.stack([0.25 * np.sin(2 * np.pi * 440 * time), 0.125 * np.sin(2 * np.pi * 660 * time)]).astype(np.float32)


def picture(file: Path, side: int = 16) -> Path:
    """Write a grey PNG picture."""
    rows = (b"\0" + b"\x80" * 3 * side) * side
    content = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        content += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    file.write_bytes(content)
    return file


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("formats")
    cover = str(picture(folder / "cover.png"))
    found = {}
    for ending in ENDINGS:
        found[ending] = folder / f"a.{ending}"
        md.write(found[ending], tone(), RATE_HZ, tags={**TAGS, "cover": cover})
    return found


def ffprobe(file: Path) -> dict[str, str]:
    """The tags that ffprobe shows, of file and stream, names in lower case."""
    done = judge("ffprobe", "-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "json", str(file))
    said = json.loads(done.stdout)
    sound = [stream.get("tags", {}) for stream in said["streams"] if "comment" not in stream.get("tags", {})]
    return {name.lower(): value for tags in (*sound, said["format"].get("tags", {})) for name, value in tags.items()}


#: Names under which ffprobe shows ID3 frames and MP4 atoms.
FFPROBE = {
    "albumartist": ("album_artist", "albumartist"),
    "label": ("publisher", "label"),
    "isrc": ("tsrc", "isrc"),
    "lyrics": ("lyrics", "lyrics-und", "lyrics-xxx", "unsyncedlyrics"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ffprobe_reads_every_tag(files, ending: str) -> None:
    said = ffprobe(files[ending])
    for name, text in TAGS.items():
        if name in ("tracknumber", "tracktotal", "discnumber", "disctotal"):
            continue
        found = [said[other] for other in FFPROBE.get(name, (name,)) if other in said]
        assert found[:1] == [text], (name, said)
    track = [*said["track"].split("/"), said.get("tracktotal")]
    disc = [*said["disc"].split("/"), said.get("disctotal")]
    assert (track[:2], disc[:2]) == (["3", "9"], ["1", "2"])


#: Names under which mediainfo shows tags: two of Vorbis comments differ from those of the others.
MEDIAINFO = {
    "title": ("Track",),
    "artist": ("Performer",),
    "album": ("Album",),
    "albumartist": ("Album_Performer",),
    "composer": ("Composer",),
    "genre": ("Genre",),
    "tracknumber": ("Track_Position",),
    "tracktotal": ("Track_Position_Total",),
    "discnumber": ("Part_Position", "Part"),
    "disctotal": ("Part_Position_Total",),
    "date": ("Recorded_Date",),
    "copyright": ("Copyright",),
    "label": ("Publisher", "Label", "LABEL"),
    "isrc": ("ISRC",),
    "barcode": ("BARCODE",),
    "songwriter": ("SONGWRITER",),
    "comment": ("Comment",),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_mediainfo_reads_the_tags(files, ending: str) -> None:
    general = json.loads(judge("mediainfo", "--Output=JSON", str(files[ending])).stdout)["media"]["track"][0]
    flat = {**general, **general.get("extra", {})}
    for name, shown in MEDIAINFO.items():
        assert [flat[one] for one in shown if one in flat] == [TAGS[name]], (name, flat)
    assert flat["Cover"] == "Yes"


def test_metaflac_reads_tags_and_cover(files) -> None:
    for name, text in TAGS.items():
        said = judge("metaflac", "--no-utf8-convert", f"--show-tag={name}", str(files["flac"])).stdout.rstrip("\n")
        assert said == f"{name.upper()}={text}"
    listed = judge("metaflac", "--list", "--block-type=PICTURE", str(files["flac"])).stdout
    assert "type: 3 (Cover (front))" in listed
    assert "MIME type: image/png" in listed


def test_atomic_parsley_reads_an_m4a(files) -> None:
    said = judge("AtomicParsley", str(files["m4a"]), "-t", "1").stdout
    for atom, text in [
        ("©nam", TAGS["title"]),
        ("©ART", TAGS["artist"]),
        ("aART", TAGS["albumartist"]),
        ("trkn", "3 of 9"),
        ("disk", "1 of 2"),
        ("cprt", TAGS["copyright"]),
        ("com.apple.iTunes;ISRC]", TAGS["isrc"]),
        ("com.apple.iTunes;BARCODE]", TAGS["barcode"]),
        ("com.apple.iTunes;LABEL]", TAGS["label"]),
    ]:
        line = next((line for line in said.splitlines() if atom in line), "")
        assert line.endswith(f"contains: {text}"), (atom, said)
    assert "contains: 1 piece of artwork" in said


def test_opusinfo_reads_an_opus_file(files) -> None:
    said = judge("opusinfo", str(files["opus"])).stdout
    for name, text in TAGS.items():
        assert f"{name.upper()}={text.splitlines()[0]}" in said, name
    assert "WARNING" not in said


@pytest.mark.parametrize("ending", ENDINGS)
def test_tags_come_back_as_they_went_in(files, ending: str) -> None:
    with files[ending].open("rb") as file:
        found = read_tags(file)
    texts = {name: found.text(name) for name in TAGS if name not in ("tracknumber", "discnumber")}
    wanted = {name: text for name, text in TAGS.items() if name not in ("tracknumber", "discnumber")}
    for name, total in (("tracknumber", "tracktotal"), ("discnumber", "disctotal")):
        assert found.number(name) == (TAGS[name], TAGS[total])
        texts[total] = TAGS[total]
    assert texts == wanted
    assert [(one.kind, one.mime) for one in found.pictures] == [(3, "image/png")]
    assert found.pictures[0].data == (files[ending].parent / "cover.png").read_bytes()


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_aiff_holds_the_samples_of_a_wav_file(tmp_path: Path, bits: int, channels: int, rate_hz: int) -> None:
    for ending in ("wav", "aiff"):
        md.write(tmp_path / f"a.{ending}", tone()[:channels, :1001], rate_hz, bit_depth=bits, tags=TAGS, dither="none")
    whole, found_hz = soundfile.read(tmp_path / "a.aiff", dtype="int32", always_2d=True)
    assert found_hz == rate_hz
    assert soundfile.info(tmp_path / "a.aiff").subtype == f"PCM_{bits}"
    np.testing.assert_array_equal(whole, soundfile.read(tmp_path / "a.wav", dtype="int32", always_2d=True)[0])
    np.testing.assert_array_equal(md.read(tmp_path / "a.aiff").audio, md.read(tmp_path / "a.wav").audio)
    content = (tmp_path / "a.aiff").read_bytes()
    assert struct.unpack(">I", content[4:8])[0] == len(content) - 8
    # Nothing follows the samples.
    at = content.index(b"SSND")
    size = struct.unpack(">I", content[at + 4 : at + 8])[0]
    assert at + 8 + size + size % 2 == len(content)


def test_flac_states_the_checksum_of_its_samples(tmp_path: Path) -> None:
    for bits in (16, 24):
        for ending in ("wav", "flac"):
            md.write(tmp_path / f"a.{ending}", tone(), RATE_HZ, bit_depth=bits, tags={"title": "Ü"}, dither="none")
        samples = (tmp_path / "a.wav").read_bytes()[-tone().size * bits // 8 :]
        stated = judge("metaflac", "--show-md5sum", str(tmp_path / "a.flac")).stdout.strip()
        assert stated == hashlib.md5(samples).hexdigest()
        form = ["-c:a", f"pcm_s{bits}le", "-f", "md5", "-"]
        assert judge("ffmpeg", "-v", "error", "-i", str(tmp_path / "a.wav"), *form).stdout.strip() == f"MD5={stated}"
        judge("flac", "-t", "-s", str(tmp_path / "a.flac"))


@pytest.mark.parametrize("ending", ["mp3", "ogg", "opus", "m4a"])
def test_lossy_files_hold_the_programme(files, ending: str) -> None:
    decoded = md.read(files[ending])
    assert decoded.sample_rate_hz == RATE_HZ
    frames = tone().shape[1]
    assert frames <= decoded.audio.shape[1] < frames + 1024
    # Inside, away from the edges, the coding error lies 40 dB below the tone.
    inside = slice(4_800, frames - 4_800)
    error = decoded.audio[:, inside] - tone()[:, inside]
    assert 20 * np.log10(np.sqrt(np.mean(error**2)) / np.sqrt(np.mean(tone()[:, inside] ** 2))) < -30


def test_a_bit_rate_is_held(tmp_path: Path) -> None:
    for ending, kbps in (("mp3", 128), ("mp3", None), ("m4a", 128)):
        file = tmp_path / f"a.{ending}"
        md.write(file, 0.3 * np.random.default_rng(1).uniform(-1, 1, (2, 5 * RATE_HZ)), RATE_HZ, bitrate_kbps=kbps)
        form = ["-select_streams", "a:0", "-show_entries", "stream=bit_rate", "-of", "csv=p=0"]
        said = int(judge("ffprobe", "-v", "error", *form, str(file)).stdout)
        assert said / 1000 == pytest.approx(kbps or 320, rel=0.05)
    # The highest that a low sample rate has.
    md.write(tmp_path / "low.mp3", tone(2, 22_050), 22_050)
    form = ["-show_entries", "stream=bit_rate,sample_rate", "-of", "csv=p=0"]
    assert judge("ffprobe", "-v", "error", *form, str(tmp_path / "low.mp3")).stdout.strip() == "22050,160000"


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_input_gives_the_same_bytes(files, tmp_path: Path, ending: str) -> None:
    cover = str(files["wav"].parent / "cover.png")
    md.write(tmp_path / f"a.{ending}", tone(), RATE_HZ, tags={**TAGS, "cover": cover})
    assert (tmp_path / f"a.{ending}").read_bytes() == files[ending].read_bytes()


def test_a_master_is_written_in_every_format(tmp_path: Path) -> None:
    mastered = md.master(tone(4), RATE_HZ, target="spotify", bit_depth=16)
    for ending in ENDINGS:
        mastered.write(tmp_path / f"a.{ending}", tags={"title": "Ü"})
        reading = md.loudness(md.read(tmp_path / f"a.{ending}"))
        # LAME's low-pass and the others' coding noise.
        assert reading.integrated_lufs == pytest.approx(-14, abs=0.1), ending


def test_a_track_number_that_is_no_number_is_kept(tmp_path: Path) -> None:
    for ending in ENDINGS:
        md.write(tmp_path / f"a.{ending}", tone(), RATE_HZ, tags={"tracknumber": "A1"})
        with (tmp_path / f"a.{ending}").open("rb") as file:
            assert read_tags(file).text("tracknumber") == "A1", ending


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.wma", {}, r"a\.wma is not allowed: its name must end in \.wav, \.flac, \.aiff, \.aif, \.mp3"),
        ("a.aiff", {"bit_depth": 32}, "bit_depth = 32 is not allowed: AIFF takes 16 or 24"),
        ("a.wav", {"bitrate_kbps": 320}, "bitrate_kbps = 320 is not allowed: WAV has none"),
        ("a.mp3", {"bitrate_kbps": 300}, "bitrate_kbps = 300 is not allowed: MP3 at 48000 Hz takes one of 32, 40"),
        ("a.opus", {"bitrate_kbps": 1000}, r"bitrate_kbps = 1000 is out of range: it must lie in 12\.\.512"),
        ("a.mp3", {"profile": "archive"}, "profile = 'archive' is not allowed: MP3 has none, WAV has"),
        ("a.mp3", {"dither": "loud"}, "dither = 'loud' is not allowed"),
        ("a.opus", {"tags": {"replaygain_track_gain": "1.00 dB"}}, r"Opus takes those of r128_tags"),
        ("a.flac", {"tags": {"r128_track_gain": "256"}}, "FLAC takes those of replay_gain_tags"),
    ],
)
def test_what_a_format_does_not_take_is_refused(tmp_path: Path, name: str, options: dict, message: str) -> None:
    with pytest.raises(md.ParameterError, match=message):
        md.write(tmp_path / name, tone(), RATE_HZ, **options)
    assert list(tmp_path.iterdir()) == []


def test_channels_and_lengths_beyond_a_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(md.ParameterError, match="audio has 3 channels: MP3 is written with 1 or 2"):
        md.write(tmp_path / "a.mp3", np.zeros((3, 4800)), RATE_HZ)
    hours = np.broadcast_to(np.float32(0), (2, 3 * 3600 * 96_000))
    for name in ("a.wav", "a.aiff"):
        with pytest.raises(md.ParameterError, match=r"do not fit into the 4 GiB of an? \w+ file; FLAC holds them"):
            md.write(tmp_path / name, hours, 96_000)


def test_without_an_encoder_aac_is_refused_with_both_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixdown.files.advanced_audio._pyav", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"pip install 'mixdown\[aac\]', or install ffmpeg"):
        md.write(tmp_path / "a.m4a", tone(), RATE_HZ)
    assert list(tmp_path.iterdir()) == []


def test_a_cover_must_be_a_picture(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.jpg"):
        md.write(tmp_path / "a.wav", tone(), RATE_HZ, tags={"cover": str(tmp_path / "none.jpg")})
    (tmp_path / "cover.jpg").write_text("no picture")
    with pytest.raises(md.ParameterError, match=r"cover\.jpg is not allowed: it must be a JPEG or PNG file"):
        md.write(tmp_path / "a.wav", tone(), RATE_HZ, tags={"cover": str(tmp_path / "cover.jpg")})
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8\xff" + bytes(1 << 24))
    for ending in ENDINGS:
        with pytest.raises(md.ParameterError, match=r"tags\['cover'\] has 16777219 bytes: files hold at most 16776192"):
            md.write(tmp_path / f"a.{ending}", tone(), RATE_HZ, tags={"cover": str(tmp_path / "cover.jpg")})
    assert [file.name for file in tmp_path.iterdir()] == ["cover.jpg"]
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8\xff" + bytes((1 << 24) - 1027))
    for ending in ENDINGS:
        md.write(tmp_path / f"a.{ending}", tone(), RATE_HZ, tags={"cover": str(tmp_path / "cover.jpg")})


def test_texts_that_no_file_holds_are_refused(tmp_path: Path) -> None:
    for text, said in (("a\0b", r"a\\x00b"), ("\ud800", r"\\ud800")):
        with pytest.raises(md.ParameterError, match=rf"tags\['title'\] = {said} is not allowed: it holds NUL"):
            md.write(tmp_path / "a.wav", tone(), RATE_HZ, tags={"title": text})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_any_text_comes_back(tmp_path: Path, ending: str) -> None:
    draw = random.Random(7)
    alphabet = "abc /\\\"'<>&=;:%[]{}|~\x01\x7f\n\r\täß\u2028\u200d語🎵\u0301"
    for _ in range(20):
        texts = {
            name: "".join(draw.choices(alphabet, k=draw.randrange(1, 400))) for name in ("title", "comment", "label")
        }
        md.write(tmp_path / f"a.{ending}", tone(0.1), RATE_HZ, tags=texts)
        with (tmp_path / f"a.{ending}").open("rb") as file:
            found = read_tags(file)
        assert {name: found.text(name) for name in texts} == texts
    if ending == "wav":
        md.write(tmp_path / "b.wav", tone(0.1), RATE_HZ, tags=texts, profile="archive")
        assert md.read(tmp_path / "b.wav").audio.shape == (2, 4_800)


def test_empty_texts_are_left_out(tmp_path: Path) -> None:
    md.write(tmp_path / "a.flac", tone(), RATE_HZ, tags={"title": "x", "label": "", "isrc": "", "disctotal": ""})
    with (tmp_path / "a.flac").open("rb") as file:
        assert read_tags(file) == Tags({"title": ("x",)})


@pytest.mark.parametrize("ending", ENDINGS)
def test_tags_of_other_files_are_written_however_odd(tmp_path: Path, ending: str) -> None:
    odd = {
        "größe=1": ("a", "b"),
        "": ("nameless",),
        "isrc": ("none <&> ü",),
        "bpm": ("about 120",),
        "tracknumber": ("123456/7",),
        "artist": ("One", "Two"),
    }
    profile = "archive" if ending == "wav" else None
    md.write(tmp_path / f"a.{ending}", tone(), RATE_HZ, tags=Tags(odd), profile=profile)
    assert b"axml" not in (tmp_path / f"a.{ending}").read_bytes()
    with (tmp_path / f"a.{ending}").open("rb") as file:
        found = read_tags(file)
    assert found.texts["artist"] == ("One", "Two")
    assert found.texts["isrc"] == ("none <&> ü",)
    assert ("a", "b") in found.texts.values()
    assert found.isrc == ""
