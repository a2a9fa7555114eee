"""Meters: loudness, peaks, noise and flutter of sound, and gains that make graphs equally loud."""
