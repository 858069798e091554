"""Bringing a programme to a loudness, what platforms ask for, and the master that meets it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core, loudspeakers
from mixdown import audio as files
from mixdown._checks import Source
from mixdown._core import ParameterError
from mixdown.audio import Audio
from mixdown.effects import Chain, Effect, without_infinities
from mixdown.meters import Loudness
from mixdown.tags import Tags


@dataclass(frozen=True, repr=False)
class Target:
    """What a platform or broadcaster asks for.

    Attributes
    ----------
    name : str
        For look-up.
    integrated_lufs : float
        Loudness wanted.
    mono_lufs : float
        The same for programmes of one channel that count as one loudspeaker; most targets make no difference.
    tolerance_lu : float
        Accepted deviation; 0 if nothing is rejected for its loudness.
    ceiling_dbtp : float
        Highest true peak; inf if none is asked for. See :meth:`ceiling_at`.
    gain_up : "never", "headroom" or "limit"
        What happens to quieter programmes: left alone, turned up as far as the peak allows, or up to the target.
    album : "off", "integrated" or "loudest"
        One gain per track, one from all tracks gated as one, or one from the loudest track.
    source, date : str
        Where and when this was read.
    """

    name: str
    integrated_lufs: float
    mono_lufs: float
    tolerance_lu: float
    ceiling_dbtp: float
    gain_up: Literal["never", "headroom", "limit"]
    album: Literal["off", "integrated", "loudest"]
    source: str
    date: str

    def __repr__(self) -> str:
        ceiling = "no ceiling" if math.isinf(self.ceiling_dbtp) else f"{self.ceiling_dbtp:g} dBTP"
        return f"<Target {self.name}: {self.integrated_lufs:g} LUFS, {ceiling}>"

    def loudness_for(self, channels: int, dual_mono: bool = False) -> float:
        """Return the loudness asked of a programme of so many channels.

        Parameters
        ----------
        channels : int
        dual_mono : bool, default False
            A programme of one channel counts as two loudspeakers.

        Returns
        -------
        float
            LUFS.
        """
        return self.mono_lufs if channels == 1 and not dual_mono else self.integrated_lufs

    def ceiling_at(self, integrated_lufs: float) -> float:
        """Return the highest true peak allowed at a loudness: Spotify wants -2 dBTP above -14 LUFS.

        Parameters
        ----------
        integrated_lufs : float

        Returns
        -------
        float
            dBTP; inf if none is asked for.
        """
        return _core.ceiling_at(integrated_lufs, self.name)


class Targets(tuple[Target, ...]):
    """Delivery targets, printed as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        rows = [("target", "LUFS", "dBTP", "quieter", "album", "as of")]
        for target in self:
            ceiling = "-" if math.isinf(target.ceiling_dbtp) else f"{target.ceiling_dbtp:g}"
            rows.append(
                (target.name, f"{target.integrated_lufs:g}", ceiling, target.gain_up, target.album, target.date)
            )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def targets() -> Targets:
    """Return the delivery targets.

    Platforms change their rules and publish little; these are presets with their source and its date.

    Returns
    -------
    tuple of Target
        Prints as a table.
    """
    return Targets(Target(**entry) for entry in _core.targets())


def find_target(name: str) -> Target:
    """Return the delivery target called `name`.

    Parameters
    ----------
    name : str
        In any case.

    Returns
    -------
    Target

    Raises
    ------
    ParameterError
        For an unknown name, with all known ones.
    """
    known = {target.name: target for target in targets()}
    try:
        return known[str(name).lower()]
    except KeyError:
        raise ParameterError(f"target = {name!r} is unknown: it must be one of {', '.join(known)}") from None


@_checks.named
def playback_gain(loudness: Loudness, target: str, *, channels: int = 2, dual_mono: bool = False) -> float:
    """Return the gain with which a player that follows a target plays a programme.

    Parameters
    ----------
    loudness : Loudness
        Of the programme, or, on an album that is played as one, of the album with the highest true peak of its tracks.
    target : str
        Name of a target.
    channels : int, default 2
        Of the programme: some targets ask for another loudness of mono.
    dual_mono : bool, default False
        A programme of one channel was measured as two loudspeakers.

    Returns
    -------
    float
        dB. Louder programmes are turned down; quieter ones follow the target's gain-up rule.
    """
    return _core.playback_gain(loudness.integrated_lufs, loudness.true_peak_dbtp, target, channels, dual_mono)


