"""Runs of models on this machine: isolated as the gate file says, within their time, on a copy of the features."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.errors import SandboxError
from proctor.frozen import dataclass, field
from proctor.gate.hidden import hidden_paths, own_paths
from proctor.gate.pace import Lasted, lasting, run_s
from proctor.gatefile import Gate, Inputs
from proctor.predictions import PredictionSet
from proctor.runtime import Runtime
from proctor.testset import ExampleFiles, TestSet, write_features

if TYPE_CHECKING:
    from proctor.models.child import Launcher, Limits
    from proctor.models.project import Project
    from proctor.models.revision import Export
    from proctor.models.runnable import Runnable
    from proctor.models.sandbox.openings import Openings

_MOST_PROCESSES = 256
_MOST_FILE_BYTES = 1 << 30
_MOST_ROW_BYTES = 4096
_SHARE_OF_MEMORY = 0.75


@dataclass(frozen=True)
class Execution:
    """
    Runs of models for one gate, and what is to be said of them.

    Attributes:
        owner_record: File of the private figures, where one was named; hidden from models.
    """

    gate: Gate
    testset: TestSet
    runtime: Runtime
    owner_record: Path | None = None
    _tiers: list[str] = field(default_factory=list, repr=False)
    _slots: list[Lasted] = field(default_factory=list, repr=False)

    @property
    def tier(self) -> str | None:
        """Isolation in which models ran, and what is open in it; ``None`` if none did."""
        return self._tiers[-1] if self._tiers else None

    @property
    def slots(self) -> tuple[int, ...]:
        """Number of slots that each run on sealed inputs has taken."""
        return tuple(lasted.steps for lasted in self._slots)

    def required_tier(self) -> str:
        """Isolation that models get here, whether one has run to its end or not."""
        return self._isolation(self.launcher().tier)

    def project(self, model: Runnable, there: Export | None = None) -> Project:
        """Parts of *model*, here or in a tree that was exported: all of the project that it is shown."""
        from proctor.models.submission import project_of

        if there is None:
            return project_of(model, self.gate.root, None, (*hidden_paths(self.gate), *self._figures()))
        return project_of(model, there.root, there.tree, hidden_paths(self.gate, there.root, there.tree))

    def run(self, model: Runnable, project: Project, files: ExampleFiles) -> PredictionSet:
        """Run *model* in a copy of its *project*, on a copy of the features and nothing else."""
        from proctor.models.running import Place, run
        from proctor.models.sandbox import scratch

        launcher, opened = self.launcher(), self.opened()
        self._announce(model, files)
        # What is taken away afterwards is the model's doing, too: the slot ends when the folders are gone.
        with (
            contextlib.ExitStack() as slot,
            scratch.folder(scratch.memory()) as folder,
            scratch.folder() as stage,
        ):
            place = Place(
                root=self.gate.root.absolute(),
                stage=stage,
                folder=folder,
                launcher=launcher,
                limits=self._limits(),
                environment=self.runtime.environ,
                hidden=(*own_paths(self.gate), *self._figures()),
                opened=opened,
                # room for the longest class and a long id of each example; more would only fill the gate's memory
                most_bytes=min(_MOST_FILE_BYTES, (1 << 20) + _MOST_ROW_BYTES * self.testset.n_examples),
            )
            features = write_features(files, folder)
            if files is self.testset.files and self.gate.pace is not None:
                # on sealed inputs, the time of one run, whatever the model does with it
                seconds = run_s(self.gate.pace.seconds, self.testset.n_examples)
                self._slots.append(slot.enter_context(lasting(seconds, self.runtime)))
            ran = run(model, project, features, place, self.gate.reading.predictions)
        self._tiers.append(self._isolation(ran.tier))
        if ran.said and self.gate.testset.inputs is not Inputs.SEALED:
            self.runtime.remark("\n  | ".join([f"{model} said:", *ran.said]))
        return ran.predictions

    def _announce(self, model: Runnable, files: ExampleFiles) -> None:
        if self.gate.pace is None or files is not self.testset.files:
            self.runtime.progress(f"running {model}")
            return
        seconds = run_s(self.gate.pace.longest_s, self.testset.n_examples)
        end = datetime.fromisoformat(self.runtime.now()) + timedelta(seconds=seconds)
        self.runtime.progress(f"running {model}: its time ends at {end:%H:%M:%S} UTC, whatever it does")

    def launcher(self) -> Launcher:
        """Isolation that models get here; `SandboxError` if it is not as good as it must be."""
        from proctor.models import sandbox

        if self.gate.testset.inputs is not Inputs.SEALED:
            return sandbox.choose(self.gate.isolation.tier.value)
        if not sandbox.scratch.in_memory():
            raise SandboxError(
                "sealed inputs are handed to the model in a folder in memory, and this machine has no /dev/shm",
                hint="Mount a tmpfs at /dev/shm (docker: --shm-size), so that nothing decrypted reaches a disk.",
            )
        return sandbox.choose("required")

    def opened(self) -> Openings:
        """Devices and folders that are open in the sandbox here, where there is one to open; errors as `openings`."""
        from proctor.models.sandbox.openings import Openings, openings

        isolation = self.gate.isolation
        if not isolation.opened or self.launcher().tier == "none":
            return Openings()
        closed = (self.gate.fence.project, *hidden_paths(self.gate), *self._figures())
        return openings(isolation.devices, isolation.folders, closed)

    def _isolation(self, tier: str) -> str:
        """A tier, and what of the machine is open in it."""
        opened = self.gate.isolation.opened
        return tier if tier == "none" or not opened else f"{tier}; open in it: {', '.join(opened)}"

    def _limits(self) -> Limits:
        from proctor.models.child import Limits

        memory = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _SHARE_OF_MEMORY)
        return Limits(self.gate.seconds, memory, _MOST_PROCESSES, _MOST_FILE_BYTES)

    def _figures(self) -> tuple[Path, ...]:
        """Private folders beside the gate's own files; labels may stand in git's history, too."""
        named = [self.owner_record.absolute()] if self.owner_record else []
        return (*named, self.gate.root / ".git", self.gate.fence.project / ".git")
