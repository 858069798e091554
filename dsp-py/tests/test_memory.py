"""Arrays are read and written where they lie: no needless copies, and the same samples however they lie."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mixdown as md
from border import RATE_HZ

FRAMES = 96_000

#: The same samples in other places: each makes a copy of its own that can be written to.
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": np.copy,
    "frames first": lambda x: np.ascontiguousarray(x.T).T,
    "slice in time": lambda x: np.pad(x, ((0, 0), (100, 60)))[:, 100:-60],
    "rows of more": lambda x: np.concatenate([x, x, x])[2:4],
    "every other row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "two of eight, frames first": lambda x: np.ascontiguousarray(np.concatenate([x] * 4).T)[:, 2:4].T,
    "every third frame": lambda x: np.repeat(x, 3, axis=1)[:, ::3],
    "rows reversed": lambda x: x[::-1].copy()[::-1],
    "frames reversed": lambda x: x[:, ::-1].copy()[:, ::-1],
    "stored as rows and frames of a cube": lambda x: np.stack([x, x], axis=1)[:, 1],
}

EFFECTS: dict[str, md.Effect] = {
    "gain": md.Gain(gain_db=-3),
    "latency": md.Bell(gain_db=3) >> md.Compressor(threshold_db=-30) >> md.Limiter(gain_db=6),
}


def noise(dtype: str = "float32", frames: int = FRAMES) -> np.ndarray:
    return (0.25 * np.random.default_rng(5).uniform(-1, 1, (2, frames))).astype(dtype)


def traced_bytes(work: Callable[[], object]) -> int:
    """The most that numpy held at once beyond what it held before; its arrays alone, not those of Rust."""
    work()
    tracemalloc.start()
    try:
        result = work()
        peak = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        tracemalloc.stop()
    return peak


def same(first: Any, second: Any) -> None:
    np.testing.assert_array_equal(first, second, strict=True)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
class TestLayouts:
    @pytest.mark.parametrize("effect", EFFECTS)
    def test_the_same_bits_of_an_effect(self, layout: str, dtype: str, effect: str) -> None:
        audio = noise(dtype)
        laid = LAYOUTS[layout](audio)
        for tail in ("none", "auto", 0.1):
            same(EFFECTS[effect](laid, RATE_HZ, tail=tail), EFFECTS[effect](audio, RATE_HZ, tail=tail))
        same(laid, audio)

    def test_the_same_bits_into_out(self, layout: str, dtype: str) -> None:
        audio, effect = noise(dtype), EFFECTS["latency"]
        expected = effect(audio, RATE_HZ)
        out = LAYOUTS[layout](np.zeros_like(audio))
        assert effect(audio, RATE_HZ, out=out) is out
        same(out, expected)
        own = LAYOUTS[layout](audio)
        assert effect(own, RATE_HZ, out=own) is own
        same(own, expected)

    def test_the_same_bits_of_a_stream(self, layout: str, dtype: str) -> None:
        audio, effect = noise(dtype, 9_000), EFFECTS["latency"]
        whole = effect.stream(RATE_HZ, 2, dtype).process(audio)
        new, given, own = (effect.stream(RATE_HZ, 2, dtype) for _ in range(3))
        laid, out, changed = LAYOUTS[layout](audio), LAYOUTS[layout](np.ones_like(audio)), LAYOUTS[layout](audio)
        for start in range(0, 9_000, 450):
            part = np.s_[:, start : start + 450]
            same(new.process(laid[part]), whole[part])
            given.process(laid[part], out=out[part])
            own.process(changed[part], out=changed[part])
        same(laid, audio)
        same(out, whole)
        same(changed, whole)

    def test_the_same_readings(self, layout: str, dtype: str) -> None:
        audio = noise(dtype)
        laid = LAYOUTS[layout](audio)
        for read in (md.loudness, md.correlation, md.mono_compatibility):
            np.testing.assert_equal(vars(read(laid, RATE_HZ)), vars(read(audio, RATE_HZ)))

    def test_the_same_bits_of_a_master(self, layout: str, dtype: str) -> None:
        audio = noise(dtype)
        laid = LAYOUTS[layout](audio)
        for policy in ("limit", "reduce"):
            expected = md.normalize(audio, RATE_HZ, target_lufs=-9, policy=policy)
            same(md.normalize(laid, RATE_HZ, target_lufs=-9, policy=policy), expected)
        same(laid, audio)


class TestOut:
    def test_a_block_may_be_its_own_result(self) -> None:
        block = noise(frames=64)
        stream = md.Gain(gain_db=6).stream(RATE_HZ, 2)
        expected = md.Gain(gain_db=6)(block, RATE_HZ)
        assert stream.process(block, out=block) is block
        same(block, expected)
        flat = expected[0].copy()
        mono = md.Gain(gain_db=-6).stream(RATE_HZ, 1)
        assert mono.process(flat, out=flat) is flat
        np.testing.assert_allclose(flat, noise(frames=64)[0], rtol=1e-5)

    @pytest.mark.parametrize("shift", [-64, -1, 1, 64])
    def test_out_may_overlap_what_is_read(self, shift: int) -> None:
        audio = noise(frames=4_096)
        effect = EFFECTS["latency"]
        buffer = np.zeros((2, 4_096 + 128), np.float32)
        read, written = buffer[:, 64:-64], buffer[:, 64 + shift : 64 + shift + 4_096]
        read[:] = audio
        effect(read, RATE_HZ, out=written)
        same(written, effect(audio, RATE_HZ))
        read[:] = audio
        effect.stream(RATE_HZ, 2).process(read, out=written)
        same(written, effect.stream(RATE_HZ, 2).process(audio))

    def test_out_may_be_the_key(self) -> None:
        audio, key = noise(frames=2_000), noise(frames=2_000)[::-1].copy()
        duck = md.Compressor(threshold_db=-40, key_high_pass_hz=100)
        expected = duck(audio, RATE_HZ, key=key)
        out = key.copy()
        assert duck.stream(RATE_HZ, 2, key_channels=2).process(audio, key=out, out=out) is out
        same(out, expected)
        out = key.copy()
        assert duck(audio, RATE_HZ, key=out, out=out) is out
        same(out, expected)

    def test_an_effect_that_makes_stereo(self) -> None:
        mono, out = noise(frames=500)[:1], np.full((2, 500), np.nan, np.float32)
        expected = md.Pan(pan=-0.5)(mono, RATE_HZ)
        assert md.Pan(pan=-0.5).stream(RATE_HZ, 1).process(mono, out=out) is out
        same(out, expected)
        same(md.Pan(pan=-0.5).stream(RATE_HZ, 1).process(mono[0]), expected)

    def test_a_tail_of_its_own_length(self) -> None:
        audio = noise(frames=4_000)
        delay = md.Delay(time_ms=50, feedback=0.3, mix=0.5)
        expected = delay(audio, RATE_HZ, tail="auto")
        out = np.zeros_like(expected)
        assert delay(audio, RATE_HZ, tail="auto", out=out) is out
        same(out, expected)
        with pytest.raises(md.ShapeError, match=r"out has shape \[2, 4000\]: it must be \[2, \d+\]"):
            delay(audio, RATE_HZ, tail="auto", out=np.zeros_like(audio))

    @pytest.mark.parametrize("call", ["process", "auto", "stream"])
    def test_refusals_leave_out_alone(self, call: str) -> None:
        audio = noise(frames=100)
        gain = md.Gain(gain_db=6)
        calls: dict[str, Callable[..., Any]] = {
            "process": lambda out: gain(audio, RATE_HZ, out=out),
            "auto": lambda out: md.Plate(decay=0.1)(audio, RATE_HZ, tail="auto", out=out),
            "stream": lambda out: gain.stream(RATE_HZ, 2).process(audio, out=out),
        }
        locked = np.ones_like(calls[call](None))
        locked.flags.writeable = False
        for out, error, message in (
            (locked, md.ShapeError, "out is read-only$"),
            (
                locked[:, ::2].repeat(2, axis=1)[:, :-1],
                md.ShapeError,
                r"out has shape \[2, \d+\]: it must be \[2, \d+\]$",
            ),
            (locked[0].copy(), md.ShapeError, r"out has shape \[\d+\]: it must be \[2, \d+\]$"),
            (locked.astype(float), TypeError, "out is float64: it must be float32$"),
            (locked.astype(">f4"), TypeError, "out is >f4: it must be float32$"),
            ([0.0], TypeError, "out is not a numpy array$"),
        ):
            before = np.array(out)
            with pytest.raises(error, match=message):
                calls[call](out)
            same(np.array(out), before)

    def test_a_refused_block_leaves_out_alone(self) -> None:
        out = np.ones((2, 10), np.float32)
        with pytest.raises(md.ShapeError, match="block has 3 channels: the stream has 2"):
            md.Gain().stream(RATE_HZ, 2).process(np.zeros((3, 10), np.float32), out=out)
        with pytest.raises(TypeError, match="block must be float32 as the stream is"):
            md.Gain().stream(RATE_HZ, 2).process(np.zeros((2, 10)), out=out)
        assert np.all(out == 1)


class TestNoCopies:
    """What numpy held at once, against the size of the audio."""

    AUDIO = noise(frames=480_000)

    @pytest.mark.parametrize("layout", ["C", "slice in time", "rows of more", "every other row"])
    def test_rows_in_one_piece_are_read_where_they_lie(self, layout: str) -> None:
        audio = LAYOUTS[layout](self.AUDIO)
        gain = EFFECTS["gain"]
        assert traced_bytes(lambda: gain(audio, RATE_HZ)) < 1.1 * audio.nbytes
        assert traced_bytes(lambda: gain(audio, RATE_HZ, tail="auto")) < 1.1 * audio.nbytes
        assert traced_bytes(lambda: gain.stream(RATE_HZ, 2).process(audio)) < 1.1 * audio.nbytes
        assert traced_bytes(lambda: md.LoudnessMeter(RATE_HZ, 2).observe(audio)) < 0.1 * audio.nbytes
        assert traced_bytes(lambda: md.normalize(audio, RATE_HZ, target_lufs=-14)) < 1.1 * audio.nbytes

    @pytest.mark.parametrize("layout", ["C", "slice in time", "rows of more", "every other row"])
    def test_out_is_written_where_it_lies(self, layout: str) -> None:
        audio, out = self.AUDIO, LAYOUTS[layout](self.AUDIO)
        gain = EFFECTS["gain"]
        assert traced_bytes(lambda: gain(audio, RATE_HZ, out=out)) < 0.1 * audio.nbytes
        stream = gain.stream(RATE_HZ, 2)
        assert traced_bytes(lambda: stream.process(audio, out=out)) < 0.1 * audio.nbytes
        assert traced_bytes(lambda: stream.process(out, out=out)) < 0.1 * audio.nbytes

    def test_results_hold_no_more_than_they_show(self) -> None:
        audio, delay = self.AUDIO, md.Delay(time_ms=50, feedback=0.3)
        mix = md.Mix(sample_rate_hz=RATE_HZ)
        mix.track("a", audio, inserts=[delay])
        for result in (
            md.Gain()(audio, RATE_HZ),
            delay(audio, RATE_HZ, tail="auto"),
            delay(audio[0], RATE_HZ, tail="auto"),
            md.Gain().stream(RATE_HZ, 2).process(audio),
            mix.render(tail="auto"),
            md.normalize(audio, RATE_HZ, target_lufs=-20),
            md.master(audio, RATE_HZ).audio,
        ):
            assert result.base is None
            assert result.flags.c_contiguous
            assert result.flags.writeable
