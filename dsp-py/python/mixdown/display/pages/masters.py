"""Pages of masters: the certificate, before and after at equal loudness, and players; targets."""

from __future__ import annotations

import math

from mixdown import _checks
from mixdown.conversion import at_rate
from mixdown.delivery import Certificate, Mastered, MatchedTo, Target
from mixdown.delivery.targets import Targets
from mixdown.display import curves, html, style
from mixdown.display.html import page_of
from mixdown.display.pages import meters, recordings
from mixdown.display.pages.effects import picture_of
from mixdown.display.players import ab_players
from mixdown.display.signals import compare

#: Step of the gain reduction of a certificate, in s.
_STEP_S = 0.01


@page_of.register
def _mastered(mastered: Mastered) -> str:
    seconds = mastered.audio.shape[-1] / mastered.sample_rate_hz
    title = f"Mastered for {mastered.certificate.target.name}: {seconds:.2f} s, {mastered.sample_rate_hz:g} Hz"
    return html.page(title, *_before_and_after(mastered), *certified(mastered.certificate))


def _before_and_after(mastered: Mastered) -> tuple[str, ...]:
    """Return players of the programme and its master, and their spectra; the master alone if nothing else is left."""
    excerpt = mastered._excerpt
    if excerpt is None:
        return (recordings.played(mastered.audio, mastered.sample_rate_hz),)
    rate_hz = mastered.sample_rate_hz
    start = round(excerpt.start_s * rate_hz)
    after = _checks.planar(mastered.audio)[:, start : start + round(excerpt.length_s * rate_hz)]
    before = at_rate(_checks.planar(excerpt.audio), excerpt.sample_rate_hz, rate_hz)[:, : after.shape[1]]
    told = ""
    if after.shape[1] < mastered.audio.shape[-1]:
        ends = [style.clock(round(second)) for second in (excerpt.start_s, excerpt.start_s + excerpt.length_s)]
        told = html.line(f"From {ends[0]} to {ends[1]}, where it is loudest:")
    players = ab_players({"Before": before, "Master": after}, rate_hz, longest_s=recordings.LONGEST_S)
    spectra = compare(before, after, rate_hz, style.new_axes(7.0, 2.4), labels=("before", "master"))
    return told, players, html.drawn(spectra)


@page_of.register
def _certificate(certificate: Certificate) -> str:
    return html.page(html.title_of(certificate), *certified(certificate))


def certified(certificate: Certificate) -> tuple[str, ...]:
    """Return the parts of a page that tell of a certificate."""
    reduction = ""
    if certificate.reduction_curve_db.size and certificate.max_reduction_db > 0:
        axes = style.new_axes(6.0, 1.7)
        curves.draw_reduction(axes, certificate.reduction_curve_db, _STEP_S, "limiter")
        reduction = html.drawn(axes)
    loudness = meters.curve_of(certificate.loudness, certificate.target_lufs)
    gains = [(name, f"{_checks.figure(gain_db, 2)} dB") for name, gain_db in certificate.playback_gain_db.items()]
    return (
        *map(html.line, certificate.notes),
        html.beside(html.table((), _rows(certificate)), f"{loudness}{reduction}"),
        html.line(f"Meter: {certificate.meter}."),
        html.folded("Playback gain of each platform", html.table(("Platform", "Gain"), gains, left=1)),
    )


def _rows(certificate: Certificate) -> list[tuple[str, str]]:
    reading = certificate.loudness
    wanted = (certificate.target_lufs, certificate.ceiling_dbtp)
    clipped = "none"
    if certificate.clip_ceiling_db is not None:
        depth, share = certificate.clip_depth_db, certificate.clipped_percent
        clipped = f"at most {depth:.1f} dB in {share:.2g} % of the samples"
    limited = "none needed"
    if certificate.max_reduction_db > 0:
        release_ms = certificate.limiter_release_ms
        limited = (
            f"at most {certificate.max_reduction_db:.1f} dB, {certificate.mean_reduction_db:.2f} dB on average, active "
            f"{certificate.active_percent:.0f} % of the time, hold {certificate.limiter_hold_ms:g} ms, release "
            + ("auto" if release_ms is None else f"{release_ms:g} ms")
        )
    bits = "32 bits floating point" if certificate.bit_depth == 32 else f"{certificate.bit_depth} bits"
    shaped = "" if certificate.noise_shaping == "none" else f", noise shaping {certificate.noise_shaping}"
    return [
        ("integrated", f"{_checks.figure(reading.integrated_lufs, 2)} LUFS of {wanted[0]:g}"),
        ("true peak", f"{_checks.figure(reading.true_peak_dbtp, 2)} dBTP of {wanted[1]:g}"),
        *meters.rows_of(reading)[1:4],
        *meters.rows_of(reading)[5:],
        ("gain", f"{_checks.figure(certificate.gain_db, 2)} dB"),
        ("clip", clipped),
        ("limiter", limited),
        ("delivered as", f"{certificate.sample_rate_hz:g} Hz, {bits}, dither {certificate.dither}{shaped}"),
    ]


@page_of.register
def _target(target: Target) -> str:
    rows = html.fields_of(target, without=("name", "mono_lufs") if target.mono_lufs == target.integrated_lufs else ())
    return html.page(html.title_of(target), html.table((), rows))


@page_of.register
def _targets(targets: Targets) -> str:
    rows = [
        (
            target.name,
            f"{target.integrated_lufs:g}",
            "-" if math.isinf(target.ceiling_dbtp) else f"{target.ceiling_dbtp:g}",
            target.gain_up,
            target.album,
            target.date,
        )
        for target in targets
    ]
    return html.page("Delivery targets", html.table(("Target", "LUFS", "dBTP", "Quieter", "Album", "As of"), rows))


@page_of.register
def _matched_to(matched: MatchedTo) -> str:
    rows = html.fields_of(matched, without=("effect",))
    parts = (html.line(matched.note), html.beside(html.table((), rows), picture_of(matched.effect)))
    return html.page("MatchedTo", *parts)
