"""
Settings of a gate file that belong to the owner of the test set, and not to the commit that is judged.

Where labels and books lie, who gets results and private figures, how models are isolated, what a first candidate gets:
registration pins it, and a commit that would change it is refused before anything of it is used. What tunes the plan
(condition, power, disagreement, stakes, steps, passes) stays free. Paths are told apart as seen from the gate's folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from proctor import git
from proctor.errors import ContractError, DataError, GitFault, ProctorError
from proctor.gate import functions
from proctor.gatefile import Gate, Labeling, Owner, Sandbox, VerdictOnly
from proctor.gatefile.contenders import Accepted, Baseline, Fetched, PredictionsFile, Revision
from proctor.ledger import Entry, address
from proctor.ledger.address import canonical_path
from proctor.ledger.records import Registered, SettingsAccepted
from proctor.models.runnable import Versioned
from proctor.runtime import OWN_FOLDER

Settings = Mapping[str, str | None]
"""Keys of the gate file with their canonical values; ``None`` for what is left out, or as it is by default."""

_PATHS = ("testset.labels", "testset.features", "testset.metadata", "owner.record", "owner.key", "ledger")
_PLACE = ("file", "folder")
CLUSTER, METRICS, _ENGINE = "testset.cluster", "metrics", "testset.engine"
# keys that no version could write when the first books were begun
_LATER = (CLUSTER, _ENGINE, METRICS, "testset.metadata", "sandbox.devices", "sandbox.folders", "slot", "labels")
_GATE_S_OWN = ("name", "first", "baseline", "feedback", "slot")  # what each of several gates says for itself
_ISOLATION = (Sandbox.NONE.value, Sandbox.AUTO.value, Sandbox.REQUIRED.value)
_ACCEPTED = "accepted"
_CLASSES = "testset.classes"
_CLASSES_DIFFER = f"`{_CLASSES}` are not the ones that are registered"  # a class can be a label: none is quoted
_DEEP = "/_" * 40  # a project somewhere: paths may lead some folders out of it

HINT = (
    "Put it back. Only the owner of the test set may change it: `proctor testset settings --accept`. "
    "Nothing was spent, and nothing was sent anywhere."
)


def settings_of(gate: Gate) -> dict[str, str | None]:
    """The owner's part of a gate file."""
    testset, store, project, feedback = gate.testset, gate.runstore, gate.fence.project, gate.feedback
    place = partial(canonical_path, root=gate.root, project=project)
    record = place(gate.owner.record)
    return {
        "name": gate.name,
        "file": Path(gate.file).name,
        "folder": _folder(gate),
        "testset.labels": place(testset.labels),
        "testset.label": testset.label,
        "testset.id": testset.id,
        "testset.features": place(testset.features) if testset.features else None,
        "testset.metadata": place(testset.metadata) if testset.metadata else None,
        "testset.classes": json.dumps(sorted(testset.classes)) if testset.classes else None,
        CLUSTER: testset.cluster,
        _ENGINE: testset.engine.value if testset.engine else None,
        "first": gate.first.value,
        "baseline": _declared(gate.baseline),
        "ledger": _ledger(gate),
        "runstore": store.url.rstrip("/") if store else None,
        "runstore.experiment": store.experiment if store else None,
        "runstore.owner_experiment": store.owner_experiment if store else None,
        "sandbox": gate.sandbox.tier.value,
        "sandbox.devices": _listed(gate.sandbox.devices),
        "sandbox.folders": _listed(gate.sandbox.folders),
        "feedback": None
        if isinstance(feedback, VerdictOnly)
        else json.dumps([type(feedback).__name__, asdict(feedback)], sort_keys=True),
        "slot": json.dumps(gate.slot._asdict(), sort_keys=True) if gate.slot and gate.slot.most > 1 else None,
        "labels": None if gate.labels is Labeling.ALL else gate.labels.value,
        "adaptivity": gate.recipient,
        "owner.record": None if record == Owner().record else record,
        "owner.key": place(gate.owner.key) if gate.owner.key else None,
        METRICS: functions.written(functions.identities(gate.metrics)),
    }


def _folder(gate: Gate) -> str:
    return Path(os.path.relpath(os.path.realpath(gate.root), gate.fence.project)).as_posix()


def _ledger(gate: Gate) -> str:
    return address.parse(gate.ledger).canonical(gate.root, gate.fence.project)


def _listed(paths: Sequence[str]) -> str | None:
    return json.dumps(sorted(set(paths)), ensure_ascii=False) if paths else None


def _declared(baseline: Baseline) -> str | None:
    """The baseline of the gate file; ``None`` where whoever runs the gate names it."""
    match baseline:
        case Accepted(in_place_of=declared):
            return _ACCEPTED if declared is None else _declared(declared)
        case PredictionsFile(is_given=is_given):
            return None if is_given else "predictions"
        case Revision(revision, is_given):
            return None if is_given else f"revision: {revision}"
        case Versioned(uri, is_given=is_given):
            return None if is_given else f"model: {uri}"
        case Fetched():
            return None


