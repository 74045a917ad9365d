"""Facts known of a test set and of those before and after it: public, a function of the ledger's entries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, assert_never

from proctor.custody.lineage import Lineage, lineage
from proctor.ledger.history import Recorded, TestSetHistory
from proctor.ledger.records import Adopted, BaselineNamed, Dropped, Extended, LossAccepted, OwnersAct, SettingsAccepted
from proctor.reports.sentences import count
from proctor.text import printable

Json = dict[str, Any]


def chronicle(lives: Mapping[str, TestSetHistory], fingerprint: str) -> Json:
    """The life of a registered test set and its lineage, as plain JSON."""
    return {"testset": _portrait(lives[fingerprint]), "lineage": _line_of_sets(lineage(lives, fingerprint))}


def state(life: TestSetHistory) -> str:
    """State of a test set: in use, spent, retired or handed on; reach depends on the condition, not asked here."""
    return "retired" if life.retired else "handed on" if life.heir else "spent" if life.account.is_spent else "in use"


def _portrait(life: TestSetHistory) -> Json:
    record, contract = life.registered.record, life.registered.record.contract
    return {
        "fingerprint": record.testset,
        "n_examples": life.in_use.n_examples,
        "clusters": life.in_use.clusters,
        "state": state(life),
        "reliability": contract.reliability,
        "mode": contract.mode.value,
        "adaptivity": contract.adaptivity.value,
        "steps": contract.steps,
        "inputs": record.inputs,
        "registered": _dated(life.registered),
        "another": record.another,
        "evaluations": life.account.evaluations,
        "leakage_bits": round(life.account.leakage_bits, 6),
        "pending": life.open_pending.entry.number if life.open_pending else None,
        "corrections": [_dated(taken, rows="n_rows") for taken in life.corrections],
        **_changes(life),
        "retired": _dated(life.retired, reason="reason") if life.retired is not None else None,
        "acts": [_dated(taken) | {"kind": taken.entry.kind, "what": _act(taken.record)} for taken in life.acts],
        "notices": [_dated(taken, occasion="occasion", channel="channel", stage="stage") for taken in life.notices],
        "verdicts": [
            _dated(taken)
            | {"outcome": life.outcome_of(taken)}
            | {"gate": taken.record.origin.gate, "commit": taken.record.candidate.commit}
            | {"judged": not isinstance(taken.record, Adopted), "condition": taken.record.condition}
            for taken in life.verdicts
        ],
    }


def _changes(life: TestSetHistory) -> Json:
    """Examples that were added and dropped, in order."""
    shared = {"n_examples": "n_examples", "version": "version", "reason": "reason"}
    return {
        "extensions": [
            _dated(taken, added="n_added", **shared) | {"another": taken.record.another}
            for taken in life.changes
            if isinstance(taken.record, Extended)
        ],
        "drops": [
            _dated(taken, dropped="n_dropped", rule="rule", **shared)
            for taken in life.changes
            if isinstance(taken.record, Dropped)
        ],
    }


def _dated(taken: Recorded[Any], **names: str) -> Json:
    """Number and time of an entry, and what its record calls by these *names*."""
    told = {key: getattr(taken.record, name) for key, name in names.items()}
    return {"entry": taken.entry.number, "at": taken.entry.at} | told


def _act(record: OwnersAct) -> str:
    """The owner's word, in a few words."""
    match record:
        case SettingsAccepted(gate=gate, before=before, settings=settings):
            changed = [key for key in settings if before is None or before.get(key) != settings[key]]
            return f"settings of {gate} accepted: {', '.join(changed)}"
        case BaselineNamed(baseline=baseline):
            return f"{baseline.source} is a baseline"
        case LossAccepted(number=number, reason=reason):
            return f"entries up to number {number:,} are lost: {reason}"
        case _:
            assert_never(record)


def _line_of_sets(found: Lineage) -> Json:
    handed = (None, *(_handed_on(life) for life in found.sets))
    sets = zip(found.sets, handed, strict=False)
    return {
        "sets": [_line(number, life, given) for number, (life, given) in enumerate(sets, 1)],
        "error_sum": found.error_sum,
        "project_reliability": None if found.project_error is None else 1 - found.project_error,
    }


