"""The circuit around the Korg-35: a Sallen-Key low-pass whose amplifier is limited by two diodes.

    x --R-- v1 --R-- v,  C from v to ground,  C from v1 to the output u of the amplifier

    dq/dt = w0 (x - 2 (q + u) + v)         q = v1 - u, what the capacitor of the feedback holds
    dv/dt = w0 (q + u - v)                 v, what the capacitor to ground holds; w0 = 1 / (R C)
    u = r v + w                            r, the share of v that the knob PEAK passes to the amplifier
    w / R_f + 2 I_s sinh(w / (n V_t)) = r v / R_g

The amplifier does not invert: r v lies on R_g, from its other input to ground, and the current through R_g comes from
R_f and the pair of diodes across it, w being the voltage on these. For small signals the gain is K:

    V / X = w0^2 / (s^2 + (3 - K) w0 s + w0^2),    K = r (1 + KAPPA / (1 + B))

which oscillates at K = 3. As v grows, w grows only with its logarithm, K falls towards r, and the oscillation stays
bounded.

With w, v and x in units of n V_t the circuit has three numbers: B = 2 I_s R_f / (n V_t), KAPPA = R_f / R_g and
w0. A step of the trapezoidal rule, g = w0 T / 2, leads from memories s_q, s_v (q and v half a step after the last
values) to the present q and v:

    q = s_q + g (x - 2 (q + u) + v),    v = s_v + g (q + u - v)

Substituted into one another, these leave one equation, in w:

    (1 - KAPPA r g / D) w + B sinh w = KAPPA r p / D
    D = 1 + (3 - r) g + g^2,    p = g s_q + (1 + 2 g) s_v + g^2 x,    v = (p + g w) / D

Its left side rises with w as long as K < 5: there is one solution, at any rate and for any input.

Source: T. Stinchcombe, A study of the Korg MS10 & MS20 filters, 2006, for the kind of circuit; J. Parker, F. Esqueda,
A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx 2019, who train networks on
such a system. The equations are derived here from the circuit as drawn above.
Differs: the transistors of the chip, which stand for R, are taken as resistors, and its amplifiers as ideal; R_F and
R_G are not those of a schematic, but chosen for a filter that oscillates from nine tenths of the knob on.
"""

import math
from typing import Final

from mypy_extensions import i64

R_F: Final = 23e3  # ohm
R_G: Final = 10e3  # ohm
I_S: Final = 2.52e-9  # ampere, of a 1N4148
NV_T: Final = 1.752 * 25.85e-3  # volt, n V_t of a 1N4148 at 27 degrees Celsius
KAPPA: Final = R_F / R_G
B: Final = 2.0 * I_S * R_F / NV_T
MOST_ITERATIONS: Final = 8  # never needed: 4 for any K from 0 to 5, any g, and w up to 1e12


def diode_voltage(slope: float, current: float) -> float:
    """Solve slope w + B sinh w = current for w by Newton's method with Halley's correction, to the last digits.

    slope: above 0; current: any

    The start lies beyond the solution: it is what the line alone, or the exponential alone, would take. As the curve
    gets ever steeper farther out, the iteration from there is short and cannot diverge.
    """
    c = abs(current)
    w = c / (slope + B)
    if w > 5.0:
        alone = math.log(2.0 * c / B + 1.0)
        if alone < w:
            w = alone
    i: i64 = 0
    while i < MOST_ITERATIONS:
        e = math.exp(w)
        up = 0.5 * B * e
        down = 0.5 * B / e
        f = slope * w + (up - down) - c
        f1 = slope + (up + down)
        step = f * f1 / (f1 * f1 - 0.5 * f * (up - down))
        w -= step
        if abs(step) < 1e-5:  # what is left is less than its cube
            break
        i += 1
    return w if current >= 0.0 else -w
