"""The gate: from a gate file to a verdict in the ledger, and from there to what may be shown of it."""
