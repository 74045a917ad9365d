"""The one key with a grammar of its own: a policy, or the paper's ``none -> ADDRESS``."""

from __future__ import annotations

import re

from proctor.budget import Adaptivity
from proctor.frozen import dataclass
from proctor.gatefile.checks import ADDRESS
from proctor.gatefile.kinds import Kind, Path, Schema, Wrong, describe, suggestion
from proctor.gatefile.nodes import Node, Scalar, Source

_NONE_WITH_ADDRESS = re.compile(rf"none\s*->\s*({ADDRESS})")


@dataclass(frozen=True)
class AdaptivityPolicy:
    """The policy and, behind ``none ->``, the address that is told the outcomes."""

    adaptivity: Adaptivity
    recipient: str | None = None


@dataclass(frozen=True)
class AdaptivityKind(Kind):
    """One of the policies, or ``none -> ADDRESS``."""

    words: tuple[Adaptivity, ...] = tuple(Adaptivity)

    def _value(self, node: Node, path: Path, source: Source) -> AdaptivityPolicy:
        text = node.text.strip() if isinstance(node, Scalar) and node.taken_for == "str" else ""
        if text in self.words:
            return AdaptivityPolicy(Adaptivity(text))
        if with_address := _NONE_WITH_ADDRESS.fullmatch(text):
            return AdaptivityPolicy(Adaptivity.NONE, with_address.group(1))
        names = ", ".join(f"`{word}`" for word in self.words)
        meant = "; write none -> someone@example.com" if text.startswith("none") else suggestion(text, self.words)
        raise Wrong(f"`{path[-1]}` must be one of {names}, or `none -> ADDRESS`, not {describe(node)}{meant}")

    def schema(self) -> Schema:
        """The words, or the form with an address."""
        words = {"enum": [str(word) for word in self.words]}
        return {"anyOf": [words, {"type": "string", "pattern": rf"^none\s*->\s*{ADDRESS}$"}]}

    def in_words(self) -> str:
        """The words, and the form with an address."""
        return ", ".join(f"`{word}`" for word in (*self.words, "none -> ADDRESS"))
