"""Defaults of mastering and delivering an album."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.album.measuring import Measure
from mixdown.album.solving import Policy, Reference
from mixdown.album.songs import chain_of, text
from mixdown.delivery.normalizing import ClipDb, clip_settings
from mixdown.delivery.targets import Target, figures_of
from mixdown.display.html import Shown
from mixdown.effects import Effect
from mixdown.files import BitDepth, Dither, NoiseShaping
from mixdown.pack.delivering import USUAL, CueEncoding
from mixdown.pack.formats import RECORDS, formats_of

ToneMoves = Literal["none", "gentle"]
"""Shelves that bring songs nearer to the reference: none, or of at most 1.5 dB."""

#: What a call gives as a whole: a target of its own has its own ceiling.
_LEVELS = ("target", "target_lufs", "ceiling_dbtp")


@dataclass(frozen=True)
class MasterSettings(Shown):
    """Defaults of :meth:`Album.master`.

    Parameters
    ----------
    target, target_lufs, ceiling_dbtp
        See :func:`master`.
    policy : "album", "similar" or "track", default "album"
    reference : "album", "loudest" or "anchor", optional
    window_lu : float, default 1
    measure : "integrated" or "loud_part", default "integrated"
    anchor : str, optional
    tone : "none" or "gentle", default "none"
    effects : effect or sequence of effects, optional
    clip_db, bit_depth, dither, noise_shaping
        See :func:`master`.

    Examples
    --------
    >>> import mixdown as md
    >>> settings = md.MasterSettings(target="spotify", policy="similar", window_lu=2, effects=md.Gain(gain_db=-1))
    >>> settings.window_lu, settings.wanted.integrated_lufs, settings.chain.gain_db
    (2.0, -14.0, -1.0)
    >>> settings.lies_on_target, settings.wanted.ceiling_dbtp
    ('album', -1.0)
    """

    target: str | None = None
    target_lufs: float | None = None
    ceiling_dbtp: float | None = None
    policy: Policy = "album"
    reference: Reference | None = None
    window_lu: float = 1.0
    measure: Measure = "integrated"
    anchor: str | None = None
    tone: ToneMoves = "none"
    effects: Effect | Sequence[Effect] | None = None
    clip_db: ClipDb = "auto"
    bit_depth: BitDepth = 24
    dither: Dither = "tpdf"
    noise_shaping: NoiseShaping = "none"

    def __post_init__(self) -> None:
        # For its refusals.
        figures_of(self.target, self.target_lufs, self.ceiling_dbtp)
        clip_settings(self.clip_db)
        words = {"policy": Policy, "measure": Measure, "tone": ToneMoves, "dither": Dither}
        for name, allowed in words.items():
            _checks.one_of(name, getattr(self, name), get_args(allowed))
        if self.reference is not None:
            _checks.one_of("reference", self.reference, get_args(Reference))
        bits = _checks.bit_depth(self.bit_depth)
        _checks.noise_shaping(self.noise_shaping, get_args(NoiseShaping), bits)
        checked = {
            "window_lu": _checks.in_range("window_lu", self.window_lu, 0, 12),
            "anchor": None if self.anchor is None else text("anchor", self.anchor),
            "effects": chain_of("effects", self.effects),
            "bit_depth": bits,
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.reference == "anchor" and self.anchor is None:
            raise ParameterError('reference = "anchor" needs anchor: the title of the song that lies on the target')

    def given(self, settings: Mapping[str, Any]) -> MasterSettings:
        """Return these settings, updated with the arguments of a call; None leaves a setting unchanged.

        Parameters
        ----------
        settings : mapping
            Arguments of :meth:`Album.master` by name.

        Returns
        -------
        MasterSettings

        Examples
        --------
        >>> import mixdown as md
        >>> settings = md.MasterSettings(target="spotify", ceiling_dbtp=-2)
        >>> settings.given({"target_lufs": -16}).wanted
        <Target -16 LUFS at -1 dBTP: -16 LUFS, -1 dBTP>
        """
        given = {name: value for name, value in settings.items() if value is not None}
        if "target" in given or "target_lufs" in given:
            given = {**dict.fromkeys(_LEVELS), **given}
        return dataclasses.replace(self, **given)

    @property
    def wanted(self) -> Target:
        """The target."""
        return figures_of(self.target, self.target_lufs, self.ceiling_dbtp)

    @property
    def lies_on_target(self) -> Reference:
        """The reference that meets the target: as given, or by the album rule of the target."""
        if self.reference is not None:
            return self.reference
        return "loudest" if self.wanted.album == "loudest" else "album"

    @property
    def chain(self) -> Effect | None:
        """The effects in series, as one effect."""
        return cast("Effect | None", self.effects)


@dataclass(frozen=True)
class DeliverSettings(Shown):
    """Defaults of :meth:`MasteredAlbum.deliver`.

    Parameters
    ----------
    formats : sequence of str, default ("wav24", "flac")
        See :meth:`MasteredAlbum.deliver`.
    cue_encoding : "latin-1" or "utf-8", default "latin-1"
    record : str, optional
        What "vinyl" stands for among the formats: "12in33", "12in45", "10in33", "10in45", "7in33" or "7in45".
    vinyl_effects : effect or sequence of effects, optional
        On the sides of a record, where there is one among the formats.

    Examples
    --------
    >>> import mixdown as md
    >>> md.DeliverSettings(formats=["flac", "vinyl"], record="7in45").asked()
    ('flac', 'vinyl:7in45')
    """

    formats: Sequence[str] = USUAL
    cue_encoding: CueEncoding = "latin-1"
    record: str | None = None
    vinyl_effects: Effect | Sequence[Effect] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "formats", tuple(form.name for form in formats_of(self.formats)))
        _checks.one_of("cue_encoding", self.cue_encoding, get_args(CueEncoding))
        if self.record is not None:
            _checks.one_of("record", self.record, RECORDS)
        object.__setattr__(self, "vinyl_effects", chain_of("vinyl_effects", self.vinyl_effects))

    def asked(self, formats: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return the formats of a call, or these by default; "vinyl" names its record.

        Parameters
        ----------
        formats : sequence of str, optional

        Returns
        -------
        tuple of str

        Examples
        --------
        >>> import mixdown as md
        >>> md.DeliverSettings(record="12in33").asked(["cd", "vinyl"])
        ('cd', 'vinyl:12in33')
        """
        names = (form.name for form in formats_of(self.formats if formats is None else formats))
        return tuple(f"vinyl:{self.record}" if name == "vinyl" and self.record else name for name in names)
