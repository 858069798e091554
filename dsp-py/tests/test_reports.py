"""Pages of reports."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import mixdown as md
from mixdown.display import MixStage, mix_report, png, reduction

RATE_HZ = 48_000


def test_a_long_reduction_keeps_its_peaks() -> None:
    reduction_db = np.zeros(100_000)
    reduction_db[77_777] = 9.0
    axes = Figure().add_subplot()
    reduction(axes, reduction_db, 0.01)
    (shape,) = axes.collections
    corners = shape.get_paths()[0].vertices
    assert len(corners) < 10_000
    times_s = corners[corners[:, 1] == -9.0, 0]
    assert times_s.min() <= 777.77 <= times_s.max() <= times_s.min() + 1.0


def page(start: MixStage, mix: MixStage, **options):
    master = md.loudness(mix.audio, RATE_HZ)
    ends = {"target_lufs": -14, "ceiling_dbtp": -1, "title": "Song"}
    return mix_report(start=start, mix=mix, sample_rate_hz=RATE_HZ, master=master, **ends, **options)


def lines_of(figure, title: str) -> list[np.ndarray]:
    axes = next(axes for axes in figure.axes if axes.get_title(loc="left") == title)
    return [line.get_ydata() for line in axes.lines if len(line.get_ydata()) > 2]


@pytest.mark.parametrize("gain_db", [-6, 0, 9])
def test_a_mix_is_compared_with_its_start_at_equal_loudness(noise, gain_db) -> None:
    lead, rest = noise(2, 5 * RATE_HZ), 2 * noise(2, 5 * RATE_HZ, seed=2)
    mix = MixStage(lead + rest, lead, rest)
    start = MixStage(*(part * 10 ** (gain_db / 20) for part in mix))
    figure = page(start, mix)
    for title in ("Spectrum", "Lead over rest", "Side over mid", "Lead over rest, while it sounds"):
        before, after = lines_of(figure, title)
        np.testing.assert_allclose(before, after, atol=1e-3, err_msg=title)
    assert np.nanmean(lines_of(figure, "Lead over rest, while it sounds")[0]) == pytest.approx(-6.02, abs=0.1)
    told = f"start balance moved by {-gain_db:.1f} dB to the loudness of the mix".replace("by -", "by \N{MINUS SIGN}")
    assert any(told in text.get_text() for text in figure.texts), [text.get_text() for text in figure.texts]


def test_changes_show(noise) -> None:
    lead, rest = noise(2, 5 * RATE_HZ), noise(2, 5 * RATE_HZ, seed=2)
    figure = page(MixStage(lead + rest, lead, rest), MixStage(2 * lead + rest, 2 * lead, rest))
    before, after = lines_of(figure, "Lead over rest")
    np.testing.assert_allclose(after - before, 6.02, atol=0.01)
    narrow = md.Width(width=0.5)(rest, RATE_HZ)
    before, after = lines_of(page(MixStage(rest, lead, rest), MixStage(narrow, lead, rest)), "Side over mid")
    np.testing.assert_allclose(after - before, -6.02, atol=0.01)


def test_silence_and_short_mixes_have_a_page(noise) -> None:
    for audio in (np.zeros((2, RATE_HZ)), noise(2, 100), np.zeros((2, 0))):
        stage = MixStage(audio, audio, audio)
        assert png(page(stage, stage, reduction_db=np.zeros(10))).startswith(b"\x89PNG")
