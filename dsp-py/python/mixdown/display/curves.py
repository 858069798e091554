"""Pictures of effects: frequency response, static curve, gain reduction, decay.

Each function draws one thing into one axis, and returns the axis. Drawn again into the same axis it adds to what is
there, in the next colour; from the second on there is a legend.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import Source
from mixdown._core import ParameterError, ShapeError
from mixdown.display import style
from mixdown.effects import (
    Band,
    Chain,
    Clipper,
    Effect,
    Equalizer,
    LinearPhaseEqualizer,
    MidSide,
    MultibandCompressor,
    Placed,
    Saturator,
)
from mixdown.effects.dynamics import Curved, Dynamics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points of a response.
_FREQUENCIES = 600
#: Least range of a response in dB, and its lowest value below the highest.
_LEAST_DB, _RANGE_DB = 6.0, 60.0
#: Input levels of a static curve in dB, and of a shaper in parts of full scale.
_LEVELS_DB = (-72.0, 6.0)
_SHAPE = 1.25
#: Steps of a gain reduction, in s, and of a decay.
_STEP_S, _DECAY_STEP_S = 0.01, 0.005
#: Rate at which decays are measured, the longest one in s, and how far it is drawn down, in dB.
_RATE_HZ, _LONGEST_S, _DECAY_DB = 48_000, 20.0, 80.0


@_checks.named
def response(
    effects: Effect | Iterable[Effect],
    sample_rate_hz: float = 48_000,
    ax: Axes | None = None,
    *,
    label: str | None = None,
) -> Axes:
    """Draw the magnitude of the frequency response, 20 Hz to 20 kHz.

    Of an equalizer and of a chain the members are faint and the sum is strong; bands on mid, side, left or right have a
    sum for each part.

    Parameters
    ----------
    effects : Effect or sequence of effects
        Linear ones, chains of them, equalizers. A chain is one effect, a list is several.
    sample_rate_hz : float, default 48 000
        8 000 to 384 000.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    label : str, optional
        Name in the legend, for a single effect; by default its class.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    ParameterError
        If no single response describes an effect: see :meth:`Effect.frequency_response`.

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> ax = md.display.response(md.Bell(frequency_hz=1000, gain_db=6))
    >>> round(float(ax.lines[-1].get_ydata().max()), 2)
    6.0
    """
    rate_hz = _checks.sample_rate(sample_rate_hz)
    if isinstance(effects, Mapping):
        raise TypeError(f"effects = {_checks.shown(effects)} is not an effect or a list of effects")
    single = isinstance(effects, Effect)
    given = [effects] if isinstance(effects, Effect) else _checks.items("effects", effects, "effects")
    for place, effect in enumerate(given):
        if not isinstance(effect, Effect):
            where = "effects" if single else f"effects[{place}]"
            raise TypeError(f"{where} = {_checks.shown(effect)} is not an effect")
    frequencies_hz = _frequencies(rate_hz)
    # Measured before anything is drawn: a refusal leaves the axes as they are.
    drawn = [
        (name, magnitudes(effect, frequencies_hz, rate_hz), members(effect, frequencies_hz, rate_hz))
        for one in given
        for name, effect in parts(one)
    ]
    axes = style.new_axes() if ax is None else ax
    style.begin(axes)
    if not axes.lines:
        axes.axhline(0.0, color=style.FAINT, linewidth=0.8, zorder=1)
    for name, levels_db, inner in drawn:
        known = label if label is not None and len(drawn) == 1 else name if label is None else f"{label}, {name}"
        colour = style.next_colour(axes, known)
        for member_db in inner:
            axes.plot(frequencies_hz, style.finite(member_db), color=colour, linewidth=0.9, alpha=0.45)
        axes.plot(frequencies_hz, style.finite(levels_db), color=colour, linewidth=2.0)
    style.style(axes, title="Frequency response", unit="dB")
    style.over_frequency(axes)
    _levels(axes)
    style.legend(axes)
    return axes


def parts(effect: Effect) -> Iterator[tuple[str, Effect]]:
    """Yield what has a response of its own: the effect, or what it does to each part of the stereo signal."""
    name = effect._name
    if isinstance(effect, MidSide):
        yield from (("mid", Chain(effect.mid)), ("side", Chain(effect.side)))
    elif isinstance(effect, Equalizer) and (places := _places(effect)):
        for place in places:
            yield place, effect.replace(bands=list(_bands(effect, place)))
    else:
        yield name, effect


def _places(equalizer: Equalizer) -> list[str]:
    """Return the parts of the stereo signal on which its bands act, none if all act on both channels alike."""
    placed = [band.place for band in equalizer.bands if isinstance(band, Placed) and band.enabled]
    pairs = (("mid", "side"), ("left", "right"))
    return [place for pair in pairs if any(name in placed for name in pair) for place in pair]


def _bands(equalizer: Equalizer, place: str) -> Iterator[Band]:
    """Yield the bands that act on a part of the stereo signal."""
    for band in equalizer.bands:
        if isinstance(band, Band):
            yield band
        elif band.enabled and band.place in ("stereo", place):
            yield band.band


def members(effect: Effect, frequencies_hz: NDArray[np.float64], rate_hz: float) -> list[NDArray[np.float64]]:
    """Return the magnitudes of the members of an equalizer or a chain in dB; none of a single one."""
    inner: Sequence[Effect] = ()
    if isinstance(effect, Equalizer):
        kept = [band for band in effect.bands if isinstance(band, Band) or band.enabled]
        bands = [band if isinstance(band, Band) else band.band for band in kept]
        inner = [Equalizer(bands=[band], design=effect.design) for band in bands]
    elif isinstance(effect, LinearPhaseEqualizer):
        inner = effect.bands
    elif isinstance(effect, Chain):
        inner = effect.effects
    return [magnitudes(member, frequencies_hz, rate_hz) for member in inner] if len(inner) > 1 else []


def magnitudes(effect: Effect, frequencies_hz: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return the magnitude of the response of an effect in dB."""
    with np.errstate(divide="ignore"):
        return np.asarray(20 * np.log10(np.abs(effect.frequency_response(frequencies_hz, rate_hz))))


