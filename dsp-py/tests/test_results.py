"""Results print short; dictionaries are strict JSON; names are reachable."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import mixdown as md
from border import RATE_HZ, TONE, kinds, made


class TestResults:
    def test_results_print_short(self) -> None:
        long = np.tile(TONE, 40)
        mix = md.Mix()
        for number in range(20):
            mix.track(f"track {number}", TONE, inserts=[md.Gain()])
        mastered = md.master(long, RATE_HZ)
        stream, meter = md.Reverb().stream(RATE_HZ, 2), md.LoudnessMeter(RATE_HZ, 2)
        for result in (
            md.loudness(long, RATE_HZ),
            md.correlation(np.stack([long, -long]), RATE_HZ),
            md.mono_compatibility(np.stack([long, -long]), RATE_HZ),
            mix.measure(),
            mix.measure()["master"],
            mastered,
            mastered.certificate,
            mastered.certificate.target,
            mix["track 3"],
            stream,
            meter,
            md.Convolution(impulse_response=long),
        ):
            text = repr(result)
            assert len(text) < 400, text
            assert " at 0x" not in text
            assert "array(" not in text
            assert "-0.0 " not in text
        assert "LUFS" in repr(md.loudness(long, RATE_HZ))
        # A table of the first 16 strips, with a line above and below.
        assert repr(mix).startswith("<Mix: 48000 Hz, 20 tracks>\nStrip ")
        assert len(repr(mix).splitlines()) == 20

    def test_targets_print_as_a_table(self) -> None:
        targets = md.targets()
        lines = repr(targets).splitlines()
        assert len(lines) == len(targets) + 1
        assert max(map(len, lines)) <= 80
        assert isinstance(targets, tuple)
        for line, target in zip(lines[1:], targets, strict=True):
            assert line.startswith(target.name)

    def test_dictionaries_are_strict_json(self) -> None:
        for name in kinds():
            setting = made(name)
            if not isinstance(setting, md.Effect):
                continue
            text = json.dumps(setting.to_dict(), allow_nan=False)
            assert md.from_dict(json.loads(text)) == setting
        infinite = md.Chain(
            [md.Gain(gain_db=-math.inf), md.Compressor(ratio=math.inf), md.Parallel([md.Gain()], [-math.inf])]
        )
        assert md.from_dict(json.loads(json.dumps(infinite.to_dict(), allow_nan=False))) == infinite
        fold = md.mono_compatibility(np.stack([TONE, -TONE]), RATE_HZ).to_dict()
        assert json.loads(json.dumps(fold, allow_nan=False))["overall_loss_db"] == "-inf"
        json.dumps(md.master(np.tile(TONE, 4), RATE_HZ, target="youtube").certificate.to_dict(), allow_nan=False)

    def test_names_that_are_reachable(self) -> None:
        assert callable(md.balance)
        assert callable(md.resample)
        assert callable(md.display.waveform)
        with pytest.raises(AttributeError, match="'plot'"):
            md.plot  # noqa: B018
