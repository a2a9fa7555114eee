"""Logarithm, exponential and normal quantile that are equal to the bit on every platform.

The libraries of C round these differently, and compilers fuse what they multiply and add. Here everything is made of
single sums, products, quotients and square roots of Python's floats, which IEEE 754 rounds in one way only.

    ln x  = e ln 2 + 2 (s + s^3/3 + s^5/5 + ...),   x = m 2^e,  s = (m - 1)/(m + 1),  1/sqrt 2 <= m < sqrt 2
    exp x = 2^k (1 + r (1 + r/2 (1 + r/3 (...)))),  x = k ln 2 + r,  |r| <= ln 2 / 2
    z(p)  = the deviate that a standard normal variable is below with the probability p
    P(z)  = p for which z(p) = z, by bisection

Both series are carried to the last bit; z(p) is exact to 1e-15, P(z) to 1e-16.
Source: M. Wichura, Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37, 1988
(routine PPND16).
"""

from __future__ import annotations

import functools
import math

LN2_HIGH = 6.93147180369123816490e-01  # 33 bits: a multiple of it by an exponent is exact
LN2_LOW = 1.90821492927058770002e-10
LN_TERMS, EXP_TERMS = 22, 20
BISECTIONS = 64
FARTHEST = 8.0  # deviates whose probability differs from 0 or 1 in a float


def terms(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split()))


# Rational approximations, the lowest power first: near the middle, in the tails, and far in them
MIDDLE = (
    terms(
        "3.3871328727963666080e0 1.3314166789178437745e2 1.9715909503065514427e3 1.3731693765509461125e4 "
        "4.5921953931549871457e4 6.7265770927008700853e4 3.3430575583588128105e4 2.5090809287301226727e3"
    ),
    terms(
        "1 4.2313330701600911252e1 6.8718700749205790830e2 5.3941960214247511077e3 "
        "2.1213794301586595867e4 3.9307895800092710610e4 2.8729085735721942674e4 5.2264952788528545610e3"
    ),
)
TAIL = (
    terms(
        "1.42343711074968357734e0 4.63033784615654529590e0 5.76949722146069140550e0 3.64784832476320460504e0 "
        "1.27045825245236838258e0 2.41780725177450611770e-1 2.27238449892691845833e-2 7.74545014278341407640e-4"
    ),
    terms(
        "1 2.05319162663775882187e0 1.67638483018380384940e0 6.89767334985100004550e-1 "
        "1.48103976427480074590e-1 1.51986665636164571966e-2 5.47593808499534494600e-4 1.05075007164441684324e-9"
    ),
)
FAR = (
    terms(
        "6.65790464350110377720e0 5.46378491116411436990e0 1.78482653991729133580e0 2.96560571828504891230e-1 "
        "2.65321895265761230930e-2 1.24266094738807843860e-3 2.71155556874348757815e-5 2.01033439929228813265e-7"
    ),
    terms(
        "1 5.99832206555887937690e-1 1.36929880922735805310e-1 1.48753612908506148525e-2 "
        "7.86869131145613259100e-4 1.84631831751005468180e-5 1.42151175831644588870e-7 2.04426310338993978564e-15"
    ),
)


def ln(x: float) -> float:
    """Return the natural logarithm of a number above 0."""
    m, e = math.frexp(x)
    if m * m < 0.5:
        m, e = 2.0 * m, e - 1
    s = (m - 1.0) / (m + 1.0)
    s2 = s * s
    series = 0.0
    for k in range(2 * LN_TERMS - 1, 1, -2):
        series = (series + 1.0 / k) * s2
    return e * LN2_HIGH + (2.0 * s + (2.0 * s * series + e * LN2_LOW))


def exp(x: float) -> float:
    """Return e to the power of a number whose result a float can hold."""
    k = round(x / (LN2_HIGH + LN2_LOW))
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    series = 1.0
    for n in range(EXP_TERMS, 0, -1):
        series = 1.0 + series * r / n
    return math.ldexp(series, k)


def normal_deviate(p: float) -> float:
    """Return z(p) for a probability between 0 and 1, ends excluded."""
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * ratio(MIDDLE, 0.180625 - q * q)
    r = math.sqrt(-ln(min(p, 1.0 - p)))
    z = ratio(TAIL, r - 1.6) if r <= 5.0 else ratio(FAR, r - 5.0)
    return -z if q < 0.0 else z


@functools.lru_cache(maxsize=1024)
def normal_probability(z: float) -> float:
    """Return P(z)."""
    if z > 0.0:
        return 1.0 - normal_probability(-z)
    if z < -FARTHEST:
        return 0.0
    low, high = 0.0, 0.5
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if normal_deviate(middle) < z:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def ratio(polynomials: tuple[tuple[float, ...], tuple[float, ...]], x: float) -> float:
    over, under = (functools.reduce(lambda value, a: value * x + a, reversed(powers), 0.0) for powers in polynomials)
    return over / under
