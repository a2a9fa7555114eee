"""Levels: gain, mixing, and following a level."""
