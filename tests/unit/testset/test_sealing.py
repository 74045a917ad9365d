"""Sealing: what is hidden stays hidden, every change shows, and every error says what is wrong without telling more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.cli.seal import seal
from proctor.errors import DataError, KeyFault
from proctor.testset import keys, sealing
from proctor.testset.keys import Key

KEY = Key(bytes(range(32)))
OTHER = Key(bytes(range(1, 33)))
CHUNK = 1 << 20
LABELS = b"id,label\n1,hushhush\n2,cat\n"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_open_bytes__gives_back_what_was_sealed(size):
    """Every length around the borders of chunks comes back unchanged."""
    plaintext = os.urandom(16) * (size // 16) + b"x" * (size % 16)

    assert plaintext == sealing.open_bytes(sealing.seal_bytes(plaintext, KEY, "labels"), KEY, "labels")


@settings(max_examples=50)
@given(st.data())
def test_open_bytes__refuses_every_flipped_bit(data):
    """No bit of header, body or tag can be flipped unnoticed."""
    sealed = bytearray(sealing.seal_bytes(LABELS, KEY, "labels"))
    place = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[place // 8] ^= 1 << place % 8

    with pytest.raises(KeyFault):
        sealing.open_bytes(bytes(sealed), KEY, "labels")


def test_open_bytes__refuses_every_flipped_bit_of_the_header():
    """The header is authenticated as a whole, its public fields and its reserved bytes included."""
    whole = sealing.seal_bytes(b"", KEY, "labels")
    for place in range(8 * len(whole)):
        sealed = bytearray(whole)
        sealed[place // 8] ^= 1 << place % 8
        with pytest.raises(KeyFault):
            sealing.open_bytes(bytes(sealed), KEY, "labels")


@pytest.mark.parametrize("kept", [0, 5, 77, 78, 79, 100, CHUNK + 94, CHUNK + 95, -1])
def test_open_bytes__refuses_what_is_cut(kept):
    """A file cut anywhere, also exactly between two chunks, is refused as damaged."""
    sealed = sealing.seal_bytes(bytes(CHUNK + 1000), KEY, "labels")

    with pytest.raises(KeyFault, match=r"is damaged|not a sealed file"):
        sealing.open_bytes(sealed[:kept], KEY, "labels")


def test_open_bytes__refuses_chunks_in_another_order():
    """Two chunks of one file cannot change places."""
    sealed = sealing.seal_bytes(os.urandom(3 * CHUNK), KEY, "labels")
    step = CHUNK + 16
    header, chunks = sealed[:78], [sealed[78 + i * step : 78 + (i + 1) * step] for i in range(3)]

    with pytest.raises(KeyFault, match="changed"):
        sealing.open_bytes(b"".join([header, chunks[1], chunks[0], chunks[2]]), KEY, "labels")


def test_open_bytes__says_which_key_is_needed():
    """A wrong key is told apart from damage, and both keys are named by their ids."""
    sealed = sealing.seal_bytes(LABELS, KEY, "labels")

    with pytest.raises(KeyFault, match=KEY.id) as caught:
        sealing.open_bytes(sealed, OTHER, "labels")

    assert OTHER.id in str(caught.value)


def test_open_bytes__refuses_another_context():
    """What was sealed as inputs does not open as labels."""
    with pytest.raises(KeyFault, match="not sealed as 'labels'"):
        sealing.open_bytes(sealing.seal_bytes(LABELS, KEY, "inputs"), KEY, "labels")


def test_open_bytes__says_that_a_later_version_is_needed():
    """A file of a later format asks for an upgrade."""
    sealed = bytearray(sealing.seal_bytes(LABELS, KEY, "labels"))
    sealed[7] = 2

    with pytest.raises(KeyFault, match="Upgrade"):
        sealing.open_bytes(bytes(sealed), KEY, "labels")


def test_seal_bytes__shows_neither_content_nor_repetition():
    """The same labels sealed twice have nothing in common but key, context and length."""
    first, second = (sealing.seal_bytes(LABELS, KEY, "labels") for _ in range(2))

    assert b"hushhush" not in first
    assert first[32:64] != second[32:64]
    assert first[78:] != second[78:]


def test_key__text_round_trips_and_bears_blanks_and_case():
    """A key comes back from its text, also when a mail program has put blanks around it or changed its case."""
    key = keys.generate_key()

    assert key == Key.from_text(f"  {key.text.upper()}\n")


def test_key__is_shown_by_no_representation():
    """Neither repr nor str nor the id contains any of the key."""
    shown = f"{KEY!r} {KEY} {KEY.id}"

    assert KEY.text[14:30] not in shown
    assert KEY.secret.hex()[:16] not in shown


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "a", lambda t: t[:20] + "a2"[t[20] == "a"] + t[21:]]
)
def test_from_text__refuses_slips_without_quoting_the_key(change):
    """A cut, lengthened or mistyped key is refused, and the message holds nothing of it (1 slip in 2**24 passes)."""
    with pytest.raises(KeyFault, match="mistyped or not complete") as caught:
        Key.from_text(change(KEY.text))

    assert KEY.text[14:24] not in str(caught.value)


def test_from_text__refuses_other_secrets_without_quoting_them():
    """A password in the place of the key is refused and not repeated."""
    with pytest.raises(KeyFault) as caught:
        Key.from_text("correct horse")

    assert "horse" not in str(caught.value)


def test_subkey__differs_by_purpose():
    """Every purpose has a subkey of its own, and none is the key."""
    subkeys = {KEY.subkey(purpose) for purpose in keys.Purpose} | {KEY.secret}

    assert len(keys.Purpose) + 1 == len(subkeys)


def test_find_key__prefers_the_file(tmp_path):
    """A key file that is named wins over the variable; an empty variable is no key."""
    (tmp_path / "key").write_text(OTHER.text + "\n")

    assert OTHER == keys.find_key({"PROCTOR_KEY": KEY.text}, tmp_path / "key")
    assert KEY == keys.find_key({"PROCTOR_KEY": KEY.text})
    assert keys.find_key({"PROCTOR_KEY": " "}) is None
    assert keys.find_key({}) is None


def test_find_key__names_a_file_that_is_not_there(tmp_path):
    """A key file that cannot be read is an error, not an absent key."""
    with pytest.raises(KeyFault, match="cannot be read"):
        keys.find_key({}, tmp_path / "absent")


def test_seal_file__opens_again_and_names_its_path_in_errors(tmp_path):
    """A file goes through sealing and opening; an error names the file."""
    source, target = tmp_path / "labels.csv", tmp_path / "labels.csv.sealed"
    source.write_bytes(LABELS)

    sealing.seal_file(source, target, KEY, sealing.LABELS)

    assert sealing.is_sealed(target)
    assert not sealing.is_sealed(source)
    assert LABELS == sealing.open_file(target, KEY, sealing.LABELS)
    with pytest.raises(KeyFault, match=r"labels\.csv\.sealed"):
        sealing.open_file(target, OTHER, sealing.LABELS)
    with pytest.raises(KeyFault, match="there is no key"):
        sealing.open_file(target, None, sealing.LABELS)
    assert {source, target} == set(tmp_path.iterdir())


def test_seal_file__leaves_the_old_file_if_the_new_cannot_be_written(tmp_path):
    """A folder that is missing is an error of the data, and nothing is left behind."""
    source = tmp_path / "labels.csv"
    source.write_bytes(LABELS)

    with pytest.raises(DataError, match="cannot be written"):
        sealing.seal_file(source, tmp_path / "absent" / "x.sealed", KEY, sealing.LABELS)

    assert [source] == list(tmp_path.iterdir())


def test_check_pair__refuses_labels_of_another_test_set(tmp_path):
    """Labels and inputs of two sealings under one key are told apart."""
    (tmp_path / "labels").write_bytes(sealing.seal_bytes(LABELS, KEY, sealing.LABELS))
    (tmp_path / "inputs").write_bytes(sealing.seal_bytes(LABELS, KEY, sealing.INPUTS))

    with pytest.raises(KeyFault, match="different test set"):
        sealing.check_pair(tmp_path / "labels", tmp_path / "inputs")


@pytest.mark.parametrize("record", [{"wins": 1}, {"wins": 12345, "interval": [0.123456789, 0.2]}])
def test_seal_record__has_one_length(record):
    """Private figures come back, and the text's length is the same whatever they are."""
    text = sealing.seal_record(record, KEY, "entry 7")

    assert record == sealing.open_record(text, KEY, "entry 7")
    assert len(sealing.seal_record({}, KEY, "")) == len(text)


