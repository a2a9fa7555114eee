"""Measurements: loudness, peaks, noise and flutter of sound, and what a graph does to levels and frequencies."""
