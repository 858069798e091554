"""The page of a report: its picture, and its table."""

from __future__ import annotations

from collections.abc import Sequence

from mixdown.analysis import Finding
from mixdown.analysis.devices import Devices
from mixdown.analysis.findings import SEVERITIES, FindingsReport
from mixdown.analysis.reports import Report
from mixdown.checking import FileCheck
from mixdown.checking.profiles import Profiles
from mixdown.delivery.vinyl import VinylCheck
from mixdown.display import html
from mixdown.display.html import page_of

#: Most lines of a table that is not folded.
_LONG_TABLE = 24


@page_of.register
def _report(report: Report) -> str:
    text = report.table()
    told = html.text_table(text)
    if text.count("\n") > _LONG_TABLE:
        told = html.folded("Table", told)
    return html.page(html.title_of(report), html.drawn(report.plot()), told)


@page_of.register
def _findings(report: FindingsReport) -> str:
    return html.page(html.title_of(report), html.drawn(report.plot()), findings_table(report.findings))


@page_of.register
def _file_check(check: FileCheck) -> str:
    parts = (html.line(check.facts), html.drawn(check.plot()), findings_table(check.findings))
    return html.page(html.title_of(check), *parts)


@page_of.register
def _vinyl_check(check: VinylCheck) -> str:
    # Without the findings, which are a table of their own here.
    head, songs, _ = check.table().split("\n\n", 2)
    parts = (html.drawn(check.plot()), html.text_table(songs), findings_table(check.findings))
    return html.page(html.title_of(check), html.line(head), *parts)


def findings_table(findings: Sequence[Finding]) -> str:
    """Return findings as a table, the worst first as they are."""
    if not findings:
        return html.line("Nothing found.")
    return html.table(
        ("", "Check", "Finding"),
        [(SEVERITIES[found.severity], found.check.replace("_", " "), found.message) for found in findings],
    )


@page_of.register
def _profiles(profiles: Profiles) -> str:
    rows = (
        (
            profile.name,
            ", ".join(profile.formats),
            ", ".join(map(str, profile.rates_hz)) or (f"from {profile.min_rate_hz:g}" if profile.min_rate_hz else "-"),
            ", ".join(map(str, profile.bits)) or "-",
            profile.date,
            profile.source,
        )
        for profile in profiles
    )
    return html.page("Ingest profiles", html.table(("Profile", "Formats", "Hz", "Bits", "As of", "Source"), rows))


@page_of.register
def _devices(devices: Devices) -> str:
    head = ("Device", "dB SPL", "In mono", "Noise", "Source")
    return html.page("Devices", html.table(head, devices.rows))
