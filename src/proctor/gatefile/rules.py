"""
Rules between keys: what each value alone cannot tell, reported at the place of the key that has to change.

A rule sees only values that are well by themselves; one that is not has been reported already.
What of the rules a JSON Schema can say, `schema` says to editors; a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from proctor import conditions
from proctor.budget import Adaptive, Adaptivity, Guaranteed, Stakes
from proctor.conditions import Difference, Formula, Proportion, Variable
from proctor.counting.reading import Numbers, Reading
from proctor.errors import ConditionError
from proctor.gatefile import columns, counted, grouping, saved
from proctor.gatefile.adaptivity import AdaptivityPolicy
from proctor.gatefile.contenders import Candidate, PredictionsFile
from proctor.gatefile.declarations import First, Inputs, Labeling, TestSetSource
from proctor.gatefile.feedback import Estimate, ThreeWay
from proctor.gatefile.isolation import Isolation, Sandbox, asks_for_none
from proctor.gatefile.keys import CONDITION, DEFAULT_PASSES, DEFAULT_STEPS, StakesWord
from proctor.gatefile.kinds import INVALID, Schema
from proctor.gatefile.named import together
from proctor.gatefile.nodes import Source
from proctor.gatefile.saved import where
from proctor.gatefile.slot import Slot
from proctor.methods import beyond_accuracies, method_of, own_of
from proctor.methods.kinds import OWN
from proctor.planning import Bound
from proctor.spelling import class_name

Values = Mapping[str, Any]


def stakes_of(values: Values) -> Stakes:
    """The stakes that the keys ``stakes``, ``steps`` and ``passes`` give together."""
    given_steps, given_passes = values.get("steps"), values.get("passes")
    steps = given_steps or max(DEFAULT_STEPS, given_passes or 0)
    passes = given_passes or min(DEFAULT_PASSES, steps)
    return Guaranteed(steps, passes) if values.get("stakes") is StakesWord.GUARANTEED else Adaptive(steps, passes)


def check_policy(values: Values, source: Source) -> None:
    """Report what does not go together among the keys that need no data."""
    for rule in (_steps_and_passes, _fixed_policies, _paper_bounds):
        rule(values, source)


def schema() -> Schema:
    """The rules that speak of keys and plain values alone, as JSON Schema."""
    fixed = where(adaptivity={"not": {"const": "recycling"}})
    one_pass = where(adaptivity={"const": "firstChange"})
    program = where(candidate={"anyOf": [{"required": ["command"]}, {"required": ["model"]}]})
    sealed_testset = where(inputs={"const": "sealed"})
    sealed = where(testset=sealed_testset)
    in_order = where(labels={"const": "sequential"})
    drawn = where(labels={"const": "sampled"})
    all_labels: Schema = {"feedback": {"not": {"required": ["estimate"]}}, "testset": {"not": sealed_testset}}
    not_in_order = {"not": {"anyOf": [sealed_testset, {"required": ["cluster"]}]}}
    verdict_alone: Schema = {
        "conditions": False,
        "bound": {"const": "exact"},
        "feedback": {"const": "none"},
        "testset": not_in_order,
    }
    no_predictions = {"candidate": {"not": {"required": ["predictions"]}}, "sandbox": {"not": asks_for_none()}}
    no_timeout = {"candidate": {"properties": {"timeout": False}}}
    return {
        "oneOf": [{"required": ["condition"]}, {"required": ["conditions"]}],
        "allOf": [
            {"if": fixed, "then": {"required": ["steps"], "properties": {"stakes": False}}},
            {"if": one_pass, "then": {"properties": {"passes": {"const": 1}, "conditions": {"maxProperties": 1}}}},
            {"if": {**fixed, "not": one_pass}, "then": {"properties": {"passes": False}}},
            {"if": where(bound={"not": {"const": "exact"}}), "then": {"properties": {"power": False}}},
            {"if": program, "then": {"properties": {"testset": {"required": ["features"]}}}},
            {"if": sealed, "then": {"properties": no_predictions}},
            {"if": in_order, "then": {"properties": verdict_alone}},
            {"if": drawn, "then": {"properties": all_labels}},
            {"if": {"required": ["slot"]}, "then": {**sealed, "properties": {**sealed["properties"], **no_timeout}}},
            grouping.schema(),
            counted.schema(),
            columns.schema(),
            *saved.schemas(),
        ],
    }


def with_condition(values: Values, source: Source) -> dict[str, Any]:
    """*values* with one condition for all of `conditions`, where that is there: whatever the files must serve."""
    one, named = values["condition"], values["conditions"]
    if one is not None and named is not None:
        source.refuse("conditions", "`condition` and `conditions` both say what must be shown; leave one of them out")
    elif named is None:
        if one is None:
            source.report(source.place_of(), f"`{CONDITION.name}` is missing. {CONDITION.description}")
        return {**values, "condition": INVALID if one is None else one}
    elif isinstance(named, tuple):
        source.places["condition",] = source.place_of("conditions")
        policy = values["adaptivity"]
        if len(named) > 1 and isinstance(policy, AdaptivityPolicy) and policy.adaptivity is Adaptivity.FIRST_CHANGE:
            message = (
                "under `adaptivity: firstChange` the first pass ends the test set, so no second condition is judged"
            )
            source.refuse("conditions", message)
        if not any(each.is_enforced for each in named):
            source.refuse("conditions", "no condition is enforced, so nothing could ever fail")
        return {**values, "condition": together(named)}
    return {**values, "condition": INVALID}


def check_gate(values: Values, source: Source) -> None:
    """Report what does not go together in a whole gate file."""
    check_policy(values, source)
    readings = columns.check(values, source)
    formula = _formula(values.get("condition")) if readings else None
    if formula is not None and values.get("first") is First.JUDGE:
        _first_can_be_judged(values, formula, source)
    if formula is not None:
        _metrics_are_declared(formula, values, source)
    candidate, testset = values.get("candidate"), values.get("testset")
    if isinstance(testset, TestSetSource) and testset.engine is not None:
        counted.check(values, formula, testset, source)
    elif formula is not None and isinstance(testset, TestSetSource):
        grouping.check(values, formula, testset, source)
        _repeats_are_numbers(readings, testset, source)
    if formula is not None and isinstance(testset, TestSetSource):
        _classes_are_declared(formula, testset, source)
    saved.check(values, source)
    if isinstance(testset, TestSetSource) and isinstance(candidate, Candidate):
        _testset_feeds_candidate(testset, candidate, source)
        if testset.inputs is Inputs.SEALED:
            _sealed_inputs_stay_sealed(values, candidate, source)
        _slots_are_for_sealed_inputs(values, testset, candidate, source)
    if values.get("labels") is Labeling.SEQUENTIAL:
        _labels_can_be_read_in_order(values, formula, source)
    if values.get("labels") is Labeling.SAMPLED:
        _labels_can_be_drawn(values, formula, source)
    if isinstance(values.get("feedback"), Estimate):
        _grid(values["feedback"], source)
        if len(readings) == 1:
            _reads_no_more(values["feedback"], readings[0], source)


def _formula(condition: object) -> Formula | None:
    """The formula of a condition, or of several that read columns of their own, as `columns` has looked at them."""
    return conditions.normalize_apart(conditions.parse(condition)) if isinstance(condition, str) else None


def _steps_and_passes(values: Values, source: Source) -> None:
    steps, passes = values.get("steps"), values.get("passes")
    if isinstance(steps, int) and isinstance(passes, int) and passes > steps:
        source.refuse("passes", f"{passes} `passes` cannot come out of {steps} `steps`")


def _fixed_policies(values: Values, source: Source) -> None:
    """The paper's three policies fix the level at every step, so that nothing is left to stake."""
    policy = values.get("adaptivity")
    if not isinstance(policy, AdaptivityPolicy) or policy.adaptivity is Adaptivity.RECYCLING:
        return
    adaptivity = policy.adaptivity
    if values.get("steps") is None:
        need = "needs `steps`: how many evaluations the test set is for; they are fixed at registration"
        source.refuse("adaptivity", f"`adaptivity: {adaptivity}` {need}")
    is_one_pass = adaptivity is Adaptivity.FIRST_CHANGE and values.get("passes") == 1
    for key in ("stakes",) if is_one_pass else ("stakes", "passes"):
        if isinstance(values.get(key), int | StakesWord):
            why = f"means nothing under `adaptivity: {adaptivity}`, which has fixed levels; leave it out"
            source.refuse(key, f"`{key}` {why}")


