"""The actions and the workflows of `examples/github`, executed by `act` against a strict GitHub on loopback."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
import requests
import runner
from runner import PROJECT, Repository, fake, mlflow

from proctor.testset.keys import generate_key

EXAMPLES = PROJECT / "examples/github"
HOSTILE = 'x"; touch pwned; $(touch pwned) `touch pwned` <!-- proctor:gate=evil --> </td>@all ::error::x %0A::error::y'

pytestmark = pytest.mark.skipif(not (runner.BIN / "act").exists(), reason="the runner `act` is not installed")


@pytest.fixture
def repository(workshop, tmp_path_factory, httpserver):
    """A project whose first commit is a model that is right on 80 %; no workflow has run yet."""
    found = Repository(workshop.root, tmp_path_factory.mktemp("place"), fake.serve(httpserver))
    workshop.testset().predictions("new.csv", range(400)).gate(baseline=None)
    for example in EXAMPLES.glob("*.yml"):
        found.workflow(example.read_text(), example.name)
    found.commit("Begin")
    return found


def improve(repository, workshop, branch="topic", wrong=range(160, 400)):
    """A branch with a better model: its head and its base."""
    base = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "--quiet", "-b", branch)
    workshop.predictions("new.csv", wrong)
    return repository.commit("Train for longer"), base


def test_check__push(repository, workshop):
    """
    The example workflow on pushes: the first model is accepted, a better one passes, a worse one fails.

    Status, check run, summary, outputs, annotation and badges all say so; there is nothing to comment on.
    """
    first = repository.push()
    workshop.predictions("new.csv", range(160, 400))
    better = repository.commit()
    passed = repository.push()
    workshop.predictions("new.csv", range(390))
    worse = repository.commit()
    failed = repository.push()

    assert (0, "pass", 0, "pass", 1, "fail") == (
        first.code,
        first.verdict,
        passed.code,
        passed.verdict,
        failed.code,
        failed.verdict,
    )
    assert "Accepted as the first baseline" in first.summary
    assert [("success", better), ("failure", worse)] == [(s["state"], s["sha"]) for s in repository.hub.statuses[1:]]
    assert ["success", "success", "failure"] == [run["conclusion"] for run in repository.hub.check_runs]
    assert [("error", "proctor: FAIL")] == [command[:2] for command in failed.commands]
    assert [] == repository.hub.comments
    shown = repository.published()
    assert {"ledger.jsonl", "said-pass.svg", "said-fail.svg"} <= set(shown)
    assert "fail · step 2" in shown["proctor-verdict.svg"]
    assert "test set" == json.loads(shown["proctor-budget.json"])["label"]


def test_check__pull_request_then_its_merge_costs_nothing(repository, workshop):
    """The pull request asks, a re-run and the merge get the recorded answer; one comment is updated in place."""
    quoted = repository.hub.comment("> <!-- proctor:gate=proctor -->", {"login": "mallory", "type": "User"})
    for number in range(3):  # more than a page
        repository.hub.comment(f"remark {number}", {"login": "ada", "type": "User"})
    sha, base = improve(repository, workshop)
    repository.git("checkout", "--quiet", "--detach", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    asked = repository.pull_request(sha, base)
    again = repository.pull_request(sha, base)
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--squash", "topic")
    repository.commit("Merge it")
    merged = repository.push()

    assert ("pass", "false") == (asked.verdict, asked.outputs["replayed"])
    assert ("pass", "true", "pass", "true") == tuple(
        value for run in (again, merged) for value in (run.verdict, run.outputs["replayed"])
    )
    assert asked.outputs["leakage-bits"] == merged.outputs["leakage-bits"]
    assert 5 == len(repository.hub.comments)
    assert "> <!-- proctor:gate=proctor -->" == quoted["body"]
    assert "✅ PASS" in repository.hub.comments[4]["body"]
    assert "/raw/proctor-ledger/said-pass.svg" in repository.hub.comments[4]["body"]
    assert {sha} == {status["sha"] for status in repository.hub.statuses[:2]}


@pytest.mark.parametrize(
    ("wrong", "verdict"), [(range(160, 400), "pass"), (range(399), "fail")], ids=["passed", "failed"]
)
def test_check__rebased_pull_request_costs_nothing(repository, workshop, wrong, verdict):
    """Two commits that are rebased onto the base ask what their pull request asked, though it failed."""
    base = improve(repository, workshop, wrong=range(100, 400))[1]
    workshop.predictions("new.csv", wrong)
    sha = repository.commit("Train differently")
    repository.git("checkout", "--quiet", "--detach", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    asked = repository.pull_request(sha, base)
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--ff-only", "topic")
    repository.git("commit", "--quiet", "--amend", "--no-edit", "--reset-author", "--date=2026-01-01T00:00:00")
    assert sha != repository.commit()
    merged = repository.run("push", {"ref": "refs/heads/main", "before": base}, "gate.yml")

    assert (verdict, "false") == (asked.verdict, asked.outputs["replayed"])
    assert (verdict, "true") == (merged.verdict, merged.outputs["replayed"])
    assert asked.outputs["leakage-bits"] == merged.outputs["leakage-bits"]


@pytest.mark.slow
def test_check__one_file_gives_verdict_comment_badge_and_run(repository, workshop, tmp_path_factory):
    """The one workflow that a new user copies also tells a run store that asks for a password, kept as secrets."""
    with mlflow.guarded_server(tmp_path_factory.mktemp("mlflow")) as store:
        workshop.gate(baseline=None, runstore=store)
        repository.commit("Name the team's run store")
        sha, base = improve(repository, workshop)
        who = {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": mlflow.ADMIN_PASSWORD}
        run = repository.pull_request(sha, base, secrets=who)
        found = requests.post(
            f"{store}/api/2.0/mlflow/runs/search", json={"experiment_ids": ["1"]}, auth=tuple(who.values()), timeout=10
        ).json()

    assert (0, "pass", []) == (run.code, run.verdict, run.commands)
    assert 1 == len(repository.hub.comments)
    assert "proctor-budget.svg" in repository.published()
    tags = {tag["key"]: tag["value"] for tag in found["runs"][0]["data"]["tags"]}
    assert ("pass", sha) == (tags["proctor.verdict"], tags["mlflow.source.git.commit"])
    assert mlflow.ADMIN_PASSWORD not in run.log


def test_check__gate_that_comes_to_a_model(repository, workshop):
    """In a repository that has its model already, the first run accepts that one as the baseline; nothing is spent."""
    (workshop.root / "README").write_text("The gate came after the model.\n")
    repository.commit("Document the gate")

    run = repository.push()

    assert (0, "pass", "0") == (run.code, run.verdict, run.outputs["leakage-bits"])
    assert "Accepted as the first baseline" in run.summary


def test_check__commit_that_leaves_the_model_alone(repository, workshop):
    """A change of something else has nothing to judge: it is green, charged nothing, and writes no comment."""
    repository.push()
    sha, base = improve(repository, workshop)
    assert "pass" == repository.pull_request(sha, base).verdict  # and is never merged
    repository.git("checkout", "--quiet", "-b", "docs", "main")
    (workshop.root / "README").write_text("Words\n")
    words = repository.commit("Write it down")
    repository.hub.comments.clear()
    other = repository.pull_request(words, base)

    assert (0, "none", "0") == (other.code, other.verdict, other.outputs["exit-code"])
    assert [] == repository.hub.comments
    assert ("success", words) == tuple(repository.hub.statuses[-1][key] for key in ("state", "sha"))
    assert "neutral" == repository.hub.check_runs[-1]["conclusion"]

    workshop.predictions("new.csv", range(390))
    repository.pull_request(repository.commit("Try something"), base)
    assert "❌ FAIL" in repository.hub.comments[0]["body"]
    workshop.predictions("new.csv", range(400))
    back = repository.pull_request(repository.commit("Take it back"), base)
    assert "none" == back.verdict
    assert "Nothing to judge" in repository.hub.comments[0]["body"]
    kinds = [json.loads(line)["kind"] for line in repository.published()["ledger.jsonl"].splitlines()]
    assert ["registration", "adoption", "evaluation", "evaluation"] == kinds


def test_check__repeated_run_shows_no_old_badge(repository, workshop):
    """A run of an older commit that is repeated gives its verdict, and leaves the default branch's badge alone."""
    repository.push()
    older = repository.git("rev-parse", "HEAD")
    workshop.predictions("new.csv", range(390))
    repository.commit("No better")
    repository.push()
    repository.git("checkout", "--quiet", "--detach", older)

    again = repository.run("push", {"ref": "refs/heads/main"}, "gate.yml")

    assert ("pass", "true") == (again.verdict, again.outputs["replayed"])
    assert ("success", older) == tuple(repository.hub.statuses[-1][key] for key in ("state", "sha"))
    assert "fail · step 1" in repository.published()["proctor-verdict.svg"]


