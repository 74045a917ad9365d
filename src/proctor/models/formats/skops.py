"""Files of skops: estimators of scikit-learn that hold no code, and objects of no type but known and trusted ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import skops.io

from proctor.errors import ProctorError


def load(path: Path, trusted: tuple[str, ...]) -> Any:
    """
    Load an estimator.

    Raises:
        ProctorError: If it holds types that neither skops nor the gate file trusts; none of them is imported.
    """
    unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(trusted))
    if unknown:
        raise ProctorError(
            f"{path.name} holds objects of types that are not trusted: {', '.join(unknown)}",
            hint=f"If you trust them, say so beside `model:` in the gate file: `trust: [{', '.join(unknown)}]`",
        )
    if trusted:
        sys.path.append(str(Path.cwd()))  # the project's own types; an installed module is found first
    return skops.io.load(path, trusted=list(trusted))
