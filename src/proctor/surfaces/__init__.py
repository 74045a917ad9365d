"""Who calls the gate from a program of its own: one file for each, on `proctor.service` and nothing below it."""
