"""The keys `owner`, `notify` and `runstore`: where results go."""

from __future__ import annotations

from typing import NamedTuple

from proctor.gatefile import checks
from proctor.gatefile.kinds import Text, spelled
from proctor.gatefile.sections import Key, Made, Section, WordOrMap


class Owner(NamedTuple):
    """
    Files and settings that the owner of the test set keeps to themselves.

    Attributes:
        record: File to which private figures (and outcomes, under ``adaptivity: none``) are appended.
        key: File of the key that seals labels and signs the ledger; ``None``: the variable ``PROCTOR_KEY``, or none.
    """

    record: str = ".proctor/owner.jsonl"
    key: str | None = None


class Notify(NamedTuple):
    """
    Receivers of the message that a fresh test set is needed.

    Attributes:
        webhook: Address that takes a POST of JSON; ``None`` for none.
        mail: Address that is mailed; ``None`` for none. The address behind ``none ->`` is mailed in any case.
    """

    webhook: str | None = None
    mail: str | None = None


class RunStoreTarget(NamedTuple):
    """An MLflow tracking server, its experiment for what is released, and a restricted one for the owner's figures."""

    url: str
    experiment: str = "proctor"
    owner_experiment: str | None = None


_URL = Text(checks.url_problem, r"^https?://[^/]")
RUNSTORE = WordOrMap(
    Made(_URL, RunStoreTarget),
    Section(
        (
            Key("url", _URL, "Address of an MLflow tracking server.", required=True),
            Key("experiment", Text(), "Experiment that takes the runs.", "proctor"),
            Key("owner_experiment", Text(), "Restricted experiment for the owner's private figures; left out: none."),
        ),
        RunStoreTarget,
    ),
)

OWNER = Section(
    (
        Key(
            "record",
            Text(),
            "File to which the owner's private figures are appended; keep it where developers cannot read it.",
            ".proctor/owner.jsonl",
        ),
        Key("key", Text(), "File of the owner's key; left out: the variable PROCTOR_KEY, where it is set."),
    ),
    Owner,
)

NOTIFY = Section(
    (
        Key("webhook", Text(checks.webhook_problem, r"^https?://[^/]"), "Address that takes notices as JSON by POST."),
        Key(
            "mail",
            spelled(checks.ADDRESS, "`mail` must be an address as in owner@example.com"),
            "Address that is mailed (PROCTOR_SMTP_HOST sends).",
        ),
    ),
    Notify,
)
