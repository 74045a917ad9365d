"""
Whatever bytes a file holds, reading it ends well or in an error that a person can act on: never in a bug of ours.

The profile is derandomized and small; a longer run of the same is a matter of `max_examples`.
"""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor import gatefile
from proctor.errors import ProctorError
from proctor.gatefile.keys import GATE
from proctor.predictions import Sheet, Source, align, read_predictions
from proctor.spelling import written_class
from proctor.testset import ExampleFiles, load

NAMES = st.sampled_from(["id", "prediction", "label", "", "index", "x"])
_ODD = [
    "",
    " ",
    "e\u0301",
    "a\u200b",
    "\ufeff",
    "\u00a0",
    "\0",
    "\r",
    "\n",
    "\t",
    '"',
    "9" * 5_000,
    "x" * 300,
    "\ud800",
]
WORDS = st.sampled_from(
    [
        *["1", "1.0", "-0", "1e999", "007", "nan", "NaN", "inf", "TRUE", "false", "é", ",", ";", "0x10", "1_000"],
        "9" * 30,
        *_ODD,
    ]
)
CELLS = st.one_of(WORDS, st.text(max_size=8), st.integers().map(str), st.floats().map(str))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
SUFFIXES = ["csv", "tsv", "csv.gz", "jsonl", "npy", "npz", "parquet"]


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def parquet(columns):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def whole(suffix):
    """A file that is as it should be."""
    table = {"id": ["a", "b", "c"], "prediction": ["x", "y", "x"], "label": ["x", "y", "y"]}
    rows = list(zip(*table.values(), strict=True))
    match suffix:
        case "csv" | "tsv" | "csv.gz":
            mark = "\t" if suffix == "tsv" else ","
            text = "".join(mark.join(row) + "\n" for row in [tuple(table), *rows]).encode()
            return gzip.compress(text, mtime=0) if suffix == "csv.gz" else text
        case "jsonl":
            return "".join(json.dumps(dict(zip(table, row, strict=True))) + "\n" for row in rows).encode()
        case "npy":
            return npy(np.array(table["prediction"]))
        case "npz":
            return npz(**{name: np.array(column) for name, column in table.items()})
        case _:
            return parquet(table)


def put_to_use(suffix, content):
    """Read *content* as predictions, as labels and as features, and bring the predictions into order."""
    source = Source(Path(f"p.{suffix}"), content)
    for use in (
        lambda: align(Sheet(3, ["a", "b", "c"]), read_predictions(source, n_examples=3)),
        lambda: align(Sheet(3), read_predictions(source, n_examples=3)),
        lambda: load(ExampleFiles(source)).read_labels(),
        lambda: load(ExampleFiles(source, source, classes=frozenset({"x", "nan"}))).read_labels(),
    ):
        try:
            use()
        except ProctorError as error:
            assert str(error).isprintable() or "\n" in str(error)  # noqa: PT017  # an error is what is hoped for
            str(error).encode()


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(content=st.binary(max_size=200))
def test_readers__any_bytes(suffix, content):
    """Bytes of no format at all."""
    put_to_use(suffix, content)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(data=st.data())
def test_readers__damaged_bytes(suffix, data):
    """A file that was right until bytes in it were exchanged, taken out or added."""
    content = bytearray(whole(suffix))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 4))
        content[start:end] = data.draw(st.binary(max_size=4))

    put_to_use(suffix, bytes(content))


@given(header=st.lists(NAMES, max_size=4), rows=st.lists(st.lists(CELLS, max_size=4), max_size=4))
def test_readers__any_cells(header, rows):
    """Text in columns, whether the cells are quoted or not."""
    lines = [header, *rows]
    plain = "\n".join(",".join(line) for line in lines)
    quoted = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)

    for text in (plain, quoted):
        put_to_use("csv", text.encode("utf-8", "surrogatepass"))


@given(records=st.lists(st.dictionaries(NAMES, VALUES, max_size=4) | VALUES, max_size=4))
def test_readers__any_json(records):
    """JSON of any shape."""
    put_to_use("jsonl", "".join(json.dumps(record) + "\n" for record in records).encode())


DTYPES = ["?", "i1", "<u8", ">i4", "f2", "f8", "c8", "U3", "S3", "M8[s]", "m8[s]", "V4", "i4,f4"]


@given(
    ids=st.sampled_from(DTYPES),
    values=st.sampled_from(DTYPES),
    shape=st.sampled_from([(), (0,), (3,), (3, 1), (1, 3), (3, 2), (3, 0), (0, 1)]),
    content=st.binary(min_size=256, max_size=256),
)
def test_readers__any_array(ids, values, shape, content):
    """Arrays of any type and shape."""
    arrays = [np.frombuffer(content, kind, int(np.prod(shape))).reshape(shape) for kind in (ids, values)]

    put_to_use("npy", npy(arrays[1]))
    put_to_use("npz", npz(id=arrays[0], prediction=arrays[1], label=arrays[1]))


