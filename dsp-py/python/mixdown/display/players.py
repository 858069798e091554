"""Players for notebooks and pages: one sound, or versions of one programme that are switched at equal loudness.

The sound is part of the page, as FLAC of 16 bits: about half the size of WAV, the samples as they are, and read by all
browsers. Vorbis and Opus would be smaller, but a comparison of versions would compare what a coder made of them.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError
from mixdown.display.sounds import Programme, Sound, equal_gains_db, peak_of, place_of, programme_of

#: Longest sound of a page by default, in s; of what is longer the loudest part is played.
LONGEST_S = 60.0
#: Most versions of an A/B player: one for each digit key.
_MOST_VERSIONS = 9
#: Points of a waveform.
_COLUMNS = 600


@_checks.named
def player(audio: Source, sample_rate_hz: float | None = None, *, title: str = "", longest_s: float = LONGEST_S) -> str:
    """Return a player of a sound as HTML that holds the sound: for notebooks and pages, without script or network.

    Parameters
    ----------
    audio : array, shape (channels, frames) or (frames,), or what :func:`read` returned
        1 to 8 channels, finite. What exceeds full scale is turned down, and the player says so.
    sample_rate_hz : float, optional
        Of `audio`. Above 48 kHz the player plays a conversion to 44.1 or 48 kHz.
    title : str, optional
        Above the player.
    longest_s : float, default 60
        Of a longer sound the loudest part of this length is played, and the player says so; 1 to 3600. A minute of
        stereo has 5 to 8 MB.

    Returns
    -------
    str
        The same bytes for the same sound.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    >>> text = md.display.player(tone, 48_000, title="440 Hz")
    >>> text.count("<audio"), text.count("data:audio/flac;base64,")
    (1, 1)
    """
    title = _checks.text("title", title)
    samples, rate_hz = _checks.recording(audio, sample_rate_hz)
    programme = programme_of({title: samples}, rate_hz, longest_s)
    (sound,) = programme.sounds
    told = programme.notes
    if sound.stored_db:
        told = (*told, f"Turned down by {_checks.figure(-sound.stored_db)} dB: samples exceed full scale.")
    caption = f"<figcaption>{html.escape(title)}</figcaption>" if title else ""
    return (
        f'<figure class="mixdown-player"><style>{_asset("players.css")}</style>{caption}'
        f"{_element(sound, title or 'Sound')}{_notes(told)}</figure>"
    )


@_checks.named
def ab_players(
    versions: Mapping[str, Source],
    sample_rate_hz: float | None = None,
    *,
    gains_db: Mapping[str, float] | None = None,
    title: str = "",
    longest_s: float = LONGEST_S,
) -> str:
    """Return an A/B player as HTML: versions of a programme, switched in place at equal loudness.

    All versions run together from one clock and are cross-faded in 8 ms, so that a switch keeps the position to the
    frame. The louder ones are turned down to the quietest, all of them further where one would exceed full
    scale; a button plays them as delivered. Keys, where the player has the focus: A, B or 1, 2 for a version, space to
    play, arrows to seek 5 s (with shift 1 s). Without script every version has a player of its own.

    Parameters
    ----------
    versions : mapping of name to array, or to what :func:`read` returned
        2 to 9 versions, aligned with each other, of the same rate; finite, 1 to 8 channels each.
    sample_rate_hz : float, optional
        Of all versions. Above 48 kHz the player plays a conversion to 44.1 or 48 kHz.
    gains_db : mapping of name to dB, optional
        Gain of each version in place of those that make them equally loud, -120 to 0.
    title : str, optional
        Above the player.
    longest_s : float, default 60
        Of longer versions the same part is played, where they are loudest, and the player says so; 1 to 3600. A minute
        of stereo has 5 to 8 MB for each version.

    Returns
    -------
    str
        The same bytes for the same versions.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = np.random.default_rng(1).standard_normal((2, 48_000)) / 10
    >>> text = md.display.ab_players({"Mix": mix, "Master": 2 * mix}, 48_000)
    >>> text.count("<audio"), 'data-name="Master" data-gain-db="-6.021"' in text
    (2, True)
    """
    title, known = _checks.text("title", title), _versions(versions)
    rates_hz = {_checks.recording(version, sample_rate_hz, place_of(name))[1] for name, version in known.items()}
    if len(rates_hz) > 1:
        told = " and ".join(_checks.plain(rate_hz) for rate_hz in sorted(rates_hz))
        raise ParameterError(f"versions are of different rates: {told} Hz")
    given_db = None if gains_db is None else _gains(gains_db, known)
    sources = {name: _checks.unpack(version, place_of(name))[0] for name, version in known.items()}
    programme = programme_of(sources, rates_hz.pop(), longest_s)
    equal_db = equal_gains_db([sound.samples for sound in programme.sounds], programme.rate_hz)
    sounds = zip(programme.sounds, equal_db if given_db is None else given_db, strict=True)
    return _ab_html(title, programme, [(sound, round(gain_db, 3) + 0.0) for sound, gain_db in sounds])


def _versions(versions: Mapping[str, Source]) -> dict[str, Source]:
    if not isinstance(versions, Mapping):
        raise TypeError(f"versions = {_checks.shown(versions)} is not a mapping of names to audio")
    if not 2 <= len(versions) <= _MOST_VERSIONS:
        raise ParameterError(f"versions holds {len(versions)}: an A/B player takes 2 to {_MOST_VERSIONS}")
    for name in versions:
        if not isinstance(name, str):
            raise TypeError(f"versions: the name {_checks.shown(name)} is not a string")
    return dict(versions)


def _gains(gains_db: Mapping[str, float], versions: Mapping[str, Source]) -> list[float]:
    if not isinstance(gains_db, Mapping):
        raise TypeError(f"gains_db = {_checks.shown(gains_db)} is not a mapping of names to dB")
    for name in gains_db:
        if name not in versions:
            raise ParameterError(f"gains_db[{name!r}] is of no version: there are {', '.join(map(repr, versions))}")
    return [_checks.in_range(f"gains_db[{name!r}]", gains_db.get(name, 0.0), -120, 0) for name in versions]


def _ab_html(title: str, programme: Programme, sounds: Sequence[tuple[Sound, float]]) -> str:
    digest = hashlib.sha256()
    for sound, gain_db in sounds:
        digest.update(f"{sound.name}\0{gain_db}\0{len(sound.flac)}\0".encode() + sound.flac)
    clips = [
        f"{sound.name} exceeds full scale by {_checks.figure(sound.excess_db)} dB: as delivered it clips."
        for sound, _ in sounds
        if sound.stored_db
    ]
    peak = max(peak_of(sound.samples) for sound, _ in sounds) or 1.0
    frames = max(sound.samples.shape[1] for sound, _ in sounds)
    buttons, drawings, elements = [], [], []
    for index, (sound, gain_db) in enumerate(sounds):
        pressed = "false" if index else "true"
        name = html.escape(sound.name)
        buttons.append(f'<button type="button" aria-pressed="{pressed}"><kbd>{chr(65 + index)}</kbd>{name}</button>')
        drawings.append(_drawing(sound.samples, frames, peak))
        facts = f'data-name="{name}" data-gain-db="{gain_db:.3f}" data-stored-db="{-sound.stored_db:.1f}"'
        elements.append(f"<p>{name}</p>{_element(sound, sound.name, facts)}")
    label = html.escape(f"A/B player: {title}" if title else "A/B player")
    caption = f"<figcaption>{html.escape(title)}</figcaption>" if title else ""
    return (
        f'<figure class="mixdown-player mixdown-ab" id="mixdown-{digest.hexdigest()[:16]}" tabindex="0"'
        f' aria-label="{label}" data-lm-suppress-shortcuts="true"'
        f' data-rate-hz="{programme.rate_hz}" data-duration-s="{programme.duration_s:.6f}">'
        f'<style>{_asset("players.css")}</style>{caption}<div class="mixdown-controls" hidden>'
        '<div class="mixdown-bar"><button type="button" class="mixdown-play">▶ Play</button>'
        f'<div class="mixdown-versions" role="group" aria-label="Version">{"".join(buttons)}</div>'
        '<div class="mixdown-levels" role="group" aria-label="Levels">'
        '<button type="button" aria-pressed="true">Equal loudness</button>'
        '<button type="button" aria-pressed="false">As delivered</button></div>'
        '<span class="mixdown-time"></span></div>'
        '<div class="mixdown-wave" role="slider" tabindex="0" aria-label="Position" aria-valuemin="0"'
        f' aria-valuemax="{programme.duration_s:.1f}" aria-valuenow="0">{"".join(drawings)}'
        '<div class="mixdown-mark"></div></div><p class="mixdown-status" role="status"></p></div>'
        f'<div class="mixdown-sounds">{"".join(elements)}</div>{_notes([*programme.notes, *clips])}'
        f"<script>{_asset('players.js')}</script></figure>"
    )


def _drawing(samples: Audio, frames: int, peak: float) -> str:
    """Draw the least and greatest sample of all channels per column."""
    columns = min(_COLUMNS, frames)
    starts = (np.arange(columns) * frames) // columns
    starts = starts[starts < samples.shape[1]]
    highest = _heights(np.maximum.reduceat(samples.max(axis=0), starts), peak)
    lowest = _heights(np.minimum.reduceat(samples.min(axis=0), starts), peak)
    # At least one unit high, so that silence is a line.
    top = [f"{column} {99 - height}" for column, height in enumerate(highest.tolist())]
    bottom = [f"{column} {101 - height}" for column, height in enumerate(lowest.tolist())]
    return (
        f'<svg viewBox="0 0 {max(columns - 1, 1)} 200" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="M{"L".join([*top, *reversed(bottom)])}Z"/></svg>'
    )


def _heights(values: NDArray[np.floating], peak: float) -> NDArray[np.intp]:
    return np.asarray(np.rint(95.0 * values / peak), dtype=np.intp)


def _element(sound: Sound, label: str, facts: str = "") -> str:
    content = base64.b64encode(sound.flac).decode("ascii")
    return (
        f'<audio controls preload="metadata" aria-label="{html.escape(label)}" {facts}'
        f' src="data:audio/flac;base64,{content}"></audio>'
    )


def _notes(notes: Sequence[str]) -> str:
    return "".join(f"<p>{html.escape(note)}</p>" for note in notes)


def _asset(name: str) -> str:
    from importlib import resources

    return resources.files(__package__).joinpath(name).read_text("utf-8").strip()
