"""Levels: gain and mixing."""