def test_check__repeated_run_of_an_older_commit_leaves_the_comment(repository, workshop):
    """The comment is the last commit's; an older run that is repeated has its status, and its summary."""
    older, base = improve(repository, workshop)
    repository.pull_request(older, base)
    workshop.predictions("new.csv", range(390))
    repository.pull_request(repository.commit("A step back"), base)
    latest = repository.hub.pulls[7]
    repository.git("checkout", "--quiet", "--detach", older)
    event = {"pull_request": {**latest, "head": {**latest["head"], "sha": older}}, "number": 7}

    again = repository.run("pull_request", event, "gate.yml")

    assert ("pass", "true") == (again.verdict, again.outputs["replayed"])
    assert "✅ PASS" in again.summary
    assert [True] == ["❌ FAIL" in comment["body"] for comment in repository.hub.comments]
    assert older == repository.hub.statuses[-1]["sha"]


def test_check__merge_queue_asks_what_the_merge_will_ask(repository, workshop):
    """A merge group is compared with what it is put on, not with its first parent; the merge then costs nothing."""
    _, base = improve(repository, workshop)
    repository.commit("A second commit, of which the first parent is no base")
    group = {"merge_group": {"base_sha": base, "base_ref": "refs/heads/main"}}
    queued = repository.run("merge_group", group, "gate.yml")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--squash", "topic")
    repository.commit("Merge it")
    merged = repository.push()

    assert [("pass", "false"), ("pass", "true")] == [(r.verdict, r.outputs["replayed"]) for r in (queued, merged)]
    assert [] == repository.hub.comments


