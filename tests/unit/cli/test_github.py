"""The gate's part of a workflow, piece by piece; `tests/acceptance/test_actions.py` runs whole workflows."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import replace

import pytest

from proctor import cli, gatefile
from proctor.cli.workflow import forks, job, publishing, results, terms, verdicts
from proctor.cli.workflow.job import open_job
from proctor.cli.workflow.results import Named
from proctor.cli.workflow.terms import Choice
from proctor.errors import DataError, Misuse
from proctor.gate.settings import settings_of
from proctor.gatefile import Accepted, PredictionsFile, Revision, Sandbox
from proctor.github import artifact
from proctor.github.artifact import Artifact, Claim
from proctor.github.event import Facts, Kind, PullRequest
from proctor.reports.comment import Problem

SHA = "a" * 40
FACTS = Facts(kind=Kind.PUSH, repository="o/r", sha=SHA, ref="main", default_branch="main", run_url="")


def gate(root, **overrides):
    """A gate file in *root*."""
    keys = {
        "condition": "n - o > 0.02 +/- 0.02",
        "testset": {"labels": "exam/labels.csv", "features": "exam/features.csv"},
        "candidate": {"predictions": "new.csv"},
        **overrides,
    }
    (root / "proctor.yml").write_text(json.dumps(keys))
    return gatefile.load(root / "proctor.yml")


@pytest.fixture
def repository(tmp_path):
    """A git repository with one commit that has the candidate; gives a function that runs git."""

    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *who, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    (tmp_path / "new.csv").write_text("id,prediction\n")
    git("add", "new.csv")
    git("commit", "--quiet", "--message=first")
    return git


@pytest.fixture
def workflow(tmp_path):
    """Makes a job of an event."""

    def make(name="push", payload=None, **environ):
        event = tmp_path / "event.json"
        event.write_text(json.dumps(payload or {}))
        log = []
        found = open_job(
            {
                "GITHUB_EVENT_NAME": name,
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_SHA": SHA,
                "GITHUB_REF": "refs/heads/main",
                "GITHUB_WORKSPACE": str(tmp_path),
                "GITHUB_OUTPUT": str(tmp_path / "output"),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
                **environ,
            },
            log.append,
        )
        return found, log

    return make


# --- ledger and baseline ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "asked", "expected"),
    [
        (None, "", terms.LEDGER),  # a file on a runner would be a new account in each run
        ("elsewhere.db", "", terms.LEDGER),
        ("git:upstream/books", "", "git:upstream/books"),
        ("postgresql://db/books", "", "postgresql://db/books"),
        ("git:upstream/books", "/srv/books.db", "/srv/books.db"),
    ],
)
def test_ledger_of__is_shared(tmp_path, declared, asked, expected):
    """The workflow's word first, then a shared ledger of the gate file, then the branch."""
    declared = {} if declared is None else {"ledger": declared}

    assert expected == terms.ledger_of(gate(tmp_path, **declared), asked)


@pytest.mark.parametrize(
    ("declared", "asked", "expected"),
    [
        ({}, "auto", Revision("main")),
        ({"baseline": "accepted"}, "auto", Revision("main")),
        ({"baseline": {"predictions": "old.csv"}}, "auto", PredictionsFile("old.csv")),
        ({"baseline": "accepted"}, "gate-file", Accepted()),
        ({}, "v1.0", Revision("v1.0")),
        ({"candidate": {"predictions": "later.csv"}}, "auto", Accepted()),  # not there yet: the first candidate
        ({"candidate": {"command": "p {features} {predictions}", "files": ["new.csv"]}}, "auto", Revision("main")),
        ({"candidate": {"command": "p {features} {predictions}", "files": ["no.py"]}}, "auto", Accepted()),
        ({"candidate": {"command": "p {features} {predictions}"}}, "auto", Accepted()),
    ],
)
def test_in_job__baseline(tmp_path, repository, declared, asked, expected):
    """What the candidate is compared with, by gate file and workflow."""
    assert expected == terms.in_job(gate(tmp_path, **declared), Choice(baseline=asked), "main").baseline


