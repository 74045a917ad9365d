"""Columns that slices and clusters go by, as registration fixed them; no label has a part in it."""

from __future__ import annotations

from collections.abc import Set

from proctor.conditions import Formula, clusters, slices
from proctor.errors import ContractError, DataError
from proctor.gatefile import Inputs
from proctor.ledger.history import TestSetHistory
from proctor.planning import NO_SLICES, Sizes
from proctor.testset import TestSet


def sizes(life: TestSetHistory | None, testset: TestSet | None, formula: Formula) -> Sizes:
    """
    Size of each slice that *formula* is about, in clusters where these are judged, and then of the whole, too.

    Clusters of sealed inputs are looked up, not counted: of any other column that a commit names, the count would tell
    how many values it has.

    Args:
        life: The life of the test set; ``None`` if it is not registered yet.
        testset: The test set; ``None`` where its examples are not here: what must be counted is left out then.
        formula: What is asked.

    Raises:
        Misuse: If a column of a slice, or that of the clusters, is not one that the test set is known by.
        ContractError: If the inputs are sealed, and their owner has not registered clusters.
        DataError: If a slice is empty, or compares with a number what is none; if not every example is in one of
            several clusters; or if columns are not those of registration.
    """
    asked, cluster = slices(formula), clusters(formula)
    columns = {each.column for slice_ in asked for each in slice_.filters} | ({cluster} if cluster else set())
    if not columns:
        return NO_SLICES
    if life is not None and testset is not None:
        refuse_other_columns(life, testset, columns)
    if cluster is not None and _is_sealed(life, testset):
        return {None: _registered_clusters(life, cluster)}
    if testset is None:
        return NO_SLICES
    if cluster is None:
        return testset.sizes(asked)
    return {None: testset.n_clusters(cluster)} | {
        slice_: testset.n_clusters(cluster, mask) for slice_, mask in testset.masks(asked).items()
    }


def _is_sealed(life: TestSetHistory | None, testset: TestSet | None) -> bool:
    if life is not None:
        return life.registered.record.inputs == Inputs.SEALED
    return testset is not None and testset.is_sealed


def _registered_clusters(life: TestSetHistory | None, cluster: str) -> int:
    """Number of clusters of sealed inputs, as their owner made it public; errors as `sizes`."""
    if life is not None and life.in_use.clusters is not None:
        return life.in_use.clusters
    done, way = ("not registered them", "register") if life is None else ("registered no clusters", "renew")
    raise ContractError(
        f"the owner of these sealed inputs has {done}: how many clusters by `{cluster}` they hold is not for a commit "
        "to ask; nothing was spent",
        hint=f"Clusters are counted when their owner registers them: `proctor testset {way}`. Their number is in the "
        "ledger from then on; which examples share one stays sealed.",
    )


def refuse_other_columns(life: TestSetHistory, testset: TestSet, names: Set[str]) -> None:
    """
    Refuse columns of these *names* that are not those of registration.

    Raises:
        DataError: If features have other names, or metadata hold anything else.
    """
    # The fingerprint goes by what stands in the columns of features, not by their names.
    if life.registered.record.columns != testset.columns:
        raise DataError(
            "columns of the features have other names than when this test set was registered; nothing was spent",
            hint=f"Name them again {', '.join(map(repr, life.registered.record.columns))}.",
        )
    refuse_other_metadata(life, testset, names - set(testset.columns))


def refuse_other_metadata(life: TestSetHistory, testset: TestSet, names: Set[str]) -> None:
    """Refuse metadata in which a column of these *names* is not that of registration (`DataError`)."""
    registered, found = life.in_use.metadata or {}, testset.metadata_marks(names)
    for name in sorted(names & (registered.keys() | found.keys())):
        if name not in registered:
            raise DataError(
                f"the test set was registered without a column {name!r} of metadata; nothing was spent",
                hint="A slice that is thought of later could be chosen by its outcome: ask on columns that were there, "
                "or register a fresh test set with it, `proctor testset renew`.",
            )
        if found.get(name) != registered[name]:
            raise DataError(
                f"the column {name!r} of the metadata does not hold what it held when this test set was registered; "
                "nothing was spent",
                hint="Put the registered metadata back in its place.",
            )
