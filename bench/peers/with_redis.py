"""A store behind Redis: a sorted set of events for each key, read by one script in the server.

Every payment is one call: the script adds it to the sorted sets of its keys, drops what is older
than the longest window, walks each set once from the newest event and returns every feature. The
server is the machine's own `redis-server`, started here on a socket of its own and stopped at the
end; it keeps nothing on disk.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import redis
from live_run import run
from talk import answer

Row = dict[str, Any]
held: dict[str, Any] = {}
CODES = {"card": 0, "terminal": 1, "chain": 2, "amount": 3}
HALF_LIVES = 32
TICKS = 32

SCRIPT = """
local now = tonumber(ARGV[1])
local out = {}
local function fold(place, horizon, wanted)
  local key = KEYS[place]
  local before = redis.call('HMGET', key .. ':last', 'at', 'amount')
  redis.call('HSET', key .. ':last', 'at', ARGV[1], 'amount', ARGV[6])
  redis.call('ZADD', key, now, table.concat(ARGV, ':', 2, 6))
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - horizon)
  local found = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  local sums = {}
  for w = 1, #wanted do sums[w] = {0, 0, 0, nil, nil, {}, 0} end
  for i = #found, 2, -2 do
    local at = tonumber(found[i])
    local a, b, c, d = string.match(found[i - 1], '^%d+:(%d+):(%d+):(%d+):(%d+)$')
    local v = {tonumber(a), tonumber(b), tonumber(c), tonumber(d)}
    for w = 1, #wanted do
      local f, s = wanted[w], sums[w]
      if at > now - f[2] and v[4] > f[4] then
        local x = v[f[3] + 1]
        if f[1] == 'distinct' then
          if not s[6][x] then s[6][x] = true; s[7] = s[7] + 1 end
        elseif f[1] == 'decay_sum' then
          local ticks = math.floor(now / f[5]) - math.floor(at / f[5])
          s[2] = s[2] + x * 2 ^ (-ticks / 32)
        else
          s[1], s[2], s[3] = s[1] + 1, s[2] + x, s[3] + x * x
          if not s[4] or x < s[4] then s[4] = x end
          if not s[5] or x > s[5] then s[5] = x end
        end
      end
    end
  end
  for w = 1, #wanted do
    local f, s, y = wanted[w], sums[w], false
    if f[1] == 'count' then y = s[1]
    elseif f[1] == 'sum' or f[1] == 'decay_sum' then y = s[2] / 100
    elseif f[1] == 'mean' and s[1] > 0 then y = s[2] / s[1] / 100
    elseif f[1] == 'std' and s[1] > 1 then
      y = math.sqrt(math.max(s[1] * s[3] - s[2] * s[2], 0) / (s[1] * (s[1] - 1))) / 100
    elseif f[1] == 'min' and s[4] then y = s[4] / 100
    elseif f[1] == 'max' and s[5] then y = s[5] / 100
    elseif f[1] == 'distinct' then y = s[7]
    elseif f[1] == 'last' and before[2] then y = tonumber(before[2]) / 100
    elseif f[1] == 'since_last' and before[1] then y = (now - tonumber(before[1])) / 1e6 end
    out[#out + 1] = y and string.format('%.17g', y) or ''
  end
end
"""


def load(path: str, past: int, wanted: Sequence[Row]) -> dict[str, Any]:
    """Start the server, and put the payments of the past into its sorted sets."""
    place = Path(tempfile.mkdtemp(prefix="mintmark-redis-"))
    held["place"], held["server"] = place, _serve(place)
    client = held["client"] = _client(place / "redis.sock")
    entities = sorted({tuple(one["by"]) for one in wanted})
    groups = [[one for one in wanted if tuple(one["by"]) == keys] for keys in entities]
    held["entities"] = entities
    held["names"] = [one["name"] for group in groups for one in group]
    held["call"] = client.register_script(SCRIPT + _calls(groups) + "return out\n")
    rows = pq.read_table(path).to_pylist()
    for first in range(0, past, 10_000):
        pipe = client.pipeline(transaction=False)
        for row in rows[first : min(first + 10_000, past)]:
            at, members = _at(row), _members(row)
            for key in _keys(row):
                pipe.zadd(key, {":".join(members): at})
                pipe.hset(f"{key}:last", mapping={"at": at, "amount": members[-1]})
        pipe.execute()
    held["rows"] = rows[past:]
    return {"names": held["names"], "threads": 1}


def step(row: Row) -> list[float | None]:
    """Put one payment and read every feature."""
    found = held["call"](keys=_keys(row), args=[_at(row), *_members(row)])
    return [float(text) if text else None for text in found]


def live(out: str) -> dict[str, Any]:
    """Time every payment after the past, then stop the server."""
    told = run(step, held["rows"], held["names"], out)
    held["server"].terminate()
    held["server"].wait()
    shutil.rmtree(held["place"])
    return told | {"form": "sorted sets and one script a payment, socket"}


def _calls(groups: Sequence[Sequence[Row]]) -> str:
    """Write the calls of `fold`: of each feature kind, span, column, least amount, tick.

    A decay counts age in ticks of 1/32 half-life, as ours does.
    """
    lines = []
    for place, group in enumerate(groups, start=1):
        told, horizon = [], 0
        for one in group:
            span, tick = (one["span_s"] or 0) * 10**6, 1
            if one["kind"] == "decay_sum":
                span, tick = HALF_LIVES * span, span // TICKS
            horizon = max(horizon, span)
            least = -1 if one["above"] is None else one["above"] * 100
            code = CODES[one["of"] or "amount"]
            told.append(f"{{'{one['kind']}', {span}, {code}, {least}, {tick}}}")
        lines.append(f"fold({place}, {horizon}, {{{', '.join(told)}}})\n")
    return "".join(lines)


def _keys(row: Row) -> list[str]:
    return ["/".join([*by, *(str(row[role]) for role in by)]) for by in held["entities"]]


def _at(row: Row) -> int:
    return round(row["at"].timestamp() * 1e6)


def _members(row: Row) -> list[str]:
    cents = round(row["amount"] * 100)
    told = [row["payment_id"], row["card"], row["terminal"], row["chain"], cents]
    return [str(value) for value in told]


def _serve(place: Path) -> subprocess.Popen[bytes]:
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("redis-server is not installed")
    settings = ["--port", "0", "--unixsocket", str(place / "redis.sock"), "--save", ""]
    settings += ["--appendonly", "no", "--dir", str(place), "--logfile", str(place / "log")]
    return subprocess.Popen([program, *settings], stdout=subprocess.DEVNULL)


def _client(socket: Path) -> redis.Redis:
    for _ in range(100):
        if socket.exists():
            break
        time.sleep(0.05)
    return redis.Redis(unix_socket_path=str(socket))


if __name__ == "__main__":
    answer({"load": load, "live": live}, ("redis", "hiredis"))
