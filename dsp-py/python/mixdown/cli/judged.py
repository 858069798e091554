"""The judgement of a mix in ``mixdown demo``: its reports, and one suggestion of each kind tried on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mixdown._checks import Audio
from mixdown._tables import aligned
from mixdown.analysis import (
    LeadReport,
    MixCheck,
    Stems,
    Suggestion,
    Translation,
    check_mix,
    lead_report,
    masking,
    translation,
)
from mixdown.cli.terminal import say
from mixdown.session import Mix


class Trial(NamedTuple):
    """A suggestion, tried alone on the mix."""

    suggestion: Suggestion
    figure: str
    before: float
    predicted: float
    measured: float
    unit: str


class Judged(NamedTuple):
    """The reports of a mix, the suggestions that were tried, and the lead with all of them."""

    check: MixCheck
    lead: LeadReport
    translation: Translation
    trials: tuple[Trial, ...]
    lead_after: LeadReport


def judged(fresh: Callable[[], Mix], rendered: Audio, lead: str, progress: Callable[[float], None]) -> Judged:
    """Judge a mix that `fresh` makes anew each time, and try one suggestion of each kind on it."""
    mix = fresh()
    stems = Stems(mix)
    progress(0.2)
    check = check_mix(rendered, mix.sample_rate_hz, stems=stems, lead=lead)
    heard, competing, translated = lead_report(stems, lead=lead), masking(stems, lead=lead), translation(stems)
    progress(0.4)

    def audibility(changed: Stems, _: Suggestion) -> float | None:
        return lead_report(changed, lead=lead).audibility

    def lost(changed: Stems, suggestion: Suggestion) -> float | None:
        # What the track that yields takes of the one that it competes with.
        clash = next(clash for clash in competing.clashes() if suggestion in clash.suggestions)
        owner = next(name for name in clash.tracks if name != suggestion.track)
        after = masking(changed, lead=lead)
        return float(after.lost[after.names.index(str(suggestion.track))][after.names.index(owner)])

    def kept(changed: Stems, suggestion: Suggestion) -> float | None:
        device = next(name for name, word in translated.verdicts[str(suggestion.track)].items() if word == "lost")
        return translation(changed, devices=[device]).kept[str(suggestion.track)][device]

    wanted: list[tuple[Suggestion, str, Callable[[Stems, Suggestion], float | None]]] = []
    faders = [suggestion for suggestion in heard.suggest() if suggestion.fader_db is not None]
    cuts = [suggestion for suggestion in heard.suggest() if suggestion.fader_db is None]
    wanted += [(suggestion, "audibility", audibility) for suggestion in (*faders[:1], *cuts[:1])]
    wanted += [(suggestion, "lost", lost) for suggestion in competing.suggest(limit=1)]
    wanted += [(suggestion, "kept", kept) for suggestion in translated.suggestions[:1]]
    trials, together = [], fresh()
    for done, (suggestion, name, measure) in enumerate(wanted):
        before, predicted, unit = suggestion.predicted[name]
        alone = fresh()
        suggestion.apply(alone)
        suggestion.apply(together)
        measured = measure(Stems(alone), suggestion)
        if measured is not None:
            trials.append(Trial(suggestion, name, before, predicted, measured, unit))
        progress(0.4 + 0.5 * (done + 1) / len(wanted))
    after = lead_report(together, lead=lead)
    progress(1.0)
    return Judged(check, heard, translated, tuple(trials), after)


def print_judged(found: Judged) -> None:
    """Print the reports, and the suggestions with their figures before, as predicted and as measured."""
    say("Mix check:")
    say(found.check.table())
    say()
    say(found.lead.message)
    headings = ("Suggestion", "Figure", "Before", "Predicted", "Measured")
    say()
    say(aligned([headings, *_rows(found.trials)], left=2, ruled=True))
    say()


def plain_judged(found: Judged) -> dict[str, Any]:
    """Return the reports and the trials as plain values."""
    trials = [
        {
            **trial.suggestion.to_dict(),
            "figure": trial.figure,
            "unit": trial.unit,
            "before": trial.before,
            "predicted": trial.predicted,
            "measured": trial.measured,
        }
        for trial in found.trials
    ]
    return {"mix_check": found.check.to_dict(), "lead": found.lead.to_dict(), "suggestions": trials}


def _rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for trial in trials:
        what = trial.suggestion
        does = f"fader {what.fader_db:+.1f} dB" if what.fader_db is not None else repr(what.effect)
        figures = (f"{value:.3f}" for value in (trial.before, trial.predicted, trial.measured))
        rows.append((f"{what.track}: {does}", trial.figure, *figures))
    return rows
