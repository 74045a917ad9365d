"""The gate as a component of Kubeflow Pipelines: what is judged comes in, the verdict goes out, for an ``If``."""

from collections.abc import Sequence
from typing import Any

from proctor.errors import MissingExtra

try:
    from kfp import dsl
except ImportError as error:
    raise MissingExtra("a component of Kubeflow Pipelines needs kfp", hint="Install it: pip install kfp") from error

IMAGE = "python:3.12-slim"


def judging(image: str = IMAGE, packages: Sequence[str] = ("proctor",), **how: Any) -> Any:
    """
    Component that judges a candidate: its step ends well on a pass and on a fail, and an ``If`` on its output decides.

    Args:
        image: Image that the step runs in.
        packages: What pip installs there first; nothing where the image has all.
        how: Further options of ``kfp.dsl.component``.
    """
    return dsl.component(base_image=image, packages_to_install=list(packages), **how)(judge)


def judge(gate: str, candidate: str, release: dsl.Output[dsl.Artifact]) -> str:
    """
    Judge a file of predictions, or what the gate file names if *candidate* is empty; gives the verdict.

    What was released is written to *release* as JSON. It is taken out of this module by kfp, and has to stand alone.
    """
    from pathlib import Path

    from proctor import service
    from proctor.reports import json

    released = service.check(service.load_gate(gate, service.Named(candidate=candidate or None)))
    Path(release.path).write_text(json.render(released), encoding="utf-8")
    return released.verdict.value
