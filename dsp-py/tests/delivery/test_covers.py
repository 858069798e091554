"""Covers: each way in which a picture differs from what is taken, and none where it does not."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageCms

import mixdown as md


def saved(file: Path, image: Image.Image, **options: object) -> Path:
    image.save(file, **options)
    return file


def square(side: int = 3000, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (side, side))


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def lab() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


@pytest.mark.parametrize("profile", ["spotify", "apple", "distributor"])
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_plain_square_is_taken(tmp_path: Path, ending: str, profile: str) -> None:
    assert md.check_cover(saved(tmp_path / f"cover.{ending}", square()), profile) == ()


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


_SQUARE = (3000, 3000)


@pytest.mark.parametrize(
    ("mode", "size", "name", "options", "severity", "message"),
    [
        ("RGB", (2999, 2999), "c.jpg", {}, "fault", "c.jpg has 2999 px, at least 3000 are needed."),
        ("RGB", (3000, 3001), "c.jpg", {}, "fault", "c.jpg is 3000 x 3001 px: it must be square."),
        ("CMYK", _SQUARE, "c.jpg", {}, "fault", "c.jpg holds CMYK: it must be RGB of 8 bits."),
        ("L", _SQUARE, "c.png", {}, "fault", "c.png holds grey: it must be RGB of 8 bits."),
        ("RGBA", _SQUARE, "c.png", {}, "fault", "c.png holds RGB with transparency: it must be RGB of 8 bits."),
        ("P", _SQUARE, "c.png", {}, "fault", "c.png holds a palette: it must be RGB of 8 bits."),
        (
            "RGB",
            _SQUARE,
            "c.png",
            {"transparency": (0, 0, 0)},
            "fault",
            "c.png holds RGB with transparency: it must be RGB of 8 bits.",
        ),
        ("RGB", _SQUARE, "c.bmp", {}, "fault", "c.bmp is a BMP picture, JPEG or PNG are taken."),
        (
            "RGB",
            _SQUARE,
            "c.jpg",
            {"exif": turned()},
            "warning",
            "c.jpg is turned by its EXIF orientation 6: some services show it unturned.",
        ),
        (
            "RGB",
            _SQUARE,
            "c.jpg",
            {"progressive": True},
            "warning",
            "c.jpg is a progressive JPEG: some services show it grey.",
        ),
    ],
)
def test_each_difference_is_one_finding(
    tmp_path: Path, mode: str, size: tuple[int, int], name: str, options: dict, severity: str, message: str
) -> None:
    file = saved(tmp_path / name, Image.new(mode, size), **options)
    found = [one for one in md.check_cover(file) if "bytes" not in one.message]
    assert [(one.severity, one.message, one.check) for one in found] == [(severity, message, "cover")]
    assert found[0].source.startswith("[C]")


def test_embedded_colour_profiles(tmp_path: Path) -> None:
    file = saved(tmp_path / "srgb.jpg", square(), icc_profile=srgb())
    assert md.check_cover(file, "apple") == ()
    (found,) = md.check_cover(file, "spotify")
    assert found.severity == "fault"
    assert found.message == "srgb.jpg embeds the colour profile 'sRGB built-in': none may be embedded."
    (found,) = md.check_cover(saved(tmp_path / "lab.jpg", square(), icc_profile=lab()), "apple")
    assert found.message.startswith("lab.jpg embeds the colour profile 'Lab identity built-in': its colours change")
    (found,) = md.check_cover(saved(tmp_path / "odd.jpg", square(), icc_profile=b"none"), "apple")
    assert "'unreadable'" in found.message


def test_limits_differ_by_service_and_may_be_ones_own(tmp_path: Path) -> None:
    file = saved(tmp_path / "small.jpg", square(640))
    assert md.check_cover(file, "spotify") == ()
    (found,) = md.check_cover(file, "apple")
    assert (found.value, found.limit, found.unit) == (640, 3000, "px")
    assert "itunespartner.apple.com" in found.source
    own = md.CoverLimits("own", 100, 1_000, ("JPEG",), True, True, "[C]", "2026-11-28")
    (found,) = md.check_cover(file, own)
    assert found.message == f"small.jpg has {file.stat().st_size} bytes, 1000 are taken."


def test_what_is_no_picture_is_a_fault_and_a_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    (found,) = md.check_cover(tmp_path / "text.jpg")
    assert found.message == "text.jpg is not a readable picture (unknown format)."
    whole = io.BytesIO()
    square(3000).save(whole, "JPEG")
    (tmp_path / "half.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (found,) = md.check_cover(tmp_path / "half.jpg")
    assert found.severity == "fault"
    assert "not a readable picture" in found.message
    with pytest.raises(FileNotFoundError):
        md.check_cover(tmp_path / "none.jpg")
    with pytest.raises(md.ParameterError, match="profile = 'myspace' is unknown: it must be one of spotify, apple"):
        md.check_cover(tmp_path / "text.jpg", "myspace")
    with pytest.raises(TypeError, match="path = 3 is not a path"):
        md.check_cover(3)
