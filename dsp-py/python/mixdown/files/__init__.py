"""Audio files: read whole or block by block, written atomically, with their tags."""

from mixdown.files.recordings import READABLE, Blocks, Recording, blocks, read
from mixdown.files.tags import Tags
from mixdown.files.writing import BitDepth, Dither, NoiseShaping, check_output, replace_file, write

__all__ = [
    "READABLE",
    "BitDepth",
    "Blocks",
    "Dither",
    "NoiseShaping",
    "Recording",
    "Tags",
    "blocks",
    "check_output",
    "read",
    "replace_file",
    "write",
]
