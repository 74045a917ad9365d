"""
The attack demonstration: a test set whose developers see every released bit (theory.md §8.3).

::

    worlds, populations   populations whose every accuracy is known; models; test sets drawn from them
    aims, developers      who commits what, given what was released
    gates                 accounts of `proctor.budget`, and what people do without one
    decisions             the gate's own tests, for many lives at once
    staking               teams that stake by development data or by habit
    request               what is asked for
    lives, studies        one gate and one developer; all gates side by side, counted

Everything is seeded, pure and thrown away: no ledger, no real labels, nothing private.
"""

from proctor.simulation.populations import Table, read_table
from proctor.simulation.request import Request
from proctor.simulation.studies import Kind, study
