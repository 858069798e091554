"""A mix as a table, a drawing, and in notebooks."""

import collections
import itertools
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import mixdown as md


def test_the_table_shows_keys_taps_vcas_and_mutes(folder) -> None:
    mix = md.Mix.from_file(folder / "song.toml")
    mix["kick"].mute = True
    mix["bass"].sends = {"hall": md.Send(-3, mute=True)}
    rows = [[cell.strip() for cell in re.split(r" {2,}", line)] for line in mix.table().splitlines()]
    assert rows[0] == ["Strip", "Input", "Fader", "Pan", "Inserts", "Sends", "Key", "VCA", "To"]
    kick = ["kick", "mono", "-3.0 dB (muted)", "0", "hall -18.0 dB, plate -6.0 dB (pre_fader)", "low", "drums"]
    assert rows[1] == kick
    bass = ["bass", "stereo", "drawn", "0", "Compressor", "hall -3.0 dB (muted)", "kick", "low", "master"]
    assert rows[3] == bass
    mix["bass"].key_from = {0: "kick"}
    mix["bass"].mute = [(0, False)]
    assert "0: kick" in mix.table()
    assert "drawn (mute drawn)" in mix.table()
    # Without keys and VCA groups there are no columns for them.
    mix["bass"].key_from = None
    del mix.vcas["low"]
    assert mix.table().splitlines()[0].split() == ["Strip", "Input", "Fader", "Pan", "Inserts", "Sends", "To"]


def test_the_first_strips_of_many_are_shown() -> None:
    mix = md.Mix()
    for number in range(17):
        mix.track(f"track {number}", np.zeros(10))
    lines = repr(mix).splitlines()
    assert lines[0] == "<Mix: 48000 Hz, 17 tracks>"
    assert [line[:8].strip() for line in lines[2:]] == [*(f"track {n}" for n in range(16)), "master", "and 1 mo"]
    assert lines[-1] == "and 1 more"
    for number in range(17, 1000):
        mix.track(f"track {number}", np.zeros(10))
    assert len(repr(mix).splitlines()) == len(lines)
    page = mix._repr_html_()
    assert len(page) < 20_000
    assert "and 984 more" in page
    assert "track 15<" in page
    assert "track 16<" not in page
    # The table shows all.
    assert len(mix.table().splitlines()) == 1002


def test_the_drawing_shows_all_and_no_line_crosses_a_strip(folder) -> None:
    mix = md.Mix.from_file(folder / "song.toml")
    for number in range(5):
        mix.group(f"a long name of group {number}", to="drums" if number else "master")
        mix.track(f"track {number}", np.zeros(10), to=f"a long name of group {number}", sends={"hall": -3})
    axes = md.display.mix(mix)
    canvas = FigureCanvasAgg(axes.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = {text.get_text(): text.get_bbox_patch().get_window_extent(renderer) for text in axes.texts}
    assert set(boxes) == {*mix, "master"}
    centres = {name: (box.x0 + box.x1) / 2 for name, box in boxes.items()}
    assert centres["kick"] < centres["drums"] < centres["master"]
    lines = [patch for patch in axes.patches if patch.get_linestyle() in ("-", "--")]
    # Each strip but the master feeds one, and there are sends; ways past a column are of two lines.
    assert len(lines) >= len(mix) + 7
    for line in lines:
        points = axes.transData.transform(line._path_original.interpolated(1).to_polygons(closed_only=False)[0])
        points = np.concatenate([np.linspace(*ends, 20) for ends in itertools.pairwise(points)])
        for name, box in boxes.items():
            crossing = [box.x0 + 4 < x < box.x1 - 4 and box.y0 + 2 < y < box.y1 - 2 for x, y in points]
            assert not any(crossing), name
    assert md.display.mix(mix, axes) is axes
    assert mix.graph(axes) is axes


def _small(keyed: str) -> md.Mix:
    mix = md.Mix()
    for name in ("kick", "snare", "i", "a hat of many letters WWW"):
        mix.track(name, np.zeros(10), to="drums")
    mix.track("bass", np.zeros(10), sends={"hall": -3}, inserts=[md.Gate()], key_from="kick")
    mix.group("drums", [md.Gate()], key_from="bass")
    mix.returns("hall", [md.Gate()])
    mix[keyed].key_from = "snare"
    return mix


@pytest.mark.parametrize("keyed", ["bass", "drums", "hall"])
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_lines_begin_and_end_at_the_boxes(keyed, layout) -> None:
    mix = _small(keyed)
    axes = mix.graph() if layout is None else mix.graph(Figure(figsize=(12, 7), layout=layout).add_subplot(1, 2, 2))
    canvas = FigureCanvasAgg(axes.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [text.get_bbox_patch().get_window_extent(renderer) for text in axes.texts]
    ends = {}
    for line in axes.patches:
        points = axes.transData.transform(line._path_original.vertices)
        ends[line] = [tuple(points[0].round(3)), tuple(points[-1].round(3))]
    count = collections.Counter(end for pair in ends.values() for end in pair)

    def at_edge(end) -> bool:
        # Within 4 points of the left or the right edge, and between the upper and the lower.
        limit = 4 * axes.figure.dpi / 72
        return any(
            min(abs(end[0] - box.x0), abs(end[0] - box.x1)) < limit and box.y0 <= end[1] <= box.y1 for box in boxes
        )

    assert len(ends) > len(mix)
    for line, pair in ends.items():
        for end in pair:
            # Or where lines meet on their way past a column.
            assert at_edge(end) or (line.get_linestyle() != ":" and count[end] > 1), (line.get_linestyle(), end)


def test_notebooks_show_routing_and_settings(folder) -> None:
    mix = md.Mix.from_file(folder / "song.toml")
    mix.rename("kick", "kick <1>")
    page = mix._repr_html_()
    assert page.count("<svg") == 1
    assert "kick &lt;1&gt;" in page
    assert "<td" in page
    strip = mix["bass"]._repr_html_()
    assert "Compressor(threshold_db=-30.0" in strip
    assert "automated (2 points)" in strip
    assert "pan_law" not in strip
    assert md.Mix()._repr_html_().startswith("<div><b>Mix: 48000 Hz, 0 tracks</b>")
