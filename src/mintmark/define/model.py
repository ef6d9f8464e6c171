"""Models: what is learned, from which features, by which learner, and what it must beat."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as slot
from functools import partial
from typing import Any, ClassVar, Literal

from mintmark.define import limit
from mintmark.define.fault import Named, every, refuse_pan
from mintmark.define.features import Features, unknown_feature
from mintmark.define.label import Label
from mintmark.define.place import Place, user_place
from mintmark.define.split import Split
from mintmark.ground import DefineError, digest

Parameter = int | float | str | bool | None


class Learner(Named):
    """A way to learn a model, with its parameters under the names of its library; frozen."""

    kind: ClassVar[str]
    parameters: Mapping[str, Parameter]
    place: Place

    def __init__(self, **parameters: Parameter) -> None:
        place = user_place()
        for name, value in parameters.items():
            refuse_pan(value, place, path=name)
            finite = not isinstance(value, float) or math.isfinite(value)
            if not isinstance(value, (int, float, str, type(None))) or not finite:
                raise DefineError(
                    f'a parameter of {type(self).__name__} cannot be this: "{name}"',
                    at=place.at(name),
                    got=repr(value)[:80],
                    want="a finite number, a text, True, False or None",
                    code="define.learner.parameter",
                )
        object.__setattr__(self, "parameters", dict(parameters))
        object.__setattr__(self, "place", place)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a learner is frozen")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Learner) and other.form() == self.form()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({told})"

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form."""
        return {"learner": self.kind, "parameters": dict(self.parameters)}


class LightGBM(Learner):
    """Gradient boosted trees, parameters as LightGBM names them: `LightGBM(num_leaves=31)`."""

    kind = "lightgbm"


class Logistic(Learner):
    """Logistic regression on scaled features, parameters as scikit-learn names them."""

    kind = "logistic"


@dataclass(frozen=True, eq=False, repr=False)
class Model(Named):
    """A model of a label from features.

    Parameters
    ----------
    name : str
        One word; aliases and releases carry it.
    features : Features
        What it may look at.
    label : Label
        What it learns; a Flag of the event that the features are for.
    learner : LightGBM or Logistic
        How it learns.
    floor : LightGBM or Logistic
        The simple model that it must beat.
    calibrate : "isotonic", "platt" or None
        How its margin becomes a probability.
    inputs : iterable of str or None
        The features that it looks at; None is all outputs.
    split : Split or None
        Which stretches of time it learns from and is tested on; None is a `Split` by the first
        role of the event by name.
    purpose, owner : str
        What it is for and who answers for it, for its card, which says so where nobody does.
    limits : iterable of str
        What it must not be used for, as its owner knows it.
    """

    name: str
    features: Features = slot(kw_only=True)
    label: Label = slot(kw_only=True)
    learner: Learner = slot(kw_only=True)
    floor: Learner = slot(kw_only=True, default_factory=Logistic)
    calibrate: Literal["isotonic", "platt"] | None = slot(kw_only=True, default="isotonic")
    inputs: tuple[str, ...] | None = slot(kw_only=True, default=None)
    split: Split = slot(kw_only=True, default=None)  # type: ignore[assignment]
    purpose: str = slot(kw_only=True, default="")
    owner: str = slot(kw_only=True, default="")
    limits: tuple[str, ...] = slot(kw_only=True, default=())
    place: Place = slot(default_factory=user_place, init=False)

    def __post_init__(self) -> None:
        kinds: tuple[tuple[str, tuple[type, ...]], ...] = (
            ("features", (Features,)),
            ("label", (Label,)),
            ("learner", (LightGBM, Logistic)),
            ("floor", (LightGBM, Logistic)),
        )
        every(partial(self._check_kind, part, kind) for part, kind in kinds)
        checks = (self._check_name, self._check_label, self._check_inputs)
        every((*checks, self._check_split, self._check_words))

    def _check_kind(self, part: str, kind: tuple[type, ...]) -> None:
        limit.instance(getattr(self, part), kind, self.place, path=f"$.model.{part}")

    def _check_name(self) -> None:
        limit.name(self.name, self.place, path="$.model", what="a model")
        ways = ("isotonic", "platt", None)
        limit.one_of(self.calibrate, ways, self.place, path="$.model.calibrate")

    def _check_label(self) -> None:
        if self.label.kind != "flag" or self.label.of is not self.features.event:
            raise DefineError(
                "a model's label does not fit its features",
                at=self.place.at("$.model.label"),
                got=f"{self.label.kind} {self.label.key} of {self.label.of.name}",
                want=f"a flag of {self.features.event.name}",
                code="define.model.label",
            )

    def __repr__(self) -> str:
        return f"<model {self.name}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features that the model looks at, sorted."""
        return self.features.names if self.inputs is None else self.inputs

    @property
    def digest(self) -> str:
        """Digest of the canonical form."""
        return digest(self.form())

    def form(self) -> dict[str, Any]:
        """Return the canonical form, features and label by their digests."""
        return {
            "noun": "model",
            "name": self.name,
            "features": self.features.digest,
            "label": self.label.form(),
            "learner": self.learner.form(),
            "floor": self.floor.form(),
            "calibrate": self.calibrate,
            "inputs": list(self.names),
            "split": self.split.form(),
            "purpose": self.purpose,
            "owner": self.owner,
            "limits": list(self.limits),
        }

    def _check_split(self) -> None:
        roles = self.features.event.keys
        told: Any = self.split
        if told is None:
            object.__setattr__(self, "split", Split(min(roles, default="")))
        limit.instance(self.split, Split, self.place, path="$.model.split")
        if self.split.subject not in roles:
            raise DefineError(
                "a split is by a role that the event does not have",
                at=self.split.place.at("$.model.split.subject"),
                got=repr(self.split.subject),
                want=" or ".join(sorted(roles)),
                code="define.split.subject",
            )

    def _check_words(self) -> None:
        limits = (self.limits,) if isinstance(self.limits, str) else tuple(self.limits)
        object.__setattr__(self, "limits", limits)
        words = [("purpose", self.purpose), ("owner", self.owner)]
        for part, told in words + [("limits", text) for text in limits]:
            refuse_pan(told, self.place, path=f"$.model.{part}")
            if not isinstance(told, str):
                raise DefineError(
                    f"a model's {part} is not a text",
                    at=self.place.at(f"$.model.{part}"),
                    got=repr(told)[:80],
                    want="a few words, for the model's card",
                    code="define.model.words",
                )

    def _check_inputs(self) -> None:
        told: Any = self.inputs
        if told is None:
            return
        if isinstance(told, str) or not isinstance(told, Iterable) or not (names := tuple(told)):
            raise DefineError(
                "the inputs of a model are names of features",
                at=self.place.at("$.model.inputs"),
                got=repr(told)[:80],
                want='["amount", "night"], or None for all',
                code="define.model.inputs",
            )
        for name in names:
            if name not in self.features.names:
                raise unknown_feature(name, self.features, self.place, path="$.model.inputs")
        object.__setattr__(self, "inputs", tuple(sorted(set(names))))