def test_in_job__first_commit_has_no_baseline(tmp_path, repository):
    """The very first commit has no parent: it is the first candidate."""
    head = repository("rev-parse", "HEAD")

    assert Accepted() == terms.in_job(gate(tmp_path), Choice(), f"{head}^1").baseline


def test_in_job__unknown_revision_is_no_first_commit(tmp_path, repository):
    """A commit that is not in the clone is an error, never a reason to accept unjudged."""
    with pytest.raises(DataError, match="no revision"):
        terms.in_job(gate(tmp_path), Choice(), SHA)
    with pytest.raises(DataError, match="no revision"):
        terms.in_job(gate(tmp_path), Choice(), f"{SHA}^1")


def test_as_owned__what_is_the_owners_comes_from_the_base(tmp_path, repository):
    """A commit that names its own store, labels, books and opponent is judged by those of the base branch."""
    base = gate(tmp_path, runstore="http://team.example", baseline={"predictions": "old.csv"}, sandbox="required")
    repository("add", "--all")
    repository("commit", "--quiet", "--message=gate")
    hostile = gate(
        tmp_path,
        runstore="http://evil.example",
        testset={"labels": "mine.csv"},
        ledger="git:evil/books",
        owner={"record": "public.jsonl"},
        feedback="three-way",
        sandbox="none",
        name="other",
        condition="n > 0.9",
        baseline={"predictions": "bad.csv"},
    )

    found = terms.as_owned(hostile, "main")

    assert settings_of(base) | {"baseline": None} == settings_of(found)
    assert ("n > 0.9", "old.csv", "main") == (found.condition, found.baseline.predictions, found.baseline.revision)


def test_as_owned__a_gate_that_the_base_has_not_is_taken_as_it_is(tmp_path, repository):
    gate(tmp_path)
    (tmp_path / "proctor.yml").rename(tmp_path / "new.yml")
    new = gatefile.load(tmp_path / "new.yml")

    assert new == terms.as_owned(new, "main")
    assert new == terms.as_owned(new, None)


def test_as_owned__more_isolation_is_the_commits_to_ask(tmp_path, repository):
    gate(tmp_path)
    repository("add", "--all")
    repository("commit", "--quiet", "--message=gate")

    assert Sandbox.REQUIRED is terms.as_owned(gate(tmp_path, sandbox="required"), "main").sandbox.tier


@pytest.mark.parametrize("is_default", [True, False])
def test_owners_base__of_a_push_is_the_default_branch(tmp_path, repository, is_default):
    """What a branch had before was written by the same person; the default branch speaks for itself."""
    repository("update-ref", "refs/remotes/origin/main", "HEAD")
    tip = repository("rev-parse", "HEAD")
    facts = FACTS if is_default else replace(FACTS, ref="topic")

    assert (None if is_default else tip) == terms.owners_base(tmp_path, facts, "HEAD^1")


