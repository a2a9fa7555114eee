"""Magnetisation: the Jiles-Atherton equation and its solvers."""
