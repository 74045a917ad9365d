"""Fixtures of the ledger's tests."""

from .places import place, server

__all__ = ["place", "server"]
