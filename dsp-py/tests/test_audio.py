"""Files: what is written is what was meant, or nothing."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC
from mutagen.wave import WAVE

import mixdown as md

RATE_HZ = 48_000


def test_float_files_keep_every_bit(tmp_path, noise) -> None:
    audio = noise(2, 1000) * 10
    md.write(tmp_path / "a.wav", audio, RATE_HZ, bit_depth=32)
    back, rate_hz = md.read(tmp_path / "a.wav")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(back, audio)


@pytest.mark.parametrize("ending", ["wav", "flac"])
@pytest.mark.parametrize("bits", [16, 24])
def test_whole_numbers_are_dithered_to_the_nearest_steps(tmp_path, noise, ending, bits) -> None:
    audio = noise(2, 50_000)
    file = tmp_path / f"a.{ending}"
    md.write(file, audio, RATE_HZ, bit_depth=bits)
    assert soundfile.info(file).subtype == f"PCM_{bits}"
    back, _ = soundfile.read(file, dtype="float64", always_2d=True)
    error = (back.T - audio) * 2 ** (bits - 1)
    assert np.max(np.abs(error)) <= 1.5  # half a step of rounding, one of dither
    # Triangular dither: half a step RMS, whatever the signal.
    assert abs(np.sqrt(np.mean(error**2)) - 0.5) < 0.01
    # The same noise in every file of this name, another in others.
    for folder, name, same in (("b", "a", True), ("c", "b", False)):
        (tmp_path / folder).mkdir()
        other = tmp_path / folder / f"{name}.{ending}"
        md.write(other, audio, RATE_HZ, bit_depth=bits)
        assert (other.read_bytes() == file.read_bytes()) == same
    md.write(file, audio, RATE_HZ, bit_depth=bits, dither="none")
    back, _ = soundfile.read(file, dtype="float64", always_2d=True)
    assert np.max(np.abs(back.T - audio)) * 2 ** (bits - 1) <= 0.5


def test_full_scale_is_clipped_with_a_warning(tmp_path) -> None:
    with pytest.warns(RuntimeWarning, match="2 samples above full scale were clipped"):
        md.write(tmp_path / "a.wav", np.array([0.0, 1.5, -1.5]), RATE_HZ)
    back, _ = md.read(tmp_path / "a.wav")
    np.testing.assert_allclose(back[0, 1:], [1.0, -1.0], atol=1e-6)


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_tags(tmp_path, noise, ending) -> None:
    file = tmp_path / f"a.{ending}"
    audio = noise(1, 100)
    md.write(file, audio, RATE_HZ, tags={"title": "Süßes Lied", "artist": "Duo", "isrc": "DEABC2600001"})
    assert md.read(file)[0].shape == (1, 100)
    if ending == "flac":
        assert FLAC(file)["title"] == ["Süßes Lied"]
    else:
        assert WAVE(file).tags["TIT2"].text == ["Süßes Lied"]
    with pytest.raises(md.ParameterError, match="tags has no mood"):
        md.write(file, audio, RATE_HZ, tags={"mood": "blue"})
    with pytest.raises(TypeError, match=r"tags\['title'\] = 3 is not a text"):
        md.write(file, audio, RATE_HZ, tags={"title": 3})


def test_ogg_and_mp3_are_read_as_float(tmp_path, noise) -> None:
    audio = noise(2, 48_000).T
    for name, file_format, subtype in (("a.ogg", "OGG", "VORBIS"), ("a.mp3", "MP3", "MPEG_LAYER_III")):
        soundfile.write(tmp_path / name, audio, RATE_HZ, format=file_format, subtype=subtype)
        back, rate_hz = md.read(tmp_path / name)
        assert back.dtype == np.float32
        assert back.shape[0] == 2
        assert rate_hz == RATE_HZ


def test_a_failed_write_leaves_what_was_there(tmp_path, noise) -> None:
    file = tmp_path / "a.wav"
    md.write(file, noise(1, 100), RATE_HZ)
    before = file.read_bytes()
    for audio, options, message in [
        (np.array([np.nan]), {}, "audio holds 1 non-finite samples"),
        (np.zeros(4), {"bit_depth": 20}, "bit_depth = 20 is not allowed"),
        (np.zeros(4), {"dither": "loud"}, "dither = 'loud' is not allowed"),
    ]:
        with pytest.raises(md.ParameterError, match=message):
            md.write(file, audio, RATE_HZ, **options)
    with pytest.raises(TypeError, match="int16"):
        md.write(file, np.zeros(4, np.int16), RATE_HZ)
    assert file.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize("ending", ["wav", "flac", "aiff", "mp3", "ogg", "opus", "m4a"])
def test_a_disk_that_is_full_at_any_moment_leaves_what_was_there(tmp_path, ending) -> None:
    script = """
import os, resource, signal, sys
import numpy as np
import mixdown as md
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
audio = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 30_000)).astype("f4")
md.write(sys.argv[1], audio, 48_000)
whole = open(sys.argv[1], "rb").read()
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
for limit in (0, 100, len(whole) // 2, len(whole) - 5_000, len(whole) - 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        md.write(sys.argv[1], -audio, 48_000)
    except OSError as error:
        assert error.filename == sys.argv[1], error
    else:
        sys.exit(f"{limit} bytes were enough")
    assert open(sys.argv[1], "rb").read() == whole
    assert len(os.listdir(os.path.dirname(sys.argv[1]))) == 1
"""
    command = [sys.executable, "-c", script, str(tmp_path / f"a.{ending}")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_unreadable_and_unwritable_places(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        md.read(tmp_path / "missing.wav")
    (tmp_path / "text.wav").write_text("no audio at all")
    with pytest.raises(ValueError, match=r"text\.wav: not a readable audio file"):
        md.read(tmp_path / "text.wav")
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 1)), RATE_HZ)
    with pytest.raises(ValueError, match=r"holds no audio \(0 frames\)"):
        md.read(tmp_path / "empty.wav")
    with pytest.raises(OSError, match="No such file"):
        md.write(tmp_path / "nowhere" / "a.wav", np.zeros(4), RATE_HZ)
    with pytest.raises(md.ParameterError, match=r"its name must end in \.wav, \.flac"):
        md.write(tmp_path / "a.wma", np.zeros(4), RATE_HZ)


def test_to_float() -> None:
    np.testing.assert_array_equal(md.to_float(np.array([-32768, 0, 16384], np.int16)), [-1.0, 0.0, 0.5])
    np.testing.assert_array_equal(md.to_float(np.array([-(2**23), 2**22], np.int32), bit_depth=24), [-1.0, 0.5])
    np.testing.assert_array_equal(md.to_float(np.array([0, 128, 192], np.uint8)), [-1.0, 0.0, 0.5])
    with pytest.raises(TypeError, match="to_float takes whole numbers"):
        md.to_float(np.zeros(3))
    with pytest.raises(md.ParameterError, match="bit_depth = 40"):
        md.to_float(np.zeros(3, np.int16), bit_depth=40)
