"""Format of a file: what its container says, and whether it is whole."""

from __future__ import annotations

from dataclasses import dataclass

from mixdown.analysis.findings import Finding, stated
from mixdown.display.html import Told
from mixdown.files import Blocks
from mixdown.files.containers.structure import UNKNOWN_BYTES, Structure

#: Names of codings by those of libsndfile, and their word length.
_CODINGS = {
    "PCM_S8": ("PCM", 8),
    "PCM_U8": ("PCM", 8),
    "PCM_16": ("PCM", 16),
    "PCM_24": ("PCM", 24),
    "PCM_32": ("PCM", 32),
    "FLOAT": ("float", 32),
    "DOUBLE": ("float", 64),
    "ALAC_16": ("ALAC", 16),
    "ALAC_20": ("ALAC", 20),
    "ALAC_24": ("ALAC", 24),
    "ALAC_32": ("ALAC", 32),
    "VORBIS": ("Vorbis", None),
    "OPUS": ("Opus", None),
    "MPEG_LAYER_I": ("MP1", None),
    "MPEG_LAYER_II": ("MP2", None),
    "MPEG_LAYER_III": ("MP3", None),
}
#: Codings that keep every sample; others are lossy.
_LOSSLESS = ("PCM", "float", "FLAC", "ALAC")
#: Formats that are decoded by ffmpeg and are lossless.
_LOSSLESS_FOREIGN = ("Monkey's Audio", "WavPack")
_EXTENSIBLE = 0xFFFE


@dataclass(frozen=True, repr=False)
class Format(Told):
    """Format of a file.

    Attributes
    ----------
    container : str
        "WAV", "RF64", "AIFF", "FLAC", "Ogg", "MP3", "MP4" or another name.
    coding : str
        "PCM", "float", "FLAC", "ALAC", "MP3", "Vorbis", "Opus", "AAC" or another name.
    bits : int or None
        Word length of PCM, FLAC, ALAC and floating point.
    lossy : bool
    sample_rate_hz, channels, frames : int
        What a decoder gives.
    bytes_in_all : int
        Of the file.

    Examples
    --------
    >>> import tempfile
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     md.write(f"{folder}/song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000)
    ...     format_of_file = md.check(f"{folder}/song.wav").format
    >>> format_of_file.bits, format_of_file.frames, round(format_of_file.bitrate_kbps)
    (24, 48000, 2304)
    """

    container: str
    coding: str
    bits: int | None
    lossy: bool
    sample_rate_hz: int
    channels: int
    frames: int
    bytes_in_all: int

    @property
    def bitrate_kbps(self) -> float:
        """Mean bit rate, headers and tags included."""
        return 8 * self.bytes_in_all * self.sample_rate_hz / self.frames / 1_000

    def __str__(self) -> str:
        if self.lossy:
            coding = self.coding if self.coding == self.container else f"{self.container} ({self.coding})"
            return f"{coding}, {self.bitrate_kbps:.0f} kb/s, {self.sample_rate_hz} Hz, {_channels(self.channels)}"
        word = "" if self.bits is None else f", {self.bits} bit{' float' if self.coding == 'float' else ''}"
        coding = "" if self.coding in ("PCM", "float", self.container) else f" ({self.coding})"
        return f"{self.container}{coding}{word}, {self.sample_rate_hz} Hz, {_channels(self.channels)}"


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def format_of(structure: Structure, source: Blocks) -> Format:
    """Return the format of a file by its structure and its decoder, which has read it to the end."""
    foreign = source._foreign
    read_as, subtype = source._coding
    if foreign:
        sound = structure.sound
        name = foreign if sound is None else sound.coding
        lossy = name not in (*_LOSSLESS, *_LOSSLESS_FOREIGN)
        bits = None if sound is None or lossy else sound.bits
        container = structure.kind or foreign
    else:
        name, bits = _CODINGS.get(subtype, (subtype.replace("_", " "), None))
        lossy = name not in _LOSSLESS
        container = structure.kind or read_as
        name = "FLAC" if container in ("FLAC", "Ogg") and not lossy else name
    return Format(
        container,
        name,
        bits,
        lossy,
        source.sample_rate_hz,
        source.channels,
        source.found_frames,
        structure.bytes_in_all,
    )


