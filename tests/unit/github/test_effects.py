"""Effects and what makes them, applied to a strict GitHub on loopback and to the runner's files."""

from __future__ import annotations

import re

import pytest
from reports.samples import HOSTILE, make_budget, make_release

from proctor.errors import DomainError
from proctor.github import announcement, effects
from proctor.github.announcement import Place
from proctor.github.effects import Annotation, CheckRun, Comment, Outlets, Output, Status, Summary
from proctor.github.event import Facts, Kind
from proctor.release import Verdict
from proctor.reports import comment
from proctor.reports.comment import Links, Problem
from proctor.reports.sarif import Location

from .fake import problem

SHA = "a" * 40
FACTS = Facts(
    kind=Kind.PULL_REQUEST,
    repository="o/r",
    sha=SHA,
    ref="topic",
    default_branch="main",
    run_url="https://ci.example/1",
)
PLACE = Place(FACTS, Location("proctor.yml", 2), Links("https://ci.example/1"), pull_request=7)
FAIL = make_release(verdict=Verdict.FAIL, exit_code=1)


@pytest.fixture
def outlets(tmp_path, client, hub):
    """The runner's files, its log in a list, and GitHub."""
    hub.commits.add(SHA)
    log: list[str] = []
    return Outlets(client, tmp_path / "summary", tmp_path / "output", log.append), log


def apply(outlets, made):
    return effects.apply(made, outlets[0])


def outputs(text):
    """What the runner reads from GITHUB_OUTPUT."""
    return {name: value for name, _, value in re.findall(r"(?ms)^([\w-]+)<<(\w+)\n(.*?)\n\2\n", text)}


@pytest.mark.parametrize(
    ("release", "state", "conclusion"),
    [
        (make_release(), "success", "success"),
        (FAIL, "failure", "failure"),
        (make_release(verdict=Verdict.WITHHELD), "success", "neutral"),
    ],
)
def test_announce__says_the_same_everywhere(hub, outlets, release, state, conclusion):
    """Comment, status, check run, summary and outputs carry one verdict."""
    assert () == apply(outlets, announcement.announce(release, PLACE))

    assert comment.render(release, PLACE.links) == hub.comments[0]["body"]
    assert (state, SHA) == (hub.statuses[0]["state"], hub.statuses[0]["sha"])
    assert conclusion == hub.check_runs[0]["conclusion"]
    assert release.verdict == outputs(outlets[0].output.read_text())["verdict"]
    assert release.verdict.upper() in outlets[0].summary.read_text()
    assert (release.verdict is Verdict.FAIL) == any(
        line.startswith("::error file=proctor.yml,line=2") for line in outlets[1]
    )


@pytest.mark.parametrize(("code", "conclusion"), [(4, "action_required"), (3, "action_required"), (5, "failure")])
def test_announce_problem__asks_the_owner_or_fails(hub, outlets, code, conclusion):
    """A fresh test set and missing labels ask for action; everything else fails."""
    apply(outlets, announcement.announce_problem(Problem("g", code, "spent", "Register."), PLACE))

    assert (conclusion, "error") == (hub.check_runs[0]["conclusion"], hub.statuses[0]["state"])
    assert str(code) == outputs(outlets[0].output.read_text())["exit-code"]


def test_apply__a_rerun_updates_in_place(hub, outlets):
    """Two gates have two comments; running again adds none; people who quote the marker are left alone."""
    quoted = hub.comment(comment.render(FAIL), {"login": "mallory", "type": "User"})["body"]
    other = make_release(gate="other.yml")
    for release in (FAIL, other, make_release(), make_release()):
        apply(outlets, announcement.announce(release, PLACE))

    assert 3 == len(hub.comments)
    assert quoted == hub.comments[0]["body"]
    assert "PASS" in hub.comments[1]["body"]
    assert comment.carries(hub.comments[2]["body"], "other.yml")


def test_apply__a_lost_answer_makes_no_second_comment(hub, outlets):
    """If GitHub wrote the comment and the answer got lost, it is found and not written again."""
    hub.lose_answers = 1

    assert () == apply(outlets, [Comment("g", 7, f"{comment.marker('g')}\nx")])
    assert 1 == len(hub.comments)


def test_apply__missing_permission_is_told_in_the_summary(hub, outlets):
    """Without a permission the verdict is in the summary, and so is the line that grants it."""
    hub.permissions -= {"pull-requests", "checks"}

    failures = apply(outlets, announcement.announce(make_release(), PLACE))

    text = outlets[0].summary.read_text()
    assert 2 == len(failures)
    assert "PASS" in text
    assert "pull-requests: write" in text
    assert 1 == len(hub.statuses)


