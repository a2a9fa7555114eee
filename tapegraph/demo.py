"""Four bars of music for listening to tape: drums that saturate it, a bass, plucked chords, a bell, and a quiet end.

Synthesised, identical in every run, so that nothing has to be shipped or licensed.

    kick    sin(2 pi int f dt),  f falls from 170 to 48 Hz
    pluck   p[i] = (p[i - N] + p[i - N - 1]) / 2,  N = fs / f - 1/2, from a burst of noise
    bell    sin(2 pi f t + I sin(2 pi 3.5 f t)),  with a decaying index I

Source: K. Karplus, A. Strong, Digital Synthesis of Plucked-String and Drum Timbres, Computer Music J. 7/2 (1983);
J. Chowning, The Synthesis of Complex Audio Spectra by Means of Frequency Modulation, J. Audio Eng. Soc. 21 (1973).
"""

from __future__ import annotations

import numpy as np

from tapegraph.run.sound import Array

SAMPLE_RATE = 48_000
BEAT_S = 0.5
BARS = 4
PEAK = 10.0 ** (-6.0 / 20.0)

# A bar each: root of the bass, then the chord from its lowest string, as MIDI notes.
CHORDS = (
    (33, (57, 60, 64, 67, 71)),  # A minor 9
    (29, (53, 60, 64, 65, 69)),  # F major 7
    (36, (55, 60, 62, 64, 67)),  # C add 9
    (31, (55, 59, 62, 64, 71)),  # G 6
)
BELL = ((3.0, 88), (3.5, 83), (7.0, 84), (11.0, 91), (11.5, 86), (13.0, 83))  # beat, note


def music() -> Array:
    """Return the music as (2, frames) at SAMPLE_RATE, peak -6 dBFS."""
    rng = np.random.default_rng(1963)
    mix = np.zeros((2, round(BARS * 4 * BEAT_S * SAMPLE_RATE)))
    for bar, (root, chord) in enumerate(CHORDS):
        start = 4.0 * bar
        for string, note in enumerate(chord):
            add(mix, pluck(rng, note, 2.4), start + 0.05 * string, 0.20, pan=0.25 * (string - 2))
            if bar < BARS - 1:
                add(mix, pluck(rng, note, 1.2), start + 2.5 + 0.04 * (4 - string), 0.13, pan=0.25 * (string - 2))
        if bar == BARS - 1:  # the last bar rings out
            add(mix, bass(root, 1.5), start, 0.27)
            add(mix, kick(), start, 0.65)
            break
        for beat, note, length in ((0.0, root, 0.55), (1.5, root, 0.2), (2.0, root + 12, 0.3), (3.5, root + 7, 0.2)):
            add(mix, bass(note, length), start + beat, 0.27)
        for beat in (0.0, 1.75, 2.0):
            add(mix, kick(), start + beat, 0.65)
        for beat in (1.0, 3.0):
            add(mix, snare(rng), start + beat, 0.40)
        for eighth in range(8):
            add(mix, hat(rng, 0.06 if eighth % 4 == 3 else 0.02), start + eighth / 2, 0.15, pan=0.35)
    for beat, note in BELL:
        add(mix, bell(note), beat, 0.09, pan=-0.5)
    mix *= PEAK / np.max(np.abs(mix))
    return mix


def add(mix: Array, sound: Array, beat: float, level: float, pan: float = 0.0) -> None:
    """Add a sound at a beat, cut at the end of the music. pan: -1 left to 1 right, constant power."""
    start = round(beat * BEAT_S * SAMPLE_RATE)
    part = mix[:, start : start + len(sound)]
    angle = (pan + 1.0) * np.pi / 4.0
    part += level * np.sqrt(2.0) * np.outer([np.cos(angle), np.sin(angle)], sound[: part.shape[1]])


def seconds(length_s: float) -> Array:
    return np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE


def frequency_hz(note: int) -> float:
    return float(440.0 * 2.0 ** ((note - 69) / 12.0))


def fade(sound: Array, fade_s: float = 0.01) -> Array:
    """Return the sound with a fade-out, so that its end does not click."""
    n = round(fade_s * SAMPLE_RATE)
    return np.concatenate([sound[:-n], sound[-n:] * np.linspace(1.0, 0.0, n)])


def kick() -> Array:
    t = seconds(0.35)
    f = 48.0 + 122.0 * np.exp(-t / 0.025)
    return fade(np.sin(2.0 * np.pi * np.cumsum(f) / SAMPLE_RATE) * np.exp(-t / 0.11))


def snare(rng: np.random.Generator) -> Array:
    t = seconds(0.25)
    wires = np.convolve(rng.uniform(-1.0, 1.0, t.size), (0.6, 0.0, -0.6), "same") * np.exp(-t / 0.06)
    return fade(wires + 0.7 * np.sin(2.0 * np.pi * 190.0 * t) * np.exp(-t / 0.04))


def hat(rng: np.random.Generator, decay_s: float) -> Array:
    t = seconds(6.0 * decay_s)
    return fade(np.diff(rng.uniform(-1.0, 1.0, t.size + 2), 2) / 2.0 * np.exp(-t / decay_s))


def bass(note: int, length_s: float) -> Array:
    t = seconds(length_s)
    phase = 2.0 * np.pi * frequency_hz(note) * t
    partials = sum(np.sin(k * phase) / k * np.exp(-t * k / 0.5) for k in range(1, 9))
    return fade(np.asarray(partials * np.minimum(t / 0.005, 1.0)), 0.03)


def pluck(rng: np.random.Generator, note: int, length_s: float) -> Array:
    n = round(SAMPLE_RATE / frequency_hz(note) - 0.5)
    period = np.convolve(rng.uniform(-1.0, 1.0, n + 4), (0.25, 0.25, 0.25, 0.25), "valid")[: n + 1]
    string = [period[1:]]
    for _ in range(round(length_s * SAMPLE_RATE) // n):
        period = np.concatenate([period[-1:], (period[1:] + period[:-1]) / 2.0])
        string.append(period[1:])
    return fade(np.concatenate(string), 0.2)


def bell(note: int) -> Array:
    t = seconds(1.6)
    phase = 2.0 * np.pi * frequency_hz(note) * t
    return fade(np.sin(phase + 2.0 * np.exp(-t / 0.25) * np.sin(3.5 * phase)) * np.exp(-t / 0.4), 0.1)