@pytest.mark.parametrize(("key", "context", "cut"), [(OTHER, "entry 7", 0), (KEY, "entry 8", 0), (KEY, "entry 7", 9)])
def test_open_record__refuses_what_does_not_belong(key, context, cut):
    """Another key, another entry's record and a cut one do not open."""
    text = sealing.seal_record({"wins": 1}, KEY, "entry 7")

    with pytest.raises(KeyFault):
        sealing.open_record(text[: len(text) - cut], key, context)


def test_forbid_core_dumps__takes_hold():
    """After the call the process has no core dumps and is not dumpable, so that others cannot read its memory."""
    code = (
        "import resource, ctypes; from proctor.environment import forbid_core_dumps as f; f(); "
        "print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.split() == ["0", "0" if sys.platform == "linux" else "-1"]


def invoke(*words: str | Path, **environment: str):
    return CliRunner(env={"PROCTOR_KEY": "", **environment}).invoke(seal, list(map(str, words)))


def test_seal_command__prints_a_new_key_once_and_keeps_the_plain_files(tmp_path):
    """Without a key one is made and printed; labels and features are sealed as a pair, and the plain files stay."""
    labels, features = tmp_path / "labels.csv", tmp_path / "features.csv"
    labels.write_bytes(LABELS)
    features.write_bytes(b"id,x\n1,2\n")

    result = invoke(labels, "--features", features)

    assert result.exit_code == 0, result.output
    [text] = [word for word in result.output.split() if word.startswith("proctor-key-1-")]
    sealed = [tmp_path / "labels.csv.sealed", tmp_path / "features.csv.sealed"]
    sealing.check_pair(*sealed)
    assert LABELS == sealing.open_file(sealed[0], Key.from_text(text), sealing.LABELS)
    assert LABELS == labels.read_bytes()
    assert "delete" in result.output


def test_seal_command__uses_the_given_key_and_does_not_print_it(tmp_path):
    """A key from the environment is used and shown by its id alone."""
    labels = tmp_path / "labels.csv"
    labels.write_bytes(LABELS)

    result = invoke(labels, PROCTOR_KEY=KEY.text)

    assert KEY.id in result.output
    assert "proctor-key-1-" not in result.output
    assert LABELS == sealing.open_file(tmp_path / "labels.csv.sealed", KEY, sealing.LABELS)


def test_seal_command__overwrites_nothing_unasked(tmp_path):
    """An existing sealed file, a sealed source and a target that is its source are refused."""
    labels = tmp_path / "labels.csv"
    labels.write_bytes(LABELS)
    sealed = tmp_path / "labels.csv.sealed"
    invoke(labels, PROCTOR_KEY=KEY.text)

    assert "exists" in str(invoke(labels, PROCTOR_KEY=KEY.text).exception)
    assert "sealed already" in str(invoke(sealed, PROCTOR_KEY=KEY.text).exception)
    assert "a name of its own" in str(invoke(labels, "--out", labels, "--force", PROCTOR_KEY=KEY.text).exception)
    assert invoke(labels, "--force", PROCTOR_KEY=KEY.text).exit_code == 0


def test_seal_command__seals_corrected_labels_beside_the_old_inputs(tmp_path):
    """With --pair-with the new sealed labels belong to the inputs that were sealed before; it asks for the key."""
    labels, features = tmp_path / "labels.csv", tmp_path / "features.csv"
    labels.write_bytes(LABELS)
    features.write_bytes(b"id,x\n1,2\n")
    invoke(labels, "--features", features, PROCTOR_KEY=KEY.text)
    inputs = tmp_path / "features.csv.sealed"
    labels.write_bytes(LABELS.replace(b"cat", b"dog"))

    assert "not given" in str(invoke(labels, "--force", "--pair-with", inputs).exception)
    assert invoke(labels, "--force", "--pair-with", inputs, PROCTOR_KEY=KEY.text).exit_code == 0
    sealing.check_pair(tmp_path / "labels.csv.sealed", inputs)
