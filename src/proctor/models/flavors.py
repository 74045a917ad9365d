"""
Models as MLflow saves them: a folder with the file ``MLmodel``, which names the model's own files.

A model is run in a format that holds data alone where one of its flavors is saved in one; by pyfunc, which can run any
code, only where that is trusted. In the first case it is known by its data alone: what MLflow notes beside them, such
as the day and the run, makes no other model of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from proctor.errors import DataError, Misuse
from proctor.models.formats import PICKLE, format_of
from proctor.models.runnable import Model, Versioned

_NOTE = "MLmodel"
_PYFUNC = "python_function"
_FILE_OF_FLAVOR = ("data", "pickled_model")  # as the flavors of MLflow call it
_NOTES = frozenset(
    {_NOTE, "conda.yaml", "python_env.yaml", "requirements.txt", "registered_model_meta", "metadata", "code"}
)


def model_in(folder: Path, named: Versioned, uri: str) -> Model:
    """
    The model of a version, as it was *named*, whose files are all in a *folder*: that is then where its project is.

    Raises:
        DataError: If it is no model of MLflow's, or files that it names are not there.
        Misuse: If loading it could run code that is not trusted.
    """
    flavors = _flavors(folder, uri)
    if named.trust == (PICKLE,):
        if _PYFUNC not in flavors:
            raise DataError(f"{uri} was saved without pyfunc, by which it would be loaded", hint=_LOG_AGAIN)
        return Model(_NOTE, named.trust, named.timeout, named.id, (".",), uri)
    files = list(dict.fromkeys(_files(flavors)))
    for name in files:
        if not (folder / name).is_file():
            raise DataError(f"{uri} names {name!r}, which is not among its files", hint=_LOG_AGAIN)
    of_data = next((name for name in files if not format_of(name).problem(named.trust)), None)
    if of_data is None:
        saved = " and ".join(repr(name) for name in files) or f"for {' and '.join(sorted(flavors))} alone"
        raise Misuse(
            f"{uri} is saved as {saved}, and loading that can run any code",
            hint="Nothing was spent. If you trust whoever made it, write `trust: pickle` beside `model:`; or log it "
            "as ONNX, skops (serialization_format='skops'), or a native file of XGBoost or LightGBM.",
        )
    beside = sorted(
        each.name for each in folder.iterdir() if each.name not in _NOTES and "input_example" not in each.name
    )
    return Model(of_data, named.trust, named.timeout, named.id, tuple(beside), uri)


_LOG_AGAIN = "It was half written, or is none of MLflow's models: log it once more. Nothing was spent."


def _flavors(folder: Path, uri: str) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load((folder / _NOTE).read_bytes())
    except FileNotFoundError:
        raise DataError(f"{uri} has no file {_NOTE!r}", hint=_LOG_AGAIN) from None
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"the file {_NOTE!r} of {uri} cannot be read", hint=_LOG_AGAIN) from error
    flavors = found.get("flavors") if isinstance(found, dict) else None
    if not isinstance(flavors, dict) or not flavors:
        raise DataError(f"the file {_NOTE!r} of {uri} names no flavors", hint=_LOG_AGAIN)
    return {str(name): said for name, said in flavors.items()}


def _files(flavors: Mapping[str, Any]) -> Iterator[str]:
    """Files of the model in its own formats; none that would lead out of its folder."""
    for name, said in flavors.items():
        if name != _PYFUNC and isinstance(said, dict):
            paths = (PurePosixPath(str(said[key])) for key in _FILE_OF_FLAVOR if said.get(key))
            yield from (str(path) for path in paths if not path.is_absolute() and ".." not in path.parts)