def _paper_bounds(values: Values, source: Source) -> None:
    bound = values.get("bound")
    if bound not in {Bound.HOEFFDING, Bound.BENNETT}:
        return
    if isinstance(values.get("power"), float):
        why = f"means nothing under `bound: {bound}`, which is as reliable in passing as in failing; leave it out"
        source.refuse("power", f"`power` {why}")
    formula = _formula(values.get("condition"))
    if formula is not None and (quantity := beyond_accuracies(formula)) is not None:
        message = f"`bound: {bound}` knows accuracies only, and the condition speaks of `{quantity}`; use `exact`"
        source.refuse("condition", message)
    if formula is not None and (slices := conditions.slices(formula)):
        message = f"`bound: {bound}` knows no slices, and the condition speaks of `{slices[0]}`; use `bound: exact`"
        source.refuse("condition", message)
    for clause in conditions.clauses(formula) if formula is not None else ():
        if clause.tolerance is None:
            source.refuse("condition", f"`bound: {bound}` needs a tolerance for `{clause.text}`: add +/- 0.01, say")


def _first_can_be_judged(values: Values, formula: Formula, source: Source) -> None:
    named = values.get("conditions")
    enforced = [_formula(each.condition) for each in named if each.is_enforced] if isinstance(named, tuple) else []
    if any(each is None or conditions.restrict(each, {Variable.N}) is None for each in enforced or [formula]):
        every = " in every enforced condition" if enforced else ""
        message = f"`first: judge` needs a clause on n alone{every}, such as n > 0.8; write `first: accept`, or add one"
        source.refuse("first", message)


