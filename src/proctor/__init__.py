"""A continuous-integration gate for machine-learning models that keeps the accounts of its test set."""

__version__ = "0.1.0"
