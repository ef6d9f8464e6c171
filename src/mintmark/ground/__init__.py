"""Time, money, ids, digests, randomness, settings and errors; no domain.

Nothing heavy is loaded here: NumPy, pydantic and cryptography are loaded by the one file that owns
each of them, when one of its functions is called.
"""

# ruff: noqa: I001, RUF022 (one name a line would not fit a door of sixty lines)
# fmt: off
from mintmark.ground.clock import Clock, SenderClock, SystemClock, monotonic_ns, now_us
from mintmark.ground.digest import canonical, digest, digest_bytes, digest_file, short
from mintmark.ground.draw import generator, secret, unit_draw
from mintmark.ground.errors import (
    DefineError, EngineError, Faults, FlowError, GovernError, GroundError, LogError,
    MintmarkError, MonitorError, PlanError, ProjectError, RegistryError, ServeError, TrainError,
)
from mintmark.ground.files import disk_full, disk_watch, free_name, sync_folder, write_atomic
from mintmark.ground.keys import (
    SigningKey, load_signing_key, load_token_key, make_keys, sign, verify,
)
from mintmark.ground.money import exponent, minor
from mintmark.ground.pan import find_pan, holds_pan, mask, pan_integers, pan_texts, token
from mintmark.ground.progress import Progress, Silent
from mintmark.ground.settings import (
    Settings, kernel_cache_dir, load_settings, rest_idle_threads,
)
from mintmark.ground.time import (
    DAY_US, HOUR_US, MINUTE_US, MS_US, SECOND_US, WEEK_US, format_span, format_time, parse_span,
    parse_time, zone_of,
)

__all__ = [
    "Clock", "DAY_US", "DefineError", "EngineError", "Faults", "FlowError", "GovernError",
    "GroundError", "HOUR_US", "LogError", "MINUTE_US", "MS_US", "MintmarkError", "MonitorError",
    "PlanError", "Progress", "ProjectError", "RegistryError", "SECOND_US", "SenderClock",
    "ServeError", "Settings", "SigningKey", "Silent", "SystemClock", "TrainError", "WEEK_US",
    "canonical", "digest", "digest_bytes", "digest_file", "disk_full", "disk_watch",
    "exponent", "find_pan", "format_span", "format_time", "free_name",
    "generator", "holds_pan", "kernel_cache_dir", "load_settings", "load_signing_key",
    "load_token_key", "make_keys", "mask", "minor", "monotonic_ns", "now_us", "pan_integers",
    "pan_texts", "parse_span", "parse_time", "rest_idle_threads", "secret", "short",
    "sign", "sync_folder", "token",
    "unit_draw", "verify", "write_atomic", "zone_of",
]
# fmt: on
