"""What the report of a master says in words: its verdicts at all targets, and its processing."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from mixdown import _checks
from mixdown.delivery.certificate import Certificate
from mixdown.delivery.targets import AUDIBLE_LU, Target, refusal, targets
from mixdown.display.figures import number_text
from mixdown.effects import Chain, Effect

#: Headings of the table of targets.
HEADINGS = ("Target", "Verdict", "LUFS", "dBTP", "Player dB", "Played LUFS")
#: Mark of a ceiling that depends on the loudness.
DEPENDS = "*"


def signed(value: float, digits: int = 1) -> str:
    """Return a figure with its sign, zero without one."""
    text = number_text(value, digits=digits)
    return f"+{text}" if value > 0 and text.strip("0.") else text


def judged(certificate: Certificate, target: Target) -> str:
    """Return "pass", "fail" with what the target refuses, or what a player that follows it does with the loudness."""
    reading = certificate.loudness
    refused = refusal(reading, target, channels=certificate.channels, dual_mono=certificate.dual_mono)
    if refused:
        return f"fail: {refused}"
    deviation_lu = reading.integrated_lufs - target.loudness_for(certificate.channels, certificate.dual_mono)
    if not target.source or target.tolerance_lu or abs(deviation_lu) <= AUDIBLE_LU:
        return "pass"
    gain_db = certificate.playback_gain_db.get(target.name, 0.0)
    if signed(gain_db) == "0.0":
        # Louder programmes are always turned down.
        return "not turned up"
    return f"turned {'up' if gain_db > 0 else 'down'} {number_text(abs(gain_db))} dB"


def ceiling_remarks(certificate: Certificate) -> list[str]:
    """Return why ceilings are not the ones that their targets are known by: they depend on the loudness."""
    lufs = certificate.loudness.integrated_lufs
    own = [
        f"{target.name} {number_text(target.ceiling_dbtp)}"
        for target in targets()
        if target.ceiling_at(lufs) != target.ceiling_dbtp
    ]
    told = f"{DEPENDS} The ceiling at {number_text(lufs)} LUFS; at the target's own loudness: {', '.join(own)} dBTP."
    return [told] if own else []


def verdict_rows(certificate: Certificate) -> list[tuple[str, ...]]:
    """Return the table of all targets: the headings, the target of the master if it is none of them, then each target.

    A figure of its own has no player.
    """
    own = [] if certificate.target.name in certificate.playback_gain_db else [certificate.target]
    rows: list[tuple[str, ...]] = [HEADINGS]
    for target in (*own, *targets()):
        wanted_lufs = target.loudness_for(certificate.channels, certificate.dual_mono)
        ceiling_dbtp = target.ceiling_at(certificate.loudness.integrated_lufs)
        gain_db = certificate.playback_gain_db.get(target.name)
        played = "" if gain_db is None else number_text(certificate.loudness.integrated_lufs + gain_db)
        # The ceiling for this loudness stands in its own column.
        said = judged(certificate, target).partition(" over ")[0].replace("-", "\N{MINUS SIGN}")
        mark = DEPENDS if ceiling_dbtp != target.ceiling_dbtp else ""
        rows.append(
            (
                target.name,
                said,
                number_text(wanted_lufs),
                "none" if math.isinf(ceiling_dbtp) else f"{mark}{number_text(ceiling_dbtp)}",
                "" if gain_db is None else signed(gain_db),
                played,
            )
        )
    return rows


def stages(certificate: Certificate) -> list[str]:
    """Return the processing of a master in the order of the signal, a line for each stage."""
    lines = [brief(effect) for effect in _flat(certificate.effects)]
    if certificate.match is not None:
        lines.append(certificate.match.note.rstrip("."))
    if certificate.dc_offset_dbfs > -math.inf:
        lines.append(f"DC offset of {number_text(certificate.dc_offset_dbfs)} dBFS taken out")
    lines.append(f"Gain {signed(certificate.gain_db, 2)} dB")
    if certificate.clip_ceiling_db is not None:
        lines.append(
            f"Clip at {number_text(certificate.clip_ceiling_db)} dBFS: at most {certificate.clip_depth_db:.1f} dB, "
            f"{certificate.clipped_percent:.2g} % of the samples"
        )
    if certificate.limiter_ceiling_db is not None:
        release = certificate.limiter_release_ms
        lines.append(
            f"Limiter at {number_text(certificate.limiter_ceiling_db, digits=2)} dBFS: at most "
            f"{certificate.max_reduction_db:.1f} dB, {certificate.mean_reduction_db:.2f} dB on average, active "
            f"{certificate.active_percent:.0f} % of the time, hold {certificate.limiter_hold_ms:g} ms, release "
            + ("auto" if release is None else f"{release:g} ms")
        )
    else:
        lines.append("No limiting needed")
    if certificate.bit_depth == 32:
        lines.append("32 bits, floating point")
    else:
        dither = "without dither" if certificate.dither == "none" else f"{certificate.dither.upper()} dither"
        shaped = f", noise shaping {certificate.noise_shaping}" if certificate.noise_shaping != "none" else ""
        lines.append(f"Rounded to {certificate.bit_depth} bits, {dither}{shaped}")
    return [f"{number}  {line}" for number, line in enumerate(lines, 1)]


def _flat(effect: Effect | None) -> list[Effect]:
    if isinstance(effect, Chain):
        return [part for member in effect.effects for part in _flat(member)]
    return [] if effect is None else [effect]


def brief(value: Any) -> str:
    """Return an effect with the settings that are not its defaults."""
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(brief, value))}]"
    if not isinstance(value, Effect) or not dataclasses.is_dataclass(value):
        return f"{value:g}" if isinstance(value, float) else _checks.shown(value)
    settings = []
    for field in dataclasses.fields(value):
        setting = getattr(value, field.name)
        if _default(field) is dataclasses.MISSING or setting != _default(field):
            settings.append(f"{field.name}={brief(setting)}")
    return f"{type(value).__name__}({', '.join(settings)})"


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
