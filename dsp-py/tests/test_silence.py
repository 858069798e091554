"""What sleeps in silence wakes up for the first frame that ends it; what is built frozen is frozen."""

import numpy as np
import pytest

import mixdown as md

SPACES = [md.Reverb(space=space) for space in ("room", "club", "chamber", "hall", "cathedral")] + [md.Plate()]


def name(effect):
    return getattr(effect, "space", type(effect).__name__)


@pytest.mark.parametrize("effect", SPACES, ids=name)
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 96_000])
def test_a_click_is_heard_wherever_it_comes_and_however_it_is_cut(effect, rate_hz):
    whole = effect(np.ones(1), rate_hz, tail="auto")
    assert whole.shape[0] == 2
    assert np.abs(whole).max() > 0.01
    for at in (1, 100, 450, 479, 640, 703):
        audio = np.zeros(rate_hz)
        audio[at] = 1.0
        stream = effect.stream(rate_hz, 1, "float64")
        pieces = np.concatenate(
            [stream.process(audio[start : start + 480]) for start in range(0, rate_hz, 480)], axis=1
        )
        np.testing.assert_array_equal(pieces, effect(audio, rate_hz))
        level, first = (np.sum(x[:, : rate_hz // 2] ** 2) for x in (pieces[:, at:], whole))
        assert abs(10 * np.log10(level / first)) < 1.0


def test_the_response_to_one_frame_is_that_of_a_click_with_silence_behind():
    long = np.zeros(4 * 48_000)
    long[0] = 1.0
    alone = md.Reverb()(np.ones(1), 48_000, tail="auto")
    assert alone.shape[1] > 2 * 48_000
    np.testing.assert_array_equal(alone[:, : long.size], md.Reverb()(long, 48_000)[:, : alone.shape[1]])


def test_a_tank_that_slept_plays_nothing_old():
    for effect in (md.Plate(decay=0.1), md.Reverb(t60_s=0.1)):
        audio = np.zeros(8 * 16_000)
        audio[100] = 1.0
        audio[6 * 16_000 + 17] = 1e-3
        stream = effect.stream(16_000, 1, "float64")
        out = np.concatenate([stream.process(audio[at : at + 480]) for at in range(0, audio.size, 480)], axis=1)
        first, second = out[:, 100:16_000], out[:, 6 * 16_000 + 17 :]
        ratio_db = 20 * np.log10(np.abs(second).max() / np.abs(first).max())
        assert abs(ratio_db + 60) < 2, effect


def test_built_frozen_is_frozen():
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 48_000))
    assert not np.any(md.Reverb(freeze=True)(noise, 48_000))
    stream = md.Reverb().stream(48_000, 2, "float64")
    stream.set(md.Reverb(freeze=True))
    stream.reset()
    assert not np.any(stream.process(noise))


@pytest.mark.parametrize("maker", [md.Reverb(), md.Plate(), md.Pan(pan=0.3)], ids=name)
def test_mono_beside_what_makes_stereo(maker):
    noise = np.random.default_rng(2).uniform(-0.1, 0.1, 48_000)
    both = md.Parallel([md.Chain([]), maker])
    for audio in (noise, noise[np.newaxis]):
        out = both(audio, 48_000)
        assert out.shape == (2, 48_000)
        np.testing.assert_allclose(out, noise + maker(audio, 48_000), atol=1e-12)
    with pytest.raises(md.ShapeError, match=r"effects\[1\].*channels = 3 does not fit: 1 or 2 needed"):
        md.Parallel([md.Chain([]), md.Reverb()])(np.zeros((3, 10)), 48_000)
