"""A process that appends until it is killed, and says what it was told is safe.

python appender.py FOLDER     one line "id seq" on stdout for each acknowledged payment
"""

import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from log.worked import EVENTS, START, paid
from mintmark.ground import SenderClock
from mintmark.log import Decision, Log, Tail, TailRecord


def main(folder: str) -> None:
    """Append in commits of one to eight, seal now and then, and never stop."""
    draw = random.Random(os.getpid())
    log = Log.open(folder, EVENTS)
    tail = Tail.open(log, EVENTS, SenderClock(START), segment_bytes=32_768)
    print(f"opened {tail.seq}", flush=True)
    while True:
        told = []
        for _ in range(draw.randint(1, 8)):
            event_id = f"p{tail.seq + 1:06d}"
            admitted = tail.admit("payment", paid(event_id, amount=tail.seq + 1))
            decision = decided(event_id, admitted.seq)
            tail.append(TailRecord("payment", admitted.row, decision))
            told.append(f"{event_id} {admitted.seq}\n")
        tail.commit()
        os.write(1, "".join(told).encode())
        if draw.random() < 0.05:
            tail.seal(rotate=draw.random() < 0.5)


def decided(event_id: str, seq: int) -> Decision:
    """The decision about one payment: everything in it follows from its id and place."""
    return Decision(
        decision_id=f"d_{event_id}",
        stream="payment",
        event_id=event_id,
        epoch=0,
        seq=seq,
        at=START,
        known_at=START,
        margin=seq / 7,
        probability=0.5,
        action="approve",
        costs={"approve": 0.1},
        reasons=[],
        features=seq.to_bytes(8, "little"),
        release="r",
        model="m",
        plan="p",
        policy="q",
        latency_us=1,
        clock="sender",
    )


if __name__ == "__main__":
    main(sys.argv[1])
