"""Wow and flutter: how the speed of a machine varies, from its recording of a steady tone.

    z(t) = low-pass of x(t) exp(-2 pi i f t),    d(t) = (f + arg(z)' / 2 pi) / mean - 1

d is the deviation of the speed from its mean; the low-pass passes 500 Hz to either side of f, the centre of the power
near the nominal frequency. The mean is taken under a Hann window, so that a wow which turns a few times
changes it little. The weighting, see flutter_weighting, is applied to the spectrum of d, mirrored at its ends, without
a shift of phase. Of the weighted deviation w are read

    two sigma: what |w| exceeds for 4.55 % of the time: of a sine, 0.9975 of its peak,    and the RMS.

Unweighted is what lies between 0.2 and 200 Hz. The first and last EDGE_S are not read. Nor are places where the
level is less than half or more than twice the median (dropouts, clicks), or where d has more of 200 to 500 Hz than ten
times the median and 0.1 % (clicks too), with GATE_S around them: there d is interpolated.

Sources: AES6-2008 and IEC 60386 (3150 Hz, the weighting, two sigma over 5 s or more), by way of two descriptions:
A. Oliver, aes6-wow-and-flutter-meter, and Wang Hongwei, Wow and Flutter Measurement using Multi-Instrument, Virtins
2020, whose readings of modulated tones are those of this meter. The standards themselves were not seen, nor any source
for the ends of the unweighted band. Mirror, edges and gates are ours.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph.analysis.flutter_weighting import flutter_weighting
from tapegraph.analysis.loudness import HIGHEST
from tapegraph.errors import TapegraphError
from tapegraph.quantity import format_number
from tapegraph.run.sound import Array, Audio, planar

NOMINAL_HZ = 3150.0  # IEC; NAB and JIS: 3000
NOMINAL_RANGE_HZ = (1000.0, 10_000.0)
SEARCHED = 0.2  # of the nominal frequency, to either side
HALF_BAND_HZ = 500.0
FINER = 4  # times as many values as that band needs, so that two sigma of a sine at 100 Hz is right within 0.6 %
UNWEIGHTED_HZ = (0.2, 200.0)
TWO_SIGMA = 0.9545
EDGE_S = 0.5
RINGING_S = 0.05  # of the low-pass, at the ends of the recording
SHORTEST_S = 5.0  # that is read
GATE_S = 0.025
QUIETEST = 1e-4  # amplitude of a tone, -80 dBFS
ROUGH = 1e-3  # deviation above 200 Hz that may be a click


@attrs.frozen
class FlutterReading:
    """What a meter for wow and flutter reads of a recording.

    tone_hz: mean frequency
    speed_error_percent: of that from the nominal frequency; above 0, the machine is fast
    weighted_two_sigma_percent: AES6, IEC 60386, "plus or minus"
    weighted_rms_percent: WRMS, as JIS and NAB have it
    unweighted_rms_percent: RMS, 0.2 to 200 Hz
    read_s: for how long the deviation was read, to the hundredth
    gated_s: for how long it was not, because the tone was disturbed
    sample_rate_hz: of deviation_percent
    deviation_percent: of the speed from its mean, up to 200 Hz, from first_s on
    first_s: where in the recording deviation_percent begins
    spectrum_hz: frequencies of the lines of the spectrum, up to 200 Hz
    spectrum_percent: peak deviation of a sine that makes each line, by a Hann window; up to 1.4 dB low between lines
    """

    tone_hz: float
    speed_error_percent: float
    weighted_two_sigma_percent: float
    weighted_rms_percent: float
    unweighted_rms_percent: float
    read_s: float
    gated_s: float
    sample_rate_hz: float
    deviation_percent: Array
    first_s: float
    spectrum_hz: Array
    spectrum_percent: Array


def measure_flutter(recording: Audio, sample_rate: float, nominal_hz: float = NOMINAL_HZ) -> FlutterReading:
    """Return the reading of a recording of a tone: (frames,) or (1, frames).

    nominal_hz: of the tone on the test tape, 1000 to 10000 Hz; it is found where the speed is up to 15 % wrong
    Raises TapegraphError if there is more than one channel, no such tone, less than SHORTEST_S that can be read, or a
    sample rate that is too low for the tone.
    """
    x = planar(recording)
    if x.shape[0] != 1:
        raise TapegraphError(f"the recording has {x.shape[0]} channels; wow and flutter is measured on one of them")
    check_nominal(nominal_hz, sample_rate)
    needed_s = SHORTEST_S + 2.0 * EDGE_S
    if x.shape[1] < needed_s * sample_rate:
        found = format_number(round(x.shape[1] / sample_rate, 3), "s")
        raise TapegraphError(
            f"the recording is {found} long; wow and flutter needs at least {format_number(needed_s, 's')} of a tone"
        )
    center_hz, z, rate = demodulated(np.where(np.abs(x[0]) < HIGHEST, x[0], 0.0), sample_rate, nominal_hz)
    z = z[round(RINGING_S * rate) : -round(RINGING_S * rate)]
    hz = center_hz + np.angle(z[1:] * np.conj(z[:-1])) * rate / (2.0 * np.pi)
    edge = round((EDGE_S - RINGING_S) * rate)
    clean = undisturbed(np.abs(z), hz, center_hz, rate)
    good = clean.copy()
    good[:edge] = good[-edge:] = False
    read_s = round(float(np.sum(good)) / rate, 2)
    if read_s < SHORTEST_S:
        found, needed = format_number(read_s, "s"), format_number(SHORTEST_S, "s")
        raise TapegraphError(f"the tone is undisturbed for {found}; wow and flutter needs at least {needed}")
    hz = np.interp(np.arange(len(hz)), np.flatnonzero(clean), hz[clean])
    inside = slice(edge, len(hz) - edge)
    window = np.hanning(len(hz) - 2 * edge)
    mean_hz = float(np.average(hz[inside], weights=window))
    deviation = 100.0 * (hz / mean_hz - 1.0)
    weighted = filtered(deviation, rate, flutter_weighting)[good]
    unweighted = filtered(deviation, rate, unweighted_band)[good]
    heard = filtered(deviation, rate, below_200_hz)[inside]
    lines = np.abs(np.fft.rfft(heard * window)) * 2.0 / np.sum(window)
    lines_hz = np.arange(len(lines)) * rate / len(heard)
    shown = lines_hz <= UNWEIGHTED_HZ[1]
    return FlutterReading(
        tone_hz=mean_hz,
        speed_error_percent=100.0 * (mean_hz / nominal_hz - 1.0),
        weighted_two_sigma_percent=float(np.quantile(np.abs(weighted), TWO_SIGMA)),
        weighted_rms_percent=float(np.sqrt(np.mean(weighted**2))),
        unweighted_rms_percent=float(np.sqrt(np.mean(unweighted**2))),
        read_s=read_s,
        gated_s=float(np.sum(~good[inside])) / rate,
        sample_rate_hz=rate,
        deviation_percent=heard,
        first_s=(round(RINGING_S * rate) + edge + 0.5) / rate,
        spectrum_hz=lines_hz[shown],
        spectrum_percent=lines[shown],
    )


def check_nominal(nominal_hz: float, sample_rate: float) -> None:
    low_hz, high_hz = NOMINAL_RANGE_HZ
    tone = format_number(nominal_hz, "Hz")
    if not low_hz <= nominal_hz <= high_hz:
        allowed = f"{format_number(low_hz)} to {format_number(high_hz, 'Hz')}"
        raise TapegraphError(f"the nominal frequency is {tone}; it must be {allowed}")
    needed_hz = 2.0 * (nominal_hz * (1.0 + SEARCHED) + HALF_BAND_HZ)
    if sample_rate < needed_hz:
        found, needed = (format_number(hz, "Hz") for hz in (float(sample_rate), needed_hz))
        raise TapegraphError(f"the sample rate is {found}; a tone of {tone} needs at least {needed}")


def unweighted_band(frequencies_hz: Array) -> Array:
    """Return the gains of the unweighted band: 1 or 0."""
    low_hz, high_hz = UNWEIGHTED_HZ
    return np.asarray((frequencies_hz >= low_hz) & (frequencies_hz <= high_hz), dtype=np.float64)


def below_200_hz(frequencies_hz: Array) -> Array:
    """Return 1 for what a deviation over time shows, and 0 above."""
    return np.asarray(frequencies_hz <= UNWEIGHTED_HZ[1], dtype=np.float64)


def filtered(deviation: Array, rate: float, gains: Callable[[Array], Array]) -> Array:
    """Return a deviation behind a filter without a shift of phase, mended of what a difference over 1 / rate loses."""
    mirrored = np.concatenate([deviation, deviation[::-1]])
    f = np.arange(len(deviation) + 1) * rate / len(mirrored)
    response = gains(f) / np.sinc(f / rate)
    return np.asarray(np.fft.irfft(np.fft.rfft(mirrored) * response, len(mirrored))[: len(deviation)])


def demodulated(x: Array, sample_rate: float, nominal_hz: float) -> tuple[float, npt.NDArray[np.complex128], float]:
    """Return the frequency of the tone near the nominal one, what surrounds it moved to 0 Hz, and the rate of that.

    Raises TapegraphError if that is no tone: quieter than QUIETEST, or less than 80 % of what is within an octave to
    either side, or less than 1 % of all.
    """
    frames = len(x)
    line_hz = sample_rate / frames
    spectrum = np.fft.rfft(x)
    power = np.abs(spectrum) ** 2

    def lines(low_hz: float, high_hz: float) -> slice:
        return slice(round(low_hz / line_hz), round(high_hz / line_hz) + 1)

    near = lines(nominal_hz * (1.0 - SEARCHED), nominal_hz * (1.0 + SEARCHED))
    found = float(np.sum(power[near]))
    center = round(float(power[near] @ np.arange(near.start, near.stop)) / found) if found else near.start
    reach = round(HALF_BAND_HZ / line_hz)
    around = slice(center - reach, center + reach)
    tone = float(np.sum(power[around]))
    if (
        tone < 0.5 * (0.5 * QUIETEST * frames) ** 2
        or tone < 0.8 * float(np.sum(power[lines(nominal_hz / 2.0, nominal_hz * 2.0)]))
        or tone < 0.01 * float(np.sum(power[1:]))
    ):
        low, high = (format_number(nominal_hz * (1.0 + side * SEARCHED), "Hz") for side in (-1.0, 1.0))
        raise TapegraphError(f"the recording has no steady tone between {low} and {high}; wow and flutter needs one")
    taper = np.clip((reach - np.abs(np.arange(-reach, reach))) / (0.2 * reach), 0.0, 1.0)
    band = spectrum[around] * (0.5 - 0.5 * np.cos(np.pi * taper))
    size = 2 * FINER * reach
    moved = np.zeros(size, np.complex128)
    moved[:reach], moved[-reach:] = band[reach:], band[:reach]
    return center * line_hz, np.fft.ifft(moved) * (2.0 * size / frames), size * line_hz


def undisturbed(level: Array, hz: Array, center_hz: float, rate: float) -> npt.NDArray[np.bool_]:
    """Tell where the frequency between each two values of a demodulated tone can be read."""
    usual = float(np.median(level))
    between = 0.5 * (level[1:] + level[:-1])
    bad = (between < 0.5 * usual) | (between > 2.0 * usual)
    rough = np.abs(hz - center_hz - filtered(hz - center_hz, rate, below_200_hz)) / center_hz
    bad |= (rough > ROUGH) & (rough > 10.0 * float(np.median(rough)))
    reach = round(GATE_S * rate)
    return np.asarray(np.convolve(bad, np.ones(2 * reach + 1), "same") < 0.5)