#: What services without a tolerance of their own are judged by, in LU: less than this nobody hears as louder.
_AUDIBLE_LU = 0.5


def verdict(loudness: Loudness, target: Target, *, channels: int = 2, dual_mono: bool = False) -> str:
    """Judge a programme by a target.

    Parameters
    ----------
    loudness : Loudness
        Measured with precision "reference", as certificates are: other precisions read some tenths of a dB more or less
        of full-band sound near the ceiling.
    target : Target
    channels : int, default 2
        Of the programme.
    dual_mono : bool, default False
        A programme of one channel was measured as two loudspeakers.

    Returns
    -------
    str
        "pass", or in words what misses the target: the loudness by more than the tolerance (0.5 LU for services, which
        reject nothing but play everything equally loud), the true peak above the ceiling for that loudness.
    """
    deviation_lu = loudness.integrated_lufs - target.loudness_for(channels, dual_mono)
    tolerance_lu = target.tolerance_lu or _AUDIBLE_LU
    ceiling_dbtp = target.ceiling_at(loudness.integrated_lufs)
    excess_db = loudness.true_peak_dbtp - ceiling_dbtp
    misses = []
    if not abs(deviation_lu) <= tolerance_lu:
        misses.append(f"{_beyond(deviation_lu, tolerance_lu)} LU")
    if excess_db > 0:
        # Where the loudness decides, the ceiling is not the one that the table shows.
        over = f" over {ceiling_dbtp:g} dBTP" if ceiling_dbtp != target.ceiling_dbtp else ""
        misses.append(f"peak {_beyond(excess_db, 0.0)} dB{over}")
    return ", ".join(misses) or "pass"


def _beyond(value: float, limit: float) -> str:
    """Return a figure with as many decimals as show it beyond `limit`."""
    digits = next((digits for digits in (1, 2, 3) if round(abs(value), digits) > limit), 4)
    return f"{value:+.{digits}f}"


def _refuse_loudspeakers(audio: object) -> None:
    """Refuse a recording whose loudspeakers are none of the layouts that loudness is normalised in."""
    if getattr(audio, "weights", None) is not None:
        positions = " ".join(getattr(audio, "positions", None) or ())
        raise ParameterError(
            f"audio has the loudspeakers {positions}: the layouts are {', '.join(loudspeakers.LAYOUTS)}"
        )


@_checks.named
def normalize(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    target_lufs: float,
    ceiling_dbtp: float = -1.0,
    policy: Literal["limit", "reduce", "fail"] = "limit",
    dual_mono: bool = False,
    progress: Callable[[float], object] | None = None,
) -> Audio:
    """Bring a programme to a loudness.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,)
        At least 400 ms, not silent, finite.
    sample_rate_hz : float
        8 000 to 384 000.
    target_lufs : float
        Integrated loudness wanted, -70 to 0.
    ceiling_dbtp : float, default -1
        Highest true peak: -12 to 0 with "limit", else -60 to 20.
    policy : "limit", "reduce" or "fail", default "limit"
        If one gain for all cannot keep the ceiling: limit the peaks, stay below the target, or refuse.
    dual_mono : bool, default False
        A programme of one channel counts as two loudspeakers, which make it 3.01 LU louder.
    progress : function, optional
        Called with the share of the work that is done, rising from 0 to 1. What it raises ends the work.

    Returns
    -------
    array
        Shape and format of `audio`. With "limit" within 0.02 LU of the target and at least 0.05 dB below the ceiling.
        Both the standard meter and the "reference" precision read no more than the ceiling.

    Raises
    ------
    ParameterError
        For silence, less than 400 ms, non-finite samples, a target out of reach, and with "fail" for a peak above the
        ceiling.
    """
    _refuse_loudspeakers(audio)
    audio, sample_rate_hz = _checks.recording(audio, sample_rate_hz)
    dual_mono, progress = _checks.flag("dual_mono", dual_mono), _checks.callback("progress", progress)
    target_lufs = _checks.number("target_lufs", target_lufs)
    ceiling_dbtp = _checks.number("ceiling_dbtp", ceiling_dbtp)
    if policy == "limit":
        # A normaliser leaves DC offset alone: `master` takes it out, and says so.
        settings = (target_lufs, ceiling_dbtp, 0, "none", dual_mono, False, progress)
        return _core.deliver(audio, sample_rate_hz, *settings)[0]
    if policy not in ("reduce", "fail"):
        raise ParameterError(f"policy = {policy!r} is not allowed: it must be one of limit, reduce, fail")
    return _core.normalize(audio, sample_rate_hz, target_lufs, ceiling_dbtp, policy, dual_mono, progress)[0]


