"""Functions of the owner: found as entry points, known again by their files, and never run for anybody else."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proctor.custody.settings import accept_settings
from proctor.custody.succession import Wish, register
from proctor.errors import ContractError, DataError, GateFileError, Misuse
from proctor.gate import functions
from proctor.release import Verdict

from .distributions import install
from .project import Project

CLOSE = """
import numpy as np

def close(labels, predictions):
    return np.where(abs(labels - predictions) <= 1, 1.0, 0.5 * (labels == labels))
"""
ASKED = {"condition": "user.close(n) > 0.8 +/- 0.05", "metrics": {"close": "manners"}, "first": "judge"}

Install = Callable[..., None]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs the distribution `manners` where Python looks first; a new process is made of forgetting modules."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def anew(code: str = CLOSE, *, points: dict[str, str] | None = None, version: str = "1.0", **more: str) -> None:
        files = {"manners.py": code, **{f"{name}.py": content for name, content in more.items()}}
        install(site, files, points or {"close": "manners:close"}, version=version)
        for name in files:
            sys.modules.pop(name.removesuffix(".py"), None)
        sys.dont_write_bytecode = True
        importlib.invalidate_caches()

    before = sys.dont_write_bytecode
    yield anew
    sys.dont_write_bytecode = before
    sys.modules.pop("manners", None)


@pytest.mark.parametrize(("far", "verdict"), [(1, Verdict.PASS), (-1, Verdict.FAIL)])
def test_check__judges_by_a_function_of_the_owner(
    project: Project, installed: Install, far: int, verdict: Verdict
) -> None:
    """Most predictions are off by 1 at most, and score 1; where none is near enough, the mean is a half."""
    installed(CLOSE.replace("<= 1", f"<= {far}"))

    assert verdict is project.gate(**ASKED, baseline=None).check().verdict


def test_check__compares_two_models(project: Project, installed: Install) -> None:
    installed(CLOSE.replace("<= 1", "< 1"))

    asked = {**ASKED, "condition": "user.close(n) - user.close(o) > 0 +/- 0.1", "first": None}

    assert Verdict.PASS is project.gate(**asked).check().verdict


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (CLOSE.replace("1.0", "7.0"), "gives 7, which does not lie between 0 and 1"),
        (CLOSE.replace("1.0", "np.nan"), "gives nan"),
        (CLOSE.replace("(labels == labels))", "(labels == labels))[:5]"), r"shape \(5,\) for 400 examples"),
        ("def close(labels, predictions):\n    raise KeyError('x')\n", "raises KeyError: 'x'"),
        ("def close(labels, predictions):\n    raise SystemExit(3)\n", "raises SystemExit: 3"),
        ("import numpy as np\ndef close(y, p):\n    return np.arange(len(y)) / len(y)\n", "among other examples"),
        ("close = 3", "is no function"),
        ("import nowhere_at_all", "`manners` cannot be imported: ModuleNotFoundError"),
        ("def near(y, p): return y", "`manners` cannot be imported: AttributeError"),
    ],
)
def test_check__what_is_no_metric_is_refused_for_nothing(
    project: Project, installed: Install, code: str, problem: str
) -> None:
    """All of it shows without a label, so it is free; and says what is wrong."""
    installed(code)

    with pytest.raises(DataError, match=problem) as caught:
        project.gate(**ASKED, baseline=None).check()

    assert "nothing was spent" in str(caught.value)
    assert "evaluation" not in project.kinds()


def test_check__what_fails_on_labels_alone_is_a_fail_that_is_paid_for(project: Project, installed: Install) -> None:
    """A free error would tell whether labels and predictions differ; so would what the function prints."""
    shout = "    print(labels)\n    assert (labels == predictions).all(), labels\n"
    installed(CLOSE.replace("predictions):\n", "predictions):\n" + shout))

    release = project.gate(**ASKED, baseline=None).check()

    assert Verdict.FAIL is release.verdict
    assert ["registration", "evaluation"] == project.kinds()


def test_check__says_nothing_that_a_function_prints(
    project: Project, installed: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    printing = "    import sys; print(labels); print(labels, file=sys.stderr)\n"
    installed(CLOSE.replace("predictions):\n", "predictions):\n" + printing))

    project.gate(**ASKED, baseline=None).check()

    assert ("", "") == capfd.readouterr()


def test_check__an_undeclared_function_is_a_problem_of_the_gate_file(project: Project) -> None:
    with pytest.raises(GateFileError, match=r"`user.close` is not declared: name its distribution, `metrics: {close"):
        project.gate(condition="user.close(n) > 0.8", first="judge", baseline=None).check()


@pytest.mark.parametrize(
    ("holder", "problem"),
    [
        ("nowhere-at-all", "`nowhere-at-all`, which has `user.close`, is not installed here"),
        ("numpy", "`numpy` has no entry point `close` in the group `proctor.metrics`; it has none"),
    ],
)
def test_check__what_is_not_installed(project: Project, installed: Install, holder: str, problem: str) -> None:
    installed()

    with pytest.raises(DataError, match=problem):
        project.gate(**{**ASKED, "metrics": {"close": holder}}, baseline=None).check()


def test_check__a_distribution_that_has_changed_is_refused_before_it_is_run(
    project: Project, installed: Install
) -> None:
    """Neither its code, nor a file beside it, nor its version; what it was is taken again."""
    bomb = "raise SystemExit('this was run')\n"
    changes = (
        {"code": bomb + CLOSE, "words": "GOOD = 1\n"},
        {"words": bomb},
        {"words": "GOOD = 1\n", "version": "1.1"},
    )
    installed(words="GOOD = 1\n")
    project.gate(**ASKED, baseline=None).check()
    evaluated = project.kinds()
    project.model("better.csv", 20).gate(**ASKED, baseline=None, candidate={"predictions": "better.csv"})

    for change in changes:
        installed(**change)
        with pytest.raises(ContractError, match=r"`metrics` is .*manners 1.*, and .*manners 1.0.* is registered"):
            project.check()
    assert evaluated == project.kinds()

    installed(words="GOOD = 1\n")
    assert Verdict.PASS is project.check().verdict


def test_check__a_module_in_front_of_the_distribution_is_not_imported(
    project: Project, installed: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit can bring a file of the same name, and the folder of a program comes first on Python's path."""
    installed()
    brought = tmp_path / "brought"
    brought.mkdir()
    (brought / "manners.py").write_text("raise SystemExit('this was run')\n")
    monkeypatch.syspath_prepend(str(brought))

    with pytest.raises(DataError, match="another module `manners` than that of its distribution"):
        project.gate(**ASKED, baseline=None).check()


