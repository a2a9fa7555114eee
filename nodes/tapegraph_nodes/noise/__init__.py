"""Noise: hiss, hum, and noise that comes with the sound."""
