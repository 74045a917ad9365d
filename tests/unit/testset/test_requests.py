"""What is written for others: the owner's request, and the features that a model is given."""

from __future__ import annotations

import gzip
import json
import stat

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.predictions import Source, tables
from proctor.testset import ExampleFiles, Form, Requests, blank_form, load, write_features


def exam_with(tmp_path, content, **features):
    (tmp_path / "labels.csv").write_text(content)
    return load(ExampleFiles(Source(tmp_path / "labels.csv"), **features))


def test_requests__for_the_owner_alone(tmp_path):
    """The request names the examples in a file that nobody else can read, ready to be filled in."""
    testset = exam_with(tmp_path, "id,label\na,\nb,\nc,1\n")

    requests = Requests(testset, tmp_path / "new" / "folder")
    request = requests.write(np.array([0, 1]))

    assert ["id,label", "a,", "b,"] == sorted(request.read_text().splitlines(), key=len, reverse=True)
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in requests.folder.iterdir()}
    assert 0o700 == stat.S_IMODE(requests.folder.stat().st_mode)
    assert {request, requests.record} == set(requests.folder.iterdir())


def test_requests__in_the_order_fixed_at_registration(tmp_path):
    """Whoever labels a part of what is asked for labels the beginning of that order, whatever the file's order."""
    ids = [f"e{i}" for i in range(50)]
    orders = []
    for names in (ids, ids[::-1]):
        testset = exam_with(tmp_path, "id,label\n" + "".join(f"{name},\n" for name in names))
        wanted = np.flatnonzero([int(name[1:]) % 3 == 0 for name in names])
        request = Requests(testset, tmp_path / "requests").write(wanted)
        orders.append([line.partition(",")[0] for line in request.read_text().splitlines()[1:]])
        assert [name for name in testset.names(testset.order.tolist()) if name in set(orders[-1])] == orders[-1]

    assert orders[0] == orders[1] != sorted(orders[0], key=ids.index)


def test_requests__remember_all_and_give_the_last(tmp_path):
    """What was asked for stays asked for; a request that is written again is the last one, and is kept once."""
    testset = exam_with(tmp_path, "id,label\n" + "".join(f"e{i},\n" for i in range(9)))
    requests = Requests(testset, tmp_path)
    assert (frozenset(), []) == (requests.asked(), requests.last())

    for rows in ([1, 2], [2, 3], [1, 2]):
        requests.write(np.array(rows))

    assert {"e1", "e2", "e3"} == requests.asked()
    assert {1, 2} == set(requests.last())
    assert 2 == len(requests.record.read_text().splitlines())


def test_requests__damaged_record(tmp_path):
    """A record that cannot be read is named, with the way on."""
    requests = Requests(exam_with(tmp_path, "id,label\na,\n"), tmp_path)
    for content in ("nonsense", '{"a": 1}', "[1]"):
        requests.record.write_text(content)
        with pytest.raises(DataError, match="remembers what labels were asked for") as caught:
            requests.asked()
    assert "run the check again" in caught.value.hint


FEATURES = {
    "csv": "id,x,text,label\ne1,1,one,no\ne2,2,two,no\ne3,3,three,no\n",
    "jsonl": "".join(
        json.dumps({"id": f"e{i}", "x": x, "text": text, "label": "no"}) + "\n"
        for i, x, text in ((1, 1, "one"), (2, float("nan"), "two"), (3, 3, "three"))
    ),
}


@pytest.mark.parametrize("suffix", FEATURES)
def test_blank_form__shows_what_a_person_needs(tmp_path, suffix):
    """Lines and tasks have the features; a table to fill in has not; a column of labels among them is in none."""
    path = tmp_path / f"f.{suffix}"
    path.write_text(FEATURES[suffix])
    testset = exam_with(tmp_path, "id,label\ne1,\ne2,\ne3,\n", features=Source(path))
    x = {"csv": ("3", "2"), "jsonl": (3, None)}[suffix]
    shown = [{"id": "e3", "x": x[0], "text": "three"}, {"id": "e2", "x": x[1], "text": "two"}]

    table, lines, tasks = (blank_form(testset, [2, 1], form) for form in Form)

    assert "id,label\ne3,\ne2,\n" == table
    assert [{**each, "label": None} for each in shown] == [json.loads(line) for line in lines.splitlines()]
    assert [{"data": each, "meta": {"testset": testset.fingerprint}} for each in shown] == json.loads(tasks)
    assert "no" not in (table + lines + tasks)


def test_blank_form__of_sealed_inputs_shows_no_feature(tmp_path):
    """Where inputs are sealed a request names examples, and shows nothing of them."""
    path = tmp_path / "f.csv"
    path.write_text(FEATURES["csv"])
    testset = exam_with(tmp_path, "id,label\ne1,\ne2,\ne3,\n", features=Source(path), key=b"k" * 32)

    assert [{"id": "e2"}] == [task["data"] for task in json.loads(blank_form(testset, [1], Form.LABEL_STUDIO))]


