"""A program that uses every public name, with the type of each result: mypy and pyright check it, both strictly.

It also runs: `python everything.py` writes into a temporary folder.
"""

# pyright: strict

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import mixdown as md

RATE_HZ = 48_000

#: Every effect; a new class has to stand here, as every public name is looked for.
FILTERS: Sequence[md.Band] = [
    md.Bell(frequency_hz=3_000, gain_db=2, q=0.8),
    md.LowShelf(frequency_hz=120, gain_db=-1),
    md.HighShelf(frequency_hz=9_000, gain_db=1.5),
    md.LowPass(frequency_hz=18_000),
    md.HighPass(frequency_hz=30, slope_db_per_octave=24),
    md.BandPass(frequency_hz=1_000, q=0.5),
    md.Notch(frequency_hz=50, q=8),
    md.AllPass(frequency_hz=700),
    md.Tilt(gain_db=0.5),
]
EFFECTS: Sequence[md.Effect] = [
    *FILTERS,
    md.Gain(gain_db=-3),
    md.Pan(pan=0.2, law="-4.5dB"),
    md.Width(width=1.2, bass_mono_hz=120),
    md.Equalizer(bands=[md.Placed(FILTERS[0], place="mid"), FILTERS[1]]),
    md.LinearPhaseEqualizer(bands=FILTERS[:1], length_ms=50),
    md.DynamicEqualizer(bands=[md.DynamicBand(shape=md.Bell(frequency_hz=250), threshold_db=-30), md.Bell(gain_db=1)]),
    md.Compressor(threshold_db=-24, detector="rms", release_mode="auto"),
    md.Expander(),
    md.Gate(threshold_db=-50),
    md.DeEsser(),
    md.MultibandCompressor(),
    md.Limiter(ceiling_db=-1, mode="master"),
    md.Saturator(drive_db=6, curve="cubic"),
    md.Clipper(),
    md.TransientShaper(attack_db=3),
    md.Delay(tempo_bpm=120, note="1/8d"),
    md.Chorus(),
    md.Flanger(),
    md.Phaser(),
    md.Tremolo(shape="sine"),
    md.Vibrato(),
    md.Reverb(space="room"),
    md.Plate(),
    md.Convolution(impulse_response=md.ImpulseResponse(np.array([[1.0, 0.5]]))),
    md.Parallel([md.Gain(), md.Compressor()], gains_db=[0, -6]),
    md.MidSide(mid=[md.Bell(gain_db=1)], side=[md.HighPass(frequency_hz=100)]),
    md.Bypass(md.Limiter()),
    md.Bell(gain_db=1) >> md.Gain(gain_db=-1),
]


def effects(audio: NDArray[np.float32]) -> md.Audio:
    """Effects as values, as callables, as streams, as curves."""
    chain: md.Chain = md.Chain(EFFECTS[:2]) >> md.Compressor()
    again: md.Effect = md.from_dict(chain.to_dict())
    assert again == chain
    parameters: Sequence[md.Parameter] = md.Compressor().parameters()
    names: list[str] = [parameter.name for parameter in parameters]
    assert "threshold_db" in names
    stream: md.Stream = chain.stream(RATE_HZ, channels=2, dtype="float32")
    block: md.Audio = stream.process(audio[:, :512])
    stream.set(chain)
    stream.reset()
    latency_frames: int = stream.latency_frames + chain.latency_frames(RATE_HZ)
    response: NDArray[np.complex128] = md.Bell(gain_db=3).frequency_response(np.array([100.0, 1_000.0]), RATE_HZ)
    curve: NDArray[np.float64] = md.Compressor().transfer_curve([-30.0, 0.0])
    reduction: NDArray[np.floating[Any]] = md.Compressor().gain_reduction(audio, RATE_HZ)
    softer: md.Gain = md.Gain().replace(gain_db=-6)
    function: md.Function = md.Function(lambda sound, _: sound, name="model", latency_frames=0).replace(tail_s=0)
    processed: md.Audio = (function >> chain)(audio, RATE_HZ)
    parts: list[md.Audio] = list(chain.process_blocks([audio], RATE_HZ))
    assert latency_frames >= 0
    assert block.shape == (2, 512)
    assert reduction.shape == audio.shape == processed.shape == parts[0].shape
    assert (response.size, curve.size, softer.gain_db) == (2, 2, -6)
    return chain(audio, RATE_HZ, key=audio[:1], tail="auto") if latency_frames > 1e9 else again(audio, RATE_HZ)


