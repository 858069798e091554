"""Album files: what is read is what was written, and what is refused is named with its line."""

import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mixdown as md
from mixdown.files import Tags

RATE_HZ = 48_000
ISRCS = ("USS1Z2600001", "USS1Z2600002")


def noise(seed: int, seconds: float = 1.0, channels: int = 2, dtype: type = np.float32) -> tuple[np.ndarray, int]:
    shape = (channels, round(seconds * RATE_HZ))
    return (0.05 * np.random.default_rng(seed).standard_normal(shape)).astype(dtype), RATE_HZ


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with songs, an impulse response, a cover, and files that are none of these."""
    folder = tmp_path_factory.mktemp("album sources")
    for number, name in enumerate(("01.wav", "02.flac", "03.wav", "hidden.wav"), 1):
        md.write(folder / name, *noise(number))
    md.write(folder / "hall.wav", *noise(9, 0.05))
    md.write(folder / "surround.wav", *noise(9, channels=6))
    md.write(folder / "silent.wav", np.zeros((2, RATE_HZ)), RATE_HZ, dither="none")
    md.write(folder / "short.wav", *noise(9, 0.1))
    (folder / "text.wav").write_text("no audio")
    Image.new("RGB", (64, 64), "red").save(folder / "cover.jpg")
    return folder


@pytest.fixture
def folder(sources: Path, tmp_path: Path) -> Path:
    """Return a copy of it that a test may change."""
    return Path(shutil.copytree(sources, tmp_path / "album"))


def full_album(folder: Path) -> md.Album:
    """Return an album in which every setting is another than its default."""
    album = md.Album(
        title="Ümläut “quoted”",
        artist="Artist",
        barcode="012345678905",
        date="2026-11-28",
        label="Label",
        genre="Jazz",
        copyright="2026 Label",
        cover=folder / "cover.jpg",
        sample_rate_hz=44_100,
    )
    album.pregap(folder / "hidden.wav")
    chain = [md.Compressor(threshold_db=-20), md.Convolution(impulse_response=folder / "hall.wav")]
    album.track(
        folder / "01.wav",
        title="One",
        artist="Guest",
        isrc="US-S1Z-26-00001",
        fade_in_ms=5,
        fade_out_ms=12.5,
        trim="auto",
        gain_db=-1.5,
        level="keep",
        effects=chain,
        index_points_s=[0.25, 0.5],
        key="F#m",
        tempo_bpm=98,
        tags={"composer": "Composer", "cover": str(folder / "cover.jpg")},
    )
    shared = {"gain_db": -1.5, "level": "keep", "effects": chain}
    album.track(folder / "02.flac", title="Two", gapless=True, isrc=ISRCS[1], **shared)
    album.track(folder / "03.wav", title="Three", crossfade_s=0.25, **shared)
    album.track(folder / "03.wav", title="Four", gap_s=0, effects=md.Limiter(gain_db=2))
    album.track(folder / "03.wav", title="Five", gap_s=3.5)
    album.sides = [["One", "Two", "Three"], ["Four", "Five"]]
    album.master_settings = md.MasterSettings(
        target_lufs=-15,
        ceiling_dbtp=-1.5,
        policy="similar",
        reference="anchor",
        window_lu=2,
        measure="loud_part",
        anchor="Two",
        tone="gentle",
        effects=[md.Bell(frequency_hz=1000, gain_db=1, q=1)],
        clip_db="off",
        bit_depth=16,
        dither="none",
        noise_shaping="weighted",
    )
    album.deliver_settings = md.DeliverSettings(
        formats=["flac", "cd", "vinyl", "ingest:spotify"],
        cue_encoding="utf-8",
        record="7in45",
        vinyl_effects=[md.MidSide(side=[md.HighPass(frequency_hz=150, slope_db_per_octave=6)])],
    )
    return album


def refuse_differences(one: md.Album, other: md.Album) -> None:
    """Fail where two albums differ in anything."""
    assert one.label == other.label
    assert one.master_settings == other.master_settings
    assert one.deliver_settings == other.deliver_settings
    assert one.sample_rate_hz == other.sample_rate_hz
    assert len(one) == len(other)
    hidden = [[album._pregap] if album._pregap else [] for album in (one, other)]
    for mine, theirs in zip([*one, *hidden[0]], [*other, *hidden[1]], strict=True):
        for entry in dataclasses.fields(mine):
            values = getattr(mine, entry.name), getattr(theirs, entry.name)
            if entry.name == "audio":
                assert values[0].dtype == values[1].dtype
                assert np.array_equal(*values)
            else:
                assert values[0] == values[1], entry.name


class TestRoundTrip:
    def test_every_setting_comes_back(self, folder: Path) -> None:
        album = full_album(folder)
        usual = dataclasses.asdict(md.MasterSettings(target="spotify"))
        settings = album.master_settings
        alike = [
            entry.name for entry in dataclasses.fields(settings) if getattr(settings, entry.name) == usual[entry.name]
        ]
        assert alike == [], "this test says nothing of these"
        album.save(folder / "album.toml")
        again = md.Album.from_file(folder / "album.toml")
        refuse_differences(album, again)
        again.save(folder / "again.toml")
        assert (folder / "again.toml").read_bytes() == (folder / "album.toml").read_bytes()

    def test_paths_are_relative_to_the_file(self, folder: Path) -> None:
        (folder / "texts").mkdir()
        album = full_album(folder)
        album.save(folder / "texts" / "album.toml")
        text = (folder / "texts" / "album.toml").read_text(encoding="utf-8")
        assert str(folder) not in text
        assert text.count('"../01.wav"') == 1
        assert text.count('"../hall.wav"') == 2 + 1
        assert text.count('"../cover.jpg"') == 2
        moved = folder.with_name("moved")
        folder.rename(moved)
        again = md.Album.from_file(moved / "texts" / "album.toml")
        assert [song.title for song in again] == ["One", "Two", "Three", "Four", "Five"]
        assert Path(str(again["One"].source)).samefile(moved / "01.wav")

    def test_audio_of_no_file_is_stored_beside_it_bit_for_bit(self, tmp_path: Path) -> None:
        album = md.Album()
        album.track(noise(1), title="Single")
        album.track(noise(2, dtype=np.float64), title="Double")
        album.track(noise(3, channels=1), title="a/b")
        album.pregap(noise(4))
        album.save(tmp_path / "album.toml")
        again = md.Album.from_file(tmp_path / "album.toml")
        assert again["Double"].audio.dtype == np.float64
        assert again["a/b"].was_mono
        refuse_differences(album, again)
        names = sorted(file.name for file in (tmp_path / "album audio").iterdir())
        assert names == ["Double.wav", "Single.wav", "a_b.wav", "pregap.wav"]
        # Nothing is stored twice.
        again.save(tmp_path / "album.toml")
        assert sorted(file.name for file in (tmp_path / "album audio").iterdir()) == names

    def test_a_song_whose_file_has_changed_is_stored(self, folder: Path) -> None:
        album = md.Album()
        album.track(folder / "01.wav", title="One")
        album.track(folder / "02.flac", title="Two")
        before = album["One"].audio
        md.write(folder / "01.wav", *noise(77))
        album.save(folder / "album.toml")
        again = md.Album.from_file(folder / "album.toml")
        assert np.array_equal(again["One"].audio, before)
        assert Path(str(again["One"].source)) == folder / "album audio" / "One.wav"
        assert Path(str(again["Two"].source)) == folder / "02.flac"

    def test_masters_have_the_same_bits_and_the_settings_of_the_file(self, folder: Path) -> None:
        album = md.Album(title="A")
        album.track(noise(1, 3), title="One")
        album.track(noise(2, 3), title="Two", gain_db=-3)
        album.master_settings = md.MasterSettings(target_lufs=-17, bit_depth=16, policy="track")
        album.deliver_settings = md.DeliverSettings(formats=["flac16"])
        album.save(folder / "album.toml")
        mastered = md.Album.from_file(folder / "album.toml").master()
        assert mastered.bit_depth == 16
        assert mastered.settings["policy"] == "track"
        assert [track.loudness.integrated_lufs for track in mastered.tracks] == pytest.approx([-17, -20], abs=0.02)
        direct = album.master(target_lufs=-17, bit_depth=16, policy="track")
        for one, other in zip(mastered.tracks, direct.tracks, strict=True):
            assert np.array_equal(one.audio, other.audio)
        pack = mastered.deliver(folder / "pack")
        assert [file.path for file in pack.files if file.path.startswith("flac/")] == [
            "flac/01 One.flac",
            "flac/02 Two.flac",
        ]

    def test_tags_that_no_file_can_name_are_refused_before_anything_is_written(self, folder: Path) -> None:
        for tags, told in (
            (Tags({"genre": ("A", "B")}), "'genre'"),
            (Tags({}, Tags.of({"cover": str(folder / "cover.jpg")}).pictures), "a picture of no file"),
        ):
            album = md.Album()
            album.track(noise(1), title="One", tags=tags)
            with pytest.raises(md.ParameterError, match=told):
                album.save(folder / "album.toml")
            assert not (folder / "album.toml").exists()
            assert not (folder / "album audio").exists()


class TestSettings:
    def test_a_call_goes_before_the_settings_and_a_target_before_their_ceiling(self) -> None:
        settings = md.MasterSettings(target_lufs=-10, ceiling_dbtp=-3, policy="similar", effects=md.Gain(gain_db=1))
        assert settings.given({"window_lu": 2}).wanted.ceiling_dbtp == -3
        chosen = settings.given({"target": "spotify", "policy": None, "effects": []})
        assert (chosen.wanted.name, chosen.wanted.ceiling_dbtp) == ("spotify", -1)
        assert (chosen.policy, chosen.effects) == ("similar", None)

    def test_only_settings_can_be_set(self) -> None:
        album = md.Album()
        with pytest.raises(TypeError, match="is not a MasterSettings"):
            album.master_settings = {"target": "spotify"}
        with pytest.raises(TypeError, match="deliver_settings = 3 is not a DeliverSettings"):
            album.deliver_settings = 3

    def test_a_record_stands_behind_vinyl_alone(self) -> None:
        settings = md.DeliverSettings(formats=["vinyl:10in33"], record="7in45")
        assert settings.asked() == ("vinyl:10in33",)
        assert settings.asked(["vinyl", "cd"]) == ("vinyl:7in45", "cd")


class TestForms:
    def test_tables_within_lines_and_with_headers_are_the_same(self, folder: Path) -> None:
        inline = """\
