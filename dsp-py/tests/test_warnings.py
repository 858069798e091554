"""Warnings point at the line of the user, whichever way leads into the package, and come only where they matter."""

import contextlib
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile

import mixdown as md

RATE_HZ = 48_000
SHORT = md.LinearPhaseEqualizer(bands=[md.HighPass(frequency_hz=30)], length_ms=20)
LONG = SHORT.replace(length_ms=340)
SAID = "LinearPhaseEqualizer: length_ms = 20 is short for its bands"
NOISE = (0.1 * np.random.default_rng(1).standard_normal((2, RATE_HZ))).astype(np.float32)
BROKEN = np.array([0.1, np.nan, 0.1])


def mixed(effect: md.Effect) -> md.Mix:
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("a", NOISE, inserts=[effect])
    return mix


def mastered(effect: md.Effect) -> md.Mix:
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("a", NOISE)
    mix.master(inserts=[effect])
    return mix


def truncated(folder) -> object:
    file = folder / "cut.wav"
    soundfile.write(file, NOISE.T, RATE_HZ)
    file.write_bytes(file.read_bytes()[:10_000])
    return file


#: Each call that uses the design of an effect.
USES: dict[str, Callable[[md.Effect], object]] = {
    "call": lambda effect: effect(NOISE, RATE_HZ),
    "process": lambda effect: effect.process(NOISE, RATE_HZ, tail=0.1),
    "chain": lambda effect: (md.Gain() >> effect)(NOISE, RATE_HZ),
    "parallel of chains": lambda effect: md.Parallel([md.Chain([effect])])(NOISE, RATE_HZ),
    "mid and side": lambda effect: md.MidSide(side=[effect])(NOISE, RATE_HZ),
    "stream": lambda effect: effect.stream(RATE_HZ, 2),
    "Stream": lambda effect: md.Stream(effect, RATE_HZ, 2),
    "chain's stream": lambda effect: md.Chain([effect]).stream(RATE_HZ, 2),
    "Mix.render": lambda effect: mixed(effect).render(),
    "Mix.master": lambda effect: mastered(effect).render(),
    "master": lambda effect: md.master(NOISE, RATE_HZ, effects=effect),
    "master's list": lambda effect: md.master(NOISE, RATE_HZ, effects=[md.Gain(), effect]),
}
#: What asks an effect about itself, or does not run it.
QUESTIONS: dict[str, Callable[[md.Effect], object]] = {
    "latency_frames": lambda effect: effect.latency_frames(RATE_HZ),
    "design_error_db": lambda effect: SHORT.design_error_db(RATE_HZ),
    "frequency_response": lambda effect: effect.frequency_response(100.0, RATE_HZ),
    "Bypass": lambda effect: md.Bypass(effect)(NOISE, RATE_HZ),
    "Mix.track": mixed,
    "to_dict": lambda effect: md.from_dict(effect.to_dict()),
}
#: The other warnings of the package.
OTHERS: dict[str, tuple[Callable[..., object], str]] = {
    "non-finite samples": (lambda _: md.Gain()(BROKEN, RATE_HZ), "1 non-finite samples were replaced by 0"),
    "in a chain": (lambda _: md.Chain([md.Gain()]).process(BROKEN, RATE_HZ), "1 non-finite"),
    "clipped samples": (lambda folder: md.write(folder / "a.wav", 2 * NOISE / NOISE.max(), RATE_HZ), "were clipped"),
    "a file cut short": (lambda folder: md.read(truncated(folder)), "promised"),
    "its blocks": (lambda folder: list(md.blocks(truncated(folder))), "promised"),
}


@contextlib.contextmanager
def recorded() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@pytest.mark.parametrize("use", USES)
def test_a_warning_of_a_design_points_here_once(use: str) -> None:
    with recorded() as caught:
        USES[use](SHORT)
    assert [(warning.filename, warning.category) for warning in caught] == [(__file__, RuntimeWarning)]
    assert str(caught[0].message).startswith(SAID)
    with recorded() as caught:
        USES[use](LONG)
    assert caught == []


def test_it_points_at_the_line_of_a_set() -> None:
    stream = SHORT.replace(bands=[md.HighPass(frequency_hz=1_000)]).stream(RATE_HZ, 2)
    with recorded() as caught:
        stream.set(SHORT)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_warning_where_nothing_is_processed(question: str) -> None:
    with recorded() as caught:
        QUESTIONS[question](SHORT)
    assert caught == []


@pytest.mark.parametrize("other", OTHERS)
def test_every_other_warning_points_here(other: str, tmp_path) -> None:
    call, said = OTHERS[other]
    with recorded() as caught:
        call(tmp_path)
    assert [warning.filename for warning in caught] == [__file__]
    assert said in str(caught[0].message)
