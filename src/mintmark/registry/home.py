"""The home of a registry: its ledger, its content store, its folder of releases.

Making a release is here, because it needs all three:

    bundle ──▶ store ──▶ record in the ledger ──▶ folder laid out
               files     manifest + signature     a copy of the two

A crash at any arrow leaves nothing that can be used by mistake, and the same command again goes
on from there: once the record is in the ledger, the release is made.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mintmark.ground import (
    RegistryError,
    SigningKey,
    canonical,
    digest_bytes,
    disk_watch,
    short,
    sign,
    sync_folder,
    write_atomic,
)
from mintmark.registry.bundle import MANIFEST, SIGNATURE, Bundle, read_bundle
from mintmark.registry.fold import State, fold
from mintmark.registry.ledger import Ledger
from mintmark.registry.record import Record
from mintmark.registry.release import Release, open_release, signature_text
from mintmark.registry.store import Store

_STAGING = ".staging-"


@dataclass(frozen=True)
class Seal:
    """What a release is sealed with.

    Attributes
    ----------
    key : SigningKey
        Signs the manifest.
    actor : str
        Who releases.
    at : int
        µs UTC.
    lock : str
        Digest of the lock of the environment in which the model was made.
    """

    key: SigningKey
    actor: str
    at: int
    lock: str


@dataclass(frozen=True)
class Registry:
    """An open registry.

    Attributes
    ----------
    ledger : Ledger
        The truth.
    store : Store
        The files of releases, by digest.
    releases : Path
        Folder of the releases laid out: a copy, made again by `lay_out_all`.
    cache : Path
        A kept copy of the folded state.
    """

    ledger: Ledger
    store: Store
    releases: Path
    cache: Path

    @classmethod
    def open(cls, url: str, home: Path) -> "Registry":
        """Open the registry whose ledger is at `url` and whose files lie in `home`.

        Raises
        ------
        RegistryError
            As `Ledger.open`.
        """
        cache = home / "cache" / "registry.json"
        return cls(Ledger.open(url), Store(home / "blobs"), home / "releases", cache)

    def state(self) -> State:
        """Return what the ledger's records add up to."""
        return fold(self.ledger, cache=self.cache)

    def release(self, bundle: Path, *, verdict: str, seal: Seal) -> Release:
        """Make a signed release of a model bundle; a release of this verdict again is that one.

        Parameters
        ----------
        bundle : Path
            The folder that training left.
        verdict : str
            Hash or digest of the verdict's record: PROMOTE, on exactly these bytes, and the
            newest on them.
        seal : Seal
            Who signs, when, and with what.

        Raises
        ------
        RegistryError
            ``registry.release.no_verdict``, ``.not_promoted``, ``.other_model``, ``.superseded``;
            ``registry.ledger.altered``; ``registry.bundle.*``.

        Cost: one pass over the ledger, one fsync a file.
        """
        self.ledger.verify()
        judged = self._promoted(verdict)
        made = self._made_from(judged)
        if made is None:
            files = read_bundle(bundle)
            self._check_model(files, judged)
            for content in files.files.values():
                self.store.put(content)
            made = self._record(files, judged, seal)
        return open_release(self.lay_out(made), seal.key.public)

    def _promoted(self, verdict: str) -> Record:
        """Return the verdict's record, refusing whatever is not the last word and PROMOTE."""
        judged = self.ledger.find(verdict, "verdict")
        if judged is None:
            raise _refused("there is no such verdict", verdict, "a verdict's record", "no_verdict")
        result, model = judged.body["result"], judged.body["model"]
        if result != "PROMOTE":
            raise _refused("the verdict is against a release", result, "PROMOTE", "not_promoted")
        newest = fold(self.ledger).verdicts[model][-1]
        if newest["hash"] != judged.hash and newest["result"] != "PROMOTE":
            got = f"{newest['result']} of a later verdict"
            raise _refused("a later verdict is against a release", got, "PROMOTE", "superseded")
        return judged

    def _check_model(self, bundle: Bundle, judged: Record) -> None:
        """Refuse a bundle that is not, byte for byte, what was evaluated and judged."""
        evaluation = self.ledger.input(judged, "evaluation")
        assert evaluation is not None, "the ledger takes no verdict without its evaluation"
        if {judged.body["model"], evaluation.body["model"]} != {bundle.digest}:
            raise _refused(
                "this bundle is not the model that was judged",
                bundle.digest,
                judged.body["model"],
                "other_model",
            )

    def _made_from(self, judged: Record) -> Record | None:
        """Return the release that was made from a verdict already, if there is one."""
        made = (r for r in self.ledger.read("release") if judged.digest in r.inputs.values())
        return next(made, None)

    def _record(self, bundle: Bundle, judged: Record, seal: Seal) -> Record:
        """Write the manifest, sign it, and append both to the ledger."""
        model = self._model_record(bundle.digest)
        evaluation = self.ledger.input(judged, "evaluation")
        assert evaluation is not None, "the ledger takes no verdict without its evaluation"
        manifest = {
            "format": 1,
            "files": {
                name: {"sha256": digest_bytes(content), "size": len(content)}
                for name, content in bundle.files.items()
            },
            "model": bundle.digest,
            "digests": self._digests(bundle, model),
            "verdict": judged.hash,
            "evaluation": evaluation.digest,
            "lock": seal.lock,
            "actor": seal.actor,
            "created_at": seal.at,
        }
        signed = canonical(manifest)
        body = {
            "inputs": {"verdict": judged.digest, "model": model.digest},
            "digest": digest_bytes(signed),
            "manifest": manifest,
            "signature": signature_text(sign(signed, seal.key), seal.key.public).decode(),
        }
        key = f"release {judged.hash}"
        return self.ledger.record("release", body, actor=seal.actor, at=seal.at, key=key)

    def _model_record(self, digest: str) -> Record:
        found = self.ledger.find(fold(self.ledger).named["model"].get(digest, ""), "model")
        if found is None:
            raise _refused("this model is not in the ledger", digest, "a model", "other_model")
        return found

    def _digests(self, bundle: Bundle, model: Record) -> dict[str, str]:
        """Return the own digests of what the model was made from and of what is inside."""
        found = {
            name.removesuffix(".json"): digest_bytes(bundle.files[name])
            for name in ("calibration.json", "policy.json")
            if name in bundle.files
        }
        for kind in ("plan", "dataset"):
            below = self.ledger.input(model, kind)
            assert below is not None, "the ledger takes no model without its plan and dataset"
            found[kind] = below.body["digest"]
        return found

    def lay_out(self, record: Record) -> Path:
        """Lay a recorded release out as a folder, byte for byte as it was signed.

        A folder that is there already is left as it is: `open_release` says what it is worth.
        """
        manifest = record.body["manifest"]
        folder = self.releases / short(record.body["digest"])
        staging = self.releases / f"{_STAGING}{folder.name}"
        with self.ledger.alone(), disk_watch(staging):
            if folder.exists():
                return folder
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
            for name, entry in manifest["files"].items():
                write_atomic(staging / name, self.store.get(entry["sha256"]))
            write_atomic(staging / MANIFEST, canonical(manifest))
            write_atomic(staging / SIGNATURE, record.body["signature"].encode())
            staging.rename(folder)
            sync_folder(self.releases)
        return folder

    def lay_out_all(self) -> tuple[Path, ...]:
        """Lay out every release of the ledger that is not there as a folder."""
        return tuple(self.lay_out(record) for record in self.ledger.read("release"))

    def form(self) -> dict[str, Any]:
        """Return the folded state as plain JSON."""
        return self.state().form()


def _refused(what: str, got: str, want: str, code: str) -> RegistryError:
    return RegistryError(
        what,
        got=got,
        want=want,
        hint="run `mintmark judge` on this model, and mend what the verdict names",
        code=f"registry.release.{code}",
        kind="refused",
    )