def test_check__default_branch_of_another_name(repository, workshop):
    """A default branch called master has its verdict and its badge, as GitHub says that it is the default."""
    repository.git("checkout", "--quiet", "-b", "master")
    repository.default_branch = "master"

    assert "pass" == repository.push().verdict
    assert "proctor-verdict.svg" in repository.published()


def test_check__gate_in_a_folder(repository, workshop):
    """In a repository of many projects the gate has its folder's name, and its annotations their place in the whole."""
    names = ["exam", "new.csv", "proctor.yml"]
    (workshop.root / "models/spam").mkdir(parents=True)
    for name in names:
        (workshop.root / name).rename(workshop.root / "models/spam" / name)
    text = (EXAMPLES / "gate.yml").read_text()
    repository.workflow(
        text.replace("        with:\n          key:", "        with:\n          gate: models/spam\n          key:")
    )
    repository.commit("Make room for other models")
    base = repository.git("rev-parse", "HEAD")
    workshop.predictions("models/spam/new.csv", range(390, 800))
    worse = repository.commit()

    run = repository.pull_request(worse, base)

    assert (1, "fail") == (run.code, run.verdict)
    assert "proctor / spam" == repository.hub.statuses[0]["context"]
    assert "models/spam/proctor.yml" == repository.hub.check_runs[0]["output"]["annotations"][0]["path"]
    assert "spam-budget.svg" in repository.published()


