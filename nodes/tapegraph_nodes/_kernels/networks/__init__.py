"""Neural networks that run in place of a solver."""
