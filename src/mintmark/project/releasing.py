"""Release and champion: a judged model signed, named, and found again by any moment."""

from typing import Any

from mintmark.ground import ProjectError, format_time, now_us, parse_time
from mintmark.project.learning import bundle_folder
from mintmark.project.material import Material
from mintmark.registry import (
    Record,
    Release,
    Seal,
    Target,
    alias_at,
    move_alias,
    open_release,
    release_record,
)
from mintmark.train import environment

CHAMPION = "champion"


def release(material: Material) -> Release:
    """Sign the newest judged model as a release and make it champion.

    The registry refuses a model without a passing verdict; a release that is made and champion
    already is returned as it is.
    """
    ledger, settings = material.registry.ledger, material.settings
    verdict = newest_verdict(material)
    evaluation = ledger.input(verdict, "evaluation")
    assert evaluation is not None, "a verdict rests on an evaluation"
    model = ledger.input(evaluation, "model")
    assert model is not None, "an evaluation rests on a model"
    seal = Seal(material.signing_key(), settings.actor, now_us(), environment()["lock"])
    made = material.registry.release(
        bundle_folder(material, model), verdict=verdict.hash, seal=seal
    )
    current = alias_at(ledger, CHAMPION, now_us())
    if current is None or current.release != made.digest:
        target = Target(made.digest, verdict.hash, "every gate passed")
        move_alias(ledger, CHAMPION, target, actor=settings.actor, at=now_us())
    return made


def newest_verdict(material: Material) -> Record:
    """Return the last verdict of the ledger.

    Raises
    ------
    ProjectError
        ``project.nothing_judged``.
    """
    newest = None
    for record in material.registry.ledger.read("verdict"):
        newest = record
    if newest is None:
        raise ProjectError(
            "nothing has been judged yet", hint="say: mintmark judge", code="project.nothing_judged"
        )
    return newest


def champion_form(material: Material, at: str | None) -> dict[str, Any]:
    """Say which release was champion at a moment, who put it there and on what evidence.

    Raises
    ------
    ProjectError
        ``project.no_champion``.
    """
    moment = now_us() if at is None else parse_time(at, zone="UTC")
    move = alias_at(material.registry.ledger, CHAMPION, moment)
    if move is None:
        raise ProjectError(
            "nothing was champion at that moment",
            got=format_time(moment),
            hint="say: mintmark release",
            code="project.no_champion",
        )
    return move.form() | {"since": format_time(move.at), "asked": format_time(moment)}


def champion_release(material: Material) -> Release | None:
    """Return the release that is champion now, verified byte for byte, or None."""
    move = alias_at(material.registry.ledger, CHAMPION, now_us())
    if move is None:
        return None
    folder = material.registry.lay_out(release_record(material.registry.ledger, move.release))
    return open_release(folder, material.signing_key().public)