def _handed_on(life: TestSetHistory) -> float | None:
    """The budget that its successor was given; nothing is spent of it afterwards."""
    return math.exp(life.account.log_budget) if life.heir is not None else None


def _line(number: int, life: TestSetHistory, given: float | None) -> Json:
    """One set of a lineage; *given* is what it was handed, ``None`` where it has a budget of its own."""
    record = life.registered.record
    return {
        "number": number,
        "fingerprint": record.testset,
        "n_examples": life.in_use.n_examples,
        "state": state(life),
        "evaluations": life.account.evaluations,
        "error_probability": record.contract.error_probability if given is None else given,
        "inherits": record.inherits,
        "handed_on": _handed_on(life),
    }


def lines(found: Json) -> list[str]:
    """A chronicle for people."""
    about = found["testset"]
    text = [
        f"test set   {about['fingerprint'][:12]}  {about['n_examples']:,} examples, {about['state']}",
        f"contract   reliability {about['reliability']!r}, {about['mode']}, {about['adaptivity']}",
        f"inputs     {about['inputs']}; registered in entry {about['registered']['entry']}",
        f"used       {count(about['evaluations'], 'evaluations')}, {about['leakage_bits']:.1f} bits of leakage",
    ]
    if about["another"] is not None:
        text.append(f"another    set than it looks like: {printable(about['another'])}")
    if about["clusters"] is not None:
        text.append(f"clusters   {about['clusters']:,}, each of which is one observation")
    if about["pending"] is not None:
        text.append(f"pending    entry {about['pending']} has begun and not ended")
    text += [f"corrected  {count(each['rows'], 'labels')} in entry {each['entry']}" for each in about["corrections"]]
    changes = sorted([*about["extensions"], *about["drops"]], key=itemgetter("entry"))
    text += [_change_line(each) for each in changes]
    text += [
        f"notice     {e['occasion']}: {e['stage']} in entry {e['entry']} ({e['channel']})" for e in about["notices"]
    ]
    text += [f"owner      {printable(each['what'])} (entry {each['entry']})" for each in about["acts"]]
    if about["retired"] is not None:
        text.append(f"retired    {printable(about['retired']['reason'])} (entry {about['retired']['entry']})")
        text += [f"outcome    entry {each['entry']}: {each['outcome']}" for each in about["verdicts"] if each["judged"]]
    return [*text, "", *_lineage_lines(found["lineage"])]


def _change_line(each: Json) -> str:
    """An extension or a drop, in words."""
    to = f"to {each['n_examples']:,} in entry {each['entry']}"
    if "added" in each:
        why = "" if each["another"] is None else f"; others than they look like: {printable(each['another'])}"
        return f"extended   by {count(each['added'], 'examples')} {to}: {printable(each['reason'])}{why}"
    why = f"({printable(each['rule'])}): {printable(each['reason'])}"
    return f"reduced    by {count(each['dropped'], 'examples')} {to} {why}"


def _lineage_lines(about: Json) -> list[str]:
    text = ["lineage    set           examples  state      evaluations  may be wrong with probability"]
    for each in about["sets"]:
        number, name = each["number"], each["fingerprint"][:12]
        text.append(
            f"{number:>7}    {name}  {each['n_examples']:>8,}  {each['state']:<9}  {each['evaluations']:>11}  "
            f"{_error_share(each)}"
        )
    text.append(f"together   {about['error_sum']:g}")
    if about["project_reliability"] is not None:
        text.append(f"project    reliability {about['project_reliability']:.12g} for all test sets to come")
    return text


def _error_share(each: Json) -> str:
    """The probability that a set may err with, where it got that, and what it gave on."""
    probability = f"{each['error_probability']:.3g}" if each["inherits"] else f"{each['error_probability']:g}"
    got = f", handed on by set {each['number'] - 1}" if each["inherits"] else ""
    gave = f", of which {each['handed_on']:.3g} was handed on" if each["handed_on"] is not None else ""
    return f"{probability}{got}{gave}"


def lineage_lines(found: Lineage) -> list[str]:
    """A lineage alone, for people."""
    return _lineage_lines(_line_of_sets(found))
