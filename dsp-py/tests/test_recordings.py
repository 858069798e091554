"""Reading: all that a file holds, in the order of the meter, and a warning where that is not what its header promises.

Rows of ``awkward`` are files that people have; they are looked for in the folder that MIXDOWN_TEST_AUDIO names.
"""

import io
import os
import shutil
import struct
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import mutagen.id3
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import mixdown as md
from mixdown import loudspeakers
from mixdown.files.containers import inspect

RATE_HZ = 44_100
FRAMES = 60_000
_SMALL: dict[str, bytes] = {}

#: Formats by ending: how soundfile writes them, and whether samples come back exactly.
FORMATS = {
    "wav": ({"format": "WAV", "subtype": "PCM_16"}, True),
    "24.wav": ({"format": "WAVEX", "subtype": "PCM_24"}, True),
    "big.wav": ({"format": "WAV", "subtype": "PCM_16", "endian": "BIG"}, True),
    "ulaw.wav": ({"format": "WAV", "subtype": "ULAW"}, True),
    "adpcm.wav": ({"format": "WAV", "subtype": "MS_ADPCM"}, False),
    "rf64": ({"format": "RF64", "subtype": "PCM_16"}, True),
    "w64": ({"format": "W64", "subtype": "FLOAT"}, True),
    "aiff": ({"format": "AIFF", "subtype": "PCM_16"}, True),
    "aifc": ({"format": "AIFF", "subtype": "FLOAT"}, True),
    "caf": ({"format": "CAF", "subtype": "PCM_24"}, True),
    "au": ({"format": "AU", "subtype": "PCM_16"}, True),
    "flac": ({"format": "FLAC", "subtype": "PCM_16"}, True),
    "ogg": ({"format": "OGG", "subtype": "VORBIS"}, False),
    "opus": ({"format": "OGG", "subtype": "OPUS"}, False),
    "mp3": ({"format": "MP3", "subtype": "MPEG_LAYER_III"}, False),
    "vbr.mp3": ({"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE"}, False),
}


def music(channels: int = 2, frames: int = FRAMES, seed: int = 1) -> np.ndarray:
    """Tones and noise whose level changes, so that no block is like another."""
    random = np.random.default_rng(seed)
    time_s = np.arange(frames) / RATE_HZ
    swell = 0.3 + 0.2 * np.sin(2 * np.pi * 1.3 * time_s)
    tones = [np.sin(2 * np.pi * (220 + 110 * row) * time_s) for row in range(channels)]
    return (swell * (np.array(tones) + 0.3 * random.uniform(-1, 1, (channels, frames)))).astype(np.float32)


def encoded(audio: np.ndarray, options: dict[str, object], rate_hz: int = RATE_HZ) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, audio.T, rate_hz, **options)
    return content.getvalue()


def written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def read_both_ways(file: Path) -> tuple[md.Recording, list[str]]:
    """Read a file whole and in blocks of an odd length; both must agree. Return it and what was warned of."""
    said = []
    for attempt in ("whole", "blocks"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if attempt == "whole":
                recording = md.read(file)
            else:
                blocks = md.blocks(file, 4_321)
                parts = list(blocks)
        said.append([str(entry.message) for entry in caught])
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), recording.audio)
    assert [part.shape[1] for part in parts[:-1]] == [4_321] * (len(parts) - 1)
    assert said[0] == said[1]
    assert blocks.found_frames == recording.audio.shape[1]
    return recording, said[0]


@pytest.mark.parametrize("ending", FORMATS)
def test_whole_files_are_read_without_a_word(tmp_path: Path, ending: str) -> None:
    audio = music(frames=48_000)
    options, exact = FORMATS[ending]
    rate_hz = 48_000 if ending == "opus" else RATE_HZ
    recording, said = read_both_ways(written(tmp_path / f"a.{ending}", encoded(audio, options, rate_hz)))
    assert said == []
    assert type(recording.sample_rate_hz) is int
    assert recording.sample_rate_hz == rate_hz
    # Blocks of ADPCM are filled up.
    assert 48_000 <= recording.audio.shape[1] <= 48_000 + 2_000 * (ending == "adpcm.wav")
    if exact:
        assert np.max(np.abs(recording.audio[:, :48_000] - audio)) < 0.05


