"""Audio files: read whole or block by block, written atomically, with their tags."""

from mixdown.files.broadcast import Broadcast
from mixdown.files.recordings import READABLE, Blocks, Recording, blocks, read
from mixdown.files.tags import Tags
from mixdown.files.wave import Profile
from mixdown.files.writing import BitDepth, Dither, NoiseShaping, check_output, replace_file, write

__all__ = [
    "READABLE",
    "BitDepth",
    "Blocks",
    "Broadcast",
    "Dither",
    "NoiseShaping",
    "Profile",
    "Recording",
    "Tags",
    "blocks",
    "check_output",
    "read",
    "replace_file",
    "write",
]
