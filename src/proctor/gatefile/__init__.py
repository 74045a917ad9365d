"""
The gate file: YAML in, a checked `Gate` out; nothing is constructed, executed or opened on the way.

`nodes` turns text into values with places, `kinds` and `sections` say what a value can be, `keys` is the table of
keys, `rules` what they must agree on, `paper` reads the script of ease.ml/ci, and `declarations` is what comes out,
with the `policy` that they share.
Whether the files that are named exist is found out by those who open them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping as MappingOf
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from proctor.errors import GateFileError
from proctor.files import Fence, is_of_the_system
from proctor.gatefile import keys, paper, rules
from proctor.gatefile.contenders import Accepted, Baseline, Candidate, Declared, Fetched, PredictionsFile, Revision
from proctor.gatefile.declarations import (
    DevelopmentFiles,
    Engine,
    First,
    Gate,
    Inputs,
    Labeling,
    PaperScript,
    TestSetSource,
)
from proctor.gatefile.feedback import Estimate, Feedback, ThreeWay, VerdictOnly
from proctor.gatefile.isolation import Isolation, Sandbox
from proctor.gatefile.kinds import Schema, describe
from proctor.gatefile.named import NamedCondition
from proctor.gatefile.nodes import MAX_BYTES, Mapping, Place, Scalar, Source, checked, compose
from proctor.gatefile.policy import STAKES, Policy
from proctor.gatefile.recipients import Notify, Owner, RunStoreTarget
from proctor.gatefile.sections import Section
from proctor.models.runnable import Command, Model, Versioned

NAMES = ("proctor.yml", "proctor.yaml")


def load(path: str | Path) -> Gate:
    """
    The gate that a file declares.

    Args:
        path: The file, or a folder that holds a ``proctor.yml``.

    Raises:
        GateFileError: With every problem of the file at once, each as ``file:line:column: message``.
    """
    return _only_gate(load_any(path))


def load_any(path: str | Path) -> Gate | PaperScript:
    """Like `load`, but the ``ml:`` section of ease.ml/ci is taken as well: it is enough for a plan."""
    file = _find(Path(path))
    if file.is_symlink() and not is_of_the_system(file):
        Fence.around(file.parent).resolve(file.name)
    return loads_any(_read(file), str(file), file.parent)


def loads(text: str, name: str = "proctor.yml", root: Path | None = None) -> Gate:
    """
    The gate that a text declares.

    Args:
        text: YAML.
        name: What the text is called in messages.
        root: Folder that its paths start from; the current one if left out.

    Raises:
        GateFileError: With every problem at once.

    Example:
        >>> gate = loads("{condition: n > 0.8, testset: {labels: y.csv}, candidate: {predictions: new.csv}}")
        >>> gate.reliability, gate.testset.labels
        (0.999, 'y.csv')
    """
    return _only_gate(loads_any(text, name, root))


def loads_any(text: str, name: str = "proctor.yml", root: Path | None = None) -> Gate | PaperScript:
    """Like `loads`, but the ``ml:`` section of ease.ml/ci is taken as well."""
    source = Source(name)
    top = compose(text, source)
    place: dict[str, Any] = {"name": name_of(Path(name)), "root": root or Path(), "file": name}
    if top is not None and (section := paper.section_of(top)) is not None:
        values = paper.values(section, source)
        rules.check_policy(values, source)
        source.raise_if_any()
        return PaperScript(**_policy(values), script=values["script"], **place)
    if top is None:
        raise source.error(Place(), "the file is empty; `proctor init` writes one")
    return _gate(checked(top, source), source, place)


def name_of(file: Path) -> str:
    """
    Name of the gate of a file that does not say; the file need not exist.

    It is the file's stem; for ``models/spam/proctor.yml`` its folder, which tells the gates of a repository apart.
    From where the gate is called, and how its path is written, makes no difference.
    """
    if file.name not in NAMES:
        return file.stem.lstrip(".") or "proctor"
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100  # no link is followed: the path is what people see
    top = next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
    return file.stem if folder == top else folder.name


def file_of(path: Path) -> Path:
    """The gate file that *path* means: in a folder the one that lies there, or would."""
    if not path.is_dir():
        return path
    return next((path / name for name in NAMES if (path / name).exists()), path / NAMES[0])


def json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a gate file, from the same table that reads it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Gate file of proctor (proctor.yml)",
        "description": "What a model must show on which test set, and how surely. "
        "What a condition means is more than a schema says: `proctor plan` checks it.",
        **keys.GATE.schema(),
        **rules.schema(),
    }


def policy_from_options(options: MappingOf[str, str]) -> Policy:
    """
    A policy from options of the command line, checked like a gate file; messages name the option.

    Args:
        options: Text by key (``condition``, ``reliability``, …); the condition must be among them.

    Raises:
        GateFileError: With every problem at once.

    Example:
        >>> policy_from_options({"condition": "n > 0.8", "steps": "7"}).stakes
        Adaptive(steps=7, passes=3)
    """
    source = Source("options")
    entries = []
    for name, text in options.items():
        place = Place(option=f"--{name}")
        entries.append((Scalar(name, "str", False, place), Scalar(text, "str", False, place)))
    values = Section(keys.POLICY_KEYS).values(Mapping(tuple(entries), Place()), (), source)
    rules.check_policy(values, source)
    source.raise_if_any()
    return Policy(**_policy(values))


def _gate(node: object, source: Source, place: dict[str, Any]) -> Gate:
    if not isinstance(node, Mapping):
        place_of, found = (node.place, describe(node)) if isinstance(node, Scalar) else (Place(), "a list")
        raise source.error(place_of, f"a gate file is a map of keys (`condition: …`), not {found}")
    values = rules.with_condition(keys.GATE.values(node, (), source), source)
    rules.check_gate(values, source)
    source.raise_if_any()
    values |= {key: _with_ids(values[key], values["testset"]) for key in ("candidate", "baseline")}
    own = {each.name for each in fields(Gate)} - {each.name for each in fields(Policy)}
    named = {**place, "name": values["name"] or place["name"]}
    return Gate(**_policy(values), **{key: values[key] for key in own & values.keys()} | named)


def _with_ids(model: Candidate | Baseline, testset: TestSetSource) -> Candidate | Baseline:
    """*model* with the test set's column of ids, where it names none of its own."""
    match model:
        case Model() | Versioned() | PredictionsFile(id="") | Command(id=""):
            return replace(model, id=testset.id)
        case _:
            return model