def refused() -> list[str]:
    """What is refused is a ValueError."""
    lines: list[str] = []
    for wrong in (
        lambda: md.Bell(gain_db=500)(np.zeros((1, 8), np.float32), RATE_HZ),
        lambda: md.Gain()(np.zeros((100, 8), np.float32), RATE_HZ),
        lambda: md.Mix(sample_rate_hz=RATE_HZ)["no track"],
    ):
        try:
            wrong()
        except (md.ParameterError, md.ShapeError, md.MixerError, KeyError) as error:
            lines.append(str(error))
    return lines


def console(stems: dict[str, NDArray[np.float32]]) -> md.Mix:
    """A mix."""
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.group("rhythm", [md.Compressor(threshold_db=-14, ratio=2)])
    for name, audio in stems.items():
        mix.track(name, audio, fader_db=-6, sends={"room": md.Send(-18)}, to="rhythm")
    mix.returns("room", [md.Reverb(space="room")])
    vca: md.Vca = mix.vca("all", list(stems), fader_db=-1)
    assert vca.members == tuple(stems)
    strips: list[md.Strip] = [mix[name] for name in mix]
    tracks: list[md.Track] = [strip for strip in strips if isinstance(strip, md.Track)]
    groups: list[md.Group] = [strip for strip in strips if isinstance(strip, md.Group)]
    returns: list[md.Return] = [strip for strip in strips if isinstance(strip, md.Return)]
    assert (len(tracks), len(groups), len(returns)) == (len(stems), 1, 1)
    tracks[0].fader_db = [(0.0, -6), (1.0, -3, "linear")]
    reading: md.MixReading = mix.measure()
    master: md.StripReading = reading["master"]
    assert master.peak_dbfs < 6
    return mix


def meters(audio: md.Audio) -> md.Loudness:
    """Meters of whole programmes, and running ones."""
    level_meter = md.LevelMeter(RATE_HZ, channels=2)
    level_meter.observe(audio)
    level: md.Level = level_meter.reading()
    left: md.ChannelLevel = level.channels[0]
    loudness_meter = md.LoudnessMeter(RATE_HZ, channels=2)
    loudness_meter.observe(audio)
    running: md.Loudness = loudness_meter.reading()
    correlation_meter = md.CorrelationMeter(RATE_HZ)
    correlation_meter.observe(audio)
    now: md.CorrelationReading = correlation_meter.reading()
    spectrum_meter = md.SpectrumMeter(RATE_HZ, channels=2)
    spectrum_meter.observe(audio)
    spectra: tuple[md.Spectrum, md.Spectrum] = (spectrum_meter.reading(), md.spectrum(audio, RATE_HZ))
    correlation: md.Correlation = md.correlation(audio, RATE_HZ)
    mono: md.MonoCompatibility = md.mono_compatibility(audio, RATE_HZ)
    bands: Sequence[md.FoldBand] = mono.bands
    together: float = md.album_loudness([(audio, RATE_HZ)])
    matched: md.LevelMatched = md.level_matched(audio, audio * 0.5, RATE_HZ)
    fader: float | NDArray[np.float64] = md.fader_db(md.fader_position(-6.0))
    assert abs(correlation.overall - now.overall) < 1
    assert abs(together - running.integrated_lufs) < 0.1
    assert left.peak_dbfs <= level.peak_dbfs
    assert len(bands) > 5
    assert len(spectra) == 2
    assert abs(float(fader) + 6) < 1e-6
    assert abs(matched.after_gain_db - matched.before_gain_db) > 5
    return md.loudness(audio, RATE_HZ)


