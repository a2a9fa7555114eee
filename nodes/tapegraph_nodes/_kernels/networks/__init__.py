"""Networks that run in place of a solver."""
