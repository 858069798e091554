"""The command line: ``mixdown demo``, ``mix``, ``master``, ``measure``, ``compare``."""

from mixdown.cli.program import main

__all__ = ["main"]