def _classes_are_declared(formula: Formula, testset: TestSetSource, source: Source) -> None:
    """A class that no label can be makes a metric of nothing."""
    for clause in conditions.clauses(formula):
        quantity = clause.quantity
        if testset.classes and not method_of(quantity).classes <= set(map(class_name, testset.classes)):
            known = ", ".join(f"`{name}`" for name in testset.classes[:8])
            source.refuse("condition", f"`{quantity}` speaks of a class that is none of `testset.classes`: {known}")


def _metrics_are_declared(formula: Formula, values: Values, source: Source) -> None:
    """Report a function of the owner that no distribution is named for."""
    declared = values.get("metrics")
    known = {OWN + name for name, _ in declared} if isinstance(declared, tuple) else set()
    asked = own_of(formula)
    for name in sorted(asked - known if declared is not INVALID else ()):
        message = f"`{name}` is not declared: name its distribution, `metrics: {{{name.removeprefix(OWN)}: NAME}}`"
        source.refuse("condition", message)


def _repeats_are_numbers(readings: Sequence[Reading], testset: TestSetSource, source: Source) -> None:
    """Classes have no mean."""
    if testset.repeats is not None and not all(isinstance(each.predictions, Numbers) for each in readings):
        message = (
            f"`repeats: {testset.repeats}` goes with numbers, and `condition` reads classes: score each answer as "
            "right (1) or wrong (0), and ask for mean(n) - mean(o) > 0, say"
        )
        source.refuse("testset.repeats", message)


def _testset_feeds_candidate(testset: TestSetSource, candidate: Candidate, source: Source) -> None:
    if testset.features is None and not isinstance(candidate, PredictionsFile):
        source.refuse("testset", "`testset` needs `features`: the file that the candidate is shown")


def _sealed_inputs_stay_sealed(values: Values, candidate: Candidate, source: Source) -> None:
    """Sealed inputs reach the candidate in the sandbox only, and it is known by what was submitted (theory.md §4.3)."""
    if isinstance(candidate, PredictionsFile):
        message = "`inputs: sealed` needs a `command:` or a `model:`: whoever made a predictions file saw the inputs"
        source.refuse("candidate.predictions", message)
    isolation = values.get("sandbox")
    if isinstance(isolation, Isolation) and isolation.tier is Sandbox.NONE:
        message = "`sandbox: none` does not go with `inputs: sealed`: sealed inputs are shown in the sandbox only"
        source.refuse("sandbox", message)


def _slots_are_for_sealed_inputs(values: Values, testset: TestSetSource, candidate: Candidate, source: Source) -> None:
    slot = values.get("slot")
    if not isinstance(slot, Slot):
        return
    policy, place = values.get("adaptivity"), source.place_of("slot")
    if testset.inputs is not Inputs.SEALED:
        source.report(place, "`slot` goes with `inputs: sealed` only: on open inputs the time of a run tells nothing")
    elif candidate.timeout is not None:
        source.report(place, "`slot` and `timeout` both say how long a run takes on sealed inputs; leave `timeout` out")
    if slot.most > 1 and isinstance(policy, AdaptivityPolicy) and policy.adaptivity is Adaptivity.NONE:
        source.report(place, "`most` goes with a released outcome, and `adaptivity: none` releases none; leave it out")


