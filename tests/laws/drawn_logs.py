"""Random logs, small and nasty.

Times are few and close together, so that ties, edges of windows, late and future events are the
rule, or hours apart around nights on which clocks change; keys and fields are null now and then;
numbers are small, as extreme as int64 allows, or what their field does not. Events are revised,
upwards and by lower revisions that come late, and reversed in part and whole, before and after they
come. The log is judged for lateness as `design.md` says a log does it, because the engine relies on
that.
"""

from __future__ import annotations

from random import Random

from laws.drawn_forms import HOUR_US, ITEMS_LIMIT, LATENESS_US, Log, Row

SECOND_US = 1_000_000
NIGHTS = (
    1_540_684_800 * SECOND_US - 8 * HOUR_US,  # 2018-10-28: Brussels turns its clocks back
    1_521_936_000 * SECOND_US - 8 * HOUR_US,  # 2018-03-25: Brussels turns them forward
    1_541_300_400 * SECOND_US - 8 * HOUR_US,  # 2018-11-04: São Paulo skips its midnight
    1_518_919_200 * SECOND_US - 8 * HOUR_US,  # 2018-02-18: São Paulo has its last hour twice
    1_577_836_800 * SECOND_US - 12 * HOUR_US,  # 2020-01-01: a year, a month, and no week begin
)
AMOUNT = 10**13
CARDS = ("a", "a", "a", "a", "b", "b", "卡", None)
REASONS = ("BE", "x", "é", "日本", "", None)
STREAMS = ("payment",) * 9 + ("login",) * 3 + ("chargeback",) * 3 + ("refund",) * 2
STREAMS += ("void", "holder")


def drawn_log(random: Random, *, rows: int, plain: bool = False, long: bool = False) -> Log:
    """A log of payments, logins and what is said of payments, in the order of seq.

    plain : no id comes twice;  long : most rows are of one card, and many values are different.
    """
    return _History(random, plain=plain, long=long).log(rows)


