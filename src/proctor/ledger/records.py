"""
Meaning of the bodies of the ledger's entries: one frozen dataclass for each kind, to JSON and back.

A body holds nothing that was computed from labels beyond the released outcome. What is private enters the chain
through `private`: a salted commitment, or a record sealed under the owner's key (design.md, rule 3).
An evaluation keeps everything that it was judged under, so that reading the past never depends on today's gate file.
"""

from __future__ import annotations

from typing import Any, ClassVar, get_args

from proctor import codec
from proctor.budget import Contract, Stakes
from proctor.errors import LedgerCorrupt, LedgerTooNew
from proctor.frozen import dataclass, field, fields
from proctor.ledger.outcomes import Basis, Stage, Verdict
from proctor.ledger.submissions import Submission
from proctor.owner import Private

Json = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """Origin of a request: who asked, from where, and with which version; public context of an entry."""

    gate: str
    version: str
    commit: str | None = None
    actor: str | None = None


@dataclass(frozen=True)
class Feedback:
    """Message released beside the verdict, and the natural logarithm of its declared probability."""

    message: str
    log_probability: float


@dataclass(frozen=True, kw_only=True)
class _Examples:
    """
    Examples that are in use from here on.

    Attributes:
        n_examples: How many they are.
        labels: Commitment of all their labels.
        ids: Fingerprint of the ids alone, where the examples are known by their features.
        places: Which example goes by which id, or stands in which row (`TestSet.places`); in ledgers of earlier
            versions only where labels are sealed.
        is_labeled: Whether every example had a label: then another commitment can only mean changed labels.
        traits: What they are recognized by in another form (`proctor.testset.identity`); sealed text where inputs are
            sealed, ``None`` in ledgers of earlier versions.
        ranks: Salted tags of labels in the order of the rows (`proctor.testset.ranks`).
        metadata: Digest of each column of the metadata, with the ids; ``None``, and not in the entry, if there is none.
        clusters: Number of clusters of sealed inputs; ``None``, and not in the entry, elsewhere: anybody counts them.
    """

    testset: str
    n_examples: int
    labels: str
    sketch: Json
    origin: Origin
    ids: str | None = None
    places: str | None = None
    is_labeled: bool = False
    traits: Json | str | None = None
    ranks: str | None = None
    metadata: dict[str, str] | None = None
    clusters: int | None = None


@dataclass(frozen=True, kw_only=True)
class Registered(_Examples):
    """
    A test set enters the books; its contract is frozen from here on.

    Attributes:
        pair: What anybody can read in the sealed labels: by it the test set is found where the key is not.
        settings: What of the gate file belongs to the owner, as it was then; ``None`` in ledgers of earlier versions.
        another: Why it is another test set than a registered one that it looks like, in the owner's words.
        inherits: True if it starts with all that its predecessor has left, whose account is closed by this entry.
    """

    kind: ClassVar[str] = "registration"
    contract: Contract
    inputs: str
    columns: tuple[str, ...]
    anchor: Submission | None = None
    predecessor: str | None = None
    project_error: float | None = None
    pair: str | None = None
    settings: Json | None = None
    another: str | None = None
    inherits: bool = False


@dataclass(frozen=True)
class Adopted:
    """
    The first candidate became the baseline without being judged; nothing was spent.

    Attributes:
        predictions: What its predictions are recognized by, as in `Evaluated`.
    """

    kind: ClassVar[str] = "adoption"
    testset: str
    condition: str
    candidate: Submission
    origin: Origin
    predictions: str | None = None


@dataclass(frozen=True)
class Forecast:
    """
    Chance of a pass as it looked before the test set was asked, from development data: public (theory.md §4.5).

    Attributes:
        chance: Probability of a pass that was expected.
        wins: Development examples on which only the candidate is right; ``None`` where the chance was simulated.
        losses: Development examples on which only the baseline is right; ``None`` likewise.
        examples: Number of development examples.
        threshold: What the difference must exceed; ``None`` where the chance was simulated.
    """

    chance: float
    examples: int
    wins: int | None = None
    losses: int | None = None
    threshold: float | None = None


@dataclass(frozen=True, kw_only=True)
class _Step:
    """
    One step that is charged, as far as it is known before its outcome is.

    Attributes:
        stake: Declared stake in units of 2^-20 (theory.md §4.5); ``None`` if none was declared.
        anchor: The anchor that the condition speaks of; ``None`` if it names none, or in entries of earlier versions.
        forecast: What the stake was made of; ``None`` if it was not made of development data.
        part: Name of the condition, of several (`Accepted`); ``None``, and not in the entry, where the gate has one.
    """

    testset: str
    condition: str
    candidate: Submission
    baseline: Submission | None
    stakes: Stakes
    log_level: float
    bound: str
    origin: Origin
    stake: int | None = None
    anchor: Submission | None = None
    forecast: Forecast | None = None
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluated(_Step):
    """
    One charged step: what was asked, at which level, and what was released.

    Attributes:
        predictions: What the predictions of an accepted model are recognized by when it is run again as the baseline
            (`proctor.gate.owner_key.OwnerKey.pin`); random where it was accepted without any, so that both look alike.
    """

    kind: ClassVar[str] = "evaluation"
    outcome: Verdict
    basis: Basis
    private: Private
    feedback: Feedback | None = None
    sandbox: str | None = None
    pending: int | None = None
    predictions: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pending(_Step):
    """
    An evaluation that has begun; whatever becomes of it, this step is charged (theory.md §4.3.4, §4.5).

    A candidate is about to see sealed inputs, or a stake is declared, which nobody may change from here on.
    """

    kind: ClassVar[str] = "pending"


