"""Long files block by block: through effects into files, with the bits of the whole, in constant memory."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import soundfile

import mixdown as md

RATE_HZ = 48_000
CHAIN = md.Chain(
    [
        md.LinearPhaseEqualizer(bands=[md.Bell(frequency_hz=300, gain_db=6)], length_ms=20),
        md.Compressor(threshold_db=-30, lookahead_ms=2),
        md.Reverb(space="room", t60_s=0.3, mix=0.2),
        md.Limiter(ceiling_db=-3),
    ]
)


def cut(audio: np.ndarray, *lengths: int) -> Iterator[np.ndarray]:
    """Blocks of these lengths, over and over."""
    start = position = 0
    while start < audio.shape[-1]:
        length = lengths[position % len(lengths)]
        yield audio[..., start : start + length]
        start, position = start + length, position + 1


def joined(blocks: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(blocks), axis=1)


@pytest.mark.parametrize("tail", ["none", "auto", 0.2])
@pytest.mark.parametrize("lengths", [(64,), (1, 5_000, 333), (30_000,)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blocks_through_a_chain_are_the_whole(
    noise: Callable[..., np.ndarray], tail: Any, lengths: tuple[int, ...], dtype: str
) -> None:
    audio = noise(2, 20_000).astype(dtype)
    made = joined(CHAIN.process_blocks(cut(audio, *lengths), RATE_HZ, tail=tail))
    whole = CHAIN(audio, RATE_HZ, tail=tail)
    np.testing.assert_array_equal(made, whole)
    assert made.dtype == audio.dtype


@pytest.mark.parametrize("rate_hz", [11_025, 44_100])
def test_a_pause_does_not_end_the_tail_and_mono_may_become_stereo(rate_hz: int) -> None:
    effect = md.Reverb(space="room", t60_s=0.4, predelay_ms=250)
    click = np.zeros(3_000)
    click[0] = 1
    made = joined(effect.process_blocks(cut(click, 700), rate_hz, tail="auto"))
    whole = effect(click, rate_hz, tail="auto")
    assert made.shape[0] == 2
    np.testing.assert_array_equal(made, whole)


def test_input_shorter_than_the_latency_and_empty_input() -> None:
    click = np.ones((1, 3))
    made = joined(CHAIN.process_blocks(cut(click, 2), RATE_HZ))
    np.testing.assert_array_equal(made, CHAIN(click, RATE_HZ))
    assert list(CHAIN.process_blocks(iter([]), RATE_HZ, tail="auto")) == []
    assert joined(md.Gain().process_blocks(iter([np.zeros((2, 0))] * 2), RATE_HZ)).shape == (2, 0)


def test_faults_are_told_as_of_the_whole() -> None:
    audio = np.array([[0.5, np.nan, np.inf, 0.25]])
    with pytest.warns(RuntimeWarning, match=r"^2 non-finite samples were replaced by 0$"):
        made = joined(md.Gain().process_blocks(cut(audio, 1), RATE_HZ))
    assert made.tolist() == [[0.5, 0.0, 0.0, 0.25]]


WAYS: list[tuple[str, dict[str, Any]]] = [
    ("a.wav", {"bit_depth": 16}),
    ("a.wav", {"bit_depth": 16, "noise_shaping": "weighted", "profile": "archive", "tags": {"title": "T"}}),
    ("a.wav", {}),
    ("a.wav", {"dither": "none", "profile": "ingest"}),
    ("a.wav", {"bit_depth": 32}),
    ("a.flac", {"tags": {"artist": "A"}}),
    ("a.aiff", {"bit_depth": 16, "tags": {"artist": "A"}}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "settings"), WAYS)
def test_files_of_blocks_have_the_bytes_of_the_whole(
    tmp_path: pathlib.Path, noise: Callable[..., np.ndarray], name: str, settings: dict[str, Any], dtype: str
) -> None:
    # More than one step of writing, and samples above full scale.
    audio = (5 * noise(2, 270_000)).astype(dtype)
    clips = settings.get("bit_depth") != 32
    said = []
    files = tmp_path / "whole" / name, tmp_path / "blocks" / name
    for file, given in zip(files, (audio, cut(audio, 100_000, 1, 70_001)), strict=True):
        file.parent.mkdir()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            md.write(file, given, RATE_HZ, **settings)
        said.append([str(warning.message) for warning in warned])
    assert said[0] == said[1]
    assert [message.endswith(" samples above full scale were clipped") for message in said[0]] == [True] * clips
    assert files[0].read_bytes() == files[1].read_bytes()
    assert os.listdir(tmp_path / "blocks") == [name]


def test_loudspeakers_stay(tmp_path: pathlib.Path, noise: Callable[..., np.ndarray]) -> None:
    md.write(tmp_path / "a.wav", noise(6, 4_800), RATE_HZ)
    with md.blocks(tmp_path / "a.wav", 1_000) as source:
        md.write(tmp_path / "b.wav", md.Gain(gain_db=-3).process_blocks(source), dither="none")
    assert md.read(tmp_path / "b.wav").positions == ("L", "R", "C", "LFE", "Ls", "Rs")


def test_a_file_may_replace_its_source_and_is_measured_on_the_way(
    tmp_path: pathlib.Path, noise: Callable[..., np.ndarray]
) -> None:
    file = tmp_path / "song.wav"
    md.write(file, noise(2, 2 * RATE_HZ), RATE_HZ, bit_depth=32)
    before = md.read(file)
    meter = md.LoudnessMeter(RATE_HZ, 2)

    def measured(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        for block in blocks:
            meter.observe(block)
            yield block

    with md.blocks(file) as source:
        md.write(file, measured(CHAIN.process_blocks(source, tail="auto")), RATE_HZ, bit_depth=32)
    whole = CHAIN(before, tail="auto")
    np.testing.assert_array_equal(md.read(file).audio, whole)
    assert meter.reading().integrated_lufs == md.loudness(whole, RATE_HZ).integrated_lufs


def tone(seconds: int) -> Iterator[np.ndarray]:
    second = np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)[np.newaxis].repeat(2, axis=0).astype(np.float32) / 4
    for _ in range(seconds):
        yield second.copy()


def test_memory_does_not_grow_with_the_length(tmp_path: pathlib.Path) -> None:
    """Ten times the length, the same peak: all that Python and numpy allocate, the blocks and the file among them."""
    quick = md.Chain([md.Gain(gain_db=-3), md.Limiter()])

    def peak(seconds: int) -> int:
        tracemalloc.start()
        try:
            md.write(tmp_path / "a.wav", quick.process_blocks(tone(seconds), RATE_HZ, tail="auto"))
            with md.blocks(tmp_path / "a.wav") as source:
                md.write(tmp_path / "b.flac", md.Gain().process_blocks(source), bit_depth=16)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    short, long = peak(10), peak(100)
    # The audio of the long one takes 38 MB as float32.
    assert long < short + 1e6
    assert soundfile.info(str(tmp_path / "b.flac")).frames == 100 * RATE_HZ
    assert short < 30e6


def test_an_interruption_leaves_nothing_behind(tmp_path: pathlib.Path) -> None:
    """Ctrl-C while blocks come, and what was there stays."""
    (tmp_path / "a.wav").write_bytes(b"before")
    program = textwrap.dedent(f"""
        import itertools, sys
        import numpy as np, mixdown as md
        def forever():
            for number in itertools.count():
                if number == 20:
                    print("running", flush=True)
                yield np.zeros((2, 48_000), np.float32)
        md.write({str(tmp_path / "a.wav")!r}, md.Limiter().process_blocks(forever(), 48_000))
    """)
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"running\n"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode != 0
    assert b"KeyboardInterrupt" in said
    assert os.listdir(tmp_path) == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"before"


def failing() -> Iterator[np.ndarray]:
    yield np.zeros((2, 480))
    raise OSError(5, "Input/output error", "source.wav")


def test_a_failing_source_leaves_nothing_behind(tmp_path: pathlib.Path) -> None:
    with pytest.raises(OSError, match=r"Input/output error: 'source.wav'"):
        md.write(tmp_path / "a.wav", failing(), RATE_HZ)
    with pytest.raises(md.ParameterError, match=r"^audio holds 1 non-finite samples: NaN or infinite; numpy"):
        md.write(tmp_path / "a.wav", iter([np.zeros((1, 9)), np.array([[np.nan, 1.0]])]), RATE_HZ)
    assert os.listdir(tmp_path) == []


UNREAD = iter([np.zeros((2, 480))])


@pytest.mark.parametrize(
    ("work", "kind", "said"),
    [
        (
            lambda path: md.write(path / "a.mp3", UNREAD, RATE_HZ),
            md.ParameterError,
            "path = {path}/a.mp3 is not allowed: blocks are written into WAV, FLAC or AIFF; MP3 takes the audio as one "
            "array",
        ),
        (
            lambda path: md.write(path / "a.wav", UNREAD),
            md.ParameterError,
            "sample_rate_hz is missing: audio may stand alone only if it came from mixdown.blocks",
        ),
        (
            lambda path: md.write(path / "a.wav", UNREAD, RATE_HZ, bit_depth=24, noise_shaping="weighted"),
            md.ParameterError,
            "bit_depth = 24 is not allowed: it must be 16 where noise_shaping is weighted, at 44100 to 96000 Hz",
        ),
        (
            lambda path: md.write(path / "a.wav", UNREAD, 192_000, bit_depth=16, noise_shaping="weighted"),
            md.ParameterError,
            "sample_rate_hz = 192000 is not allowed: it must be 44100 to 96000 where noise_shaping is weighted",
        ),
        (
            lambda path: md.write(path / "a.wav", UNREAD, RATE_HZ, dither="rect"),
            md.ParameterError,
            "dither = 'rect' is not allowed: it must be one of tpdf, none",
        ),
        (
            lambda path: CHAIN.process_blocks(np.zeros((2, 480)), RATE_HZ),
            TypeError,
            "blocks = array of shape (2, 480) is not an iterator of blocks: it must be an iterator of arrays, as "
            "mixdown.blocks(path); whole audio needs none",
        ),
        (
            lambda path: CHAIN.process_blocks(UNREAD, RATE_HZ, tail=-1),
            md.ParameterError,
            'tail = -1 is not allowed: it must be "none", "auto" or seconds, 0..60',
        ),
        (
            lambda path: md.Chain([md.Gain(), md.Function(abs)]).process_blocks(UNREAD, RATE_HZ),
            md.ParameterError,
            "effects[1]: function abs works on whole signals, a stream has only blocks: process the audio at once, as "
            "effect(audio, sample_rate_hz)",
        ),
    ],
)
def test_refusals_come_before_the_first_block(
    tmp_path: pathlib.Path, work: Callable[[pathlib.Path], Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind) as refused:
        work(tmp_path)
    assert str(refused.value) == said.format(path=tmp_path)
    assert os.listdir(tmp_path) == []
    assert UNREAD.__length_hint__() == 1


@pytest.mark.parametrize(
    ("blocks", "kind", "said"),
    [
        ([], md.ParameterError, "audio yields no blocks: there is nothing to write"),
        (
            [np.zeros((2, 480)), np.zeros(480)],
            md.ShapeError,
            "block 1 has 1 channels: the first one has 2, and so must all",
        ),
        (
            [np.zeros((2, 480)), np.zeros((2, 480), np.float32)],
            TypeError,
            "block 1 is float32: the first one is float64, and so must be all",
        ),
        (
            [np.zeros((480, 2))],
            md.ShapeError,
            "block 0 has 480 rows: audio is (channels, frames) with 1..64 channels; if its rows are frames, pass "
            "block.T",
        ),
    ],
)
def test_blocks_that_do_not_fit(
    tmp_path: pathlib.Path, blocks: list[np.ndarray], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind) as refused:
        md.write(tmp_path / "a.wav", iter(blocks), RATE_HZ)
    assert str(refused.value) == said
    assert os.listdir(tmp_path) == []


def test_another_rate_than_the_source_is_refused(tmp_path: pathlib.Path) -> None:
    md.write(tmp_path / "a.wav", np.zeros((2, 480)), 44_100)
    with md.blocks(tmp_path / "a.wav") as source:
        with pytest.raises(md.ParameterError, match=r"^sample_rate_hz = 48000 does not fit: that of blocks is 44100$"):
            CHAIN.process_blocks(source, RATE_HZ)
        with pytest.raises(md.ParameterError, match=r"^sample_rate_hz = 48000 does not fit: that of audio is 44100$"):
            md.write(tmp_path / "b.wav", source, RATE_HZ)
