"""Players in a browser: switching keeps the position, versions are equally loud, players leave each other alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mixdown as md
from browser import opened, samples
from mixdown.display.players import ab_players, player

RATE_HZ = 44_100
#: Rounding to 16 bits with dither, twice (the page's sound, and float32 in the browser): 2 LSB.
ROUNDING = 2 / 32_768
#: Length of the cross-fade, in s.
FADE_S = 0.008
HOSTILE = "\"Song\" <script>document.title = 'taken'</script>"

#: Renders what a player plays for a while, by its own graph, and after `chosen` s presses the button of version 2.
RENDER = """async ([seconds, chosen]) => {
  const player = document.querySelector(".mixdown-ab").mixdownPlayer;
  await player.load();
  const context = new OfflineAudioContext(2, seconds * player.rateHz, player.rateHz);
  player.run = player.graph(context, 0, 0);
  if (chosen) {
    context.suspend(chosen).then(() => {
      player.choices[1].click();
      context.resume();
    });
  }
  const buffer = await context.startRendering();
  player.run = null;
  const planes = new Float32Array(2 * buffer.length);
  for (const channel of [0, 1]) planes.set(buffer.getChannelData(channel), channel * buffer.length);
  const bytes = new Uint8Array(planes.buffer);
  let text = "";
  for (let start = 0; start < bytes.length; start += 32768) {
    text += String.fromCharCode(...bytes.subarray(start, start + 32768));
  }
  return btoa(text);
}"""


@pytest.fixture(scope="module")
def mix() -> NDArray[np.float32]:
    """Four seconds of noise with a beat."""
    noise = np.random.default_rng(3).standard_normal((2, 4 * RATE_HZ))
    beat = np.exp(-6.0 * (np.arange(4 * RATE_HZ) / RATE_HZ % 0.5))
    return (0.08 * noise * beat).astype(np.float32)


@pytest.fixture(scope="module")
def master(mix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brighter than the mix, so that a cross-fade shows."""
    mastered = md.master(mix, RATE_HZ, effects=[md.HighShelf(frequency_hz=3_000, gain_db=6)])
    return np.asarray(mastered.audio, np.float32)


