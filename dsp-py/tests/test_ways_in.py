"""Audio, inserts, names and settings are checked whichever way they come into a mix."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import mixdown as md
from border import FRAMES, TONE, Recording


class TestEveryWayIn:
    @pytest.mark.parametrize(
        ("value", "error"),
        [
            (np.zeros(4, np.int16), TypeError),
            (np.array([0.0, math.nan]), md.ParameterError),
            (np.zeros((3, 4)), md.ShapeError),
            ([0.0], TypeError),
        ],
    )
    def test_audio(self, value: Any, error: type) -> None:
        mix = md.Mix()
        track = mix.track("a", TONE)
        for call in (
            lambda: mix.track("b", value),
            lambda: setattr(track, "audio", value),
            lambda: md.Track("b", value),
        ):
            with pytest.raises(error, match="audio of"):
                call()
        assert list(mix) == ["a"]
        np.testing.assert_array_equal(track.audio, TONE[np.newaxis])

    def test_audio_is_copied_and_kept(self) -> None:
        mix, buffer = md.Mix(), TONE.copy()
        mix.track("a", buffer)
        mix.track("b", TONE).audio = buffer
        before = mix.render(tail="none")
        buffer[:] = 0
        np.testing.assert_array_equal(mix.render(tail="none"), before)
        with pytest.raises(ValueError, match="read-only"):
            mix["a"].audio[0, 0] = math.nan
        mix["a"].audio = Recording(TONE, 24_000)
        assert mix["a"].audio.shape == (1, 2 * FRAMES)

    def test_inserts_are_frozen_wherever_they_come_in(self) -> None:
        effects = [md.Gain(gain_db=-6)]
        mix = md.Mix()
        mix.track("list", TONE, inserts=effects)
        mix.track("generator", TONE, inserts=(effect for effect in effects))
        mix.track("set", TONE).inserts = (effect for effect in effects)  # type: ignore[assignment]
        mix.master(inserts=(effect for effect in effects))
        effects.append(md.Gain(gain_db=-60))
        for name in mix:
            assert mix[name].inserts == (md.Gain(gain_db=-6),)
        assert mix.render(tail="none").max() == pytest.approx(3 * 0.1 * 10 ** (-15.0103 / 20), rel=1e-4)
        assert md.Chain(effect for effect in effects[:1]) == md.Chain(effects[:1])

    def test_names(self) -> None:
        mix = md.Mix()
        for name in ("a", "b", "c"):
            mix.track(name, TONE)
        assert "a" in mix
        assert "z" not in mix
        assert list(mix) == ["a", "b", "c"]
        assert list(mix.items()) == [(name, mix[name]) for name in "abc"]
        assert mix.get("z") is None
        mix["a"].name = "bd"
        assert list(mix) == ["bd", "b", "c"]
        assert mix["bd"].name == "bd"
        mix.rename("b", "sn")
        assert (mix["sn"].name, "b" in mix) == ("sn", False)
        for wrong, error in (("sn", md.MixerError), ("master", md.MixerError), ("", md.ParameterError), (3, TypeError)):
            for call in (
                lambda wrong=wrong: mix.rename("c", wrong),
                lambda wrong=wrong: setattr(mix["c"], "name", wrong),
                lambda wrong=wrong: mix.track(wrong, TONE),
            ):
                with pytest.raises(error):
                    call()
        with pytest.raises(md.MixerError, match='no strip named "z"'):
            mix.rename("z", "y")
        removed = mix["c"]
        del mix["c"]
        assert list(mix) == ["bd", "sn"]
        removed.name = "free"
        with pytest.raises(md.MixerError, match='no strip named "c"'):
            del mix["c"]
        other = copy.deepcopy(mix)
        other["bd"].name = "kick"
        assert list(mix) == ["bd", "sn"]
        assert list(pickle.loads(pickle.dumps(other))) == ["kick", "sn"]

    def test_a_refused_setting_leaves_the_old_one(self) -> None:
        mix = md.Mix(sample_rate_hz=8_000)
        track = mix.track("a", TONE, inserts=[md.Gain()])
        for name, value in (("inserts", [md.Bell(frequency_hz=9_000)]), ("pan", 2), ("width", 1.5), ("pan_law", "x")):
            before = getattr(track, name)
            with pytest.raises(ValueError, match=r"\w"):
                setattr(track, name, value)
            assert getattr(track, name) == before
        with pytest.raises(md.ParameterError, match="cannot be deleted"):
            del track.pan