class _History:
    """One log being drawn."""

    def __init__(self, random: Random, *, plain: bool, long: bool) -> None:
        self.random = random
        self.slow = random.random() < 0.35
        self.known_at = random.choice(
            NIGHTS if self.slow else (0, 1_000_000, 1_533_081_600_000_000, NIGHTS[0] + 9 * HOUR_US)
        )
        self.watermarks: dict[str, int] = {}
        self.newest: dict[str, list[Row]] = {}
        self.revisions: dict[tuple[str, str], set[int]] = {}
        self.extreme = random.random() < 0.3
        self.far = random.random() < 0.2
        self.few = random.random() < 0.5
        self.revised = 0.0 if plain else random.choice((0.0, 0.1, 0.1, 0.3))
        self.one_card = 0.0
        self.wide = 0
        if long:
            self.few, self.revised = True, min(self.revised, 0.1)
            self.one_card = random.choice((0.0, 0.97))
            self.wide = random.choice((0, 30, 300, 5000))

    def log(self, rows: int) -> Log:
        log: Log = []
        for seq in range(rows):
            self.known_at += self._step()
            stream = self.random.choice(STREAMS)
            row = self._row(stream, seq)
            row |= {"mm_seq": 3 * seq + 1, "mm_known_at": self.known_at}
            self.newest.setdefault(stream, []).append(row)
            log.append((stream, row))
        return log

    def _step(self) -> int:
        if self.slow:
            hours = self.random.choice((0, 0, 1, 1, 2, 5, 9))
            return hours * HOUR_US // 2 + self.random.choice((0, 0, 0, 1, 30))
        return self.random.choice((0, 0, 1, 1, 2, 9, 10**10 if self.far else 30))

    def _row(self, stream: str, seq: int) -> Row:
        """A new event, or another revision of one that is in the log."""
        told = self.newest.get(stream)
        fresh: Row = getattr(self, f"_{stream}")(seq)
        if not told or self.random.random() >= self.revised:
            fresh["mm_at"] = self._at(stream)
            fresh["mm_revision"] = self.random.choice((0, 0, 0, 0, 1, 3))
            self.revisions[stream, fresh["id"]] = {fresh["mm_revision"]}
            return fresh
        old = self.random.choice(told)
        row = {
            name: fresh[name] if self.random.random() < 0.4 and name != "id" else old[name]
            for name in fresh
        }
        row["mm_revision"] = self._revision(stream, row["id"])
        row["mm_at"] = self._at(stream, old["mm_at"] if self.random.random() < 0.6 else None)
        return row

    def _revision(self, stream: str, id_: str) -> int:
        """A revision that the event does not have yet: mostly a higher one, or a lower one late."""
        used = self.revisions[stream, id_]
        free = [n for n in range(max(used)) if n not in used]
        if free and self.random.random() < 0.4:
            revision = self.random.choice(free)
        else:
            revision = max(used) + self.random.choice((1, 1, 2))
        used.add(revision)
        return revision

    def _at(self, stream: str, wanted: int | None = None) -> int:
        """A time that the log would not find too late; then move the watermark on."""
        ahead = (HOUR_US // 2, 3 * HOUR_US) if self.slow else (3, 30)
        at = self.known_at + self.random.choice((0, 0, 0, 0, -1, -2, -7, -25, -60, *ahead))
        if wanted is not None:
            at = wanted
        watermark = self.watermarks.get(stream)
        if watermark is not None:
            at = max(at, watermark - LATENESS_US)
        newest = min(at, self.known_at)
        self.watermarks[stream] = newest if watermark is None else max(watermark, newest)
        return at

    def _payment(self, seq: int) -> Row:
        return {
            "id": f"p{seq}",
            "card": self._card(),
            "terminal": 8 if self.few else self.random.choice((7, 8, 8, -1, None)),
            "payee": self._card(),
            "amount": self._whole(AMOUNT),
            "score": self._whole(AMOUNT),
            "points": self._whole(2**63 - 1),
            "items": self._whole(ITEMS_LIMIT),
            "online": self.random.choice((True, True, False, None)),
            "country": self.random.choice(("BE", "FR", "NL", "ÖÅ", "XX", "", None)),
            "booked": self.random.choice((None, self.known_at - 5, self.known_at)),
        }

    def _login(self, seq: int) -> Row:
        return {
            "id": f"l{seq}",
            "card": self._card(),
            "tries": self._whole(2**63 - 1),
            "device": self.random.choice(("BE", "phone", "x", "電話", "🂡", "\uffee", None)),
            "known": self.random.choice((1, 1, 0, 0, None, -1, 2)),
        }

    def _chargeback(self, seq: int) -> Row:
        return {
            "id": f"c{seq}",
            "payment_id": self._of(seq),
            "fraud": self.random.choice((True, True, False, None)),
            "loss": self._whole(AMOUNT),
        }

    def _refund(self, seq: int) -> Row:
        """A refund of all or part of a payment, of more than it, or of an unknown part."""
        of = self._of(seq)
        amounts: dict[str, int | None] = {}
        for name in ("amount", "points"):
            paid = [row[name] for row in self.newest.get("payment", []) if row["id"] == of]
            value = paid[-1] if paid else None
            part = self.random.choice((0, 1, 2, 3)) if value else 0
            amounts[name] = (
                (value, -value, value // 2, value // 3)[part] if value else self._whole(AMOUNT)
            )
        return {
            "id": f"r{seq}", "payment_id": of, **amounts,
            "card": self._card(),
            "reason": self.random.choice(REASONS),
        }  # fmt: skip

    def _void(self, seq: int) -> Row:
        return {
            "id": f"v{seq}",
            "payment_id": self._of(seq),
            "terminal": self.random.choice((7, 8, 8, None)),
            "level": self.random.choice((1, 2, 100, 101, None)),
            "reason": self.random.choice(REASONS),
        }

    def _holder(self, seq: int) -> Row:
        return {
            "id": f"h{seq}",
            "card": self._card(),
            "level": self._whole(AMOUNT),
            "vip": self.random.choice((True, True, False, None)),
        }

    def _card(self) -> str | None:
        if self.one_card and self.random.random() < self.one_card:
            return "a"
        return "a" if self.few and self.random.random() < 0.8 else self.random.choice(CARDS)

    def _of(self, seq: int) -> str | None:
        """The id of a payment that is there, will come, may never come, or is not named."""
        ahead = f"p{seq + self.random.randint(1, 12)}"
        payments = self.newest.get("payment")
        old = self.random.choice(payments)["id"] if payments else ahead
        recent = self.random.choice(payments[-3:])["id"] if payments else ahead
        return self.random.choice((old, recent, recent, ahead, None))

    def _whole(self, limit: int) -> int | None:
        if self.wide and self.random.random() < 0.7:
            return self.random.randint(-self.wide, self.wide)
        if self.extreme and self.random.random() < 0.5:
            near = (limit, limit - 1, limit // 2, 2**62, 2**62 + 1, 2**53 + 1, 2**31, 10**16)
            value = self.random.choice(near) * self.random.choice((1, -1))
            return value if abs(value) < 2**63 else None
        return self.random.choice((None, 0, 1, 1, 2, 5, 5, 100, -3, -3, 12345, 999))
