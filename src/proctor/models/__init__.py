"""
Turning what a developer submits into predictions.

One file per concern; each heavy library is imported in one file only, and in the child process.
Models run as children that are given features and never labels (design.md, rule 5).
"""

from proctor.models.child import Finished, Job, Launcher, Limits, PlainLauncher
from proctor.models.project import Project
from proctor.models.revision import Export, NotThere, commit_of, export, file_at
from proctor.models.running import Place, Ran, run
from proctor.models.submission import Command, Runnable, SavedEstimator, digest, former_digest, project_of

__all__ = [
    "Command",
    "Export",
    "Finished",
    "Job",
    "Launcher",
    "Limits",
    "NotThere",
    "Place",
    "PlainLauncher",
    "Project",
    "Ran",
    "Runnable",
    "SavedEstimator",
    "commit_of",
    "digest",
    "export",
    "file_at",
    "former_digest",
    "project_of",
    "run",
]
