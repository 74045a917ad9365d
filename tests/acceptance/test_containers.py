"""The example for containers: its Dockerfile read, linted and carried out, its manifests beside the schemas."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from image import Image, build, read

import proctor
from proctor import errors, gatefile
from proctor.environment import KEY_VARIABLES

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))  # the places are shared with the ledger's unit tests

from ledger.places import running_postgresql

PROJECT = Path(__file__).parents[2]
EXAMPLE = PROJECT / "examples/containers"
DOCKERFILE = EXAMPLE / "Dockerfile"
BASE = EXAMPLE / "base"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
TOOLS = Path(os.environ.get("PROCTOR_CONTAINERS_VENV") or CACHE / "proctor/containers-venv") / "bin"

needs_tools = pytest.mark.skipif(
    not (TOOLS / "kubernetes-validate").exists(), reason="no linters for containers: .ci/containers-venv.sh"
)


def run(*words: str | Path) -> str:
    """Output of a command that must succeed."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def job() -> dict[str, Any]:
    """The Job of the base."""
    found: dict[str, Any] = yaml.safe_load((BASE / "job.yml").read_text("utf-8"))
    return found


def test_dockerfile__runs_the_gate_as_nobody() -> None:
    """The last stage has a user without a name or rights, an entry point without a shell, and this version's label."""
    steps = read(DOCKERFILE)
    last = {word: rest for word, rest in steps if word not in ("RUN", "COPY")}

    base = last["ARG"] if last["ARG"].startswith("BASE") else next(rest for word, rest in steps if word == "ARG")
    assert re.fullmatch(r"BASE=python:3\.12\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", base)
    assert ["${BASE}"] * 2 == [rest.split()[0] for word, rest in steps if word == "FROM"]
    assert all(part.isdecimal() and int(part) >= 10_000 for part in last["USER"].split(":"))
    assert (["proctor"], ["check"]) == (json.loads(last["ENTRYPOINT"]), json.loads(last["CMD"]))
    labels = dict(pair.split("=", 1) for pair in shlex.split(last["LABEL"]))
    assert proctor.__version__ == labels["org.opencontainers.image.version"]


def test_dockerfile__is_shown_what_it_copies() -> None:
    """The context of the build holds what a COPY names and nothing else: no keys, no labels, no ledgers."""
    copied = [rest.split()[:-1] for word, rest in read(DOCKERFILE) if word == "COPY" and not rest.startswith("--")]
    rules = (EXAMPLE / "Dockerfile.dockerignore").read_text("utf-8").splitlines()

    assert "*" == rules[1]
    assert {name for names in copied for name in names} == {rule[1:] for rule in rules if rule.startswith("!")}
    assert all((PROJECT / name).exists() for names in copied for name in names)


@needs_tools
def test_dockerfile__lints() -> None:
    assert "" == run(TOOLS / "hadolint", "--failure-threshold", "style", DOCKERFILE)


@needs_tools
@pytest.mark.parametrize("version", ["1.31", "1.37"])
def test_manifests__fit_the_schemas(version: str) -> None:
    """Without fields that Kubernetes does not know."""
    run(TOOLS / "kubernetes-validate", "--strict", "-k", version, BASE / "job.yml", BASE / "ledger.yml")


@needs_tools
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl here")
def test_base__builds(tmp_path: Path) -> None:
    """Kustomize puts the parts together: what the Job names is there, and it all fits the schemas."""
    base = shutil.copytree(BASE, tmp_path / "base", ignore=shutil.ignore_patterns("secrets"))
    (base / "secrets").mkdir()
    for name in ("key", "password"):
        (base / "secrets" / name).write_text(name)

    (tmp_path / "all.yml").write_text(run("kubectl", "kustomize", base))

    run(TOOLS / "kubernetes-validate", "--strict", tmp_path / "all.yml")
    made = {each["kind"]: each for each in yaml.safe_load_all((tmp_path / "all.yml").read_text())}
    assert {"ConfigMap", "Secret", "Service", "StatefulSet", "Job"} == made.keys()
    pod = made["Job"]["spec"]["template"]["spec"]
    named = {each["valueFrom"]["secretKeyRef"]["name"] for each in pod["containers"][0]["env"] if "valueFrom" in each}
    assert {made["Secret"]["metadata"]["name"]} == named
    assert made["ConfigMap"]["metadata"]["name"] in str(pod["volumes"])
    assert {"key", "password"} == made["Secret"]["data"].keys()


def test_base__names_every_file() -> None:
    """The parts that the kustomization names lie beside it, but for secrets, which git must not see."""
    base = yaml.safe_load((BASE / "kustomization.yml").read_text("utf-8"))
    made = [name for each in base["configMapGenerator"] for name in each["files"]]
    secrets = [name for each in base["secretGenerator"] for name in each["files"]]

    assert all((BASE / name).exists() for name in (*base["resources"], *made))
    assert all(name.startswith("secrets/") for name in secrets)
    assert "secrets/" in (BASE / ".gitignore").read_text("utf-8").splitlines()