def _policy(values: MappingOf[str, Any]) -> dict[str, Any]:
    """The fields of a `Policy`; keys that a paper's script does not have take their defaults."""
    same = ("condition", "reliability", "mode", "power", "bound", "disagreement")
    return {
        **{key: values[key] for key in same if key in values},
        "adaptivity": values["adaptivity"].adaptivity,
        "recipient": values["adaptivity"].recipient,
        "stakes": rules.stakes_of(values),
        "is_informed": values.get("stakes") is keys.StakesWord.INFORMED,
        "named": values.get("conditions") or (),
    }


def _only_gate(loaded: Gate | PaperScript) -> Gate:
    if isinstance(loaded, Gate):
        return loaded
    hint = "Say --labels FILE, --candidate FILE and --baseline FILE; `proctor plan` takes it as it is."
    raise GateFileError(f"{loaded.file} is a script of ease.ml/ci, which names no test set", hint)


def _find(path: Path) -> Path:
    if path.is_dir():
        found = [path / name for name in NAMES if (path / name).exists()]
        if not found:
            where = "this folder" if path == Path() else path
            raise GateFileError(f"there is no {NAMES[0]} in {where}", "`proctor init` writes one; or name its file.")
        if len(found) > 1:  # a commit could put one in front of the registered one
            raise GateFileError(f"there are {' and '.join(NAMES)} in {path}", "Name the file that is meant.")
        return found[0]
    return path


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise GateFileError(f"there is no gate file {file}", "`proctor init` writes one.") from None
    except OSError as error:
        raise GateFileError(
            f"the gate file {file} cannot be read: {error.strerror}", "Name a file that this user may read."
        ) from None
    if len(content) > MAX_BYTES:
        raise GateFileError(f"{file} is larger than {MAX_BYTES:,} bytes; is it a gate file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise GateFileError(f"{file}:{line}:1: not a text in UTF-8", "Save it as UTF-8.") from None
