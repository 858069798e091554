"""Effects: settings that process audio, whole or block by block, alone or in series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mixdown import _checks, _core
from mixdown._checks import Audio, AudioLike, Source
from mixdown._core import ParameterError
from mixdown.effects.answers import answers, refuse_functions
from mixdown.effects.processed_blocks import ProcessedBlocks
from mixdown.effects.setting import Setting, abstract, from_plain, meant_setting


@abstract
class Effect(Setting):
    """Base of all effects: frozen settings that process audio when called.

    The latency is 0 unless the class says otherwise; see :meth:`latency_frames`.

    See Also
    --------
    Chain : Effects in series, also written ``a >> b``.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    >>> channel = md.HighPass(frequency_hz=80) >> md.Compressor(threshold_db=-12) >> md.Gain(gain_db=3)
    >>> print(f"{20 * np.log10(np.abs(channel(tone, 48_000)[-4_800:]).max()):.1f} dBFS")
    -6.0 dBFS
    """

    _called = "effect"

    def _check(self) -> None:
        _core.check_effect(self._engine(None))

    def _warn(self, sample_rate_hz: float) -> None:
        """Warn of what its user may not expect when it processes at this rate."""
        for message in self._warnings(sample_rate_hz):
            _checks.warn(message)

    @_checks.named
    def process(
        self,
        audio: Source,
        sample_rate_hz: float | None = None,
        *,
        key: Source | None = None,
        tail: Literal["none", "auto"] | float = "none",
        out: Audio | None = None,
    ) -> Audio:
        """Process a whole array, with fresh state and the latency compensated.

        Parameters
        ----------
        audio : array, float32 or float64, shape (channels, frames) or (frames,), or what :func:`read` returned
            Never changed, unless it is `out`.
        sample_rate_hz : float, optional
            8 000 to 384 000. May be left out for what :func:`read` returned.
        key : array, optional
            Side-chain of 1 channel or as many as `audio`, same rate, format and length.
        tail : "none", "auto" or seconds, default "none"
            Length of the result beyond the input: "auto" until 100 ms are below -120 dBFS, on a grid of
            100 ms, at most 60 s.
        out : array, optional
            Array for the result; shape and format must fit.

        Returns
        -------
        array
            The format of `audio`. One axis stays one axis, unless the effect makes stereo.

        Raises
        ------
        ParameterError, ShapeError
            With the parameter, the value and the legal range.
        TypeError
            For arrays that are not float32 or float64.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> click = np.eye(1, 4_800, dtype=np.float32)[0]
        >>> echo = md.Delay(time_ms=50, feedback=0, mix=0.5)
        >>> echo.process(click, 48_000).shape, echo.process(click, 48_000, tail=0.1).shape
        ((4800,), (9600,))
        >>> np.flatnonzero(echo(click, 48_000, tail=0.1)).tolist()
        [0, 2400]
        """
        samples, rate_hz = _checks.recording(audio, sample_rate_hz)
        key_samples = _checks.side_chain(key, rate_hz)
        self._warn(rate_hz)
        functions = answers(self._functions(), rate_hz)
        return _core.process(self._engine(rate_hz), samples, rate_hz, key_samples, _checks.tail(tail), out, functions)

    __call__ = process

    @_checks.named
    def delta(
        self,
        audio: Source,
        sample_rate_hz: float | None = None,
        *,
        key: Source | None = None,
        tail: Literal["none", "auto"] | float = "none",
    ) -> Audio:
        """Return the change that the effect makes: the output at the loudness of the input, minus the input.

        Both are aligned, so that what the effect leaves alone cancels. A change of level alone leaves nothing.

        Parameters
        ----------
        audio : array, or what :func:`read` returned
            As for :meth:`process`; finite.
        sample_rate_hz : float, optional
        key, tail
            As for :meth:`process`; the dry signal is silent in the tail.

        Returns
        -------
        array
            As :meth:`process` returns it. Where one of both signals has no loudness (silence, or less than 400 ms) the
            processed one stays at its level.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = np.random.default_rng(1).standard_normal((2, 96_000)) / 10
        >>> for effect in (md.Gain(gain_db=-6), md.Bell(frequency_hz=4_000, gain_db=1)):
        ...     print(f"{effect.delta(mix, 48_000).std() / mix.std():.4f} of the mix")
        0.0000 of the mix
        0.0455 of the mix
        """
        # Meters are a layer above effects.
        from mixdown.meters.level_matching import loudness_difference_lu, scaled

        samples, rate_hz = _checks.recording(audio, sample_rate_hz)
        dry = _checks.finite(_checks.audio(samples))
        wet = self.process(dry, rate_hz, key=key, tail=tail)
        frames = dry.shape[-1]
        added = scaled(wet, -loudness_difference_lu(dry, wet[..., :frames], rate_hz)).copy()
        # Mono in may be stereo out.
        added[..., :frames] -= dry
        return added

    @_checks.named
    def stream(
        self, sample_rate_hz: float, channels: int, dtype: DTypeLike = "float32", key_channels: int = 0
    ) -> Stream:
        """Build a running effect for consecutive blocks.

        Parameters
        ----------
        sample_rate_hz : float
            8 000 to 384 000.
        channels : int
            Input channels, 1 to 64.
        dtype : "float32" or "float64", default "float32"
            Format of all blocks.
        key_channels : int, default 0
            Channels of the side-chain: 0, 1 or `channels`.

        Returns
        -------
        Stream
            Its output is delayed by ``latency_frames``.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> limiter = md.Limiter(lookahead_ms=2).stream(48_000, channels=2)
        >>> limiter.process(np.zeros((2, 480), np.float32)).shape, limiter.latency_frames
        ((2, 480), 141)
        """
        return Stream(self, sample_rate_hz, channels, dtype, key_channels)

    @_checks.named
    def process_blocks(
        self,
        blocks: Iterable[AudioLike],
        sample_rate_hz: float | None = None,
        *,
        tail: Literal["none", "auto"] | float = "none",
    ) -> ProcessedBlocks:
        """Process audio of any length block by block, in constant memory, with the bits of :meth:`process`.

        Parameters
        ----------
        blocks : iterator of arrays, shape (channels, frames) or (frames,)
            As :func:`blocks` returns one: consecutive blocks of any lengths, all of one format and as many channels.
        sample_rate_hz : float, optional
            8 000 to 384 000. May be left out for what :func:`blocks` and this method returned.
        tail : "none", "auto" or seconds, default "none"
            As for :meth:`process`.

        Returns
        -------
        iterator of arrays, shape (channels, frames)
            Without the latency: as many frames as went in, and the tail. :func:`write` takes it.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = np.random.default_rng(1).uniform(-1, 1, (2, 48_000))
        >>> limiter = md.Limiter(ceiling_db=-6)
        >>> blocks = (noise[:, start : start + 512] for start in range(0, 48_000, 512))
        >>> limited = np.concatenate(list(limiter.process_blocks(blocks, 48_000)), axis=1)
        >>> limited.shape, float(np.abs(limited - limiter(noise, 48_000)).max())
        ((2, 48000), 0.0)
        """
        rate_hz = _checks.rate_of_blocks(blocks, sample_rate_hz)
        refuse_functions(self._functions())
        return ProcessedBlocks(
            lambda channels, dtype: self.stream(rate_hz, channels, dtype), blocks, rate_hz, _checks.tail(tail)
        )

    @_checks.named
    def latency_frames(self, sample_rate_hz: float, channels: int = 2) -> int:
        """Return the delay from input to output of a stream, in frames.

        Parameters
        ----------
        sample_rate_hz : float
            8 000 to 384 000.
        channels : int, default 2
            Input channels.

        Returns
        -------
        int

        Examples
        --------
        >>> import mixdown as md
        >>> (md.Limiter(lookahead_ms=2) >> md.Gain(gain_db=-3)).latency_frames(48_000)
        141
        >>> md.Compressor().latency_frames(48_000)
        0
        """
        rate_hz = _checks.sample_rate(sample_rate_hz)
        count = _checks.whole_number("channels", channels, 1, _checks.MAX_CHANNELS)
        return _core.latency_frames(self._engine(rate_hz), rate_hz, count)

    @_checks.named
    def frequency_response(self, frequencies_hz: ArrayLike, sample_rate_hz: float) -> NDArray[np.complex128]:
        """Return the complex gain at frequencies, without the latency.

        Parameters
        ----------
        frequencies_hz : array
            0 to half the sample rate, any shape.
        sample_rate_hz : float
            8 000 to 384 000.

        Returns
        -------
        complex array
            Of the shape of `frequencies_hz`.

        Raises
        ------
        ParameterError
            If no single response describes the effect: it is not linear, changes with time, or treats channels
            differently.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> chain = md.Bell(frequency_hz=1_000, gain_db=4) >> md.Gain(gain_db=-3)
        >>> (20 * np.log10(np.abs(chain.frequency_response([20, 1_000], 48_000)))).round(2)
        array([-3.,  1.])
        """
        frequencies = _checks.numbers("frequencies_hz", frequencies_hz)
        rate_hz = _checks.sample_rate(sample_rate_hz)
        response = _core.frequency_response(self._engine(rate_hz), np.ravel(frequencies), rate_hz)
        if response is None:
            reason = self._no_response("", rate_hz)
            raise ParameterError(f"{self._name} has no single frequency response: {reason}")
        return response.reshape(frequencies.shape)

    def _no_response(self, place: str, sample_rate_hz: float) -> str:
        """Return the reason that no single response describes it; `place` is that of its parameters in errors."""
        for name, inner in self._inner():
            if isinstance(inner, Effect):
                settings = inner._engine(sample_rate_hz)
                if _core.frequency_response(settings, np.zeros(0), sample_rate_hz) is None:
                    return inner._no_response(f"{place}{name}.", sample_rate_hz)
        return f"{place.removesuffix('.') or 'it'} {self._unlike_a_filter}"

    #: Why it has no single response.
    _unlike_a_filter: ClassVar[str] = "treats channels differently"

    def __rshift__(self, other: Effect) -> Chain:
        """``a >> b``: in series. Chains on either side are flattened."""
        if not isinstance(other, Effect):
            if hasattr(type(other), "__rrshift__"):
                return NotImplemented
            raise TypeError(f"effect = {_checks.shown(other)} is not an effect{meant_setting(other)}")
        stages = [stage.effects if isinstance(stage, Chain) else (stage,) for stage in (self, other)]
        return Chain([*stages[0], *stages[1]])

    def __rrshift__(self, other: object) -> Chain:
        """What is no effect cannot stand before one."""
        raise TypeError(f"effect = {_checks.shown(other)} is not an effect{meant_setting(other)}")


@dataclass(frozen=True)
class Chain(Effect, Sequence[Effect]):
    """Effects in series: an effect, and a sequence of effects.

    Parameters
    ----------
    effects : sequence of effects, default none
        First to last. An empty chain changes nothing.

    Examples
    --------
    >>> import mixdown as md
    >>> chain = md.Chain([md.Gain(gain_db=-3), md.Limiter(lookahead_ms=2)])
    >>> len(chain), chain[0].gain_db, chain.latency_frames(48_000)
    (2, -3.0, 141)
    >>> (chain >> md.Gain(gain_db=1))[-1].gain_db
    1.0
    """

    effects: tuple[Effect, ...] = ()

    def __init__(self, effects: Iterable[Effect] = ()) -> None:
        object.__setattr__(self, "effects", effects)
        self.__post_init__()

    def __len__(self) -> int:
        return len(self.effects)

    @overload
    def __getitem__(self, index: int) -> Effect: ...
    @overload
    def __getitem__(self, index: slice) -> Chain: ...
    def __getitem__(self, index: int | slice) -> Effect | Chain:
        return Chain(self.effects[index]) if isinstance(index, slice) else self.effects[index]

    def __iter__(self) -> Iterator[Effect]:
        return iter(self.effects)


class Stream:
    """A running effect for consecutive blocks.

    Other threads may set and read it during processing: they wait until the current block is finished.

    Parameters
    ----------
    effect : Effect
    sample_rate_hz : float
        8 000 to 384 000.
    channels : int
        Input channels, 1 to 64.
    dtype : "float32" or "float64", default "float32"
        Format of all blocks.
    key_channels : int, default 0
        Channels of the side-chain: 0, 1 or `channels`.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> running = md.Compressor(threshold_db=-20, knee_db=0).stream(48_000, channels=1, dtype="float64")
    >>> tone = 10 ** (-8 / 20) * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    >>> blocks = [running.process(block) for block in np.split(tone, 100)]
    >>> print(f"{running.gain_reduction_db[0]:.1f} dB; {running.faults} faults")
    9.0 dB; 0 faults
    >>> running.latency_frames, running.tail_frames
    (0, 0)
    """

    @_checks.named
    def __init__(
        self,
        effect: Effect,
        sample_rate_hz: float,
        channels: int,
        dtype: DTypeLike = "float32",
        key_channels: int = 0,
    ) -> None:
        self._rate_hz = _checks.sample_rate(sample_rate_hz)
        count = _checks.whole_number("channels", channels, 1, _checks.MAX_CHANNELS)
        key_count = _checks.whole_number("key_channels", key_channels, 0, _checks.MAX_CHANNELS)
        sample_format = _checks.sample_format(dtype)
        settings = self._settings(effect)
        self._running = _core.Stream(settings, self._rate_hz, count, sample_format, key_count)
        self._said = f"{effect._name}: {self._rate_hz:g} Hz, channels {count}, {sample_format}"

    def process(self, block: AudioLike, key: AudioLike | None = None, out: Audio | None = None) -> Audio:
        """Process the next block.

        Parameters
        ----------
        block : array, shape (channels, frames), or (frames,) for one channel
            Any number of frames.
        key : array, optional
            The side-chain of this block, required by a stream built with `key_channels`.
        out : array, optional
            Array for the result; shape and format must fit.

        Returns
        -------
        array
            As many frames as `block`, delayed by `latency_frames`.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> running = md.Delay(time_ms=11, feedback=0).stream(48_000, channels=1)
        >>> click, silence = np.eye(2, 480, dtype=np.float32)[0], np.zeros(480, np.float32)
        >>> [np.flatnonzero(running.process(block)).tolist() for block in (click, silence)]
        [[], [48]]
        """
        return self._running.process(block, key, out)

    def set(self, effect: Effect) -> None:
        """Glide to the settings of an effect of the same shape.

        Parameters
        ----------
        effect : Effect
            The same kinds of effects in the same order.

        Raises
        ------
        ParameterError
            For another shape, or settings that cannot change while it runs; nothing changes then.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> fader = md.Gain(gain_db=0).stream(48_000, channels=1)
        >>> fader.set(md.Gain(gain_db=-6.0206))
        >>> out = fader.process(np.ones(2_400, np.float32))
        >>> out[[0, 480, 2_399]].round(2)
        array([1.  , 0.75, 0.5 ], dtype=float32)
        """
        self._running.set(self._settings(effect))

    def _settings(self, effect: Effect) -> dict[str, Any]:
        """Return an effect for the compiled module."""
        if not isinstance(effect, Effect):
            raise TypeError(f"effect = {_checks.shown(effect)} is not an effect{meant_setting(effect)}")
        refuse_functions(effect._functions())
        settings = effect._engine(self._rate_hz)
        effect._warn(self._rate_hz)
        return settings

    def reset(self) -> None:
        """Clear all state.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> echo = md.Delay(time_ms=10).stream(48_000, channels=1)
        >>> _ = echo.process(np.ones(480, np.float32))
        >>> echo.reset()
        >>> float(np.abs(echo.process(np.zeros(4_800, np.float32))).max())
        0.0
        """
        self._running.reset()

    @property
    def latency_frames(self) -> int:
        """Delay from input to output in frames."""
        return self._running.latency_frames

    @property
    def tail_frames(self) -> int | None:
        """Frames until silence after the input has ended; None if the tail never ends.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> md.Convolution(impulse_response=np.ones(4_800)).stream(48_000, channels=1).tail_frames
        5632
        """
        return self._running.tail_frames

    @property
    def faults(self) -> int:
        """Number of non-finite samples replaced by 0 so far."""
        return self._running.faults

    @property
    def gain_reduction_db(self) -> NDArray[np.float64]:
        """Gain reduction of the last frame in dB, positive.

        Shape (channels,), with bands (bands, channels).
        """
        return self._running.gain_reduction_db

    def __repr__(self) -> str:
        return f"<Stream of {self._said}, latency {self.latency_frames} frames>"


def from_dict(settings: Mapping[str, Any]) -> Any:
    """Make an effect, a band or an impulse response from the result of its ``to_dict``.

    Parameters
    ----------
    settings : mapping
        ``"type"`` and the parameters; missing ones take their default.

    Returns
    -------
    Effect, Placed, DynamicBand or ImpulseResponse
        Of the class that ``"type"`` names.

    Raises
    ------
    ParameterError
        For an unknown type or parameter, or a value out of range.

    Examples
    --------
    >>> import mixdown as md
    >>> plain = {"type": "Compressor", "threshold_db": -24, "ratio": 3}
    >>> compressor = md.from_dict(plain)
    >>> compressor.threshold_db, compressor.ratio, compressor.attack_ms
    (-24.0, 3.0, 10.0)
    """
    return from_plain(settings)
