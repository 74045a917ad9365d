"""Checks of single texts in a gate file: each gives the problem, or an empty text."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from proctor import conditions
from proctor.errors import ConditionError, Misuse
from proctor.ledger import address
from proctor.models import uris

ADDRESS = r"[^\s@<>]+@[^\s@<>]+"
"""A mail address, as far as can be told without sending to it."""

REVISION = r"^[^-\s]\S*$"
"""A revision that git takes neither for an option nor for several words."""

NAME = r"^(?=.*\S)[^\n]{1,100}$"
"""A name that fits into a line."""

WORD = r"[A-Za-z][\w-]{0,39}"
"""A name that fits into a table and a path."""

DISTRIBUTION = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
"""A name of a distribution of Python."""


def condition_problem(text: str) -> str:
    """Problem with a condition: its own message, with the caret."""
    try:
        conditions.normalize(conditions.parse(text))
    except ConditionError as error:
        eaten = _EATEN_BACKSLASH if re.search(r"[<>].*\s/\s.*[<>]", text) else ""
        return f"`condition`: {error}{eaten}"
    return ""


_EATEN_BACKSLASH = (
    "\nOr was it `/\\` in double quotation marks? YAML eats the backslash: leave the marks out, or write `and`."
)


def command_problem(text: str) -> str:
    """A command that does not say where its files go."""
    missing = [name for name in ("{features}", "{predictions}") if name not in text]
    if missing:
        return f"`command` must say where {' and '.join(missing)} go: python predict.py {{features}} {{predictions}}"
    return ""


def model_problem(text: str) -> str:
    """A URI of MLflow's that names no version."""
    if not uris.is_uri(text):
        return ""
    try:
        uris.parse(text)
    except Misuse as error:
        return f"{error.message}. {error.hint}"
    return ""


def uri_problem(text: str) -> str:
    """A model that is no version that MLflow keeps."""
    if uris.is_uri(text):
        return model_problem(text)
    return (
        f"`model` of a baseline is a version that MLflow keeps, as in models:/fraud@champion, not `{text}`; for the "
        "candidate's own file of another day write `baseline: {revision: main}`"
    )


def ledger_problem(text: str) -> str:
    """A ledger that is none of the three kinds, or that gives a password away."""
    try:
        found = address.parse(text)
    except Misuse:
        return f"`ledger` must be a path, postgresql://… or git:REMOTE/BRANCH, not `{text}`"
    match found:
        case address.BranchAddress(names_branch=False):
            return f"`ledger` must name remote and branch, as in git:origin/proctor-ledger, not `{text}`"
        case address.ServerAddress(has_password=True):
            return "`ledger` holds a password, and gate files are committed; put it into PGPASSWORD or ~/.pgpass"
        case address.BranchAddress(has_password=True):
            return "`ledger` holds a password, and gate files are committed; let git's own credentials give it"
        case _:
            return ""


def url_problem(text: str) -> str:
    """An address that is no server's, or that gives a password away."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"the run store must be the address of an MLflow server, as in http://127.0.0.1:5000, not `{text}`"
    if parts.password or parts.username:
        variables = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        return f"the run store's address holds a password, and gate files are committed; put it into {variables}"
    return ""


def name_problem(text: str) -> str:
    """A name that does not fit into a line."""
    return "`name` must be one line of at most 100 characters" if len(text) > 100 or "\n" in text else ""


def webhook_problem(text: str) -> str:
    """An address that takes no POST."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"`webhook` must be an address as in https://chat.example.com/hooks/1, not `{text}`"
    return ""


def distribution_problem(text: str) -> str:
    """A text that cannot be the name of a distribution, such as one with a version."""
    if re.fullmatch(DISTRIBUTION, text):
        return ""
    return f"`{text}` is no name of a distribution; its version is fixed when the test set is registered: leave it out"