def test_base_of__merge_commit(tmp_path, repository):
    """On the merge commit of a pull request the base is its first parent, whatever older tip the event names."""
    old = repository("rev-parse", "HEAD")
    repository("checkout", "--quiet", "-b", "topic")
    repository("commit", "--quiet", "--allow-empty", "--message=topic")
    head = repository("rev-parse", "HEAD")
    repository("checkout", "--quiet", "main")
    repository("commit", "--quiet", "--allow-empty", "--message=main moves on")
    tip = repository("rev-parse", "HEAD")
    request = PullRequest(7, old, is_fork=False)
    facts = replace(FACTS, kind=Kind.PULL_REQUEST, sha=head, ref="topic", pull_request=request)

    assert old == terms.base_of(tmp_path, facts, old)
    repository("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    assert tip == terms.base_of(tmp_path, facts, old)
    assert f"{SHA}^1" == terms.base_of(tmp_path, FACTS, f"{SHA}^1")


def test_base_of__push_of_several_commits(tmp_path, repository):
    """On the default branch it is what the branch had before; after a force push, and elsewhere, the first parent."""
    before = repository("rev-parse", "HEAD")
    for message in ("one", "two"):
        repository("commit", "--quiet", "--allow-empty", f"--message={message}")
    head = repository("rev-parse", "HEAD")
    repository("commit", "--quiet", "--allow-empty", "--amend", "--message=forced")
    parent = f"{head}^1"
    facts = replace(FACTS, sha=head, before=before)

    assert before == terms.base_of(tmp_path, facts, parent)
    assert parent == terms.base_of(tmp_path, replace(facts, before=repository("rev-parse", "HEAD")), parent)
    assert parent == terms.base_of(tmp_path, replace(facts, before=SHA), parent)
    assert parent == terms.base_of(tmp_path, replace(facts, ref="topic"), parent)


def test_location_of__condition(tmp_path):
    """Annotations point to the line of the condition, relative to the workspace; to the first one if there is none."""
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub/proctor.yml"
    file.write_text("# a comment\nreliability: 0.99\ncondition: n > 0.5\n")

    found = terms.location_of(None, str(file.parent), tmp_path)
    missing = terms.location_of(None, str(tmp_path / "no.yml"), tmp_path)

    assert ("sub/proctor.yml", 3) == (found.file, found.line)
    assert 1 == missing.line


@pytest.mark.parametrize(
    ("file", "expected"),
    [(".", "proctor"), ("proctor.yml", "proctor"), ("models/spam/proctor.yml", "spam"), ("gates/strict.yml", "strict")],
)
def test_name_of__is_what_the_gate_file_would_be_called(tmp_path, monkeypatch, file, expected):
    """A gate file that cannot be read has the same comment as when it can."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)

    assert expected == terms.name_of(file)


# --- the job ---------------------------------------------------------------------------------------------------------


def test_git_credentials__go_to_github_only():
    """The token is a header for GitHub's own address, behind what is configured, and replaces what a checkout left."""
    found = job.git_credentials({job.TOKEN: "secret", "GIT_CONFIG_COUNT": "1"})

    assert "3" == found["GIT_CONFIG_COUNT"]
    assert {"http.https://github.com/.extraheader"} == {found["GIT_CONFIG_KEY_1"], found["GIT_CONFIG_KEY_2"]}
    assert "" == found["GIT_CONFIG_VALUE_1"]
    assert b"x-access-token:secret" == base64.b64decode(found["GIT_CONFIG_VALUE_2"].rpartition(" ")[2])


@pytest.mark.parametrize("environ", [{}, {job.TOKEN: "secret", "GITHUB_SERVER_URL": "http://plain.example"}])
def test_git_credentials__none(environ):
    """No token, or a server without TLS: nothing is sent."""
    assert {} == job.git_credentials(environ)


def test_open_job__keeps_the_token_to_itself(workflow):
    """What is handed on to the gate has no token in it, and the key under its own name."""
    found, _ = workflow(**{job.TOKEN: "secret", job.KEY: "the key"})

    assert found.client is not None
    assert "secret" not in json.dumps(dict(found.environ))
    assert "the key" == found.environ["PROCTOR_KEY"]
    assert "secret" not in repr(found)


@pytest.mark.parametrize(("content", "error"), [("", DataError), ("[]", DataError), (None, Misuse)])
def test_open_job__no_event(tmp_path, content, error):
    """Outside of a workflow, or with a broken event, the error says so."""
    (tmp_path / "event").write_text(content or "")
    path = "" if content is None else str(tmp_path / "event")

    with pytest.raises(error):
        open_job({"GITHUB_EVENT_PATH": path, "GITHUB_REPOSITORY": "o/r"})


def test_log__is_no_command(workflow):
    """Whatever is logged, the runner is told beforehand not to look for commands, by a word that nobody can know."""
    found, log = workflow()

    found.log("::error::x\n::set-output name=verdict::pass")

    word = log[0].removeprefix("::stop-commands::")
    assert [f"::stop-commands::{word}", f"::{word}::"] == [log[0], log[-1]]
    assert 32 == len(word)


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_check__bug_is_announced_and_raised(tmp_path, workflow, monkeypatch):
    """A fault of our own is no silence on the pull request, no verdict, and still a fault."""

    def fail(*_):
        raise ZeroDivisionError("4177 of 5000 are right")

    monkeypatch.setattr(verdicts, "_asked", fail)
    gate(tmp_path)
    found, _ = workflow()

    with pytest.raises(ZeroDivisionError):
        verdicts.check(verdicts.Options(gate=str(tmp_path)), found)

    said = (tmp_path / "summary").read_text() + (tmp_path / "output").read_text()
    assert "bug of its own" in said
    assert "4177 of" not in said


@pytest.mark.parametrize(
    ("payload", "ref", "code", "said"),
    [
        ({"deleted": True}, "refs/heads/x", 0, "none"),
        ({}, "refs/heads/main", 3, "no labels"),  # labels are not there
    ],
)
def test_check__nothing_to_judge(tmp_path, workflow, payload, ref, code, said):
    """A deleted branch has nothing to judge; a job without labels never ends as a pass would."""
    gate(tmp_path)
    found, log = workflow(payload=payload, GITHUB_REF=ref)

    assert code == verdicts.check(verdicts.Options(gate=str(tmp_path)), found)
    assert said in (tmp_path / "output").read_text() + "\n".join(log)


def test_check__fork_with_labels_is_refused(tmp_path, workflow):
    """A fork's code and the labels in one job: refused, with the workflow to use instead."""
    gate(tmp_path)
    (tmp_path / "exam").mkdir()
    (tmp_path / "exam/labels.csv").write_text("id,label\n1,a\n")
    head = {"sha": SHA, "ref": "x", "repo": {"full_name": "mallory/r"}}
    payload = {"pull_request": {"number": 7, "head": head, "base": {"sha": SHA, "ref": "main"}}}
    found, _ = workflow("pull_request", payload)

    assert 2 == verdicts.check(verdicts.Options(gate=str(tmp_path)), found)
    assert "`workflow_run`" in (tmp_path / "summary").read_text()


def test_check__what_stops_nothing_is_said_on_the_runs_page(tmp_path, repository, workflow):
    """A remark made while judging is a notice of the run, as it is a note where a person types."""
    (tmp_path / "exam").mkdir()
    for name, column, n_other in (("exam/labels", "label", 0), ("new", "prediction", 0), ("old", "prediction", 160)):
        cells = enumerate(["b"] * n_other + ["a"] * (400 - n_other))
        (tmp_path / f"{name}.csv").write_text(f"id,{column}\n" + "".join(f"{i},{cell}\n" for i, cell in cells))
    files = {"testset": {"labels": "exam/labels.csv"}, "baseline": {"predictions": "old.csv"}}
    gate(tmp_path, condition="n - o > 0 +/- 0.1", disagreement=0.3, power=0.5, stakes="informed", **files)
    found, log = workflow(GITHUB_SHA=repository("rev-parse", "HEAD"))

    assert 0 == verdicts.check(verdicts.Options(gate=str(tmp_path), choice=Choice(str(tmp_path / "books.db"))), found)

    assert any(line.startswith("::notice") and "development" in line for line in log)


@pytest.mark.parametrize("name", ["proctor", "models/spam v2", "../../x", "é", "", "a" * 500])
def test_slug__is_a_plain_name(name):
    """A badge's file name holds no path, whatever the gate is called, and different gates have different ones."""
    found = publishing.slug(name)

    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert found
    assert found != publishing.slug(f"{name}!")


# --- forks and stored results ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [["exam"], ["."], ["../x"], ["proctor.yml"], [".github"], [".git/hooks"], ["exam/labels.csv"], [".proctor"]],
)
def test_take__refuses_a_candidate_that_holds_the_gate(tmp_path, files):
    """Nothing of a fork can be put over labels, gate file, workflows or git, even if the gate file says so."""
    (tmp_path / "exam").mkdir()
    (tmp_path / "predict.py").touch()
    found = gate(tmp_path, candidate={"command": "p {features} {predictions}", "files": ["predict.py", *files]})

    with pytest.raises(Misuse, match="cannot be taken"):
        forks._declared(found)


