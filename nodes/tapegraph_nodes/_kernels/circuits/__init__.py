"""Circuits of filters."""
