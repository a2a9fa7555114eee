"""Measurements: the loudness of sound, and what a graph does to levels and frequencies."""
