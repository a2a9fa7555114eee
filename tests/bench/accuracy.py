"""Error, aliasing and cost of every solver of the hysteresis node, as tables and as .github/solvers.svg.

    python tests/bench/accuracy.py

Error and aliasing of the sweep are taken at peaks of 0 and -20 dBFS and 18 settings of drive, bias and saturation.
The error is that of M against the Jiles-Atherton equation itself, integrated over the field in 64 steps a sample of
48 kHz, on the demo's music; both begin without field and magnetisation. Everything is band-limited at 20 kHz: the music
is brought to each rate by FFT, and compared there.
Aliasing is what lies below 20 kHz beside the lines that distortion makes, against all that is there: for a sine that
steps from 220 to 17,140 Hz, where those are its harmonics; and for two tones at once (2990 and 17,005 Hz, -6 dBFS each,
at the default setting), where they are sums and differences of up to 24 times the one and 4 times the other.
The cost is that of a sample and channel in stereo, 2 times oversampled music.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from equation import integrated
from harness import Array, esr_db, run

from tapegraph import demo
from tapegraph.bench.players import Player, in_blocks
from tapegraph.bench.turns import in_turns, least
from tapegraph.node import Choice
from tapegraph.node.registry import find

HYSTERESIS = find("hysteresis")
SOLVERS = [name for name in cast(Choice, HYSTERESIS.PARAMS[0]).options if name != "v1"]
FS = 48_000
FACTORS = (1, 2, 4, 8, 16)
FINE = 64
SETTINGS = np.array(list(itertools.product((0.05, 0.5, 1.0), (0.0, 0.5, 1.0), (0.0, 1.0))))
DEFAULT = np.array([0.5, 0.5, 0.5])
LEVELS_DB = (0.0, -20.0)
LINE_HZ = 20  # between lines of the sweep's spectrum
STEPS = np.array([11, 29, 73, 149, 251, 337, 449, 563, 701, 857])  # lines; primes, so that folds miss the harmonics
PICTURE = Path(__file__).parent.parent.parent / ".github" / "solvers.svg"


def excerpt() -> Array:
    """Return a tenth of a second of the demo's music around its first snare, faded at both ends, peak 1."""
    start = round(0.47 * FS)
    x = demo.music()[0, start : start + 4800]
    spectrum = np.fft.rfft(x * np.sin(np.linspace(0, np.pi, len(x))) ** 3)
    spectrum[np.fft.rfftfreq(len(x), 1 / FS) > 20_000] = 0
    x = np.fft.irfft(spectrum)
    return np.asarray(x / np.max(np.abs(x)))


def resampled(x: Array, factor: int) -> Array:
    """Return x at a rate that is factor times as high."""
    return np.asarray(np.fft.irfft(np.fft.rfft(x), factor * len(x)) * factor)


def magnetised(x: Array, solver: str, factor: int, setting: Array) -> Array:
    """Return M for the field x, (steps, frames) or one-dimensional, at factor times 48 kHz."""
    drive, bias, saturation = setting
    given = {"drive": drive, "bias": bias, "saturation": saturation, "makeup": False}
    return run(HYSTERESIS, x, FS * factor, frames=64 * factor, solver=solver, **given)