def test_take__needs_a_declared_extent(tmp_path):
    """A command that does not say what it consists of cannot come from a fork."""
    with pytest.raises(Misuse, match="not declared"):
        forks._declared(gate(tmp_path, candidate={"command": "p {features} {predictions}"}))


@pytest.mark.parametrize("name", ["other.csv", "candidate/other.csv", "candidate/exam/labels.csv"])
def test_put_in_place__takes_the_candidate_and_nothing_else(tmp_path, name):
    """A file that the base branch's gate file does not call the candidate is refused before anything is written."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/new.csv").write_text("old")
    stranger = tmp_path / "stranger"
    stranger.write_text("evil")
    found = gate(tmp_path / "root")
    files = {"candidate/new.csv": stranger, name: stranger}

    with pytest.raises(DataError, match="not part of the candidate"):
        forks._put_in_place(found, Artifact(tmp_path, Claim(7, SHA), files))
    assert "old" == (tmp_path / "root/new.csv").read_text()


def test_pack__needs_a_pull_request_and_an_empty_folder(tmp_path, workflow):
    """Misuse is told before anything is written."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").touch()
    found, _ = workflow()
    with pytest.raises(Misuse, match="no pull request"):
        forks.pack(found, gate(tmp_path), tmp_path / "new")
    head = {"sha": SHA, "ref": "x", "repo": None}
    payload = {"pull_request": {"number": 7, "head": head, "base": {"sha": SHA, "ref": "main"}}}
    found, _ = workflow("pull_request", payload)
    with pytest.raises(Misuse, match="not empty"):
        forks.pack(found, gate(tmp_path), tmp_path / "full")