def _frequencies(rate_hz: float) -> NDArray[np.float64]:
    return np.geomspace(20.0, min(20_000.0, 0.499 * rate_hz), _FREQUENCIES)


def _levels(axes: Axes) -> None:
    """Scale an axis of gains: 0 dB is in it, and what is drawn, as far as 60 dB down."""
    values = np.concatenate([np.ravel(np.asarray(line.get_ydata(), dtype=np.float64)) for line in axes.lines])
    values = values[np.isfinite(values)]
    top = max(float(values.max(initial=0.0)), _LEAST_DB / 2)
    low = max(min(float(values.min(initial=0.0)), -_LEAST_DB / 2), top - _RANGE_DB)
    room = 0.06 * (top - low)
    axes.set_ylim(low - room, top + room)
    style.decibel_steps(axes.yaxis, 8)


@_checks.named
def transfer(effect: Effect, ax: Axes | None = None, *, label: str | None = None) -> Axes:
    """Draw the static curve: output over input, with the line of no change, and the threshold or the ceiling marked.

    Of dynamics the curve in dB, of a multiband compressor one for each band; of a saturator or a clipper the curve of
    samples, measured with a slow ramp.

    Parameters
    ----------
    effect : Compressor, Expander, Gate, Limiter, MultibandCompressor, Saturator or Clipper
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    label : str, optional
        Name in the legend; by default the class.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    ParameterError
        If no static curve describes the effect.

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> ax = md.display.transfer(md.Compressor(threshold_db=-20, ratio=2, knee_db=0))
    >>> levels_db, output_db = ax.lines[-1].get_data()
    >>> round(float(np.interp(0.0, levels_db, output_db)), 1)
    -10.0
    """
    if not isinstance(effect, Effect):
        raise TypeError(f"effect = {_checks.shown(effect)} is not an effect")
    if isinstance(effect, (Saturator, Clipper)):
        return _shaper(effect, ax, label)
    stages: list[tuple[str, Curved]]
    if isinstance(effect, Curved):
        stages = [(label or effect._name, effect)]
    elif isinstance(effect, MultibandCompressor):
        names = _band_names(effect.crossovers_hz)
        stages = [(f"{label}, {name}" if label else name, band) for name, band in zip(names, effect.bands, strict=True)]
    else:
        raise ParameterError(f"{effect._name} has no static curve: compressors, expanders, gates, limiters do")
    axes = style.new_axes(5.0, 4.2) if ax is None else ax
    style.begin(axes)
    _unity(axes, *_LEVELS_DB)
    levels_db = np.linspace(*_LEVELS_DB, 400)
    for name, stage in stages:
        colour = style.next_colour(axes, name)
        threshold_db = getattr(stage, "threshold_db", getattr(stage, "ceiling_db", None))
        if threshold_db is not None:
            axes.axvline(threshold_db, color=colour, linewidth=0.9, linestyle=":", zorder=1)
        axes.plot(levels_db, style.finite(stage.transfer_curve(levels_db)), color=colour, linewidth=2.0)
    style.style(axes, title="Static curve", unit="output in dBFS")
    axes.set_xlabel("input in dBFS, threshold dotted", color=style.FAINT, fontsize=9)
    axes.set_xlim(*_LEVELS_DB)
    axes.set_ylim(*_LEVELS_DB)
    for axis in (axes.xaxis, axes.yaxis):
        style.decibel_steps(axis, 8)
    axes.set_aspect("equal")
    style.legend(axes)
    return axes


