"""The likeliest mistakes of a first hour: each is told in one line, with what was given, what is legal, what to do."""

import pathlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
SONG = (0.25 * np.random.default_rng(1).uniform(-1, 1, (2, RATE_HZ))).astype(np.float32)
BROKEN = np.where(np.arange(RATE_HZ) == 7, np.nan, SONG)


class Tensor:
    """A tensor that needs its gradient, as torch refuses to export one."""

    def __dlpack__(self, **_: Any) -> Any:
        raise RuntimeError("Can't export tensors that require gradient, use tensor.detach()")

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def mixed(**settings: Any) -> np.ndarray:
    """A mix of one track with these settings, a kick and a hall."""
    mix = md.Mix()
    mix.track("vocals", SONG, **settings)
    mix.track("kick", SONG)
    mix.returns("hall", [md.Reverb()])
    return mix.render(tail=0)


TARGETS = ", ".join(target.name for target in md.targets())
AUDIO = "audio is (channels, frames) with 1..64 channels; if its rows are frames, pass audio.T"
KEYS = "Compressor, Expander, Gate and DynamicEqualizer do"
FINITE = "NaN or infinite; numpy.nan_to_num(audio, posinf=0, neginf=0) makes them 0"
NO_RATE = "sample_rate_hz is missing: audio may stand alone only if it came from mixdown.read"
IN_TARGETS = f"is unknown: it must be one of {TARGETS}"


@dataclass(frozen=True)
class Mistake:
    """What a newcomer writes, and the whole line that comes back."""

    work: Callable[[], Any]
    error: type[Exception]
    line: str


