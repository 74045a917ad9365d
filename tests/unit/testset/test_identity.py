"""One account per test set, whatever its files look like; and honest fresh sets, which are none of the others."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from proctor.predictions import Source
from proctor.testset import (
    Copies,
    Doubtful,
    ExampleFiles,
    Fresh,
    Shares,
    Traits,
    judge,
    load,
    open_traits,
    seal_traits,
)
from proctor.testset.alike import is_row_numbers

N = 2000


@pytest.fixture
def draw(tmp_path):
    """A function that gives the traits of a table: columns by name, written as a file and read again."""

    def _draw(**columns):
        names = list(columns)
        with (tmp_path / "features.csv").open("w", newline="") as file:
            csv.writer(file).writerows([names, *zip(*columns.values(), strict=True)])
        return load(ExampleFiles(Source(tmp_path / "features.csv"), Source(tmp_path / "features.csv"))).traits

    return _draw


def sample(seed, n=N):
    """Features of one population: a measured number, a small integer, a word, a constant."""
    r = np.random.default_rng(seed)
    words = ["yes", "no", "perhaps", "often", "never", "soon"]
    return {
        "x": [f"{value:.9f}" for value in r.normal(3, 2, n)],
        "z": r.integers(0, 9, n).tolist(),
        "word": r.choice(words, n, p=[0.3, 0.3, 0.2, 0.1, 0.05, 0.05]).tolist(),
        "at": ["2026-11-01"] * n,
    }


def ids(prefix, n=N, start=0):
    return {"id": [f"{prefix}{i}" for i in range(start, start + n)]}


def shaken(values, seed=1):
    r = np.random.default_rng(seed)
    return [f"{float(value) * (1 + 1e-3 * r.uniform(-1, 1)):.5f}" for value in values]


def without(columns, *names):
    return {name: values for name, values in columns.items() if name not in names}


FORMS = {
    "re-dated": lambda s: s | {"at": ["2026-11-28"] * N},
    "a column dropped": lambda s: without(s, "at"),
    "the measured column dropped": lambda s: without(s, "x"),
    "columns renamed": lambda s: {"one": s["x"], "two": s["z"], "three": s["word"]},
    "the fourth digit jitters": lambda s: s | {"x": shaken(s["x"])},
    "jitters, re-dated and renamed": lambda s: {"a": shaken(s["x"]), "b": s["z"], "c": s["word"], "d": ["1"] * N},
    "one column is other": lambda s: s | {"x": sample(99)["x"]},
    "blanks and case": lambda s: s | {"word": [f"{w.upper()} " for w in s["word"]], "at": ["now"] * N},
    "shuffled and re-dated": lambda s: {k: v[::-1] for k, v in s.items()} | {"at": ["now"] * N},
    "rows taken away, and re-dated": lambda s: {k: v[100:] for k, v in s.items()} | {"at": ["now"] * (N - 100)},
    "a column added, one re-dated": lambda s: s | {"at": ["now"] * N, "noise": list(range(N))},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("numbering", ["proper", "row numbers", "none"])
def test_judge__the_same_set_in_another_form(draw, form, numbering):
    """By its ids where they are ids, else by what its columns hold."""
    first = sample(1)
    other = form(first)
    n = len(next(iter(other.values())))
    named = {"proper": ids("e"), "row numbers": ids(""), "none": {}}[numbering]
    again = {"proper": ids("e", n), "row numbers": ids("", n, start=1), "none": {}}[numbering]

    found = judge(draw(**named, **first), draw(**again, **other))

    assert isinstance(found, Shares | Copies)


@pytest.mark.parametrize("named", [{}, ids("f"), ids("", start=1)], ids=["without ids", "renamed", "renumbered"])
def test_judge__other_ids_on_the_same_features(draw, named):
    assert isinstance(judge(draw(**ids("e"), **sample(1)), draw(**named, **sample(1))), Shares)


def test_judge__the_same_ids_on_other_features(draw):
    assert isinstance(judge(draw(**ids("e"), **sample(1)), draw(**ids("e"), **sample(2))), Shares)


@pytest.mark.parametrize("n", [N, 1500, 3000])
@pytest.mark.parametrize("prefix", ["f", ""])
def test_judge__a_fresh_sample(draw, n, prefix):
    """Rows and columns that repeat by chance are no reason; as many row numbers are a doubt and not a refusal."""
    discrete = ["z", "word", "at"]
    first, second = sample(1), sample(2, n)

    for names in (list(first), discrete, ["word", "at"], ["x"]):
        then, now = ({name: each[name] for name in names} for each in (first, second))
        found = judge(draw(**ids("" if not prefix else "e"), **then), draw(**ids(prefix, n), **now))

        assert found == (Doubtful() if n == N and not prefix else Fresh())


def test_judge__fresh_samples_of_repeating_rows(draw):
    """Of 900 possible rows most repeat by chance; 30 pairs of samples, each refused with a chance of 1e-6."""
    for seed in range(30):
        r = np.random.default_rng(seed)
        then, now = (
            draw(**ids(p, n), a=r.integers(0, 30, n), b=r.integers(0, 30, n))
            for p, n in (("e", N), ("f", 1800 + 20 * seed))
        )

        assert Fresh() == judge(then, now)


def test_judge__a_column_by_design_is_not_evidence(draw):
    """Ten stores, each as often in every set: beside measured columns that differ, it says nothing."""
    store = {"store": [i % 10 for i in range(N)]}
    then, now = (sample(seed) for seed in (1, 2))

    assert Fresh() == judge(draw(**ids("e"), **store, **then), draw(**ids("f"), **store, **now))


@pytest.mark.parametrize(
    ("n_columns", "said"),
    [
        (1, "column 'store' has each of its values about as often as"),
        (2, "columns 'shelf' and 'store' have each of their values about as often as"),
        (5, "columns 'hour', 'lane', 'shelf' and 2 more have each of their values about as often as"),
    ],
)
def test_judge__nothing_but_columns_by_design(draw, n_columns, said):
    """They look like a copy, and are named as they are called in the set that is judged."""
    moduli = {"store": 10, "shelf": 16, "hour": 20, "week": 25, "lane": 8}
    names = list(moduli)[:n_columns]
    then = {f"old {name}": [i % moduli[name] for i in range(N)] for name in names}
    now = {name: [(i * 7 + 3) % moduli[name] for i in range(N)] for name in names}
    different = {"at": [f"2026-{i % 9}" for i in range(N)]}, {"at": [f"2027-{i % 9}" for i in range(N)]}

    found = judge(draw(**ids("e"), **different[0], **then), draw(**ids("f"), **different[1], **now))

    assert said == str(found)


def test_judge__numbered_rows_are_no_columns(draw):
    """Row numbers and file names that count are the same in every set."""
    counted = {"row": list(range(N)), "file": [f"img_{i:05}.png" for i in range(N)]}

    assert Doubtful() == judge(draw(**counted, **sample(1)), draw(**counted, **sample(2)))


def test_judge__what_earlier_versions_registered(draw):
    """Without the new notes, rows are compared, and what cannot be told is a doubt."""
    then = draw(**ids(""), **sample(1))
    old = Traits.from_json(N, then.rows.to_json(), True, None)

    assert isinstance(judge(old, draw(**ids(""), **sample(1))), Shares)
    assert Doubtful() == judge(old, draw(**ids(""), **sample(2)))
    assert Fresh() == judge(old, draw(**ids("f"), **sample(2)))


def test_traits__to_the_ledger_and_back(draw):
    """In the open and sealed, they are the same; with another key they say nothing."""
    then = draw(**ids("e"), **sample(1))
    text = seal_traits(then, b"k" * 32)
    forms = seal_traits(then, b""), open_traits(text, b"k" * 32)

    for form in forms:
        back = Traits.from_json(N, then.rows.to_json(), True, form)
        assert isinstance(judge(back, draw(**ids("f"), **FORMS["re-dated"](sample(1)))), Copies)
    assert open_traits(text, b"l" * 32) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["1", "2", "3"], True),
        (["007", "009", "008"], True),
        (["1", "3"], False),
        (["e1", "e2"], False),
        (["12", "7", "40"], False),
        ([], False),
    ],
)
def test_is_row_numbers(names, expected):
    assert expected == is_row_numbers(names)
