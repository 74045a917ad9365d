"""Rendering of released facts: one module for each form, and none that sees more than a release holds."""