def _band_names(crossovers_hz: Sequence[float]) -> list[str]:
    """Return the names of the bands between crossovers."""
    marks = [f"{hz:g} Hz" if hz < 1000 else f"{hz / 1000:g} kHz" for hz in crossovers_hz]
    if not marks:
        return ["all"]
    middle = [f"{low} to {high}" for low, high in itertools.pairwise(marks)]
    return [f"to {marks[0]}", *middle, f"from {marks[-1]}"]


def _unity(axes: Axes, low: float, high: float) -> None:
    """Draw the line of no change, once."""
    if not any(line.get_gid() == _UNITY for line in axes.lines):
        axes.plot([low, high], [low, high], color=style.FAINT, linewidth=0.9, linestyle="--", zorder=1, gid=_UNITY)


#: Mark of the line of no change.
_UNITY = "unity"


def _shaper(effect: Saturator | Clipper, ax: Axes | None, label: str | None) -> Axes:
    axes = style.new_axes(5.0, 4.2) if ax is None else ax
    style.begin(axes)
    _unity(axes, -_SHAPE, _SHAPE)
    given, shaped = shape_of(effect)
    colour = style.next_colour(axes, label or effect._name)
    if isinstance(effect, Clipper):
        ceiling = 10 ** (effect.ceiling_db / 20)
        for edge in (-ceiling, ceiling):
            axes.axhline(edge, color=colour, linewidth=0.9, linestyle=":", zorder=1)
    axes.plot(given, shaped, color=colour, linewidth=2.0)
    style.style(axes, title="Waveshaper curve", unit="output, full scale 1")
    axes.set_xlabel("input, full scale 1", color=style.FAINT, fontsize=9)
    axes.set_xlim(-_SHAPE, _SHAPE)
    axes.set_ylim(-_SHAPE, _SHAPE)
    axes.set_aspect("equal")
    style.legend(axes)
    return axes


def shape_of(effect: Saturator | Clipper) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return input and output of a shaper: of one rise of a sine of 100 Hz, without what follows the loudness."""
    still = effect.replace(auto_gain=False) if isinstance(effect, Saturator) else effect
    period = _RATE_HZ // 100
    sine = _SHAPE * np.sin(2 * np.pi * np.arange(20 * period) / period)
    output = still(sine, _RATE_HZ)
    # The rise of the period before the last.
    rise = slice(18 * period - period // 4, 18 * period + period // 4 + 1)
    return sine[rise], np.asarray(output[rise], dtype=np.float64)


@_checks.named
def gain_reduction(
    effect: Dynamics,
    audio: Source,
    sample_rate_hz: float | None = None,
    ax: Axes | None = None,
    *,
    key: Source | None = None,
    label: str | None = None,
) -> Axes:
    """Draw the gain reduction over time, hanging from 0 dB: the largest of each 10 ms, of the channel with the most.

    Parameters
    ----------
    effect : dynamics
    audio : array, float32 or float64, shape (channels, frames) or (frames,), or what :func:`mixdown.read` returned
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`mixdown.read` returned.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    key : array, optional
        The side-chain.
    label : str, optional
        Name in the legend; by default the class. Of effects with bands the band follows, or stands alone.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    TypeError
        If the effect has no gain reduction.

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> sine = np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
    >>> limiter = md.Limiter(ceiling_db=-6)
    >>> ax = md.display.gain_reduction(limiter, sine, 48_000)
    >>> round(float(ax.lines[-1].get_ydata().min()), 1)
    -6.0
    """
    if not isinstance(effect, Dynamics):
        raise TypeError(f"effect = {_checks.shown(effect)} has no gain reduction: it is not one of the dynamics")
    given, rate_hz = _checks.recording(audio, sample_rate_hz)
    _checks.finite(_checks.audio(given))
    reduction_db = effect.gain_reduction(audio, sample_rate_hz, key)
    name = label or effect._name
    courses = [(name, reduction_db)]
    if reduction_db.ndim == 3:
        numbered = [f"band {number}" for number in range(1, len(reduction_db) + 1)]
        bands = _band_names(effect.crossovers_hz) if isinstance(effect, MultibandCompressor) else numbered
        calls = [f"{label}, {band}" if label else band for band in bands]
        courses = list(zip(calls, reduction_db, strict=True))
    axes = style.new_axes(height=2.4) if ax is None else ax
    style.begin(axes)
    for called, course in courses:
        draw_reduction(axes, _largest(course, rate_hz), _STEP_S, called)
    style.legend(axes)
    return axes


def draw_reduction(axes: Axes, reduction_db: NDArray[np.floating], step_s: float, label: str) -> None:
    """Draw a gain reduction, one value for each step, as the next course."""
    style.begin(axes)
    colour = style.next_colour(axes, label)
    times_s = step_s * np.arange(reduction_db.size + 1)
    hanging = -np.append(reduction_db, reduction_db[-1:] if reduction_db.size else 0.0)
    axes.fill_between(times_s, 0.0, hanging, color=colour, alpha=0.35, linewidth=0.0, step="post", rasterized=True)
    axes.plot(times_s, hanging, color=colour, linewidth=0.9, drawstyle="steps-post")
    values = np.concatenate([np.ravel(np.asarray(line.get_ydata(), dtype=np.float64)) for line in axes.lines])
    axes.set_ylim(1.1 * min(float(values.min(initial=0.0)), -2.7), max(1.1 * float(values.max(initial=0.0)), 0.2))
    style.decibel_steps(axes.yaxis, 5)
    style.style(axes, title="Gain reduction", unit="dB")
    style.over_time(axes, float(times_s[-1]))


def _largest(course_db: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return the largest reduction of all channels in each step."""
    frames = course_db.shape[-1]
    if not frames:
        return np.zeros(0)
    starts = np.unique(np.arange(0, frames, max(round(_STEP_S * rate_hz), 1)))
    strongest = course_db[np.argmax(np.abs(course_db), axis=0), np.arange(frames)]
    highest, lowest = np.maximum.reduceat(strongest, starts), np.minimum.reduceat(strongest, starts)
    return np.asarray(np.where(highest >= -lowest, highest, lowest))