def test_pack__predictions_in_a_file(tmp_path, workflow):
    """The file is packed under its own path, with a manifest that names pull request and commit."""
    (tmp_path / "new.csv").write_text("id,prediction\n1,a\n")
    head = {"sha": SHA, "ref": "x", "repo": None}
    payload = {"pull_request": {"number": 7, "head": head, "base": {"sha": SHA, "ref": "main"}}}
    found, _ = workflow("pull_request", payload)

    packed = artifact.inspect(forks.pack(found, gate(tmp_path), tmp_path / "artifact"))

    assert (Claim(7, SHA), ["candidate/new.csv"]) == (packed.claim, list(packed.files))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[" * 100_000,
        "null",
        '{"release": {}}',
        '{"release": {"entry": "1", "testset": {"fingerprint": "f"}}}',
        '{"problem": {"exit_code": 0, "message": "fine", "hint": ""}}',
        '{"problem": {"exit_code": 2, "message": ["x"], "hint": ""}}',
    ],
)
def test_read__hostile_results(tmp_path, content):
    """What is not a stored result is refused; none can be a pass."""
    file = tmp_path / results.FILE
    file.write_text(content)

    with pytest.raises(DataError):
        results.read(Artifact(tmp_path, Claim(7, SHA), {results.FILE: file}), "g")


def test_read__result(tmp_path):
    """Of a verdict the entry is taken, of a problem the text, cut to a bearable length."""
    problem = Problem("g", 4, "x" * 20_000, "Register.")
    results.store(tmp_path / "a", problem, 7, SHA)
    stored = artifact.inspect(tmp_path / "a")

    found = results.read(stored, "g")

    assert isinstance(found, Problem)
    assert (4, 10_000) == (found.exit_code, len(found.message))


def test_read__nothing_was_judged(tmp_path):
    """That there was nothing to judge names no verdict, so a forged file cannot make one of it."""
    results.store(tmp_path / "a", None, 7, SHA)

    assert results.read(artifact.inspect(tmp_path / "a"), "g") is None


def test_recorded__needs_the_entry(tmp_path):
    """An entry that the ledger does not have is no verdict."""
    with pytest.raises(DataError, match="no verdict in entry 3"):
        results.recorded(Named("f", 3), gate(tmp_path), SHA)


@pytest.mark.parametrize("command", ["check", "comment", "pack"])
def test_commands__outside_of_a_workflow(tmp_path, monkeypatch, capsys, command):
    """By hand the commands say what they are for."""
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    (tmp_path / "a").mkdir()
    where = {"check": [], "comment": ["--artifact", str(tmp_path / "a")], "pack": ["--to", str(tmp_path / "b")]}

    assert 2 == cli.run(["github", command, *where[command]])
    assert "not a GitHub workflow" in capsys.readouterr().err
