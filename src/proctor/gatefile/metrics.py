"""Functions of the owner of the test set, as a gate file names them."""

from __future__ import annotations

import re

from proctor.gatefile.kinds import Text
from proctor.gatefile.sections import Key, MapOf

_DISTRIBUTION = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"


def _problem(text: str) -> str:
    """A text that cannot be the name of a distribution, such as one with a version."""
    if re.fullmatch(_DISTRIBUTION, text):
        return ""
    return f"`{text}` is no name of a distribution; its version is fixed when the test set is registered: leave it out"


METRICS = Key(
    "metrics",
    MapOf(Text(_problem, _DISTRIBUTION), r"[A-Za-z_]\w*", "letters, digits and _, starting with a letter"),
    "Functions of the owner by name, as `politeness` of `user.politeness(n)`, each with the installed distribution "
    "that has it as an entry point of the group `proctor.metrics`; its version and files are fixed at registration.",
    (),
)