@dataclass(frozen=True)
class Accepted:
    """
    A candidate becomes the baseline: it has passed every enforced condition of a gate that has several.

    Attributes:
        verdicts: Numbers of the entries in which it did, in the order of the conditions.
    """

    kind: ClassVar[str] = "acceptance"
    testset: str
    candidate: Submission
    verdicts: tuple[int, ...]
    origin: Origin


@dataclass(frozen=True)
class Corrected:
    """The owner corrected labels: how many; which and why stays in the owner's record. Past verdicts stand."""

    kind: ClassVar[str] = "correction"
    testset: str
    n_rows: int
    labels: str
    private: Private
    origin: Origin


@dataclass(frozen=True, kw_only=True)
class _Changed(_Examples):
    """
    Other examples are in use from here on, on the same account (theory.md §4.6, Theorem B1).

    Attributes:
        version: Fingerprint of all examples that are in use from here on.
        reason: Why, in the owner's words; everybody can read it.
    """

    version: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Extended(_Changed):
    """
    Examples were added to a test set.

    Attributes:
        n_added: How many of those in use are new.
        pins: Where the inputs are sealed: accepted models, by digest, and what they are recognized by on all examples.
        another: Why the new examples are none of those that they look like, in the owner's words.
    """

    kind: ClassVar[str] = "extension"
    n_added: int
    pins: dict[str, str] = field(default_factory=dict)
    another: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dropped(_Changed):
    """
    The oldest examples left a test set.

    Attributes:
        rule: Which they are: by their order or by a date, in words.
        n_dropped: How many they are.
        pins: Accepted models, by digest, and what their predictions are recognized by on the examples that stay.
    """

    kind: ClassVar[str] = "drop"
    rule: str
    n_dropped: int
    pins: dict[str, str]


@dataclass(frozen=True)
class SettingsAccepted:
    """
    The owner accepted other settings for a gate, which every later commit is held to.

    Attributes:
        before: What held until then; ``None`` if nothing was pinned.
    """

    kind: ClassVar[str] = "settings"
    testset: str
    gate: str
    before: Json | None
    settings: Json
    origin: Origin


@dataclass(frozen=True)
class BaselineNamed:
    """The owner said that these predictions are a baseline, though no gate accepted them here."""

    kind: ClassVar[str] = "baseline"
    testset: str
    baseline: Submission
    origin: Origin


@dataclass(frozen=True)
class LossAccepted:
    """
    The owner goes on with books of which a part is lost; number and hash are those of the last entry that was known.

    Attributes:
        reason: Why, in the owner's words; everybody can read it.
    """

    kind: ClassVar[str] = "loss"
    testset: str
    number: int
    hash: str
    reason: str
    origin: Origin


@dataclass(frozen=True)
class Retired:
    """The end of a test set, by its owner's decision."""

    kind: ClassVar[str] = "retirement"
    testset: str
    reason: str
    origin: Origin
    outcomes: dict[str, Verdict] | None = None


@dataclass(frozen=True)
class Notified:
    """
    Fate of a notice; recorded so that it is never sent twice.

    Attributes:
        stage: Begun before anything is sent, then sent, or failed where it surely did not arrive.
    """

    kind: ClassVar[str] = "notice"
    testset: str
    channel: str
    occasion: str
    origin: Origin
    stage: Stage = Stage.SENT


EVALUATED_FIELDS = frozenset(field.name for field in fields(Evaluated)) - {"part"}
"""Fields of every evaluation's entry."""

OwnersAct = SettingsAccepted | BaselineNamed | LossAccepted
Change = Extended | Dropped
"""A record of other examples in use than before."""
Cohort = Registered | Change
"""A record that says which examples are in use from there on."""
Record = Registered | Adopted | Evaluated | Pending | Accepted | Corrected | Change | OwnersAct | Retired | Notified
_LATER = frozenset({"part", "metadata", "clusters"})  # fields that are left out where they say nothing
CHANGES = frozenset({Extended.kind, Dropped.kind})

_KINDS: dict[str, type[Record]] = {each.kind: each for each in get_args(Record)}


def to_body(record: Record) -> Json:
    """JSON body of *record*, without later fields that it makes no use of; its kind is a field of the entry itself."""
    body: Json = codec.to_json(record)
    return {name: _of_use(value) for name, value in body.items() if value is not None or name not in _LATER}


def _of_use(value: Any) -> Any:
    """A part of a body; a submission without its columns, where it has one."""
    is_of_one = isinstance(value, dict) and value.get("columns", value) is None
    return {name: each for name, each in value.items() if name != "columns"} if is_of_one else value


def from_body(kind: str, body: Json, number: int = 0) -> Record:
    """
    The record that an entry's body stands for.

    Raises:
        LedgerTooNew: If the kind or a field is not known to this version.
        LedgerCorrupt: If the body is not of its kind's form.
    """
    record = _KINDS.get(kind)
    if record is None:
        raise LedgerTooNew(
            f"entry {number} of the ledger is of the kind {kind!r}, which this version does not know",
            hint="Install the version of proctor that the others use.",
        )
    try:
        return codec.from_json(record, body)
    except codec.Unknown as error:
        raise LedgerTooNew(f"entry {number} of the ledger has {error}") from None
    except (TypeError, ValueError) as error:
        raise LedgerCorrupt(f"entry {number} of the ledger is not a well-formed {kind}: {error}") from error
