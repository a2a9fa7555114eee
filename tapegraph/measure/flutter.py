"""Wow and flutter: how the speed of a machine varies, read from a tone as a meter for it does, and its spectrum.

3150 Hz is played through the graph as it is, moving, and read as AES6 and IEC 60386 have it: see analysis/flutter.py.
The curve has the strongest line of each twenty-fourth of an octave, as the peak deviation of a sine that makes it, so
that the shafts and rollers which cause it can be told by how fast they turn.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from tapegraph.analysis.flutter import NOMINAL_HZ, UNWEIGHTED_HZ, check_nominal, measure_flutter
from tapegraph.measure.result import Result, amplitude, hertz, rounded, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.run.sound import Array, Audio

LEVEL_DBFS = -10.0
PLAYED_S = 20.0  # of an uneven wow 12 s may read a sixth less than 30 s
TEST_TONES_HZ = (3000.0, NOMINAL_HZ)  # JIS and NAB; IEC
PER_OCTAVE = 24
PICTURED_PERCENT = (1e-5, 1e-2)  # or more
TICKS_HZ = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)


@attrs.frozen
class Flutter(Result):
    """Wow and flutter: arrays of one value, but for the last two, which are the curve.

    nominal_hz: of the tone on the test tape
    tone_hz: mean frequency of what was heard
    speed_error_percent: of that; above 0, the machine is fast
    weighted_two_sigma_percent: "plus or minus", AES6 and IEC 60386
    weighted_rms_percent: WRMS
    unweighted_rms_percent: 0.2 to 200 Hz
    strongest_hz, strongest_percent: the strongest line of the curve
    lost_s: for how long the tone was lost in dropouts and clicks, which are left out
    frequency_hz: how often in a second the speed varies
    peak_percent: deviation of the speed
    """

    nominal_hz: Array
    tone_hz: Array
    speed_error_percent: Array
    weighted_two_sigma_percent: Array
    weighted_rms_percent: Array
    unweighted_rms_percent: Array
    strongest_hz: Array
    strongest_percent: Array
    lost_s: Array
    frequency_hz: Array
    peak_percent: Array

    def curve(self) -> dict[str, Array]:
        return {"frequency_hz": self.frequency_hz, "peak_percent": self.peak_percent}

    def plot(self, ax: Any) -> None:
        if np.max(self.peak_percent) > PICTURED_PERCENT[0]:
            ax.plot(self.frequency_hz, self.peak_percent)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlim(*UNWEIGHTED_HZ)
        ax.set_ylim(PICTURED_PERCENT[0], max(PICTURED_PERCENT[1], 2.0 * float(np.max(self.peak_percent))))
        ax.set_xticks(TICKS_HZ, [f"{hz:g}" for hz in TICKS_HZ])
        ax.minorticks_off()
        ax.set_xlabel("modulation frequency, Hz")
        ax.set_ylabel("% peak")
        ax.set_title(f"{self.in_words()} weighted")
        ax.grid(True, alpha=0.3)

    def in_words(self) -> str:
        """Return the figure that is published of machines."""
        return f"\N{PLUS-MINUS SIGN}{self.weighted_two_sigma_percent[0]:.3f} %"

    def figures(self) -> dict[str, str]:
        """Return what meters show, and the strongest line; of a tone that was lost, for how long."""
        return {
            "Speed error": f"{rounded(self.speed_error_percent[0], 2, '+')} %",
            "Flutter, weighted": self.in_words(),
            "Flutter, weighted RMS": f"{self.weighted_rms_percent[0]:.3f} %",
            "Flutter, unweighted RMS": f"{self.unweighted_rms_percent[0]:.3f} %",
            "Strongest flutter at": hertz(float(self.strongest_hz[0])),
            "Strongest flutter, peak": f"{self.strongest_percent[0]:.3f} %",
            "Tone lost for": f"{self.lost_s[0]:.2f} s",
        }


def flutter(graph: Measured) -> Flutter:
    """Return the wow and flutter of a graph, or on a rig.

    Raises TapegraphError where no steady tone comes out, or where the sample rate is too low for it.
    """
    rig = on_the_bench(graph)
    check_nominal(NOMINAL_HZ, rig.sample_rate)
    settling = round(rig.settling_s * rig.sample_rate)
    t = np.arange(settling + round(PLAYED_S * rig.sample_rate)) / rig.sample_rate
    heard = rig.play(amplitude(LEVEL_DBFS) * np.sin(2.0 * np.pi * NOMINAL_HZ * t), moving=True)
    return flutter_of(heard[settling:], rig.sample_rate, NOMINAL_HZ)


def flutter_of(sound: Audio, sample_rate: float, nominal_hz: float | None = None) -> Flutter:
    """Return the wow and flutter of a recorded test tone, (frames,) or (1, frames).

    nominal_hz: of the tone on the test tape; the one of TEST_TONES_HZ that is nearest where it is None
    Raises TapegraphError where the sound has no steady tone, or is shorter than 6 s.
    """
    found = measure_flutter(sound, sample_rate, nominal_hz or NOMINAL_HZ)
    nominal_hz = nominal_hz or min(TEST_TONES_HZ, key=lambda hz: abs(np.log(found.tone_hz / hz)))
    lines_hz, percent = strongest_lines(found.spectrum_hz, found.spectrum_percent)
    strongest = int(np.argmax(percent))
    return Flutter(
        vector([nominal_hz]),
        vector([found.tone_hz]),
        vector([100.0 * (found.tone_hz / nominal_hz - 1.0)]),
        vector([found.weighted_two_sigma_percent]),
        vector([found.weighted_rms_percent]),
        vector([found.unweighted_rms_percent]),
        lines_hz[strongest : strongest + 1],
        percent[strongest : strongest + 1],
        vector([found.gated_s]),
        lines_hz,
        percent,
    )


def strongest_lines(lines_hz: Array, percent: Array) -> tuple[Array, Array]:
    """Return the strongest line of each step of PER_OCTAVE in an octave, of those that lie in the unweighted band."""
    low_hz, high_hz = UNWEIGHTED_HZ
    inside = (lines_hz >= low_hz) & (lines_hz <= high_hz)
    lines_hz, percent = lines_hz[inside], percent[inside]
    step = np.floor(PER_OCTAVE * np.log2(lines_hz / low_hz))
    by_strength = np.lexsort((percent, step))  # step by step, the strongest last
    last = np.append(np.diff(step[by_strength]) > 0.0, True)
    return lines_hz[by_strength[last]], percent[by_strength[last]]
