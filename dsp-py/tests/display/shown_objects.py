"""An object of every kind that shows itself, made of short sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mixdown as md
from mixdown.files.covers import COVER_LIMITS

RATE_HZ = 48_000
#: A name that must stay text.
HOSTILE = 'a <b> & "c" $x_1$'


def song(seed: int = 1, seconds: float = 4.0, channels: int = 2) -> NDArray[np.float32]:
    """Return a beat over noise that moves: something to measure."""
    random = np.random.default_rng(seed)
    frames = round(seconds * RATE_HZ)
    times = np.arange(frames) / RATE_HZ
    beat = np.sin(2 * np.pi * 60 * times) * np.exp(-8 * (times % 0.5))
    noise = random.standard_normal((channels, frames)) * (0.5 + 0.5 * np.sin(2 * np.pi * times / 3)) ** 2
    coloured = md.LowPass(frequency_hz=2_000, slope_db_per_octave=6)(0.15 * noise, RATE_HZ)
    return np.asarray(0.4 * beat + coloured, np.float32)


def mix() -> md.Mix:
    made = md.Mix(sample_rate_hz=RATE_HZ)
    made.track("kick", song(1)[0], to="drums", fader_db=-3)
    made.track(
        HOSTILE, song(2), pan=0.2, sends={"hall": -18}, inserts=[md.Compressor(threshold_db=-30)], key_from="kick"
    )
    made.group("drums", [md.Compressor(threshold_db=-14)])
    made.returns("hall", [md.Reverb(space="room")])
    made.vca("all", ["kick", HOSTILE], fader_db=-2)
    return made


def album() -> md.Album:
    made = md.Album(title=HOSTILE, artist="The Band", date="2026-11-28")
    made.track((song(3), RATE_HZ), title=HOSTILE, isrc="US-S1Z-26-00001")
    made.track((0.5 * song(4), RATE_HZ), title="Second", gap_s=1.5)
    return made


def effects() -> dict[str, md.Effect]:
    """Return effects of every kind, with settings that do something."""
    bands = [
        md.HighPass(frequency_hz=40),
        md.Bell(frequency_hz=300, gain_db=-3),
        md.HighShelf(frequency_hz=8_000, gain_db=4),
    ]
    placed = [md.Placed(md.HighPass(frequency_hz=120), place="side"), md.Bell(frequency_hz=3_000, gain_db=2)]
    equalizer = md.Equalizer(bands=bands)
    response = np.exp(-np.arange(9_600) / 1_200) * np.random.default_rng(1).standard_normal(9_600)
    listed = [
        md.Gain(gain_db=-3),
        md.Pan(pan=0.3),
        md.Width(width=1.4),
        *(md.Bell(gain_db=3), md.LowShelf(gain_db=-2), md.HighShelf(gain_db=2), md.LowPass(), md.HighPass()),
        *(md.BandPass(), md.Notch(), md.AllPass(), md.Tilt(gain_db=2)),
        equalizer,
        md.LinearPhaseEqualizer(bands=bands),
        md.DynamicEqualizer(bands=[md.DynamicBand(shape=md.Bell(frequency_hz=3_000)), md.HighShelf(gain_db=1)]),
        *(md.Compressor(), md.Expander(), md.Gate(), md.DeEsser(), md.MultibandCompressor(), md.Limiter()),
        *(md.Saturator(drive_db=9), md.Clipper(ceiling_db=-3), md.TransientShaper(attack_db=6)),
        *(md.Delay(), md.Chorus(), md.Flanger(), md.Phaser(), md.Tremolo(), md.Vibrato()),
        *(md.Reverb(), md.Plate(), md.Convolution(impulse_response=response)),
        md.Chain([equalizer, md.Compressor(), md.Reverb(mix=0.2)]),
        md.Parallel([md.Chain([]), md.Saturator(drive_db=12)], [0, -6]),
        md.MidSide(side=[md.HighPass(frequency_hz=120)]),
        md.Bypass(md.Limiter()),
        md.Function(lambda audio, sample_rate_hz: np.tanh(audio), name="tanh"),
    ]
    made = {type(effect).__name__: effect for effect in listed}
    extra = {"linear chain": md.Chain([equalizer, md.Gain(gain_db=-2)]), "placed": md.Equalizer(bands=placed)}
    return {**made, **extra}


def results(folder: Path) -> dict[str, Any]:
    """Return a result of every kind by its name."""
    audio, stems = song(), {"lead <i>": song(5), "drums": song(6)}
    two = np.stack([audio[0], -audio[0]])
    checked = md.check_mix(np.clip(6 * audio, -1, 1), RATE_HZ)
    file = folder / "a <b>.wav"
    md.write(file, audio, RATE_HZ)
    level, correlating = md.LevelMeter(RATE_HZ, 2), md.CorrelationMeter(RATE_HZ)
    level.observe(audio)
    correlating.observe(audio)
    mono = md.mono_compatibility(two, RATE_HZ)
    masters, record = md.master(audio, RATE_HZ, reference=song(7), name="song"), album()
    masked = md.masking(stems, RATE_HZ, lead="lead <i>")
    lead = md.lead_report(stems, RATE_HZ, lead="lead <i>")
    matched = md.match(song(8), RATE_HZ, audio, RATE_HZ)
    balanced = md.tonal_balance(audio, RATE_HZ)
    delivered = record.master(target_lufs=-16)
    order = md.suggest_order([_summary("Loud", -10.0, 0.8), _summary(HOSTILE, -16.0, 0.3)])
    disc = md.CdLayout.of([md.CdTrack(HOSTILE, 0), md.CdTrack("Two", 441_000)], 882_000)
    vinyl = md.vinyl_check([(audio, RATE_HZ)], fmt="7in45")
    manifest = md.Manifest.of_folder(folder)
    mixed = mix()
    found = {
        "recording": md.read(file),
        "targets": md.targets(),
        "profiles": md.profiles(),
        "mastered": masters,
        "matched to": masters.certificate.match,
        "level matched": md.level_matched(audio, 2 * audio, RATE_HZ),
        "level": level.reading(),
        "channel level": level.reading().channels[0],
        "correlation reading": correlating.reading(),
        "fold band": mono.bands[0],
        "finding": checked.findings[0],
        "seam": order.seams[0],
        "file check": md.check(file, profiles="spotify"),
        "format": md.check(file).format,
        "codec": md.codec_preview(audio, RATE_HZ, codec="mp3:128"),
        "vinyl song": vinyl.songs[0],
        "vinyl sides": md.vinyl_sides([200, 180, 190, 210], [-12, -20, -15, -18], 2),
        "album measurements": record.measure(),
        "song reading": record.measure().songs[0],
        "mastered album": delivered,
        "mastered song": delivered.tracks[0],
        "album change": delivered.changes[0],
        "balance": md.balance({name: (sound, RATE_HZ) for name, sound in stems.items()}, RATE_HZ),
        "tonal target": balanced.target,
        "translation": md.translation(stems, RATE_HZ),
        "catalog record": md.CatalogRecord("a <b>.wav", "a.wav", "failed", message="not readable"),
        "device": md.devices()["phone"],
        "devices": md.devices(),
        "profile": md.profiles()[0],
        "cover limits": COVER_LIMITS["apple"],
        "catalog": md.Catalog((md.CatalogRecord("a <b>.wav", "a.wav", "failed", message="not readable"),), manifest),
        "lead span": md.LeadSpan(0.0, 1.5, 0.1),
        "suggestion": _suggestion(),
        "song summary": _summary(HOSTILE, -12.0, 0.5),
        "limit": md.limits("translation")["lost"],
        "parameter": md.Compressor.parameters()[0],
    }
    given = [
        *(md.loudness(audio, RATE_HZ), md.spectrum(audio, RATE_HZ), md.correlation(audio, RATE_HZ), mono, checked),
        *(masters.certificate, masters.certificate.target, masked, lead, matched, matched.whole, balanced, order, disc),
        *(balanced.regions[0], disc.entries[0], md.CdTrack(HOSTILE, 0), vinyl, manifest, manifest.files[0], record),
        *(record[0], record.master_settings, record.deliver_settings, mixed, mixed.measure(), mixed["kick"]),
        *(mixed["drums"], mixed["hall"], mixed[HOSTILE], mixed.measure()["kick"], mixed.vcas["all"], md.Send(-6)),
        *(md.Stems(stems, RATE_HZ), md.Broadcast(description=HOSTILE), md.RoomNoise(level_db_spl=50)),
        *(md.Placed(md.Bell(gain_db=2), place="side"), md.DynamicBand(), md.ImpulseResponse(audio)),
        *(masked.clashes(1)[0], lead.maskers[0]),
    ]
    return {**found, **{type(result).__name__: result for result in given}}


def _suggestion() -> md.Suggestion:
    evidence, predicted = {"score": (1.3, ""), "lost_db": (2.5, "dB")}, {"audibility": (0.2, 0.4, "")}
    return md.Suggestion("kick", md.Bell(gain_db=-2), None, None, "It <b> hides.", evidence, predicted, "low")


def _summary(title: str, loud_lufs: float, energy: float) -> Any:
    return md.SongSummary(title, loud_lufs, loud_lufs - 4, energy)