TYPES = ["bool_", "int64", "float64", "string", "binary", "date32", "decimal128(5)", "dictionary", "list", "null"]


@given(ids=st.sampled_from(TYPES), values=st.sampled_from(TYPES), nulls=st.booleans())
def test_readers__any_parquet(ids, values, nulls):
    """Columns of any type."""
    pa = pytest.importorskip("pyarrow")

    def column(name):
        cells = {"string": ["a", "b", "c"], "binary": [b"a", b"\xff", b""], "list": [[1], [2], []]}.get(name, [1, 0, 1])
        cells = [None, *cells[1:]] if nulls else cells
        match name:
            case "dictionary":
                return pa.array(cells).dictionary_encode()
            case "list" | "string" | "binary":
                return pa.array(cells)
            case "null":
                return pa.nulls(3)
            case "bool_":
                return pa.array(cells).cast(pa.bool_())
            case "decimal128(5)":
                return pa.array(cells).cast(pa.decimal128(20))
            case "date32":
                return pa.array(cells, pa.int32()).cast(pa.date32())
            case _:
                return pa.array(cells).cast(getattr(pa, name)())

    put_to_use("parquet", parquet({"id": column(ids), "prediction": column(values), "label": column(values)}))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8), min_size=1))
def test_readers__one_reading(words):
    """One text is one class in every format."""
    file = "".join(json.dumps({"prediction": word}) + "\n" for word in words).encode()
    readings = []
    for suffix, content in (
        ("jsonl", file),
        ("npz", npz(prediction=np.array(words))),
        ("parquet", parquet({"prediction": words})),
        ("csv", ("prediction\n" + "".join('"' + word.replace('"', '""') + '"\n' for word in words)).encode()),
    ):
        try:
            readings.append(list(map(str, read_predictions(Source(Path(f"p.{suffix}"), content)).values.tolist())))
        except ProctorError:
            readings.append(None)

    found = {str(reading) for reading in readings[:3]}
    assert 1 == len(found)
    assert readings[3] in (None, readings[0]) or any(isinstance(written_class(word), float) for word in words)


# --- gate files ------------------------------------------------------------------------------------------------------

KEYS = st.sampled_from([*(key.name for key in GATE.keys), "labels", "features", "predictions", "command", "id", "zz"])
_VALUES = """
n > 0.8|n - o > 0.01 +/- 0.02|n > 1e999|0.999|1|-1|1e400|0x1F|1_0|!!int '3'|!!binary x|.nan|.inf|~|true|2026-01-01
2026-99-99|12:30:00|'|"|*a|&a x|<<|> x|[|{|y.csv|new.csv|fp-free|none -> a@b.c|{{x}}|%|@|- - -|? x|=|0o9|\u2028|\x07
"""
SCALARS = st.sampled_from(["", "|", *_VALUES.replace("\n", "|").strip("|").split("|")])
BLOCKS = st.recursive(
    SCALARS | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(KEYS, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=6,
)


def declare(content):
    try:
        gatefile.loads_any(content)
    except ProctorError as error:
        str(error)


@given(st.text(max_size=60))
def test_gatefile__any_text(text):
    """Text of no form at all."""
    declare(text)


@given(st.lists(st.tuples(KEYS, BLOCKS), max_size=8))
def test_gatefile__any_values(pairs):
    """Keys that there are, with values that there are not."""
    declare("".join(f"{key}: {value}\n" for key, value in pairs))


@given(
    st.lists(st.tuples(KEYS, BLOCKS), max_size=3),
    st.sampled_from(["n > 0.8", "n - o > 0.01 +/- 0.01 /\\ n - a > 0", "d < 0.1 +/- 0.05"]),
)
def test_gatefile__one_key_wrong(pairs, condition):
    """A gate file that was right until keys were added."""
    keys = {"condition": condition, "testset": "{labels: y.csv}", "candidate": "{predictions: new.csv}"} | dict(pairs)
    declare("".join(f"{key}: {value}\n" for key, value in keys.items()))


@given(st.binary(max_size=60))
def test_gatefile__any_bytes(tmp_path_factory, content):
    """Bytes that are no text."""
    path = tmp_path_factory.getbasetemp() / "proctor.yml"
    path.write_bytes(content)
    try:
        gatefile.load_any(path)
    except ProctorError as error:
        str(error)