# --- what was pinned -------------------------------------------------------------------------------------------------


class Pin(NamedTuple):
    """
    Settings that hold for a gate on one test set, by its fingerprint.

    Attributes:
        is_sealed: True if the labels were sealed when it was registered.
        commit: Commit of the gate file, where known.
    """

    testset: str
    settings: Settings
    is_sealed: bool
    commit: str | None = None


def pins(entries: Sequence[Entry]) -> Iterator[Pin]:
    """Everything that registrations and the owner's later words pinned, in the ledger's order."""
    sealed: dict[str, bool] = {}
    for entry in entries:
        if entry.kind not in (Registered.kind, SettingsAccepted.kind):
            continue
        body = entry.body
        name, settings, origin = str(body.get("testset")), body.get("settings"), body.get("origin")
        sealed.setdefault(name, body.get("pair") is not None)
        if isinstance(settings, dict):
            commit = origin.get("commit") if isinstance(origin, dict) else None
            yield Pin(name, _plain(settings), sealed[name], commit if isinstance(commit, str) else None)


def pin_of(gate: Gate, entries: Sequence[Entry], fingerprint: str) -> Pin | None:
    """Settings that hold for *gate* on a test set: the owner's last word on the gate, else what registration pinned."""
    of_set = [pin for pin in pins(entries) if pin.testset == fingerprint]
    own = [pin for pin in of_set if _is_of(pin, gate)]
    return own[-1] if own else of_set[0] if of_set else None


def _plain(settings: Mapping[str, Any]) -> Settings:
    known = dict.fromkeys(_LATER)
    return known | {str(key): None if value is None else str(value) for key, value in settings.items()}


def _is_of(pin: Pin, gate: Gate) -> bool:
    """True if *gate* is the one that was pinned, by its name or its file: a commit that changes one is found out."""
    return pin.settings.get("name") == gate.name or _is_of_file(pin, gate)


def _is_of_file(pin: Pin, gate: Gate) -> bool:
    """
    True if it is the same file of the same repository.

    Repositories that share books are told apart by the commit: this one has it, or it is another's.
    """
    is_there = pin.settings.get("folder") in (_folder(gate), _named(gate))
    if pin.settings.get("file") != Path(gate.file).name or not is_there:
        return False
    if isinstance(address.parse(gate.ledger), address.FileAddress) and not Path(_ledger(gate)).is_absolute():
        return True
    if pin.commit is None:
        return False
    with contextlib.suppress(GitFault):
        found = git.find(gate.root)
        return found is not None and (
            found.run("cat-file", "-e", f"{pin.commit}^{{commit}}").code == 0
            or found.ask("rev-parse", "--is-shallow-repository") == "true"  # it may have been left out
        )
    return False


def _named(gate: Gate) -> str | None:
    """The gate's folder as the runner names it: a commit can put a link to another one there."""
    folder = Path(os.path.abspath(gate.root))  # noqa: PTH100  # no link is followed
    above = [up for up in (folder, *folder.parents) if Path(os.path.realpath(up)) == gate.fence.project]
    return folder.relative_to(above[-1]).as_posix() if above else None


def differences(pin: Pin, gate: Gate, *, is_signed: bool = True) -> tuple[str, ...]:
    """
    Requests of a gate file that differ from what is pinned, in words; more isolation than pinned is no difference.

    Books that are not signed vouch for nothing but themselves: then their place says nothing, and whoever moves them
    needs nobody's leave.
    """
    asked, is_own = settings_of(gate), _is_of(pin, gate)
    seen = _seen_from(pin.settings, str(asked["folder"]))
    free = {*_PLACE, *(() if is_own else _GATE_S_OWN), *(() if is_signed else ("ledger",))}
    if is_own and not _is_of_file(pin, gate):
        free.add("name")  # it is the same
    return tuple(
        _CLASSES_DIFFER if key == _CLASSES else f"`{key}` is {_quoted(value)}, and {_quoted(seen[key])} is registered"
        for key, value in asked.items()
        if key in seen and key not in free and seen[key] != value and not _is_allowed(key, seen[key], value)
    )


def _is_allowed(key: str, pinned: str | None, asked: str | None) -> bool:
    """True if a commit may ask this for itself."""
    match key:
        case "sandbox":
            return _ISOLATION.index(str(asked)) > _ISOLATION.index(str(pinned))
        case "baseline":  # of files the content is looked at, and what was accepted is the ledger's to say
            return pinned is None or asked in (None, _ACCEPTED, "predictions")
        case "metrics":  # to run fewer of them
            return functions.read(asked).items() <= functions.read(pinned).items()
        case _:
            return False


def _seen_from(pinned: Settings, folder: str) -> Settings:
    """*pinned* with its paths as another folder of the project sees them."""
    there = str(pinned.get("folder", folder))
    if there == folder:
        return pinned
    moved = {key: str(pinned[key]) for key in _PATHS if pinned.get(key) is not None}
    if not isinstance(address.parse(moved.get("ledger", "x")), address.FileAddress):
        del moved["ledger"]
    return {**pinned, **{key: _moved(path, there, folder) for key, path in moved.items()}}


