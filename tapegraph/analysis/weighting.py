"""Noise weighting: how much each frequency of a noise counts, as gains.

A is the weighting of sound level meters, 0 dB at 1 kHz:

    A(f) = k f4^2 f^4 / ((f^2 + f1^2) sqrt(f^2 + f2^2) sqrt(f^2 + f3^2) (f^2 + f4^2))
    f1 = 20.60, f2 = 107.7, f3 = 737.9, f4 = 12194 Hz,    k = 2.000 dB

ITU-R BS.468 is the weighting for noise of broadcast and tape, that of a passive network of six reactances, 0 dB at
1 kHz and +12.2 dB at 6.3 kHz. With s = i f:

    H(f) = k s / (a6 s^6 + a5 s^5 + a4 s^4 + a3 s^3 + a2 s^2 + a1 s + 1)

Where noise is measured by its RMS rather than by a quasi-peak detector, it is used with 0 dB at 2 kHz (CCIR-RMS).

Sources: IEC 61672-1:2013, equation E.6 and table 3. ITU-R BS.468-4, figure 1 and table 1: the polynomial of that
network is the one of public code; it meets the table within 0.06 dB. Read in copies, not in the standards themselves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tapegraph.run.sound import Array

A_POLES_HZ = (20.60, 107.7, 737.9, 12_194.0)
A_AT_1_KHZ_DB = -2.000
NETWORK = (  # a6 to a0, in powers of i f
    4.737338981378384e-24,
    1.306612257412824e-19,
    2.043828333606125e-15,
    2.118150887518656e-11,
    1.363894795463638e-7,
    5.559488023498642e-4,
    1.0,
)
NETWORK_GAIN = 1.246332637532143e-4
ITU_468_AT_1_KHZ_DB = -18.2387  # of that network, which divides its input
CCIR_RMS_DB = -5.6293  # less than that at 2 kHz, where table 1 has 5.6


def a_weighting(frequencies_hz: Array) -> Array:
    """Return the gains of the A weighting at some frequencies."""
    f1, f2, f3, f4 = A_POLES_HZ
    f = frequencies_hz**2
    poles = (f + f1**2) * np.sqrt((f + f2**2) * (f + f3**2)) * (f + f4**2)
    return np.asarray(10.0 ** (-A_AT_1_KHZ_DB / 20.0) * f4**2 * f**2 / poles)


def itu_468(frequencies_hz: Array) -> npt.NDArray[np.complex128]:
    """Return the response of the network of ITU-R BS.468, 0 dB at 1 kHz, at some frequencies."""
    s = 1j * frequencies_hz
    gain = 10.0 ** (-ITU_468_AT_1_KHZ_DB / 20.0) * NETWORK_GAIN
    return np.asarray(gain * s / np.polyval(NETWORK, s))


def ccir_rms(frequencies_hz: Array) -> Array:
    """Return the gains of the same curve with 0 dB at 2 kHz."""
    return np.asarray(10.0 ** (CCIR_RMS_DB / 20.0) * np.abs(itu_468(frequencies_hz)))