def test_job__never_repeats_a_verdict() -> None:
    """Exit codes that stay end the Job; what may be mended by waiting does not, and nor do bugs that are to be seen."""
    (rule,) = job()["spec"]["podFailurePolicy"]["rules"]

    stays = [errors.FAILED, errors.MISUSE, errors.LABELS_MISSING, errors.FRESH_TEST_SET]
    assert ("FailJob", "In", stays) == (rule["action"], rule["onExitCodes"]["operator"], rule["onExitCodes"]["values"])
    assert "Never" == job()["spec"]["template"]["spec"]["restartPolicy"]


def test_job__has_no_rights_and_no_secret_in_words() -> None:
    """Nothing runs as root or may become it; key and password come out of the secret."""
    documents = [job(), *yaml.safe_load_all((BASE / "ledger.yml").read_text("utf-8"))]

    for pod in (each["spec"]["template"]["spec"] for each in documents if "template" in each["spec"]):
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] > 0
        assert not pod["automountServiceAccountToken"]
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert ["ALL"] == container["securityContext"]["capabilities"]["drop"]
        secret = [each for each in container["env"] if "PASSWORD" in each["name"] or each["name"] in KEY_VARIABLES]
        assert secret
        assert all("gate" == each["valueFrom"]["secretKeyRef"]["name"] for each in secret)


def test_gate_file__is_one() -> None:
    gate = gatefile.load(BASE)

    assert gate.ledger.startswith("postgresql://")
    assert "check" == job()["spec"]["template"]["spec"]["containers"][0]["args"][0]


needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap here to lay out an image")
is_image_wanted = pytest.mark.skipif(
    not os.environ.get("PROCTOR_TEST_IMAGE"), reason="installs an image; PROCTOR_TEST_IMAGE=1 has it"
)


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="proctor-image-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def image(open_folder: Path) -> Image:
    """The image, each step of the Dockerfile carried out."""
    return build(DOCKERFILE, PROJECT, open_folder / "image")


def open_to_all(folder: Path) -> Path:
    run("chmod", "-R", "a+rwX", folder)
    return folder


@pytest.mark.slow
@is_image_wanted
@needs_bubblewrap
def test_image__judges_the_digits(image: Image, open_folder: Path) -> None:
    """The entry point judges models of handwritten digits, as a user without rights."""
    spec = importlib.util.spec_from_file_location("digits", PROJECT / "examples/digits/run.py")
    assert spec is not None
    assert spec.loader is not None
    digits = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(digits)
    project = open_folder / "digits"
    project.mkdir()
    images, labels = digits.load_digits(return_X_y=True)
    digits.make_repository(project, images[500:].astype(int), labels[500:])
    shutil.rmtree(project / ".git")  # the image has no git

    for _message, model, due in digits.HISTORY[:2]:
        digits.joblib.dump(model.fit(images[:500], labels[:500]), project / "model.joblib")
        judged = image.start(mounts={open_to_all(project): "/gate"})
        assert due == judged.returncode, judged.stdout + judged.stderr
    assert os.geteuid() != 0 or 10_001 == (project / ".proctor/ledger.db").stat().st_uid


@pytest.fixture
def sockets() -> Iterator[Path]:
    """Folder of the sockets of a PostgreSQL server, for every user of this machine."""
    with running_postgresql() as address:
        folder = Path(parse_qs(urlsplit(address).query)["host"][0])
        folder.chmod(0o711)
        (folder / ".s.PGSQL.5432").chmod(0o777)
        yield folder


@pytest.mark.slow
@is_image_wanted
@needs_bubblewrap
def test_image__does_the_job(image: Image, open_folder: Path, sockets: Path) -> None:
    """The Job's words and secrets judge sealed labels; the books in PostgreSQL outlive the folder of a container."""
    project, ids = open_folder / "project", range(6_000)
    (project / "exam").mkdir(parents=True)
    (project / "exam/labels.csv").write_text("id,label\n" + "".join(f"e{i},{i % 2}\n" for i in ids))
    text = (BASE / "proctor.yml").read_text("utf-8")
    (project / "proctor.yml").write_text(text.replace("@ledger/proctor", "@/postgres?user=postgres&host=/sockets"))
    mounts = {open_to_all(project): "/gate", sockets: "/sockets"}
    sealed = image.start("testset", "seal", "exam/labels.csv", "--json", mounts=mounts)
    secret = {"key": json.loads(sealed.stdout)["key"], "password": "any"}
    (project / "exam/labels.csv").unlink()
    (container,) = job()["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each["valueFrom"]["secretKeyRef"]["key"] for each in container["env"] if "valueFrom" in each}
    pod = replace(image, environ={**image.environ, **{name: secret[key] for name, key in given.items()}})

    judged = []
    for n_wrong in (1_200, 600, 600, 640):
        rows = "".join(f"e{i},{(i + (i < n_wrong)) % 2}\n" for i in ids)
        (project / "new.csv").write_text(f"id,prediction\n{rows}")
        judged.append(pod.start(*container["args"], mounts=mounts))

    codes = [done.returncode for done in judged]
    assert [errors.PASSED, errors.PASSED, errors.PASSED, errors.FAILED] == codes, [done.stderr for done in judged]
    assert not (project / ".proctor/ledger.db").exists()
