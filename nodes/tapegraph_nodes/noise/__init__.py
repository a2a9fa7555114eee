"""Noise: sources of random sound."""
