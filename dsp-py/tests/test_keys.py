"""Keys meet the sound that they were recorded with, and a key that nothing takes is refused."""

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
DUCKER = md.Compressor(threshold_db=-40, attack_ms=1)


def bursts(channels: int, seed: int) -> np.ndarray:
    """Noise that comes and goes every 100 ms."""
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, (channels, RATE_HZ))
    noise[:, np.arange(RATE_HZ) // 4_800 % 2 == 0] = 0
    return noise


BASS = np.random.default_rng(1).uniform(-0.2, 0.2, (2, RATE_HZ))
KICK = bursts(1, 2)


@pytest.mark.parametrize(
    "stage",
    [
        md.LinearPhaseEqualizer(bands=[md.Bell(gain_db=6)]),
        md.Limiter(ceiling_db=-20),
        md.DeEsser(),
        md.Compressor(lookahead_ms=10),
        md.Bypass(md.Limiter()),
        md.Chain([md.Limiter(), md.Bell(gain_db=3)]),
    ],
    ids=lambda stage: type(stage).__name__,
)
@pytest.mark.parametrize("key", [KICK, bursts(2, 3)], ids=["mono key", "stereo key"])
def test_a_chain_keys_as_its_stages_one_after_the_other(stage, key):
    before = stage(BASS, RATE_HZ, key=key) if isinstance(stage, md.Compressor) else stage(BASS, RATE_HZ)
    chained = (stage >> DUCKER)(BASS, RATE_HZ, key=key)
    np.testing.assert_array_equal(chained, DUCKER(before, RATE_HZ, key=key))
    # In pieces too.
    chain = stage >> DUCKER
    stream = chain.stream(RATE_HZ, 2, "float64", key_channels=key.shape[0])
    starts = range(0, RATE_HZ, 480)
    pieces = [stream.process(BASS[:, at : at + 480], key=key[:, at : at + 480]) for at in starts]
    latency = chain.latency_frames(RATE_HZ)
    joined = np.concatenate(pieces, axis=1)
    np.testing.assert_array_equal(joined[:, latency:], chained[:, : RATE_HZ - latency])


def test_mid_side_takes_a_key():
    both = md.MidSide(mid=[md.Limiter(), DUCKER])
    mid, side = (BASS[:1] + BASS[1:]) / 2, (BASS[:1] - BASS[1:]) / 2
    mid = DUCKER(md.Limiter()(mid, RATE_HZ), RATE_HZ, key=KICK)
    np.testing.assert_allclose(both(BASS, RATE_HZ, key=KICK), np.concatenate([mid + side, mid - side]), atol=1e-12)


@pytest.mark.parametrize(
    "effect",
    [
        md.Limiter(),
        md.Equalizer(bands=[md.Bell(gain_db=3)]),
        md.Bell(gain_db=3),
        md.DeEsser(),
        md.MultibandCompressor(bands=[md.Compressor()] * 3),
        md.MidSide(mid=[md.Bell(gain_db=3)]),
        md.Chain([]),
        md.Gain() >> md.Reverb(),
        md.Parallel([md.Gain(), md.Plate()]),
        md.Bypass(md.Limiter()),
    ],
    ids=lambda effect: type(effect).__name__,
)
def test_a_key_that_nothing_takes_is_refused(effect):
    name = type(effect).__name__
    with pytest.raises(md.ParameterError, match=f"{name} takes no key"):
        effect(BASS, RATE_HZ, key=KICK)
    with pytest.raises(md.ParameterError, match=f"{name} takes no key"):
        effect.stream(RATE_HZ, 2, key_channels=1)


@pytest.mark.parametrize(
    "effect",
    [
        md.Gate(),
        md.Expander(),
        md.DynamicEqualizer(bands=[md.DynamicBand(shape=md.Bell())]),
        md.Bypass(DUCKER),
        md.Parallel([md.Gain(), md.Chain([md.Limiter(), DUCKER])]),
        md.MidSide(side=[DUCKER]),
    ],
    ids=lambda effect: type(effect).__name__,
)
def test_a_key_that_something_takes_is_taken(effect):
    assert effect(BASS, RATE_HZ, key=KICK).shape == BASS.shape
    stream = effect.stream(RATE_HZ, 2, "float64", key_channels=1)
    assert stream.process(BASS[:, :64], key=KICK[:, :64]).shape == (2, 64)


def test_a_stream_with_a_key_gets_one_with_every_block():
    stream = DUCKER.stream(RATE_HZ, 2, "float64", key_channels=1)
    with pytest.raises(md.ShapeError, match="key is missing: the stream was built for one of 1 channels"):
        stream.process(BASS[:, :64])
    with pytest.raises(md.ShapeError, match="key has 2 channels"):
        stream.process(BASS[:, :64], key=BASS[:, :64])
    # Refused blocks have changed nothing.
    fresh = DUCKER.stream(RATE_HZ, 2, "float64", key_channels=1)
    blocks = [running.process(BASS[:, :64], key=KICK[:, :64]) for running in (stream, fresh)]
    np.testing.assert_array_equal(*blocks)
    with pytest.raises(md.ShapeError, match="key has 2 channels: 1 or 3, as the audio has, needed"):
        DUCKER(np.zeros((3, 100)), RATE_HZ, key=np.zeros((2, 100)))
    with pytest.raises(md.ParameterError, match="Limiter takes no key"):
        md.Limiter().gain_reduction(BASS, RATE_HZ, key=KICK)
