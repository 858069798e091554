"""The kinds of strips: tracks, groups, returns and the master."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from mixdown._checks import Audio
from mixdown.session.routing import MASTER
from mixdown.session.settings import Stored, locked, track_audio
from mixdown.session.strips import Strip


@dataclass(eq=False, repr=False)
class Track(Strip):
    """A strip with audio.

    Parameters
    ----------
    name : str
        As all further settings: see :class:`Strip`.
    audio : array, shape (frames,), (1, frames) or (2, frames), or what :func:`read` returned
        float32 or float64; non-finite samples are refused. It is copied, converted to the mix's rate if it comes with
        another, and kept read-only, (1 or 2, frames): a change is another array.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix(sample_rate_hz=48_000)
    >>> lead = mix.track("lead", np.zeros(44_100, np.float32), sample_rate_hz=44_100)
    >>> lead.audio.shape, lead.fader_db
    ((1, 48000), 0.0)
    """

    audio: Audio

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Keep the audio of a copy read-only, too."""
        self.__dict__.update(state)
        self.__dict__["audio"] = locked(self.audio)

    def _is_bus(self) -> bool:
        """Whether other strips may feed it: none."""
        return False

    def _plain(self, name: str, value: Any) -> Any:
        if name == "audio":
            if isinstance(value, Stored):
                return value.audio
            return track_audio(self.name, value, None, self._rate_hz())
        return super()._plain(name, value)

    def _input(self) -> dict[str, Any]:
        return {"type": "Track", "channels": self.audio.shape[0]}

    def _kind(self) -> str:
        return "mono" if self.audio.shape[0] == 1 else "stereo"

    def _said(self) -> list[str]:
        frames, rate_hz = self.audio.shape[1], self._rate_hz()
        return [self._kind(), f"{frames} frames" if rate_hz is None else f"{frames / rate_hz:.2f} s"]


@dataclass(eq=False, repr=False)
class Group(Strip):
    """A stereo bus, fed by `to` or by sends. Its settings are those of :class:`Strip`.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix()
    >>> for side in (-1, 1):
    ...     _ = mix.track(f"tom {side}", np.full(480, 0.5), pan=side, to="drums")
    >>> drums = mix.group("drums", fader_db=-6.0206)
    >>> mix.render(tail="none")[:, 100].round(4).tolist()
    [0.25, 0.25]
    """


@dataclass(eq=False, repr=False)
class Return(Strip):
    """A stereo bus that is heard while other strips are soloed. Its settings are those of :class:`Strip`.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix()
    >>> echo = mix.returns("echo", [md.Delay(time_ms=5, feedback=0)])
    >>> dry = mix.track("dry", np.eye(1, 480)[0], pan=-1, sends={"echo": -6.0206})
    >>> left = mix.render(tail="none")[0]
    >>> np.flatnonzero(left).tolist(), left[[0, 240]].round(4).tolist()
    ([0, 240], [1.0, 0.5])
    """

    def _input(self) -> dict[str, Any]:
        return {"type": "Return"}


@dataclass(eq=False, repr=False)
class Master(Strip):
    """The master strip, which every mix has: all that feeds nothing else feeds it. Its way out is the mix.

    Its settings are those of :class:`Strip` without destination, sends and solo.
    """

    name: str = MASTER

    _without: ClassVar[tuple[str, ...]] = ("name", "sends", "to", "solo", "solo_safe")

    def _destinations(self) -> Iterator[tuple[str, str]]:
        """Names of the strips that it feeds: none."""
        return iter(())
