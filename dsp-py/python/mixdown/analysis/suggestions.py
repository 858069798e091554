"""Suggestions: ordinary effects or changes of faders, with evidence and what the report says after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from mixdown import _checks
from mixdown.analysis.figures import Figures
from mixdown.analysis.reports import plain
from mixdown.display.html import Shown
from mixdown.effects import Effect, ImpulseResponse, from_dict
from mixdown.session import Mix

Confidence = Literal["low", "medium", "high"]


@dataclass(frozen=True, eq=False)
class Suggestion(Shown):
    """A suggested effect or fader change. :meth:`Suggestion.apply` makes the change.

    Attributes
    ----------
    track : str or None
        The track to change; None for the whole programme.
    effect : Effect or None
        The insert to add after the others.
    key : str or None
        The track that keys the insert.
    fader_db : float or None
        The change of the fader, where it is no insert.
    reason : str
        Why, a sentence with its figures.
    evidence : mapping of name to (value, unit)
        The figures of the reason.
    predicted : mapping of name to (before, after, unit)
        Figures of the report, recomputed with the suggestion.
    confidence : "low", "medium" or "high"

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> voice, band = np.random.default_rng(1).standard_normal((2, 96_000))
    >>> stems = {"voice": 0.04 * voice, "band": 0.1 * band}
    >>> suggestion = md.lead_report(stems, 48_000, lead="voice").suggest()[0]
    >>> print(f"{suggestion.track}: fader {suggestion.fader_db:+.1f} dB")
    voice: fader +5.5 dB
    >>> before, after, _ = suggestion.predicted["audibility"]
    >>> print(f"audibility {before:.2f}, then {after:.2f}")
    audibility 0.23, then 0.41
    """

    track: str | None
    effect: Effect | None
    key: str | None
    fader_db: float | None
    reason: str
    evidence: Mapping[str, tuple[float, str]]
    predicted: Mapping[str, tuple[float, float, str]]
    confidence: Confidence

    def __repr__(self) -> str:
        place = "the programme" if self.track is None else repr(self.track)
        what = f"fader {self.fader_db:+.1f} dB" if self.fader_db is not None else repr(self.effect)
        return f"<Suggestion for {place}: {what}, confidence {self.confidence}: {self.reason}>"

    def apply(self, mix: Mix) -> None:
        """Apply the suggestion to a mix: append an insert, or move a fader from where it stands.

        A drawn fader is moved with all its points.

        Parameters
        ----------
        mix : Mix
            It is changed in place; without a track the master strip is. A refusal changes nothing.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> voice, band = np.random.default_rng(1).standard_normal((2, 96_000))
        >>> mix = md.Mix()
        >>> _ = mix.track("voice", 0.04 * voice, fader_db=-1)
        >>> _ = mix.track("band", 0.1 * band)
        >>> suggestion = md.lead_report(mix, lead="voice").suggest()[0]
        >>> suggestion.apply(mix)
        >>> suggestion.fader_db, mix["voice"].fader_db
        (6.5, 5.5)
        """
        if not isinstance(mix, Mix):
            raise TypeError(f"mix = {_checks.shown(mix)} is not a Mix")
        strip = mix.master_strip if self.track is None else mix[self.track]
        if self.fader_db is not None:
            if isinstance(strip.fader_db, tuple):
                points = cast(tuple[tuple[Any, ...], ...], strip.fader_db)
                strip.fader_db = [(time_s, level_db + self.fader_db, *shape) for time_s, level_db, *shape in points]
            else:
                strip.fader_db = cast(float, strip.fader_db) + self.fader_db
            return
        place = len(strip.inserts)
        strip.inserts = (*strip.inserts, cast(Effect, self.effect))
        if self.key is not None:
            keys = strip.key_from
            known = {} if keys is None else {0: keys} if isinstance(keys, str) else dict(keys)
            strip.key_from = {**known, place: self.key}

    def to_dict(self) -> dict[str, Any]:
        """Return the suggestion as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> voice, band = np.random.default_rng(1).standard_normal((2, 96_000))
        >>> stems = {"voice": 0.04 * voice, "band": 0.1 * band}
        >>> plain = md.lead_report(stems, 48_000, lead="voice").suggest()[0].to_dict()
        >>> plain["track"], plain["fader_db"], plain["confidence"]
        ('voice', 5.5, 'medium')
        """
        return cast(dict[str, Any], plain(self))


def effect_of(settings: Mapping[str, Any]) -> Effect:
    """Return an effect of the engine, which writes impulse responses its own way."""
    return cast(Effect, from_dict(_plain_effect(settings)))


def _plain_effect(settings: Any) -> Any:
    if isinstance(settings, list):
        return [_plain_effect(item) for item in settings]
    if not isinstance(settings, Mapping):
        return settings
    if "samples" in settings and "format" in settings:
        rows, samples, encoding = (settings[key] for key in ("rows", "samples", "format"))
        return ImpulseResponse(samples, rows=rows, encoding=encoding)
    return {name: _plain_effect(item) for name, item in settings.items()}


def suggestion_of(made: Mapping[str, Any]) -> Suggestion:
    """Return a suggestion of the engine."""
    action = made["action"]
    keyed = action.get("keyed_effect")
    settings = keyed["effect"] if keyed else action.get("effect")
    return Suggestion(
        track=made["track"],
        effect=None if settings is None else effect_of(settings),
        key=keyed["key"] if keyed else None,
        fader_db=action.get("fader_db"),
        reason=made["reason"],
        evidence=Figures({item["name"]: (item["value"], item["unit"]) for item in made["evidence"]}),
        predicted=Figures({item["name"]: (item["before"], item["after"], item["unit"]) for item in made["predicted"]}),
        confidence=made["confidence"],
    )
