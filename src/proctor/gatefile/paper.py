"""
The script of ease.ml/ci, read as it stands: an ``ml:`` section, a list of one-key maps (Renggli et al. 2019, §3).

It may be a file of its own or a part of ``.travis.yml``, whose other keys are not looked at.
The paper's grammar of conditions is contained in ours; its numbers keep their meaning, its bounds are ours
unless ``bound`` says otherwise where the script is used.
"""

from __future__ import annotations

from typing import Any

from proctor.budget import Adaptivity
from proctor.gatefile.adaptivity import AdaptivityKind
from proctor.gatefile.keys import ADAPTIVITY, CONDITION, DISAGREEMENT, MODE, RELIABILITY, STEPS
from proctor.gatefile.kinds import Text, describe
from proctor.gatefile.nodes import Items, Mapping, Node, Source, Unreadable, checked, without_duplicates
from proctor.gatefile.sections import Key, Section

_PAPERS_OWN = (Adaptivity.NONE, Adaptivity.FIRST_CHANGE, Adaptivity.FULL)

SCRIPT = Section(
    (
        Key("script", Text(), "The developers' test script; shown, and never run."),
        CONDITION,
        Key(RELIABILITY.name, RELIABILITY.kind, "Probability of never being wrong.", required=True),
        MODE,
        Key(ADAPTIVITY.name, AdaptivityKind(_PAPERS_OWN), "`full`, `none -> ADDRESS` or `firstChange`.", required=True),
        Key(STEPS.name, STEPS.kind, "Number of evaluations that the test set is for.", required=True),
        DISAGREEMENT,  # ours: the paper knows it from elsewhere, and without it plans are ten times larger
    )
)


def section_of(root: Node) -> Node | None:
    """The ``ml:`` section, if the file has one and is not a gate file of ours."""
    if not isinstance(root, Mapping) or not {"condition", "conditions", "testset"}.isdisjoint(root.names()):
        return None
    return next((value for key, value in root.words() if key.text == "ml"), None)


def values(section: Node, source: Source) -> dict[str, Any]:
    """Every key's value, as `Section.values` gives them; problems are reported to *source*."""
    source.places[()] = section.place
    return SCRIPT.values(_as_mapping(checked(section, source), source), (), source)


def _as_mapping(node: Node, source: Source) -> Mapping:
    """One map of the list of one-key maps; a plain map is taken as well."""
    match node:
        case Mapping():
            return node
        case Items(nodes, place):
            entries = [entry for item in nodes for entry in _entries(item, source)]
            return Mapping(without_duplicates(entries, source), place)
        case _:
            if not isinstance(node, Unreadable):
                source.report(node.place, f"`ml` must be a list of one-key maps, not {describe(node)}")
            return Mapping((), node.place)


def _entries(item: Node, source: Source) -> tuple[tuple[Node, Node], ...]:
    if isinstance(item, Mapping):
        return item.entries
    if not isinstance(item, Unreadable):
        source.report(item.place, f"expected `key: value`, not {describe(item)}")
    return ()
