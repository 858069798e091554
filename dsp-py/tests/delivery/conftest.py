"""The song that tests of delivery master."""

import numpy as np
import pytest

import mixdown as md
from mixdown import demo

RATE_HZ = 48_000


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    """Ten seconds of the middle of the built-in song."""
    stems = demo.stems(seed=2)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    for name, audio in stems.items():
        mix.track(name, audio, fader_db=-6)
    return mix.render(tail="none")[:, 15 * RATE_HZ : 25 * RATE_HZ]
