"""Means over clusters: levels where the examples of a cluster are all alike, values, order, plans, and words."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from proctor.budget import Adaptive, Contract, Mode
from proctor.conditions import Truth, clustered, normalize, parse
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, DataError
from proctor.evaluation import Evaluation, evaluate, figures
from proctor.language import Clause, Clustered
from proctor.language.tree import Filter, Relation, Slice
from proctor.methods import method_of
from proctor.methods.sizes.share import Share
from proctor.planning import Request, plan
from proctor.predictions import Labels, Source
from proctor.sample import Sample
from proctor.testset.metadata import Described
from proctor.testset.slices import clusters_of
from proctor.words import explain, in_words

ALIKE = 4  # examples of each cluster, in the enumerations


def clause(text: str, cluster: str | None = "user") -> Clause:
    found = clustered(normalize(parse(text)), cluster)
    assert isinstance(found, Clause)
    return found


def judged(text: str, sample: Sample, level: float, cluster: str | None = "user") -> Evaluation:
    sample = sample if cluster else replace(sample, clusters=None)
    return evaluate(clause(text, cluster), sample, Mode.FP_FREE, math.log(level))


@pytest.mark.parametrize("text", ["n > 0.5", "n - 1.1 * o > 0", "mean(n) > 0.5"])
def test_sample__refuses_to_count_examples_one_by_one(text: str) -> None:
    """Whoever forgets the clusters gets no verdict, rather than one that proves too much."""
    sample = of_alike(((True, False), (False, True)))

    with pytest.raises(DataError, match="judged by clusters, and not one by one"):
        evaluate(clause(text, None), sample, Mode.FP_FREE, math.log(0.05))


def of_alike(codes: tuple[tuple[bool, bool], ...]) -> Sample:
    """Clusters in which all examples came out alike: whether new and old are right on those of each."""
    new, old = (np.repeat([int(pair[model]) for pair in codes], ALIKE) for model in (0, 1))
    whose = np.repeat(np.arange(len(codes)), ALIKE)
    return Sample(Panel(new, old), Labels(np.ones_like(new)), np.arange(len(new)), clusters=whose)


@pytest.mark.parametrize(
    ("text", "cases", "n_clusters"),
    [
        ("n > 0.5", {(True, False): 0.5, (False, False): 0.5}, 9),
        ("n < 0.3", {(True, False): 0.3, (False, False): 0.7}, 9),
        ("n - o > 0", {(True, False): 0.5, (False, True): 0.5}, 9),
        ("n - 1.1 * o > 0", {(True, False): 0.5, (False, True): 0.4545454, (True, True): 0.0454546}, 6),
    ],
)
def test_rejects__level_where_examples_of_a_cluster_are_alike(
    text: str, cases: dict[tuple[bool, bool], float], n_clusters: int
) -> None:
    """By enumeration, on the boundary: ours keeps its level, and the test of examples breaks it more than twice."""
    level, wrong = 0.05, {"user": 0.0, None: 0.0}
    for codes in product(cases, repeat=n_clusters):
        chance = math.prod(cases[code] for code in codes)
        sample = of_alike(codes)
        for cluster in wrong:
            wrong[cluster] += chance * (judged(text, sample, level, cluster).truth is Truth.TRUE)

    assert wrong["user"] <= level
    assert wrong[None] > 2 * level


def test_rejects__level_is_used() -> None:
    """It is no wider than betting is: at 1.5 times the level, the boundary is passed more often than the level says."""
    level, n_clusters = 0.05, 10
    wrong = sum(
        judged("n > 0.5", of_alike(codes), 1.5 * level).truth is Truth.TRUE
        for codes in product([(True, False), (False, False)], repeat=n_clusters)
    )

    assert level < wrong / 2**n_clusters <= 1.5 * level


def test_rejects__order_has_nothing_to_do_with_size() -> None:
    """
    Where large clusters are right and small ones wrong, half of each, `n > 0.5` is on its boundary.

    In an order in which large ones come first it would pass nearly always. False alarm: below 1e-5 (Bin(200, 0.05)).
    """
    rng = np.random.default_rng(12)
    passes = {"ours": 0, "large first": 0}
    for _ in range(200):
        is_large = rng.random(60) < 0.5
        names = rng.integers(0, 2**40, 60)
        sizes = np.where(is_large, 10, 1)
        new = np.repeat(is_large, sizes).astype(int)
        content = "user\n" + "".join(f"u{name}\n" for name in np.repeat(names, sizes).tolist())
        ours = clusters_of(Described(Source(Path("features.csv"), content.encode()), ["user"]), "user")
        by_size = np.repeat(np.argsort(np.argsort(-sizes, kind="stable")), sizes)
        for name, whose in (("ours", ours), ("large first", by_size)):
            sample = Sample(Panel(new), Labels(np.ones_like(new)), np.arange(len(new)), clusters=whose)
            passes[name] += judged("n > 0.5", sample, 0.05).truth is Truth.TRUE

    assert passes["ours"] < 26
    assert passes["large first"] > 190


@pytest.mark.parametrize(
    "text", ["n > 0.5", "n - o > 0", "n - 1.1 * o + d > 0", "mean(n) - mean(o) > 0", "error(n) < 0.5"]
)
def test_estimate__is_the_mean_of_cluster_means(text: str) -> None:
    """Each cluster counts once, whatever its size, on the whole and on a slice of it; so do the owner's bounds."""
    rng = np.random.default_rng(5)
    new, old = rng.integers(0, 2, (2, 300)).astype(float if "mean" in text else int)
    labels, whose = np.ones(300, int), rng.integers(0, 40, 300) ** 2 // 40
    eu = Slice((Filter("region", Relation.EQUAL, ("EU",)),))
    is_eu = rng.random(300) < 0.3
    sample = Sample(
        Panel(new, old),
        Labels(labels),
        rng.permutation(300),
        {eu: is_eu},
        clusters=np.unique(whose, return_inverse=True)[1],
    )
    value = {"n": new, "e": new, "n - o": new - old, "n - 1": new - 1.1 * old + (new != old), "m": new - old}
    per_example = next(values for start, values in reversed(value.items()) if text.startswith(start))

    for end, rows in (("", np.full(300, True)), (' on region == "EU"', is_eu)):
        evaluation = judged(f"{text}{end}", sample, 0.05)
        found = evaluation.findings[0].estimate
        means = [per_example[rows & (whose == each)].mean() for each in np.unique(whose[rows])]
        assert found == pytest.approx(np.mean(means))
        (bounds,) = figures(evaluation, sample)["clauses"]
        assert bounds["lower_bound"] < found < bounds["upper_bound"]


