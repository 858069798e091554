"""What is published is described as it is: names, licences, workflows."""

import re
import tomllib
from pathlib import Path

import pytest

import mixdown as md

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "dsp-py/pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_the_program_for_type_checkers_uses_every_public_name() -> None:
    source = (ROOT / "dsp-py/packaging/everything.py").read_text()
    used = set(re.findall(r"\bmd\.(\w+)", source))
    missing = set(md.__all__) - used
    assert not missing


def test_rust_and_python_have_one_version() -> None:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert PROJECT["version"] == version == md.__version__
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize("folder", ["dsp-py", "dsp-core"])
@pytest.mark.parametrize("licence", ["LICENSE-MIT", "LICENSE-APACHE"])
def test_each_package_holds_the_licences(folder: str, licence: str) -> None:
    assert (ROOT / folder / licence).read_bytes() == (ROOT / licence).read_bytes()


def test_every_supported_python_is_classified() -> None:
    oldest = int(PROJECT["requires-python"].removeprefix(">=3."))
    classified = {int(minor) for minor in re.findall(r"Python :: 3\.(\d+)", "\n".join(PROJECT["classifiers"]))}
    assert classified == set(range(oldest, max(classified) + 1))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_what_ci_runs(workflow: Path) -> None:
    assert "run: bash .ci/run\n" in workflow.read_text()


def test_there_are_wheels_for_every_system() -> None:
    names = set(
        re.findall(r"- name: ((?:many|musl|macos|windows)\S+)", (ROOT / ".github/workflows/release.yml").read_text())
    )
    assert names == {
        *(f"{libc}-{machine}" for libc in ("manylinux", "musllinux") for machine in ("x86_64", "aarch64")),
        *("macos-x86_64", "macos-arm64", "windows-x64", "windows-arm64"),
    }