def errors() -> dict[tuple[str, int], Array]:
    """Return the error-to-signal ratio for every setting and level, dB, of (solver, factor)."""
    x = excerpt()
    found: dict[tuple[str, int], list[float]] = {}
    for level_db in LEVELS_DB:
        loud = x * 10 ** (level_db / 20)
        references = integrated(resampled(loud, FINE), *SETTINGS.T)
        for solver, factor in itertools.product(SOLVERS, FACTORS):
            up = resampled(loud, factor)
            for setting, M in zip(SETTINGS, references, strict=True):
                error = esr_db(magnetised(up, solver, factor, setting), M[:: FINE // factor])
                found.setdefault((solver, factor), []).append(error)
    return {key: np.array(values) for key, values in found.items()}


def sweep_aliasing_db(solver: str, factor: int) -> Array:
    """Return the power of the sweep beside its harmonics below 20 kHz, against all, for every setting and level, dB."""
    n = factor * FS // LINE_HZ
    sines = np.sin(2 * np.pi * STEPS[:, None] * np.arange(3 * n) / n)  # three rounds: two to settle in
    found = []
    for level_db, setting in itertools.product(LEVELS_DB, SETTINGS):
        y = magnetised(sines * 10 ** (level_db / 20), solver, factor, setting)[:, 2 * n :]
        power = np.abs(np.fft.rfft(y))[:, : 20_000 // LINE_HZ + 1] ** 2
        total = power.sum()
        for row, step in zip(power, STEPS, strict=True):
            row[::step] = 0
        found.append(10 * np.log10(power.sum() / total + 1e-30))
    return np.array(found)


def costs_ns() -> dict[str, float]:
    """Return the CPU time of a sample and channel in stereo for every solver, ns."""
    x = np.stack([resampled(excerpt(), 2)] * 2)
    players = {solver: Player("hysteresis", [in_blocks(x, 2 * FS)], 2 * FS, solver=solver) for solver in SOLVERS}
    times = in_turns({solver: player.parts for solver, player in players.items()}, 20)
    return {solver: 1e9 * least(times[solver]) / player.samples for solver, player in players.items()}


def two_tone_aliasing_db(solver: str, factor: int) -> float:
    """Return the power of two tones between their harmonics and intermodulation below 20 kHz, against all, dB."""
    n = factor * FS // 5  # so that the tones are lines 598 and 3401
    t = np.arange(n) / n
    x = np.tile(0.5 * np.sin(2 * np.pi * 598 * t) + 0.5 * np.sin(2 * np.pi * 3401 * t + 1), 3)
    y = magnetised(x, solver, factor, DEFAULT)[n : 2 * n]
    power = np.abs(np.fft.rfft(y))[: n // factor // 2 + 1] ** 2
    power[4001:] = 0
    made = {abs(a * 598 + b * 3401) for a in range(-24, 25) for b in range(-4, 5)}
    beside = np.isin(np.arange(len(power)), sorted(made), invert=True)
    return float(10 * np.log10(power[beside].sum() / power.sum() + 1e-30))


def draw(cost: dict[str, float], shown: dict[str, dict[tuple[str, int], float]]) -> None:
    """Draw what is shown, dB, over the time that a second of stereo at 48 kHz takes, a line for each solver."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    mpl.rcParams["svg.hashsalt"] = "tapegraph"
    figure, panels = plt.subplots(len(shown), figsize=(7.5, 8), sharex=True, layout="constrained")
    for axes, (label, values) in zip(panels, shown.items(), strict=True):
        for solver, ns in cost.items():
            ms = [ns * 2 * FS * factor * 1e-6 for factor in FACTORS]
            y = [values[solver, factor] for factor in FACTORS]
            axes.semilogx(ms, y, "o--" if solver == "nr8" else "o-", label=solver)  # nr4 lies under it
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    panels[-1].legend()
    panels[-1].xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panels[-1].xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    panels[-1].xaxis.set_minor_formatter(NullFormatter())
    panels[-1].set_xlabel("time for a second of stereo at 48 kHz, ms; points are 1, 2, 4, 8 and 16 times oversampling")
    figure.savefig(PICTURE, metadata={"Date": None})


def table(head: list[str], columns: Callable[[str], Iterator[list[float]]]) -> None:
    """Print a row of columns for each solver, each with a value at every factor."""
    print("\n|", " | ".join(["solver", *head]), "|")
    print("|---" * (1 + len(head)) + "|")
    for solver in SOLVERS:
        cells = [", ".join(str(round(value)) for value in column) for column in columns(solver)]
        print("|", " | ".join([f"`{solver}`", *cells]), "|")


def main() -> None:
    error = errors()
    sweep = {key: sweep_aliasing_db(*key) for key in error}
    cost = costs_ns()

    def over_factors(found: dict[tuple[str, int], Array], solver: str) -> Iterator[list[float]]:
        yield [float(np.median(found[solver, factor])) for factor in FACTORS]
        yield [found[solver, factor].max() for factor in FACTORS]

    def exactness(solver: str) -> Iterator[list[float]]:
        yield [cost[solver]]
        yield from over_factors(error, solver)

    def aliasing(solver: str) -> Iterator[list[float]]:
        yield from over_factors(sweep, solver)
        yield [two_tone_aliasing_db(solver, factor) for factor in FACTORS]

    table(["ns", f"median error at {', '.join(map(str, FACTORS))}", "worst"], exactness)
    table([f"sweep, median at {', '.join(map(str, FACTORS))}", "worst", "two tones"], aliasing)
    shown = {"median error of M, dB": error, "median aliasing of a stepped sine, dB": sweep}
    draw(cost, {label: {k: float(np.median(v)) for k, v in found.items()} for label, found in shown.items()})


if __name__ == "__main__":
    main()