def _moved(path: str, there: str, here: str) -> str:
    if PurePosixPath(path).is_absolute():
        return path
    return posixpath.relpath(posixpath.join(_DEEP, there, path), posixpath.join(_DEEP, here))


def _quoted(value: str | None) -> str:
    return "not set" if value is None else f"{value!r}"


# --- refusing --------------------------------------------------------------------------------------------------------


def refuse_changed(gate: Gate, entries: Sequence[Entry], *, is_signed: bool) -> None:
    """
    Refuse a gate file that, on no test set in the books, is what its owner registered; before any file of it is read.

    Raises:
        ContractError: If the gate is known, and what belongs to the owner is otherwise for each of its test sets.
        DataError: If it is the file of labels.
    """
    latest = {pin.testset: pin for pin in pins(entries) if _is_of(pin, gate)}
    found = [differences(pin, gate, is_signed=is_signed) for pin in latest.values()]
    if found and all(found):
        raise _changed(gate, found[-1])


def refuse_changed_on(gate: Gate, entries: Sequence[Entry], fingerprint: str, *, is_signed: bool) -> None:
    """
    Refuse a gate file that is not what its owner registered for this test set.

    Raises:
        ContractError: If what belongs to the owner is otherwise.
        DataError: If it is the file of labels.
    """
    pin = pin_of(gate, entries, fingerprint)
    found = differences(pin, gate, is_signed=is_signed) if pin is not None else ()
    if found:
        raise _changed(gate, found)


def refuse_brought(gate: Gate, entries: Sequence[Entry], fingerprint: str, *, is_signed: bool, is_sealed: bool) -> None:
    """
    Refuse to register in passing what a commit may have put in the place of the registered test set.

    Its author knows the labels, so that any candidate would pass, and its budget is fresh. Books that nobody signed
    have no owner to ask: there the next test set is registered in passing, except for open labels in place of sealed.

    Raises:
        ContractError: If this gate has a registered test set, and these examples are of none.
    """
    own = [pin for pin in pins(entries) if _is_of(pin, gate)]
    if not own or is_registered(entries, fingerprint):
        return
    if own[-1].is_sealed and not is_sealed:
        raise ContractError(
            f"the labels of this gate were sealed by the owner of the test set, and {gate.testset.labels!r} is not",
            hint="Put the sealed file back; the owner registers the next test set: `proctor testset renew`.",
        )
    if is_signed:
        raise ContractError(
            "these examples are not the test set that this gate was registered with; nothing was judged",
            hint="Put the registered files back. If it is the next test set, only its owner may say so: `proctor "
            "testset renew`, or `proctor testset register`.",
        )


def is_registered(entries: Sequence[Entry], fingerprint: str) -> bool:
    """True if the books have the registration of a test set."""
    return any(entry.kind == Registered.kind and entry.body.get("testset") == fingerprint for entry in entries)


def other_labels() -> DataError:
    """
    The one refusal of labels that are not the registered ones, whichever they are and however they are named.

    Another word for another file, for changed labels, or for a class that is none would tell what is in the file.
    """
    return DataError(
        "the labels are not those that this test set was registered with; nothing was spent",
        hint="Put the registered labels back, where the gate file named them. Only the owner may change them: "
        "`proctor testset correct NEW_LABELS` where some were wrong, `proctor testset settings --accept` where the "
        "file has moved, `proctor testset renew` for the next test set.",
    )


def _changed(gate: Gate, found: Sequence[str]) -> ProctorError:
    if any(each.startswith("`testset.labels`") for each in found):
        return other_labels()
    is_next = any(each.startswith("`testset.") for each in found)
    more = " If it is the next test set, it is registered by `proctor testset renew`." if is_next else ""
    said = f"{gate.file} changes what belongs to the owner of the test set: {'; '.join(found)}"
    return ContractError(said, f"{HINT}{more}")


def say_once_if_unpinned(gate: Gate, entries: Sequence[Entry], fingerprint: str, remark: Callable[[str], None]) -> None:
    """Say, once in a project, that a test set was registered by an earlier version, which pinned nothing."""
    if not is_registered(entries, fingerprint) or pin_of(gate, entries, fingerprint) is not None:
        return
    if not _was_said(gate, f"unpinned-{fingerprint[:16]}"):
        remark(
            "this test set was registered by an earlier version, which let every commit say where labels, books and "
            "results are; its owner can pin what the gate file says now: `proctor testset settings --accept`"
        )


def _was_said(gate: Gate, name: str) -> bool:
    """True if something was said in this project before; noted, where that can be."""
    place = gate.root / OWN_FOLDER / name
    with contextlib.suppress(OSError, DataError):
        gate.fence.real(place)
        if place.exists():
            return True
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return False