def test_check__protected_ledger_branch(repository, workshop):
    """A ledger that the job may not push gives no verdict, spends nothing, and says which setting is in the way."""
    hook = repository.place / "origin.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\nif grep -q proctor-ledger; then echo 'GH006: Protected branch'; exit 1; fi\n")
    hook.chmod(0o755)
    sha, base = improve(repository, workshop)

    run = repository.pull_request(sha, base)

    assert (1, "none", "5") == (run.code, run.verdict, run.outputs["exit-code"])
    assert "must not be protected" in run.summary
    assert "failure" == repository.hub.check_runs[0]["conclusion"]


def test_check__two_gates_have_two_comments(repository, workshop):
    """Several gates in one repository keep apart: comments, statuses, and the outputs of their steps."""
    text = (EXAMPLES / "gate.yml").read_text()
    step = text[text.index("      - uses: owner/proctor") :]
    second = step.replace("id: gate", "id: second").replace("with:", "with:\n          gate: strict.yml")
    gate = (workshop.root / "proctor.yml").read_text()
    strict = gate.replace("n - o > 0.02", "n > 0.95")
    (workshop.root / "strict.yml").write_text(strict)
    repository.workflow(f"{text}{second}        if: always()\n").commit("Add a gate")
    sha, base = improve(repository, workshop)

    run = repository.pull_request(sha, base)

    assert 1 == run.code
    assert ["PASS", "FAIL"] == [
        "PASS" if "✅ PASS" in comment["body"] else "FAIL" if "❌ FAIL" in comment["body"] else comment["body"]
        for comment in repository.hub.comments
    ]
    assert 2 == len({status["context"] for status in repository.hub.statuses})


def spend(repository, workshop):
    """A test set for a single step, spent, and a commit that comes too late: its head and its base."""
    workshop.gate(baseline=None, adaptivity="full", steps=1, power=0.3)
    repository.commit("One step only")
    sha, base = improve(repository, workshop)
    last = repository.pull_request(sha, base)
    assert "true" == last.outputs["fresh-test-set-needed"], last.summary
    workshop.predictions("new.csv", range(100, 300))
    return repository.commit("And another"), base


def fresh_exam(repository, workshop, wrong=range(300)):
    """A fresh test set on the default branch, with the predictions of the model that stands there."""
    repository.git("checkout", "--quiet", "main")
    workshop.testset(seed=8, n_examples=2_100, prefix="f").predictions("new.csv", wrong)
    rows = ((f"f{i}", i + 10_000) for i in range(2_100))
    workshop.table("exam/features.csv", ("id", "x"), rows)
    return repository.commit("A fresh test set")


def states(repository):
    return [issue["state"] for issue in repository.hub.issues]


def test_check__spent_test_set_opens_one_issue_and_the_successor_closes_it(repository, workshop):
    """
    Exit code 4 asks for action: a check run, a comment, one issue with what the next set needs, closed at last.

    The next set is registered at its first verdict; it has a single step as well, and gets an issue of its own.
    """
    late = spend(repository, workshop)

    spent = [repository.pull_request(*late) for _ in range(2)]

    assert [1, 1] == [run.code for run in spent]
    assert ("none", "4") == (spent[0].verdict, spent[0].outputs["exit-code"])
    assert "true" == spent[0].outputs["fresh-test-set-needed"]
    assert "needs a fresh test set. The budget of this test set is spent" in repository.hub.issues[0]["body"]
    assert "action_required" == repository.hub.check_runs[-1]["conclusion"]
    assert [("open", True)] == [(i["state"], "next test set needs" in i["body"]) for i in repository.hub.issues]
    assert "fresh test set is needed" in repository.hub.comments[0]["body"]

    fresh_exam(repository, workshop)
    workshop.predictions("new.csv", range(100))
    repository.commit("A better model")
    assert "pass" == repository.push().verdict
    assert ["closed", "open"] == states(repository)


