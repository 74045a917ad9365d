"""Examples that the exact tests take, one module for each method; loaded only by a plan (theory.md §6)."""
