"""The package as a whole."""

import doctest
import importlib
import pkgutil

import numpy as np

import mixdown
from mixdown import demo


def test_examples_in_the_words_run() -> None:
    failed = run = 0
    for module in pkgutil.walk_packages(mixdown.__path__, "mixdown."):
        if module.name.endswith("_core"):
            continue
        result = doctest.testmod(importlib.import_module(module.name))
        failed, run = failed + result.failed, run + result.attempted
    result = doctest.testmod(mixdown)
    assert failed + result.failed == 0
    assert run + result.attempted >= 8


def test_every_public_name_has_words() -> None:
    for name in mixdown.__all__:
        thing = getattr(mixdown, name)
        if callable(thing):
            assert thing.__doc__, name


def test_the_song_repeats_itself_to_the_bit() -> None:
    first, second, other = demo.stems(seed=5), demo.stems(seed=5), demo.stems(seed=6)
    assert len(first) >= 9
    assert {audio.shape[1] for audio in first.values()} == {next(iter(first.values())).shape[1]}
    for name, audio in first.items():
        assert audio.dtype == np.float32
        assert np.all(np.isfinite(audio))
        assert 0.1 < np.max(np.abs(audio)) < 1.0, name
        np.testing.assert_array_equal(audio, second[name])
    assert any(not np.array_equal(audio, other[name]) for name, audio in first.items())
