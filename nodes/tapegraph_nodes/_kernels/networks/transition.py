"""Magnetisation by a network: what rises in a sample, as a state transition network has learned it from a solver.

    dm = g P + g_p Q,    (P, Q) = network(z, z_p, r, y, y_p),    g = v (y + z)

    y = max(0, A - B m),    A = s L(h) / kappa,    B = s (1 - beta L'(h)) / kappa,    s = sign of v
    z = c L'(h),    r = |v| / (kappa + |v|)

and g_p, y_p, z_p the same of hp and vp, with the m that was. Symbols and units as in jiles_atherton.py; what the
features are and why is described in systems/hysteresis.py.

Most of that waits for no m: hear() computes it for a whole block, so that what is left from sample to sample is short.
Source: J. Parker, F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx
2019; inputs and gates are our own.
"""

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.magnetics.field import clipped, rise
from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, END, MIDDLE, ROUND
from tapegraph_nodes._kernels.networks.network import Network

HEARD: Final = 5  # numbers of a sample: A / 2, B / 2, z, r, v
STRIDE: Final = 8  # frames between steps of weights that move


def hear(
    x: vec[float],
    at: i64,
    frames: i64,
    table: vec[float],
    clip: float,
    start: list[float],
    end: list[float],
    H: vec[float],
    G: vec[float],
    V: vec[float],
    channel: i64,
    heard: vec[float],
    place: i64,
) -> None:
    """Note in heard, from place on, what a network hears of the sample before x[at], and of so many frames from there.

    start, end: of the constants, as in the node; H, G, V: field of each channel, the one before, and T H', in and out
    """
    cells = start[0]
    c = start[1]
    kappa = start[2]
    beta = start[3]
    part = 1.0 / float(frames)
    cells_step = part * (end[0] - cells)
    c_step = part * (end[1] - c)
    kappa_step = part * (end[2] - kappa)
    beta_step = part * (end[3] - beta)
    moving = start != end
    half_per_kappa = 0.5 * CELLS_PER_UNIT / kappa
    before = G[channel]
    field = H[channel]
    rate = V[channel]
    last = at + frames
    at -= 1
    while True:
        h = cells * field
        v = cells * rate
        if abs(h) < END:
            cell = h + ROUND - ROUND
            t = h - cell
            k = 4 * i64(cell) + MIDDLE
            k3 = t * table[k + 3]
            k2 = table[k + 2] + k3
            k1 = table[k + 1] + t * k2
            L = table[k] + t * k1
            slope = k1 + t * (k2 + k3)
        else:
            slope = CELLS_PER_UNIT / (h * h)
            L = (1.0 if h > 0.0 else -1.0) - h * slope
        toward = math.copysign(half_per_kappa, v)
        heard[place] = toward * L
        heard[place + 1] = toward * (1.0 - beta * slope)
        heard[place + 2] = CELLS_PER_UNIT * c * slope
        heard[place + 3] = abs(v) / (kappa + abs(v))
        heard[place + 4] = (1.0 / CELLS_PER_UNIT) * v
        place += HEARD
        at += 1
        if at == last:
            break
        if moving:
            cells += cells_step
            c += c_step
            kappa += kappa_step
            beta += beta_step
            half_per_kappa = 0.5 * CELLS_PER_UNIT / kappa
        before = field
        field = clipped(x[at], clip)
        rate = rise(field, before, rate)
    H[channel] = field
    G[channel] = before
    V[channel] = rate


def predict(
    heard: vec[float],
    size: i64,
    network: Network,
    steps: i64,
    guard: float,
    gain: float,
    gain_step: float,
    m: vec[float],
    first: i64,
    lanes: i64,
    y: vec[float],
    frames: i64,
) -> None:
    """Let m of some channels, in and out, follow what hear() has noted of them; y is gain times m.

    size: of what is noted of a channel; steps: how many the weights have left to their goal; first, lanes: of the
    channels. They take turns, sample by sample: while a processor waits for one it computes another.
    """
    network.begin(steps)
    w = network.weights
    a = network.x
    n: i64 = 0
    place: i64 = 0
    while n < frames:
        if network.steps > 0 and n % STRIDE == 0:
            network.move()
        gain += gain_step
        lane: i64 = 0
        at = place
        to = first * frames + n
        while lane < lanes:
            was = m[first + lane]
            z_p = heard[at + 2]
            y_p = heard[at] - heard[at + 1] * was
            y_p += abs(y_p)
            g_p = heard[at + 4] * (y_p + z_p)
            y_h = heard[at + 5] - heard[at + 6] * was
            y_h += abs(y_h)
            z = heard[at + 7]
            r = heard[at + 8]
            g = heard[at + 9] * (y_h + z)
            if len(w) == 54 and len(a) == 5:  # once the compiler knows, it drops the check of every index
                a1 = w[0] + w[4] * z + w[8] * z_p + w[12] * r + (w[16] * y_h + w[20] * y_p)
                a2 = w[1] + w[5] * z + w[9] * z_p + w[13] * r + (w[17] * y_h + w[21] * y_p)
                a3 = w[2] + w[6] * z + w[10] * z_p + w[14] * r + (w[18] * y_h + w[22] * y_p)
                a4 = w[3] + w[7] * z + w[11] * z_p + w[15] * r + (w[19] * y_h + w[23] * y_p)
                a1 = abs(a1 + 1.0) - abs(a1 - 1.0)
                a2 = abs(a2 + 1.0) - abs(a2 - 1.0)
                a3 = abs(a3 + 1.0) - abs(a3 - 1.0)
                a4 = abs(a4 + 1.0) - abs(a4 - 1.0)
                a[0] = a1 * (4.0 - abs(a1))
                a[1] = a2 * (4.0 - abs(a2))
                a[2] = a3 * (4.0 - abs(a3))
                a[3] = a4 * (4.0 - abs(a4))
                b1 = w[24] + w[28] * a[0] + w[32] * a[1] + (w[36] * a[2] + w[40] * a[3])
                b2 = w[25] + w[29] * a[0] + w[33] * a[1] + (w[37] * a[2] + w[41] * a[3])
                b3 = w[26] + w[30] * a[0] + w[34] * a[1] + (w[38] * a[2] + w[42] * a[3])
                b4 = w[27] + w[31] * a[0] + w[35] * a[1] + (w[39] * a[2] + w[43] * a[3])
                b1 = abs(b1 + 1.0) - abs(b1 - 1.0)
                b2 = abs(b2 + 1.0) - abs(b2 - 1.0)
                b3 = abs(b3 + 1.0) - abs(b3 - 1.0)
                b4 = abs(b4 + 1.0) - abs(b4 - 1.0)
                a[0] = b1 * (4.0 - abs(b1))
                a[1] = b2 * (4.0 - abs(b2))
                a[2] = b3 * (4.0 - abs(b3))
                a[3] = b4 * (4.0 - abs(b4))
                even = a[0] * (g * w[46] + g_p * w[47]) + a[2] * (g * w[50] + g_p * w[51])
                odd = a[1] * (g * w[48] + g_p * w[49]) + a[3] * (g * w[52] + g_p * w[53])
                now = was + (g * w[44] + g_p * w[45]) + (even + odd)
            else:
                a[0] = z
                a[1] = z_p
                a[2] = r
                a[3] = y_h
                a[4] = y_p
                network.run()
                now = was + g * network.y[0] + g_p * network.y[1]
            if not abs(now) <= guard:
                now = 0.0
            m[first + lane] = now
            y[to] = gain * now
            at += size
            to += frames
            lane += 1
        place += HEARD
        n += 1
