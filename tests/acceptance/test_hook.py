"""`proctor hook`: real pushes to a bare remote, through the hook that git itself finds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
FINE = "Nothing stands in the way of a check"
STOPPED = "the push was stopped"


@dataclass(frozen=True)
class Repository:
    """A work tree with a bare remote beside it."""

    root: Path
    remote: Path

    def git(self, *arguments, code=0, cwd=None, **environ):
        """Run git; gives both outputs."""
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1", **environ}
        done = subprocess.run(
            ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments],
            cwd=cwd or self.root,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert code == done.returncode, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, text):
        """Commit everything that is there."""
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", text)

    def branches(self):
        """Branches that the remote has."""
        found = subprocess.run(
            ["git", "branch", "--format=%(refname:short)"], cwd=self.remote, capture_output=True, check=True
        )
        return set(found.stdout.decode().split())


@pytest.fixture
def repository(ready, tmp_path_factory):
    """The ready workshop as a repository with one commit, and proctor's hook in it."""
    remote = tmp_path_factory.mktemp("remote") / "bare.git"
    made = Repository(ready.root, remote)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("init", "--quiet", "--bare", str(remote))
    made.git("remote", "add", "origin", str(remote))
    (ready.root / ".gitignore").write_text(".proctor/\n")
    made.commit("first")
    assert "installed" in ready.proctor("hook", "install").out
    return made


def test_push__first_push_of_a_branch(repository):
    """On a branch that the remote does not know the preflight runs, says what it found, and lets the push through."""
    said = repository.git("push", "origin", "main")

    assert FINE in said
    assert {"main"} == repository.branches()


def test_push__a_candidate_that_cannot_be_judged_is_stopped(ready, repository):
    """What a check would refuse is not pushed; `--no-verify` pushes it."""
    (ready.root / "new.csv").write_text("id,prediction\ne0,1\n")
    repository.commit("broken")

    said = repository.git("push", "origin", "main", code=1)

    assert STOPPED in said
    assert "has no prediction for" in said
    assert set() == repository.branches()
    repository.git("push", "--no-verify", "origin", "main")
    assert {"main"} == repository.branches()


def test_push__force_push(repository):
    """A rewritten history is pushed like any other."""
    repository.git("push", "--no-verify", "origin", "main")
    repository.git("commit", "--quiet", "--amend", "-m", "rewritten")

    assert FINE in repository.git("push", "--force", "origin", "main")


def test_push__deletion_is_not_looked_at(ready, repository):
    """Deleting a branch goes through whatever the gate file says."""
    repository.git("push", "--no-verify", "origin", "main", "main:old")
    (ready.root / "proctor.yml").write_text("nonsense: 1\n")

    said = repository.git("push", "origin", "--delete", "old")

    assert "nonsense" not in said
    assert {"main"} == repository.branches()


def test_push__deletion_beside_a_push_is_looked_at(ready, repository):
    """A deletion does not smuggle a push past the hook."""
    repository.git("push", "--no-verify", "origin", "main:old")
    (ready.root / "proctor.yml").write_text("nonsense: 1\n")

    said = repository.git("push", "origin", ":old", "main", code=1)

    assert "nonsense" in said
    assert {"old"} == repository.branches()


def test_push__a_used_up_test_set_only_warns(ready, repository):
    """No push can mend a test set that is too small, so it stops none."""
    ready.gate(condition="n - o > 0.02 +/- 0.0005")
    repository.commit("finer")

    said = repository.git("push", "origin", "main")

    assert "a fresh test set is needed" in said
    assert {"main"} == repository.branches()


def test_push__branch_without_a_gate_file(ready, repository):
    """An old branch that has no gate file yet is pushed, with a remark."""
    (ready.root / "proctor.yml").unlink()
    repository.commit("no gate")

    assert "there is no gate file" in repository.git("push", "origin", "main")


def test_run__gate_file_that_was_named_and_is_not_there(ready, repository):
    """A misspelled gate file stops the push, beside one that is there; without a name there need not be one."""
    pre_commit = {"PRE_COMMIT": "1"}
    named = ready.proctor("hook", "run", "--gate", "proctor.yml", "--gate", "gates/TYPO.yml", env=pre_commit)
    assert (2, True) == (named.code, "there is no gate file 'gates/TYPO.yml'" in named.err), named.err
    assert STOPPED in named.err

    (ready.root / "proctor.yml").unlink()
    assert 0 == ready.proctor("hook", "run", env=pre_commit).code


def test_push__something_else_than_the_work_tree(ready, repository):
    """The preflight says so when what is pushed is not what it looked at."""
    repository.git("branch", "other")
    repository.commit("second")
    assert "not checked out" in repository.git("push", "origin", "other")

    (ready.root / "proctor.yml").write_text((ready.root / "proctor.yml").read_text() + "# changed\n")
    assert "not committed" in repository.git("push", "origin", "main")


def test_push__names_with_shell_characters_are_text(repository):
    """A branch named like a command does nothing but appear as text."""
    name = "a$(touch${IFS}pwned);`touch${IFS}pwned`'\""
    repository.git("branch", name)

    assert FINE in repository.git("push", "origin", name)
    assert not list(repository.root.rglob("pwned"))


