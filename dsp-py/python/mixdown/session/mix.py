"""A mix in memory: tracks, groups and returns with their settings, rendered to stereo."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio
from mixdown._core import MixerError, ParameterError
from mixdown.display.html import Shown
from mixdown.display.routing import mix as drawing
from mixdown.effects.answers import Answers, answers
from mixdown.effects.setting import without_infinities
from mixdown.session.automation import Points
from mixdown.session.kinds import Group, Return, Track
from mixdown.session.mapping import Strips
from mixdown.session.measuring import Measured, Progress
from mixdown.session.plain import plain_mix, source_file
from mixdown.session.reading import load
from mixdown.session.routing import MASTER, refuse_unknown
from mixdown.session.saving import save
from mixdown.session.strips import Strip
from mixdown.session.table import table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most strips that are printed with the mix.
_MOST_ROWS = 16


class Mix(Shown, Measured, Strips):
    """A mixer: tracks, groups and returns into stereo. A mapping of names to strips.

    Destinations, sends and keys are looked up by name when the mix is rendered, so strips may be added in any order; a
    cycle is refused at once.

    Modulated effects start with the first frame of the mix: latency in another strip delays the input of a return, and
    so shifts the modulation of its reverb against the sound.

    Parameters
    ----------
    sample_rate_hz : float, default 48 000
        Rate of the mix; tracks of other rates are resampled.

    Notes
    -----
    ``copy.copy`` makes an independent mix; both share audio and effects, which are immutable.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix(sample_rate_hz=48_000)
    >>> _ = mix.track("left", np.full(480, 0.5), pan=-1, to="band")
    >>> _ = mix.track("right", np.full(480, 0.25), pan=1, fader_db=-6.0206)
    >>> _ = mix.group("band", fader_db=-6.0206)
    >>> mix.render(tail="none")[:, 100].round(4).tolist()
    [0.25, 0.125]
    """

    @_checks.named
    def automate(self, path: str, points: Points | None) -> None:
        """Set automation points of a parameter.

        Parameters
        ----------
        path : str
            Name of the strip, then the parameter: ``"vocals/fader_db"``, ``"vocals/sends/hall/level_db"``, or
            ``"vocals/2/threshold_db"`` for the insert at position 2, counted from 0. Inside an insert as in errors:
            ``"vocals/2/bands[0].gain_db"``, ``"vocals/2/effects[1].threshold_db"``,
            ``"vocals/2/bands[0].shape.frequency_hz"``. Of a strip itself `fader_db`, the pans and `mute` take points,
            of a send `level_db`, `pan` and `mute`, of an insert every parameter that
            `takes_automation` of :class:`Parameter`.
        points : list of (seconds, value) or (seconds, value, shape), or None
            As in :class:`Strip`; the shape of switches, and of numbers in steps as slopes, is "hold". None makes it a
            constant again, with the value that it had before.

        Raises
        ------
        ParameterError
            For a path that leads nowhere, times that fall, values out of range, all points of an insert taken together:
            nothing changes then.

        Notes
        -----
        Levels, positions and mutes are what is drawn at every frame; a step takes 10 ms from its time on. Parameters of
        inserts glide: they are set every 64 frames and read 11.7 ms ahead, the mean delay of a glide of 20 ms. So a
        line is heard where it is drawn, and a step begins up to 11.7 ms before its time and ends within 10 ms after
        it. Those of filters glide over 50 ms and are heard 17 ms late.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("keys", np.full(48_000, 0.5), pan=-1, inserts=[md.Gain()])
        >>> mix.automate("keys/0/gain_db", [(0.0, 0), (0.5, -12.0412, "hold")])
        >>> mix.render(tail="none")[0, [0, 47_999]].round(4).tolist()
        [0.5, 0.125]
        """
        if not isinstance(path, str):
            raise TypeError(f"path = {_checks.shown(path)} is not a text")
        name, _, parameter = path.partition("/")
        if name in self._vcas and name not in self:
            raise ParameterError(f"{path}: a vca takes no automation: automate the faders of its members")
        strip = self._master if name == MASTER else self[name]
        strip.automate(parameter, points)

    def __repr__(self) -> str:
        kinds = [
            f"{count} {kind}{'' if count == 1 else 's'}"
            for kind, count in (
                (kind, sum(isinstance(strip, cls) for strip in self.values()))
                for kind, cls in (("track", Track), ("group", Group), ("return", Return))
            )
            if count or kind == "track"
        ]
        head = f"<Mix: {self._sample_rate_hz:g} Hz, {', '.join(kinds)}>"
        if not len(self):
            return head
        lines = [head, table(self._first(), self._master, self._members())]
        return "\n".join([*lines, *self._more()])

    def _first(self) -> list[Strip]:
        """Return the strips that are shown with the mix."""
        return list(itertools.islice(self._strips.values(), _MOST_ROWS))

    def _more(self) -> list[str]:
        """Return a line for the strips that are not."""
        left = len(self) - _MOST_ROWS
        return [f"and {left} more"] if left > 0 else []

    def _members(self) -> dict[str, tuple[str, ...]]:
        """Return the members of each VCA group."""
        return {vca.name: vca.members for vca in self._vcas.values()}

    def _plain(self) -> dict[str, Any]:
        """Return plain values for the compiled module."""
        rate_hz = self._sample_rate_hz
        return {
            "strips": [strip._engine(rate_hz) for strip in self._strips.values()],
            "vcas": [vca._engine() for vca in self._vcas.values()],
            "master": self._master._engine(rate_hz)["params"],
        }

    def _engine(self) -> tuple[dict[str, Any], list[Audio]]:
        """Return plain values for the compiled module, and the audio of the tracks in one format."""
        tracks = [strip.audio for strip in self._strips.values() if isinstance(strip, Track)]
        if not tracks:
            raise MixerError("the mix has no tracks")
        refuse_unknown(self._all(), self._members(), {strip.name: strip for strip in self._all()})
        for effect in (effect for strip in self._all() for effect in strip.inserts):
            effect._warn(self._sample_rate_hz)
        dtype = np.result_type(*{audio.dtype for audio in tracks})
        return self._plain(), [audio.astype(dtype, copy=False) for audio in tracks]

    def _answers(self) -> Answers | None:
        functions = (placed for strip in self._all() for placed in strip._functions())
        return answers(functions, self._sample_rate_hz)

    @_checks.named
    def render(self, tail: Literal["none", "auto"] | float = "auto", progress: Progress | None = None) -> Audio:
        """Render the mix.

        Parameters
        ----------
        tail : "none", "auto" or seconds, default "auto"
            Length of the mix beyond the longest track: "auto" until 100 ms are below -120 dBFS, on a grid of
            100 ms, at most 60 s. A single effect, which keeps the length of its input, has "none" by default.
        progress : function, optional
            Called with the frames done and the frames of the longest track. What it raises ends the work. A mix with
            :class:`Function` is rendered once more for each of them in series, before progress is reported.

        Returns
        -------
        array, shape (2, frames)
            float64 if any track is, else float32. Shorter tracks end in silence; the latency is removed.

        Raises
        ------
        MixerError
            If there are no tracks; for a destination, send or key that does not exist, or that is a track.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("lead", np.full(480, 0.5, np.float32), fader_db=-6.0206)
        >>> out = mix.render(tail=0.1)
        >>> print(f"{out.shape}, {out.dtype}, {out[0, 100]:.4f} on each side")
        (2, 5280), float32, 0.1768 on each side
        """
        keep, report = _checks.tail(tail), _checks.callback("progress", progress)
        plain, tracks = self._engine()
        return _core.render_mix(plain, tracks, self._sample_rate_hz, keep, report, self._answers())

    @_checks.named
    def stems(
        self,
        *,
        of: Literal["master_inputs", "tracks"] = "master_inputs",
        tail: Literal["none", "auto"] | float = "auto",
        progress: Progress | None = None,
    ) -> dict[str, Audio]:
        """Render the strips by themselves, as they sound in the mix.

        Parameters
        ----------
        of : "master_inputs" or "tracks", default "master_inputs"
            What each strip gives to the master: they add up to its signal before trim and inserts. Or what each track
            gives to its group or to the master, after fader and pan, without its sends.
        tail : "none", "auto" or seconds, default "auto"
            As in :meth:`render`: stems are as long as the mix, whose tail may end before theirs.
        progress : function, optional
            As in :meth:`render`.

        Returns
        -------
        dict of str to array, shape (2, frames)
            float64, whatever the tracks are: the mix is rounded once, their sum.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("kick", np.full(480, 0.5), to="drums")
        >>> _ = mix.track("lead", np.full(480, 0.5), pan=-1, fader_db=-6.0206)
        >>> _ = mix.group("drums")
        >>> stems = mix.stems(tail="none")
        >>> {name: stem[0, 100].round(4).tolist() for name, stem in stems.items()}
        {'lead': 0.25, 'drums': 0.3536}
        """
        wanted = _checks.one_of("of", of, ("master_inputs", "tracks"))
        keep, report = _checks.tail(tail), _checks.callback("progress", progress)
        plain, tracks = self._engine()
        return _core.render_stems(plain, tracks, self._sample_rate_hz, wanted, keep, report, self._answers())

    def table(self) -> str:
        """Return the strips as a table of text, the master last.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("lead", np.zeros(480), fader_db=-3, inserts=[md.Gate()], sends={"hall": -18})
        >>> _ = mix.returns("hall", [md.Plate()])
        >>> print(mix.table())
        Strip   Input   Fader    Pan  Inserts  Sends          To
        lead    mono    -3.0 dB  0    Gate     hall -18.0 dB  master
        hall    return  0.0 dB   0    Plate                   master
        master  master  0.0 dB   0
        """
        return table(self.values(), self._master, self._members())

    def graph(self, axes: Axes | None = None) -> Axes:
        """Draw the routing: signals from left to right, sends dashed, keys dotted.

        Parameters
        ----------
        axes : matplotlib Axes, optional
            By default those of a new figure, ``mix.graph().figure``.

        Returns
        -------
        matplotlib Axes

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("lead", np.ones(480), sends={"hall": -12})
        >>> _ = mix.returns("hall", [md.Reverb()])
        >>> [(text.get_text(), round(text.get_position()[0], 1)) for text in mix.graph().texts]
        [('lead', 0.0), ('hall', 1.0), ('master', 2.0)]
        """
        if axes is not None:
            _checks.drawable(axes, "axes")
        return drawing(self, axes)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        r"""Read a session file, and the audio files that it names.

        Parameters
        ----------
        path : path
            A text as :meth:`save` writes it; ``docs/session-files.md`` describes it.

        Returns
        -------
        Mix

        Raises
        ------
        ParameterError, MixerError, FileNotFoundError
            For what :meth:`track` would refuse, for names that are not known, for audio files that are not there; with
            the line, and the nearest name.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/kick.wav", np.full((1, 480), 0.5), 48_000, bit_depth=32)
        ...     session = pathlib.Path(folder, "song.toml")
        ...     track = 'track = [{name = "kick", audio = "kick.wav", fader_db = -3}]'
        ...     _ = session.write_text(f"version = 1; sample_rate_hz = 48000; {track}".replace("; ", "\n"))
        ...     mix = md.Mix.from_file(session)
        >>> mix["kick"].fader_db, mix["kick"].audio.shape
        (-3.0, (1, 480))
        """
        return load(path, cls)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a session file, from which :meth:`from_file` makes the same mix.

        Audio that a session file named stays where it is, and is named by its path from the new file. All other audio
        is written, as floating point, into the folder ``<name> audio`` beside the file: also audio whose file has
        changed since, and audio that was written for another session file. What was written for one strip is replaced
        by later audio of that strip alone; other files are never replaced.

        Parameters
        ----------
        path : path
            As "song.toml". A file there is replaced.

        Raises
        ------
        ParameterError
            For audio of no file in a mix whose rate is not whole Hz: audio files have whole rates only.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix(sample_rate_hz=48_000)
        >>> _ = mix.track("lead", np.full(480, 0.5), fader_db=-3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder) / "song.toml"
        ...     mix.save(file)
        ...     again = md.Mix.from_file(file)
        ...     print(file.read_text())
        # A mix of mixdown. Paths are relative to this file.
        version = 1
        sample_rate_hz = 48000
        <BLANKLINE>
        [[track]]
        name = "lead"
        audio = "song audio/lead.wav"
        fader_db = -3.0
        <BLANKLINE>
        >>> float(abs(again.render() - mix.render()).max())
        0.0
        """
        save(self, path)

    def files(self) -> list[Path]:
        """Return the audio files of tracks whose audio has not changed since it was read or written.

        Returns
        -------
        list of Path

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     mix = md.Mix()
        ...     _ = mix.track("kick", np.ones(480))
        ...     before = len(mix.files())
        ...     mix.save(f"{folder}/song.toml")
        ...     before, len(md.Mix.from_file(f"{folder}/song.toml").files())
        (0, 1)
        """
        return [Path(file) for strip in self.values() if (file := source_file(strip)) is not None]

    def to_dict(self) -> dict[str, Any]:
        """Return the mix as plain values, as in a session file: defaults are left out, and so is audio of no file.

        Returns
        -------
        dict
            ``{"version": 1, "sample_rate_hz": 48000, "track": […], …}``. Valid as strict JSON: an infinity is the word
            "inf" or "-inf".

        Examples
        --------
        >>> import mixdown as md
        >>> mix = md.Mix()
        >>> _ = mix.group("drums", fader_db=-3)
        >>> mix.to_dict()
        {'version': 1, 'sample_rate_hz': 48000, 'group': [{'name': 'drums', 'fader_db': -3.0}]}
        """
        return cast(dict[str, Any], without_infinities(plain_mix(self)))
