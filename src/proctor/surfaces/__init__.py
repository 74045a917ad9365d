"""Callers of the gate from programs of their own: one file for each, on `proctor.service` and nothing below it."""