def test_install__gate_file_with_a_quote_in_its_name(ready, repository):
    """The gate file's name is quoted in the script; the gate is found from any folder of the repository."""
    (ready.root / "it's $HOME").mkdir()
    shutil.copy(ready.root / "proctor.yml", ready.root / "it's $HOME" / "gate.yml")
    assert 0 == ready.proctor("hook", "install", "it's $HOME/gate.yml").code

    said = repository.git("push", "origin", "main", code=1)

    assert "new.csv" in said  # the copy's paths lead nowhere, so it is the copy that was read


def test_install__gate_file_that_is_not_there(ready, repository):
    """A misspelled gate file is refused now: at a push it would be passed over in silence."""
    ready.proctor("hook", "uninstall")

    ran = ready.proctor("hook", "install", "proctor.yml", "gates/TYPO.yml")

    assert 2 == ran.code
    assert "there is no gate file 'gates/TYPO.yml'\n  `proctor init` writes one." in ran.err
    assert "there is no pre-push hook" in ready.proctor("hook", "uninstall").out


def test_install__development_data(ready, repository):
    """The chance of a pass is told at every push, from development data that were named once."""
    labels = ready.labels[:500]
    ready.table("dev.csv", ("id", "x"), ((f"d{i}", 100_000 + i) for i in range(500)))
    ready.table("dev-labels.csv", ("id", "label"), ((f"d{i}", label) for i, label in enumerate(labels)))
    for name, wrong in (("old", 100), ("new", 50)):
        rows = ((f"d{i}", (label + (i < wrong)) % 10) for i, label in enumerate(labels))
        ready.table(f"dev {name}.csv", ("id", "prediction"), rows)
    named = ["--development", "dev.csv", "--development-labels", "dev-labels.csv"]
    named += ["--development-candidate", "dev new.csv", "--development-baseline", "dev old.csv"]

    assert 0 == ready.proctor("hook", "install", *named).code
    repository.commit("Development data")
    said = repository.git("push", "origin", "main")

    assert "10 % of the predictions change, on 500 development examples" in said
    assert "if the test set is like the 500 development examples" in said


def test_install__hooks_path(ready, repository):
    """`core.hooksPath` is where the hook goes, and git finds it there."""
    ready.proctor("hook", "uninstall")
    repository.git("config", "core.hooksPath", "team hooks")

    ran = ready.proctor("hook", "install")

    assert (0, True) == (ran.code, (ready.root / "team hooks" / "pre-push").exists())
    assert FINE in repository.git("push", "origin", "main")


def test_install__linked_work_tree(ready, repository, tmp_path_factory):
    """A hook that was installed in one work tree works in a linked one, where git sets its own variables."""
    ready.proctor("hook", "uninstall")
    linked = tmp_path_factory.mktemp("linked") / "tree"
    repository.git("worktree", "add", "--quiet", "-b", "side", str(linked))
    there = type(ready)(linked)

    assert 0 == there.proctor("hook", "install").code
    assert FINE in repository.git("push", "origin", "side", cwd=linked)
    assert FINE in repository.git("push", "origin", "main")


def test_install__never_in_place_of_somebody_else(ready, repository):
    """Another hook is left alone by install and uninstall; installing twice and removing our own is fine."""
    hook = ready.root / ".git/hooks/pre-push"
    assert 0 == ready.proctor("hook", "install").code
    assert 0 == ready.proctor("hook", "uninstall").code
    assert not hook.exists()
    assert "there is no pre-push hook" in ready.proctor("hook", "uninstall").out
    hook.write_text("#!/bin/sh\nexit 0\n")

    for command in ("install", "uninstall"):
        ran = ready.proctor("hook", command)
        assert 2 == ran.code
        assert "pre-push hook" in ran.err
    assert "#!/bin/sh\nexit 0\n" == hook.read_text()


def test_install__outside_of_git(workshop):
    """Without a repository the command says what it needs."""
    ran = workshop.proctor("hook", "install", env={"GIT_CEILING_DIRECTORIES": str(workshop.root.parent)})

    assert (2, True) == (ran.code, "git" in ran.err and "repository" in ran.err), ran.err


def test_pre_commit__runs_the_published_hook(ready, repository):
    """Pre-commit runs our manifest's hook at push, lets a good one through, and stops a bad one."""
    pytest.importorskip("pre_commit")
    (published,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    assert ["pre-push"] == published["stages"]
    # The environment that pre-commit would build needs a package index; the one that is here will do.
    local = {
        **published,
        "language": "system",
        "entry": published["entry"].replace("proctor", f"{sys.executable} -m proctor", 1),
    }
    config = {"default_install_hook_types": ["pre-push"], "repos": [{"repo": "local", "hooks": [local]}]}
    (ready.root / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    repository.commit("pre-commit")
    ready.proctor("hook", "uninstall")
    home = {"PRE_COMMIT_HOME": str(ready.root / ".git/pre-commit-home")}
    subprocess.run([sys.executable, "-m", "pre_commit", "install"], cwd=ready.root, check=True, capture_output=True)

    assert FINE in repository.git("push", "origin", "main", **home)
    (ready.root / "new.csv").unlink()
    repository.commit("broken")
    assert "new.csv" in repository.git("push", "origin", "main", code=1, **home)
    assert "main" in repository.git("push", "origin", "--delete", "main", **home)


def test_pre_commit__manifest_is_valid():
    """Pre-commit itself accepts the manifest."""
    pytest.importorskip("pre_commit")
    manifest = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"

    subprocess.run([sys.executable, "-m", "pre_commit", "validate-manifest", str(manifest)], check=True)
