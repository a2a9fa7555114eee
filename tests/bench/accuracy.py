"""Error against cost for every solver of the hysteresis node, as a table and as .github/solvers.svg.

    python tests/bench/accuracy.py

The error is that of M against the Jiles-Atherton equation itself, integrated over the field in 64 steps a sample of
48 kHz, on the demo's music with levels of 0 and -20 dBFS at 18 settings of drive, bias and saturation. Everything is
band-limited at 20 kHz: the music is brought to each rate by FFT, and compared there.
Aliasing is what two tones (2990 and 17005 Hz, -6 dBFS each) leave below 20 kHz beside the lines that distortion makes
of them, against all that is there. The cost is that of a sample and channel in stereo, 2 times oversampled music.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from equation import integrated
from harness import Array, esr_db, prepared, run

from tapegraph import demo
from tapegraph.node import Signal
from tapegraph.registry import find

HYSTERESIS = find("hysteresis")
SOLVERS = [name for name in HYSTERESIS.PARAMS[0].options if name != "v1"]  # type: ignore[union-attr]
FS = 48_000
FACTORS = (1, 2, 4, 8, 16)
FINE = 64
SETTINGS = np.array(list(itertools.product((0.05, 0.5, 1.0), (0.0, 0.5, 1.0), (0.0, 1.0))))
LEVELS_DB = (0.0, -20.0)
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


def errors() -> dict[tuple[str, int], Array]:
    """Return the error-to-signal ratio for every setting and level, dB, of (solver, factor)."""
    x = excerpt()
    found: dict[tuple[str, int], list[float]] = {}
    for level_db in LEVELS_DB:
        loud = x * 10 ** (level_db / 20)
        references = integrated(resampled(loud, FINE), *SETTINGS.T)
        for solver, factor in itertools.product(SOLVERS, FACTORS):
            up = resampled(loud, factor)
            for (drive, bias, saturation), M in zip(SETTINGS, references, strict=True):
                setting = {"drive": drive, "bias": bias, "saturation": saturation, "makeup": False}
                y = run(HYSTERESIS, up, FS * factor, frames=64 * factor, solver=solver, **setting)
                error = esr_db(y, M[:: FINE // factor])
                found.setdefault((solver, factor), []).append(error)
    return {key: np.array(values) for key, values in found.items()}


def cost_ns(solver: str) -> float:
    """Return the time of a sample and channel in stereo, the least of several runs, ns."""
    x = resampled(excerpt(), 2)
    node = prepared(HYSTERESIS, 2.0 * FS, 2, 128, solver=solver)
    blocks = []
    for start in range(0, len(x) - 127, 128):
        signal = Signal(2, 128)
        signal.put(np.stack([x[start : start + 128]] * 2))
        blocks.append([signal])
    y = [Signal(2, 128)]
    times = []
    for _ in range(9):
        start_s = time.perf_counter()
        for block in blocks:
            node.process(block, y)
        times.append(time.perf_counter() - start_s)
    return min(times) / (len(blocks) * 256) * 1e9


def aliasing_db(solver: str, factor: int) -> float:
    """Return the power of two tones between their harmonics and intermodulation below 20 kHz, against all, dB."""
    n = factor * FS // 5  # so that the tones are lines 598 and 3401
    t = np.arange(n) / n
    x = np.tile(0.5 * np.sin(2 * np.pi * 598 * t) + 0.5 * np.sin(2 * np.pi * 3401 * t + 1), 3)
    y = run(HYSTERESIS, x, FS * factor, frames=64 * factor, solver=solver, makeup=False)[n : 2 * n]
    power = np.abs(np.fft.rfft(y))[: n // factor // 2 + 1] ** 2
    power[4001:] = 0
    made = {abs(a * 598 + b * 3401) for a in range(-24, 25) for b in range(-4, 5)}
    beside = np.isin(np.arange(len(power)), sorted(made), invert=True)
    return float(10 * np.log10(power[beside].sum() / power.sum() + 1e-30))


def draw(median: dict[tuple[str, int], float], cost: dict[str, float]) -> None:
    """Draw the error over the time that a second of stereo at 48 kHz takes, a line for each solver."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "tapegraph"
    figure, axes = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    for solver, ns in cost.items():
        ms = [ns * 2 * FS * factor * 1e-6 for factor in FACTORS]
        y = [median[solver, factor] for factor in FACTORS]
        axes.semilogx(ms, y, "o-", label=solver)
        axes.annotate(solver, (ms[-1], y[-1]), xytext=(6, -3), textcoords="offset points")
    axes.set_xlabel("time for a second of stereo at 48 kHz, ms; points are 1, 2, 4, 8 and 16 times oversampling")
    axes.set_ylabel("median error of M, dB")
    axes.grid(alpha=0.3)
    axes.margins(x=0.12)
    figure.savefig(PICTURE, metadata={"Date": None})


def main() -> None:
    found = errors()
    median = {key: float(np.median(values)) for key, values in found.items()}
    cost = {solver: cost_ns(solver) for solver in SOLVERS}
    print(f"| solver | ns | median error at {', '.join(map(str, FACTORS))} | worst | aliasing |")
    print("|---|---|---|---|---|")
    for solver in SOLVERS:
        columns = (
            [median[solver, factor] for factor in FACTORS],
            [found[solver, factor].max() for factor in FACTORS],
            [aliasing_db(solver, factor) for factor in FACTORS],
        )
        cells = [", ".join(f"{value:.0f}" for value in column) for column in columns]
        print(f"| `{solver}` | {cost[solver]:.0f} | {' | '.join(cells)} |")
    draw(median, cost)


if __name__ == "__main__":
    main()
