"""A start balance: the lead in front of the rest, the instruments by their roles, the sum with headroom."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError
from mixdown.analysis.lead import lead_report
from mixdown.analysis.reports import limits_of
from mixdown.analysis.roles import LEAD_LU, SPARSE_LU, SPARSE_SHARE, UNKNOWN, Role, pairs_of, role_named, roles_of
from mixdown.conversion import at_rate
from mixdown.display.html import Shown
from mixdown.effects import Gain, range_of
from mixdown.meters import Loudness, loudness
from mixdown.session.automation import nearest
from mixdown.session.kinds import Track
from mixdown.session.mix import Mix
from mixdown.session.strips import Strip

#: True peak of a start balance, in dBTP.
HEADROOM_DBTP = -6.0
#: A stem further than this below the loudest, in LU, counts as noise, bleed or single hits and is not raised.
NOISE_LU = 25.0
#: Step in which the fader of the lead is found, in dB.
_FADER_STEP_DB = 0.001
#: Gate of loudness below the mean, in LU.
_GATE_LU = 10.0
#: Shortest audio that has an integrated loudness, in s: one complete window of 400 ms.
_WINDOW_S = 0.4


@dataclass(frozen=True)
class Balance(Shown):
    """The result of :func:`balance`: a start balance.

    Attributes
    ----------
    mix : Mix
        With all faders and pans set; rendering it gives `audio`.
    audio : array, shape (2, frames)
        The mix.
    loudness : dict
        Reading of each stem; one shorter than 400 ms is padded with silence.
    loudness_of_mix : Loudness
        Reading of `audio`.
    left_alone : dict
        Stems that were not balanced, with the reason.
    roles : dict
        Role of each stem: "lead", "bass", "kick", … "other" or "unknown".
    rules : dict
        Reason for the role of each stem: "given", "by name", its spectrum with figures, or "nothing tells".
    lead_level_lu : float or None
        Level of the lead beside the sum of all others, while it sounds (see :func:`lead_report`); None without a lead.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> kick, vocals = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    >>> rough = md.balance({"kick": (kick, 48_000), "vocals": (vocals, 48_000)}, 48_000)
    >>> print(f"{rough.loudness_of_mix.true_peak_dbtp:.1f} dBTP, lead {rough.lead_level_lu:+.1f} LU")
    -6.0 dBTP, lead +2.0 LU
    >>> rough.roles
    {'kick': 'kick', 'vocals': 'vocal'}
    """

    mix: Mix
    audio: Audio
    loudness: dict[str, Loudness]
    loudness_of_mix: Loudness
    left_alone: dict[str, str]
    roles: dict[str, str]
    rules: dict[str, str]
    lead_level_lu: float | None

    def __repr__(self) -> str:
        reading = self.loudness_of_mix
        measured = f"{reading.integrated_lufs:.2f} LUFS, {reading.true_peak_dbtp:.2f} dBTP"
        lead = "" if self.lead_level_lu is None else f", lead {self.lead_level_lu:+.1f} LU relative to the rest"
        alone = f", left alone: {', '.join(self.left_alone)}" if self.left_alone else ""
        return f"<Balance of {len(self.loudness)} stems: {measured}{lead}{alone}>"


@_checks.named
def balance(
    stems: Mapping[str, Source],
    sample_rate_hz: float,
    progress: Callable[[float], None] | None = None,
    *,
    lead: str | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    limits: Mapping[str, float] | None = None,
) -> Balance:
    """Make a start balance: faders and pans by loudness and by the roles of stems, the sum at -6 dBTP.

    The role of a stem follows from its name, else from its spectrum (bass, drums), else it is unknown.

    Drums count as one instrument, and so does a pair such as "guitar left" and "guitar right", which is panned. Other
    instruments are 1 LU below the drums, pads 4 LU, effects 6 LU; stems that sound in less than a tenth of the song are
    4 LU lower still. Among the drums, toms and overheads are 4 LU below kick and snare, hats and cymbals 8 LU. A lead
    given with `lead` gets the fader at which its audibility among all others is that of engineers' mixes, 0.41 (see
    :func:`lead_report`); a lead known by its name is 2 LU above the drums.

    A stem more than 25 LU below the loudest counts as noise, bleed or single hits: it gets the fader of the loudest,
    and so keeps its relative level.

    Parameters
    ----------
    stems : mapping of name to audio
        Mono or stereo: arrays at the rate of the mix, or what :func:`read` returned, which is resampled where its rate
        is another. Shorter ones end in silence.
    sample_rate_hz : float
        Rate of the mix.
    progress : function, optional
        Called with the share done, 0 to 1.
    lead : str, optional
        Name of the stem that leads; by default stems named as vocals, or without one as leads.
    groups : mapping of name to names of stems, optional
        Stems that count as one instrument, beside the drums and the pairs that names tell.
    limits : mapping of name to number, optional
        In place of those of ``md.limits("balance")``.

    Returns
    -------
    Balance

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tones = 0.1 * np.sin(np.arange(96_000) * np.array([[0.02], [0.05], [0.1]]))
    >>> stems = {name: (tone, 48_000) for name, tone in zip(("bass", "keys", "vocal"), tones)}
    >>> balanced = md.balance(stems, 48_000)
    >>> (balanced.roles, round(balanced.lead_level_lu, 2))
    ({'bass': 'bass', 'keys': 'other', 'vocal': 'vocal'}, -0.01)
    """
    if not isinstance(stems, Mapping):
        raise TypeError(f"stems = {_checks.shown(stems)} is not a mapping of names to audio")
    report = progress or (lambda share: None)
    leads = None if lead is None else [_stem_named(lead, stems)]
    instruments = _instruments(groups, stems)
    thresholds = limits_of("balance", limits)
    steps = 2 * len(stems) + 3
    readings: dict[str, Loudness] = {}
    mix = Mix(sample_rate_hz=sample_rate_hz)
    for done, (name, stem) in enumerate(stems.items()):
        called = f"audio of {name!r}"
        audio, own_hz = _checks.unpack(stem, called)
        samples = at_rate(_checks.audio(audio, called), own_hz or sample_rate_hz, sample_rate_hz)
        report((2 * done + 1) / steps)
        readings[name] = loudness(_at_least_a_window(samples, sample_rate_hz), sample_rate_hz)
        mix.track(name, samples)
        report((2 * done + 2) / steps)
    roles = roles_of(stems, leads)
    rules = dict.fromkeys(roles, "by name")
    rules.update(dict.fromkeys(leads or (), "given"))
    for name, role in roles.items():
        if role is UNKNOWN:
            roles[name], rules[name] = _by_spectrum(mix[name], sample_rate_hz, thresholds)
    balanced, left_alone = _sorted_out(readings)
    lead_level_lu = _set_faders(
        mix, readings, {name: roles[name] for name in balanced}, instruments, is_given=lead is not None
    )
    if left_alone:
        loudest = max(balanced, key=lambda name: readings[name].integrated_lufs, default=None)
        for name in left_alone:
            mix[name].fader_db = 0.0 if loudest is None else mix[loudest].fader_db
    report(1 - 2 / steps)
    measured = loudness(mix.render(), sample_rate_hz, precision="reference")
    report(1 - 1 / steps)
    if math.isfinite(measured.true_peak_dbtp):
        most_db = range_of("Gain", "gain_db")[1]
        mix.master(inserts=[Gain(gain_db=min(HEADROOM_DBTP - measured.true_peak_dbtp, most_db))])
    audio = mix.render()
    report(1.0)
    reading = loudness(_at_least_a_window(audio, sample_rate_hz), sample_rate_hz, precision="reference")
    named = {name: role.name for name, role in roles.items()}
    return Balance(mix, audio, readings, reading, left_alone, named, rules, lead_level_lu)


def _stem_named(lead: object, stems: Mapping[str, Source]) -> str:
    if not isinstance(lead, str):
        raise TypeError(f"lead = {_checks.shown(lead)} is not a text")
    if lead not in stems:
        raise ParameterError(f"lead = {_checks.shown(lead)} is none of the stems{nearest(lead, stems)}")
    return lead


def _instruments(groups: Mapping[str, Sequence[str]] | None, stems: Mapping[str, Source]) -> dict[str, str]:
    """Return the group of each stem that is in one."""
    if groups is None:
        return {}
    if not isinstance(groups, Mapping):
        raise TypeError(f"groups = {_checks.shown(groups)} is not a mapping of names to names of stems")
    found: dict[str, str] = {}
    for group, members in groups.items():
        for name in _checks.items(f"groups[{group!r}]", members, "names"):
            if name not in stems:
                raise ParameterError(f"groups[{group!r}] holds {name!r}, none of the stems{nearest(str(name), stems)}")
            if name in found:
                raise ParameterError(f"groups hold {name!r} twice: in {found[name]!r} and {group!r}")
            found[name] = str(group)
    return found


def _by_spectrum(strip: Strip, sample_rate_hz: float, limits: Mapping[str, float]) -> tuple[Role, str]:
    """Return the role of a stem that its spectrum tells, with the rule that decided."""
    found = _core.Spectra(cast(Track, strip).audio, sample_rate_hz).role(dict(limits))
    figures = f"{found['low_share']:.2f} of the energy is low, flatness {found['flatness_db']:.0f} dB"
    if found["role"] == "unknown":
        return UNKNOWN, f"nothing tells: {figures}"
    return role_named(found["role"]), f"by spectrum: {figures}"


def _at_least_a_window(audio: Audio, sample_rate_hz: float) -> Audio:
    """Pad a short stem with silence, so that it reads as in a longer stem."""
    window = math.ceil(_WINDOW_S * sample_rate_hz)
    if audio.shape[-1] >= window:
        return audio
    return cast(Audio, np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [(window, window)]))


def _sorted_out(readings: Mapping[str, Loudness]) -> tuple[list[str], dict[str, str]]:
    """Return the stems to be balanced, and the others with the reason."""
    levels_lufs = {name: reading.integrated_lufs for name, reading in readings.items()}
    loudest = max((level for level in levels_lufs.values() if math.isfinite(level)), default=0.0)
    balanced, left_alone = [], {}
    for name, level in levels_lufs.items():
        if level >= loudest - NOISE_LU:
            balanced.append(name)
        elif math.isinf(readings[name].sample_peak_dbfs):
            left_alone[name] = "silent"
        elif math.isinf(level):
            left_alone[name] = "below -70 LUFS: noise or silence"
        else:
            left_alone[name] = f"{loudest - level:.0f} LU below the loudest: noise, bleed or single sounds?"
    return balanced, left_alone


def _set_faders(
    mix: Mix,
    readings: Mapping[str, Loudness],
    roles: Mapping[str, Role],
    instruments: Mapping[str, str],
    *,
    is_given: bool,
) -> float | None:
    """Set faders and pans of stems by their roles; return the level of the lead relative to the rest."""
    pairs = pairs_of(name for name in roles if len(cast(Track, mix[name]).audio) == 1)
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, role in roles.items():
        if name in pairs:
            mix[name].pan = pairs[name].pan
        group = (role.group,) if role.group else tuple(sorted({name, pairs[name].other} if name in pairs else {name}))
        groups[("group", instruments[name]) if name in instruments else group].append(name)
    faders_db = {}
    blocks = max((reading.momentary_lufs.size for reading in readings.values()), default=0)
    for names in groups.values():
        # Half the power for each side of a pair.
        within_lu = {name: roles[name].within_lu - (3.01 if name in pairs else 0.0) for name in names}
        within_db = {name: within_lu[name] - readings[name].integrated_lufs for name in names}
        level_lufs = _loudness_of(mix, within_db) if len(names) > 1 else sum(within_lu.values())
        wanted_lu = min(roles[name].level_lu for name in names)
        if all(_sounding(readings[name]) < SPARSE_SHARE * blocks for name in names):
            wanted_lu += SPARSE_LU
        faders_db.update({name: within_db[name] - level_lufs + wanted_lu for name in names})
    leads = [name for name in faders_db if roles[name].group == "lead"]
    rest = [name for name in faders_db if name not in leads]
    lead_level_lu = None
    if leads and rest:
        highest = max(faders_db.values())
        parts = {"lead": leads, "rest": rest}
        sums = {part: _sum_of(mix, {n: faders_db[n] for n in names}, highest) for part, names in parts.items()}
        found = lead_report(sums, mix.sample_rate_hz, lead="lead", limits={"fader_step_db": _FADER_STEP_DB})
        # So far it is as loud as the drums.
        change_db = LEAD_LU if found.fader_change_db is None or not is_given else found.fader_change_db
        faders_db.update({name: faders_db[name] + change_db for name in leads})
        lead_level_lu = None if found.level_lu is None else found.level_lu + change_db
    # The highest fader stands at 0 dB: all others only turn down.
    highest = max(faders_db.values(), default=0.0)
    for name, fader_db in faders_db.items():
        mix[name].fader_db = fader_db - highest
    return lead_level_lu


def _sum_of(mix: Mix, faders_db: Mapping[str, float], highest: float) -> Audio:
    """Return the sum of some strips with these faders, `highest` of which stands for 0 dB."""
    for name, strip in mix.items():
        strip.mute = name not in faders_db
        strip.fader_db = faders_db.get(name, highest) - highest
    audio = mix.render(tail="none")
    for strip in mix.values():
        strip.mute = False
    return audio


def _loudness_of(mix: Mix, faders_db: Mapping[str, float]) -> float:
    """Return the integrated loudness of some strips with these faders, of any height."""
    highest = max(faders_db.values())
    audio = _sum_of(mix, faders_db, highest)
    return loudness(_at_least_a_window(audio, mix.sample_rate_hz), mix.sample_rate_hz).integrated_lufs + highest


def _sounding(reading: Loudness) -> int:
    """Return the number of blocks in which it sounds: above the gate of its loudness."""
    return int(np.count_nonzero(reading.momentary_lufs > reading.integrated_lufs - _GATE_LU))
