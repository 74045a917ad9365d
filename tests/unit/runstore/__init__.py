"""Tests that share the samples in `reports.samples`."""
