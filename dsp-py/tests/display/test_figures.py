"""Pictures: one thing in one axis, any number of times, with the figures that were measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from shown_objects import HOSTILE, RATE_HZ, mix, song

import mixdown as md

#: Every function that draws audio, and every one that draws an effect.
OF_AUDIO: dict[str, Callable[..., Axes]] = {
    "waveform": md.display.waveform,
    "loudness": md.display.loudness,
    "spectrum": md.display.spectrum,
    "spectrogram": md.display.spectrogram,
    "goniometer": md.display.goniometer,
    "compare": lambda audio, *rate, **options: md.display.compare(audio, audio, *rate, **options),
    "gain_reduction": lambda audio, *rate, **options: md.display.gain_reduction(
        md.Compressor(threshold_db=-30), audio, *rate, **options
    ),
}
OF_EFFECTS: dict[str, Callable[..., Axes]] = {
    "response": lambda **options: md.display.response(md.Bell(gain_db=3), **options),
    "transfer": lambda **options: md.display.transfer(md.Compressor(), **options),
    "shaper": lambda **options: md.display.transfer(md.Saturator(drive_db=6), **options),
    "decay": lambda **options: md.display.decay(md.Delay(time_ms=50), **options),
}


def names_of(axes: Axes) -> list[str]:
    return axes.get_legend_handles_labels()[1]


def drawn(axes: Axes) -> bytes:
    """Draw the figure: what cannot be drawn, or warns, fails here."""
    canvas = axes.figure.canvas
    canvas.draw()
    return bytes(canvas.buffer_rgba())


@pytest.mark.parametrize("name", OF_AUDIO)
def test_a_recording_alone_is_enough_and_its_axes_come_back(name: str) -> None:
    audio, draw = song(1, 1), OF_AUDIO[name]
    axes = plt.figure().add_subplot()
    assert draw(md.Recording(audio, RATE_HZ), ax=axes) is axes
    other = plt.figure().add_subplot()
    assert draw(audio, RATE_HZ, ax=other) is other
    assert drawn(axes) == drawn(other)
    with pytest.raises(md.ParameterError, match="sample_rate_hz is missing"):
        draw(audio)


@pytest.mark.parametrize(("gains", "span_lu"), [((0.1, 0.1), (12.0, 12.0)), ((0.1, 0.01), (26.0, 28.0))])
def test_loudness_over_time_spans_what_the_programme_moves_over(
    gains: tuple[float, float], span_lu: tuple[float, float]
) -> None:
    noise = np.random.default_rng(1).standard_normal(RATE_HZ)
    # Silence before it is cut.
    programme = np.concatenate([np.zeros(RATE_HZ), *(np.tile(gain * noise, 4) for gain in gains)])
    axes = plt.figure().add_subplot()
    md.display.loudness_over_time(axes, None, md.loudness(programme, RATE_HZ), target_lufs=-14)
    low, high = axes.get_ylim()
    assert span_lu[0] - 1e-6 <= high - low <= span_lu[1] + 1e-6
    assert low < -14 < high
    silent = plt.figure().add_subplot()
    md.display.loudness_over_time(silent, None, md.loudness(0 * programme, RATE_HZ))
    low, high = silent.get_ylim()
    assert high - low == 12.0


@pytest.mark.parametrize("name", [*OF_AUDIO, *OF_EFFECTS])
def test_drawn_again_there_is_a_legend_and_another_colour(name: str) -> None:
    arguments = (song(1, 1), RATE_HZ) if name in OF_AUDIO else ()
    draw = {**OF_AUDIO, **OF_EFFECTS}[name]
    axes = draw(*arguments)
    if name in ("spectrogram", "compare"):
        # One covers the other; the other draws two.
        assert draw(*arguments, ax=axes) is axes
        return
    assert axes.get_legend() is None
    for label in ("second", HOSTILE):
        assert draw(*arguments, ax=axes, label=label) is axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(names) == 3
    assert "second" in names[1]
    assert HOSTILE in names[2]
    colours = {handle.get_color() for handle in axes.get_legend_handles_labels()[0]}
    assert len(colours) == 3
    drawn(axes)


@pytest.mark.parametrize("name", OF_AUDIO)
@pytest.mark.parametrize(
    "audio",
    [np.zeros((2, RATE_HZ)), np.zeros((2, 0)), np.full((2, 1), 0.5), song(1, 1)[0], song(1, 0.5, channels=6)],
    ids=["silence", "no frames", "one frame", "mono", "six channels"],
)
def test_any_sound_is_drawn_or_refused_in_words(name: str, audio: np.ndarray) -> None:
    if name == "goniometer" and (audio.ndim == 1 or len(audio) != 2):
        with pytest.raises(md.ShapeError, match=r"audio has \d channels: a goniometer is of 2"):
            OF_AUDIO[name](audio, RATE_HZ)
        return
    axes = OF_AUDIO[name](audio, RATE_HZ)
    drawn(axes)
    assert all(np.isfinite([*axes.get_xlim(), *axes.get_ylim()]))


@pytest.mark.parametrize("name", OF_AUDIO)
def test_what_is_not_finite_is_refused_before_a_figure_is_made(name: str) -> None:
    before = plt.get_fignums()
    with pytest.raises(ValueError, match="non-finite sample"):
        OF_AUDIO[name](np.full((2, 4_800), np.nan), RATE_HZ)
    assert plt.get_fignums() == before


def test_frequencies_are_marked_as_the_field_marks_them() -> None:
    for axes in (md.display.spectrum(song(1, 1), RATE_HZ), md.display.response(md.Bell())):
        assert [label.get_text() for label in axes.get_xticklabels()] == [
            *("20", "50", "100", "200", "500"),
            *("1k", "2k", "5k", "10k", "20k"),
        ]
        assert axes.get_xscale() == "log"
        assert axes.get_xlim() == (20, 20_000)


@pytest.mark.parametrize(
    ("seconds", "unit", "mark"),
    [
        (0.5, "time in s", "0.3"),
        (8.0, "time in s", "5"),
        (90.0, "time in m:ss", "1:30"),
        (4_000, "time in m:ss", "1:00:00"),
    ],
)
def test_long_times_are_minutes(seconds: float, unit: str, mark: str) -> None:
    axes = md.display.waveform(np.zeros(round(seconds * 8_000), np.float32), 8_000)
    drawn(axes)
    assert axes.get_xlabel() == unit
    assert mark in [label.get_text() for label in axes.get_xticklabels()]
    # A longer one makes the axis longer, a shorter one does not make it shorter.
    md.display.waveform(np.zeros(800, np.float32), 8_000, axes)
    assert axes.get_xlim()[1] == pytest.approx(seconds)
    md.display.waveform(np.zeros(round(seconds * 8_800), np.float32), 8_000, axes)
    assert axes.get_xlim()[1] == pytest.approx(1.1 * seconds, rel=1e-3)


def test_waveforms_name_their_channels() -> None:
    def lanes(audio: Any) -> list[str]:
        return [label.get_text() for label in md.display.waveform(audio, RATE_HZ).get_yticklabels()]

    assert lanes(np.zeros(100)) == ["M"]
    assert lanes(np.zeros((6, 100))) == ["L", "R", "C", "LFE", "Ls", "Rs"]
    assert lanes(np.zeros((7, 100))) == list("1234567")
    # A mono one beside stereo keeps both lanes.
    axes = md.display.waveform(np.zeros((2, 100)), RATE_HZ)
    md.display.waveform(np.zeros(100), RATE_HZ, axes)
    assert len(axes.get_yticklabels()) == 2


def test_loudness_is_drawn_as_it_was_measured() -> None:
    reading = md.loudness(song(), RATE_HZ)
    axes = md.display.loudness(reading, label="song", target_lufs=-14)
    integrated = f"{reading.integrated_lufs:.1f}".replace("-", "−")
    assert names_of(axes) == [f"song, {integrated} LUFS", "target −14.0 LUFS"]
    momentary = axes.lines[1].get_ydata()
    np.testing.assert_allclose(momentary, reading.momentary_lufs)


def test_versions_are_compared_at_equal_loudness() -> None:
    before = song()
    after = md.HighShelf(frequency_hz=3_000, gain_db=6)(2 * before, RATE_HZ)
    axes = md.display.compare(before, after, RATE_HZ, labels=("mix", "master"))
    moved_db = md.level_matched(before, after, RATE_HZ).after_gain_db
    assert names_of(axes) == ["mix", f"master −{-moved_db:.1f} dB"]
    lines = [line.get_ydata() for line in axes.lines]
    treble = lines[1][-1] - lines[0][-1]
    assert treble == pytest.approx(6.02 + 6 + moved_db, abs=0.3)


def test_spectrograms_show_what_sounds_and_when() -> None:
    audio = np.zeros(2 * RATE_HZ)
    audio[RATE_HZ:] = 0.5 * np.sin(2 * np.pi * 1_500 * np.arange(RATE_HZ) / RATE_HZ)
    axes = md.display.spectrogram(audio, RATE_HZ)
    mesh = axes.collections[-1]
    levels_db = mesh.get_array()
    edges_s, edges_hz = (np.unique(mesh.get_coordinates()[..., axis]) for axis in (0, 1))
    row, column = np.unravel_index(np.argmax(levels_db), levels_db.shape)
    assert edges_hz[row] <= 1_500 <= edges_hz[row + 1]
    assert edges_s[column] >= 1.0
    assert levels_db.max() == pytest.approx(-6.02, abs=0.05)
    assert levels_db[:, edges_s[1:] < 0.9].max() == pytest.approx(levels_db.max() - 80)
    # The scale of colours is of a new figure alone.
    assert len(axes.figure.axes) == 2
    assert len(md.display.spectrogram(audio, RATE_HZ, Figure().add_subplot()).figure.axes) == 1


@pytest.mark.parametrize("seconds", [0.2, 120])
def test_no_click_escapes_a_spectrogram(seconds: float) -> None:
    audio = np.zeros(round(seconds * RATE_HZ))
    audio[audio.size // 3] = 1.0
    levels_db = md.display.spectrogram(audio, RATE_HZ).collections[-1].get_array()
    assert levels_db.shape[1] <= 900
    assert levels_db.max() - levels_db.min() == pytest.approx(80)


def test_goniometers_turn_mono_upright_and_opposites_level() -> None:
    left = 0.5 * np.sin(np.arange(4_800) / 10)
    for right, axis in ((left, 0), (-left, 1)):
        cells = md.display.goniometer(np.stack([left, right]), RATE_HZ).images[-1].get_array()[..., 3] > 0
        assert cells.any(axis=axis).sum() == 1
    right_alone = md.display.goniometer(np.stack([0 * left, left]), RATE_HZ).images[-1].get_array()[..., 3] > 0
    rows, columns = np.nonzero(right_alone)
    np.testing.assert_array_equal(rows, columns)
    assert "peak −6.0 dBFS" in md.display.goniometer(np.stack([left, left]), RATE_HZ).get_xlabel()


def test_bands_are_faint_and_their_sum_is_strong() -> None:
    bands = [md.HighPass(frequency_hz=40), md.Bell(frequency_hz=300, gain_db=-3), md.HighShelf(gain_db=4)]
    equalizer = md.Equalizer(bands=bands)
    axes = md.display.response(equalizer)
    # The line of 0 dB and the sample of the legend come first.
    _, _, *members, total = axes.lines
    assert len(members) == 3
    assert all(line.get_alpha() < 0.5 for line in members)
    assert total.get_alpha() is None
    frequencies_hz, summed_db = total.get_data()
    np.testing.assert_allclose(summed_db, sum(line.get_ydata() for line in members), atol=1e-6)
    expected_db = 20 * np.log10(np.abs(equalizer.frequency_response(frequencies_hz, RATE_HZ)))
    np.testing.assert_allclose(summed_db, expected_db)


def test_parts_of_the_stereo_signal_have_a_response_each() -> None:
    placed = md.Equalizer(bands=[md.Placed(md.HighPass(frequency_hz=120), place="side"), md.Bell(gain_db=2)])
    axes = md.display.response(placed)
    assert names_of(axes) == ["mid", "side"]
    assert names_of(md.display.response(md.MidSide(side=[md.HighPass()]))) == ["mid", "side"]
    several = md.display.response([md.Bell(gain_db=3), md.LowShelf(gain_db=-2)])
    assert names_of(several) == ["Bell", "LowShelf"]


def test_what_has_no_such_curve_is_refused_before_a_figure_is_made() -> None:
    before = plt.get_fignums()
    with pytest.raises(md.ParameterError, match="Compressor has no single frequency response"):
        md.display.response([md.Bell(), md.Compressor()])
    with pytest.raises(md.ParameterError, match="Bell has no static curve: compressors, expanders, gates, limiters do"):
        md.display.transfer(md.Bell())
    with pytest.raises(TypeError, match=r"effect = Bell\(.*\) has no gain reduction"):
        md.display.gain_reduction(md.Bell(), song(1, 1), RATE_HZ)
    with pytest.raises(TypeError, match="effects = 3 is not a list of effects"):
        md.display.response(3)
    with pytest.raises(TypeError, match=r"effects\[1\] = 'Bell' is not an effect"):
        md.display.response([md.Bell(), "Bell"])
    for draw in (md.display.transfer, md.display.decay):
        with pytest.raises(TypeError, match="effect = 'hall' is not an effect"):
            draw("hall")
    with pytest.raises(md.ParameterError, match="spectrum has no parameter axis: did you mean ax"):
        md.display.spectrum(song(1, 1), RATE_HZ, axis=None)
    with pytest.raises(md.ParameterError, match=r"range_db = 0 is out of range: it must lie in 10..160"):
        md.display.spectrogram(song(1, 1), RATE_HZ, range_db=0)
    assert plt.get_fignums() == before


def test_static_curves_have_their_threshold_and_the_line_of_no_change() -> None:
    axes = md.display.transfer(md.Compressor(threshold_db=-20, ratio=2, knee_db=0))
    md.display.transfer(md.Limiter(ceiling_db=-3), axes)
    marks = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert marks == [-20, -3]
    unity = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert len(unity) == 1
    np.testing.assert_array_equal(*unity[0].get_data())
    compressed, limited = (line for line in axes.lines if len(line.get_xdata()) > 2)
    assert np.interp(0, *compressed.get_data()) == pytest.approx(-10, abs=0.1)
    assert np.interp(4, *limited.get_data()) == pytest.approx(-3, abs=0.1)
    assert names_of(md.display.transfer(md.MultibandCompressor())) == ["to 200 Hz", "200 Hz to 2 kHz", "from 2 kHz"]


def test_shapers_are_drawn_as_they_sound() -> None:
    given, shaped = md.display.transfer(md.Clipper(ceiling_db=-6, knee_db=0)).lines[-1].get_data()
    assert np.abs(shaped).max() == pytest.approx(10 ** (-6 / 20), abs=0.01)
    quiet = np.abs(given) < 0.3
    np.testing.assert_allclose(shaped[quiet], given[quiet], atol=1e-3)
    given, shaped = md.display.transfer(md.Saturator(drive_db=12, auto_gain=True)).lines[-1].get_data()
    np.testing.assert_allclose(shaped, np.tanh(10 ** (12 / 20) * given), atol=0.03)


def test_gain_reductions_hang_from_zero() -> None:
    audio = song()
    compressor = md.Compressor(threshold_db=-30)
    axes = md.display.gain_reduction(compressor, audio, RATE_HZ)
    assert axes.lines[-1].get_ydata().min() == pytest.approx(-compressor.gain_reduction(audio, RATE_HZ).max())
    banded = md.display.gain_reduction(md.DynamicEqualizer(bands=[md.DynamicBand()] * 2), audio, RATE_HZ)
    assert names_of(banded) == ["band 1", "band 2"]
    boosted = md.display.gain_reduction(md.TransientShaper(attack_db=12), audio, RATE_HZ)
    assert boosted.lines[-1].get_ydata().max() > 3


def test_decays_fall_by_sixty_decibels_within_the_reverberation_time() -> None:
    levels_db, left_db = (
        line.get_ydata() for line in md.display.decay(md.Reverb(space="room", t60_s=1.0, early_db=-np.inf)).lines[-2:]
    )
    assert levels_db.max() == 0
    # Between -5 and -35 dB, as a T30 is measured; steps of 5 ms.
    start, end = np.argmax(left_db < -5), np.argmax(left_db < -35)
    assert 2 * 0.005 * (end - start) == pytest.approx(1.0, rel=0.25)


def test_mixes_are_drawn() -> None:
    axes = md.display.mix(mix())
    assert {text.get_text() for text in axes.texts} == {"kick", HOSTILE, "drums", "hall", "master"}


ALONE = """
import sys
import numpy as np
import mixdown as md
assert not [name for name in sys.modules if name.startswith("matplotlib")], "import loads matplotlib"
axes = md.display.response(md.Bell(gain_db=3))
page = md.loudness(np.ones(48_000), 48_000)._repr_html_()
assert "matplotlib.pyplot" not in sys.modules, "a figure loads pyplot"
assert axes._repr_svg_().startswith("<svg") and "<svg" in page
import matplotlib.pyplot as plt
assert plt.get_fignums() == []
later = md.display.response(md.Bell(gain_db=3))
assert plt.get_fignums() == [later.figure.number] and not hasattr(later, "_repr_svg_")
"""


def test_pyplot_is_used_where_it_is_in_use_and_nowhere_else() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", ALONE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("draw", [md.display.loudness, md.display.spectrum], ids=lambda draw: draw.__name__)
def test_an_empty_figure_says_why_until_something_is_drawn(draw: Callable[..., Any]) -> None:
    axes = draw(np.zeros((2, RATE_HZ)), RATE_HZ)
    (text,) = axes.texts
    assert text.get_text() in ("No loudness: silence.", "No levels: silence.")
    draw(song(1, 2), RATE_HZ, axes)
    assert list(axes.texts) == []
    assert [text.get_text() for text in md.display.loudness(song(1, 2)[:, :4_800], RATE_HZ).texts] == [
        "No loudness: shorter than 400 ms."
    ]