def test_blank_form__arrays_are_left_out(tmp_path):
    """Images and the like cannot be shown in a line of text: the name of the example is there."""
    np.savez(tmp_path / "x.npz", image=np.zeros((2, 4, 4)), x=np.array([1.5, np.inf]), name=np.array([b"a", b"b"]))
    testset = exam_with(tmp_path, "label\n1\n1\n", features=Source(tmp_path / "x.npz"))

    found = [json.loads(line) for line in blank_form(testset, [0, 1], Form.JSONL).splitlines()]

    assert [
        {"row": "1", "x": 1.5, "name": "a", "label": None},
        {"row": "2", "x": None, "name": "b", "label": None},
    ] == found


def test_requests__without_ids(tmp_path):
    """Examples without ids are named by their row."""
    np.savez(tmp_path / "x.npz", x=np.arange(3))
    testset = exam_with(tmp_path, "label\n1\n1\n1\n", features=Source(tmp_path / "x.npz"))

    request = Requests(testset, tmp_path).write(np.array([0, 2]))

    assert {"row,label", "1,", "3,"} == set(request.read_text().splitlines())


def test_requests__no_room(tmp_path):
    """A folder that cannot be made is named."""
    testset = exam_with(tmp_path, "id,label\na,\n")

    with pytest.raises(DataError, match="cannot be written"):
        Requests(testset, tmp_path / "labels.csv" / "folder").write(np.array([0]))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "jsonl", "jsonl.gz", "npz", "parquet"])
@pytest.mark.parametrize("in_memory", [False, True])
def test_write_features__without_labels(tmp_path, suffix, in_memory):
    """The copy has every column but the labels, wherever the features come from."""
    path = tmp_path / f"all.{suffix}"
    table = {"id": ["a", "b"], "x": ["one, two", "three"], "label": ["secret1", "secret2"]}
    match suffix:
        case "csv" | "csv.gz":
            write_text(path, 'id,x,label\na,"one, two",secret1\nb,three,secret2\n')
        case "tsv":
            write_text(path, "id\tx\tlabel\na\tone, two\tsecret1\nb\tthree\tsecret2\n\n")
        case "jsonl" | "jsonl.gz":
            write_text(path, '{"id":"a","x":"one, two","label":"secret1"}\n{"id":"b","x":"three","label":"secret2"}\n')
        case "npz":
            np.savez(path, **{name: np.array(column) for name, column in table.items()})
        case _:
            pa = pytest.importorskip("pyarrow")
            import pyarrow.parquet as pq

            pq.write_table(pa.table(table), path)
    source = Source(path, path.read_bytes() if in_memory else None)
    (tmp_path / "out").mkdir()

    copy = write_features(ExampleFiles(source, source), tmp_path / "out")

    found = tables.read_table(Source(copy))
    assert {"id": ["a", "b"], "x": ["one, two", "three"]} == {k: list(v) for k, v in found.columns.items()}
    content = copy.read_bytes()
    assert b"secret" not in (gzip.decompress(content) if suffix.endswith("gz") else content)
    assert copy.name == f"features.{suffix}"
    assert [copy] == list((tmp_path / "out").iterdir())


def write_text(path, text):
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def test_write_features__in_parts(tmp_path):
    """A folder of Parquet files becomes one file, with what the names of its folders say."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    for day, name in ((1, "a"), (2, "b")):
        (tmp_path / f"all/day={day}").mkdir(parents=True)
        pq.write_table(pa.table({"id": [name], "label": ["secret"]}), tmp_path / f"all/day={day}/0.parquet")
    source = Source(tmp_path / "all")
    (tmp_path / "out").mkdir()

    copy = write_features(ExampleFiles(source, source), tmp_path / "out")

    found = {name: list(column) for name, column in tables.read_table(Source(copy)).columns.items()}
    assert {"id": ["a", "b"], "day": [1, 2]} == found
    assert ("day",) == load(ExampleFiles(source, source)).columns


def test_write_features__as_they_are(tmp_path):
    """Features without labels are copied byte by byte."""
    path = tmp_path / "f.csv"
    path.write_bytes(b"id,x\r\na,1\r\n")
    (tmp_path / "out").mkdir()

    copy = write_features(ExampleFiles(Source(path), Source(path)), tmp_path / "out")

    assert (b"id,x\r\na,1\r\n", "features.csv") == (copy.read_bytes(), copy.name)


def test_write_features__none(tmp_path):
    """Without features no model can be run, and the error names the key."""
    with pytest.raises(DataError, match=r"testset\.features"):
        write_features(ExampleFiles(Source(tmp_path / "l.csv")), tmp_path)
