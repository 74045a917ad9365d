"""A small project of Kedro whose last node is the gate."""
