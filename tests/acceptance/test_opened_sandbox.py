"""A gate file that opens devices and folders in the sandbox: what models get of them, and what everybody is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from sealed import Project

from proctor.models import sandbox


@pytest.fixture(params=["open", "sealed"])
def project(request, tmp_path) -> Project:
    """Give a gate whose candidate reads a folder of the machine and uses a device."""
    if sandbox.strongest() is None:
        pytest.skip("there is no sandbox here to open")
    folder = tmp_path / "toolkit"
    folder.mkdir()
    (folder / "version").write_text("12")
    needs = f"assert open({str(folder / 'version')!r}).read() == '12'; open('/dev/full', 'r+b', 0).read(1)"
    return Project(tmp_path / "project", request.param).testset().candidate(before=needs)


def opened(project: Project, **changes: list[str]) -> dict[str, list[str]]:
    return {"devices": ["/dev/full"], "folders": [str(project.root.parent / "toolkit")], **changes}


def test_check__says_what_is_open(project: Project):
    """The model uses what the gate file opens, and every release names it."""
    project.gate(sandbox=opened(project))

    found = project.check(0)["sandbox"]

    assert f"{sandbox.choose('auto').tier}; open in it: /dev/full, {project.root.parent}/toolkit" == found
    assert "open in it: /dev/full" in project.proctor("check", code=0).out


def test_check__without_it_the_model_fails(project: Project):
    """The same model cannot do without."""
    project.gate(sandbox="required")

    project.proctor("check", code=1 if project.inputs == "sealed" else 5)  # on sealed inputs a crash is an outcome


@pytest.mark.parametrize("project", ["sealed"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"devices": ["/dev/nvidia4711"]}, 5, "this machine has no '/dev/nvidia4711'"),
        ({"folders": ["/usr/local/no-cuda"]}, 5, "this machine has no '/usr/local/no-cuda'"),
        ({"folders": ["PROJECT/exam"]}, 2, "holds more than a model may see"),
    ],
)
def test_check__refuses_and_spends_nothing(project: Project, changes: dict[str, list[str]], code: int, said: str):
    """What is not here, or would open too much, is an error before any model runs: nothing is charged, or pending."""
    paths = {key: [name.replace("PROJECT", str(project.root)) for name in names] for key, names in changes.items()}
    project.gate(sandbox=opened(project, **paths))

    ran = project.proctor("check", code=code)

    assert said in ran.err
    assert "Nothing was spent" in ran.err or code == 2
    assert not {"pending", "evaluation"} & set(project.kinds())


@pytest.mark.parametrize("project", ["open"], indirect=True)
def test_check__a_commit_opens_nothing(project: Project):
    """What is open in the sandbox is the owner's to say, once the test set is registered."""
    project.candidate().gate(sandbox="auto").check(0)
    project.candidate(wrong=1).gate(sandbox=opened(project))

    ran = project.proctor("check", code=2)

    assert "`sandbox.devices` is" in ran.err
    assert "`sandbox.folders` is" in ran.err
    project.proctor("testset", "settings", "--accept", "--yes", code=0)
    assert project.check(0)["sandbox"].endswith("toolkit")


def test_check__needs_no_opening_where_nothing_is_closed(tmp_path: Path):
    """Without isolation a device that is not here is the model's own affair."""
    project = Project(tmp_path / "project", "open").testset().candidate()
    project.gate(sandbox={"tier": "none", "devices": ["/dev/nvidia4711"]})

    assert "none" == project.check(0)["sandbox"]
