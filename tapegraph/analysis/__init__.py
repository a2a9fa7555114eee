"""Measurements of sound: loudness."""
