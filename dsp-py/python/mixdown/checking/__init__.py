"""File check: what a service would refuse, what sounds or shows worse, and what codecs make of a programme."""

from mixdown.checking.codec_preview import CodecReport, codec_preview
from mixdown.checking.container import Format
from mixdown.checking.copies import duplicates
from mixdown.checking.file_check import FileCheck, check
from mixdown.checking.profiles import Profile, ProfilesLike, profiles, profiles_of

__all__ = [
    "CodecReport",
    "FileCheck",
    "Format",
    "Profile",
    "ProfilesLike",
    "check",
    "codec_preview",
    "duplicates",
    "profiles",
    "profiles_of",
]
