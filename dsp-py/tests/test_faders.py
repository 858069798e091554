"""Tapers of faders."""

import math

import numpy as np
import pytest

import mixdown as md


def test_the_console_taper_has_its_marks() -> None:
    for level_db, position in ((6.0206, 1.0), (0.0, 0.7818), (-20.0, 0.3253), (-60.0, 0.0395)):
        assert md.fader_position(level_db) == pytest.approx(position, abs=1e-4)
    assert (md.fader_db(0), md.fader_position(-math.inf), md.fader_position(12)) == (-math.inf, 0.0, 1.0)
    assert md.fader_db(0.5, taper="decibel") == pytest.approx(-27.0)


@pytest.mark.parametrize("taper", ["console", "decibel"])
def test_positions_and_levels_are_inverse_and_rise(taper: md.faders.Taper) -> None:
    positions = np.linspace(0, 1, 1001).reshape(7, 143)
    levels_db = md.fader_db(positions, taper=taper)
    assert levels_db.shape == positions.shape
    assert np.all(np.diff(levels_db.ravel()) > 0)
    np.testing.assert_allclose(md.fader_position(levels_db, taper=taper), positions, atol=1e-9)


def test_refusals() -> None:
    for position in (-0.01, 1.01, math.nan):
        with pytest.raises(md.ParameterError, match=r"^position = .* is out of range: it must lie in 0\.\.1"):
            md.fader_db(position)
    with pytest.raises(md.ParameterError, match=r"^position = array of shape \(2,\) is out of range"):
        md.fader_db(np.array([0.5, 2]))
    with pytest.raises(md.ParameterError, match="level_db = NaN"):
        md.fader_position(math.nan)
    with pytest.raises(md.ParameterError, match="it must be one of console, decibel"):
        md.fader_db(0.5, taper="ardour")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="does not hold numbers"):
        md.fader_db("loud")  # type: ignore[call-overload]
