"""
Tables in many formats, and what the gate's own reading counts in them: every engine must count the same.

An engine is anything with the arguments of `proctor.crosstabs.duckdb.count`.
Random tables come from fixed seeds, so a test passes or fails in every run alike.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from proctor.conditions import expanded, normalize, parse, slices
from proctor.counting.events import JOINT, Called, Differ, Positive, Right
from proctor.crosstabs import Field
from proctor.language import Variable
from proctor.predictions import Panel, Source, align, read_predictions
from proctor.sample import Sample
from proctor.testset.examples import ExampleFiles, load
from proctor.testset.slices import groups_of

NAMES = ("labels", "new", "old", "anchor")
COLUMNS = ("label", "prediction", "prediction", "prediction")
ENDINGS = (".parquet", ".csv", ".jsonl", ".npz")


@dataclass(frozen=True)
class Asked:
    """Events on examples whose labels nobody insists on."""

    events: tuple

    def needs_label(self, panel):
        return np.zeros(len(panel), np.bool_)


def codings(classes):
    """Everything that methods tell examples apart by, for these classes."""
    of_classes = ((Positive(name), Called(Variable.N, name), Called(Variable.O, name)) for name in classes)
    return [Asked(events) for events in (JOINT, (Right(Variable.N), Differ()), *of_classes)]


def reference(folder, ending, classes=None):
    """The sample as `proctor check` reads it."""
    paths = [folder / f"{name}{ending}" for name in NAMES]
    testset = load(ExampleFiles(Source(paths[0]), classes=classes))
    labels = testset.read_labels()
    found = [align(testset.sheet(labels), read_predictions(path)).values for path in paths[1:] if path.exists()]
    return Sample(Panel(*found), labels, testset.order)


def counted(engine, folder, ending, classes=None, **more):
    """The same by an engine."""
    fields = [Field(folder / f"{name}{ending}", column) for name, column in zip(NAMES, COLUMNS, strict=True)]
    there = [field for field in fields if field.table.exists()]
    return engine(*there, classes=classes, **more)


# --- slices ----------------------------------------------------------------------------------------------------------

SLICES = (
    'n > 0 on region == "EU"',
    'n > 0 on region != "café"',
    'n > 0 on region in ["EU", "猫", "1"]',
    "n > 0 on region == 1",
    "n > 0 on flag == 1",
    "n > 0 on age < 3",
    'n > 0 on (age >= 2 and region != "EU")',
    "n > 0 on score <= 0.5",
    "n > 0 on (score == 0.25 and age > 0)",
    "every region: n > 0",
    "every flag: n > 0 on (age != 4 and score > 0.1)",
    "every age: n > 0",
)


def described(rng, n):
    """Columns that slices speak of, with cells that are missing, and others that are one cell in several spellings."""
    regions = [
        "EU",
        " EU",
        "US",
        "café",
        unicodedata.normalize("NFD", "café"),
        "猫",
        "1",
        " 1.0",
        "",
        None,
        *"abcdefghij",
    ]
    ages = [0, 1, 2, 3, 4, 5, None]
    return {
        "region": [regions[i] for i in rng.integers(0, len(regions), n)],
        "age": [ages[i] for i in rng.integers(0, len(ages), n)],
        "score": [0.25 if rng.random() < 0.2 else float(each) for each in rng.random(n)],
        "flag": (rng.random(n) < 0.3).tolist(),
    }


def write_described(folder, ending, rng, ids, n=300):
    """Metadata of what `write_all` writes, in an order of their own."""
    names, columns, order = ids(rng, n), described(rng, n), rng.permutation(n)
    whole = {"id": names} | columns
    write(folder / f"meta{ending}", {name: [cells[i] for i in order] for name, cells in whole.items()})


def whole_testset(folder, ending):
    """The test set with its metadata as `proctor check` reads it."""
    return load(ExampleFiles(Source(folder / f"labels{ending}"), metadata=Source(folder / f"meta{ending}")))


def check_slices(engine, count, folder, ending, conditions=SLICES):
    """Sizes, groups and counts of slices are those of whole files; *engine* is a `Counting`."""
    testset, sample = whole_testset(folder, ending), reference(folder, ending)
    meta = folder / f"meta{ending}"
    known = [name for name, is_told in engine.columns(Field(meta, "")).items() if is_told]
    assert sorted(known) == ["age", "flag", "id", "region", "score"]
    for text in conditions:
        formula = normalize(parse(text))
        (asked,) = slices(formula)
        fields = [
            Field(meta, name) for name in sorted({each.column for each in asked.filters} | {asked.every} - {None})
        ]
        found = engine.combinations(fields, [asked], known, id="id")
        assert int(found.times.sum()) == 300
        if asked.every is not None:
            assert set(groups_of(found.described, asked)) == set(testset.groups(asked)), text
            (asked, *_) = several = slices(expanded(formula, testset.groups))
        else:
            several = (asked,)
        masks, of_engine = testset.masks(several), engine.combinations(fields, several, known, id="id")
        sizes = {each: int(of_engine.times[mask].sum()) for each, mask in of_engine.masks(several).items()}
        assert sizes == testset.sizes(several), text
        assert 0 < sizes[asked] < 300  # else the tables show nothing
        table = counted(count, folder, ending, id="id", described=fields, slices=several)
        for each in several:
            expected = Sample(sample.panel, sample.labels, sample.order, masks).on(each)
            assert table.on(each).n_examples == expected.n_examples
            for coding in codings(["cat", "EU", "1"]):
                assert table.on(each).counts(coding) == expected.counts(coding), text


# --- tables ----------------------------------------------------------------------------------------------------------


def words(rng, n):
    """Words in all the spellings that mean the same, and some that do not."""
    pool = ["cat", " cat", "CAT", "ice cream", "ice\u00a0 cream", "café", unicodedata.normalize("NFD", "café"), "猫"]
    return [pool[i] for i in rng.integers(0, len(pool), n)]


def integers(rng, n):
    return rng.integers(-2, 4, n).tolist()


def truths(rng, n):
    return (rng.random(n) < 0.5).tolist()


def whole_floats(rng, n):
    return rng.integers(0, 3, n).astype(float).tolist()


def text_ids(rng, n):
    """Ids that are easily taken for others, and two spellings of one letter."""
    return [["x", "é", "Z ", "-", "猫"][i % 5] + str(i) for i in range(n)]


def number_ids(rng, n):
    return list(range(7, 7 + n))


def respelled_ids(ids):
    return [f" {unicodedata.normalize('NFD', each)}\t" if isinstance(each, str) else each for each in ids]


def write(path, columns):
    """A table in the format that the ending names."""
    match path.suffix:
        case ".parquet":
            pq.write_table(pa.table(columns), path)
        case ".csv":
            rows = zip(*columns.values(), strict=True)
            lines = [",".join("" if cell is None else f'"{cell}"' for cell in row) for row in rows]
            path.write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
        case ".jsonl":
            rows = zip(*columns.values(), strict=True)
            lines = [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        case ".npz":
            np.savez(path, **{name: np.array(cells) for name, cells in columns.items()})


def write_all(folder, ending, rng, cells, ids, n=300, missing=0.0, respell=True):
    """Labels and predictions of two models and an anchor, each in an order of its own."""
    names = ids(rng, n)
    for place, (name, column) in enumerate(zip(NAMES, COLUMNS, strict=True)):
        order = rng.permutation(n)
        values = cells(rng, n)
        if place == 0:
            values = [None if rng.random() < missing else value for value in values]
        given = respelled_ids(names) if respell and place == 2 else names
        write(folder / f"{name}{ending}", {"id": [given[i] for i in order], column: [values[i] for i in order]})
