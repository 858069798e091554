"""Parameters in Python are those of the engine's tables: names, defaults, ranges, words, docstrings."""

import dataclasses
import inspect
import math
import re
import typing
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import mixdown as md
from mixdown import _core
from mixdown.effects import KINDS
from mixdown.effects.tempo import Note

#: Settings that the engine has no table of, and why.
WITHOUT_TABLE = {
    "Chain": "puts effects together",
    "Parallel": "puts effects together",
    "MidSide": "puts effects together",
    "Bypass": "puts effects together",
    "ImpulseResponse": "is a signal, not a setting",
}
#: Parameters that only Python has, and why.
ONLY_PYTHON = {
    ("Convolution", "impulse_response_rate_hz"): "a response is converted before the engine sees it",
    ("Strip", "name"): "the key of a mapping",
    ("Strip", "key_from"): "the names of `keys`, whose positions may be left out",
}
#: Parameters that only the engine has, and why.
ONLY_ENGINE = {
    ("Strip", "keys"): "`key_from` in Python",
    ("Strip", "automation"): "points stand in the place of values, or come from `automate`",
    ("Send", "to"): "the key of a mapping",
}
#: A strip's table follows the signal path; a user writes the fader first.
OTHER_ORDER = {"Strip"}
#: Parameters without a default.
GIVEN: dict[str, dict[str, Any]] = {
    # Longer than any trim.
    "Convolution": {"impulse_response": np.ones(50_000, np.float32)},
    "Strip": {"name": "a"},
    "Vca": {"name": "a", "members": ()},
}
#: What goes with certain words of a choice.
FITTING: dict[tuple[str, str], dict[str, Any]] = {
    ("Convolution", "stereo"): {"impulse_response": np.ones((2, 8), np.float32)},
    ("Convolution", "true_stereo"): {"impulse_response": np.ones((4, 8), np.float32)},
}
#: Effects with a time or rate that a note may set, None by default, and what goes with any tempo, and with any note.
SYNCED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Delay": ({"note": "1/8"}, {"tempo_bpm": 999}),
    "Phaser": ({"note": "1/4"}, {"tempo_bpm": 40}),
    "Tremolo": ({"note": "1/4"}, {"tempo_bpm": 40}),
    "Chorus": ({"note": "1/1"}, {"tempo_bpm": 20}),
    "Flanger": ({"note": "1/1"}, {"tempo_bpm": 20}),
    "Vibrato": ({"note": "1/2"}, {"tempo_bpm": 20}),
}
FITTING |= {
    (kind, word): with_note
    for kind, (_, with_note) in SYNCED.items()
    for word in typing.get_args(Note)
    if word != "off"
}
#: Where a range depends on other parameters, these leave all of it.
WIDEST: dict[str, dict[str, Any]] = {
    "Delay": {"time_ms": 1, "max_time_ms": 10_000},
    "Chorus": {"delay_ms": 50, "depth_ms": 0},
    "Vibrato": {"rate_hz": 20, "depth_cents": 0},
    "Reverb": {"t60_low_ratio": 1, "t60_high_ratio": 1},
}
#: What lies this far beyond an end is refused. All values are printed alike in both languages.
JUST_OUTSIDE = 0.001

CLASSES: dict[str, type] = {
    **{kind: cls for kind, cls in KINDS.items() if kind not in WITHOUT_TABLE},
    "Strip": md.Strip,
    "Vca": md.Vca,
}
#: What the words of a table stand in: classes, and the method that makes a VCA group.
WRITTEN: dict[str, tuple[str, Any]] = {
    **{kind: (kind, cls) for kind, cls in CLASSES.items()},
    "Mix.vca": ("Vca", md.Mix.vca),
}
TABLES: dict[str, list[dict[str, Any]]] = {kind: _core.fields(kind) for kind in _core.kinds()}

kinds = pytest.mark.parametrize("kind", CLASSES)


def make(kind: str, **changes: Any) -> Any:
    """Make a setting with its ranges as wide as they get."""
    widest = WIDEST.get(kind, {})
    if kind in SYNCED and not changes.keys().isdisjoint(("tempo_bpm", "note")):
        # In place of a time or rate.
        with_tempo = SYNCED[kind][0] if "tempo_bpm" in changes else {}
        widest = {name: value for name, value in widest.items() if name not in ("time_ms", "rate_hz")} | with_tempo
    return CLASSES[kind](**{**GIVEN.get(kind, {}), **widest, **changes})


