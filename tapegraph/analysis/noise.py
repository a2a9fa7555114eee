"""The noise of a recording: its level by each of the weightings that data sheets of tape machines use.

All levels are re a sine of full scale, at 1 kHz for those that are weighted (0 dBFS), except that CCIR-RMS is re one at
2 kHz. The three that are RMS take what lies from 20 Hz to 20 kHz. A noise of normal distribution reads some 4 to 5 dB
higher by quasi-peak than by the RMS of the same curve. The CCIR/ARM of data sheets is CCIR-RMS with a meter that
responds to the average, which reads a normal noise lower by 20 log10(sqrt(pi) / 2) = 1.05 dB; it is not given.

Sources: IEC 61672-1 (A); ITU-R BS.468-4 (quasi-peak); AES17 (CCIR-RMS and dBFS, by way of descriptions); the average of
|x| of a normal noise is sqrt(2 / pi) sigma.
"""

from __future__ import annotations

import attrs

from tapegraph.analysis.decibels import peak_dbfs, power_dbfs
from tapegraph.analysis.quasi_peak import quasi_peak
from tapegraph.analysis.spectrum import power_spectrum
from tapegraph.analysis.weighting import a_weighting, ccir_rms
from tapegraph.run.sound import Array, Audio

BAND_HZ = (20.0, 20_000.0)


@attrs.frozen
class NoiseLevels:
    """The levels of a noise, of each channel.

    unweighted_dbfs: RMS, 20 Hz to 20 kHz
    a_weighted_dbfs: RMS behind the A weighting
    ccir_rms_dbfs: RMS behind the curve of ITU-R BS.468 with 0 dB at 2 kHz
    quasi_peak_dbfs: highest reading of the quasi-peak meter of ITU-R BS.468, with 0 dB at 1 kHz
    """

    unweighted_dbfs: Array
    a_weighted_dbfs: Array
    ccir_rms_dbfs: Array
    quasi_peak_dbfs: Array


def noise_levels(sound: Audio, sample_rate: float) -> NoiseLevels:
    """Return the levels of a recorded noise, (channels, frames); of silence, minus infinity.

    Raises TapegraphError if it is shorter than a spectrum needs. What lies above half the sample rate is missing.
    """
    spectrum = power_spectrum(sound, sample_rate)
    f = spectrum.frequencies_hz
    return NoiseLevels(
        unweighted_dbfs=power_dbfs(spectrum.between(*BAND_HZ)),
        a_weighted_dbfs=power_dbfs(spectrum.weighted(a_weighting(f)).between(*BAND_HZ)),
        ccir_rms_dbfs=power_dbfs(spectrum.weighted(ccir_rms(f)).between(*BAND_HZ)),
        quasi_peak_dbfs=peak_dbfs(quasi_peak(sound, sample_rate)),
    )
