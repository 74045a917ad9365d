"""Kinds of candidates that can be run, as a gate file declares them."""

from __future__ import annotations

import shlex

from proctor.errors import Misuse
from proctor.frozen import dataclass, field

FEATURES, PREDICTIONS = "{features}", "{predictions}"


@dataclass(frozen=True)
class Command:
    """
    A program in any language that reads a file of features and writes a file of predictions.

    Attributes:
        command: The line, with ``{features}`` and ``{predictions}`` for the two files. No shell reads it.
        files: Files and folders that it consists of, below the gate file's folder; none: all that git tracks.
        timeout: Seconds until it is stopped; ``None`` if nothing was said.
        id: Name of the column of ids in what it writes.
        prediction: Name of the column of predictions in what it writes.
    """

    command: str
    files: tuple[str, ...] = ()
    timeout: float | None = None
    id: str = "id"
    prediction: str = "prediction"

    def __str__(self) -> str:
        return self.command

    @property
    def parts(self) -> tuple[str, ...]:
        """Files and folders that it is declared to consist of."""
        return self.files

    def words(self) -> list[str]:
        """
        Words of the line, its placeholders still in it.

        Raises:
            Misuse: If it cannot be read as words, or names no file for the predictions.
        """
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise Misuse(f"the command {self.command!r} cannot be read: {error}", hint="Close every quote") from error
        if not words or not any(PREDICTIONS in word for word in words):
            raise Misuse(
                f"the command {self.command!r} does not say where its predictions go",
                hint="Use both placeholders, for example: python predict.py {features} {predictions}",
            )
        return words


@dataclass(frozen=True)
class Model:
    """
    A saved model, in one of the formats of `proctor.models.formats`.

    Attributes:
        model: Its file, below the gate file's folder; the ending tells the format.
        trust: What the gate file trusts: ``pickle``, or types that a file of skops may hold.
        timeout: Seconds until it is stopped; ``None`` if nothing was said.
        id: Name of the column of ids in the features, which the model is not shown.
        files: Files and folders beside it that it consists of, too: modules that it was made with.
        uri: Version that it was fetched as; empty where it is a file of the project.
    """

    model: str
    trust: tuple[str, ...] = ()
    timeout: float | None = None
    id: str = "id"
    files: tuple[str, ...] = ()
    uri: str = ""

    def __str__(self) -> str:
        return self.uri or self.model

    @property
    def parts(self) -> tuple[str, ...]:
        """Files and folders that it is declared to consist of."""
        return (self.model, *self.files)


@dataclass(frozen=True)
class Versioned:
    """
    A model that MLflow keeps; what it is, and in which format, is known once it was fetched.

    Attributes:
        uri: Version in the registry, by number or alias, or model of a run (`proctor.models.uris`).
        trust: As of `Model`, like all else; ``pickle`` has it loaded by pyfunc.
        is_given: True if whoever runs the gate names it, and not the gate file.
    """

    uri: str
    trust: tuple[str, ...] = ()
    timeout: float | None = None
    id: str = "id"
    is_given: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return self.uri

    @property
    def parts(self) -> tuple[str, ...]:
        """Nothing: no file of the project belongs to it."""
        return ()


Runnable = Command | Model