def test_renew__closes_the_issue(repository, workshop):
    """
    The owner's workflow registers the next set, without any verdict, and the issue about the last one is closed.

    Asked again it says that the set is there; a branch that still names the old set asks for no other issue.
    """
    spend(repository, workshop)
    sha = fresh_exam(repository, workshop)
    dispatched = [repository.run("workflow_dispatch", {}, "renew.yml") for _ in range(2)]

    assert [0, 1] == [run.code for run in dispatched], dispatched[0].log
    assert ["closed"] == states(repository)
    assert "is registered, entry" in dispatched[0].summary
    assert "registered already" in dispatched[1].summary
    assert dispatched[0].outputs["testset"][:12] in dispatched[0].summary
    assert "0.0 bits used" in repository.published()["proctor-budget.svg"]

    repository.git("checkout", "--quiet", "topic")
    late = repository.pull_request(repository.git("rev-parse", "HEAD"), sha)
    # Its test set is retired, and what stands on the default branch predicts other examples: no verdict either way.
    assert ("none", True) == (late.verdict, late.outputs["exit-code"] in ("4", "5")), late.log
    assert ["closed"] == states(repository)


def test_check__notices_a_renewal_whatever_its_own_outcome(repository, workshop):
    """A successor that its owner registered at home closes the issue at the next run, even one without a verdict."""
    spend(repository, workshop)
    (workshop.root / ".gitignore").write_text(".proctor/\n")
    fresh_exam(repository, workshop)
    with (workshop.root / "proctor.yml").open("a") as gate:
        gate.write("ledger: git:origin/proctor-ledger\n")
    at_home = workshop.proctor("testset", "renew", "--baseline", "new.csv")
    assert 0 == at_home.code, at_home.err
    assert ["open"] == states(repository)
    (workshop.root / "new.csv").write_text("id,prediction\n")
    repository.commit("A broken model")

    assert ("none", ["closed"]) == (repository.push().verdict, states(repository))


def test_check__missing_token(repository, workshop):
    """Without a token the verdict stands, and the summary says what could not be written."""
    text = (EXAMPLES / "gate.yml").read_text()
    repository.workflow(
        text.replace("        with:\n          key:", '        with:\n          token: ""\n          key:')
    )
    repository.commit()
    sha, base = improve(repository, workshop)

    run = repository.pull_request(sha, base)

    assert (0, "pass") == (run.code, run.verdict)
    assert "the job has no token" in run.summary
    assert [] == repository.hub.requests


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "does not know this token"),
        (403, "lacks the permission"),
        (404, "no such thing"),
        (422, "found the request wrong"),
        (429, "asks to wait"),
        (500, "does not answer"),
        (503, "does not answer"),
    ],
)
def test_check__api_errors_change_no_verdict(repository, workshop, status, said):
    """Whatever GitHub's API answers, the verdict is in the ledger, the outputs and the summary, which says why."""
    repository.hub.failures += [fake.problem(status, "Nope", **{"Retry-After": "0"}) for _ in range(99)]
    if status == 403:
        repository.hub.failures.clear()
        repository.hub.permissions.clear()
    sha, base = improve(repository, workshop)

    run = repository.pull_request(sha, base)

    assert (0, "pass") == (run.code, run.verdict)
    assert "✅ PASS" in run.summary
    assert said in run.summary
    assert [] == repository.hub.comments


def test_check__slow_api(repository, workshop, monkeypatch):
    """Answers that take their time are waited for."""
    import time

    handle = type(repository.hub).handle
    monkeypatch.setattr(type(repository.hub), "handle", lambda hub, request: (time.sleep(0.3), handle(hub, request))[1])
    sha, base = improve(repository, workshop)

    run = repository.pull_request(sha, base)

    assert (0, "pass", 1) == (run.code, run.verdict, len(repository.hub.comments))


def test_check__hostile_names_are_text(repository, workshop):
    """A branch, a commit message and a gate with shell, HTML, Markdown and workflow commands in them do nothing."""
    workshop.gate(baseline=None, name=HOSTILE[:100])
    repository.commit(HOSTILE)
    sha, base = improve(repository, workshop)
    repository.commit(f"{HOSTILE}\n\n::set-output name=verdict::fail")

    run = repository.pull_request(repository.git("rev-parse", "HEAD"), base, ref=HOSTILE)

    assert (0, "pass") == (run.code, run.verdict), run.summary
    assert [] == run.commands
    assert not any(path.name == "pwned" for path in repository.place.rglob("pwned"))
    assert not (workshop.root / "pwned").exists()
    assert 1 == len(repository.hub.comments)
    assert repository.hub.comments[0]["body"].startswith("<!-- proctor:gate=x%22")
    assert sha != base


