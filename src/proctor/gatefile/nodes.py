"""
YAML text to a small tree in which every value knows its place, and the list of everything that is wrong.

PyYAML keeps the last of two duplicate keys without a word, expands aliases without end and guesses types
(``on`` is True, ``12:30`` is 750, ``1e-3`` is text). So nothing is constructed here: the text is cut by the safe
parser, duplicates, aliases and tags are refused, and a scalar stays what was written, beside what YAML takes it for.
What the keys mean is the business of `keys`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, assert_never

import yaml

from proctor.errors import GateFileError
from proctor.frozen import dataclass, field

MAX_BYTES = 1_000_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the stubs know no common class of the two
_STANDARD_TAG = "tag:yaml.org,2002:"
_MAX_DEPTH = 50
_ALIAS = "an alias (`*name`); a gate file has none: write the value itself"
_ADVICE = {
    "undefined alias": _ALIAS,
    "single document": "a second document (`---`); a gate file is one",
    "mapping values are not allowed": "a second `: ` in one line; put the value in quotation marks, or check the "
    "indentation",
    "nesting": "nested too deeply",  # LibYAML's own end, where it comes before ours
    "escape|expected hex": "a backslash in double quotation marks is special; put the value in single ones",
    "cannot start any token|comment or line break": "a value that begins with a sign that YAML keeps for itself; put "
    "it in quotation marks",
}
"""Advice by what a parser of YAML says of a text that is none."""


class Place(NamedTuple):
    """Place at which something was written: a line and a column, both from 1, or an option of the command line."""

    line: int = 1
    column: int = 1
    option: str = ""

    def within(self, name: str) -> str:
        """The place in the form that editors and CI annotations understand: ``file:line:column``."""
        return self.option or f"{name}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Scalar:
    """One value as it was written; *taken_for* is YAML's own idea of it: str, int, float, bool, null, timestamp."""

    text: str
    taken_for: str
    quoted: bool
    place: Place


@dataclass(frozen=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Mapping:
    """Keys and their values, in the order written; once `checked`, every key is a word and none is there twice."""

    entries: tuple[tuple[Node, Node], ...]
    place: Place

    def names(self) -> tuple[str, ...]:
        """The keys as written."""
        return tuple(key.text for key, _ in self.words())

    def words(self) -> Iterator[tuple[Scalar, Node]]:
        """The entries whose key is a word: all of them, once `checked`."""
        return ((key, value) for key, value in self.entries if isinstance(key, Scalar))

    def __contains__(self, key: str) -> bool:
        return key in self.names()


@dataclass(frozen=True)
class Unreadable:
    """Something that has no place in a gate file, and why; `checked` reports it."""

    message: str
    place: Place


Node = Scalar | Items | Mapping | Unreadable


@dataclass
class Source:
    """
    The text that is being read: its name, where each key stands, and everything found wrong with it so far.

    Args:
        name: What the text is called in messages: a file's path as the user gave it.
    """

    name: str
    problems: list[tuple[Place, str]] = field(default_factory=list)
    places: dict[tuple[str, ...], Place] = field(default_factory=dict)

    def report(self, place: Place, message: str) -> None:
        """Note one problem; the reading goes on, so that all of them are shown at once."""
        self.problems.append((place, message))

    def refuse(self, path: str, message: str) -> None:
        """Note a problem of the key at a *path* such as ``testset.labels``, at its place as `place_of` gives it."""
        self.report(self.place_of(*path.split(".")), message)

    def place_of(self, *path: str) -> Place:
        """Place at which the key at *path* was written; that of the nearest key above it if it was left out."""
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path, Place())

    def raise_if_any(self) -> None:
        """
        Stop if anything was found wrong.

        Raises:
            GateFileError: With one line ``file:line:column: message`` for each problem, in the order of the file.
        """
        if self.problems:
            raise self.error(*self.problems.pop())

    def error(self, place: Place, message: str) -> GateFileError:
        """The error that tells of all problems, with one more that ends the reading."""
        self.report(place, message)
        lines = [
            f"{place.within(self.name)}: " + message.replace("\n", "\n    ")
            for place, message in sorted(self.problems, key=lambda problem: problem[0])
        ]
        return GateFileError("\n".join(lines), hint="`proctor schema --markdown` lists every key with its values.")


