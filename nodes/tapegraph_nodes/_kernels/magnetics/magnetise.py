"""Blocks of sound through a tape: the loops around the solvers.

Channels go in pairs: a step has to wait for the step before it, and a processor fills the wait with the other channel.
The solvers are inlined. exponential_h, the default, has a loop of its own, in which its numbers stay in registers.
"""

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.magnetics.constants import ALPHA
from tapegraph_nodes._kernels.magnetics.field import clipped, rise
from tapegraph_nodes._kernels.magnetics.field_network import predict_from_field
from tapegraph_nodes._kernels.magnetics.jiles_atherton import midpoint, newton, runge_kutta
from tapegraph_nodes._kernels.magnetics.relaxation import exponential, langevin_at
from tapegraph_nodes._kernels.magnetics.tape import EXPONENTIAL_H, MIDPOINT_H, RK2, RK4, STN, STN_OF_FIELD, Tape
from tapegraph_nodes._kernels.magnetics.transition import predict


def magnetise(tape: Tape, x: vec[float], y: vec[float]) -> None:
    """Magnetise a block of every channel of x, the field, into y."""
    method = tape.method
    tape.constants.begin()
    if method == STN_OF_FIELD:
        tape.network.jump()  # such networks were trained apart: between them lies no other that would do
    a: i64 = 0
    while a < tape.channels:
        b = a + 1 if a + 1 < tape.channels else a  # an odd last channel goes alone
        if method == STN:
            predict(tape, x, y, a, b)
        else:
            tape.begin()
            follow(tape, x, a, 0)
            if b != a:
                follow(tape, x, b, 1)
            if method == EXPONENTIAL_H:
                relax(tape, y, a, b)
            else:
                solve(tape, y, a, b)
        a += 2
    tape.network.settle()
    tape.constants.finish()


def follow(tape: Tape, x: vec[float], channel: i64, lane: i64) -> None:
    """Write the field of a channel, and its rate if the solver needs it, into a lane of the tape; first the past."""
    clip, field = tape.clip, tape.field
    start = lane * (tape.frames + 2)
    field[start], field[start + 1] = tape.G[channel], tape.H[channel]
    at = start + 2
    end = at + tape.frames
    ahead = channel * tape.frames - at
    beyond: i64 = 0
    while at < end:
        H = x[ahead + at]
        field[at] = H
        if not abs(H) <= clip:
            beyond += 1
        at += 1
    if beyond > 0:
        at = start + 2
        while at < end:
            field[at] = clipped(field[at], clip)
            at += 1
    tape.G[channel], tape.H[channel] = field[end - 2], field[end - 1]
    if tape.method in (EXPONENTIAL_H, MIDPOINT_H):
        tape.V[channel] = tape.H[channel] - tape.G[channel]  # where another solver will begin
    else:
        differentiate(tape, channel, start + 1)


def differentiate(tape: Tape, channel: i64, at: i64) -> None:
    """Write the rate of a channel's field beside the field, which begins at the sample before the block."""
    field, rate = tape.field, tape.rate
    end = at + tape.frames
    V = tape.V[channel]
    rate[at] = V
    while at < end:
        at += 1
        V = rise(field[at], field[at - 1], V)
        rate[at] = V
    tape.V[channel] = V


def relax(tape: Tape, y: vec[float], a: i64, b: i64) -> None:
    """Magnetise the channels a and b, which may be one and the same, by exponential_h, into y."""
    table, coating, field, most_m = tape.table, tape.coating, tape.field, tape.most_m
    moving = tape.constants.moving
    ma, mb = tape.m[a], tape.m[b]
    was_a, was_b = ma, mb
    k: i64 = 2
    j = k + (b - a) * (tape.frames + 2)
    La = langevin_at(table, coating.cells * field[k - 1] + coating.beta * ma)
    Lb = langevin_at(table, coating.cells * field[j - 1] + coating.beta * mb)
    at = a * tape.frames
    other = b * tape.frames
    stop = at + tape.frames
    while at < stop:
        if moving:
            coating.advance()
        cells, gain = coating.cells, coating.gain
        ha = cells * field[k]
        hb = cells * field[j]
        next_a, La = exponential(table, coating, ma, La, cells * field[k - 2], cells * field[k - 1], ha, was_a)
        next_b = next_a
        if b != a:
            next_b, Lb = exponential(table, coating, mb, Lb, cells * field[j - 2], cells * field[j - 1], hb, was_b)
        was_a, was_b = ma, mb
        ma, mb = next_a, next_b
        if not abs(ma) <= most_m:
            ma = clipped(ma, most_m)
            La = langevin_at(table, ha + coating.beta * ma)
        if not abs(mb) <= most_m:
            mb = clipped(mb, most_m)
            Lb = langevin_at(table, hb + coating.beta * mb)
        y[at] = gain * ma
        y[other] = gain * mb
        at += 1
        other += 1
        k += 1
        j += 1
    tape.m[a], tape.m[b] = ma, mb


def solve(tape: Tape, y: vec[float], a: i64, b: i64) -> None:
    """Magnetise the channels a and b, which may be one and the same, by any other solver or a network of the field."""
    table, coating, network, method = tape.table, tape.coating, tape.network, tape.method
    field, rate, fs, most_m = tape.field, tape.rate, tape.fs, tape.most_m
    moving = tape.constants.moving
    ma, mb = tape.m[a], tape.m[b]
    was_a, was_b = ma, mb
    k: i64 = 2
    j = k + (b - a) * (tape.frames + 2)
    at = a * tape.frames
    other = b * tape.frames
    stop = at + tape.frames
    while at < stop:
        if moving:
            coating.advance()
        cells, gain = coating.cells, coating.gain
        hpa, vpa, ha, va = cells * field[k - 1], cells * rate[k - 1], cells * field[k], cells * rate[k]
        hpb, vpb, hb, vb = cells * field[j - 1], cells * rate[j - 1], cells * field[j], cells * rate[j]
        if method == RK2:
            next_a = midpoint(table, coating, ma, hpa, vpa, ha, va, was_a)
            next_b = midpoint(table, coating, mb, hpb, vpb, hb, vb, was_b) if b != a else next_a
        elif method == MIDPOINT_H:
            next_a = midpoint(table, coating, ma, hpa, ha - hpa, ha, ha - hpa, was_a)
            next_b = midpoint(table, coating, mb, hpb, hb - hpb, hb, hb - hpb, was_b) if b != a else next_a
        elif method == RK4:
            next_a, next_b = runge_kutta(table, coating, ma, hpa, vpa, ha, va, was_a, mb, hpb, vpb, hb, vb, was_b)
        elif method == STN_OF_FIELD:
            M_s = coating.beta / (ALPHA * cells)
            next_a = predict_from_field(network, M_s, fs, ma, hpa, vpa, ha, va)
            next_b = predict_from_field(network, M_s, fs, mb, hpb, vpb, hb, vb) if b != a else next_a
        else:
            next_a, next_b = newton(
                table, coating, ma, hpa, vpa, ha, va, was_a, mb, hpb, vpb, hb, vb, was_b, method, b == a
            )
            if b == a:
                next_b = next_a
        was_a, was_b = ma, mb
        ma, mb = clipped(next_a, most_m), clipped(next_b, most_m)
        y[at] = gain * ma
        y[other] = gain * mb
        at += 1
        other += 1
        k += 1
        j += 1
    tape.m[a], tape.m[b] = ma, mb
