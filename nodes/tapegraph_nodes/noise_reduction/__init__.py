"""Noise reduction: what is compressed before the tape and expanded after it."""
