"""Destinations of a release after the gate has answered; nothing here can change a verdict."""
