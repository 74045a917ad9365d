"""The key that says how a model is isolated: a word, or a map that opens devices and folders in the sandbox as well."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from proctor.gatefile.kinds import Choice, ListOf, Schema, spelled
from proctor.gatefile.sections import Key, Made, Section, WordOrMap


class Sandbox(StrEnum):
    """Amount of isolation that is asked for the candidate's process."""

    AUTO = "auto"
    REQUIRED = "required"
    NONE = "none"


class Isolation(NamedTuple):
    """
    Isolation of models, and what of the machine is open to them nevertheless.

    Attributes:
        tier: How much isolation is asked for.
        devices: Absolute paths of devices that models may use, such as a GPU's, or of folders of devices.
        folders: Absolute paths of folders that models may read.
    """

    tier: Sandbox = Sandbox.AUTO
    devices: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def opened(self) -> tuple[str, ...]:
        """Everything that is open to models beyond what every model may use."""
        return (*self.devices, *self.folders)


_PART = r"/(?!\.\.?(?:/|$))[^/]+"
_DEVICES = spelled(rf"^/dev(?:{_PART})+$", "`devices` must be paths below /dev, as in /dev/nvidia0")
_FOLDERS = spelled(
    rf"^(?:{_PART})+/?$",
    "`folders` must be absolute paths, as in /usr/local/cuda (what is the model's own goes into `files` of "
    "`candidate`)",
)

_TIER = Choice(Sandbox, "{tier: required, devices: [/dev/nvidia0]}")
_MAP = Section(
    (
        Key("tier", Choice(Sandbox), "As the word alone.", Sandbox.AUTO),
        Key(
            "devices",
            ListOf(_DEVICES),
            "Devices that models may use, such as a GPU's /dev/nvidia0, or folders of them such as /dev/dri. Whoever "
            "names one vouches for it: what it remembers, it may tell the next model.",
            (),
        ),
        Key(
            "folders",
            ListOf(_FOLDERS),
            "Folders of this machine that models may read, such as /usr/local/cuda; none that holds the project, a "
            "home or what no model may see. What lies in them is not part of what a model is known by.",
            (),
        ),
    ),
    Isolation,
)

SANDBOX = WordOrMap(Made(_TIER, Isolation), _MAP)
"""The key's values."""


def asks_for_none() -> Schema:
    """JSON Schema of the values that ask for no isolation."""
    word: Schema = {"const": Sandbox.NONE.value}
    return {"anyOf": [word, {"type": "object", "required": ["tier"], "properties": {"tier": word}}]}
