"""Reading of audio files: whole, in part, or block by block."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, loudspeakers
from mixdown._core import ParameterError
from mixdown.display.html import Shown
from mixdown.files.containers import Container, inspect
from mixdown.files.names import printable, shown
from mixdown.loudspeakers import Positions

if TYPE_CHECKING:
    import soundfile

#: File name endings of audio in folders.
READABLE = (
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".aif", ".aiff", ".aifc", ".caf", ".au", ".snd"),
    *(".ogg", ".oga", ".opus", ".mp3", ".mp2", ".m4a", ".mp4", ".aac", ".ac3", ".wma", ".mka", ".webm", ".wv", ".ape"),
)

#: Frames decoded at a time.
_STEP_FRAMES = 65_536
#: Most frames to allocate before they are read: lengths in damaged headers may be absurd.
_TRUSTED_FRAMES = 1 << 26
#: The decoder's length of a stream without a stated one.
_UNKNOWN_FRAMES = 1 << 62


class _AudioAndRate(NamedTuple):
    audio: NDArray[np.float32]
    sample_rate_hz: int


class Recording(Shown, _AudioAndRate):
    """Audio and its sample rate, as :func:`read` returns them: a tuple of two.

    Attributes
    ----------
    audio : float32 array, shape (channels, frames)
        Full scale is 1.0. Rows stand in the order of the loudness meter's layouts (L R C LFE Ls Rs, ...) where the
        file names its loudspeakers and they form one of these layouts, else in the order of the file.
    sample_rate_hz : int
    positions : tuple of str, or None
        Loudspeaker of each row, None if the file names none.
    weights : tuple of float, or None
        Weight of each row in a loudness meter; None for the usual layout of as many rows.

    Examples
    --------
    >>> import tempfile
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     md.write(f"{folder}/tone.wav", np.full((2, 24_000), 0.5), 48_000)
    ...     recording = md.read(f"{folder}/tone.wav")
    >>> recording
    <Recording: 2 x 24000 float32, 48000 Hz, 0.50 s>
    >>> audio, sample_rate_hz = recording
    >>> audio.shape, sample_rate_hz
    ((2, 24000), 48000)
    """

    positions: Positions | None = None
    weights: tuple[float, ...] | None = None
    #: numpy leaves arithmetic to the methods below.
    __array_ufunc__ = None

    def __mul__(self, other: object) -> NoReturn:
        """A tuple would be repeated, or joined: what is meant is the audio."""
        raise TypeError("a Recording is audio with its rate: calculate with its audio, as 2 * recording.audio")

    __rmul__ = __add__ = __radd__ = __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __mul__

    def __repr__(self) -> str:
        channels, frames = self.audio.shape
        return (
            f"<Recording: {channels} x {frames} {self.audio.dtype}, {self.sample_rate_hz} Hz, "
            f"{frames / self.sample_rate_hz:.2f} s>"
        )


class Blocks(Iterator[NDArray[np.float32]]):
    """An iterator of the blocks of a file, made by :func:`blocks`.

    Attributes
    ----------
    sample_rate_hz, channels : int
    promised_frames : int or None
        Length by the file's header; None where it names none. After the last block, `found_frames` is what counts.
    found_frames : int
        Frames delivered so far.
    positions, weights : tuple or None
        See :class:`Recording`.

    Examples
    --------
    >>> import tempfile
    >>> import mixdown as md, numpy as np
    >>> meter = md.LoudnessMeter(48_000, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     md.write(f"{folder}/tone.wav", 0.5 * np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000), 48_000)
    ...     with md.blocks(f"{folder}/tone.wav", frames=4_800) as blocks:
    ...         for block in blocks:
    ...             meter.observe(block)
    >>> print(f"{blocks.found_frames} frames, {blocks.share_done:.0%}: {meter.reading().integrated_lufs:.2f} LUFS")
    96000 frames, 100%: -9.03 LUFS
    """

    def __init__(self, path: str | os.PathLike[str] | BinaryIO, frames: int = _STEP_FRAMES) -> None:
        if isinstance(frames, bool) or not isinstance(frames, (int, np.integer)) or frames < 1:
            raise ParameterError(f"frames = {frames!r} is not allowed: it must be a whole number of at least 1")
        self._frames = int(frames)
        self._ended = False
        #: Memory of the decoder, the same for all blocks.
        self._decoding: NDArray[np.float32] | None = None
        self._closing = contextlib.ExitStack()
        self.found_frames = 0
        #: What is told of damage at the end of the file.
        self._tell: Callable[[str], None] = _checks.warn
        try:
            self._open(path)
        except BaseException:
            self._closing.close()
            raise

    def __repr__(self) -> str:
        kind = f"{self.channels} channels, {self.sample_rate_hz} Hz"
        return f"<Blocks of {self._name}: {kind}, {self.found_frames} frames read>"

    def _open(self, path: str | os.PathLike[str] | BinaryIO) -> None:
        import soundfile

        file = self._regular(path)
        container = inspect(file)
        if container.foreign:
            file, damage = self._convert(file, container.foreign)
            container = replace(inspect(file), damage=damage, foreign=container.foreign)
        try:
            source = self._closing.enter_context(self._decode(file, container))
        except soundfile.LibsndfileError as error:
            if file.seek(0, os.SEEK_END) == 0:
                raise ValueError(f"{self._name}: is empty: it has 0 bytes") from None
            raise ValueError(f"{self._name}: not a readable audio file ({_reason(error)})") from None
        self._source = source
        self._damage = container.damage
        #: Format that libsndfile does not read; its own names of container and coding, such as WAV and PCM_24.
        self._foreign, self._coding = container.foreign, (str(source.format), str(source.subtype))
        self.sample_rate_hz: int = source.samplerate
        self.channels: int = source.channels
        # Without a length in the header, the decoder's own length is the only one.
        decoded_frames = source.frames if source.frames < _UNKNOWN_FRAMES else None
        self.promised_frames = decoded_frames if container.promised_frames is None else container.promised_frames
        self._expected_frames = self.promised_frames if decoded_frames is None else decoded_frames
        positions = container.positions if self.channels > 1 else None
        order = loudspeakers.to_standard(positions) if positions else None
        self._order = order if order != list(range(self.channels)) else None
        self.positions: Positions | None = loudspeakers.STANDARD[self.channels] if order else positions
        self.weights = None if order or positions is None else loudspeakers.weights(positions)

    def _regular(self, path: str | os.PathLike[str] | BinaryIO) -> BinaryIO:
        """Open a file that can be mapped into memory; a pipe is stored first."""
        if isinstance(path, (str, os.PathLike)):
            self._name = shown(path)
            # Closed with everything else.
            file: BinaryIO = Path(path).open("rb")  # noqa: SIM115
            self._closing.callback(file.close)
        elif hasattr(path, "seekable"):
            self._name = "-"
            file = path
        else:
            raise TypeError(f"path = {_checks.shown(path)} is not a path: it must be a str or a pathlib.Path")
        if file.seekable():
            file.seek(0)
            return file
        stored = self._temporary()
        shutil.copyfileobj(file, stored)
        stored.flush()
        return stored

    def _temporary(self) -> BinaryIO:
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        self._closing.callback(file.close)
        return file

    def _convert(self, file: BinaryIO, kind: str) -> tuple[BinaryIO, str]:
        """Decode with ffmpeg a file that libsndfile cannot read; return the result and ffmpeg's errors."""
        program = shutil.which("ffmpeg")
        if program is None:
            raise ValueError(f"{self._name}: {kind} is read through ffmpeg, which is not installed: install ffmpeg")
        converted = self._temporary()
        file.seek(0)
        command = [program, "-nostdin", "-v", "error", "-i", f"/dev/fd/{file.fileno()}", "-map", "0:a:0"]
        command += ["-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]
        done = subprocess.run(command, stdout=converted, stderr=subprocess.PIPE, pass_fds=[file.fileno()], check=False)
        said = printable((done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1].strip())
        if done.returncode != 0:
            reason = said or f"exit code {done.returncode}"
            raise ValueError(f"{self._name}: ffmpeg cannot read this {kind} file ({reason})")
        return converted, f"ffmpeg says: {said}" if said else ""

    def _decode(self, file: BinaryIO, container: Container) -> soundfile.SoundFile:
        from mixdown.files.forward import Forward

        if container.stream is not None:
            return Forward(self._piped(file, container.stream, container.padding), closefd=False)
        if container.patches:
            file = self._patched(file, container.patches)
        file.seek(0)
        return Forward(file.fileno(), closefd=False)

    def _patched(self, file: BinaryIO, patches: tuple[tuple[int, bytes], ...]) -> BinaryIO:
        copy = self._temporary()
        file.seek(0)
        shutil.copyfileobj(file, copy)
        for offset, content in patches:
            copy.seek(offset)
            copy.write(content)
        copy.flush()
        return copy

    def _piped(self, file: BinaryIO, stream: tuple[tuple[int, int], ...], padding: int) -> int:
        """Feed parts of a file to the decoder through a pipe, whose length it does not estimate."""
        reading, writing = os.pipe()

        def feed() -> None:
            with contextlib.suppress(BrokenPipeError), open(writing, "wb") as target:
                for start, stop in stream:
                    file.seek(start)
                    for position in range(start, stop, 1 << 16):
                        target.write(file.read(min(1 << 16, stop - position)))
                target.write(bytes(padding))

        thread = threading.Thread(target=feed, daemon=True)
        # Closed in this order: the decoder, the reading end, which ends the thread, and then the file.
        self._closing.callback(thread.join)
        self._closing.callback(os.close, reading)
        thread.start()
        return reading

    def __iter__(self) -> Blocks:
        return self

    def __next__(self) -> NDArray[np.float32]:
        """Return the next block, shape (channels, frames); only the last one is shorter than the others."""
        for block in self._views():
            return np.array(block, order="C")
        raise StopIteration

    def _views(self) -> Iterator[NDArray[np.float32]]:
        """Yield the blocks, each a view until the next one is read."""
        while not self._ended:
            block = self._decoded(self._frames)
            self.found_frames += block.shape[1]
            if block.shape[1] < self._frames:
                self._end()
                if block.shape[1] == 0:
                    return
            yield block

    def _decoded(self, frames: int) -> NDArray[np.float32]:
        import soundfile

        if self._decoding is None or len(self._decoding) < frames:
            self._decoding = np.empty((frames, self.channels), np.float32)
        block = self._decoding[:frames]
        # A decoder that fails within a block has filled the block up to there.
        block.fill(np.nan)
        try:
            block = self._source.read(out=block)
        except soundfile.LibsndfileError as error:
            untouched = np.isnan(block).all(axis=1)
            block = block[: int(np.argmax(untouched)) if untouched.any() else frames]
            self._damage = self._damage or _reason(error)
        return block.T if self._order is None else block.T[self._order]

    def _end(self) -> None:
        self.close()
        found, promised = self.found_frames, self.promised_frames
        if promised is not None and promised != found:
            said = f"{self._length(promised)} promised, {self._length(found)} found"
        elif self._damage:
            said = f"{self._length(found)} found, but {self._damage}"
        else:
            said = ""
        if found == 0:
            raise ValueError(f"{self._name}: holds no audio (0 frames{'; ' + said if said else ''})")
        if said:
            self._tell(f"{self._name}: {said}")

    def _length(self, frames: int) -> str:
        return f"{frames} frames ({frames / self.sample_rate_hz:.2f} s)"

    def skip(self, frames: int) -> None:
        """Skip frames.

        Parameters
        ----------
        frames : int

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/ramp.wav", np.linspace(0, 1, 101), 48_000, bit_depth=32)
        ...     with md.blocks(f"{folder}/ramp.wav", frames=10) as blocks:
        ...         blocks.skip(50)
        ...         block = next(blocks)
        >>> print(f"{block[0, 0]:.2f} to {block[0, -1]:.2f}")
        0.50 to 0.59
        """
        while frames > 0 and not self._ended:
            block = self._decoded(min(frames, _STEP_FRAMES))
            self.found_frames += block.shape[1]
            if block.shape[1] < min(frames, _STEP_FRAMES):
                self._end()
            frames -= block.shape[1]

    @property
    def share_done(self) -> float:
        """Share of the file that has been read, 0 to 1; 0 if its length is unknown."""
        return min(self.found_frames / self._expected_frames, 1.0) if self._expected_frames else 0.0

    def close(self) -> None:
        """Close the file and end the iteration. The end of the file closes it, too.

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/tone.wav", np.zeros(48_000), 48_000)
        ...     blocks = md.blocks(f"{folder}/tone.wav", frames=480)
        ...     first = next(blocks)
        ...     blocks.close()
        >>> first.shape, len(list(blocks))
        ((1, 480), 0)
        """
        self._ended = True
        self._closing.close()

    def __enter__(self) -> Blocks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_closing"):
            self.close()


def _reason(error: soundfile.LibsndfileError) -> str:
    return printable(error.error_string.strip(" .").removeprefix("Error : ")) or "damaged"


@_checks.named
def blocks(path: str | os.PathLike[str], frames: int = _STEP_FRAMES) -> Blocks:
    """Read an audio file block by block, in constant memory.

    Parameters
    ----------
    path : path
        As for :func:`read`.
    frames : int, default 65 536
        Length of the blocks; the last one may be shorter.

    Returns
    -------
    Blocks
        An iterator of float32 arrays of shape (channels, frames), with `sample_rate_hz` and `channels`. It may be used
        in a ``with`` statement.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not an audio file, or holds no audio.

    Warns
    -----
    RuntimeWarning
        After the last block, if the file holds more or less than its header promises, or is damaged.

    Examples
    --------
    >>> import tempfile
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     md.write(f"{folder}/tone.wav", np.full((2, 100_000), 0.5), 48_000)
    ...     [block.shape for block in md.blocks(f"{folder}/tone.wav")]
    [(2, 65536), (2, 34464)]
    """
    return Blocks(path, frames)


@_checks.named
def read(path: str | os.PathLike[str], *, start_s: float = 0.0, duration_s: float | None = None) -> Recording:
    """Read an audio file: WAV, FLAC, AIFF, CAF, Ogg, Opus, MP3, and through ffmpeg AAC, ALAC and others.

    Parameters
    ----------
    path : path
        The file.
    start_s : float, default 0
        Start, in s from the beginning.
    duration_s : float, optional
        Longest duration to read; by default the whole file.

    Returns
    -------
    Recording
        ``audio, sample_rate_hz``: float32 of shape (channels, frames), never clipped, and a whole number of Hz.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not an audio file, or holds no audio (at that place).

    Warns
    -----
    RuntimeWarning
        If the file holds more or less than its header promises, or is damaged; only noticed when read to the end.

    Examples
    --------
    >>> import tempfile
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     md.write(f"{folder}/tone.flac", np.full((2, 48_000), 0.5), 48_000)
    ...     audio, sample_rate_hz = md.read(f"{folder}/tone.flac", start_s=0.25, duration_s=0.5)
    >>> audio.shape, sample_rate_hz, audio.dtype.name, round(float(audio.mean()), 4)
    ((2, 24000), 48000, 'float32', 0.5)
    """
    start_s = _checks.number("start_s", start_s)
    duration_s = None if duration_s is None else _checks.number("duration_s", duration_s)
    for name, value in (("start_s", start_s), ("duration_s", duration_s)):
        if value is not None and not 0 <= value < np.inf:
            raise ParameterError(
                f"{name} = {_checks.plain(value)} is out of range: it must be a finite number of at least 0"
            )
    with Blocks(path) as source:
        return gathered(source, start_s, duration_s)


def gathered(source: Blocks, start_s: float = 0.0, duration_s: float | None = None) -> Recording:
    """Return the rest of an open file, from `start_s` on, as :func:`read` does."""
    start = round(start_s * source.sample_rate_hz)
    source.skip(start)
    wanted = None if duration_s is None else round(duration_s * source.sample_rate_hz)
    expected = min(max((source._expected_frames or 0) - start, _STEP_FRAMES), _TRUSTED_FRAMES)
    audio = np.empty((source.channels, expected if wanted is None else min(expected, wanted)), np.float32)
    done = 0
    if wanted is None or wanted > 0:
        for block in source._views():
            if done + block.shape[1] > audio.shape[1]:
                longer = np.empty((source.channels, 2 * audio.shape[1] + block.shape[1]), np.float32)
                longer[:, :done] = audio[:, :done]
                audio = longer
            audio[:, done : done + block.shape[1]] = block
            done += block.shape[1]
            if wanted is not None and done >= wanted:
                done = wanted
                break
    if done == 0:
        raise ValueError(f"{source._name}: holds no audio from {start_s} s on")
    recording = Recording(np.ascontiguousarray(audio[:, :done]), source.sample_rate_hz)
    recording.positions, recording.weights = source.positions, source.weights
    return recording
