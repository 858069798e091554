"""How all songs of a catalogue are mastered."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast, get_args

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.delivery import Mastered, master
from mixdown.delivery.manifest import sha256_of
from mixdown.delivery.normalizing import ClipDb, clip_settings
from mixdown.delivery.targets import figures_of
from mixdown.effects import Convolution, Effect
from mixdown.effects.setting import Setting
from mixdown.files import NoiseShaping, Profile, Recording


@dataclass(frozen=True)
class CatalogSettings:
    """How all songs of a catalogue are mastered: the arguments of :func:`mixdown.master`, checked.

    Parameters
    ----------
    target : str, optional
    target_lufs, ceiling_dbtp : float, optional
    effects : effect or sequence of effects, optional
        Impulse responses that are files are found from any folder afterwards.
    clip_db : "auto", "off" or float, default "auto"
    bit_depth : 16, 24 or 32, default 24
    noise_shaping : "none" or "weighted", default "none"
    delivery_rate_hz : float, optional
    dual_mono : bool, default False
    profile : "archive" or "ingest", optional
        Chunks of WAV files; see :func:`mixdown.write`.
    """

    target: str | None = None
    target_lufs: float | None = None
    ceiling_dbtp: float | None = None
    effects: Effect | Sequence[Effect] | None = None
    clip_db: ClipDb = "auto"
    bit_depth: int = 24
    noise_shaping: NoiseShaping = "none"
    delivery_rate_hz: float | None = None
    dual_mono: bool = False
    profile: Profile | None = None

    def __post_init__(self) -> None:
        figures_of(self.target, self.target_lufs, self.ceiling_dbtp)
        clip_settings(self.clip_db)
        bits = _checks.bit_depth(self.bit_depth)
        _checks.noise_shaping(self.noise_shaping, get_args(NoiseShaping), bits)
        if self.delivery_rate_hz is not None:
            _checks.sample_rate(self.delivery_rate_hz, "delivery_rate_hz", whole=True)
        if self.profile is not None:
            _checks.one_of("profile", self.profile, get_args(Profile))
        if self.profile == "ingest" and bits == 32:
            raise ParameterError("bit_depth = 32 is not allowed: it must be 16 or 24 with profile = 'ingest'")
        given = [] if self.effects is None else [self.effects] if isinstance(self.effects, Effect) else self.effects
        effects = _checks.items("effects", given, "effects")
        for position, effect in enumerate(effects):
            if not isinstance(effect, Effect):
                raise TypeError(f"effects[{position}] = {_checks.shown(effect)} is not an effect")
        changed: dict[str, Any] = {
            "target": None if self.target is None else str(self.target).lower(),
            "effects": tuple(map(_with_absolute_paths, effects)),
            "bit_depth": bits,
            "dual_mono": _checks.flag("dual_mono", self.dual_mono),
        }
        # The same settings have the same digest, whatever kind of number or word they came as.
        for name in ("target_lufs", "ceiling_dbtp", "clip_db", "delivery_rate_hz"):
            value = getattr(self, name)
            changed[name] = value if value is None or isinstance(value, str) else float(value)
        for name, value in changed.items():
            object.__setattr__(self, name, value)

    def master(self, song: Recording, name: str, progress: Callable[[float], object] | None = None) -> Mastered:
        """Return the master of a song.

        Parameters
        ----------
        song : Recording
        name : str
            Name of the file that it will be written to.
        progress : function, optional

        Returns
        -------
        Mastered
        """
        values = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)}
        values["effects"] = self.effects or None
        # It belongs to the file.
        del values["profile"]
        return master(song, name=name, progress=progress, **values)

    def digest(self) -> str:
        """Return the SHA-256 of the settings, of impulse responses that are files, and of the version of the package.

        Returns
        -------
        str
            In hexadecimal digits.
        """
        from importlib.metadata import version

        plain = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)}
        effects = cast(tuple[Effect, ...], self.effects)
        plain["effects"] = [_with_file_contents(effect.to_dict()) for effect in effects]
        text = json.dumps({"version": version("mixdown"), **plain}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


_Kind = TypeVar("_Kind", bound=Setting)


def _with_absolute_paths(setting: _Kind) -> _Kind:
    """Return a setting whose impulse responses, if they are files, are found from any folder."""

    def absolute(value: Any) -> Any:
        if isinstance(value, Setting):
            return _with_absolute_paths(value)
        return tuple(map(absolute, value)) if isinstance(value, tuple) else value

    if isinstance(setting, Convolution) and isinstance(setting.impulse_response, str):
        return setting.replace(impulse_response=os.path.abspath(setting.impulse_response))
    values = {
        entry.name: getattr(setting, entry.name) for entry in dataclasses.fields(cast(Any, setting)) if entry.init
    }
    changed = {name: absolute(value) for name, value in values.items()}
    return setting if changed == values else setting.replace(**changed)


def _with_file_contents(plain: Any) -> Any:
    """Return the plain values of effects with the checksum of an impulse response in place of the name of its file."""
    if isinstance(plain, dict):
        if plain.get("type") == "Convolution" and isinstance(plain["impulse_response"], str):
            plain = {**plain, "impulse_response": {"sha256": sha256_of(plain["impulse_response"])}}
        return {name: _with_file_contents(value) for name, value in plain.items()}
    return list(map(_with_file_contents, plain)) if isinstance(plain, list) else plain
