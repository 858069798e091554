"""Files that break readers, from the folder that MIXDOWN_TEST_AUDIO names: what the file check says of each."""

import os
from pathlib import Path

import pytest

import mixdown as md

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

pytestmark = pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")

FOLDER = Path(_FOLDER or ".") / "awkward"


@pytest.mark.parametrize(
    ("name", "found", "promised"),
    [
        ("half.wav", 88_190, 176_400),
        ("half.mp3", 263_855, 529_200),
        ("zero-data-size.wav", 49_980, 0),
    ],
)
def test_a_length_that_is_not_kept_is_a_fault_with_both(name: str, found: int, promised: int) -> None:
    (fault,) = md.check(FOLDER / name, mix=False).of("truncated")
    assert (fault.severity, fault.value, fault.limit) == ("fault", found, promised)
    assert ("never completed" in fault.message) == (promised == 0)
    assert ("The end is missing" in fault.message) == (promised != 0)


def test_a_stream_without_its_last_page_is_damaged() -> None:
    (fault,) = md.check(FOLDER / "half.ogg", mix=False).of("truncated")
    assert fault.message.startswith("Damaged: 224960 frames (5.10 s) found")


@pytest.mark.parametrize(
    ("name", "findings"),
    [
        ("plain.mp3", set()),
        ("cover-no-xing.mp3", {("note", "length")}),
        ("vbr-no-xing.mp3", {("note", "length")}),
        ("no-length.flac", {("warning", "length"), ("note", "checksum")}),
        ("odd-rate-88201.wav", set()),
    ],
)
def test_what_the_container_does_not_say(name: str, findings: set[tuple[str, str]]) -> None:
    report = md.check(FOLDER / name, mix=False)
    assert report.passed
    assert {(f.severity, f.check) for f in report.findings} - {
        ("note", "tags"),
        ("note", "format"),
        ("warning", "edges"),
    } == findings


@pytest.mark.parametrize(("name", "channels"), [("mask-2.1.wav", 3), ("lfe-5.1.ogg", 6)])
def test_loudspeakers_are_weighted_as_the_file_names_them(name: str, channels: int) -> None:
    report = md.check(FOLDER / name)
    assert (report.format.channels, report.mix) == (channels, None)
    assert report.integrated_lufs == pytest.approx({3: -12.5, 6: -41.9}[channels], abs=0.1)


def test_aac_is_named() -> None:
    try:
        report = md.check(FOLDER / "tone.m4a", mix=False)
    except ValueError as error:
        pytest.skip(str(error))
    assert (report.format.container, report.format.coding, report.format.lossy) == ("MP4", "AAC", True)
    assert report.cutoff_db is None or not report.of("lossy_source")
    (fault,) = [
        f for f in md.check(FOLDER / "tone.m4a", profiles="spotify", mix=False).findings if f.severity == "fault"
    ]
    assert fault.message == "spotify takes FLAC or WAV PCM: this is MP4 AAC."