#: The fifteen, in the order of the hour, each in several forms.
MISTAKES: dict[str, list[Mistake]] = {
    "frames before channels": [
        Mistake(lambda: md.Compressor()(SONG.T, RATE_HZ), md.ShapeError, f"audio has 48000 rows: {AUDIO}"),
        Mistake(lambda: md.loudness(SONG.T, RATE_HZ), md.ShapeError, f"audio has 48000 rows: {AUDIO}"),
        Mistake(lambda: md.master(SONG.T, RATE_HZ), md.ShapeError, f"audio has 48000 rows: {AUDIO}"),
        Mistake(lambda: md.Mix().track("kick", SONG.T), md.ShapeError, f"audio of 'kick' has 48000 rows: {AUDIO}"),
        Mistake(
            lambda: md.Compressor()(SONG[np.newaxis], RATE_HZ),
            md.ShapeError,
            "audio has shape [1, 2, 48000]: audio is (channels, frames) or (frames,); of a batch give one item, "
            "audio[0]",
        ),
        Mistake(
            lambda: md.Gain().stream(RATE_HZ, 2).process(SONG.T[:64]),
            md.ShapeError,
            "block has 64 channels: the stream has 2",
        ),
    ],
    "whole numbers": [
        Mistake(
            lambda: md.Compressor()((32_767 * SONG).astype(np.int16), RATE_HZ),
            TypeError,
            "audio is int16: audio is float32 or float64; mixdown.to_float(audio) converts whole numbers",
        ),
        Mistake(lambda: md.Gain()(SONG > 0, RATE_HZ), TypeError, "audio is bool: audio is float32 or float64"),
        Mistake(
            lambda: md.Gain()(SONG.astype(complex), RATE_HZ),
            TypeError,
            "audio is complex128: audio is float32 or float64",
        ),
    ],
    "a list": [
        Mistake(
            lambda: md.Gain()([0.0, 0.5], RATE_HZ),
            TypeError,
            "audio is list: audio is a numpy array; numpy.array makes one of a sequence",
        ),
        Mistake(lambda: md.Gain()(None, RATE_HZ), TypeError, "audio is NoneType: audio is a numpy array"),
        Mistake(
            lambda: md.Gain()(Tensor(), RATE_HZ),
            TypeError,
            "audio does not turn into a numpy array: Can't export tensors that require gradient, use tensor.detach()",
        ),
    ],
    "a name misspelt": [
        Mistake(
            lambda: md.Compressor(treshold_db=-20),
            md.ParameterError,
            "Compressor has no parameter treshold_db: did you mean threshold_db?",
        ),
        Mistake(
            lambda: md.HighPass(freq=80),
            md.ParameterError,
            "HighPass has no parameter freq: did you mean frequency_hz?",
        ),
        Mistake(lambda: md.Gain(db=3), md.ParameterError, "Gain has no parameter db: did you mean gain_db?"),
        Mistake(
            lambda: md.Limiter(threshold_db=-1),
            md.ParameterError,
            "Limiter has no parameter threshold_db: it has ceiling_db, gain_db, lookahead_ms, hold_ms, release_ms, "
            "release_mode, link_percent, mode",
        ),
        Mistake(
            lambda: md.write("a.wav", SONG, RATE_HZ, subtype="PCM_16"),
            md.ParameterError,
            "write has no parameter subtype: it has path, audio, sample_rate_hz, bit_depth, dither, noise_shaping, "
            "tags, profile, broadcast, bitrate_kbps",
        ),
        Mistake(
            lambda: md.master(SONG, RATE_HZ, targt="spotify"),
            md.ParameterError,
            "master has no parameter targt: did you mean target?",
        ),
        Mistake(lambda: mixed(fader=-3), md.ParameterError, "Mix.track has no parameter fader: did you mean fader_db?"),
    ],
    "by position": [
        Mistake(
            lambda: md.Compressor(-20),
            md.ParameterError,
            "parameters are given by name: Compressor(threshold_db=-20)",
        ),
        Mistake(
            lambda: md.Bell(1_000, 3),
            md.ParameterError,
            "parameters are given by name: Bell(frequency_hz=1000, gain_db=3)",
        ),
        Mistake(
            lambda: md.Chain(md.Gain(), md.Bell()),
            md.ParameterError,
            "Chain takes effects by position, not 2 values: several go into one list",
        ),
        Mistake(
            lambda: md.Compressor(SONG, RATE_HZ),
            md.ParameterError,
            "Compressor takes its settings by name, and audio goes to what it returns: "
            "Compressor()(audio, sample_rate_hz)",
        ),
        Mistake(
            lambda: md.Chain([md.Gain]),
            TypeError,
            "effects[0] = class Gain is not an effect: did you mean Gain()?",
        ),
        Mistake(
            lambda: mixed(inserts=[np.tanh.__call__]),
            TypeError,
            f"inserts[0] = {np.tanh.__call__!r} is not an effect: mixdown.Function makes one of a function",
        ),
        Mistake(
            lambda: mixed(inserts=md.Bypass(md.Width())),
            TypeError,
            "inserts = Bypass(effect=Width(width=1.0, bass_mono_hz=0.0)) is not a list of effects: put it into [ ]",
        ),
    ],
    "kilohertz, seconds, percent": [
        Mistake(
            lambda: md.HighPass(frequency_hz=0.08),
            md.ParameterError,
            "frequency_hz = 0.08 is out of range: it must lie in 10..22000: did you mean 80?",
        ),
        Mistake(
            lambda: md.Gain() >> md.Equalizer(bands=[md.Bell(frequency_hz=3)]),
            md.ParameterError,
            "frequency_hz = 3 is out of range: it must lie in 10..22000: did you mean 3000?",
        ),
        Mistake(
            lambda: md.Compressor()(SONG, 44.1),
            md.ParameterError,
            "sample_rate_hz = 44.1 is out of range: it must lie in 8000..384000: did you mean 44100?",
        ),
        Mistake(
            lambda: md.resample(SONG, RATE_HZ, 48),
            md.ParameterError,
            "to_rate_hz = 48 is out of range: it must lie in 8000..384000: did you mean 48000?",
        ),
        Mistake(
            lambda: md.Compressor(release_ms=0.1),
            md.ParameterError,
            "release_ms = 0.1 is out of range: it must lie in 5..5000: did you mean 100?",
        ),
        Mistake(
            lambda: md.Reverb(mix=30),
            md.ParameterError,
            "mix = 30 is out of range: it must lie in 0..1: did you mean 0.3?",
        ),
        Mistake(
            lambda: mixed(pan=-50),
            md.ParameterError,
            'strip "vocals": pan = -50 is out of range: it must lie in -1..1: did you mean -0.5?',
        ),
        Mistake(
            lambda: md.Compressor(attack_ms=-1),
            md.ParameterError,
            "attack_ms = -1 is out of range: it must lie in 0.02..250",
        ),
        Mistake(
            lambda: md.read("a.wav", start_s=-1),
            md.ParameterError,
            "start_s = -1 is out of range: it must be a finite number of at least 0",
        ),
    ],
    "a level without its sign, a gain as a factor": [
        Mistake(
            lambda: md.Compressor(threshold_db=20),
            md.ParameterError,
            "threshold_db = 20 is out of range: it must lie in -60..0: did you mean -20?",
        ),
        # Half a decibel below 0 or a factor: what is meant is not known.
        Mistake(
            lambda: md.Compressor(threshold_db=0.5),
            md.ParameterError,
            "threshold_db = 0.5 is out of range: it must lie in -60..0",
        ),
        Mistake(
            lambda: md.Gate(range_db=-40),
            md.ParameterError,
            "range_db = -40 is out of range: it must lie in 0..inf: did you mean 40?",
        ),
        Mistake(
            lambda: md.normalize(SONG, RATE_HZ, target_lufs=14),
            md.ParameterError,
            "target_lufs = 14 is out of range: it must lie in -50..0: did you mean -14?",
        ),
        Mistake(
            lambda: md.Gain(gain_db=100), md.ParameterError, "gain_db = 100 is out of range: it must lie in -inf..60"
        ),
        Mistake(
            lambda: mixed(fader_db=50),
            md.ParameterError,
            'strip "vocals": fader_db = 50 is out of range: it must lie in -inf..12',
        ),
    ],
    "rate and audio swapped": [
        Mistake(
            lambda: md.Compressor()(RATE_HZ, SONG),
            TypeError,
            "sample_rate_hz = array of shape (2, 48000) is not a number: audio comes first, then its sample rate",
        ),
        Mistake(
            lambda: md.write("a.wav", RATE_HZ, SONG),
            TypeError,
            "sample_rate_hz = array of shape (2, 48000) is not a number: audio comes first, then its sample rate",
        ),
        Mistake(
            lambda: md.write(SONG, "a.wav", RATE_HZ),
            TypeError,
            "path = array of shape (2, 48000) is not a path: it must be a str or a pathlib.Path, and comes before "
            "audio and rate",
        ),
        Mistake(lambda: md.loudness(SONG), md.ParameterError, NO_RATE),
    ],
    "a path as audio": [
        Mistake(
            lambda: md.Compressor()("song.wav", RATE_HZ),
            TypeError,
            "audio is str: audio is a numpy array; mixdown.read makes one of a file",
        ),
        Mistake(
            lambda: md.loudness("song.wav"),
            TypeError,
            "audio is str: audio is a numpy array; mixdown.read makes one of a file",
        ),
        Mistake(
            lambda: md.master(pathlib.Path("song.wav")),
            TypeError,
            f"audio is {type(pathlib.Path()).__name__}: audio is a numpy array; mixdown.read makes one of a file",
        ),
        Mistake(
            lambda: md.Mix().track("kick", "kick.wav"),
            TypeError,
            "audio of 'kick' is str: audio is a numpy array; mixdown.read makes one of a file",
        ),
    ],
    "an unknown target": [
        Mistake(
            lambda: md.master(SONG, RATE_HZ, target="spotifi"),
            md.ParameterError,
            f"target = 'spotifi' {IN_TARGETS}: did you mean spotify?",
        ),
        Mistake(
            lambda: md.master(SONG, RATE_HZ, target="myspace"), md.ParameterError, f"target = 'myspace' {IN_TARGETS}"
        ),
        Mistake(
            lambda: md.master(SONG, RATE_HZ, target=-14),
            md.ParameterError,
            f"target = -14 {IN_TARGETS}: a loudness is given by target_lufs",
        ),
        Mistake(
            lambda: md.Reverb(space="cathedrals"),
            md.ParameterError,
            "space = 'cathedrals' is not allowed: it must be one of room, club, chamber, hall, cathedral: did you mean "
            "cathedral?",
        ),
    ],
    "beyond half the rate": [
        Mistake(
            lambda: md.LowPass(frequency_hz=16_000)(SONG, 22_050),
            md.ParameterError,
            "frequency_hz = 16000 is out of range: with sample_rate_hz = 22050 it must lie in 10..10804.5",
        ),
        Mistake(
            lambda: (md.Gain() >> md.LowPass(frequency_hz=16_000)).stream(22_050, 2),
            md.ParameterError,
            "effects[1].frequency_hz = 16000 is out of range: with sample_rate_hz = 22050 it must lie in 10..10804.5",
        ),
        Mistake(
            lambda: md.LowPass(frequency_hz=24_000),
            md.ParameterError,
            "frequency_hz = 24000 is out of range: it must lie in 10..22000",
        ),
    ],
    "NaN in the audio": [
        Mistake(lambda: md.loudness(BROKEN, RATE_HZ), md.ParameterError, f"audio holds 2 non-finite samples: {FINITE}"),
        Mistake(lambda: md.master(BROKEN, RATE_HZ), md.ParameterError, f"audio holds 2 non-finite samples: {FINITE}"),
        Mistake(
            lambda: md.write("a.wav", BROKEN, RATE_HZ),
            md.ParameterError,
            f"audio holds 2 non-finite samples: {FINITE}",
        ),
        Mistake(
            lambda: md.Mix().track("kick", BROKEN),
            md.ParameterError,
            f"audio of 'kick' holds 2 non-finite samples: {FINITE}",
        ),
        # An effect goes on, as a stream does, and says so.
        Mistake(lambda: md.Compressor()(BROKEN, RATE_HZ), RuntimeWarning, "2 non-finite samples were replaced by 0"),
    ],
    "a key that does not fit": [
        Mistake(
            lambda: md.Compressor()(SONG, RATE_HZ, key=SONG[:, :100]),
            md.ShapeError,
            "key has 100 frames: audio has 48000",
        ),
        Mistake(
            lambda: md.Compressor()(SONG, RATE_HZ, key=np.zeros((3, RATE_HZ), np.float32)),
            md.ShapeError,
            "key has 3 channels: 1 or 2, as the audio has, needed",
        ),
        Mistake(
            lambda: md.Compressor()(SONG, RATE_HZ, key=(SONG, 44_100)),
            md.ParameterError,
            "sample_rate_hz = 48000 does not fit: key was recorded at 44100",
        ),
        Mistake(
            lambda: md.Compressor()(SONG, RATE_HZ, key=SONG.astype(float)),
            TypeError,
            "key must be float32 as the audio is",
        ),
        Mistake(lambda: md.Gain()(SONG, RATE_HZ, key=SONG), md.ParameterError, f"Gain takes no key: {KEYS}"),
        Mistake(
            lambda: mixed(key_from="kick"),
            md.MixerError,
            f'strip "vocals": key_from = "kick": none of its inserts takes a key: {KEYS}',
        ),
        Mistake(
            lambda: mixed(inserts=[md.Compressor()], key_from="kik"),
            md.MixerError,
            'strip "vocals": key_from: there is no strip named "kik": did you mean kick?',
        ),
        Mistake(
            lambda: mixed(sends={"hal": -6}),
            md.MixerError,
            'strip "vocals": sends: there is no strip named "hal": did you mean hall?',
        ),
    ],
    "a rate as text, another rate": [
        Mistake(
            lambda: md.Compressor()(SONG, "48000"),
            TypeError,
            "sample_rate_hz = '48000' is not a number: did you mean 48000, without quotes?",
        ),
        Mistake(lambda: md.Mix(sample_rate_hz="48k"), TypeError, "sample_rate_hz = '48k' is not a number"),
        Mistake(
            lambda: md.Compressor(threshold_db="-20"),
            TypeError,
            "threshold_db = '-20' is not a number: did you mean -20, without quotes?",
        ),
        Mistake(
            lambda: md.Compressor()((SONG, RATE_HZ), 44_100),
            md.ParameterError,
            "sample_rate_hz = 44100 does not fit: audio was recorded at 48000",
        ),
    ],
    "a file that is not there": [
        Mistake(lambda: md.read("sonng.wav"), FileNotFoundError, "[Errno 2] No such file or directory: 'sonng.wav'"),
        Mistake(
            lambda: md.Convolution(impulse_response="hall.wav"),
            FileNotFoundError,
            "impulse_response: hall.wav: No such file or directory",
        ),
        Mistake(
            lambda: md.write("out/song.wav", SONG, RATE_HZ),
            FileNotFoundError,
            "[Errno 2] No such file or directory: 'out/song.wav'",
        ),
        Mistake(
            lambda: md.write("song", SONG, RATE_HZ),
            md.ParameterError,
            "path = song is not allowed: its name must end in .wav, .flac, .aiff, .aif, .mp3, .ogg, .opus, .m4a",
        ),
    ],
}