def judgement(mix: md.Mix, out: md.Audio) -> list[str]:
    """Reports, their findings and suggestions."""
    stems = md.Stems(mix)
    lead = next(iter(stems.keys()))
    report: md.LeadReport = md.lead_report(stems, lead=lead)
    spans: Sequence[md.LeadSpan] = report.spans
    maskers: Sequence[md.LeadMasker] = report.maskers
    masking: md.Masking = md.masking(stems, lead=lead)
    clashes: Sequence[md.Clash] = masking.clashes()
    suggestions: Sequence[md.Suggestion] = masking.suggest()
    check: md.MixCheck = md.check_mix(out, RATE_HZ, stems=stems, lead=lead)
    findings: Sequence[md.Finding] = check.findings
    devices: dict[str, md.Device] = md.devices()
    noise: md.RoomNoise | None = devices["car"].noise
    translation: md.Translation = md.translation(stems)
    balance: md.TonalBalance = md.tonal_balance(out, RATE_HZ)
    regions: Sequence[md.TonalRegion] = balance.regions
    target: md.TonalTarget = md.tonal_target([(out, RATE_HZ)])
    match: md.Match = md.match(out, RATE_HZ, out, RATE_HZ)
    curve: md.MatchCurve = match.whole
    limits: dict[str, md.Limit] = md.limits("check")
    rough: md.Balance = md.balance({"drums": out[:1], "bass": out[1:]}, RATE_HZ)
    assert rough.audio.shape[0] == 2
    counts = [spans, maskers, clashes, suggestions, findings, regions, limits]
    assert noise is not None
    assert curve.fitted_db.shape == match.frequencies_hz.shape
    return [translation.table(), balance.table(), target.table(), str(match), *(str(len(count)) for count in counts)]


def delivery(out: md.Audio, folder: Path) -> md.Mastered:
    """A master, its certificate, its file."""
    target: md.Target = md.targets()["spotify"]
    mastered: md.Mastered = md.master(out, RATE_HZ, target=target.name)
    certificate: md.Certificate = mastered.certificate
    matched: md.MatchedTo | None = certificate.match
    gain_db: float = md.playback_gain(certificate.loudness, "spotify")
    quieter: md.Audio = md.normalize(out, RATE_HZ, target_lufs=-20)
    mastered.write(folder / "master.wav", tags={"title": "Song", "isrc": md.isrc("US-S1Z-26-00001")})
    recording: md.Recording = md.read(folder / "master.wav")
    blocks: md.Blocks = md.blocks(folder / "master.wav", frames=4_096)
    frames: int = sum(block.shape[-1] for block in blocks)
    with md.blocks(folder / "master.wav") as source:
        md.write(folder / "blocks.wav", md.Gain().process_blocks(source), bit_depth=16)
    broadcast = md.Broadcast(description="Song", loudness=certificate.loudness)
    md.write(folder / "other.flac", md.to_float(np.zeros((2, 480), np.int16)), RATE_HZ)
    at_44_1: md.Audio = md.resample(quieter, RATE_HZ, 44_100)
    md.write(folder / "third.wav", at_44_1, 44_100, profile="archive", broadcast=broadcast)
    checked: md.FileCheck = md.check(folder / "master.wav", target="spotify")
    coding: md.Format = checked.format
    profiles: list[md.Profile] = [*md.profiles()[1:], md.profiles()[0], md.profiles()["cdbaby"]]
    codec: md.CodecReport = md.codec_preview(out[:, : 2 * RATE_HZ], RATE_HZ, codec="mp3:320")
    gains: dict[str, str] = md.replay_gain_tags(certificate.loudness) | md.r128_tags(certificate.loudness)
    assert (matched, frames, coding.channels) == (None, recording.audio.shape[-1], 2)
    assert (len(profiles) > 3, codec.codec, abs(gain_db) < 1, len(gains) > 2) == (True, "mp3:320", True, True)
    return mastered