#: The meter that certifies: ``md.loudness(audio, rate, precision="reference")``.
METER = "ITU-R BS.1770-5, true peak by 32 points per sample and 1024 taps (precision reference)"

#: Hold and release of the limiter as long as they give the loudness.
_LIMITER_MS = (8.0, 60.0)


@dataclass(frozen=True, eq=False)
class Certificate:
    """What a master measures: all of it read off the delivered samples.

    Attributes
    ----------
    target : Target
        What was asked for.
    sample_rate_hz, bit_depth, channels : float, int, int
        Of the delivered samples; 32 bits are floating point.
    dual_mono : bool
        A programme of one channel was counted as two loudspeakers.
    target_lufs, ceiling_dbtp : float
        What the target asks of this programme; 0 dBTP where it has no ceiling.
    meter : str
        What the true peak was read with.
    loudness : Loudness
        Of the delivered samples, by that meter. The standard meter, too, reads no more than the ceiling.
    dc_offset_dbfs : float
        The largest DC offset of a channel of the programme that was taken out; -inf if none was.
    gain_db : float
        Gain before the limiter.
    limiter_ceiling_db, limiter_hold_ms, limiter_release_ms : float or None
        Settings of the limiter; None if it was not needed. Hold and release are 8 and 60 ms; where these do not give
        the loudness 3 and 20 ms, then 0 and 5 ms, which distort more.
    max_reduction_db, mean_reduction_db : float
        What the limiter took away: at most, and on average over all of the programme.
    active_percent : float
        Share of the time in which it took away more than 0.1 dB.
    playback_gain_db : mapping of target name to dB
        With which gain each platform's player plays it.
    reduction_curve_db : float64 array
        The largest gain reduction in each 10 ms; empty if the limiter was not needed.
    """

    target: Target
    sample_rate_hz: float
    bit_depth: int
    channels: int
    dual_mono: bool
    target_lufs: float
    ceiling_dbtp: float
    meter: str
    loudness: Loudness
    dc_offset_dbfs: float
    gain_db: float
    limiter_ceiling_db: float | None
    limiter_hold_ms: float | None
    limiter_release_ms: float | None
    max_reduction_db: float
    mean_reduction_db: float
    active_percent: float
    playback_gain_db: Mapping[str, float]
    reduction_curve_db: NDArray[np.float64]

    def __repr__(self) -> str:
        lufs, dbtp = self.loudness.integrated_lufs, self.loudness.true_peak_dbtp
        measured = f"{_checks.figure(lufs, 2)} LUFS, {_checks.figure(dbtp, 2)} dBTP"
        gain = (
            f"gain {_checks.figure(self.gain_db, 2)} dB, limited by at most {_checks.figure(self.max_reduction_db)} dB"
        )
        return f"<Certificate {self.target.name}: {measured}, {gain}>"

    @property
    def limiter_fell_back(self) -> bool:
        """Whether the limiter had to be faster than its defaults to give the loudness."""
        return self.limiter_hold_ms is not None and (self.limiter_hold_ms, self.limiter_release_ms) != _LIMITER_MS

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever delivers the master should know, a sentence each; none for most."""
        notes = []
        if self.dc_offset_dbfs > -math.inf:
            notes.append(f"DC offset taken out: {self.dc_offset_dbfs:.1f} dBFS.")
        if self.limiter_fell_back:
            used = f"hold {self.limiter_hold_ms:g} ms, release {self.limiter_release_ms:g} ms"
            usual = f"{_LIMITER_MS[0]:g} and {_LIMITER_MS[1]:g} ms"
            notes.append(
                f"Limiter faster than usual: {used}, as {usual} do not give this loudness. "
                "It distorts more: listen, or lower the target."
            )
        if self.channels == 1:
            notes.append(
                "Mono, counted as two loudspeakers (dual mono)."
                if self.dual_mono
                else "Mono, counted as one loudspeaker: on two it is 3.0 LU louder. For two, master with dual_mono."
            )
        return tuple(notes)

    def summary(self) -> str:
        """Return the certificate as lines of text.

        Returns
        -------
        str
        """
        limited = (
            f"limiter at most {self.max_reduction_db:.1f} dB, {self.mean_reduction_db:.2f} dB on average, "
            f"active {self.active_percent:.0f} % of the time, hold {self.limiter_hold_ms:g} ms, "
            f"release {self.limiter_release_ms:g} ms"
            if self.max_reduction_db > 0
            else "no limiting needed"
        )
        measured = (
            f"{self.loudness.integrated_lufs:.2f} LUFS of {self.target_lufs:g}, "
            f"{self.loudness.true_peak_dbtp:.2f} dBTP of {self.ceiling_dbtp:g}"
        )
        lines = (
            f"Mastered for {self.target.name}: gain {_checks.figure(self.gain_db, 2)} dB, {limited}.",
            f"Certified: {measured}. Meter: {self.meter}.",
        )
        return "\n".join((*lines, *self.notes))

    def to_dict(self) -> dict[str, Any]:
        """Return all single figures as plain values.

        Returns
        -------
        dict
            Strict JSON holds it: an infinity is the word "inf" or "-inf".
        """
        arrays = ("target", "loudness", "reduction_curve_db")
        plain = {name: value for name, value in vars(self).items() if name not in arrays}
        measured = {name: value for name, value in vars(self.loudness).items() if isinstance(value, float)}
        figures = {**plain, "notes": list(self.notes), "playback_gain_db": dict(self.playback_gain_db), **measured}
        return cast(dict[str, Any], without_infinities({"target": asdict(self.target), **figures}))


@dataclass(frozen=True, eq=False)
class Mastered:
    """A master: the samples as they are delivered.

    Attributes
    ----------
    audio : array, shape (channels, frames), or (frames,) if the programme had that shape
        Already rounded to the word length.
    sample_rate_hz : float
        Rate of `audio`.
    certificate : Certificate
        What it measures.
    """

    audio: Audio
    sample_rate_hz: float
    certificate: Certificate

    def __repr__(self) -> str:
        seconds = self.audio.shape[-1] / self.sample_rate_hz
        return f"<Mastered: {seconds:.2f} s, {self.sample_rate_hz:g} Hz, {self.certificate!r}>"

    def write(self, path: str | os.PathLike[str], tags: Mapping[str, str] | Tags | None = None) -> None:
        """Write the samples, WAV or FLAC by the ending of the name; adds no dither.

        Parameters
        ----------
        path : path
        tags : mapping, optional
            See :func:`write`.
        """
        bit_depth = cast(files.BitDepth, self.certificate.bit_depth)
        files.write(path, self.audio, self.sample_rate_hz, bit_depth=bit_depth, dither="none", tags=tags)


@_checks.named
def master(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    target: str = "spotify",
    effects: Effect | Sequence[Effect] | None = None,
    bit_depth: int = 24,
    dither: Literal["tpdf", "none"] = "tpdf",
    delivery_rate_hz: float | None = None,
    dual_mono: bool = False,
    progress: Callable[[float], object] | None = None,
) -> Mastered:
    """Make a programme ready for delivery: effects, sample rate, loudness, ceiling, word length.

    Drive and ceiling of the limiter are solved on the samples that are delivered, at the rate of delivery, after
    dither: what the certificate says is what a meter reads on the file. The true peak is certified by a meter whose
    interpolator is ten times as long as the limiter's. A DC offset above -60 dBFS, as it is or as the gain would make
    it, is taken out, and the certificate says so.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,)
        At least 400 ms, not silent, finite.
    sample_rate_hz : float
        8 000 to 384 000.
    target : str, default "spotify"
        One of :func:`targets`.
    effects : effect or sequence of effects, optional
        Before everything else.
    bit_depth : 16, 24 or 32, default 24
        32 is floating point: nothing is rounded.
    dither : "tpdf" or "none", default "tpdf"
        Added before rounding.
    delivery_rate_hz : float, optional
        Rate of the result; by default that of `audio`.
    dual_mono : bool, default False
        A programme of one channel counts as two loudspeakers, which make it 3.01 LU louder. Otherwise it is mastered to
        the target's loudness for mono, which is lower for podcasts only.
    progress : function, optional
        Called with the share of the limiting and measuring that is done, rising from 0 to 1. What it raises ends the
        work.

    Returns
    -------
    Mastered

    Raises
    ------
    ParameterError
        For what cannot be met, with the reason.
    """
    _refuse_loudspeakers(audio)
    audio, sample_rate_hz = _checks.recording(audio, sample_rate_hz)
    dual_mono, progress = _checks.flag("dual_mono", dual_mono), _checks.callback("progress", progress)
    if delivery_rate_hz is not None:
        delivery_rate_hz = _checks.sample_rate(delivery_rate_hz, "delivery_rate_hz", whole=True)
    wanted = find_target(target)
    if bit_depth not in (16, 24, 32):
        raise ParameterError(f"bit_depth = {bit_depth} is not allowed: it must be 16, 24 or 32")
    given = _core.as_array(audio, "audio")
    samples = files.planar(given)
    bad = samples.size - int(np.count_nonzero(np.isfinite(samples)))
    if bad:
        raise ParameterError(f"audio holds {bad} non-finite samples")
    if effects is not None:
        samples = (effects if isinstance(effects, Effect) else Chain(list(effects)))(samples, sample_rate_hz)
    rate_hz = sample_rate_hz if delivery_rate_hz is None else delivery_rate_hz
    samples = files.resample(samples, sample_rate_hz, rate_hz)
    channels = samples.shape[0]
    target_lufs = wanted.loudness_for(channels, dual_mono)
    # A target without a ceiling still has to fit into whole numbers.
    ceiling_dbtp = min(wanted.ceiling_at(target_lufs), 0.0)
    bits = 0 if bit_depth == 32 else bit_depth
    settings = (target_lufs, ceiling_dbtp, bits, dither, dual_mono, True, progress)
    delivered, facts = _core.deliver(samples, rate_hz, *settings)
    if channels == 1 and given.ndim == 1:
        delivered = delivered[0]
    loudness = Loudness(**facts["loudness"])
    largest_offset = max(abs(offset) for offset in facts["dc_offsets"])
    certificate = Certificate(
        target=wanted,
        sample_rate_hz=rate_hz,
        bit_depth=bit_depth,
        channels=channels,
        dual_mono=dual_mono,
        target_lufs=target_lufs,
        ceiling_dbtp=ceiling_dbtp,
        meter=METER,
        loudness=loudness,
        dc_offset_dbfs=20 * math.log10(largest_offset) if largest_offset else -math.inf,
        gain_db=facts["gain_db"],
        limiter_ceiling_db=facts["limiter_ceiling_db"],
        limiter_hold_ms=facts["limiter_hold_ms"],
        limiter_release_ms=facts["limiter_release_ms"],
        max_reduction_db=facts["max_reduction_db"],
        mean_reduction_db=facts["mean_reduction_db"],
        active_percent=100 * facts["active_share"],
        reduction_curve_db=facts["reduction_curve_db"],
        playback_gain_db={
            other.name: playback_gain(loudness, other.name, channels=channels, dual_mono=dual_mono)
            for other in targets()
        },
    )
    if progress is not None:
        progress(1.0)
    return Mastered(delivered, rate_hz, certificate)