def test_apply__no_token(outlets):
    """Without a token everything is in the summary."""
    without = (outlets[0]._replace(client=None), outlets[1])

    failures = apply(without, announcement.announce(make_release(), PLACE))

    assert 3 == len(failures)
    assert "the job has no token" in outlets[0].summary.read_text()


def test_apply__github_down(hub, outlets, waits):
    """A GitHub that answers 5xx changes nothing about the verdict."""
    hub.failures += [problem(503, "x") for _ in range(99)]

    failures = apply(outlets, announcement.announce(make_release(), PLACE))

    assert 3 == len(failures)
    assert "PASS" in outlets[0].summary.read_text()


def test_apply__no_summary_file(outlets):
    """Where there is no summary, what could not be done is a warning in the log."""
    bare = (outlets[0]._replace(client=None, summary=None, output=None), outlets[1])

    apply(bare, [Status(SHA, "success", "c", "d"), Output("verdict", "pass"), Summary("x")])

    assert ["::warning title=proctor::The commit status was not written: the job has no token."] == outlets[1]


def test_apply__issue_for_a_fresh_test_set(hub, outlets):
    """One issue asks for the next test set, however often; it is closed when the successor is there."""
    for text in ("needs 5,000", "needs 6,000"):
        apply(outlets, [announcement.need_test_set("f3-1", "A fresh test set is needed", text)])
    assert 1 == len(hub.issues)
    assert hub.issues[0]["body"].endswith("needs 6,000")

    apply(outlets, [announcement.have_successors(["f3-1", "another"])])
    assert "closed" == hub.issues[0]["state"]


def test_apply__summary_keeps_below_a_mebibyte(outlets):
    """The runner throws a bigger summary away; ours is cut, at a whole character, with a word about it."""
    outlets[0].summary.write_text("x" * 1000)

    apply(outlets, [Summary("ü" * effects.LONGEST_SUMMARY)])

    content = outlets[0].summary.read_bytes()
    assert len(content) <= effects.LONGEST_SUMMARY
    assert content.decode().endswith("(cut here: a summary holds 1 MiB)\n")


@pytest.mark.parametrize("text", [HOSTILE, "a\r\n::set-output name=x::y", "%0A::error::x", "x\n" * 3])
def test_command__hostile_text_stays_in_its_line(text):
    """Whatever an annotation says, it is one line and one command."""
    line = effects.command(Annotation("error", text, text, text, 1))

    assert not {"\n", "\r"} & set(line)
    properties = line.removeprefix("::error ").split("::", 1)[0]
    assert 3 == len(properties.split(","))


def test_output_lines__no_value_ends_early(outlets):
    """A value with lines that look like delimiters and commands comes out as it went in."""
    value = f"x\nEOF\nverdict<<EOF\npass\n{HOSTILE}"

    apply(outlets, [Output("meaning", value), Output("verdict", "fail")])

    assert {"meaning": value, "verdict": "fail"} == outputs(outlets[0].output.read_text())


@pytest.mark.parametrize(("name", "value"), [("a b", "x"), ("a\nb", "x"), ("", "x"), ("ok", "has the word in it")])
def test_output_lines__refuses(name, value):
    """Names are plain, and a value that holds the delimiter is refused."""
    with pytest.raises(DomainError):
        effects.output_lines(Output(name, value), "word")


@pytest.mark.parametrize(
    "end",
    [
        {"next_level_log": None},
        {"asked_tolerance": 0.01, "next_tolerance": 0.02},
        {"lasts_passes": 0, "lasts_fails": 0},
    ],
    ids=["spent", "out of reach", "about to be"],
)
def test_announce__a_test_set_at_its_end_warns(outlets, end):
    """The last verdict that a test set can give comes with a warning, before anything is refused."""
    over = make_release(budget=make_budget(**end))

    apply(outlets, announcement.announce(over, PLACE))

    assert "true" == outputs(outlets[0].output.read_text())["fresh-test-set-needed"]
    assert any(line.startswith("::warning") and "needed" in line for line in outlets[1])


def test_announce__a_test_set_that_goes_on_does_not_warn(outlets):
    """Nothing is said of an end that is not near."""
    apply(outlets, announcement.announce(make_release(), PLACE))

    assert "false" == outputs(outlets[0].output.read_text())["fresh-test-set-needed"]
    assert not any(line.startswith("::warning") for line in outlets[1])


def test_announce__push_has_no_comment():
    """Without a pull request there is a status and a check run, and no comment."""
    kinds = [type(effect) for effect in announcement.announce(make_release(), PLACE._replace(pull_request=None))]

    assert Comment not in kinds
    assert {Status, CheckRun, Summary} <= set(kinds)
