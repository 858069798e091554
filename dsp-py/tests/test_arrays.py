"""One rule of arrays: every entry point against every kind of array."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from matplotlib.figure import Figure

import mixdown as md
from border import FRAMES, RATE_HZ, TONE, Recording


class ArrayOnly:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.array


class DLPackOnly:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class Broken:
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise RuntimeError("still on the other device")


def unaligned(array: np.ndarray) -> np.ndarray:
    record = np.zeros(array.size, dtype=[("gap", "u1"), ("sample", array.dtype)])
    record["sample"] = array
    return record["sample"]


class Subclass(np.ndarray):
    pass


def read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


def mixed(audio: Any) -> np.ndarray:
    mix = md.Mix()
    return mix.track("a", audio).audio


def set_later(audio: Any) -> np.ndarray:
    mix = md.Mix()
    track = mix.track("a", np.zeros(4))
    track.audio = audio
    return track.audio


def metered(audio: Any) -> md.Loudness:
    meter = md.LoudnessMeter(RATE_HZ, 1)
    meter.observe(audio)
    return meter.reading()


def level_metered(audio: Any) -> float:
    meter = md.LevelMeter(RATE_HZ, 1)
    meter.observe(audio)
    return meter.reading().rms_dbfs


def keyed(audio: Any) -> np.ndarray:
    return md.Compressor()(np.zeros((1, FRAMES)), RATE_HZ, key=audio)


def stream_keyed(audio: Any) -> np.ndarray:
    stream = md.Compressor().stream(RATE_HZ, 1, "float64", key_channels=1)
    return stream.process(np.zeros((1, FRAMES)), key=audio)


def written(audio: Any) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.wav")
        md.write(file, audio, RATE_HZ, bit_depth=32)
        return soundfile.read(file, always_2d=True)[0].T


def drawn(audio: Any) -> np.ndarray:
    axes = Figure().add_subplot()
    md.display.waveform(audio, RATE_HZ, axes)
    return axes.collections[0].get_paths()[0].vertices.T if axes.collections else np.zeros((2, 0))


#: Everything that takes audio, but `to_float`, which takes whole numbers.
ENTRIES: dict[str, Callable[[Any], Any]] = {
    "effect": lambda audio: md.Bell(gain_db=3)(audio, RATE_HZ),
    "key": keyed,
    "gain_reduction": lambda audio: md.Compressor().gain_reduction(audio, RATE_HZ),
    "stream": lambda audio: md.Gain().stream(RATE_HZ, 1, "float64").process(audio),
    "stream key": stream_keyed,
    "loudness": lambda audio: md.loudness(audio, RATE_HZ),
    "meter": metered,
    "level meter": level_metered,
    "album_loudness": lambda audio: md.album_loudness([(audio, RATE_HZ)]),
    "normalize": lambda audio: md.normalize(audio, RATE_HZ, target_lufs=-30),
    "reduce": lambda audio: md.normalize(audio, RATE_HZ, target_lufs=-30, policy="reduce"),
    "master": lambda audio: md.master(audio, RATE_HZ).audio,
    "track": mixed,
    "track set later": set_later,
    "Convolution": lambda audio: md.Convolution(impulse_response=audio),
    "ImpulseResponse": lambda audio: md.ImpulseResponse(audio),
    "resample": lambda audio: md.resample(audio, RATE_HZ, 44_100),
    "balance": lambda audio: md.balance({"a": (audio, RATE_HZ)}, RATE_HZ).audio,
    "write": written,
    "spectrum": lambda audio: md.spectrum(audio, RATE_HZ).levels_db,
    "waveform": drawn,
}


def plain(result: Any) -> Any:
    """What can be compared of a result."""
    if isinstance(result, md.Loudness):
        return result.integrated_lufs
    return np.asarray(result) if not isinstance(result, (float, md.Effect)) else result


@pytest.mark.parametrize("entry", ENTRIES)
class TestOneRuleOfArrays:
    @pytest.mark.parametrize(
        "form",
        [
            lambda x: x.astype(">f8"),
            lambda x: np.repeat(x, 3)[::3],
            lambda x: x[::-1].copy()[::-1],
            lambda x: np.asfortranarray(x[np.newaxis].repeat(2, axis=0))[0],
            read_only,
            unaligned,
            ArrayOnly,
            DLPackOnly,
            lambda x: x.view(Subclass),
        ],
        ids=[
            *("big-endian", "strided", "reversed", "fortran", "read-only", "unaligned"),
            *("__array__", "__dlpack__", "subclass"),
        ],
    )
    def test_the_same_samples_in_any_form(self, entry: str, form: Callable[[np.ndarray], Any]) -> None:
        np.testing.assert_equal(plain(ENTRIES[entry](form(TONE))), plain(ENTRIES[entry](TONE)))

    @pytest.mark.parametrize(
        ("audio", "error", "message"),
        [
            ([0.0, 0.5], TypeError, "is list: audio is a numpy array; numpy.array makes one"),
            ([[0.0], [0.5]], TypeError, "is list: audio is a numpy array; numpy.array makes one"),
            (np.ma.masked_array(TONE, TONE > 0), TypeError, r"is MaskedArray: audio has no mask; its filled\(\)"),
            (np.zeros(FRAMES, np.longdouble), TypeError, r"is float\d+: audio is float32 or float64$"),
            (np.zeros(FRAMES, [("left", "f4")]), TypeError, r"is \[\('left', '<f4'\)\]: audio is float32 or float64$"),
            ("kick.raw", TypeError, "is str: audio is a numpy array"),
            (None, TypeError, "is NoneType: audio is a numpy array"),
            (0.5, TypeError, "is float: audio is a numpy array; audio comes first"),
            (np.zeros(FRAMES, np.int16), TypeError, r"is int16: .* mixdown\.to_float\(\S+\) converts"),
            (np.zeros(FRAMES, ">i4"), TypeError, r"is >i4: .* mixdown\.to_float\(\S+\) converts"),
            (np.zeros(FRAMES, np.uint8), TypeError, r"is uint8: .* mixdown\.to_float\(\S+\) converts"),
            (np.zeros(FRAMES, bool), TypeError, "is bool: audio is float32 or float64$"),
            (np.zeros(FRAMES, np.float16), TypeError, "is float16: audio is float32 or float64$"),
            (np.zeros(FRAMES, np.complex64), TypeError, "is complex64: audio is float32 or float64$"),
            (np.zeros(FRAMES, object), TypeError, "is object: audio is float32 or float64$"),
            (ArrayOnly(np.zeros(FRAMES, np.int16)), TypeError, "is int16"),
            (Broken(), TypeError, "does not turn into a numpy array: still on the other device"),
            (np.float64(0.5), md.ShapeError, r"has shape \[\]"),
            (
                np.zeros((1, 2, 3)),
                md.ShapeError,
                r"has shape \[1, 2, 3\]: audio is \(channels, frames\) or \(frames,\)",
            ),
            (np.zeros((65, 10)), md.ShapeError, r"has 65 rows: audio is .* 1\.\.64 channels; .* pass \S+\.T"),
            (np.zeros((0, 10)), md.ShapeError, "has 0 rows"),
        ],
        ids=lambda value: "" if isinstance(value, type) else None,
    )
    def test_the_same_refusals_in_the_same_words(self, entry: str, audio: Any, error: type, message: str) -> None:
        if isinstance(audio, str) and entry == "ImpulseResponse":
            error, message = md.ParameterError, "samples = 'kick.raw' is not Base64"
        elif isinstance(audio, str) and entry == "Convolution":
            error, message = FileNotFoundError, "impulse_response: kick.raw: No such file"
        elif audio is None and "key" in entry:
            # That is no key at all.
            audio, message = 3, "key is int: audio is a numpy array"
        with pytest.raises(error, match=message):
            ENTRIES[entry](audio)

    def test_no_frames(self, entry: str) -> None:
        if entry in ("key", "stream key"):
            with pytest.raises(md.ShapeError, match=r"key has 0 frames"):
                ENTRIES[entry](np.zeros((1, 0)))
        elif entry == "spectrum":
            assert np.all(np.isneginf(ENTRIES[entry](np.zeros((1, 0)))))
        elif entry in ("normalize", "reduce", "master", "Convolution", "ImpulseResponse"):
            with pytest.raises(ValueError, match=r"too short|empty"):
                ENTRIES[entry](np.zeros((1, 0)))
        else:
            result = plain(ENTRIES[entry](np.zeros((1, 0))))
            assert result == -math.inf if isinstance(result, float) else result.shape[-1] == 0


class TestToFloat:
    WORDS = np.arange(-4, 4, dtype=np.int16)

    @pytest.mark.parametrize(
        "form",
        [lambda x: x.astype(">i2"), lambda x: np.repeat(x, 3)[::3], read_only, unaligned, ArrayOnly, DLPackOnly],
    )
    def test_the_same_words_in_any_form(self, form: Callable[[np.ndarray], Any]) -> None:
        np.testing.assert_array_equal(md.to_float(form(self.WORDS)), self.WORDS / np.float32(32768))

    def test_refusals(self) -> None:
        for words, message in (
            ([1, 2], "audio is list: audio is a numpy array; numpy.array makes one"),
            ("kick.raw", "audio is str: audio is a numpy array; mixdown.read makes one of a file$"),
            (np.ma.masked_array(self.WORDS, self.WORDS > 0), "audio is MaskedArray: audio has no mask"),
            (self.WORDS.astype(float), "audio is float64: to_float takes whole numbers"),
            (self.WORDS > 0, "audio is bool: to_float takes whole numbers"),
            (self.WORDS.astype(object), "audio is object: to_float takes whole numbers"),
            (self.WORDS.astype(np.uint16), "audio is uint16: unsigned samples are 8 bit"),
        ):
            with pytest.raises(TypeError, match=message):
                md.to_float(words)


def test_a_recording_alone_is_enough() -> None:
    recording, same = Recording(TONE, RATE_HZ), md.Gain()
    np.testing.assert_array_equal(same(recording), TONE)
    compressor = md.Compressor()
    np.testing.assert_array_equal(compressor(recording, key=recording), compressor(TONE, RATE_HZ, key=TONE))
    np.testing.assert_array_equal(compressor.gain_reduction(recording), compressor.gain_reduction(TONE, RATE_HZ))
    assert md.loudness(recording).integrated_lufs == md.loudness(TONE, RATE_HZ).integrated_lufs
    assert md.album_loudness([recording]) == md.album_loudness([(TONE, RATE_HZ)])
    expected = md.normalize(TONE, RATE_HZ, target_lufs=-30)
    np.testing.assert_array_equal(md.normalize(recording, target_lufs=-30), expected)
    assert md.master(recording).sample_rate_hz == RATE_HZ
    response = md.Convolution(impulse_response=Recording(TONE[:100], 44_100))
    assert response == md.Convolution(impulse_response=TONE[:100], impulse_response_rate_hz=44_100)
    assert md.Mix(sample_rate_hz=96_000).track("a", recording).audio.shape == (1, 2 * FRAMES)
    # A rate of its own is not overruled.
    for call in (
        lambda: same(recording, 44_100),
        lambda: md.loudness(recording, 44_100),
        lambda: compressor(TONE, RATE_HZ, key=Recording(TONE, 44_100)),
    ):
        with pytest.raises(md.ParameterError, match=r"sample_rate_hz = \d+ does not fit: \w+ was recorded at \d+"):
            call()
    with pytest.raises(md.ParameterError, match="sample_rate_hz is missing"):
        same(TONE)


def test_gain_reduction_of_no_frames_keeps_its_shape() -> None:
    none = np.zeros((2, 0))
    assert md.Compressor().gain_reduction(none, RATE_HZ).shape == (2, 0)
    assert md.MultibandCompressor().gain_reduction(none, RATE_HZ).shape == (3, 2, 0)
    assert md.DynamicEqualizer(bands=[md.DynamicBand()] * 4).gain_reduction(none, RATE_HZ).shape == (4, 2, 0)
    assert md.DynamicEqualizer().gain_reduction(np.zeros((2, 10)), RATE_HZ).shape == (0, 2, 10)
    mix = md.Mix()
    mix.track("nothing", np.zeros((2, 0), np.float32))
    assert mix.render().shape == (2, 0)
    assert mix.render(tail=0.5).shape == (2, 24_000)
