"""Audio files: read whole or block by block, written atomically, with their tags."""

from mixdown.files.broadcast import Broadcast
from mixdown.files.outputs import check_output
from mixdown.files.recordings import READABLE, Blocks, Recording, blocks, read
from mixdown.files.replay_gain import r128_tags, replay_gain_tags
from mixdown.files.tags import Tags
from mixdown.files.wave import Profile
from mixdown.files.writing import BitDepth, Dither, NoiseShaping, replace_file, write

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
    "r128_tags",
    "read",
    "replace_file",
    "replay_gain_tags",
    "write",
]
