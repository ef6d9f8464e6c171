"""What goes over the wire: the JSON of answers and errors, and the HTTP status of each error.

The answer to a request is a pure function of the decision that the log holds, so a retry, before
or after a crash, gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from mintmark.ground import MintmarkError
from mintmark.log.decision import Decision

STATUS_OF_CODE: Final = {
    "serve.route.unknown": 404,
    "serve.stream.unknown": 404,
    "serve.decision.unknown": 404,
    "serve.route.method": 405,
    "serve.decide.history": 409,
    "log.row.conflict": 409,
    "log.row.late": 409,
}
"""Errors whose status is not the one of their kind."""

STATUS_OF_KIND: Final = {"input": 400, "refused": 409, "world": 503}


class ReasonForm(msgspec.Struct, frozen=True):
    """One reason: a feature, its share of the margin, its value."""

    feature: str
    contribution: float
    value: float | None


class DecisionForm(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one request, as design.md (section 3.9) promises it."""

    decision_id: str
    stream: str
    event_id: int | str
    action: str
    probability: float
    margin: float
    reasons: list[ReasonForm]
    release: str
    model: str
    plan: str
    policy: str
    epoch: int
    seq: int
    at: int
    known_at: int
    durable: bool


class StoryForm(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with everything that was weighed for it."""

    decision: DecisionForm
    costs: dict[str, float]
    features: dict[str, float | None] | None
    latency_us: int
    clock: str


_encoder = msgspec.json.Encoder()
encode = _encoder.encode


def decision_form(decision: Decision) -> DecisionForm:
    """Return a committed decision as it is answered."""
    return DecisionForm(
        decision_id=decision.decision_id,
        stream=decision.stream,
        event_id=decision.event_id,
        action=decision.action,
        probability=decision.probability,
        margin=decision.margin,
        reasons=[ReasonForm(*reason) for reason in decision.reasons],
        release=decision.release,
        model=decision.model,
        plan=decision.plan,
        policy=decision.policy,
        epoch=decision.epoch,
        seq=decision.seq,
        at=decision.at,
        known_at=decision.known_at,
        durable=True,
    )


def story_form(decision: Decision, names: Sequence[str]) -> StoryForm:
    """Return a committed decision with its costs and its feature vector.

    `names` are those of the plan that is served; the vector of another plan's decision is not
    named by them, and is left out.
    """
    values = np.frombuffer(decision.features, dtype="<f8").tolist()
    return StoryForm(
        decision=decision_form(decision),
        costs=decision.costs,
        features=None
        if not names
        else {
            name: None if value != value else value
            for name, value in zip(names, values, strict=True)
        },
        latency_us=decision.latency_us,
        clock=decision.clock,
    )


def error_body(error: MintmarkError) -> bytes:
    """Return an error as the body of an answer."""
    return encode({"error": error.to_json()})


def status_of(error: MintmarkError) -> int:
    """Return the HTTP status of an error: 4xx is the sender's to mend, 503 is ours."""
    return STATUS_OF_CODE.get(error.code, STATUS_OF_KIND[error.kind])


def fault(what: str, *, code: str, hint: str = "") -> bytes:
    """Return the body of a refusal that is no room's error, such as bytes that are not HTTP."""
    return encode(
        {"error": {"what": what, "at": "", "got": None, "want": None, "hint": hint, "code": code}}
    )
