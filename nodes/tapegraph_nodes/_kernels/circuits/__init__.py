"""Circuits of analogue filters."""
