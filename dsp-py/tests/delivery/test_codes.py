"""Codes: ISRC and GTIN as they are stored, and what is refused."""

import pytest

import mixdown as md
from mixdown.delivery.codes import catalog_number


@pytest.mark.parametrize(
    "text", ["USS1Z2600001", "US-S1Z-26-00001", "us s1z 26 00001", "ISRC USS1Z2600001", "ISRC:US-S1Z-26-00001"]
)
def test_an_isrc_is_stored_in_one_form(text: str) -> None:
    assert md.isrc(text) == "USS1Z2600001"


@pytest.mark.parametrize(
    "text", ["", "USS1Z260001", "USS1Z26000011", "1SS1Z2600001", "US-ß1Z-26-00001", "USS1Z26OOOO1"]
)
def test_a_malformed_isrc_is_refused(text: str) -> None:
    with pytest.raises(md.ParameterError, match=r"^tracks\[2\]\.isrc = .* is not allowed: an ISRC has two letters"):
        md.isrc(text, place="tracks[2].isrc")


#: Numbers of goods that exist or that standards use as examples.
GTINS = ["96385074", "036000291452", "4006381333931", "9780306406157", "012345678905", "10012345678902"]


@pytest.mark.parametrize("code", GTINS)
def test_published_barcodes_are_right_and_every_other_check_digit_is_refused(code: str) -> None:
    assert md.gtin(code) == code
    for digit in set("0123456789") - {code[-1]}:
        with pytest.raises(md.ParameterError, match=f"its check digit must be {code[-1]}"):
            md.gtin(code[:-1] + digit)


@pytest.mark.parametrize("text", ["", "123", "12345678901", "01234567890X", "٠١٢٣٤٥٦٧٨٩٠٥", "012345678905000"])
def test_what_is_no_barcode_is_refused(text: str) -> None:
    with pytest.raises(md.ParameterError, match=r"^barcode = .* is not allowed: a GTIN has 8, 12, 13 or 14 digits"):
        md.gtin(text)


def test_codes_are_texts() -> None:
    with pytest.raises(TypeError, match="barcode = 12345678905 is not a text"):
        md.gtin(12345678905)
    with pytest.raises(TypeError, match="isrc = None is not a text"):
        md.isrc(None)


def test_a_disc_takes_thirteen_digits() -> None:
    assert catalog_number("0 12345 67890 5") == "0012345678905"
    assert catalog_number("4006381333931") == "4006381333931"
    assert catalog_number("04006381333931") == "4006381333931"
    with pytest.raises(md.ParameterError, match="a disc takes 8, 12 or 13 digits"):
        catalog_number("10012345678902")
