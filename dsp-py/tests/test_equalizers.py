"""Equalizers: placed bands, responses, designs."""

import re

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000

MIDS = md.Equalizer(
    bands=[
        md.Bell(gain_db=1),
        md.Placed(md.Bell(gain_db=3), place="mid"),
        md.Placed(md.Notch(), place="left"),
        md.Placed(md.Bell(), place="side", enabled=False),
    ]
)
PARTS = "bands act on a part of the stereo signal"


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (MIDS, f"Equalizer .*: {PARTS} (bands[1] on mid, bands[2] on left); each has its own: bands[1].band.frequency"),
        (md.Gain() >> MIDS, f"Chain .*: {PARTS} (effects[1].bands[1] on mid, effects[1].bands[2] on left); each"),
        (md.Parallel([md.Gain(), md.Chain([MIDS])]), f"Parallel .*: {PARTS} (effects[1].effects[0].bands[1] on mid"),
        (md.Bell() >> md.Compressor(), "Chain .*: effects[1] has a gain that follows the level"),
        (md.Limiter(), "Limiter .*: it has a gain that follows the level"),
        (md.Pan(), "Pan .*: it treats channels differently"),
        (md.Saturator(), "Saturator .*: it is not linear"),
        (md.Clipper(), "Clipper .*: it is not linear"),
        (md.Chorus(), "Chorus .*: it changes with time"),
        (md.Tremolo(), "Tremolo .*: it changes with time"),
        (md.MidSide(mid=[md.Bell(gain_db=3)]), "MidSide .*: it treats channels differently"),
    ],
)
def test_no_single_response_has_its_reason(effect: md.Effect, reason: str) -> None:
    pattern = re.escape(reason).replace(r"\.\*", "has no single frequency response")
    with pytest.raises(md.ParameterError, match=f"^{pattern}") as refused:
        effect.frequency_response([100.0], RATE_HZ)
    assert "\n" not in str(refused.value)


class TestPlacedBands:
    PARTS = (
        ("mid", [[0.5, 0.5], [0.5, 0.5]]),
        ("side", [[0.5, -0.5], [-0.5, 0.5]]),
        ("left", [[1, 0], [0, 0]]),
        ("right", [[0, 0], [0, 1]]),
    )

    @pytest.mark.parametrize(("place", "part"), PARTS)
    def test_a_placed_band_acts_on_its_part(self, place, part, noise) -> None:
        audio = noise(2, 4_000).astype(np.float64)
        band = md.Bell(frequency_hz=900, gain_db=9)
        out = md.Equalizer(bands=[md.Placed(band, place=place)])(audio, RATE_HZ)
        inside = np.array(part) @ audio
        np.testing.assert_allclose(out, audio - inside + band(inside, RATE_HZ), atol=1e-12)

    def test_a_band_switched_off_changes_nothing(self, noise) -> None:
        audio = noise(2, 4_000)
        off = md.Placed(md.Bell(gain_db=9), place="mid", enabled=False)
        np.testing.assert_array_equal(md.Equalizer(bands=[off])(audio, RATE_HZ), audio)

    def test_a_place_needs_two_channels_and_has_no_single_response(self, noise) -> None:
        placed = md.Equalizer(bands=[md.Placed(md.Bell(gain_db=3), place="left")])
        with pytest.raises(md.ShapeError, match=r"bands\[0\]: channels = 1 does not fit: 2 needed"):
            placed(noise(1, 100), RATE_HZ)
        centred = md.Equalizer(bands=[md.Placed(md.Bell(gain_db=3))], output_gain_db=-3)
        assert abs(centred.frequency_response(1_000.0, RATE_HZ)) == pytest.approx(1, abs=1e-3)

    @pytest.mark.parametrize(
        ("make", "error", "message"),
        [
            (lambda: md.Placed(md.Gain()), TypeError, r"band = Gain\(.*\) is not a Band"),
            (lambda: md.Placed(md.Bell(), place="centre"), ValueError, "place"),
            (lambda: md.Placed(md.Bell(), enabled=1), TypeError, "enabled"),
            (lambda: md.LinearPhaseEqualizer(bands=[md.Placed(md.Bell())]), TypeError, r"bands\[0\] = Placed"),
        ],
    )
    def test_bad_placements_are_refused(self, make, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            make()

    def test_a_place_is_refused_where_a_band_is_switched_on(self, noise) -> None:
        off = md.Equalizer(bands=[md.Placed(md.Bell(gain_db=3), place="side", enabled=False)])
        on = md.Equalizer(bands=[off.bands[0].replace(enabled=True)])
        audio = noise(1, 100)
        np.testing.assert_array_equal(off(audio, RATE_HZ), audio)
        stream = md.Chain([md.Gain(), off]).stream(RATE_HZ, 1)
        with pytest.raises(md.ShapeError, match=r"effects\[1\]\.bands\[0\]: channels = 1 does not fit: 2 needed"):
            stream.set(md.Chain([md.Gain(gain_db=-20), on]))
        np.testing.assert_array_equal(stream.process(audio), audio)

    def test_a_stream_moves_a_band(self, noise) -> None:
        audio = noise(2, 40_000)
        of = lambda place: md.Equalizer(bands=[md.Placed(md.Bell(gain_db=9), place=place)])  # noqa: E731
        stream = of("mid").stream(RATE_HZ, 2)
        stream.process(audio[:, :1_000])
        stream.set(of("left"))
        out = stream.process(audio[:, 1_000:])
        np.testing.assert_allclose(out[:, -10_000:], of("left")(audio, RATE_HZ)[:, -10_000:], atol=1e-5)


@pytest.mark.parametrize("gain_db", [12, 24])
@pytest.mark.parametrize(
    ("rate_hz", "frequency_hz", "q"), [(96_000, 20_000, 2), (48_000, 8_400, 40), (44_100, 21_000, 4)]
)
def test_e3_no_shelf_exceeds_its_analog_curve_beyond_20_khz(rate_hz, frequency_hz, q, gain_db) -> None:
    # 20 kHz, q 2 and 24 dB at 96 kHz read +51 dB at 47 kHz.
    shelf = md.HighShelf(frequency_hz=frequency_hz, gain_db=gain_db, q=q)
    a, f = 10 ** (gain_db / 40), np.linspace(0.01, 40, 200_001) * 1j
    analog = np.abs(a * (a * f**2 + np.sqrt(a) / q * f + 1) / (f**2 + np.sqrt(a) / q * f + a))
    peak = np.abs(shelf.frequency_response(np.linspace(0, rate_hz / 2, 20_001), rate_hz)).max()
    assert 20 * np.log10(peak / max(analog.max(), a * a)) <= 0.5