@pytest.fixture(scope="module")
def page_file(mix: NDArray[np.float32], master: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two A/B players and a plain one."""
    file = tmp_path_factory.mktemp("players") / "page.html"
    first = ab_players({"Mix": mix, "Master": master}, RATE_HZ, title=HOSTILE)
    second = ab_players({HOSTILE: mix, "Half": mix / 2, "Mono": mix[0]}, RATE_HZ)
    head = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Players</title></head><body>'
    file.write_text(f"{head}{first}{second}{player(mix, RATE_HZ, title=HOSTILE)}</body></html>", encoding="utf-8")
    return file


@pytest.fixture
def page(chromium: Any, page_file: Path) -> Iterator[Any]:
    with opened(chromium, page_file) as page:
        yield page


def asked(page: Any, expression: str, index: int = 0) -> Any:
    """Return the value of an expression of a `player` of the page."""
    return page.evaluate(
        f"index => {{ const player = document.querySelectorAll('.mixdown-ab')[index].mixdownPlayer; "
        f"return {expression}; }}",
        index,
    )


def started(page: Any, index: int = 0) -> None:
    """Press play, and wait until the sound runs."""
    page.locator(".mixdown-play").nth(index).click()
    until(page, "player.position() > 0.1", index)


def until(page: Any, expression: str, index: int = 0) -> None:
    page.wait_for_function(
        f"index => {{ const player = document.querySelectorAll('.mixdown-ab')[index].mixdownPlayer; "
        f"return {expression}; }}",
        arg=index,
    )


def rendered(page: Any, seconds: float, chosen_s: float = 0.0) -> NDArray[np.float32]:
    return samples(page.evaluate(RENDER, [seconds, chosen_s]), 2)


def test_names_and_titles_are_text(page: Any) -> None:
    assert page.title() == "Players"
    assert page.locator("figcaption").all_inner_texts() == [HOSTILE, HOSTILE]
    assert page.locator(".mixdown-versions").nth(1).locator("button").first.inner_text() == f"A{HOSTILE}"


def test_a_switch_while_playing_keeps_the_position(page: Any) -> None:
    started(page)
    run = "player.run.startS - player.run.offsetS"
    before = asked(page, run)
    # In one turn of the page, in which its clock stands.
    jump_s = asked(page, "(at => (player.choices[1].click(), player.position() - at))(player.position())")
    assert abs(jump_s) < 0.02
    assert asked(page, run) == before
    assert asked(page, "player.version") == 1
    page.locator(".mixdown-play").first.click()
    rest_s = asked(page, "player.position()")
    assert asked(page, "player.run") is None
    assert rest_s > 0.1
    # It resumes where it paused.
    page.locator(".mixdown-play").first.click()
    until(page, f"player.run && player.position() > {rest_s}")
    assert asked(page, "player.run.offsetS") == pytest.approx(rest_s, abs=0.02)


def test_after_a_switch_the_other_version_sounds_at_the_same_frame(
    page: Any, mix: NDArray[np.float32], master: NDArray[np.float32]
) -> None:
    # A browser suspends at multiples of 128 frames.
    chosen = 128 * 200
    sound = rendered(page, 1.0, chosen / RATE_HZ)
    gains = 10 ** (np.array(asked(page, "player.gainsDb")) / 20)
    expected = np.where(np.arange(RATE_HZ) < chosen, gains[0] * mix[:, :RATE_HZ], gains[1] * master[:, :RATE_HZ])
    faded = slice(chosen, chosen + round(FADE_S * RATE_HZ) + 128)
    error = np.abs(sound - expected)
    assert np.max(error[:, : faded.start]) < ROUNDING
    assert np.max(error[:, faded.stop :]) < ROUNDING
    # It is a fade: not yet there at its start, and nowhere louder than both versions.
    assert np.max(error[:, faded]) > 10 * ROUNDING
    louder = np.maximum(np.abs(gains[0] * mix[:, :RATE_HZ]), np.abs(gains[1] * master[:, :RATE_HZ]))
    assert np.all(np.abs(sound) <= louder + ROUNDING)


def test_versions_are_equally_loud_or_as_delivered(
    page: Any, mix: NDArray[np.float32], master: NDArray[np.float32]
) -> None:
    measured = []
    for mode in (0, 1):
        page.locator(".mixdown-levels button").nth(mode).click()
        for version in (0, 1):
            page.locator(".mixdown-versions button").nth(version).click()
            measured.append(md.loudness(rendered(page, 4.0), RATE_HZ).integrated_lufs)
    given = [md.loudness(audio, RATE_HZ).integrated_lufs for audio in (mix, master)]
    assert given[1] - given[0] > 3
    assert measured[0] == pytest.approx(measured[1], abs=0.1)
    assert measured[0] == pytest.approx(given[0], abs=0.1)
    assert measured[2:] == pytest.approx(given, abs=0.1)


def test_gains_are_told(page: Any) -> None:
    status = page.locator(".mixdown-status").first
    gain_db = asked(page, "player.gainsDb[1]")
    assert status.inner_text() == f"Mix 0.0 dB, Master −{-gain_db:.1f} dB: equal loudness"
    page.get_by_role("button", name="As delivered").first.click()
    assert status.inner_text() == "Mix 0.0 dB, Master 0.0 dB: as delivered"


def test_a_click_and_keys_seek(page: Any) -> None:
    wave = page.locator(".mixdown-wave").first
    box = wave.bounding_box()
    wave.click(position={"x": 0.75 * box["width"], "y": 20})
    assert asked(page, "player.position()") == pytest.approx(3.0, abs=0.02)
    assert wave.get_attribute("aria-valuetext") == "0:03 / 0:04"
    for key, position_s in (("Home", 0), ("Shift+ArrowRight", 1), ("ArrowRight", 4), ("Shift+ArrowLeft", 3)):
        page.keyboard.press(key)
        assert asked(page, "player.position()") == pytest.approx(position_s, abs=1e-6)
    page.keyboard.press("Home")
    started(page)
    page.keyboard.press("Shift+ArrowRight")
    assert asked(page, "player.run.offsetS") > 1.1
    page.keyboard.press("Home")
    assert asked(page, "player.run.offsetS") == 0


def test_keys_choose_and_play(page: Any) -> None:
    page.locator(".mixdown-ab").first.focus()
    for key, version in (("b", 1), ("a", 0), ("2", 1), ("1", 0), ("3", 0), ("c", 0), ("Control+b", 0)):
        page.keyboard.press(key)
        assert asked(page, "player.version") == version
    page.keyboard.press(" ")
    until(page, "player.run !== null")
    # A button with the focus is not pressed by the space bar, which pauses.
    page.locator(".mixdown-versions button").nth(1).click()
    page.locator(".mixdown-versions button").nth(0).click()
    page.keyboard.press(" ")
    assert asked(page, "[player.run, player.version]") == [None, 0]


def test_players_leave_each_other_alone(page: Any) -> None:
    started(page, 0)
    started(page, 1)
    page.keyboard.press("c")
    assert [asked(page, "player.version", index) for index in (0, 1)] == [0, 2]
    page.keyboard.press(" ")
    assert asked(page, "player.run", 1) is None
    at_s = asked(page, "player.position()", 0)
    until(page, f"player.position() > {at_s} + 0.1", 0)
    page.locator(".mixdown-levels button").nth(3).click()
    assert [asked(page, "player.equal", index) for index in (0, 1)] == [True, False]


def test_playing_ends_by_itself(page: Any) -> None:
    page.locator(".mixdown-ab").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press(" ")
    until(page, "player.run !== null")
    until(page, "player.run === null && player.restS === 0")
    assert page.locator(".mixdown-play").first.inner_text() == "▶ Play"


def test_the_script_may_run_twice(page: Any) -> None:
    """As in a notebook, where every cell brings it."""
    asked(page, "(player.kept = true)")
    page.evaluate(
        "() => { const again = document.createElement('script'); "
        "again.textContent = document.querySelector('.mixdown-ab script').textContent; "
        "document.body.append(again); }"
    )
    assert asked(page, "player.kept") is True


def test_a_strict_policy_lets_it_play(chromium: Any, page_file: Path, tmp_path: Path) -> None:
    """As in the output cells of editors: nothing may be fetched, not even from a data URI."""
    allowed = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; media-src data:"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{allowed}">'
    file = tmp_path / "strict.html"
    file.write_text(page_file.read_text("utf-8").replace("<head>", f"<head>{policy}"), "utf-8")
    with opened(chromium, file) as page:
        started(page)


def test_without_script_each_version_has_a_player(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file, java_script_enabled=False) as page:
        sounds = page.locator("audio")
        assert sounds.count() == 6
        for index in range(6):
            assert sounds.nth(index).is_visible()
        assert not page.locator(".mixdown-controls").first.is_visible()


def test_what_cannot_be_decoded_leaves_the_simple_players(chromium: Any, page_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "damaged.html"
    file.write_text(page_file.read_text("utf-8").replace(";base64,ZkxhQ", ";base64,AAAAA"), "utf-8")
    with opened(chromium, file) as page:
        page.locator(".mixdown-play").first.click()
        page.locator(".mixdown-ab").first.locator("audio").first.wait_for(state="visible")
        assert "use the players below" in page.locator(".mixdown-status").first.inner_text()
