"""Presets of other programs, turned into graphs."""