@pytest.mark.parametrize("ending", FORMATS)
def test_a_cut_file_gives_what_is_there_and_one_warning(tmp_path: Path, ending: str) -> None:
    options, _ = FORMATS[ending]
    rate_hz = 48_000 if ending == "opus" else RATE_HZ
    # Pages of Opus hold a whole second.
    frames = 4 * FRAMES if ending == "opus" else FRAMES
    content = encoded(music(frames=frames), options, rate_hz)
    whole = md.read(written(tmp_path / f"whole.{ending}", content)).audio
    recording, said = read_both_ways(written(tmp_path / f"a.{ending}", content[: len(content) * 6 // 10]))
    found = recording.audio.shape[1]
    assert 0.35 * frames < found < 0.7 * frames
    # The last frame of a transform codec lacks what would overlap it.
    same = found - (2_400 if ending.endswith(("mp3", "ogg", "opus")) else 0)
    np.testing.assert_array_equal(recording.audio[:, :same], whole[:, :same])
    assert len(said) == 1, said
    assert f"{found} frames ({found / rate_hz:.2f} s) found" in said[0]
    if ending not in ("ogg", "opus"):
        # An Ogg stream names no length.
        assert f"{whole.shape[1]} frames ({whole.shape[1] / rate_hz:.2f} s) promised" in said[0]
    assert "promised" in said[0]


def unfinished(ending: str, content: bytes) -> bytes:
    """The header of a recorder that crashed: lengths of 0."""
    header = bytearray(content)

    def zero(name: bytes, offset: int, replacement: bytes) -> None:
        at = content.index(name) + offset
        header[at : at + len(replacement)] = replacement

    if ending.endswith("wav"):
        zero(b"data", 4, bytes(4))
        header[4:8] = bytes(4)
    elif ending == "rf64":
        zero(b"ds64", 8, bytes(24))
    elif ending == "w64":
        zero(b"data", 16, struct.pack("<Q", 24))
    elif ending in ("aiff", "aifc"):
        zero(b"SSND", 4, struct.pack(">I", 8))
        zero(b"COMM", 10, bytes(4))
    elif ending == "caf":
        zero(b"data", 4, struct.pack(">q", 4))
    elif ending == "au":
        header[8:12] = bytes(4)
    else:
        raise AssertionError(ending)
    return bytes(header)


@pytest.mark.parametrize("ending", ["wav", "24.wav", "big.wav", "ulaw.wav", "rf64", "w64", "aiff", "aifc", "caf", "au"])
def test_an_unfinished_header_loses_nothing_and_is_told(tmp_path: Path, ending: str) -> None:
    content = encoded(music(), FORMATS[ending][0])
    whole = md.read(written(tmp_path / f"whole.{ending}", content)).audio
    recording, said = read_both_ways(written(tmp_path / f"a.{ending}", unfinished(ending, content)))
    np.testing.assert_array_equal(recording.audio[:, :FRAMES], whole)
    assert len(said) == 1
    assert "0 frames (0.00 s) promised" in said[0]


@pytest.mark.parametrize("ending", ["wav", "24.wav", "big.wav", "caf", "au", "flac"])
def test_a_stream_of_unknown_length_is_read_to_its_end(tmp_path: Path, ending: str) -> None:
    content = encoded(music(), FORMATS[ending][0])
    header = bytearray(content)
    if ending.endswith("wav"):
        at = content.index(b"data") + 4
        header[at : at + 4] = header[4:8] = b"\xff" * 4
    elif ending == "caf":
        at = content.index(b"data") + 4
        header[at : at + 8] = b"\xff" * 8
    elif ending == "au":
        header[8:12] = b"\xff" * 4
    else:
        header[21] &= 0xF0
        header[22:26] = bytes(4)
    recording, said = read_both_ways(written(tmp_path / f"a.{ending}", bytes(header)))
    assert said == []
    assert recording.audio.shape == (2, FRAMES)
    np.testing.assert_allclose(recording.audio, music(), atol=1e-4)


def without_xing(content: bytes) -> bytes:
    """An MP3 file whose first frame, the table of contents, is left out."""
    at = content.index(b"Xing" if b"Xing" in content[:200] else b"Info") - 36
    kbps = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[content[at + 2] >> 4]
    size = 144_000 * kbps // RATE_HZ + (content[at + 2] >> 1 & 1)
    return content[:at] + content[at + size :]


@pytest.mark.parametrize("ending", ["mp3", "vbr.mp3"])
@pytest.mark.parametrize("cover", [False, True])
def test_mp3_without_a_length_is_read_whole(tmp_path: Path, ending: str, cover: bool) -> None:
    # Quiet first: an estimate from the first frames of a variable bit rate misses most of the rest.
    audio = music()
    audio[:, : FRAMES // 8] *= 1e-4
    content = encoded(audio, FORMATS[ending][0])
    whole = md.read(written(tmp_path / "whole.mp3", content)).audio
    file = written(tmp_path / "a.mp3", without_xing(content))
    if cover:
        tags = mutagen.id3.ID3()
        tags.add(mutagen.id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=bytes(range(256)) * 40))
        tags.save(file)
    recording, said = read_both_ways(file)
    assert said == []
    # Without the table nobody knows how much the encoder put in front.
    offset = recording.audio.shape[1] - whole.shape[1]
    assert 0 < offset < 3 * 1152
    start = next(
        shift
        for shift in range(offset + 1)
        if np.allclose(recording.audio[:, shift + 20_000 : shift + 21_000], whole[:, 20_000:21_000], atol=1e-5)
    )
    np.testing.assert_allclose(recording.audio[:, start + 2_000 : start + 50_000], whole[:, 2_000:50_000], atol=1e-5)


def test_mp3_files_one_after_another_are_all_read(tmp_path: Path) -> None:
    content = encoded(music(), FORMATS["mp3"][0])
    recording, said = read_both_ways(written(tmp_path / "a.mp3", content + content))
    assert said == []
    assert recording.audio.shape[1] >= 2 * FRAMES
    silence = content[:2_000] + bytes(3_000) + content[2_000:]
    recording, said = read_both_ways(written(tmp_path / "hole.mp3", silence))
    assert len(said) == 1
    assert "bytes between its frames are not MP3" in said[0]


def test_ogg_streams_one_after_another_are_told(tmp_path: Path) -> None:
    first, second = (encoded(music(seed=seed), FORMATS["ogg"][0]) for seed in (1, 2))
    recording, said = read_both_ways(written(tmp_path / "a.ogg", first + second))
    assert recording.audio.shape[1] == FRAMES
    assert "holds 2 streams" in said[0]


def test_a_damaged_flac_file_gives_what_lies_before(tmp_path: Path) -> None:
    content = bytearray(encoded(music(), FORMATS["flac"][0]))
    content[len(content) // 2 : len(content) // 2 + 64] = b"\x55" * 64
    recording, said = read_both_ways(written(tmp_path / "a.flac", bytes(content)))
    assert 0 < recording.audio.shape[1] < FRAMES
    np.testing.assert_allclose(recording.audio, music()[:, : recording.audio.shape[1]], atol=1e-4)
    assert f"{FRAMES} frames" in said[0]


def test_a_part_of_a_file(tmp_path: Path) -> None:
    for ending in ("wav", "flac", "ogg", "mp3"):
        file = written(tmp_path / f"a.{ending}", encoded(music(), FORMATS[ending][0]))
        whole = md.read(file).audio
        part = md.read(file, start_s=0.5, duration_s=0.25)
        start, stop = round(0.5 * RATE_HZ), round(0.5 * RATE_HZ) + round(0.25 * RATE_HZ)
        np.testing.assert_array_equal(part.audio, whole[:, start:stop])
        np.testing.assert_array_equal(md.read(file, start_s=1.0).audio, whole[:, RATE_HZ:])
        with pytest.raises(ValueError, match="holds no audio from 9"):
            md.read(file, start_s=9.0)
    for options, message in [
        ({"start_s": -1.0}, "start_s = -1 is out of range"),
        ({"start_s": float("nan")}, "start_s = NaN is out of range"),
        ({"duration_s": float("inf")}, "duration_s = inf is out of range"),
    ]:
        with pytest.raises(md.ParameterError, match=message):
            md.read(file, **options)
    for frames in (0, -1, 1.5, True):
        with pytest.raises(md.ParameterError, match=f"frames = {frames} is not allowed"):
            md.blocks(file, frames)
    for path in (3, None, b"a.wav"):
        with pytest.raises(TypeError, match="is not a path"):
            md.read(path)


@pytest.mark.parametrize("ending", ["wav", "mp3"])
def test_blocks_end_when_they_are_closed(tmp_path: Path, ending: str) -> None:
    file = written(tmp_path / f"a.{ending}", encoded(music(), FORMATS[ending][0]))
    with md.blocks(file, 1_000) as blocks:
        assert next(blocks).shape == (2, 1_000)
    assert list(blocks) == []
    # Left in the middle: neither the file nor the thread that feeds the decoder stays.
    before = threading.active_count()
    part = next(iter(md.blocks(file, 1_000)))
    assert part.shape == (2, 1_000)
    assert threading.active_count() == before


def test_a_recording_is_a_tuple_of_audio_and_rate(tmp_path: Path) -> None:
    file = written(tmp_path / "a.wav", encoded(music(), FORMATS["wav"][0]))
    recording = md.read(file)
    audio, rate_hz = recording
    assert audio is recording.audio
    assert rate_hz == recording.sample_rate_hz
    assert isinstance(recording, tuple)
    assert len(recording) == 2
    assert len(repr(recording)) < 100
    np.zeros(2 * rate_hz)[: rate_hz // 2]
    md.write(tmp_path / "b.wav", recording, bit_depth=16, dither="none")
    np.testing.assert_array_equal(md.read(tmp_path / "b.wav").audio, audio)
    with pytest.raises(md.ParameterError, match="sample_rate_hz is missing"):
        md.write(tmp_path / "b.wav", audio)


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are any bytes")
def test_names_of_any_bytes(tmp_path: Path) -> None:
    for name in (b"\xff\xfe[b]:smile:.wav", b"line\nbreak.wav", b"n" * 251 + b".wav"):
        file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        md.write(file, music(), RATE_HZ)
        assert md.read(file).audio.shape == (2, FRAMES)
        assert os.fsencode(file.name) == name
        flac = file.with_name(file.name[:-4] + ".flac") if len(name) < 200 else file
        md.write(flac, music(), RATE_HZ, tags={"title": "x"})
        assert md.read(flac).audio.shape == (2, FRAMES)
        file.write_text("no audio")
        with pytest.raises(ValueError, match="not a readable audio file") as refusal:
            md.read(file)
        str(refusal.value).encode("utf-8")
        assert "\n" not in str(refusal.value)


@given(
    ending=st.sampled_from(sorted(FORMATS)),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
    stop=st.floats(0, 1),
)
@settings(deadline=None)
def test_any_header_can_be_looked_at(ending: str, changes: list[tuple[int, int]], stop: float) -> None:
    content = bytearray(_SMALL.setdefault(ending, encoded(music(frames=3_000), FORMATS[ending][0], 48_000)))
    for place, byte in changes:
        content[place % len(content)] = byte
    with tempfile.TemporaryFile() as file:
        file.write(content[: round(stop * len(content))])
        file.flush()
        container = inspect(file)
    assert container.promised_frames is None or container.promised_frames >= 0
    assert all(0 <= offset < len(content) for offset, _ in container.patches)
    assert all(0 <= start < end <= len(content) for start, end in container.stream or ())


@pytest.mark.parametrize("chunk", [b"LIST\4\0\0\0INFO", b""])
def test_a_file_without_audio_is_refused(tmp_path: Path, chunk: bytes) -> None:
    content = encoded(music(frames=0), FORMATS["wav"][0]) + chunk
    with pytest.raises(ValueError, match=r"holds no audio \(0 frames\)"):
        md.read(written(tmp_path / "a.wav", content))


# --- Loudspeakers ----------------------------------------------------------------------------------------------------


def with_one_loud(channels: int, loud: int) -> np.ndarray:
    audio = np.zeros((channels, 48_000), np.float32)
    audio[loud] = 0.5 * np.sin(2 * np.pi * 997 / 48_000 * np.arange(48_000))
    return audio


def loudness_lufs(file: Path) -> float:
    recording = md.read(file)
    return md.loudness(recording.audio, recording.sample_rate_hz, weights=recording.weights).integrated_lufs


#: How much louder one channel measures for its weight.
SIDE_LU = 10 * np.log10(1.41)
#: Of a sine of -6.02 dBFS in a channel that weighs 1.
ONE_LUFS = -9.03


@pytest.mark.parametrize(("subtype", "channels"), [*(("VORBIS", count) for count in range(3, 9)), ("OPUS", 6)])
def test_vorbis_order(tmp_path: Path, subtype: str, channels: int) -> None:
    order = loudspeakers.VORBIS[channels]
    for loud, position in enumerate(order):
        file = tmp_path / f"{loud}.ogg"
        soundfile.write(file, with_one_loud(channels, loud).T, 48_000, format="OGG", subtype=subtype)
        recording = md.read(file)
        assert recording.positions is not None
        assert recording.positions[int(np.argmax(np.abs(recording.audio).max(axis=1)))] == position
        if channels in loudspeakers.STANDARD:
            assert recording.positions == loudspeakers.STANDARD[channels]
            assert recording.weights is None
        if position == "LFE":
            assert loudness_lufs(file) < -40
        else:
            expected = ONE_LUFS + (SIDE_LU if position in ("Ls", "Rs") else 0)
            assert loudness_lufs(file) == pytest.approx(expected, abs=0.2)


def masked(audio: np.ndarray, mask: int) -> bytes:
    content = bytearray(encoded(audio, {"format": "WAVEX", "subtype": "PCM_16"}, 48_000))
    at = content.index(b"fmt ") + 8 + 20
    content[at : at + 4] = struct.pack("<I", mask)
    return bytes(content)


@pytest.mark.parametrize(
    ("mask", "positions", "levels_lu"),
    [
        (0x00B, "L R LFE", (0, 0, None)),
        (0x007, "L R C", (0, 0, 0)),
        (0x103, "L R Cs", (0, 0, 0)),
        (0x033, "L R Ls Rs", (0, 0, SIDE_LU, SIDE_LU)),
        (0x603, "L R Ls Rs", (0, 0, SIDE_LU, SIDE_LU)),
        (0x107, "L R C Cs", (0, 0, 0, 0)),
        (0x00F, "L R C LFE", (0, 0, 0, None)),
        (0x03F, "L R C LFE Ls Rs", (0, 0, 0, None, SIDE_LU, SIDE_LU)),
        (0x60F, "L R C LFE Ls Rs", (0, 0, 0, None, SIDE_LU, SIDE_LU)),
        (0x70F, "L R C LFE Cs Ls Rs", (0, 0, 0, None, 0, SIDE_LU, SIDE_LU)),
        (0x63F, "L R C LFE Lb Rb Ls Rs", (0, 0, 0, None, 0, 0, SIDE_LU, SIDE_LU)),
        (0x0FF, "L R C LFE Ls Rs Lc Rc", (0, 0, 0, None, SIDE_LU, SIDE_LU, 0, 0)),
    ],
)
def test_wav_masks(tmp_path: Path, mask: int, positions: str, levels_lu: tuple[float | None, ...]) -> None:
    for loud, level_lu in enumerate(levels_lu):
        file = written(tmp_path / f"{loud}.wav", masked(with_one_loud(len(levels_lu), loud), mask))
        assert md.read(file).positions == tuple(positions.split())
        expected = -np.inf if level_lu is None else ONE_LUFS + level_lu
        assert loudness_lufs(file) == pytest.approx(expected, abs=0.05)
    # What is read is written with its loudspeakers.
    recording = md.read(file)
    md.write(tmp_path / "again.wav", recording)
    again = md.read(tmp_path / "again.wav")
    assert again.positions == recording.positions
    assert again.weights == recording.weights


def core_audio(kind: str, audio: np.ndarray, layout: bytes) -> bytes:
    """A CAF or AIFF file with a channel layout in front of its samples."""
    content = encoded(audio, {"format": kind, "subtype": "PCM_16"}, 48_000)
    size = ">q" if kind == "CAF" else ">I"
    chunk = (b"chan" if kind == "CAF" else b"CHAN") + struct.pack(size, len(layout)) + layout
    at = content.index(b"data" if kind == "CAF" else b"SSND")
    longer = bytearray(content[:at] + chunk + content[at:])
    if kind == "AIFF":
        longer[4:8] = struct.pack(">I", len(longer) - 8)
    return bytes(longer)


@pytest.mark.parametrize("kind", ["CAF", "AIFF"])
def test_core_audio_layouts(tmp_path: Path, kind: str) -> None:
    order = ("L", "C", "R", "Ls", "Rs", "LFE")
    by_tag = struct.pack(">III", 123 << 16 | 6, 0, 0)
    by_mask = struct.pack(">III", 1 << 16, 0x3F, 0)
    labels = b"".join(struct.pack(">II3f", label, 0, 0, 0, 0) for label in (1, 3, 2, 5, 6, 4))
    by_labels = struct.pack(">III", 0, 0, 6) + labels
    for layout, positions in [
        (by_tag, order),
        (by_labels, order),
        (by_mask, ("L", "R", "C", "LFE", "Ls", "Rs")),
    ]:
        for loud, position in enumerate(positions):
            file = written(tmp_path / f"a.{kind.lower()}", core_audio(kind, with_one_loud(6, loud), layout))
            recording = md.read(file)
            assert recording.positions == loudspeakers.STANDARD[6]
            assert recording.positions[int(np.argmax(np.abs(recording.audio).max(axis=1)))] == position


def test_flac_masks(tmp_path: Path) -> None:
    from mutagen.flac import FLAC

    file = tmp_path / "a.flac"
    soundfile.write(file, with_one_loud(3, 2).T, 48_000)
    assert loudness_lufs(file) == pytest.approx(ONE_LUFS, abs=0.05)
    tagged = FLAC(file)
    tagged["WAVEFORMATEXTENSIBLE_CHANNEL_MASK"] = "0x000B"
    tagged["TITLE"] = "after"
    tagged.save()
    assert md.read(file).positions == ("L", "R", "LFE")
    assert loudness_lufs(file) == -np.inf


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 8])
def test_multichannel_wav_is_written_with_its_mask(tmp_path: Path, channels: int) -> None:
    audio = np.random.default_rng(1).uniform(-0.5, 0.5, (channels, 1_000)).astype(np.float32)
    for bit_depth in (16, 24, 32):
        md.write(tmp_path / "a.wav", audio, 48_000, bit_depth=bit_depth, dither="none")
        recording = md.read(tmp_path / "a.wav")
        assert recording.positions == loudspeakers.STANDARD[channels]
        np.testing.assert_allclose(recording.audio, audio, atol=2.0**-15)
        content = (tmp_path / "a.wav").read_bytes()
        # 5.1 is marked as its files usually are: with the back pair.
        mask = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 8: 0x63F}[channels]
        assert struct.unpack_from("<I", content, content.index(b"fmt ") + 28) == (mask,)
        assert soundfile.info(tmp_path / "a.wav").frames == 1_000


# --- Files that people have ------------------------------------------------------------------------------------------

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

#: Length in s, LUFS, and whether the file is told to be cut or unfinished.
AWKWARD = {
    "plain.mp3": (12.0, -13.1, False),
    "cover-no-xing.mp3": (12.04, -13.1, False),
    "vbr-no-xing.mp3": (12.04, -12.6, False),
    "half.mp3": (5.98, -13.0, True),
    "half.ogg": (5.10, -12.3, True),
    "half.wav": (2.0, -12.3, True),
    "no-length.flac": (3.0, -12.0, False),
    "zero-data-size.wav": (1.13, -10.7, True),
    "mask-2.1.wav": (2.0, -12.5, False),
    "lfe-5.1.ogg": (2.0, -41.9, False),
    "odd-rate-88201.wav": (0.09, -np.inf, False),
}


@pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")
@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_files(name: str) -> None:
    duration_s, lufs, told = AWKWARD[name]
    recording, said = read_both_ways(Path(_FOLDER or ".") / "awkward" / name)
    assert recording.audio.shape[1] / recording.sample_rate_hz == pytest.approx(duration_s, abs=0.006)
    reading = md.loudness(recording.audio, recording.sample_rate_hz, weights=recording.weights)
    assert reading.integrated_lufs == pytest.approx(lufs, abs=0.06)
    assert len(said) == told


@pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")
def test_awkward_aac() -> None:
    file = Path(_FOLDER or ".") / "awkward" / "tone.m4a"
    if shutil.which("ffmpeg") is None:
        with pytest.raises(ValueError, match=r"tone\.m4a: MP4 .* not installed: install ffmpeg"):
            md.read(file)
        return
    recording, said = read_both_ways(file)
    assert said == []
    assert recording.audio.shape[1] / recording.sample_rate_hz == pytest.approx(3.0, abs=0.05)


def test_loudspeakers_of_a_recording_count_at_every_door(tmp_path):
    loud = np.zeros((3, 2 * 48_000), np.float32)
    loud[:2] = 0.1 * np.random.default_rng(1).standard_normal((2, 2 * 48_000))
    loud[2] = 0.5 * np.sin(2 * np.pi * 50 * np.arange(2 * 48_000) / 48_000)
    recording = md.Recording(loud, 48_000)
    recording.positions, recording.weights = ("L", "R", "LFE"), (1.0, 1.0, 0.0)
    expected = md.loudness(loud, 48_000, weights=[1, 1, 0]).integrated_lufs
    assert md.loudness(recording).integrated_lufs == expected
    assert md.album_loudness([recording]) == expected
    for name in ("masked.wav", "masked.flac"):
        md.write(tmp_path / name, recording)
        again = md.read(tmp_path / name)
        assert again.positions == ("L", "R", "LFE")
        assert md.loudness(again).integrated_lufs == pytest.approx(expected, abs=0.001)
    for work in (md.master, lambda audio: md.normalize(audio, target_lufs=-20)):
        with pytest.raises(md.ParameterError, match="audio has the loudspeakers L R LFE: the layouts are mono, stereo"):
            work(recording)


def test_a_size_that_a_recorder_left_behind_is_not_the_end(tmp_path):
    noise = np.random.default_rng(2).uniform(-0.3, 0.3, 44_100)
    md.write(tmp_path / "whole.wav", noise, 44_100, bit_depth=16)
    content = bytearray((tmp_path / "whole.wav").read_bytes())
    at = content.index(b"data") + 4
    stale = 2 * 20_000
    content[at : at + 4] = stale.to_bytes(4, "little")
    (tmp_path / "stale.wav").write_bytes(content)
    with pytest.warns(RuntimeWarning, match=r"20000 frames \(0.45 s\) promised, 44100 frames \(1.00 s\) found"):
        assert md.read(tmp_path / "stale.wav").audio.shape == (1, 44_100)
    # Chunks and padding behind the samples are none of them.
    for rest in (b"LIST\x04\x00\x00\x00INFO", bytes(500)):
        (tmp_path / "chunk.wav").write_bytes((tmp_path / "whole.wav").read_bytes() + rest)
        assert md.read(tmp_path / "chunk.wav").audio.shape == (1, 44_100)


def test_blocks_and_balances_print_short(tmp_path):
    tone = 0.1 * np.sin(np.arange(48_000))
    md.write(tmp_path / "tone.wav", tone, 48_000)
    blocks = md.blocks(tmp_path / "tone.wav", frames=1_000)
    next(blocks)
    assert repr(blocks).endswith("tone.wav: 1 channels, 48000 Hz, 1000 frames read>")
    blocks.close()
    text = repr(md.balance({"tone": (tone, 48_000), "nothing": (0 * tone, 48_000)}, 48_000))
    assert text.startswith("<Balance of 2 stems: ")
    assert text.endswith("-6.00 dBTP, left alone: nothing>")
