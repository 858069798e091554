"""Delivery: what is refused, with which words."""

import math

import numpy as np
import pytest

import mixdown as md
from running import call as command

RATE_HZ = 48_000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: md.master(np.zeros((2, RATE_HZ)), RATE_HZ), "silent"),
        (lambda: md.master(np.full((2, 19_199), 0.1), RATE_HZ), "too short to have a loudness: 19199 frames"),
        (lambda: md.master(np.array([[0.1, np.nan]]), RATE_HZ), "audio holds 1 non-finite samples"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, target="vinyl"), "target = 'vinyl' is unknown"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, bit_depth=20), "bit_depth = 20 is not allowed"),
        (lambda: md.normalize(np.ones((2, RATE_HZ)), RATE_HZ, target_lufs=5), "target_lufs = 5 is out of range"),
        (lambda: md.normalize(np.ones(RATE_HZ), RATE_HZ, target_lufs=-14, policy="hope"), "policy = 'hope'"),
        (lambda: md.normalize(np.ones(RATE_HZ), RATE_HZ, target_lufs=-14, ceiling_dbtp=2), "ceiling_dbtp = 2"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, target_lufs=1), "target_lufs = 1 is out of range"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, ceiling_dbtp=1), "ceiling_dbtp = 1 is out of range"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, clip_db=30), "clip_db = 30 is out of range"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, clip_db="hard"), "clip_db = 'hard' is not allowed"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, noise_shaping="pink"), "noise_shaping = 'pink'"),
        (lambda: md.master(np.ones(RATE_HZ), RATE_HZ, target_lufs=-70), "-70 is out of range: it must lie in -50..0"),
        (lambda: md.normalize(np.ones(RATE_HZ), RATE_HZ, target_lufs=-70), "-70 is out of range: .* lie in -50..0"),
        (lambda: md.normalize(np.ones(RATE_HZ), RATE_HZ, target_lufs=math.nan), "target_lufs = NaN is out of range"),
        (
            lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, clip_db=None),
            'clip_db = None is not allowed: it must be "auto", "off" or dB, 0..24',
        ),
        (
            lambda: md.normalize(np.ones((2, RATE_HZ)), RATE_HZ, target_lufs=-14, clip_db=[3]),
            r'clip_db = \[3\] is not allowed: it must be "auto", "off" or dB, 0..24',
        ),
    ],
)
def test_what_cannot_be_met_is_refused_with_the_reason(make, message) -> None:
    with pytest.raises(md.ParameterError, match=message):
        make()


def test_delivery_names_what_does_not_fit() -> None:
    tone = 0.1 * np.sin(np.arange(RATE_HZ))
    for call, message in (
        (lambda: md.master(tone, RATE_HZ, targett="x"), "master has no parameter targett: did you mean target"),
        (lambda: md.master(tone, RATE_HZ, "spotify"), "parameters are given by name: master"),
        (lambda: md.normalize(tone, RATE_HZ), "normalize needs target_lufs"),
        (lambda: md.master(tone, RATE_HZ, dual_mono=1), "dual_mono = 1 is not a boolean"),
        (lambda: md.normalize(tone, RATE_HZ, target_lufs="-14"), "target_lufs = '-14' is not a number"),
        (lambda: md.master(tone, RATE_HZ, progress=3), "progress = 3 is not a function"),
        (
            lambda: md.normalize(tone, RATE_HZ, target_lufs=-30, policy="reduce", clip_db=3),
            'clip_db = 3 does nothing with policy = reduce: clipping belongs to "limit"',
        ),
        (lambda: md.Gain()(tone, RATE_HZ, tial=3), "has no parameter tial: did you mean tail"),
        (
            lambda: md.Gain().stream(RATE_HZ, 1, keychannels=1),
            "has no parameter keychannels: did you mean key_channels",
        ),
        (lambda: md.read("x.wav", start=1), "read has no parameter start: did you mean start_s"),
        (lambda: md.read("x.wav", duration_s=True), "duration_s = True is not a number"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            call()
    mastered = md.master(tone, RATE_HZ)
    assert (
        np.zeros(2 * mastered.sample_rate_hz).size == np.zeros(2 * md.Mix(sample_rate_hz=RATE_HZ).sample_rate_hz).size
    )


def test_a_refusal_says_what_could_be_had_and_how(song) -> None:
    def refusal(target_lufs: float, **options) -> str:
        with pytest.raises(md.ParameterError) as refused:
            md.normalize(song, RATE_HZ, target_lufs=target_lufs, ceiling_dbtp=-4, **options)
        return str(refused.value)

    told = refusal(0)
    assert told.startswith("0 LUFS cannot be reached with ceiling -4 dBTP: the loudest possible here is -")
    assert told.endswith("LUFS, as more drive only adds distortion")
    limited = refusal(0, clip_db="off")
    assert "-4 dBTP and 0 dB of clipping: the loudest possible here is -" in limited
    assert 'LUFS, as more drive only adds gain reduction; "auto" clipping reaches -' in limited
    loudest_lufs = float(limited.split(" LUFS, as")[0].split()[-1])
    # The same for every question; it differed by 0.3 LU.
    nearer = refusal(loudest_lufs + 0.3, clip_db="off")
    assert f"the loudest possible here is {loudest_lufs} LUFS" in nearer
    assert nearer.endswith('; "auto" clipping reaches it')
    reached = md.normalize(song, RATE_HZ, target_lufs=loudest_lufs + 0.3, ceiling_dbtp=-4)
    assert md.loudness(reached, RATE_HZ).integrated_lufs > -20
    reached = md.loudness(md.normalize(song, RATE_HZ, target_lufs=loudest_lufs, clip_db="off"), RATE_HZ)
    assert reached.integrated_lufs == pytest.approx(loudest_lufs, abs=0.02)


def test_noise_shaping_that_does_nothing_is_refused_everywhere(tmp_path) -> None:
    tone, out = 0.1 * np.sin(np.arange(RATE_HZ)), tmp_path / "out.wav"
    md.write(tmp_path / "mix.wav", tone, RATE_HZ)
    for bits in (24, 32):
        message = (
            f"bit_depth = {bits} is not allowed: it must be 16 where noise_shaping is weighted, at 44100 to 96000 Hz"
        )
        with pytest.raises(md.ParameterError, match=message):
            md.write(out, tone, RATE_HZ, bit_depth=bits, noise_shaping="weighted")  # type: ignore[arg-type]
        with pytest.raises(md.ParameterError, match=message):
            md.master(tone, RATE_HZ, bit_depth=bits, noise_shaping="weighted")
        options = ("--bit-depth", bits, "--noise-shaping", "weighted")
        assert message in command("master", tmp_path / "mix.wav", "-o", out, *options).stderr
    for rate_hz in (22_050, 192_000):
        message = (
            f"sample_rate_hz = {rate_hz} is not allowed: it must be 44100 to 96000 where noise_shaping is weighted"
        )
        with pytest.raises(md.ParameterError, match=message):
            md.write(out, tone, rate_hz, bit_depth=16, noise_shaping="weighted")
        with pytest.raises(md.ParameterError, match=message):
            md.master(np.tile(tone, 4), rate_hz, bit_depth=16, noise_shaping="weighted")
    assert not out.exists()
