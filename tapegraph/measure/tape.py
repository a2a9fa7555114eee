"""The data sheet of a tape in its machine: sensitivity, distortion, headroom and noise, as makers of tape print them.

    sensitivity   output over input, 20 dB under the reference
    third         third harmonic of a tone that comes out at 0 dB, relative to the tone
    1 %, MOL      output at which the third harmonic is 1 %, and 3 %: the maximum output level
    SOL           the largest output, where the tape is saturated: the saturation output level
    noise         of the graph as it is while nothing enters it: RMS, A-weighted RMS, quasi-peak of ITU-R BS.468
    range         MOL at 400 Hz less A-weighted noise

0 dB is a level at the output, 0 VU of the graph unless another is given: a graph has no flux, so whoever compares it
with a data sheet says which level stands for the 200, 250 or 320 nWb/m of that. Of a recording it is the level of the
steady tone of the test tape, which is set to be 0 VU. All but the sensitivity are levels at the output relative to it.
What no level that is played reaches is left blank.
Source: IEC 60094 has the quantities, by way of data sheets and of the table of cassettes of audiochrome.blogspot.com,
whose columns the summary has; the standard was not seen. MOL is read at 315 Hz on cassettes, at 1 kHz on reels, SOL at
10, 14 and 16 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph.analysis.noise import noise_levels
from tapegraph.measure.machine import Machine
from tapegraph.measure.result import Result, over_frequency, rounded, table, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.measure.sheet import pens
from tapegraph.measure.staircase import Staircase, staircase
from tapegraph.measure.tones import AFTERWARDS_S, usual
from tapegraph.run.sound import Array

FREQUENCIES_HZ = (
    *(40.0, 80.0, 160.0, 315.0, 400.0, 1000.0, 2000.0, 4000.0),
    *(6300.0, 8000.0, 10_000.0, 12_500.0, 14_000.0, 16_000.0),
)
STEPS_DBFS = tuple(float(level) for level in range(-48, 19, 3))
MIDDLE_HZ = 1000.0
BELOW_DB = 20.0
DISTORTION_HZ = 400.0
SATURATION_HZ = 10_000.0
NOISE_S = 4.0
SILENT_DBFS = -200.0
PICTURED_DB = 100.0  # at most


@attrs.frozen
class Tape(Result):
    """A data sheet: arrays with a value for each frequency, and numbers, in dB relative to reference_dbfs.

    bias: what the graph is set to, see bias.py; not a number where it has none, nor of a recording
    reference_dbfs: the level at the output that is 0 dB
    one_percent_input_dbfs, mol_input_dbfs: levels at the input that give one_percent_db and mol_db
    noise_db: unweighted; noise_a_db: A-weighted; noise_468_db: quasi-peak
    """

    bias: float
    reference_dbfs: float
    frequency_hz: Array
    sensitivity_db: Array
    third_percent: Array
    one_percent_input_dbfs: Array
    one_percent_db: Array
    mol_input_dbfs: Array
    mol_db: Array
    sol_db: Array
    noise_db: float
    noise_a_db: float
    noise_468_db: float

    @property
    def response_db(self) -> Array:
        """The sensitivity relative to that at 1 kHz."""
        return self.sensitivity_db - at(self.frequency_hz, self.sensitivity_db, MIDDLE_HZ)

    @property
    def range_db(self) -> float:
        return at(self.frequency_hz, self.mol_db, DISTORTION_HZ) - self.noise_a_db

    def columns(self) -> dict[str, Array]:
        """Return a row for each frequency; what has no frequency stands in all of them, levels in dBFS beside those."""
        names = [field.name for field in attrs.fields(Tape) if field.name != "changed"]
        whole = {name: np.asarray(getattr(self, name)) for name in (*names, "response_db", "range_db")}
        levels = ("one_percent", "mol", "sol", "noise", "noise_a", "noise_468")
        whole |= {f"{name}_dbfs": whole[f"{name}_db"] + self.reference_dbfs for name in levels}
        return table(("frequency_hz", whole.pop("frequency_hz")), *whole.items())

    def summary(self) -> dict[str, Array]:
        """Return the row of a table of tapes: the distortion at 400 Hz, the rest where the name says."""
        figures = {
            "sensitivity_db": (self.sensitivity_db, MIDDLE_HZ),
            "third_percent": (self.third_percent, DISTORTION_HZ),
            "one_percent_db": (self.one_percent_db, DISTORTION_HZ),
            "mol_400_db": (self.mol_db, DISTORTION_HZ),
            "mol_1k_db": (self.mol_db, MIDDLE_HZ),
            "sol_10k_db": (self.sol_db, SATURATION_HZ),
        }
        row = {"bias": self.bias} | {name: at(self.frequency_hz, *where) for name, where in figures.items()}
        row |= {"noise_db": self.noise_db, "noise_a_db": self.noise_a_db, "range_db": self.range_db}
        return {name: vector([value]) for name, value in row.items()}

    def figures(self) -> dict[str, str]:
        words = {
            "sensitivity_db": "Sensitivity, 1 kHz",
            "third_percent": "Third harmonic, 400 Hz at 0 dB",
            "one_percent_db": "1 % third harmonic, 400 Hz",
            "mol_400_db": "MOL, 3 %, 400 Hz",
            "mol_1k_db": "MOL, 3 %, 1 kHz",
            "sol_10k_db": "SOL, 10 kHz",
            "noise_a_db": "Noise of the tape, A-weighted",
            "range_db": "MOL at 400 Hz over noise, A",
        }
        row = self.summary()
        values = {name: float(row[name][0]) for name in words if np.isfinite(row[name][0])}
        return {
            words[name]: f"{value:.2f} %" if name == "third_percent" else f"{rounded(value, 1)} dB"
            for name, value in values.items()
        }

    def remarks(self) -> tuple[str, ...]:
        return (f"0 dB is {self.reference_dbfs:g} dBFS at the output",)

    def plot(self, ax: Any) -> None:
        """Draw what goes onto the tape over frequency: from the noise up to 3 % third harmonic, and to saturation."""
        ax.plot(self.frequency_hz, self.sol_db, label="SOL")
        ax.plot(self.frequency_hz, self.mol_db, label="MOL: 3 %")
        ax.plot(self.frequency_hz, self.one_percent_db, label="third harmonic 1 %")
        ax.plot(self.frequency_hz, self.response_db - BELOW_DB, label="response at -20 dB")
        ax.plot(self.frequency_hz, np.full(len(self.frequency_hz), self.noise_a_db), linestyle=":", label="noise, A")
        over_frequency(ax, f"dB; 0 dB is {self.reference_dbfs:g} dBFS")
        pens.fit_decibels(ax, most=PICTURED_DB)
        ax.legend(loc="lower center", ncols=3)


def tape(
    graph: Measured,
    reference_dbfs: float | None = None,
    frequencies_hz: Sequence[float] | None = None,
    steps_dbfs: Sequence[float] | None = None,
) -> Tape:
    """Return the data sheet of the tape in a graph, on a rig, or of a recording.

    reference_dbfs: the level at the output that is 0 dB; 0 VU of the graph, or of the test tape, where it is None
    frequencies_hz: FREQUENCIES_HZ, as far as the sample rate holds them, where it is None
    steps_dbfs: rising levels at the input, between which figures are interpolated: 3 dB apart is close enough;
        STEPS_DBFS, as far as the machine gets such levels, where it is None
    """
    rig = on_the_bench(graph)
    steps = [step for step in STEPS_DBFS if step <= rig.loudest_dbfs] if steps_dbfs is None else steps_dbfs
    tones = [staircase(rig, hz, steps) for hz in frequencies_hz or usual(rig, FREQUENCIES_HZ)]
    zero = rig.reference_dbfs if reference_dbfs is None else reference_dbfs
    low = zero - BELOW_DB
    one_percent, mol = (
        vector(tone.level_for_third(20.0 * np.log10(percent / 100.0)) for tone in tones) for percent in (1.0, 3.0)
    )
    noise, noise_a, noise_468 = (level - zero for level in noise_dbfs(rig))
    return Tape(
        bias=rig.bias,
        reference_dbfs=zero,
        frequency_hz=vector(tone.frequency_hz for tone in tones),
        sensitivity_db=vector(tone.output_at(low) - low for tone in tones),
        third_percent=vector(100.0 * 10.0 ** (tone.third_at(tone.level_for_output(zero)) / 20.0) for tone in tones),
        one_percent_input_dbfs=one_percent,
        one_percent_db=outputs(tones, one_percent) - zero,
        mol_input_dbfs=mol,
        mol_db=outputs(tones, mol) - zero,
        sol_db=vector(tone.largest_output_dbfs() for tone in tones) - zero,
        noise_db=noise,
        noise_a_db=noise_a,
        noise_468_db=noise_468,
        changed=rig.changed,
    )


def outputs(tones: Sequence[Staircase], levels_dbfs: Array) -> Array:
    return vector(tone.output_at(level) for tone, level in zip(tones, levels_dbfs, strict=True))


def at(frequency_hz: Array, values: Array, wanted_hz: float) -> float:
    """Return the value for the tone next to a frequency; not a number where there is none within 2 %."""
    nearest = int(np.argmin(np.abs(frequency_hz - wanted_hz)))
    return float(values[nearest]) if abs(frequency_hz[nearest] - wanted_hz) < 0.02 * wanted_hz else np.nan


def noise_dbfs(rig: Machine) -> tuple[float, float, float]:
    """Return the noise of a machine as it is while nothing enters it: unweighted, A, quasi-peak.

    Not a number where there is none beyond the rounding of numbers.
    """
    settling, frames = (round(time_s * rig.sample_rate) for time_s in (rig.settling_s, NOISE_S))
    sound = rig.play(np.zeros(settling + frames + round(AFTERWARDS_S * rig.sample_rate)), moving=True)
    found = noise_levels(sound[np.newaxis, settling : settling + frames], rig.sample_rate)
    unweighted, a_weighted, quasi_peak = (
        float(level[0]) for level in (found.unweighted_dbfs, found.a_weighted_dbfs, found.quasi_peak_dbfs)
    )
    return (unweighted, a_weighted, quasi_peak) if unweighted > SILENT_DBFS else (np.nan, np.nan, np.nan)
