"""
The question that a job asks: the gate file, with the ledger and the baseline that this event calls for.

A runner forgets everything, so a ledger in a file would be a new account in each run: unless the gate file names a
shared one, it is a branch of the repository. A pull request may pass and never be merged, so its baseline is the model
of the base branch, and on a branch what it had before; the merge then asks the question that is already answered.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from proctor import gatefile, git
from proctor.cli.outputs import line_of_condition
from proctor.errors import DataError, GateFileError, GitFault
from proctor.gatefile import (
    Accepted,
    Baseline,
    Candidate,
    Command,
    Gate,
    PredictionsFile,
    Revision,
    Sandbox,
    Versioned,
)
from proctor.github.event import Facts
from proctor.ledger import address
from proctor.reports.sarif import Location

LEDGER = "git:origin/proctor-ledger"
AUTO, AS_DECLARED = "auto", "gate-file"
_GIT_TIMEOUT_S = 600.0


class Choice(NamedTuple):
    """
    Choice of ledger and baseline that the workflow makes.

    Attributes:
        ledger: Address of the ledger; empty for the gate file's if that is shared, else the branch `LEDGER`.
        baseline: ``auto``, ``gate-file``, or a revision.
    """

    ledger: str = ""
    baseline: str = AUTO


def ledger_of(gate: Gate, asked: str) -> str:
    """
    Address of the ledger that a job uses.

    A path in the gate file is not taken: what is written there is gone when the job ends.
    """
    if asked:
        return asked
    return gate.ledger if address.parse(gate.ledger).is_shared else LEDGER


def in_job(gate: Gate, choice: Choice, revision: str) -> Gate:
    """
    The gate that a job asks.

    Raises:
        DataError: If the clone does not have the revision; a shallow one is told how to mend it.
    """
    return replace(gate, ledger=ledger_of(gate, choice.ledger), baseline=_baseline(gate, choice.baseline, revision))


def as_owned(gate: Gate, base: str | None) -> Gate:
    """
    The gate with what belongs to the owner of the test set from the gate file of a *base*, which a commit cannot write.

    Args:
        gate: The gate file of the commit.
        base: Revision whose word holds; ``None`` if the commit's own does.

    Returns:
        The gate as it is if the base has no such gate yet, or none that can be read.

    Raises:
        DataError: If the clone does not have the base; a shallow one is told how to mend it.
    """
    theirs = _gate_at(gate, base) if base is not None else None
    if theirs is None:
        return gate
    baseline = theirs.baseline
    if isinstance(baseline, PredictionsFile):
        baseline = replace(baseline, revision=base, is_given=True)
    tier, known = gate.sandbox.tier, theirs.sandbox
    is_stricter = tier is Sandbox.REQUIRED or known.tier is Sandbox.NONE
    return replace(
        gate,
        name=theirs.name,
        recipient=theirs.recipient,
        testset=theirs.testset,
        first=theirs.first,
        baseline=baseline,
        ledger=theirs.ledger,
        runstore=theirs.runstore,
        sandbox=known._replace(tier=tier) if is_stricter else known,
        feedback=theirs.feedback,
        owner=theirs.owner,
        notify=theirs.notify,
    )


def owners_base(root: Path, facts: Facts, revision: str) -> str | None:
    """
    Revision whose gate file says what is the owner's; ``None`` on the default branch, which says it itself.

    Of a branch that is pushed it is the default branch, not what the branch had before: that is the same person's.
    """
    if facts.is_default_branch:
        return None
    if facts.pull_request is not None or facts.group_base:
        return revision
    default = f"refs/remotes/origin/{facts.default_branch}"
    return ask_git(root, "rev-parse", "--verify", "--quiet", default) or revision


def _gate_at(gate: Gate, base: str) -> Gate | None:
    from proctor.gatefile import loads
    from proctor.models.revision import NotThere, commit_of, file_at

    name = Path(gate.file).name
    try:
        content = file_at(gate.root, commit_of(gate.root, base), name)
    except NotThere:
        return None
    except DataError:
        if _is_first_commit(gate.root, base):
            return None
        raise
    try:
        return loads(content.decode("utf-8-sig", errors="replace"), gate.file, gate.root)
    except GateFileError:
        return None  # a commit that mends it is judged; what was registered is held to all the same


def base_of(root: Path, facts: Facts, revision: str) -> str:
    """
    The revision that an event compares with, given the one that the event names.

    On the merge commit of a pull request that is its first parent: exactly what the request would be merged into,
    where the event still names an older tip. On the default branch it is what the branch had before the push: the
    first parent of a merge, and what all the commits of a rebase were put on.
    """
    if facts.is_default_branch and facts.before is not None and _is_ancestor(root, facts.before, facts.sha):
        return facts.before
    if facts.pull_request is None or ask_git(root, "rev-parse", "--verify", "--quiet", "HEAD^2") != facts.sha:
        return revision
    return ask_git(root, "rev-parse", "--verify", "--quiet", "HEAD^1") or revision


def is_tip(root: Path, facts: Facts) -> bool:
    """
    True if the commit is the last one of the default branch, as far as the remote tells.

    A run that is repeated, or overtaken by the next one, must not show its verdict as the branch's.
    """
    if not facts.is_default_branch:
        return False
    tip = ask_git(root, "ls-remote", "--quiet", "origin", f"refs/heads/{facts.default_branch}").partition("\t")[0]
    return tip in {"", facts.sha}


def location_of(gate: Gate | None, file: str, workspace: Path) -> Location:
    """Place of the condition, for annotations; the first line if that cannot be found."""
    path = gatefile.file_of(Path(gate.file if gate else file))
    name = os.path.relpath(path, workspace) if path.exists() else str(path)
    return Location(Path(name).as_posix(), line_of_condition(path))


def name_of(file: str) -> str:
    """Name of a gate whose file cannot be read, as far as its path tells."""
    return gatefile.name_of(gatefile.file_of(Path(file)))


def _baseline(gate: Gate, asked: str, revision: str) -> Baseline:
    if asked == AS_DECLARED or (asked == AUTO and is_by_itself(gate)):
        return gate.baseline
    if asked != AUTO:
        return Revision(asked, is_given=True)
    # Where the candidate was not there yet, this is the first one, and the gate file's `first` says what it gets.
    return Revision(revision, is_given=True) if _has_candidate(gate, revision) else Accepted()


def is_by_itself(gate: Gate) -> bool:
    """True if a gate file names a baseline that git does not hold, or a candidate of which git holds no other."""
    return isinstance(gate.baseline, PredictionsFile | Versioned) or isinstance(gate.candidate, Versioned)


def _has_candidate(gate: Gate, revision: str) -> bool:
    from proctor.models.revision import commit_of

    try:
        commit = commit_of(gate.root, revision)
    except DataError:
        if _is_first_commit(gate.root, revision):
            return False
        raise
    names = (name_in_git(gate.root, path) for path in paths_of(gate.candidate, gate))
    return all(ask_git(gate.root, "cat-file", "-t", f"{commit}:{name}") for name in names)


def paths_of(candidate: Candidate, gate: Gate) -> tuple[str, ...]:
    """Parts of a candidate, by the gate file; for a command that declares nothing, the gate file itself."""
    match candidate:
        case PredictionsFile(path):
            return (path,)
        case Command(_, files):
            return files or (Path(gate.file).name,)
        case _:
            return candidate.parts


def has_extent(candidate: Candidate) -> bool:
    """False for a command that does not declare its files: it consists of everything that git tracks."""
    return not isinstance(candidate, Command) or bool(candidate.files)


def _is_first_commit(root: Path, revision: str) -> bool:
    child = revision.removesuffix("^1")
    if child == revision or ask_git(root, "rev-parse", "--is-shallow-repository") != "false":
        return False
    return ask_git(root, "rev-list", "--parents", "-n", "1", "--end-of-options", child) == child


def _is_ancestor(root: Path, earlier: str, later: str) -> bool:
    """True if the clone knows that *later* came after *earlier*; after a force push it did not."""
    return earlier != later and ask_git(root, "merge-base", earlier, later) == earlier


def ask_git(root: Path, *arguments: str) -> str:
    """Answer of git at the top of the repository; empty if it says no, or there is no repository."""
    answer = _answer(root, arguments)
    return answer.text.strip() if answer is not None and answer.code == 0 else ""


def git_agrees(root: Path, *arguments: str) -> bool:
    """True if git does at the top of the repository what it is told."""
    answer = _answer(root, arguments)
    return answer is not None and answer.code == 0


def name_in_git(root: Path, path: str) -> str:
    """
    Name of a *path* below *root*, from the top of the repository.

    Raises:
        GitFault: If there is no repository, or it is not in it.
    """
    return git.repository(root).name_of(path)


def _answer(root: Path, arguments: tuple[str, ...]) -> git.Answer | None:
    with contextlib.suppress(GitFault):
        found = git.find(root)
        if found is not None:
            # a work tree may have files of Git LFS, which are compared through its filter; no other one runs
            return found.run(*arguments, settings=found.idle_filters("lfs"), timeout_s=_GIT_TIMEOUT_S)
    return None