def container_findings(structure: Structure, format_: Format, promised: int | None, told: list[str]) -> list[Finding]:
    """Return what is wrong with a container, whoever takes the file.

    Parameters
    ----------
    structure : Structure
    format_ : Format
    promised : int or None
        Frames by the header.
    told : list of str
        What reading had to say of damage.
    """
    found = _damage(format_, promised, told)
    found += [stated("chunks", "fault", sentence) for sentence in structure.faults]
    kind = structure.kind
    if not found and kind in ("WAV", "AIFF"):
        found += _ends(structure)
    if structure.id3_in_front and kind in ("WAV", "RF64", "AIFF", "FLAC"):
        message = f"An ID3 tag stands before the {kind} file: many programs do not find the file behind it."
        found.append(stated("chunks", "warning", message))
    if kind == "FLAC" and structure.md5 == bytes(16):
        message = "The file holds no checksum (MD5) of its samples: a damaged copy is not told from a whole one."
        found.append(stated("checksum", "note", message))
    if kind == "FLAC" and promised is None:
        found.append(stated("length", "warning", "The header states no length: players show none, and cannot seek."))
    if kind == "MP3" and not structure.gapless:
        message = "There is no Info header: the length is estimated, and joins with other files have gaps."
        found.append(stated("length", "note", message))
    if structure.format_code == _EXTENSIBLE and format_.channels <= 2:
        message = "The format code is 0xFFFE (extensible), where 1 (PCM) would do: some services refuse it."
        found.append(stated("format", "note", message))
    if structure.after_data:
        names = ", ".join(name.strip() or "a nameless chunk" for name in structure.after_data)
        message = f"Chunks stand behind the samples: {names}; some services refuse that."
        found.append(stated("chunks", "note", message, len(structure.after_data), 0))
    return found


def _damage(format_: Format, promised: int | None, told: list[str]) -> list[Finding]:
    if promised is not None and promised != format_.frames:
        rate_hz = format_.sample_rate_hz
        lengths = f"{promised} frames ({promised / rate_hz:.2f} s), the file holds {format_.frames}"
        message = f"The header promises {lengths} ({format_.frames / rate_hz:.2f} s)."
        if promised == 0:
            message = f"{message} It was never completed: most programs find no sound."
        elif promised > format_.frames:
            # Their decoders give up where the stream breaks, wherever that is.
            rest = "From there on it is damaged, or missing" if format_.container == "FLAC" else "The end is missing"
            message = f"{message} {rest}."
        return [stated("truncated", "fault", message, format_.frames, promised, "frames")]
    # The sentence begins with the name of the file.
    return [stated("truncated", "fault", f"Damaged: {sentence.partition(': ')[2]}.") for sentence in told]


def _ends(structure: Structure) -> list[Finding]:
    """Compare the end of the file with that of its last chunk, and with the length in its head."""
    found = []
    if structure.bytes_after:
        message = f"{structure.bytes_after} bytes stand behind the last chunk."
        found.append(stated("chunks", "warning", message, structure.bytes_after, 0, "bytes"))
    data = [part.size_bytes for part in structure.parts if part.name == "data"]
    if structure.kind == "WAV" and any(size >= UNKNOWN_BYTES for size in data):
        message = "The chunk data states no length: it was written into a pipe, or never completed."
        return [*found, stated("chunks", "warning", message)]
    stated_bytes = structure.stated_bytes
    # Some programs leave the completing byte of an odd length out of the sum, or at the end.
    if stated_bytes is not None and abs(stated_bytes - (structure.bytes_in_all - structure.bytes_after)) > 1:
        if stated_bytes == 8 or stated_bytes >= 0xFFFF_FFF0:
            message = "The head states no length of the file: it was written into a pipe, or never completed."
        else:
            message = f"The head states {stated_bytes} bytes, the file has {structure.bytes_in_all}."
        found.append(stated("chunks", "warning", message, structure.bytes_in_all, stated_bytes, "bytes"))
    return found
