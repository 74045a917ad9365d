"""
The ledger: a durable, append-only, hash-chained record of everything that was ever decided.

A ledger is a log, and nothing else: budgets, baselines and recorded answers are folds over it (`history`).
Its interface is small, and the same for each place where a ledger can live:

- `Ledger.read` gives all entries, and refuses a chain that does not verify;
- `Ledger.append` adds one entry *if the head is still the one that the caller saw*, and raises `LedgerMoved` if not:
  then read again and decide again, because what others appended may have changed the answer;
- the *head*, the hash of the last entry, stands for everything before it.

What a place must promise is the contract of `Store`: three operations, written down there and tested by one suite.
`open_ledger` finds the place by its address; a place's own libraries are imported only when it is used.
"""

from proctor.ledger.chain import Finding, verify
from proctor.ledger.entries import GENESIS, Draft, Entry, derive_key
from proctor.ledger.store import Ledger, Store, open_ledger
