"""DVC itself: a remote is read with its user's settings, never with a commit's; and runs the gate as a stage."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import site
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import proctor
from gate.project import Project
from proctor.gate.dvc import REMOTE

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
DVC = Path(os.environ.get("PROCTOR_DVC") or CACHE / "proctor/dvc-venv/bin/dvc")
README = Path(__file__).parents[3] / "examples/dvc/README.md"
# This program's own packages come behind those of DVC's environment.
RUN = "import sys; sys.path += {paths!r}; from proctor.cli import main; sys.argv[0] = 'proctor'; main()"
SETTINGS = """
['remote "store"']
    url = {url}
    auth = custom
    custom_auth_header = X-Token
    password = {token}
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DVC.exists(), reason="DVC is not installed: .ci/dvc-venv.sh installs it"),
]


class _Guarded(SimpleHTTPRequestHandler):
    """Files of a folder, for whoever has the token."""

    def send_head(self):
        if "open sesame" != self.headers.get("X-Token"):
            return self.send_error(401)
        return super().send_head()

    def log_message(self, *_):
        pass


@pytest.fixture
def url(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[str]:
    """The address of a remote that has the predictions of the project, of which only the pointer is left."""
    folder = tmp_path_factory.mktemp("remote")
    content = (project.root / "new.csv").read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    kept = folder / "store/files/md5" / md5[:2] / md5[2:]
    kept.parent.mkdir(parents=True)
    (project.root / "new.csv").rename(kept)
    (project.root / "new.csv.dvc").write_text(f"outs:\n- md5: {md5}\n  hash: md5\n  path: new.csv\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Guarded, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/store"
        server.shutdown()


def check(project: Project, remote: str, settings: str = "") -> subprocess.CompletedProcess[str]:
    """`proctor check` in the environment of DVC, whose user has these *settings*."""
    config = project.root.parent / "config-of-user"
    config.mkdir(exist_ok=True)
    (config / "config").write_text(settings)
    paths = [str(Path(proctor.__file__).parents[1]), *site.getsitepackages()]
    named = {REMOTE: remote, "DVC_GLOBAL_CONFIG_DIR": str(config), "DVC_SYSTEM_CONFIG_DIR": str(config / "none")}
    return subprocess.run(
        [DVC.with_name("python"), "-c", RUN.format(paths=paths), "check"],
        cwd=project.root, env={**os.environ, **named}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("by_name", [True, False])
def test_remote__with_the_settings_of_its_user(project: Project, url: str, by_name: bool) -> None:
    """A server that asks for a token hands the file out where it is set for the remote of this name or address."""
    settings = SETTINGS.format(url=url, token="open sesame")

    done = check(project, "remote://store" if by_name else f"{url}/", settings)

    assert (0, True) == (done.returncode, "PASS" in done.stdout), done.stdout + done.stderr


def test_remote__not_with_the_settings_of_a_commit(project: Project, url: str) -> None:
    """The configuration of the repository, which a commit brings, is not asked: neither for a name nor for a token."""
    for name in ("config", "config.local"):
        (project.root / ".dvc").mkdir(exist_ok=True)
        (project.root / ".dvc" / name).write_text(SETTINGS.format(url=url, token="open sesame"))
    subprocess.run(["git", "init", "--quiet"], cwd=project.root, check=True)

    by_name, by_address = check(project, "remote://store"), check(project, url)
    wrong = check(project, url, SETTINGS.format(url=url, token="wrong"))

    assert (5, 5, 5) == (by_name.returncode, by_address.returncode, wrong.returncode)
    assert "remote 'store' doesn't exist" in by_name.stderr
    assert f"cannot be read from '{url}': ClientResponseError 401" in by_address.stderr
    assert f"cannot be read from '{url}': ClientResponseError 401" in wrong.stderr
    assert [] == project.kinds()


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_example__stages(project: Project) -> None:
    """The README's stages: a pass ends well, a fail ends `dvc repro`; metrics show the cost, and a plot the account."""
    stages = README.read_text("utf-8").rpartition("```yaml\n")[2].partition("```")[0]
    (project.root / "dvc.yaml").write_text(stages.replace("model.skops", "new.csv"))
    run(project, "git", "init", "--quiet")
    run(project, "dvc", "init", "--quiet")

    assert 0 == run(project, "dvc", "repro", "gate").returncode
    run(project, "git", "add", ".")
    run(project, "git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "a pass")
    project.model("new.csv", 390)
    failed = run(project, "dvc", "repro", "gate")
    changed = json.loads(run(project, "dvc", "metrics", "diff", "--json").stdout)["proctor.json"]
    run(project, "dvc", "repro", "history")
    plot = json.loads(run(project, "dvc", "plots", "show", "--json").stdout)

    assert "exited with 1" in failed.stderr
    assert ("pass", "fail") == (changed["verdict"]["old"], changed["verdict"]["new"])
    assert changed["budget.leakage_bits"]["diff"] > 0
    assert [] == plot.get("errors", [])
    assert "leakage_bits" in str(plot["data"]["history.json"])


def run(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in *project*, where this one and DVC are to be found."""
    path = os.pathsep.join((str(Path(sys.executable).parent), str(DVC.parent), os.environ["PATH"]))
    quiet = {**os.environ, "DVC_NO_ANALYTICS": "true", "HOME": str(project.root.parent), "PATH": path}
    return subprocess.run(
        words, cwd=project.root, env=quiet, capture_output=True, text=True, timeout=240, check=False
    )  # fmt: skip
