"""Programs of others that read what is written; tests that need a missing one are skipped, with a line naming it."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def judge(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it printed; skip the test where it is not installed."""
    program = shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [program, *command[1:]], capture_output=True, encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL
    )
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done