version = 1
album = { title = "T", date = 2026-11-28, sample_rate_hz = 48000 }
master = { target = "spotify", tone = "none", anchor = "Two", effects = [{ type = "Gain", gain_db = 1 }] }
deliver = { formats = ["wav24", "cd"], cue_encoding = "utf-8" }
vinyl = { format = "12in45", sides = [["One"], ["Two"]] }
pregap = { file = "hidden.wav" }
track = [
    { file = "01.wav", title = "One", gap_s = 1.5, level = "auto", gain_db = 0.0, tags = { genre = "Jazz" } },
    { file = "02.flac", title = "Two", effects = { type = "Limiter" } },
]
"""
        headed = """\
version = 1
[[track]]
file = "01.wav"
title = "One"
gap_s = 1.5
tags.genre = "Jazz"
[[track]]
file = "02.flac"
title = "Two"
[track.effects]
type = "Limiter"
[album]
title = "T"
date = "2026-11-28"
sample_rate_hz = 48000.0
[master]
target = "spotify"
anchor = "Two"
[[master.effects]]
type = "Gain"
gain_db = 1
[deliver]
formats = ["wav24", "cd"]
cue_encoding = "utf-8"
[vinyl]
format = "12in45"
sides = [["One"], ["Two"]]
[pregap]
file = "hidden.wav"
"""
        albums = []
        for name, text in (("inline.toml", inline), ("headed.toml", headed)):
            (folder / name).write_text(text)
            albums.append(md.Album.from_file(folder / name))
        refuse_differences(*albums)
        assert albums[0].label.texts == (("date", "2026-11-28"),)
        assert albums[0]["Two"].effects == md.Limiter()

    def test_progress_rises_to_one(self, folder: Path) -> None:
        full_album(folder).save(folder / "album.toml")
        shares: list[float] = []
        md.Album.from_file(folder / "album.toml", progress=shares.append)
        assert shares[-1] == 1.0
        assert len(shares) >= 5


HEAD = 'version = 1\n[[track]]\nfile = "01.wav"\ntitle = "One"\n'
TWO = HEAD + '[[track]]\nfile = "02.flac"\ntitle = "Two"\n'
#: Each text with a mark in the line that is named, the class of the error, and a part of the message.
REFUSED = {
    "no TOML": ("version = 1\ntitle = # here", md.ParameterError, "Invalid value"),
    "no version": ("album = {} # here", md.ParameterError, "version is missing: it is 1"),
    "newer version": ("\nversion = 2 # here", md.ParameterError, "version = 2 is not known"),
    "unknown table": (
        "version = 1\nalbums = {} # here",
        md.ParameterError,
        "albums is no part of an album: did you mean album?",
    ),
    "album that is no table": ('version = 1\nalbum = "A" # here', TypeError, "album = 'A' is not a table"),
    "no track": ("version = 1 # here", md.ParameterError, "track is missing"),
    "one track": (
        'version = 1\n[track] # here\nfile = "01.wav"',
        md.ParameterError,
        "track is one table: write [[track]]",
    ),
    "track that is no table": ("version = 1\ntrack = [\n3, # here\n]", TypeError, "track[0] = 3 is not a table"),
    "unknown key of the album": (
        HEAD + '[album]\ntitel = "T" # here',
        md.ParameterError,
        "album has no titel: did you mean title?",
    ),
    "unknown key of the master": (
        HEAD + "[master]\nwindow_db = 1 # here",
        md.ParameterError,
        "master has no window_db: did you mean window_lu?",
    ),
    "unknown key of the delivery": (
        HEAD + "[deliver]\nformat = [] # here",
        md.ParameterError,
        "deliver has no format: did you mean formats?",
    ),
    "unknown key of the record": (
        HEAD + "[vinyl]\nside = [] # here",
        md.ParameterError,
        "vinyl has no side: did you mean sides?",
    ),
    "unknown key of the pregap": (
        HEAD + '[pregap]\nfiles = "01.wav" # here',
        md.ParameterError,
        "pregap has no files: did you mean file?",
    ),
    "unknown key of a track": (HEAD + "gap = 2 # here", md.ParameterError, "a track has no gap: did you mean gap_s?"),
    "unknown tag": (
        HEAD + '[track.tags]\ngenere = "Jazz" # here',
        md.ParameterError,
        "tags has no genere: did you mean genre?",
    ),
    "title that is no text": (HEAD + "[album]\ntitle = 3 # here", TypeError, "title = 3 is not a text"),
    "date with a time": (HEAD + "[album]\ndate = 2026-11-28T10:00:00 # here", TypeError, "is not a text"),
    "wrong barcode": (
        HEAD + '[album]\nbarcode = "012345678904" # here',
        md.ParameterError,
        "its check digit must be 5",
    ),
    "missing cover": (
        HEAD + '[album]\ncover = "covr.jpg" # here',
        FileNotFoundError,
        "cover: there is no file covr.jpg: did you mean cover.jpg?",
    ),
    "rate out of range": (
        HEAD + "[album]\nsample_rate_hz = 4000 # here",
        md.ParameterError,
        "sample_rate_hz = 4000 is out of range",
    ),
    "unknown target": (HEAD + '[master]\ntarget = "sptify" # here', md.ParameterError, "target = 'sptify' is unknown"),
    "two targets": (
        HEAD + '[master]\ntarget = "spotify" # here\ntarget_lufs = -10',
        md.ParameterError,
        "exclude each other",
    ),
    "unknown policy": (
        HEAD + '[master]\npolicy = "all" # here',
        md.ParameterError,
        "policy = 'all' is not allowed: it must be one of album, similar, track",
    ),
    "unknown measure": (HEAD + '[master]\nmeasure = "max" # here', md.ParameterError, "measure = 'max' is not allowed"),
    "unknown reference": (
        HEAD + '[master]\nreference = "first" # here',
        md.ParameterError,
        "reference = 'first' is not allowed",
    ),
    "reference without anchor": (HEAD + '[master]\nreference = "anchor" # here', md.ParameterError, "needs anchor"),
    "unknown tone": (
        HEAD + '[master]\ntone = "strong" # here',
        md.ParameterError,
        "tone = 'strong' is not allowed: it must be one of none, gentle",
    ),
    "window out of range": (
        HEAD + "[master]\nwindow_lu = 20 # here",
        md.ParameterError,
        "window_lu = 20 is out of range: it must lie in 0..12",
    ),
    "unknown word length": (
        HEAD + "[master]\nbit_depth = 20 # here",
        md.ParameterError,
        "bit_depth = 20 is not allowed",
    ),
    "unknown dither": (HEAD + '[master]\ndither = "rect" # here', md.ParameterError, "dither = 'rect' is not allowed"),
    "shaping of 24 bits": (
        HEAD + '[master]\nnoise_shaping = "weighted"\nbit_depth = 24 # here',
        md.ParameterError,
        "bit_depth = 24 is not allowed",
    ),
    "clipping out of range": (
        HEAD + "[master]\nclip_db = 99 # here",
        md.ParameterError,
        "clip_db = 99 is out of range",
    ),
    "anchor that is no song": (
        TWO + '[master]\nanchor = "Too" # here',
        md.ParameterError,
        "anchor = 'Too' is none of the songs: did you mean Two?",
    ),
    "unknown effect": (
        HEAD + '[master]\neffects = [\n{ type = "Gain" },\n{ type = "Compresor" }, # here\n]',
        md.ParameterError,
        "type = 'Compresor' is not an effect: did you mean Compressor?",
    ),
    "effect out of range": (
        HEAD + '[[track.effects]]\ntype = "Gain"\ngain_db = 999 # here',
        md.ParameterError,
        "gain_db = 999 is out of range",
    ),
    "effect that is a word": (
        HEAD + 'effects = ["Gain"] # here',
        TypeError,
        "effects[0] = 'Gain' is not a table: write { type = \"Gain\" }",
    ),
    "effects that are a number": (HEAD + "effects = 3 # here", TypeError, "effects = 3 is not a list of effects"),
    "missing impulse response": (
        HEAD + 'effects = [{ type = "Convolution", impulse_response = "hal.wav" }] # here',
        FileNotFoundError,
        "there is no file hal.wav: did you mean hall.wav?",
    ),
    "effect of the record out of range": (
        HEAD + '[vinyl]\neffects = [{ type = "Gain", gain_db = 999 }] # here',
        md.ParameterError,
        "gain_db = 999 is out of range",
    ),
    "unknown format": (
        HEAD + '[deliver]\nformats = [\n"flac",\n"wav23", # here\n]',
        md.ParameterError,
        "formats[1] = 'wav23' is unknown",
    ),
    "no formats": (HEAD + "[deliver]\nformats = [] # here", md.ParameterError, "formats is empty"),
    "formats that are a word": (
        HEAD + '[deliver]\nformats = "cd" # here',
        TypeError,
        "formats = 'cd' is not a sequence of names",
    ),
    "unknown encoding": (
        HEAD + '[deliver]\ncue_encoding = "ascii" # here',
        md.ParameterError,
        "cue_encoding = 'ascii' is not allowed",
    ),
    "unknown record": (
        HEAD + '[vinyl]\nformat = "12in78" # here',
        md.ParameterError,
        "format = '12in78' is not allowed: it must be one of 12in33",
    ),
    "side that is no song": (
        TWO + '[vinyl]\nsides = [["One"],\n["Tow"]] # here',
        md.ParameterError,
        "sides[1][0] = 'Tow' is none of the songs: did you mean Two?",
    ),
    "sides that are titles": (HEAD + '[vinyl]\nsides = ["One"] # here', TypeError, "does not hold lists of titles"),
    "sides that are a word": (HEAD + '[vinyl]\nsides = "One" # here', TypeError, "does not hold lists of titles"),
    "sides in another order": (
        TWO + '[vinyl]\nsides = [["Two"], ["One"]] # here',
        md.ParameterError,
        "are not the songs in their order: One, Two",
    ),
    "side that begins within": (
        TWO + 'gapless = true\n[vinyl]\nsides = [["One"], ["Two"]] # here',
        md.ParameterError,
        "holds 'Two' first",
    ),
    "pregap without file": (HEAD + "[pregap] # here", md.ParameterError, "pregap needs a file"),
    "missing pregap": (
        HEAD + '[pregap]\nfile = "hiden.wav" # here',
        FileNotFoundError,
        "there is no file hiden.wav: did you mean hidden.wav?",
    ),
    "silent pregap": (HEAD + '[pregap]\nfile = "silent.wav" # here', md.ParameterError, "is silent"),
    "track without file": ('version = 1\n[[track]] # here\ntitle = "One"', md.ParameterError, "a track needs a file"),
    "track without title": (
        'version = 1\n[[track]] # here\nfile = "01.wav"',
        md.ParameterError,
        "a track needs a title",
    ),
    "file that is no path": (
        'version = 1\n[[track]]\ntitle = "One"\nfile = 3 # here',
        TypeError,
        "file = 3 is not the path of a file",
    ),
    "missing file": (
        'version = 1\n[[track]]\ntitle = "One"\nfile = "04.wav" # here',
        FileNotFoundError,
        "there is no file 04.wav: did you mean",
    ),
    "file that is a folder": (
        'version = 1\n[[track]]\ntitle = "One"\nfile = "." # here',
        md.ParameterError,
        "is a folder",
    ),
    "file that is no audio": (
        'version = 1\n[[track]]\ntitle = "One"\nfile = "text.wav" # here',
        ValueError,
        "text.wav",
    ),
    "silent song": (
        'version = 1\n[[track]]\ntitle = "One"\nfile = "silent.wav" # here',
        md.ParameterError,
        "audio of 'One' is silent",
    ),
    "short song": (
        'version = 1\n[[track]]\ntitle = "One"\nfile = "short.wav" # here',
        md.ParameterError,
        "a loudness takes 0.4 s",
    ),
    "six channels": (
        'version = 1\n[[track]]\ntitle = "One"\nfile = "surround.wav" # here',
        md.ShapeError,
        "has 6 channels",
    ),
    "title twice": (TWO.replace('"Two"', '"One" # here'), md.ParameterError, "title = 'One' is there already"),
    "empty title": (HEAD.replace('"One"', '" " # here'), md.ParameterError, "title is empty"),
    "malformed ISRC": (HEAD + 'isrc = "US-S1Z" # here', md.ParameterError, "an ISRC has"),
    "ISRC twice": (
        HEAD + 'isrc = "USS1Z2600001"\n[[track]]\nfile = "02.flac"\ntitle = "Two"\nisrc = "US-S1Z-26-00001" # here',
        md.ParameterError,
        "is that of 'One'",
    ),
    "gap out of range": (HEAD + "gap_s = 99 # here", md.ParameterError, "gap_s = 99 is out of range"),
    "gapless that is a number": (TWO + "gapless = 1 # here", TypeError, "gapless = 1 is not a boolean"),
    "gap and gapless": (TWO + "gap_s = 2\ngapless = true # here", md.ParameterError, "exclude each other"),
    "gapless first song": (
        HEAD.replace("[[track]]", "[[track]] # here") + "gapless = true",
        md.ParameterError,
        "'One' is the first song",
    ),
    "group with two gains": (
        TWO + "gapless = true\ngain_db = 3 # here",
        md.ParameterError,
        "gain_db = 0.0 of 'One' and 3.0 of 'Two' do not fit",
    ),
    "crossfade over half": (
        TWO + "crossfade_s = 0.75 # here",
        md.ParameterError,
        "crossfade_s = 0.75 is out of range: it is at most half",
    ),
    "unknown trim": (HEAD + 'trim = "all" # here', md.ParameterError, "trim = 'all' is not allowed"),
    "unknown level": (HEAD + 'level = "kept" # here', md.ParameterError, "level = 'kept' is not allowed"),
    "gain that is a word": (HEAD + 'gain_db = "3" # here', TypeError, "gain_db = '3' is not a number"),
    "fade out of range": (HEAD + "fade_out_ms = -1 # here", md.ParameterError, "fade_out_ms = -1 is out of range"),
    "index that falls": (HEAD + "index_points_s = [0.5, 0.2] # here", md.ParameterError, "times rise from above 0"),
    "index after the end": (
        HEAD + "index_points_s = [1.5] # here",
        md.ParameterError,
        "'One' ends at 1.000 s",
    ),
    "unknown key": (HEAD + 'key = "H" # here', md.ParameterError, "key = 'H'"),
    "tempo out of range": (HEAD + "tempo_bpm = 1000 # here", md.ParameterError, "tempo_bpm = 1000 is out of range"),
    "tags that are no table": (HEAD + "tags = 3 # here", TypeError, "tags = 3 is not a table"),
    "tag that is no text": (HEAD + "[track.tags]\ngenre = 3 # here", TypeError, "is not a text"),
    "missing cover of a song": (
        HEAD + '[track.tags]\ncover = "covr.jpg" # here',
        FileNotFoundError,
        "did you mean cover.jpg?",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_file_and_line(folder: Path, name: str) -> None:
    text, kind, told = REFUSED[name]
    (folder / "album.toml").write_text(text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "# here" in row)
    with pytest.raises(kind) as error:
        md.Album.from_file(folder / "album.toml")
    place = re.escape(f"{folder / 'album.toml'}:{line}: ")
    assert re.match(place, str(error.value)), str(error.value)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_album_file_is_the_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"album\.toml"):
        md.Album.from_file(tmp_path / "album.toml")


def test_the_file_in_the_documentation_can_be_read(folder: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "album.md"
    if not page.is_file():
        pytest.skip(f"{page} is not there: the tests run without the repository")
    text = page.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    shutil.copy(folder / "02.flac", folder / "02.wav")
    (folder / "album.toml").write_text(text, encoding="utf-8")
    album = md.Album.from_file(folder / "album.toml")
    assert [song.title for song in album] == ["Song 1", "Song 2", "Song 3"]
    assert album.deliver_settings.asked()[-2] == "vinyl:12in33"
    assert album.master_settings.anchor == "Song 3"