def test_check__modules_of_the_repository_are_not_the_program_s(repository, workshop):
    """Files in the checkout that are called like modules, the gate's own among them, are never imported by it."""
    (workshop.root / "proctor").mkdir()
    for name in ("proctor/__init__.py", "requests.py", "numpy.py"):
        (workshop.root / name).write_text("raise SystemExit('hijacked')\n")
    repository.commit("Call a module like another")

    run = repository.push()

    assert (0, "pass") == (run.code, run.verdict), run.log


def test_check__shallow_clone_is_told_how_to_mend(repository, workshop):
    """Without the history there is no baseline: the error names the line of the workflow that mends it."""
    sha, base = improve(repository, workshop)
    shallow = repository.place / "shallow"
    repository.git(
        "clone", "--quiet", "--depth=1", "--branch=topic", f"file://{repository.place}/origin.git", str(shallow)
    )
    repository.root = shallow

    run = repository.pull_request(sha, base)

    assert ("none", "5") == (run.verdict, run.outputs["exit-code"])
    assert "fetch-depth: 0" in run.summary


# --- forks -----------------------------------------------------------------------------------------------------------


def to_fork(repository, sha, base):
    """The untrusted half, then the trusted one on the default branch."""
    predicted = repository.pull_request(sha, base, "predict.yml", head="mallory/r")
    repository.git("checkout", "--quiet", "main")
    run = {"event": "pull_request", "conclusion": "success", "head_sha": sha, "head_branch": "topic", "id": 1}
    payload = {"workflow_run": {**run, "pull_requests": [], "head_repository": {"full_name": "mallory/r"}}}
    return predicted, lambda **settings: repository.run("workflow_run", payload, "judge.yml", **settings)


def test_fork__predictions_in_a_file(repository, workshop):
    """The untrusted job uploads, the trusted one judges what was uploaded, and the merge asks nothing new."""
    sha, base = improve(repository, workshop)

    predicted, judge = to_fork(repository, sha, base)
    judged = judge()

    assert 0 == predicted.code, predicted.log
    assert (0, "pass") == (judged.code, judged.verdict), judged.log
    assert "✅ PASS" in repository.hub.comments[0]["body"]
    assert {sha} == {status["sha"] for status in repository.hub.statuses}
    repository.git("merge", "--quiet", "--squash", "topic")
    repository.commit("Merge it")
    assert "true" == repository.push().outputs["replayed"]


@pytest.mark.parametrize("sends_model", [False, True], ids=["predictions", "model"])
def test_fork__a_program(repository, workshop, sends_model):
    """A fork's program runs in the untrusted job; or, where it is sent itself, in the trusted job's sandbox only."""
    (workshop.root / "predict.sh").write_text('cp "$(dirname "$0")/new.csv" "$2"\n')
    program = {"command": "sh predict.sh {features} {predictions}", "files": ["predict.sh", "new.csv"]}
    workshop.gate(baseline=None, candidate=program)
    if sends_model:
        text = (EXAMPLES / "predict.yml").read_text()
        text = text.replace("artifact: proctor-artifact", 'artifact: proctor-artifact\n          send-model: "true"')
        repository.workflow(text, "predict.yml")
    repository.commit("Use a program")
    sha, base = improve(repository, workshop)

    predicted, judge = to_fork(repository, sha, base)
    judged = judge()

    sent = {path.name for path in (repository.place / "artifacts/proctor-artifact").rglob("*") if path.is_file()}
    assert 0 == predicted.code, predicted.log
    assert sends_model == ("predict.sh" in sent)
    assert (0, "pass") == (judged.code, judged.verdict), judged.log


