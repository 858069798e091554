"""The command line: ``mixdown demo``, ``mix``, ``master``, ``measure``."""

from mixdown.cli.program import main

__all__ = ["main"]