def numbers(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in TABLES[kind]:
        if field["kind"]["type"] == "number":
            yield field["name"], field["kind"]


def test_every_table_has_its_class_and_every_class_its_table() -> None:
    assert sorted(TABLES) == sorted(CLASSES)
    assert all(TABLES.values())
    for kind in WITHOUT_TABLE:
        assert KINDS[kind].parameters() == ()
        with pytest.raises(md.ParameterError, match=f'kind = "{kind}" has no table: it must be one of Gain, Pan'):
            _core.fields(kind)


@kinds
def test_names_and_order_are_those_of_the_table(kind: str) -> None:
    ours = [entry.name for entry in dataclasses.fields(CLASSES[kind]) if (kind, entry.name) not in ONLY_PYTHON]
    theirs = [field["name"] for field in TABLES[kind] if (kind, field["name"]) not in ONLY_ENGINE]
    assert (sorted(ours) == sorted(theirs)) if kind in OTHER_ORDER else (ours == theirs)


def test_what_only_python_has_exists() -> None:
    for kind, name in ONLY_PYTHON:
        assert name in {entry.name for entry in dataclasses.fields(CLASSES[kind])}
        assert name not in {field["name"] for field in TABLES[kind]}
    for kind, name in ONLY_ENGINE:
        assert name not in {entry.name for entry in dataclasses.fields(CLASSES[kind])}
        assert name in {field["name"] for field in TABLES[kind]}


def unset(kind: str, name: str) -> bool:
    """Whether a parameter is None unless it is given."""
    return kind in SYNCED and name in ("tempo_bpm", "note")


@kinds
def test_defaults_and_types_are_those_of_the_table(kind: str) -> None:
    made = CLASSES[kind](**GIVEN.get(kind, {}))
    hints = typing.get_type_hints(CLASSES[kind])
    for field in TABLES[kind]:
        name, values = field["name"], field["kind"]
        if values["type"] == "compound":
            continue
        assert getattr(made, name) == (None if unset(kind, name) else values["default"]), name
        if values["type"] == "choice":
            words = next(iter(typing.get_args(hints[name]))) if unset(kind, name) else hints[name]
            assert list(typing.get_args(words)) == values["words"], name
        else:
            # Where points are taken as well, the number comes first.
            hint = next(iter(typing.get_args(hints[name])), hints[name])
            assert hint in ((bool,) if values["type"] == "switch" else (float, int)), name


@pytest.mark.parametrize(
    ("method", "kind", "without"),
    [
        (md.Mix.track, "Strip", ()),
        (md.Mix.group, "Strip", ()),
        (md.Mix.returns, "Strip", ()),
        (md.Mix.master, "Strip", ("sends", "to", "solo", "solo_safe")),
        (md.Mix.vca, "Vca", ()),
    ],
)
def test_defaults_of_a_mix_are_those_of_its_strips(method: Any, kind: str, without: tuple[str, ...]) -> None:
    parameters = inspect.signature(method).parameters
    for field in TABLES[kind]:
        if (kind, field["name"]) in ONLY_ENGINE:
            continue
        assert (field["name"] in parameters) is (field["name"] not in without), field["name"]
        if field["kind"]["type"] != "compound" and field["name"] not in without:
            assert parameters[field["name"]].default == field["kind"]["default"], field["name"]


@kinds
def test_parameters_say_what_the_table_says(kind: str) -> None:
    parameters = CLASSES[kind].parameters()
    assert len(parameters) == len(TABLES[kind])
    for parameter, field in zip(parameters, TABLES[kind], strict=True):
        values = field["kind"]
        steps = values.get("steps")
        assert parameter == md.Parameter(
            name=field["name"],
            kind=values["type"],
            unit=field["unit"],
            minimum=values.get("min"),
            maximum=values.get("max"),
            maximum_of_rate=values.get("max_per_rate"),
            off=values.get("off"),
            step=steps["multiples"] if isinstance(steps, dict) and "multiples" in steps else None,
            values=tuple(steps["one_of"]) if isinstance(steps, dict) and "one_of" in steps else (),
            words=tuple(values.get("words", ())),
            default=values.get("default"),
            scale=values.get("scale"),
            fixed_while_running=field["fixed"],
            takes_automation=values["type"] in ("number", "switch") and not (field["fixed"] or field["costly"]),
            summary=field["summary"],
        )
        assert parameter.summary
        hash(parameter)


def test_a_parameter_prints_short() -> None:
    printed = {
        kind: {p.name: repr(p)[len("<Parameter ") : -1] for p in CLASSES[kind].parameters()}
        for kind in ("Bell", "Compressor", "LinearPhaseEqualizer", "MultibandCompressor", "Gain")
    }
    assert printed["Bell"]["frequency_hz"] == (
        "frequency_hz: 10 to 22 000 Hz and at most 0.49 of the sample rate, default 1000"
    )
    assert printed["Compressor"]["detector"] == 'detector: "peak", "rms" or "peak_hold", default "peak"'
    assert printed["Compressor"]["range_db"] == "range_db: 0 to inf dB, default inf"
    assert printed["Compressor"]["key_high_pass_hz"] == "key_high_pass_hz: 0 (off) or 20 to 500 Hz, default 0"
    assert printed["Compressor"]["release_mode"] == 'release_mode: "manual", "dual" or "auto", default "manual"'
    assert printed["LinearPhaseEqualizer"] == {
        "bands": "bands: compound",
        "length_ms": "length_ms: 5 to 680 ms, default 170, fixed while a stream runs",
    }
    assert printed["MultibandCompressor"]["slope_db_per_octave"] == (
        "slope_db_per_octave: 12, 24 or 48 dB/octave, default 24, fixed while a stream runs"
    )
    assert printed["Gain"]["invert_polarity"] == "invert_polarity: True or False, default False"
    with pytest.raises(dataclasses.FrozenInstanceError):
        md.Gain.parameters()[0].minimum = 0.0  # type: ignore[misc]


@kinds
def test_the_ends_of_a_range_are_taken(kind: str) -> None:
    for name, number in numbers(kind):
        whole = isinstance(getattr(make(kind), name), int)
        for value in (number["min"], number["max"], number["default"], number["off"]):
            if value is not None:
                given = int(value) if whole else value
                assert getattr(make(kind, **{name: given}), name) == value, name
        steps = number["steps"]
        for value in steps.get("one_of", ()) if isinstance(steps, dict) else ():
            make(kind, **{name: int(value) if whole else value})


def beyond(number: dict[str, Any], *, whole: bool) -> Iterator[tuple[Any, bool]]:
    """Values that are refused, and whether for lying out of the range."""
    step = 1 if whole else JUST_OUTSIDE
    steps = number["steps"]
    multiple, only = (steps.get("multiples"), steps.get("one_of")) if isinstance(steps, dict) else (None, None)
    for end, beside in ((number["min"], -step), (number["max"], step)):
        if math.isfinite(end):
            value = round(end + beside, 6)
            yield (int(value) if whole else value), only is None or whole
    # Halves of whole numbers are of another type.
    if (multiple or only) and multiple != 1:
        value = only[1] + 1 if whole and only else number["min"] + (multiple or only[1] - only[0]) / 2
        yield (int(value) if whole else value), False


@kinds
def test_what_lies_outside_is_refused_by_name_value_and_range(kind: str) -> None:
    for name, number in numbers(kind):
        whole = isinstance(getattr(make(kind), name), int)
        for value, out_of_range in beyond(number, whole=whole):
            legal = f"it must lie in {number['min']:g}..{number['max']:g}" if out_of_range else number["allowed"]
            reason = f"out of range: {legal}" if out_of_range else f"not allowed: it must be {legal}"
            if out_of_range and number["off"] is not None:
                reason += f" or be {number['off']:g} (off)"
            meant = r"(: did you mean .*\?)?"
            with pytest.raises(
                md.ParameterError, match=rf"(^|[ .]){name} = {value:.9g} is {re.escape(reason)}{meant}$"
            ):
                make(kind, **{name: value})
        if not whole:
            with pytest.raises(md.ParameterError, match=rf"(^|[ .]){name} = NaN is (out of range|not allowed): it"):
                make(kind, **{name: math.nan})


@kinds
def test_words_and_switches_take_nothing_else(kind: str) -> None:
    for field in TABLES[kind]:
        name, values = field["name"], field["kind"]
        if values["type"] == "choice":
            for word in values["words"]:
                made = make(kind, **{name: word}, **FITTING.get((kind, word), {}))
                assert getattr(made, name) == (None if unset(kind, name) and word == "off" else word)
            allowed = f"it must be one of {re.escape(', '.join(values['words']))}$"
            with pytest.raises(md.ParameterError, match=f"{name} = 'other' is not allowed: {allowed}"):
                make(kind, **{name: "other"})
        elif values["type"] == "switch":
            assert getattr(make(kind, **{name: not values["default"]}), name) is not values["default"]
            with pytest.raises(TypeError, match=f"{name} = 1 is not a boolean"):
                make(kind, **{name: 1})


def entries(text: str) -> dict[str, tuple[str, str]]:
    """Type and description of each parameter in a numpy docstring."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w+( \w+)?\n-+$|\Z)", inspect.cleandoc(text), re.M | re.S)
    assert section
    found: dict[str, tuple[str, str]] = {}
    for names, kind, body in re.findall(r"^(\w[\w, ]*) : (.*)\n((?:(?: .*)?\n?)*)", section[1], re.M):
        found |= {name: (kind, " ".join(body.split())) for name in names.split(", ")}
    return found


def shown(value: Any) -> str:
    """A value as documentation has it: numbers of five digits and more in groups."""
    if isinstance(value, (str, bool)):
        return f'"{value}"' if isinstance(value, str) else str(value)
    return f"{value:_g}".replace("_", " ") if abs(value) >= 10_000 else f"{value:g}"


def default_of(kind: str, name: str, default: Any) -> str:
    """A default as documentation has it; a reverb's may depend on its space."""
    if unset(kind, name):
        return "None"
    if kind == "Reverb" and name != "space":
        spaces = next(field["kind"]["words"] for field in TABLES[kind] if field["name"] == "space")
        defaults = [shown(_core.reverb_space(space)[name]) for space in spaces]
        if len(set(defaults)) > 1:
            return f"{', '.join(defaults)} by space"
    return shown(default)


def legal_numbers(number: dict[str, Any], unit: str) -> str:
    """The range of a number as documentation has it."""
    steps = number["steps"]
    if isinstance(steps, dict) and "one_of" in steps:
        *others, last = map(shown, steps["one_of"])
        return f"{', '.join(others)} or {last} {unit}".strip()
    text = f"{shown(number['min'])} to {shown(number['max'])} {unit}".strip()
    if number["off"] is not None:
        text = f"{shown(number['off'])} (off) or {text}"
    if isinstance(steps, dict) and steps["multiples"] != 1:
        text += f" in steps of {shown(steps['multiples'])}"
    if number["max_per_rate"] is not None:
        text += f" and at most {shown(number['max_per_rate'])} of the sample rate"
    return text


def differences(kind: str, text: str) -> list[str]:
    """What a docstring says otherwise than the table, or does not say."""
    written, wrong = entries(text), []
    for field in TABLES[kind]:
        name, values = field["name"], field["kind"]
        if (kind, name) in ONLY_ENGINE:
            continue
        if name not in written:
            wrong.append(f"{name} is missing")
            continue
        head, body = written[name]
        if ("Fixed while a stream runs." in body) is not field["fixed"]:
            wrong.append(f'{name}: "{body}" is wrong about what is fixed')
        if values["type"] == "compound":
            continue
        default = f", default {default_of(kind, name, values['default'])}"
        if not head.endswith(default):
            wrong.append(f'{name} : "{head}" does not end in "{default}"')
        if values["type"] == "number":
            legal = legal_numbers(values, field["unit"])
            # A unit ends where the sentence goes on; a second range would contradict the first.
            if not re.search(rf"(?<![-\d.])(?<!\d ){re.escape(legal)}(?=[.,:;]|$)", body):
                wrong.append(f'{name}: "{body}" does not hold "{legal}"')
            if len(re.findall(r"(?:\d|inf) to -?(?:\d|inf)", body)) > 1:
                wrong.append(f'{name}: "{body}" holds two ranges')
        if unset(kind, name) and values["type"] == "choice":
            # Dotted notes and triplets by one example each.
            straight = {word for word in values["words"] if word[-1] not in "dt" and word != "off"}
            if set(re.findall(r'"([^"]+)"', body)) != straight | {"1/8d", "1/8t"}:
                wrong.append(f'{name}: "{body}" does not name {straight}')
        elif values["type"] == "choice" and set(re.findall(r'"([^"]+)"', f"{head} {body}")) != set(values["words"]):
            wrong.append(f'{name}: "{head} {body}" does not name {values["words"]}')
    return wrong


@pytest.mark.parametrize("place", WRITTEN)
def test_docstrings_state_what_the_table_says(place: str) -> None:
    kind, thing = WRITTEN[place]
    assert differences(kind, thing.__doc__) == []
    if isinstance(thing, type):
        assert list(entries(thing.__doc__)) == [entry.name for entry in dataclasses.fields(thing)]


@pytest.mark.parametrize("place", WRITTEN)
def test_a_wrong_figure_in_a_docstring_is_found(place: str) -> None:
    kind, thing = WRITTEN[place]
    for field in TABLES[kind]:
        name, values = field["name"], field["kind"]
        if values["type"] == "compound":
            continue
        head, body = entries(thing.__doc__)[name]
        altered = [(head, re.sub(r"default (.)", r"default 9\1", head, count=1))]
        if values["type"] == "number":
            legal = legal_numbers(values, field["unit"])
            for figure in re.finditer(r"\d+|inf|[A-Za-z/%]+$", legal):
                other = f"{legal[: figure.start()]}9{legal[figure.start() :]}"
                altered.append((body, body.replace(legal, other)))
        for right, wrong in altered:
            text = f"Parameters\n----------\n{name} : {head}\n    {body}\n".replace(right, wrong)
            assert right != wrong
            assert any(difference.startswith((f"{name}:", f"{name} :")) for difference in differences(kind, text))