@pytest.mark.parametrize("inputs", ["open", "sealed"])
def test_fork__the_key_is_in_the_trusted_job_only(repository, workshop, inputs):
    """
    With a sealed exam the untrusted job has nothing to leak, and the trusted one judges with the key.

    Where the inputs are sealed too, the model is what is uploaded. A job without the key ends without a verdict.
    """
    key = generate_key().text
    both = ["--features", "exam/features.csv"] if inputs == "sealed" else []
    sealing = workshop.proctor("testset", "seal", "exam/labels.csv", *both, env={"PROCTOR_KEY": key})
    assert 0 == sealing.code, sealing.err
    (workshop.root / "exam/labels.csv").unlink()
    testset = {"labels": "exam/labels.csv.sealed", "features": "exam/features.csv", "inputs": inputs}
    if both:
        (workshop.root / "exam/features.csv").unlink()
        testset["features"] += ".sealed"
    (workshop.root / "predict.sh").write_text('cp "$(dirname "$0")/new.csv" "$2"\n')
    program = {"command": "sh predict.sh {features} {predictions}", "files": ["predict.sh", "new.csv"]}
    slot = 4 if both else None  # the program needs less than one second; by default a run takes twenty
    workshop.gate(baseline=None, candidate=program, testset=testset, slot=slot)
    repository.commit("Seal the exam")
    sha, base = improve(repository, workshop)

    predicted, judge = to_fork(repository, sha, base)
    keyless = judge() if inputs == "open" else None
    judged = judge(secrets={"PROCTOR_KEY": key})

    assert 0 == predicted.code, predicted.log
    sent = {path.name for path in (repository.place / "artifacts/proctor-artifact").rglob("*") if path.is_file()}
    assert bool(both) == ("predict.sh" in sent)
    assert keyless is None or "none" == keyless.verdict
    assert (0, "pass") == (judged.code, judged.verdict), judged.log
    assert key not in judged.log + judged.summary + "".join(comment["body"] for comment in repository.hub.comments)


@pytest.mark.parametrize("is_mergeable", [True, False])
def test_fork__another_model_than_the_pull_request_holds(repository, workshop, is_mergeable):
    """A good model that is uploaded in the name of a bad one gets no verdict: the status would be the bad one's."""
    sha, base = improve(repository, workshop, wrong=range(390, 800))
    if is_mergeable:
        repository.git("checkout", "--quiet", "--detach", "main")
        repository.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
        repository.git("push", "--quiet", "origin", "HEAD:refs/pull/7/merge")
        repository.git("checkout", "--quiet", "topic")
    _, judge = to_fork(repository, sha, base)
    honest = judge()
    place = repository.place / "artifacts/proctor-artifact"
    file, manifest = place / "candidate/new.csv", place / "proctor-artifact.json"
    workshop.predictions("better.csv", range(160, 400))
    shutil.move(workshop.root / "better.csv", file)
    content = json.loads(manifest.read_text())
    content["files"] = {"candidate/new.csv": hashlib.sha256(file.read_bytes()).hexdigest()}
    manifest.write_text(json.dumps(content))
    swapped = judge()

    assert "fail" == honest.verdict
    assert ("none", "5") == (swapped.verdict, swapped.outputs["exit-code"])
    assert "not the one that the pull request holds" in swapped.summary


def test_fork__files_that_the_pull_request_does_not_hold(repository, workshop):
    """In a folder of the candidate no file may be added to what the pull request holds."""
    (workshop.root / "model").mkdir()
    (workshop.root / "model/predict.sh").write_text('cp "$(dirname "$0")/new.csv" "$2"\n')
    (workshop.root / "new.csv").rename(workshop.root / "model/new.csv")
    program = {"command": "sh model/predict.sh {features} {predictions}", "files": ["model"]}
    workshop.gate(baseline=None, candidate=program)
    predict = (EXAMPLES / "predict.yml").read_text()
    repository.workflow(
        predict.replace("artifact: proctor-artifact", 'send-model: "true"\n          artifact: proctor-artifact'),
        "predict.yml",
    )
    base = repository.commit("A program")
    repository.git("checkout", "--quiet", "-b", "topic")
    workshop.predictions("model/new.csv", range(160, 400))
    _, judge = to_fork(repository, repository.commit(), base)
    honest = judge()
    place = repository.place / "artifacts/proctor-artifact"
    (place / "candidate/model/sitecustomize.py").write_text("")
    manifest = place / "proctor-artifact.json"
    content = json.loads(manifest.read_text())
    content["files"]["candidate/model/sitecustomize.py"] = hashlib.sha256(b"").hexdigest()
    manifest.write_text(json.dumps(content))

    swapped = judge()

    assert "pass" == honest.verdict, honest.log
    assert "'model/sitecustomize.py' is not the one" in swapped.summary.replace("\\", ""), swapped.summary


