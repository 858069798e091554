"""Settings are values: each of them comes back from a dictionary, JSON, pickle, its own text; compares and hashes."""

import copy
import dataclasses
import json
import pickle
import re
from typing import Any

import numpy as np
import pytest

import mixdown as md
from mixdown.effects import KINDS

#: Settings that differ from the defaults; for every kind one at least.
VALUES: list[Any] = [
    md.Gain(gain_db=-3, invert_polarity=True),
    md.Pan(pan=0.5, law="linear"),
    md.Width(width=0, bass_mono_hz=120),
    md.Bell(frequency_hz=440, gain_db=-1, q=2),
    md.LowShelf(gain_db=2),
    md.HighShelf(gain_db=-2),
    md.LowPass(slope_db_per_octave=24),
    md.HighPass(slope_db_per_octave=6),
    md.BandPass(q=3),
    md.Notch(frequency_hz=50),
    md.AllPass(q=0.5),
    md.Tilt(gain_db=3),
    md.Placed(md.Bell(gain_db=3), place="side", enabled=False),
    md.Equalizer(bands=[md.Placed(md.Tilt(gain_db=1), place="mid"), md.Notch()], design="cookbook", output_gain_db=-1),
    md.LinearPhaseEqualizer(bands=[md.Bell(gain_db=1)], length_ms=20),
    md.DynamicBand(shape=md.LowShelf(gain_db=-2), direction="below", action="boost", ratio=float("inf")),
    md.DynamicEqualizer(bands=[md.DynamicBand(threshold_db=-20), md.Bell(gain_db=1)]),
    md.Compressor(ratio=float("inf"), detector="rms"),
    md.Expander(range_db=float("inf")),
    md.Gate(hold_ms=0),
    md.DeEsser(listen=True),
    md.MultibandCompressor(crossovers_hz=[300], solo=1, bypassed=[0]),
    md.Limiter(mode="master"),
    md.Saturator(curve="hard", oversample=16, auto_gain=True),
    md.Clipper(oversample=1, mix=0.5),
    md.TransientShaper(sustain_db=-6),
    md.Chorus(voices=1, width=0),
    md.Flanger(tempo_bpm=100, note="4/1", invert=True),
    md.Phaser(stages=4, feedback=-0.5),
    md.Tremolo(tempo_bpm=90, note="1/4t", shape="triangle"),
    md.Vibrato(rate_hz=6),
    md.Reverb(space="room", early_db=-float("inf")),
    md.Plate(mix=0.5),
    md.Delay(time_ms=200.5, feedback=-0.4),
    md.Delay(tempo_bpm=128, note="1/4d", ping_pong=True),
    md.Convolution(impulse_response=np.array([[1.0, 0.5]]), mix=0.5),
    md.ImpulseResponse(np.array([[1, 0.5], [0.25, 0]], np.float32)),
    md.Chain([md.Gain(gain_db=1), md.Chain([])]),
    md.Parallel([md.Gain(), md.Width()], gains_db=[-float("inf"), 3]),
    md.MidSide(side=[md.Gain(gain_db=-1)]),
    md.Bypass(md.Limiter()),
    md.Send(-6, tap="pre_fader"),
]
values = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


def test_every_kind_is_here() -> None:
    assert {type(value).__name__ for value in VALUES} == set(KINDS)


@values
def test_it_comes_back(value: Any) -> None:
    plain = value.to_dict()
    returned = [
        md.from_dict(plain),
        md.from_dict(json.loads(json.dumps(plain, allow_nan=False))),
        pickle.loads(pickle.dumps(value)),
        copy.copy(value),
        copy.deepcopy(value),
        value.replace(),
    ]
    if "sha256" not in repr(value):
        returned.append(eval(repr(value), {**vars(md), "inf": float("inf")}))
    for other in returned:
        assert type(other) is type(value)
        assert other == value
        assert hash(other) == hash(value)
        assert repr(other) == repr(value)
        assert other.to_dict() == plain
    assert returned[0] in {value}


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"type": "Placed", "band": {"type": "Bell", "q": 100}},
            ValueError,
            "band.q = 100 is out of range: it must lie",
        ),
        ({"type": "DynamicBand", "knee_db": 30}, ValueError, "knee_db = 30 is out of range"),
        ({"type": "Placed", "band": {"type": "Gain"}}, TypeError, "band = Gain"),
        (
            {
                "type": "Chain",
                "effects": [{"type": "Gain"}, {"type": "Equalizer", "bands": [{"type": "Bell", "q": 0}]}],
            },
            ValueError,
            "effects[1].bands[0].q = 0 is out of range",
        ),
        (
            {"type": "Chain", "effects": [{"type": "Equalizer", "bands": [{"type": "Bell"}] * 33}]},
            ValueError,
            "effects[0].bands has 33 entries",
        ),
        (
            {"type": "Chain", "effects": [{"type": "Gain", "gain": 1}]},
            ValueError,
            "effects[0]: Gain has no parameter gain: did you mean gain_db?",
        ),
        ({"type": "Bypass", "effect": {"type": "Gian"}}, ValueError, "effect.type = 'Gian' is not a kind"),
        ({"type": "Bypass", "effect": {"type": "Pan", "pan": "l"}}, TypeError, "effect.pan = 'l' is not a number"),
    ],
)
def test_errors_of_dictionaries_say_where(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        md.from_dict(settings)


def test_tuples_are_lists() -> None:
    assert md.from_dict({"type": "Equalizer", "bands": ({"type": "Bell"},)}) == md.Equalizer(bands=[md.Bell()])


@pytest.mark.parametrize("kind", [md.Effect, md.Band])
def test_what_is_abstract_cannot_be_made(kind: type) -> None:
    with pytest.raises(TypeError, match=f"^{kind.__name__} is abstract"):
        kind()


def test_only_arrays_print_as_a_digest() -> None:
    printed = [type(value).__name__ for value in VALUES if "sha256" in repr(value)]
    assert printed == ["Convolution", "ImpulseResponse"]


@values
def test_each_parameter_may_be_replaced(value: Any) -> None:
    for entry in dataclasses.fields(value):
        if (type(value), entry.name) == (md.Reverb, "space"):
            # A space fills what is not given with it.
            continue
        assert value.replace(**{entry.name: getattr(value, entry.name)}) == value
    assert [other for other in VALUES if other == value] == [value]