@pytest.mark.parametrize(
    "text",
    [
        'precision(n, "spam") > 0.5',
        'f1(n, "a") - f1(o, "a") > 0',
        'fbeta(n, "a", beta=2) > 0.5',
        'auc(n, "a") > 0.5',
        "quantile(n, 0.95) < 200",
        'n > 0.5 and recall(n, "a") > 0.5',
    ],
)
def test_clustered__refuses_what_is_no_mean(text: str) -> None:
    """The clause is named, and what goes by clusters."""
    culprit = text.removeprefix("n > 0.5 and ")
    with pytest.raises(ConditionError, match="cannot be judged by clusters of `user`") as refused:
        clustered(normalize(parse(text)), "user")

    assert f"`{culprit}`" in refused.value.message


@pytest.mark.parametrize("text", ["n > 0.8 +/- 0.05", "d < 0.1 +/- 0.02", "n - o > 0 +/- 0.02 and d < 0.1 +/- 0.02"])
def test_plan__counts_clusters_as_if_all_their_examples_were_alike(text: str) -> None:
    """It is that of as many single examples, and what betting takes more; of what changes it knows as much."""
    plain = normalize(parse(text))
    request = Request(Contract(0.999), Adaptive(), power=0.9)
    of_examples, of_clusters = (plan(formula, request) for formula in (plain, clustered(plain, "user")))

    assert of_examples.examples <= of_clusters.examples < 1.4 * of_examples.examples
    assert of_clusters.labels <= 1.4 * of_examples.labels
    assert all("on each cluster" in clause.reason for clause in of_clusters.clauses)


def test_plan__has_the_power_that_it_says() -> None:
    """Where all examples of a cluster are alike, nine of ten are recognized. False alarm: 1e-5 (Bin(100, 0.1) > 23)."""
    found = clause("n > 0.5 +/- 0.05")
    share = Share(found, True, math.log(1e-3), math.log(0.1), 1.0, 1.0, is_said=False)
    n_clusters = method_of(found.quantity).sizing(share, False, None).sample_size()
    rng = np.random.default_rng(4)

    missed = 0
    for _ in range(100):
        sample = of_alike(tuple((bool(right), False) for right in rng.random(n_clusters) < 0.6))
        missed += judged("n > 0.5", sample, 1e-3).truth is not Truth.TRUE
    assert missed <= 23


def test_words__say_what_counts_once() -> None:
    """In one line, in the longer story, and in the unit of the quantity."""
    assert in_words(clause("n - o > 0.02")) == "new is better than old by more than 2 points, each user counting once"
    assert method_of(clause("n - o > 0.02").quantity).tolerance_in_words(0.02) == "2 points"
    told = " ".join(explain("mean(n, max=5) > 4 +/- 0.1", cluster="user").asks)
    assert "All examples of one user are one observation" in told
    assert "each counting once, however many examples it has" in told
    assert "4.2 or more" in told


def test_clustered__text_is_that_of_the_quantity() -> None:
    """The question is known by its text; the clusters are the test set's."""
    found = clause("n - o > 0.02 +/- 0.01")
    assert isinstance(found.quantity, Clustered)
    assert (str(found.quantity), found.text) == ("n - o", "n - o > 0.02 +/- 0.01")
