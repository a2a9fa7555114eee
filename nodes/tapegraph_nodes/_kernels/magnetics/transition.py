"""Magnetisation by a network: the rise in one sample, as a state transition network has learned it from a solver.

    dm = g P + g_p Q,    (P, Q) = network(z, z_p, r, y, y_p),    g = v (y + z)

    y = max(0, A - B m),    A = s L(h) / kappa,    B = s (1 - beta L'(h)) / kappa,    s = sign of v
    z = c L'(h),    r = |v| / (kappa + |v|)

and g_p, y_p, z_p the same of hp and vp, with the m that was. Symbols and units as in jiles_atherton.py; why a network
is given these features is described in _systems/hysteresis.py.

Most of that needs no m: extract() computes it for a block at once, as A / 2, B / 2, z, r and v of each sample, so that
little is left to do from sample to sample.
Source: J. Parker, F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx
2019; inputs and gates are our own.
"""

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.magnetics.field import clipped, rise
from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, END, MIDDLE, ROUND
from tapegraph_nodes._kernels.magnetics.tape import FEATURES, Tape

STRIDE: Final = 8  # frames between steps of weights that move


def predict(tape: Tape, x: vec[float], y: vec[float], a: i64, b: i64) -> None:
    """Magnetise the channels a and b, which may be one and the same, by a network, into y."""
    frames = tape.frames
    extract(tape, x, a, 0)
    if b > a:
        extract(tape, x, b, FEATURES * (frames + 1))
    follow(tape, y, a, b - a + 1)


def extract(tape: Tape, x: vec[float], channel: i64, place: i64) -> None:
    """Write the features of the sample before a block and of every sample of it to tape.features, from place on."""
    table, clip, features = tape.table, tape.clip, tape.features
    tape.begin()
    coating = tape.coating
    moving = tape.constants.moving
    half_per_kappa = 0.5 * CELLS_PER_UNIT / coating.kappa
    before = tape.G[channel]
    field = tape.H[channel]
    rate = tape.V[channel]
    at = channel * tape.frames - 1
    last = at + tape.frames
    while True:
        h = coating.cells * field
        v = coating.cells * rate
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
        features[place] = toward * L
        features[place + 1] = toward * (1.0 - coating.beta * slope)
        features[place + 2] = CELLS_PER_UNIT * coating.c * slope
        features[place + 3] = abs(v) / (coating.kappa + abs(v))
        features[place + 4] = (1.0 / CELLS_PER_UNIT) * v
        place += FEATURES
        if at == last:
            break
        at += 1
        if moving:
            coating.advance()
            half_per_kappa = 0.5 * CELLS_PER_UNIT / coating.kappa
        before = field
        field = clipped(x[at], clip)
        rate = rise(field, before, rate)
    tape.H[channel] = field
    tape.G[channel] = before
    tape.V[channel] = rate


def follow(tape: Tape, y: vec[float], first: i64, lanes: i64) -> None:
    """Advance m of some channels by what extract() has written of them, and write gain times m to y.

    first, lanes: the channels, which take turns, sample by sample: while a processor waits for one it computes another
    """
    frames = tape.frames
    features, m, most_m, network = tape.features, tape.m, tape.most_m, tape.network
    size = FEATURES * (frames + 1)
    gain = tape.constants.start[5]
    gain_step = (tape.constants.end[5] - gain) / float(frames)
    network.begin(max(1, tape.constants.blocks_left * (frames // STRIDE)))
    w = network.weights
    a = network.x
    n: i64 = 0
    place: i64 = 0
    while n < frames:
        if network.steps > 0 and n % STRIDE == 0:
            network.step()
        gain += gain_step
        lane: i64 = 0
        at = place
        to = first * frames + n
        while lane < lanes:
            was = m[first + lane]
            z_p = features[at + 2]
            y_p = features[at] - features[at + 1] * was
            y_p += abs(y_p)
            g_p = features[at + 4] * (y_p + z_p)
            y_h = features[at + 5] - features[at + 6] * was
            y_h += abs(y_h)
            z = features[at + 7]
            r = features[at + 8]
            g = features[at + 9] * (y_h + z)
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
            if not abs(now) <= most_m:
                now = clipped(now, most_m)
            m[first + lane] = now
            y[to] = gain * now
            at += size
            to += frames
            lane += 1
        place += FEATURES
        n += 1