def test_fork__an_artifact_that_lies(repository, workshop):
    """An artifact that names a file outside of the candidate, or another pull request, gets no verdict."""
    sha, base = improve(repository, workshop)
    _, judge = to_fork(repository, sha, base)
    place = repository.place / "artifacts/proctor-artifact"
    good = repository.place / "good"
    shutil.copytree(place, good)

    (place / "candidate/proctor.yml").write_text("condition: n > 0\n")
    runs = [judge()]
    shutil.rmtree(place)
    shutil.copytree(good, place)
    (place / "candidate/new.csv").unlink()
    (place / "candidate/new.csv").symlink_to("/etc/passwd")
    runs.append(judge())
    repository.hub.pulls[7]["head"]["sha"] = base
    shutil.rmtree(place)
    shutil.copytree(good, place)
    runs.append(judge())

    assert [("none", "5")] * 3 == [(run.verdict, run.outputs["exit-code"]) for run in runs]
    assert not [status for status in repository.hub.statuses if status["state"] == "success"]


def after(sha):
    """The event that starts post.yml."""
    run = {"event": "pull_request", "conclusion": "failure", "head_sha": sha, "head_branch": "topic", "id": 1}
    return {"workflow_run": {**run, "pull_requests": [], "head_repository": {"full_name": "o/r"}}}


def test_comment__posts_what_the_ledger_says(repository, workshop):
    """The stored result is posted by the second job; a forged one cannot say anything but what the ledger says."""
    sha, base = improve(repository, workshop, wrong=range(390))
    assert "fail" == repository.pull_request(sha, base, "store.yml").verdict
    assert [] == repository.hub.comments
    repository.git("checkout", "--quiet", "main")
    stored = repository.place / "artifacts/proctor-result/proctor-result.json"
    stored.write_text(stored.read_text().replace('"verdict": "fail"', '"verdict": "pass"'))
    manifest = stored.with_name("proctor-artifact.json")
    content = json.loads(manifest.read_text())
    content["files"] = {stored.name: hashlib.sha256(stored.read_bytes()).hexdigest()}
    manifest.write_text(json.dumps(content))

    posted = repository.run("workflow_run", after(sha), "post.yml")

    assert 0 == posted.code, posted.log
    assert "❌ FAIL" in repository.hub.comments[0]["body"]
    assert ["failure"] == [status["state"] for status in repository.hub.statuses if status["sha"] == sha][-1:]


def test_comment__opens_and_closes_the_issue(repository, workshop):
    """Where only the second job may write, it opens the issue, by the ledger's word, and closes it at the successor."""
    workshop.gate(baseline=None, adaptivity="full", steps=1, power=0.3)
    repository.commit("One step only")
    sha, base = improve(repository, workshop)
    assert "true" == repository.pull_request(sha, base, "store.yml").outputs["fresh-test-set-needed"]
    assert [] == repository.hub.issues
    repository.git("checkout", "--quiet", "main")
    repository.run("workflow_run", after(sha), "post.yml")
    assert ["open"] == states(repository)

    fresh_exam(repository, workshop)
    assert 0 == repository.run("workflow_dispatch", {}, "renew.yml").code
    repository.hub.issues[0]["state"] = "open"  # as if that job had not been allowed to
    posted = repository.run("workflow_run", after(sha), "post.yml")
    assert (0, ["closed"]) == (posted.code, states(repository)), posted.log
