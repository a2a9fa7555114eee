"""Blocks of sound through a tape: the loops around the solvers.

Channels go in pairs: a step has to wait for the step before it, and a processor fills the wait with the other channel.
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
    tape.constants.begin()
    if tape.method == STN_OF_FIELD:
        tape.network.jump()  # such networks were trained apart: between them lies no other that would do
    a: i64 = 0
    while a < tape.channels:
        b = a + 1 if a + 1 < tape.channels else a  # an odd last channel goes alone
        if tape.method == STN:
            predict(tape, x, y, a, b)
        else:
            solve(tape, x, y, a, b)
        a += 2
    tape.network.settle()
    tape.constants.finish()


def solve(tape: Tape, x: vec[float], y: vec[float], a: i64, b: i64) -> None:
    """Magnetise the channels a and b, which may be one and the same, by a solver or a network of the field."""
    table, method, clip, most_m = tape.table, tape.method, tape.clip, tape.most_m
    tape.begin()
    coating = tape.coating
    moving = tape.constants.moving
    ma, Ha, Ga, Va = tape.m[a], tape.H[a], tape.G[a], tape.V[a]
    mb, Hb, Gb, Vb = tape.m[b], tape.H[b], tape.G[b], tape.V[b]
    La = langevin_at(table, coating.cells * Ha + coating.beta * ma)
    Lb = langevin_at(table, coating.cells * Hb + coating.beta * mb)
    at = a * tape.frames
    other = b * tape.frames
    stop = at + tape.frames
    while at < stop:
        if moving:
            coating.advance()
        cells, gain = coating.cells, coating.gain
        hppa, hpa, vpa = cells * Ga, cells * Ha, cells * Va
        hppb, hpb, vpb = cells * Gb, cells * Hb, cells * Vb
        Ga, Ha = Ha, clipped(x[at], clip)
        Gb, Hb = Hb, clipped(x[other], clip)
        Va = rise(Ha, Ga, Va)
        Vb = rise(Hb, Gb, Vb)
        ha, va = cells * Ha, cells * Va
        hb, vb = cells * Hb, cells * Vb
        if method == EXPONENTIAL_H:
            ma, La = exponential(table, coating, ma, La, hppa, hpa, ha)
            mb, Lb = exponential(table, coating, mb, Lb, hppb, hpb, hb) if b != a else (ma, La)
        elif method == MIDPOINT_H:
            ma = midpoint(table, coating, ma, hpa, ha - hpa, ha, ha - hpa)
            mb = midpoint(table, coating, mb, hpb, hb - hpb, hb, hb - hpb) if b != a else ma
        elif method == RK2:
            ma = midpoint(table, coating, ma, hpa, vpa, ha, va)
            mb = midpoint(table, coating, mb, hpb, vpb, hb, vb) if b != a else ma
        elif method == RK4:
            ma, mb = runge_kutta(table, coating, ma, hpa, vpa, ha, va, mb, hpb, vpb, hb, vb)
        elif method == STN_OF_FIELD:
            M_s = coating.beta / (ALPHA * cells)
            ma = predict_from_field(tape.network, M_s, tape.fs, ma, hpa, vpa, ha, va)
            mb = predict_from_field(tape.network, M_s, tape.fs, mb, hpb, vpb, hb, vb) if b != a else ma
        else:
            ma = newton(table, coating, ma, hpa, vpa, ha, va, method)
            mb = newton(table, coating, mb, hpb, vpb, hb, vb, method) if b != a else ma
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
    tape.m[a], tape.H[a], tape.G[a], tape.V[a] = ma, Ha, Ga, Va
    tape.m[b], tape.H[b], tape.G[b], tape.V[b] = mb, Hb, Gb, Vb
