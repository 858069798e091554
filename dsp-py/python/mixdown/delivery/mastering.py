"""Mastering: a programme made ready for delivery."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError
from mixdown.conversion import at_rate
from mixdown.delivery.certificate import METER, Certificate, MatchedTo
from mixdown.delivery.normalizing import ClipDb, clip_settings, refuse_loudspeakers
from mixdown.delivery.report import write_report
from mixdown.delivery.targets import figures_of, playback_gains
from mixdown.display.html import Shown
from mixdown.display.players import LONGEST_S
from mixdown.effects import Chain, Effect
from mixdown.files import BitDepth, Broadcast, Dither, NoiseShaping, Profile, Tags, write
from mixdown.meters import Loudness

if TYPE_CHECKING:
    from mixdown.session import Mix

#: Length of the excerpt of a programme that stays with its master, in s.
_EXCERPT_S = 10.0


@dataclass(frozen=True, eq=False)
class Excerpt:
    """What a programme was before it was mastered, where its master is loudest: to compare both."""

    start_s: float
    audio: Audio
    sample_rate_hz: float

    @property
    def length_s(self) -> float:
        """Its length."""
        return float(self.audio.shape[-1] / self.sample_rate_hz)

    @classmethod
    def of(cls, programme: Audio, sample_rate_hz: float, momentary_lufs: NDArray[np.float64]) -> Excerpt:
        """Return the part of a programme in which the loudness of its master has the highest mean energy."""
        windows = round(10 * _EXCERPT_S)
        # One value each 100 ms; silence has no energy.
        energies = np.concatenate([[0.0], np.cumsum(10 ** (momentary_lufs / 10))])
        sums = energies[windows:] - energies[:-windows] if energies.size > windows else np.zeros(1)
        start_s = int(np.argmax(sums)) / 10
        start = round(start_s * sample_rate_hz)
        return cls(start_s, programme[:, start : start + round(_EXCERPT_S * sample_rate_hz)].copy(), sample_rate_hz)


@dataclass(frozen=True, eq=False)
class Mastered(Shown):
    """A master: the delivered samples and their certificate.

    Attributes
    ----------
    audio : array, shape (channels, frames), or (frames,) if the programme had that shape
        Already rounded to the word length.
    sample_rate_hz : float
        Rate of `audio`.
    certificate : Certificate
        Its readings and processing.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = 0.1 * np.random.default_rng(1).standard_normal((2, 48_000))
    >>> mastered = md.master(mix, 48_000, target_lufs=-16, bit_depth=16)
    >>> print(f"{mastered.certificate.loudness.integrated_lufs:.1f} LUFS")
    -16.0 LUFS
    >>> float(np.abs(mastered.audio * 32_768 % 1).max())
    0.0
    """

    audio: Audio
    sample_rate_hz: float
    certificate: Certificate
    _excerpt: Excerpt | None = None

    def __repr__(self) -> str:
        seconds = self.audio.shape[-1] / self.sample_rate_hz
        return f"<Mastered: {seconds:.2f} s, {self.sample_rate_hz:g} Hz, {self.certificate!r}>"

    @_checks.named
    def write(
        self,
        path: str | os.PathLike[str],
        tags: Mapping[str, str] | Tags | None = None,
        profile: Profile | None = None,
        bitrate_kbps: int | None = None,
    ) -> None:
        """Write the samples in the format named by the suffix, without further dither.

        Lossy formats are encoded from them: the certificate is that of the samples before the codec.

        Parameters
        ----------
        path : path
        tags : mapping, optional
            See :func:`write`.
        profile : "archive" or "ingest", optional
            See :func:`write`. The broadcast extension of an archive holds the loudness of the certificate.
        bitrate_kbps : int, optional
            See :func:`write`.

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> mastered = md.master(0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000, target_lufs=-16)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     mastered.write(f"{folder}/master.flac", tags={"title": "Song"})
        ...     audio, _ = md.read(f"{folder}/master.flac")
        >>> float(np.abs(audio - mastered.audio).max())
        0.0
        """
        known = tags if isinstance(tags, Tags) else Tags.of(tags or {})
        write(
            path,
            self.audio,
            self.sample_rate_hz,
            bit_depth=cast(BitDepth, self.certificate.bit_depth),
            dither="none",
            tags=known,
            profile=profile,
            broadcast=Broadcast.of(known, self.certificate.loudness) if profile == "archive" else None,
            bitrate_kbps=bitrate_kbps,
        )

    @_checks.named
    def report(
        self,
        path: str | os.PathLike[str],
        before: Source | Mix | None = None,
        *,
        before_rate_hz: float | None = None,
        title: str = "",
        longest_s: float = LONGEST_S,
    ) -> None:
        """Write a report: certificate, waveform, loudness, spectrum, gain reduction, processing, and all targets.

        An HTML page also holds players, of mix and master in place at equal loudness where the mix is given. It is one
        file: sound, figures and script are within it, and it loads nothing. The same master gives the same bytes. What
        stands at the place is replaced.

        Parameters
        ----------
        path : path
            Ends in ``.html``, ``.pdf`` or ``.png``.
        before : array, what :func:`read` returned, or Mix, optional
            The mix, to compare with; a Mix is rendered.
        before_rate_hz : float, optional
            Of `before`, if it is an array of another rate than the master.
        title : str, optional
            First line of the report.
        longest_s : float, default 60
            Longest sound of the players, 1 to 3600; of longer ones the loudest part is played. A minute of stereo has 5
            to 8 MB, and with the mix twice that.

        Raises
        ------
        OSError
            If the file cannot be written.
        ParameterError, ShapeError, TypeError
            For arguments that do not fit; nothing is written then.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md, numpy as np
        >>> mix = np.random.default_rng(1).standard_normal((2, 48_000)) / 20
        >>> mastered = md.master(mix, 48_000, target="spotify")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     mastered.report(pathlib.Path(folder, "report.html"), before=mix, title="Noise")
        ...     text = pathlib.Path(folder, "report.html").read_text("utf-8")
        >>> text.count("<h1>Noise</h1>"), text.count("<audio")
        (1, 2)
        """
        write_report(path, self.audio, self.sample_rate_hz, self.certificate, before, before_rate_hz, title, longest_s)


#: Default share of the difference to a reference.
_AMOUNT = 0.5


def _matched(
    samples: Audio, rate_hz: float, reference: Source, reference_rate_hz: float | None, amount: float
) -> tuple[MatchedTo, Audio]:
    """Return what was matched, and the programme after the equalizer."""
    # The reports are a layer above: they take mixes.
    from mixdown.analysis.matching import match

    found = match(samples, rate_hz, reference, reference_rate_hz, amount=amount)
    predicted = {name: after for made in found.suggest() for name, (_, after, _) in made.predicted.items()}
    matched = MatchedTo(
        effect=found.effect,
        amount=amount,
        rms_before_db=found.rms_difference_db,
        rms_after_db=predicted.get("rms_difference_db", found.rms_difference_db),
        worst_residual_db=found.worst_residual_db,
        confidence=found.confidence,
    )
    return matched, found.effect(samples, rate_hz)


@_checks.named
def master(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    target: str | None = None,
    target_lufs: float | None = None,
    ceiling_dbtp: float | None = None,
    effects: Effect | Sequence[Effect] | None = None,
    reference: Source | None = None,
    reference_rate_hz: float | None = None,
    amount: float = 0.5,
    clip_db: ClipDb = "auto",
    bit_depth: int = 24,
    dither: Dither = "tpdf",
    noise_shaping: NoiseShaping = "none",
    delivery_rate_hz: float | None = None,
    dual_mono: bool = False,
    name: str = "",
    progress: Callable[[float], object] | None = None,
) -> Mastered:
    """Master a programme: effects, sample rate, loudness, true-peak ceiling, word length.

    Drive and ceiling of the limiter are solved on the delivered samples, at the delivery rate, after dither: a meter
    reads the figures of the certificate on the file. The true peak is certified by a meter whose interpolator is ten
    times as long as the limiter's. A DC offset above -60 dBFS, before or after the gain, is removed, and the
    certificate says so.

    Up to 3 dB of gain reduction the limiter works alone. Beyond that, an oversampled soft clip in two stages removes
    all but 0.5 dB of the excess over the ceiling, and the limiter takes the rest and the overshoot, at most 2 dB in
    songs at -7 LUFS: a limiter that takes many dB lowers everything around a peak, a clip the peak alone. Harmonics of
    the clip just above half the rate alias to just below it, above 20 kHz: at 48 kHz the fifth harmonic of a tone of
    4.81 kHz, 24 dB over the ceiling, lies 22 dB below the tone.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,)
        At least 400 ms, not silent, finite.
    sample_rate_hz : float
        8 000 to 384 000.
    target : str, optional
        One of :func:`targets`; "spotify" where `target_lufs` is not given either.
    target_lufs : float, optional
        Integrated loudness, -50 to 0, instead of a target, refused beside one; the ceiling is then -1 dBTP unless it is
        given.
    ceiling_dbtp : float, optional
        Highest true peak, -12 to 0, instead of the target's.
    effects : effect or sequence of effects, optional
        Before everything else.
    reference : array, or what :func:`read` returned, optional
        A programme whose spectrum the equalizer of :func:`match` leads towards, after `effects`. The certificate says
        what was matched, and how closely; its readings stay those of the delivered samples.
    reference_rate_hz : float, optional
        Of `reference`; by default that of `audio`.
    amount : float, default 0.5
        Share of the difference to `reference` that is taken over, 0 to 1.
    clip_db : "auto", "off" or float, default "auto"
        Clipping before the limiter, by the stage of :class:`Clipper`: by itself as above, none, or this many dB of the
        highest peak (0 to 24), though nothing below the ceiling.
    bit_depth : 16, 24 or 32, default 24
        32 is floating point: nothing is rounded.
    dither : "tpdf" or "none", default "tpdf"
        Added before rounding. The same audio and `name` give the same noise, others another.
    noise_shaping : "none" or "weighted", default "none"
        "weighted" moves the rounding error to where the ear hears least; at 16 bits and 44.1 to 96 kHz alone: the
        error of 24 bits is not heard. By the threshold of hearing it is 15.9 dB quieter than flat dither at 44.1 kHz,
        17.4 at 48, 24.5 at 88.2, 24.9 at 96.
    delivery_rate_hz : float, optional
        Rate of the result; by default that of `audio`.
    dual_mono : bool, default False
        A programme of one channel counts as two loudspeakers, which make it 3.01 LU louder. Otherwise it is mastered to
        the target's loudness for mono, which is lower for podcasts only.
    name : str, optional
        Name of the file that it will be written to, for the seed of the dither.
    progress : function, optional
        Called with the share of the limiting and measuring that is done, rising from 0 to 1. What it raises ends the
        work.

    Returns
    -------
    Mastered

    Raises
    ------
    ParameterError
        For a target out of reach, with the highest loudness within reach, the reason, and whether "auto" clipping
        would reach the target.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    >>> mastered = md.master(mix, 48_000, target="spotify")
    >>> measured = md.loudness(mastered.audio, 48_000, precision="reference")
    >>> print(f"{measured.integrated_lufs:.2f} LUFS, {measured.true_peak_dbtp:.2f} dBTP")
    -14.00 LUFS, -6.59 dBTP
    """
    refuse_loudspeakers(audio)
    audio, sample_rate_hz = _checks.recording(audio, sample_rate_hz)
    dual_mono, progress = _checks.flag("dual_mono", dual_mono), _checks.callback("progress", progress)
    if delivery_rate_hz is not None:
        delivery_rate_hz = _checks.sample_rate(delivery_rate_hz, "delivery_rate_hz", whole=True)
    wanted = figures_of(target, target_lufs, ceiling_dbtp)
    clip = clip_settings(clip_db)
    bit_depth = _checks.bit_depth(bit_depth)
    dither = cast(Dither, _checks.one_of("dither", dither, get_args(Dither)))
    shaping = cast(NoiseShaping, _checks.noise_shaping(noise_shaping, get_args(NoiseShaping), bit_depth))
    if not isinstance(name, str):
        raise TypeError(f"name = {name!r} is not a string")
    amount = _checks.in_range("amount", amount, 0, 1)
    if reference is None and (amount != _AMOUNT or reference_rate_hz is not None):
        unused = "amount" if amount != _AMOUNT else "reference_rate_hz"
        raise ParameterError(f"{unused} is given without reference: there is nothing to match")
    given = _checks.finite(_checks.audio(audio))
    samples = _checks.planar(given)
    chain = effects if effects is None or isinstance(effects, Effect) else Chain(effects)
    if chain is not None:
        samples = chain(samples, sample_rate_hz)
    matched = None
    if reference is not None:
        matched, samples = _matched(samples, sample_rate_hz, reference, reference_rate_hz, amount)
    rate_hz = sample_rate_hz if delivery_rate_hz is None else delivery_rate_hz
    samples = at_rate(samples, sample_rate_hz, rate_hz)
    channels = samples.shape[0]
    wanted_lufs = wanted.loudness_for(channels, dual_mono)
    # A target without a ceiling still has to fit into whole numbers.
    wanted_dbtp = wanted.ceiling_at(wanted_lufs)
    wanted_dbtp = 0.0 if math.isinf(wanted_dbtp) else wanted_dbtp
    settings = {
        **clip,
        "target_lufs": wanted_lufs,
        "ceiling_dbtp": wanted_dbtp,
        "bits": 0 if bit_depth == 32 else bit_depth,
        "dither": dither,
        "noise_shaping": shaping,
        "dual_mono": dual_mono,
        "remove_dc": True,
    }
    delivered, facts = _core.deliver(samples, rate_hz, settings, progress, name)
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
        target_lufs=wanted_lufs,
        ceiling_dbtp=wanted_dbtp,
        meter=METER,
        loudness=loudness,
        dc_offset_dbfs=20 * math.log10(largest_offset) if largest_offset else -math.inf,
        gain_db=facts["gain_db"],
        clip_db=clip_db if isinstance(clip_db, str) else float(clip_db),
        clip_ceiling_db=facts["clip_ceiling_db"],
        clip_depth_db=facts["clip_depth_db"],
        clipped_percent=100 * facts["clipped_share"],
        dither=dither,
        noise_shaping=shaping,
        limiter_ceiling_db=facts["limiter_ceiling_db"],
        limiter_hold_ms=facts["limiter_hold_ms"],
        limiter_release_ms=facts["limiter_release_ms"],
        max_reduction_db=facts["max_reduction_db"],
        mean_reduction_db=facts["mean_reduction_db"],
        active_percent=100 * facts["active_share"],
        reduction_curve_db=facts["reduction_curve_db"],
        playback_gain_db=playback_gains(loudness, channels, dual_mono),
        match=matched,
        effects=chain,
    )
    if progress is not None:
        progress(1.0)
    excerpt = Excerpt.of(_checks.planar(given), sample_rate_hz, loudness.momentary_lufs)
    return Mastered(delivered, rate_hz, certificate, excerpt)