def test_there_are_fifteen() -> None:
    assert len(MISTAKES) == 15


@pytest.mark.parametrize("kind", MISTAKES)
def test_each_is_told_in_one_line(kind: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for mistake in MISTAKES[kind]:
        with pytest.raises(mistake.error) as told:
            mistake.work()
        assert str(told.value) == mistake.line
        assert "\n" not in mistake.line
    assert list(tmp_path.iterdir()) == []


def test_whole_numbers_as_floats_are_noticed_where_they_are_measured_and_written(tmp_path: pathlib.Path) -> None:
    loud = 32_767 * SONG
    with pytest.warns(RuntimeWarning, match=r"^audio peaks at 78\.3 dBFS: full scale is 1\.0; mixdown\.to_float makes"):
        md.loudness(loud, RATE_HZ)
    with pytest.warns(RuntimeWarning, match=r"^95\d{3} samples above full scale were clipped$"):
        md.write(tmp_path / "a.wav", loud, RATE_HZ)


def test_what_is_legal_is_taken_whatever_was_meant() -> None:
    """A factor of 0.5 is also half a decibel, interleaved stereo also mono: no line could be honest."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert md.Gain(gain_db=0.5).gain_db == 0.5
        assert md.Compressor(link_percent=0.5).link_percent == 0.5
        assert md.Gain()(SONG.T.reshape(-1), RATE_HZ).shape == (2 * RATE_HZ,)
        assert md.master(SONG, RATE_HZ, target="Spotify").certificate is not None
