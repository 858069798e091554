"""Decoding of a file from front to back."""

from __future__ import annotations

import soundfile


class Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read from front to back.

    soundfile asks seekable files for their position around every read, and FLAC without a length or with a damaged end
    has none.
    """

    def seekable(self) -> bool:
        """Whether the file is seekable."""
        return False
