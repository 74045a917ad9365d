"""Settings: the hook ends a run whose gate fails."""

from proctor.surfaces.kedro import GateHooks

HOOKS = (GateHooks(),)
