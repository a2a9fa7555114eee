"""Random numbers that are the same on every machine: one stream for each (seed, node, channel, purpose).

    words n = Philox4x32-10(counter n, key),    u = (k + 1/2) / 2^52,    z = Phi^-1(u)

k is 52 of the bits, and Phi^-1 the inverse of the normal distribution: one u makes one z. Number n of a stream does
not depend on how the sound is cut into blocks. Key and upper half of the counter are the SHA-256 of what names the
stream. Nothing but + - * / and the square root is used, which are exact to the last bit everywhere; the logarithm is
our own.
Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011 (Philox);
M. Wichura, Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics 37, 1988, within
1e-15 of z.
"""

import hashlib
import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

ROUNDS: Final = 10
WORD: Final = 0xFFFFFFFF
LN_2: Final = 0.6931471805599453
HALF_ROOT: Final = 0.7071067811865476


class RandomStream:
    """The numbers of one stream, in order.

    seed: of the graph; name: of the node; channel: its number in the graph's sound; purpose: what the node uses the
    stream for, "hiss"
    """

    def __init__(self, seed: int, name: str, channel: int, purpose: str) -> None:
        digest = hashlib.sha256("\n".join((str(seed), name, str(channel), purpose)).encode()).digest()
        self.k0: i64 = int.from_bytes(digest[0:4], "little")
        self.k1: i64 = int.from_bytes(digest[4:8], "little")
        self.c2: i64 = int.from_bytes(digest[8:12], "little")
        self.c3: i64 = int.from_bytes(digest[12:16], "little")
        self.used: i64 = 0  # numbers given so far
        self.spare: i64 = 0  # k of the next number, where that has an odd index

    def restart(self) -> None:
        """Begin again with the first number."""
        self.used = 0

    def uniform(self) -> float:
        """Return the next number, evenly spread between 0 and 1, both excluded."""
        n = self.used
        self.used = n + 1
        if n & 1 == 1:
            return fraction(self.spare)
        n >>= 1
        w0, w1, w2, w3 = philox(n & WORD, n >> 32 & WORD, self.c2, self.c3, self.k0, self.k1)
        self.spare = w2 << 20 | w3 >> 12
        return fraction(w0 << 20 | w1 >> 12)

    def normal(self) -> float:
        """Return the next number, normally distributed with mean 0 and variance 1."""
        return normal_quantile(self.uniform())

    def fill(self, y: vec[float]) -> None:
        """Fill a block with the next numbers, normally distributed with mean 0 and variance 1."""
        n: i64 = len(y)
        i: i64 = 0
        while i < n:
            y[i] = self.normal()
            i += 1


def fraction(k: i64) -> float:
    """Return (k + 1/2) / 2^52, exactly."""
    return (float(k) + 0.5) * 2.220446049250313e-16


def philox(c0: i64, c1: i64, c2: i64, c3: i64, k0: i64, k1: i64) -> tuple[i64, i64, i64, i64]:
    """Return the four words of 32 bits for a counter of four words and a key of two.

    Products have 64 bits: compiled they wrap into negative numbers, in plain Python they do not; the masks make both
    equal.
    """
    i: i64 = 0
    while i < ROUNDS:
        p: i64 = 0xD2511F53 * c0
        q: i64 = 0xCD9E8D57 * c2
        c0 = (q >> 32 & WORD) ^ c1 ^ k0
        c1 = q & WORD
        c2 = (p >> 32 & WORD) ^ c3 ^ k1
        c3 = p & WORD
        k0 = k0 + 0x9E3779B9 & WORD
        k1 = k1 + 0xBB67AE85 & WORD
        i += 1
    return c0, c1, c2, c3


def normal_quantile(u: float) -> float:
    """Return the z under which a normal number lies with the probability u, above 0 and under 1."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = 2.5090809287301226727e3
        above = above * r + 3.3430575583588128105e4
        above = above * r + 6.7265770927008700853e4
        above = above * r + 4.5921953931549871457e4
        above = above * r + 1.3731693765509461125e4
        above = above * r + 1.9715909503065514427e3
        above = above * r + 1.3314166789178437745e2
        above = above * r + 3.3871328727963666080e0
        below = 5.2264952788528545610e3
        below = below * r + 2.8729085735721942674e4
        below = below * r + 3.9307895800092710610e4
        below = below * r + 2.1213794301586595867e4
        below = below * r + 5.3941960214247511077e3
        below = below * r + 6.8718700749205790830e2
        below = below * r + 4.2313330701600911252e1
        below = below * r + 1.0
        return q * above / below
    r = math.sqrt(-logarithm(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        r -= 1.6
        above = 7.74545014278341407640e-4
        above = above * r + 2.27238449892691845833e-2
        above = above * r + 2.41780725177450611770e-1
        above = above * r + 1.27045825245236838258e0
        above = above * r + 3.64784832476320460504e0
        above = above * r + 5.76949722146069140550e0
        above = above * r + 4.63033784615654529590e0
        above = above * r + 1.42343711074968357734e0
        below = 1.05075007164441684324e-9
        below = below * r + 5.47593808499534494600e-4
        below = below * r + 1.51986665636164571966e-2
        below = below * r + 1.48103976427480074590e-1
        below = below * r + 6.89767334985100004550e-1
        below = below * r + 1.67638483018380384940e0
        below = below * r + 2.05319162663775882187e0
        below = below * r + 1.0
    else:
        r -= 5.0
        above = 2.01033439929228813265e-7
        above = above * r + 2.71155556874348757815e-5
        above = above * r + 1.24266094738807843860e-3
        above = above * r + 2.65321895265761230930e-2
        above = above * r + 2.96560571828504891230e-1
        above = above * r + 1.78482653991729133580e0
        above = above * r + 5.46378491116411436990e0
        above = above * r + 6.65790464350110377720e0
        below = 2.04426310338993978564e-15
        below = below * r + 1.42151175831644588870e-7
        below = below * r + 1.84631831751005468180e-5
        below = below * r + 7.86869131145613259100e-4
        below = below * r + 1.48753612908506148525e-2
        below = below * r + 1.36929880922735805310e-1
        below = below * r + 5.99832206555887937690e-1
        below = below * r + 1.0
    return -above / below if q < 0.0 else above / below


def logarithm(x: float) -> float:
    """Return ln x for x above 0 and up to 1: powers of two taken off, then the series of artanh."""
    halvings = 0.0
    while x < HALF_ROOT:
        x += x
        halvings += 1.0
    s = (x - 1.0) / (x + 1.0)  # under 0.172
    z = s * s
    series = 1.0 / 23.0
    series = series * z + 1.0 / 21.0
    series = series * z + 1.0 / 19.0
    series = series * z + 1.0 / 17.0
    series = series * z + 1.0 / 15.0
    series = series * z + 1.0 / 13.0
    series = series * z + 1.0 / 11.0
    series = series * z + 1.0 / 9.0
    series = series * z + 1.0 / 7.0
    series = series * z + 1.0 / 5.0
    series = series * z + 1.0 / 3.0
    return 2.0 * s * (1.0 + z * series) - halvings * LN_2
