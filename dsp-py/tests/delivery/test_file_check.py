"""The file check: containers, samples, signs of lossy coding, tags, profiles, targets."""

import json
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import mutagen.flac
import numpy as np
import pytest
import soundfile

import mixdown as md
from judges import judge
from mixdown.checking import duplicates, profiles_of
from mixdown.files.encoding import Coding, decode, encoded
from running import call
from signals import RATE_HZ


def programme(seconds: float = 4.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Noise of two different channels that fades in and out."""
    frames = round(seconds * rate_hz)
    audio = 0.1 * np.random.default_rng(7).standard_normal((2, frames))
    fade = np.minimum(np.arange(frames), 960) / 960
    return audio * fade * fade[::-1]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    md.write(tmp_path / "song.wav", programme(), RATE_HZ, tags={"title": "Song", "artist": "A", "isrc": "USS1Z2600001"})
    return tmp_path / "song.wav"


def said(report: md.FileCheck) -> set[tuple[str, str]]:
    """Severities and names of the findings on the file, without those on what the mix check cannot measure."""
    return {(finding.severity, finding.check) for finding in report.findings if finding.severity != "not_measurable"}


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)


def wav(*chunks: bytes, stated: int | None = None) -> bytes:
    body = b"".join(chunks)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(body) if stated is None else stated, b"WAVE") + body


def words(audio: np.ndarray) -> bytes:
    return np.round(audio.T * 2**15).astype("<i2").tobytes()


FORMAT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, RATE_HZ, 4 * RATE_HZ, 4, 16))


def test_a_whole_file_has_no_finding(song: Path) -> None:
    report = md.check(song)
    assert said(report) == set()
    assert report.passed
    assert (report.title, report.isrc, report.effective_bits) == ("Song", "USS1Z2600001", 24)
    assert str(report.format) == "WAV, 24 bit, 48000 Hz, stereo"
    assert [part.name for part in report.structure.parts] == ["fmt ", "id3 ", "data"]
    assert report.integrated_lufs == pytest.approx(md.loudness(md.read(song)).integrated_lufs, abs=1e-9)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (lambda data: wav(FORMAT, data, chunk(b"LIST", b"INFO")), {("note", "chunks")}),
        (lambda data: wav(FORMAT, data) + bytes(3) + b"\1" * 20, {("warning", "chunks")}),
        (lambda data: wav(FORMAT, data, stated=1_000), {("warning", "chunks")}),
        (lambda data: wav(FORMAT, data)[:-4_000], {("fault", "truncated"), ("warning", "edges")}),
        (lambda data: wav(FORMAT, struct.pack("<4sI", b"data", 0), data[8:], stated=0), {("fault", "truncated")}),
        (lambda data: wav(FORMAT, 2 * chunk(b"fact", bytes(4)), data), {("fault", "chunks")}),
        (
            lambda data: wav(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, RATE_HZ, 3 * RATE_HZ, 4, 16)), data),
            {("fault", "chunks")},
        ),
        (
            lambda data: wav(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, RATE_HZ, 8 * RATE_HZ, 8, 16)), data),
            {("fault", "chunks"), ("fault", "truncated")},
        ),
        (
            lambda data: wav(
                chunk(
                    b"fmt ",
                    struct.pack("<HHIIHHHHIH", 0xFFFE, 2, RATE_HZ, 4 * RATE_HZ, 4, 16, 22, 16, 3, 1)
                    + bytes.fromhex("000000001000800000aa00389b71"),
                ),
                data,
            ),
            {("note", "format")},
        ),
    ],
    ids=["behind", "rest", "length", "cut", "crashed", "twice", "rate", "frame", "extensible"],
)
def test_containers(content, expected, tmp_path: Path) -> None:
    file = tmp_path / "made.wav"
    file.write_bytes(content(chunk(b"data", words(programme()))))
    report = md.check(file, mix=False)
    assert said(report) - {("note", "tags")} == expected
    assert report.mix is None


def test_a_damaged_flac_is_told_from_a_whole_one(tmp_path: Path) -> None:
    md.write(tmp_path / "song.flac", programme(), RATE_HZ)
    assert not md.check(tmp_path / "song.flac", mix=False).of("checksum")
    data = bytearray((tmp_path / "song.flac").read_bytes())
    data[8 + 18] ^= 1
    (tmp_path / "song.flac").write_bytes(data)
    (fault,) = md.check(tmp_path / "song.flac", mix=False).of("checksum")
    assert fault.severity == "fault"
    assert judge("flac", "-t", "-s", str(tmp_path / "song.flac"), check=False).returncode != 0


@pytest.mark.parametrize(("bits", "subtype"), [(16, "PCM_24"), (12, "PCM_16"), (20, "PCM_24"), (24, "PCM_32")])
def test_bits_that_are_never_set(bits: int, subtype: str, tmp_path: Path) -> None:
    steps = 2.0 ** (bits - 1)
    soundfile.write(tmp_path / "a.wav", np.round(programme().T * steps) / steps, RATE_HZ, subtype)
    report = md.check(tmp_path / "a.wav", mix=False)
    (warning,) = report.of("bits")
    assert (report.effective_bits, warning.severity, warning.value) == (bits, "warning", bits)
    assert warning.limit == int(subtype[-2:])


def test_floating_point_that_holds_whole_numbers(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.round(programme().T * 2**15) / 2**15, RATE_HZ, "FLOAT")
    assert md.check(tmp_path / "a.wav", mix=False).of("bits")[0].value == 16
    loud = programme()
    loud[0, 5_000:5_010] = 1.25
    soundfile.write(tmp_path / "a.wav", loud.T, RATE_HZ, "FLOAT")
    report = md.check(tmp_path / "a.wav", mix=False)
    assert (report.effective_bits, report.of("full_scale")[0].value) == (None, 10)


def test_samples_that_are_no_numbers(tmp_path: Path) -> None:
    audio = programme()
    audio[0, 24_000], audio[1, 24_001] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", audio.T, RATE_HZ, "FLOAT")
    report = md.check(tmp_path / "a.wav")
    (fault,) = report.of("non_finite")
    assert (fault.severity, fault.value, fault.at_s) == ("fault", 2, ((0.5, 0.5),))
    assert report.mix is not None


def test_edges_and_equal_channels(tmp_path: Path) -> None:
    audio = programme()[:1].repeat(2, axis=0)
    audio[:, :12_000], audio[:, -1] = 0, 0.1
    md.write(tmp_path / "a.wav", audio, RATE_HZ)
    report = md.check(tmp_path / "a.wav", mix=False)
    assert report.head_silence_s == pytest.approx(0.25, abs=0.001)
    assert report.tail_silence_s == 0
    assert said(report) == {("note", "dual_mono"), ("warning", "edges"), ("note", "tags")}
    assert report.of("edges")[0].value == pytest.approx(-20, abs=0.01)
    assert md.check(tmp_path / "a.wav", mix=False, limits={"edge_dbfs": -15}).of("edges") == ()


@pytest.mark.parametrize("codec", ["mp3:320", "mp3:128", "opus:128"])
@pytest.mark.parametrize("bit_depth", [16, 24])
def test_what_was_coded_before(codec: str, bit_depth: int, tmp_path: Path) -> None:
    audio, rate_hz = decode(encoded(2 * programme(), RATE_HZ, Coding.of(codec)).data)
    md.write(tmp_path / "a.wav", audio, rate_hz, bit_depth=bit_depth)
    report = md.check(tmp_path / "a.wav", mix=False)
    (warning,) = report.of("lossy_source")
    assert warning.value == report.cutoff_db
    assert warning.value > warning.limit == 40
    low, high = {"mp3:128": (15_500, 17_500)}.get(codec, (19_000, 20_500))
    assert low <= report.cutoff_hz <= high
    assert "lossy source detected" in report.facts


def test_what_was_not_coded_before_or_leaves_no_sign(tmp_path: Path) -> None:
    """A conversion to 44.1 kHz falls as steeply, but above 20.5 kHz; nothing is ever called lossless."""
    for audio, rate_hz in ((programme(), RATE_HZ), (md.resample(programme(), RATE_HZ, 44_100), 44_100)):
        md.write(tmp_path / "a.wav", audio, rate_hz)
        report = md.check(tmp_path / "a.wav", mix=False)
        assert not report.of("lossy_source")
        assert report.cutoff_db < 20
        assert "lossy source not detected" in report.facts
        assert "lossless" not in report.table()


@pytest.mark.parametrize(("from_hz", "to_hz", "top_hz"), [(44_100, 48_000, 22_050), (48_000, 96_000, 24_000)])
def test_what_was_converted_from_a_lower_rate(from_hz: int, to_hz: int, top_hz: int, tmp_path: Path) -> None:
    md.write(tmp_path / "a.wav", md.resample(programme(rate_hz=from_hz), from_hz, to_hz), to_hz)
    (note,) = md.check(tmp_path / "a.wav", mix=False).of("upsampled")
    assert note.evidence["frequency_hz"][0] == pytest.approx(top_hz, abs=800)


def tagged(file: Path, **texts: str) -> None:
    """Write tags as other programs do, which check none of them."""
    md.write(file, programme(), RATE_HZ)
    made = mutagen.flac.FLAC(file)
    for name, text in texts.items():
        made[name] = text
    made.save()


def test_tags(tmp_path: Path) -> None:
    tagged(tmp_path / "a.flac", title="BjÃ¶rk ", isrc="US-S1Z-26-0001", barcode="012345678904")
    report = md.check(tmp_path / "a.flac", mix=False)
    assert said(report) == {("warning", "encoding"), ("fault", "isrc"), ("fault", "barcode"), ("note", "tags")}
    assert "'Björk '" in report.of("encoding")[0].message
    assert report.of("tags")[0].message == "The file has no artist."
    assert report.of("isrc")[0].source.startswith("IFPI")
    assert "its check digit must be 5" in report.of("barcode")[0].message
    tagged(tmp_path / "b.flac", title=" Bjo\u0308rk", artist="B\x07", isrc="USS1Z2600001")
    found = [(f.severity, f.check, f.message.split(":")[0]) for f in md.check(tmp_path / "b.flac", mix=False).findings]
    assert found[0][:2] == ("warning", "encoding")
    assert [entry[:2] for entry in found[1:]] == [("note", "tags"), ("note", "encoding")]


def test_the_loudness_that_an_archive_states(tmp_path: Path) -> None:
    file, mono = tmp_path / "a.wav", programme()[:1]
    own = md.loudness(programme(), RATE_HZ)
    for audio, loudness in ((programme(), own), (mono, md.loudness(mono, RATE_HZ, dual_mono=True))):
        md.write(file, audio, RATE_HZ, profile="archive", broadcast=md.Broadcast(loudness=loudness))
        assert not md.check(file, mix=False).of("stated_loudness")
    md.write(file, 0.9 * programme(), RATE_HZ, profile="archive", broadcast=md.Broadcast(loudness=own))
    report = md.check(file, mix=False)
    # All but the range, which a gain does not change.
    assert len(report.of("stated_loudness")) == 4
    integrated = report.of("stated_loudness")[0]
    assert integrated.value - integrated.limit == pytest.approx(20 * np.log10(0.9), abs=0.01)
    assert not md.check(file, mix=False, limits={"stated_lu": 1}).of("stated_loudness")


def test_texts_of_info(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    md.write(file, programme(), RATE_HZ, profile="archive", tags={"title": "One", "artist": "Björk"})
    assert {f.check for f in md.check(file, mix=False).findings} == {"tags"}
    assert len(md.check(file, mix=False).of("tags")) == 1
    content, head = file.read_bytes(), b"INAM\4\0\0\0"
    file.write_bytes(content.replace(head + b"One\0", head + b"Two\0"))
    (warning,) = [f for f in md.check(file, mix=False).of("tags") if f.severity == "warning"]
    assert warning.message == "INFO INAM is 'Two', the tag title is 'One': programs show one or the other."
    file.write_bytes(content.replace(head + b"One\0", head + b"\xc3\xb6e\0"))
    (note,) = md.check(file, mix=False).of("encoding")
    assert note.message.startswith("INFO INAM holds characters beyond ASCII")


def test_files_that_share_what_each_has_alone(song: Path, tmp_path: Path) -> None:
    tags = {"title": "song", "artist": "A", "isrc": "USS1Z2600001"}
    md.write(tmp_path / "other.wav", programme(3), RATE_HZ, tags=tags)
    shutil.copy(song, tmp_path / "copy.wav")
    checks = [md.check(file, mix=False) for file in (song, tmp_path / "other.wav", tmp_path / "copy.wav")]
    found = [(index, finding.severity, finding.message.split()[1]) for index, finding in duplicates(checks)]
    assert found == [(1, "fault", "ISRC"), (1, "note", "title"), (2, "warning", "samples")]
    done = call("check", song, tmp_path / "other.wav")
    assert done.returncode == 1
    assert f"The ISRC USS1Z2600001 is that of {song}" in done.stdout


def test_profiles_name_what_they_take_and_who_says_so(song: Path) -> None:
    report = md.check(song, profiles=["cdbaby", "symphonic", "distributor", "cd"], mix=False)
    faults = {(f.message.split()[0], f.check, f.limit) for f in report.findings if f.severity == "fault"}
    assert faults == {
        ("cdbaby", "rate", 44_100),
        ("cdbaby", "bits", 16),
        ("symphonic", "rate", 44_100),
        ("symphonic", "bits", 16),
        ("symphonic", "tags", None),
        ("cd", "rate", 44_100),
        ("cd", "bits", 16),
    }
    # What was chosen refuses nothing.
    chosen = {(f.severity, f.check) for f in report.findings if f.message.startswith("distributor")}
    assert chosen == {("warning", "length"), ("warning", "tags")}
    assert all("cdbaby.com" in f.source for f in report.findings if f.message.startswith("cdbaby"))
    own = replace(profiles_of("cdbaby")[0], rates_hz=(), bits=())
    assert md.check(song, profiles=own, mix=False).passed


@pytest.mark.parametrize(
    ("name", "frames", "subtype", "behind", "expected"),
    [
        ("a b.wav", 5 * 44_100 + 1, "PCM_16", b"", {("fault", "name"), ("note", "length")}),
        ("ab.wav", 300 * 588, "PCM_16", b"", set()),
        ("ab.wav", 299 * 588, "PCM_16", b"", {("fault", "length")}),
        ("ab.wav", 300 * 588, "PCM_24", b"", {("fault", "bits")}),
        (
            "ab.wav",
            300 * 588,
            "PCM_16",
            chunk(b"id3 ", b"ID3\4\0\0\0\0\0\0"),
            {("fault", "chunks"), ("note", "chunks")},
        ),
    ],
)
def test_profiles_of_discs_and_files(name, frames, subtype, behind, expected, tmp_path: Path) -> None:
    soundfile.write(tmp_path / name, programme(frames / 44_100, 44_100).T, 44_100, subtype)
    data = (tmp_path / name).read_bytes() + behind
    (tmp_path / name).write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    takers = ["cdbaby", "cd"] if not behind else ["spotify"]
    report = md.check(tmp_path / name, profiles=takers, mix=False)
    found = said(report) - {("note", "tags"), ("note", "format")}
    if subtype == "PCM_24":
        found -= {("warning", "bits")}
    assert found == expected


def test_spotify_refuses_float_and_the_extended_format(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", programme().T, RATE_HZ, "FLOAT")
    soundfile.write(tmp_path / "b.wav", programme().T, RATE_HZ, "PCM_24", format="WAVEX")
    for name, has in (("a.wav", "this has 3"), ("b.wav", "this has 0xFFFE")):
        faults = [
            f for f in md.check(tmp_path / name, profiles="spotify", mix=False).of("format") if f.severity == "fault"
        ]
        assert has in faults[-1].message


def test_targets_beside_profiles(song: Path) -> None:
    done = call("check", song, "--for", "spotify, cdbaby,r128,apple")
    assert done.returncode == 1
    assert "spotify prefers FLAC: this is WAV PCM. ([P] support.spotify.com" in done.stdout
    assert "-13.9 LUFS is 2.1 LU above the -16 LUFS of apple." in done.stdout
    assert "cdbaby takes 44100 Hz: the file has 48000 Hz." in done.stdout
    assert "r128 takes -23 LUFS" in done.stdout
    done = call("check", song, "--for", "spotify,vynil")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "target = 'vynil' is unknown: it must be one of spotify, " in done.stderr
    assert "vinyl" in done.stderr


def test_views(song: Path) -> None:
    report = md.check(song, profiles="spotify", target="r128")
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert told["passed"] is False
    assert told["correlation"] == report.mix.correlation
    assert told["format"]["bits"] == 24
    assert told["structure"]["parts"][0] == ["fmt ", 12, 16]
    assert repr(report).startswith(f"<FileCheck {song}: faults; 1 fault, ")
    assert report.table().splitlines()[0] == f"{song}: {report.facts}"
    assert "<svg" in report._repr_html_()
    axes = report.plot()
    assert "loudness" in [label.get_text() for label in axes.get_yticklabels()]


def test_a_mark_at_the_very_end_is_drawn_before_it(tmp_path: Path) -> None:
    audio = programme()
    audio[:, -1] = 0.1
    md.write(tmp_path / "a.wav", audio, RATE_HZ)
    axes = md.check(tmp_path / "a.wav", mix=False).plot()
    spans = [path.vertices[:, 0] for bars in axes.collections[2:] for path in bars.get_paths()]
    assert axes.get_xlim()[1] == 4
    assert all(0 <= times.min() < times.max() <= 4 + 1e-9 for times in spans)


def test_six_channels_are_checked_but_for_the_mix(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", programme()[:1].repeat(6, axis=0).T, RATE_HZ, "PCM_24")
    report = md.check(tmp_path / "a.wav", profiles="spotify")
    assert {finding.severity for finding in report.of("channels")} == {"fault", "not_measurable"}
    assert report.plot().get_yticks()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"profiles": "spotfy"}, md.ParameterError, "profiles = 'spotfy' is unknown: it must be one of spotify, apple"),
        ({"profiles": 3}, TypeError, "profiles = 3 is not a list of names or profiles"),
        ({"target": "nobody"}, md.ParameterError, "target = 'nobody' is unknown"),
        (
            {"limits": {"edge_dbfs": 3}},
            md.ParameterError,
            "limits.edge_dbfs = 3 is out of range: it must lie in -120..0",
        ),
        ({"limits": {"edge_db": 3}}, md.ParameterError, "limits has no parameter edge_db: did you mean edge_dbfs?"),
        (
            {"limits": {"lossy_from_hz": 15_000, "lossy_to_hz": 12_000}},
            md.ParameterError,
            "limits.lossy_from_hz = 15000 is not allowed: limits.lossy_to_hz is 12000",
        ),
        ({"mix": 1}, TypeError, "mix = 1 is not a boolean"),
        ({"profile": "cd"}, TypeError, "did you mean profiles?"),
    ],
)
def test_one_clear_line(arguments, error, words, song: Path) -> None:
    with pytest.raises(error, match=words.replace("?", r"\?")):
        md.check(song, **arguments)


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"no audio at all, but some bytes")
    with pytest.raises(ValueError, match=r"a\.wav: not a readable audio file"):
        md.check(tmp_path / "a.wav")
    with pytest.raises(FileNotFoundError):
        md.check(tmp_path / "none.wav")
    with pytest.raises(TypeError, match="path = 3 is not a path"):
        md.check(3)


def test_limits_say_where_they_come_from() -> None:
    assert md.limits("check")["lossy_step_db"].default == 40
    assert all(limit.meaning.count("[") == 1 for limit in md.limits("check").values())
    assert "spotify" in repr(md.profiles())
    assert all(profile.source[:3] in ("[P]", "[C]") and profile.date for profile in md.profiles())


def test_a_stream_that_breaks_in_the_middle_is_not_called_short(tmp_path) -> None:
    noise = (0.2 * np.random.default_rng(1).standard_normal((2, 96_000))).astype(np.float32)
    md.write(tmp_path / "whole.flac", noise, 48_000, bit_depth=16)
    content = bytearray((tmp_path / "whole.flac").read_bytes())
    content[len(content) // 2] ^= 0x10
    (tmp_path / "broken.flac").write_bytes(content)
    check = md.check(tmp_path / "broken.flac", mix=False)
    (finding,) = check.of("truncated")
    assert (finding.severity, "From there on it is damaged, or missing" in finding.message) == ("fault", True)


def test_lengths_of_samples_that_cannot_be(tmp_path) -> None:
    noise = (0.2 * np.random.default_rng(1).standard_normal((2, 48_000))).astype(np.float32)
    md.write(tmp_path / "whole.wav", noise, 48_000, bit_depth=16)
    content = (tmp_path / "whole.wav").read_bytes()
    at = content.index(b"data") + 4
    (tmp_path / "open.wav").write_bytes(content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :])
    (tmp_path / "odd.wav").write_bytes(content[:at] + (4 * 48_000 - 2).to_bytes(4, "little") + content[at + 4 : -2])
    (finding,) = md.check(tmp_path / "open.wav", mix=False).of("chunks")
    assert (finding.severity, "states no length" in finding.message) == ("warning", True)
    found = md.check(tmp_path / "odd.wav", mix=False).of("chunks")
    assert any("no whole number of frames of 4 bytes" in finding.message for finding in found)
    assert not md.check(tmp_path / "whole.wav", mix=False).of("chunks")
