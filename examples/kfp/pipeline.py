"""
A pipeline of Kubeflow that publishes a model only if it passes the gate.

    python pipeline.py compile pipeline.yaml          for a cluster
    python pipeline.py run GATE CANDIDATE             here, in processes of this machine
"""

import sys
from pathlib import Path

from kfp import compiler, dsl, local

from proctor.surfaces.kfp import IMAGE, judging

IS_LOCAL = sys.argv[1:2] == ["run"]
# Here everything is installed; in a cluster, an image of yours with proctor in it saves the installation.
HERE = {"packages": (), "install_kfp_package": False} if IS_LOCAL else {}
judge = judging(**HERE)


@dsl.component(base_image=IMAGE, install_kfp_package=not IS_LOCAL)
def publish(candidate: str) -> str:
    """What comes after the gate."""
    return f"published: {candidate}"


@dsl.pipeline(name="gated")
def gated(gate: str, candidate: str):
    """Judge, and publish what passes."""
    judged = judge(gate=gate, candidate=candidate)
    judged.set_caching_options(enable_caching=False)
    with dsl.If(judged.outputs["Output"] == "pass"):
        publish(candidate=candidate)


def main(*words: str) -> None:
    """Compile the pipeline, or run it."""
    match words:
        case ("compile", file):
            compiler.Compiler().compile(gated, file)
        case ("run", gate, candidate):
            local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=str(Path.cwd() / "outputs"))
            gated(gate=gate, candidate=candidate)
        case _:
            raise SystemExit("usage: python pipeline.py compile FILE\n       python pipeline.py run GATE CANDIDATE")


if __name__ == "__main__":
    main(*sys.argv[1:])
