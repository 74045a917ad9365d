"""Random numbers of examples that nobody can tell without the owner's key."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from proctor.testset.hashing import Hashes, fixed_order

_BITS = 53
"""Of each number: as many as a float holds."""


def draws(hashes: Hashes, secret: bytes) -> NDArray[np.float64]:
    """
    A number in [0, 1) for each example, uniform and independent to whoever lacks the *secret*.

    It stays an example's own while others are added, dropped or shuffled. Repeated rows have numbers of their own, in
    the order of the file.

    Args:
        hashes: Row hashes, shape (n_examples,).
        secret: Up to 64 bytes.
    """
    order = fixed_order(hashes)
    rows = hashes[order]
    is_first = np.concatenate([[True], rows[1:] != rows[:-1]])
    starts = np.flatnonzero(is_first)
    repeats = np.arange(len(rows)) - starts[np.cumsum(is_first) - 1]
    digests = b"".join(
        hashlib.blake2b(row.tobytes() + repeat.to_bytes(8, "little"), key=secret, digest_size=8).digest()
        for row, repeat in zip(rows, repeats.tolist(), strict=True)
    )
    found = np.empty(len(rows))
    found[order] = (np.frombuffer(digests, "<u8") >> np.uint64(64 - _BITS)) / 2.0**_BITS
    return found