@_checks.named
def decay(
    effect: Effect,
    sample_rate_hz: float = _RATE_HZ,
    ax: Axes | None = None,
    *,
    label: str | None = None,
) -> Axes:
    """Draw the level of the impulse response over time, and the energy that is still to come (dashed).

    Levels of 5 ms, mean of the channels, down to 80 dB below the highest, at most 20 s. The dashed line is Schroeder's
    backward integral: it falls by 60 dB within the reverberation time.

    Parameters
    ----------
    effect : Effect
        A reverb, a convolution, a delay.
    sample_rate_hz : float, default 48 000
        8 000 to 384 000.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    label : str, optional
        Name in the legend; by default the class.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> ax = md.display.decay(md.Delay(time_ms=100, feedback=0.5))
    >>> levels_db = ax.lines[-2].get_ydata()
    >>> [round(float(levels_db[step]), 1) for step in (20, 40)]  # after 100 and 200 ms
    [0.0, -6.0]
    """
    if not isinstance(effect, Effect):
        raise TypeError(f"effect = {_checks.shown(effect)} is not an effect")
    rate_hz = _checks.sample_rate(sample_rate_hz)
    levels_db, left_db = decay_of(effect, rate_hz)
    axes = style.new_axes(height=2.8) if ax is None else ax
    style.begin(axes)
    colour = style.next_colour(axes, label or effect._name)
    times_s = _DECAY_STEP_S * np.arange(levels_db.size)
    axes.plot(times_s, np.maximum(levels_db, -2 * _DECAY_DB), color=colour, linewidth=0.9, alpha=0.8)
    axes.plot(times_s, np.maximum(left_db, -2 * _DECAY_DB), color=colour, linewidth=1.5, linestyle=(0, (6, 3)))
    axes.set_ylim(-_DECAY_DB, 3.0)
    style.decibel_steps(axes.yaxis, 6)
    style.style(axes, title="Impulse response", unit="dB re highest")
    style.over_time(axes, float(times_s[-1]) if times_s.size else 0.0)
    style.legend(axes)
    return axes


def decay_of(effect: Effect, rate_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return levels of an impulse response and of its energy that is still to come, in dB, one each 5 ms."""
    step = round(_DECAY_STEP_S * rate_hz)
    impulse = np.zeros((1, step))
    impulse[0, 0] = 1.0
    try:
        heard = effect(impulse, rate_hz, tail=_LONGEST_S)
    except ShapeError:
        # What takes stereo alone.
        heard = effect(np.concatenate([impulse, impulse]), rate_hz, tail=_LONGEST_S)
    energy = np.mean(np.square(heard), axis=0)
    energy = np.add.reduceat(energy, np.arange(0, energy.size, step))
    left = np.cumsum(energy[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        levels_db = 10 * np.log10(energy / energy.max())
        left_db = 10 * np.log10(left / left[0])
    kept = np.flatnonzero(levels_db > -_DECAY_DB)
    count = int(kept[-1]) + 2 if kept.size else 1
    return levels_db[:count], left_db[:count]
