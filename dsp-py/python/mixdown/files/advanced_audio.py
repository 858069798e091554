"""AAC in MP4 files: coded and decoded by PyAV, else by the ffmpeg on the path.

Both hold ffmpeg's own coder. It begins with 1024 frames of priming, which the edit list of the file hides, and ends on
a whole multiple of 1024 frames.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixdown.files.names import printable

#: Frames coded at a time; Python handles signals in between.
_STEP_FRAMES = 262_144


def encoder() -> str:
    """Return "PyAV" or the path of ffmpeg.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If neither is installed.
    """
    if _pyav() is not None:
        return "PyAV"
    program = shutil.which("ffmpeg")
    if program is None:
        raise ValueError("AAC needs an encoder, and none is installed: pip install 'mixdown[aac]', or install ffmpeg")
    return program


def _pyav() -> Any:
    try:
        import av
    except ImportError:
        return None
    return av


def encoded(frames: NDArray[np.float32], sample_rate_hz: int, bitrate_kbps: int) -> tuple[bytes, str]:
    """Code frames as AAC-LC in an MP4 file, with the exact length in its edit list.

    Parameters
    ----------
    frames : float32 array, shape (frames, channels)
        One or two channels.
    sample_rate_hz : int
    bitrate_kbps : int

    Returns
    -------
    bytes
        Content of the file: the same for the same frames.
    str
        The program.
    """
    program = encoder()
    if program == "PyAV":
        av = _pyav()
        return _by_pyav(av, frames, sample_rate_hz, bitrate_kbps), f"PyAV {av.__version__}, ffmpeg's AAC"
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "coded.m4a"
        command = [program, "-nostdin", "-v", "error", "-f", "f32le", "-ar", str(sample_rate_hz)]
        command += ["-ac", str(frames.shape[1]), "-i", "pipe:0", "-c:a", "aac", "-b:a", f"{bitrate_kbps}k"]
        # Times in frames: in ms, the edit list would cut the end off.
        command += ["-flags:a", "+bitexact", "-fflags", "+bitexact", "-movie_timescale", str(sample_rate_hz)]
        done = subprocess.run(
            [*command, "-f", "ipod", str(made)],
            input=np.ascontiguousarray(frames, "<f4").tobytes(),
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode != 0:
            said = printable((done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1].strip())
            raise ValueError(f"ffmpeg cannot code AAC ({said or f'exit code {done.returncode}'})")
        return made.read_bytes(), f"ffmpeg's AAC, {_version(program)}"


def _version(program: str) -> str:
    said = subprocess.run([program, "-version"], capture_output=True, check=False).stdout.decode(errors="replace")
    return " ".join(said.split()[:3])


def _by_pyav(av: Any, frames: NDArray[np.float32], sample_rate_hz: int, bitrate_kbps: int) -> bytes:
    layout = "mono" if frames.shape[1] == 1 else "stereo"
    content = io.BytesIO()
    options = {"fflags": "+bitexact", "movie_timescale": str(sample_rate_hz)}
    with av.open(content, "w", format="ipod", container_options=options) as container:
        stream = container.add_stream("aac", rate=sample_rate_hz, layout=layout)
        stream.bit_rate = 1_000 * bitrate_kbps
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for start in range(0, len(frames), _STEP_FRAMES):
            planes = np.ascontiguousarray(frames[start : start + _STEP_FRAMES].T)
            block = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
            block.sample_rate, block.pts = sample_rate_hz, start
            for packet in stream.encode(block):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return content.getvalue()


def decoded(path: str | os.PathLike[str]) -> tuple[NDArray[np.float32], int] | None:
    """Decode the first audio of a file by PyAV.

    Parameters
    ----------
    path : path

    Returns
    -------
    (audio, sample_rate_hz), or None
        Float32 of shape (channels, frames), not clipped; None without PyAV.
    """
    av = _pyav()
    if av is None:
        return None
    blocks: list[NDArray[np.float32]] = []
    try:
        with av.open(os.fspath(path)) as container:
            if not container.streams.audio:
                raise ValueError("it holds no audio")
            stream = container.streams.audio[0]
            convert = av.AudioResampler(format="fltp")
            for frame in container.decode(stream):
                blocks += [block.to_ndarray() for block in convert.resample(frame)]
            rate_hz = int(stream.rate)
    except av.FFmpegError as error:
        raise ValueError(f"{Path(path).name}: PyAV cannot read this file ({printable(str(error))})") from None
    return np.concatenate(blocks, axis=1, dtype=np.float32), rate_hz