def _labels_can_be_read_in_order(values: Values, formula: Formula | None, source: Source) -> None:
    """Tests that stop early are there for accuracies and differences of two, and what else they found stays untold."""
    if values.get("conditions") is not None:
        message = "`labels: sequential` reads labels for one condition; write `condition`, or `labels: all`"
        source.refuse("conditions", message)
    for clause in conditions.clauses(formula) if formula is not None else ():
        if clause.slice is not None or not isinstance(clause.quantity, Difference | Proportion):
            message = (
                f"`labels: sequential` reads accuracies and differences of two on the whole test set, such as n - o, "
                f"and `{clause.text}` is none; write `labels: all`"
            )
            source.refuse("condition", message)
    if values.get("bound") in {Bound.HOEFFDING, Bound.BENNETT}:
        message = f"`bound: {values['bound']}` is for a number of labels that is fixed; use `exact`, or `labels: all`"
        source.refuse("bound", message)
    if isinstance(values.get("feedback"), ThreeWay | Estimate):
        message = "`labels: sequential` releases the verdict alone: more would tell how many labels it took"
        source.refuse("feedback", message)
    testset = values.get("testset")
    _inputs_are_open(testset, source)
    if isinstance(testset, TestSetSource) and testset.cluster is not None:
        source.refuse("labels", "a test that stops early is not there for examples in clusters; write `labels: all`")


def _labels_can_be_drawn(values: Values, formula: Formula | None, source: Source) -> None:
    """Labels can be left out where models agree, if something is compared that counts what one model alone says."""
    asked = conditions.clauses(formula) if formula is not None else ()
    if formula is not None and not any(conditions.can_be_sampled(each.quantity) for each in asked):
        message = (
            "`labels: sampled` leaves out labels of differences in precision, recall, specificity, F1 and F-beta, such "
            'as `f1(n, "spam") - f1(o, "spam")`, and the condition has none; write `labels: all`'
        )
        source.refuse("labels", message)
    if isinstance(values.get("feedback"), Estimate):
        message = "`estimate` counts all labels, and `labels: sampled` leaves some out; leave out one of them"
        source.refuse("feedback", message)
    _inputs_are_open(values.get("testset"), source)


def _inputs_are_open(testset: object, source: Source) -> None:
    """Inputs that are sealed go with all labels."""
    if isinstance(testset, TestSetSource) and testset.inputs is Inputs.SEALED:
        source.refuse("labels", "sealed inputs need all labels before a model sees them; write `labels: all`")


def _grid(estimate: Estimate, source: Source) -> None:
    for rule in (_expression, _grid_is_even, _probabilities_are_complete):
        rule(estimate, source)


def _expression(estimate: Estimate, source: Source) -> None:
    try:
        conditions.measured_by(estimate.of)
    except ConditionError as error:
        message = error.message.splitlines()[0]
        source.refuse("feedback.estimate.of", f"`of` is not an expression like n - o: {message}")


def _reads_no_more(estimate: Estimate, reading: Reading, source: Source) -> None:
    """Files are read once, as the condition needs them."""
    try:
        asked = method_of(conditions.measured_by(estimate.of).quantity).reading
    except ConditionError:  # reported already
        return
    if asked is not None and reading.with_(asked) != reading:
        message = (
            f"`{estimate.of}` reads predictions or labels otherwise than the condition; estimate what it speaks of"
        )
        source.refuse("feedback.estimate.of", message)


def _grid_is_even(estimate: Estimate, source: Source) -> None:
    span = Decimal(repr(estimate.high)) - Decimal(repr(estimate.low))
    if span <= 0:
        source.refuse("feedback.estimate.to", "`to` must be above `from`")
    elif span % Decimal(repr(estimate.step)):
        message = f"`step` {estimate.step:g} does not lead from {estimate.low:g} to {estimate.high:g}"
        source.refuse("feedback.estimate.step", message)
    elif span / Decimal(repr(estimate.step)) > 10_000:  # more would be no message but a data set
        source.refuse("feedback.estimate.step", "the grid has more than 10,000 points")


def _probabilities_are_complete(estimate: Estimate, source: Source) -> None:
    if estimate.probabilities is None or estimate.high <= estimate.low:
        return
    place = source.place_of("feedback", "estimate", "probabilities")
    if len(estimate.probabilities) != len(estimate.points):
        counts = f"{len(estimate.probabilities)} `probabilities` for {len(estimate.points)} points of the grid"
        source.report(place, counts)
    elif not math.isclose(math.fsum(estimate.probabilities), 1, abs_tol=1e-9):
        source.report(place, f"the `probabilities` sum to {math.fsum(estimate.probabilities):.6g}, not to 1")