def compose(text: str, source: Source) -> Node | None:
    """
    The nodes of *text* as they stand, nothing constructed from them; ``None`` if there is nothing in it.

    Raises:
        GateFileError: If the text is not YAML; there is only one such problem, since YAML stops at it.
    """
    try:
        return _Composer(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        is_open = "quoted scalar" in str(error.context) and "end of stream" in str(error.problem)
        mark = error.context_mark if is_open else error.problem_mark or error.context_mark
        place = _place(mark) if mark else Place()
        problem = "a quotation mark that is not closed" if is_open else _advice(error, text, place)
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        problem = "a character that YAML does not allow; is this a text file in UTF-8?"
    raise source.error(place, problem)


def _advice(error: yaml.MarkedYAMLError, text: str, place: Place) -> str:
    """Advice on a text that is not YAML."""
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation or line[place.column - 1 : place.column] == "\t":
        return "a tab; YAML is indented with spaces"
    said = error.problem or error.context or "unreadable"
    unknown = f"not YAML: {said}; check indentation, brackets and quotation marks"
    return next((advice for sign, advice in _ADVICE.items() if re.search(sign, str(error.problem))), unknown)


def checked(node: Node, source: Source) -> Node:
    """*node* without duplicate keys; they, and whatever in it cannot be read, are reported."""
    match node:
        case Items(nodes, place):
            return Items(tuple(checked(item, source) for item in nodes), place)
        case Mapping(entries, place):
            kept = without_duplicates(entries, source)
            return Mapping(tuple((key, checked(value, source)) for key, value in kept), place)
        case Unreadable(message, place):
            source.report(place, message)
            return node
        case Scalar():
            return node
        case _:
            assert_never(node)


def without_duplicates(entries: Iterable[tuple[Node, Node]], source: Source) -> tuple[tuple[Scalar, Node], ...]:
    """The first entry of each key; the others, and keys that are no words, are reported."""
    first: dict[str, tuple[Scalar, Node]] = {}
    for key, value in entries:
        if not isinstance(key, Scalar):
            source.report(key.place, key.message if isinstance(key, Unreadable) else "a key must be a word")
        elif key.text in first:
            line = first[key.text][0].place.line
            source.report(key.place, f"`{key.text}` is given twice (first in line {line})")
        else:
            first[key.text] = (key, value)
    return tuple(first.values())


class _Composer:
    """
    Nodes from PyYAML's events.

    PyYAML's own composer follows aliases, which is how bombs are built, and its C code overflows the stack on deep
    nesting; here an alias is no node, and depth has an end.
    """

    def __init__(self, events: Iterable[Any]) -> None:
        self._events = iter(events)

    def document(self) -> Node | None:
        """The only document of the stream."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                if root is not None:
                    raise _problem("expected a single document", event)
                root = self._node(event, 0)
        return root

    def _node(self, event: Any, depth: int) -> Node:  # the stubs do not say what events carry
        place = _place(event.start_mark)
        if depth > _MAX_DEPTH:
            raise _problem("nested too deeply", event)
        match event:
            case yaml.AliasEvent():
                return Unreadable(_ALIAS, place)
            case yaml.ScalarEvent():
                quoted = not event.implicit[0] or bool(event.style)
                node: Node = Scalar(event.value, "str" if quoted else _taken_for(event.value), quoted, place)
            case yaml.SequenceStartEvent():
                node = Items(tuple(self._nodes(yaml.SequenceEndEvent, depth)), place)
            case _:
                flat = tuple(self._nodes(yaml.MappingEndEvent, depth))
                node = Mapping(tuple(zip(flat[::2], flat[1::2], strict=True)), place)
        if event.tag and event.tag != f"{_STANDARD_TAG}str":
            return Unreadable(f"the tag `{event.tag}`; a gate file has none: write the plain value", place)
        return node

    def _nodes(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)


def _taken_for(text: str) -> str:
    """The type that YAML 1.1 gives to a plain scalar."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    for tag, pattern in resolvers.get(text[:1], []):
        if pattern.match(text):
            return str(tag.removeprefix(_STANDARD_TAG))
    return "str"


def _problem(problem: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)