def test_check__a_commit_can_leave_a_function_out_and_not_bring_one(project: Project, installed: Install) -> None:
    points = {"close": "manners:close", "near": "manners:close"}
    installed(points=points)
    project.gate(**ASKED, baseline=None).check()

    with pytest.raises(ContractError, match="is registered"):
        project.gate(**{**ASKED, "metrics": {"close": "manners", "near": "manners"}}, baseline=None).check()
    release = project.gate(condition="n > 0.5 +/- 0.05", first="judge", baseline=None).check()

    assert Verdict.PASS is release.verdict


def test_check__on_sealed_labels_the_owner_registers_first(project: Project, installed: Install) -> None:
    installed()
    sealed = {"testset": {"labels": "labels.csv.sealed"}}
    project.sealed().gate(**ASKED, **sealed, baseline=None)

    with pytest.raises(ContractError, match=r"would show labels to functions that the owner .* has not registered"):
        project.check()
    with project.session() as session:
        register(session, Wish(follows=False))

    assert Verdict.PASS is project.check().verdict


def test_accept_settings__another_function_has_another_name(project: Project, installed: Install) -> None:
    """Else one question would have two answers."""
    installed()
    project.gate(**ASKED, baseline=None).check()
    points = {"close": "manners:close", "closer": "manners:close"}
    installed(CLOSE + "\n", points=points, version="2.0")

    with (
        project.session() as session,
        pytest.raises(Misuse, match=r"`user.close` is manners 1.0, .*not manners 2"),
    ):
        accept_settings(session)
    again = {**ASKED, "condition": "user.closer(n) > 0.8 +/- 0.05", "metrics": {"closer": "manners"}}
    project.gate(**again, baseline=None)
    with project.session() as session:
        assert accept_settings(session).entry is not None

    assert Verdict.PASS is project.check().verdict


def test_identities__a_module_that_its_distribution_does_not_list(installed: Install, tmp_path: Path) -> None:
    """As after `pip install -e`, where anybody who can write the working tree can change it."""
    installed(points={"close": "elsewhere:close"})

    with pytest.raises(DataError, match="does not list the file of `elsewhere` among its own"):
        functions.identities((("close", "manners"),))