def album(out: md.Audio, folder: Path) -> Path:
    """An album, its order, its sides, its disc, its pack."""
    record = md.Album(title="Two", artist="The Band", barcode=md.gtin("0036000291452"), date="2026-01-01")
    for title in ("One", "Other"):
        record.track((out, RATE_HZ), title=title)
    songs: list[md.Song] = list(record)
    measured: md.AlbumMeasurements = record.measure()
    readings: Sequence[md.SongReading] = measured.songs
    settings = md.MasterSettings(target="spotify")
    mastered: md.MasteredAlbum = record.master(settings.target)
    master: md.MasteredSong = mastered.tracks[0]
    changes: Sequence[md.AlbumChange] = mastered.changes
    order: md.Order = record.suggest_order()
    summaries = [md.SongSummary("One", -14, -13, 0.4), md.SongSummary("Other", -15, -20, 0.6)]
    other_order: md.Order = md.suggest_order(summaries, arc="front")
    assert len(other_order.titles) == len(order.titles)
    seams: Sequence[md.Seam] = order.seams
    sides: md.VinylSides = md.vinyl_sides([200.0, 180.0], [0.1, 0.2])
    vinyl: md.VinylCheck = md.vinyl_check((out, RATE_HZ), fmt="7in45")
    grooves: Sequence[md.VinylSong] = vinyl.songs
    layout: md.CdLayout = md.CdLayout.of([md.CdTrack("One", 0)], frames=44_100 * 10)
    entries: Sequence[md.CdEntry] = layout.entries
    wanted = md.DeliverSettings(formats=("wav16",))
    pack = mastered.deliver(folder / "release", wanted.formats)
    files: Sequence[md.ManifestFile] = pack.files
    manifest: md.Manifest = md.Manifest(files)
    counts = [songs, readings, changes, seams, grooves, entries, manifest.files]
    assert all(len(count) >= 0 for count in counts)
    assert (len(songs), master.title, len(sides.sides)) == (2, "One", 2)
    return folder / "release"


def catalogue(folder: Path) -> md.Catalog:
    """All songs of a folder."""
    limits = md.CoverLimits("own", 300, 1_000_000, ("png",), True, False, "our own", "2026-01-01")
    Image.new("RGB", (200, 200)).save(folder / "cover.png")
    small: tuple[md.Finding, ...] = md.check_cover(folder / "cover.png", limits)
    assert any(finding.severity == "fault" for finding in small)
    (folder / "in").mkdir()
    tone = 0.1 * np.sin(0.06 * np.arange(4 * RATE_HZ))
    md.write(folder / "in" / "song.wav", tone, RATE_HZ)
    catalog: md.Catalog = md.master_catalog(folder / "in", folder / "out", target_lufs=-20)
    records: Sequence[md.CatalogRecord] = catalog.records
    assert len(records) == 1
    return catalog


def figures(audio: md.Audio) -> None:
    """Figures."""
    md.display.waveform(audio, RATE_HZ)
    md.display.spectrum(audio, RATE_HZ)


def main() -> None:
    """Run everything."""
    random = np.random.default_rng(1)
    seconds = np.arange(8 * RATE_HZ) / RATE_HZ
    envelope = 0.05 + np.exp(-(seconds % 0.5) / 0.2)
    stems = {
        name: (0.2 * envelope * random.standard_normal((2, seconds.size))).astype(np.float32)
        for name in ("vocals", "drums")
    }
    effects(stems["drums"])
    print(*refused(), sep="\n")
    mix = console(stems)
    out = mix.render()
    print(meters(out).integrated_lufs)
    judgement(mix, out)
    figures(out)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(delivery(out, folder).certificate)
        album(out, folder)
        print(catalogue(folder).summary())
    print(md.__version__)


if __name__ == "__main__":
    main()
