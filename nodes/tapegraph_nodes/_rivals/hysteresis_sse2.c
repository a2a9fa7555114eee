/* The second rival in C: the solvers of the hysteresis node as one would write them for speed on any x86 processor.

   Left and right are the two lanes of an SSE2 register, so that stereo takes as long as mono. No lane branches: both
   cases are computed, and a mask picks one; only where both lanes are near 0, as they mostly are, the exponential
   is left out. That is our own, within 3e-9, far below what can be heard. Fractions are brought over one denominator,
   since a division takes as long as a dozen products; Newton's method ends once both lanes are at the root; what
   depends on constants alone is computed once. Equations and sources as in hysteresis.c, with the node's own activation
   in stn. */

#ifndef __SSE2__
#error "SSE2 is a part of x86 processors"
#endif

#include <emmintrin.h>

enum { STN = -1, RK2 = 0, RK4 = 1, MIDPOINT_H = 2, EXPONENTIAL_H = 3 }; /* from 4 on the iterations of Newton */

typedef __m128d Pair; /* of left and right; GCC and Clang know + - * / for it */

typedef struct {
    Pair M_s, k, alpha, T;     /* constants of the equation; T is the time of a sample, s */
    Pair per_a, c, rest;       /* 1 / a, the reversible share c, and 1 - c */
    Pair susceptibility;       /* c M_s / a */
    Pair half_a, two_per_a;    /* of exponential_h */
    Pair gate, per_reach, lag; /* of stn: M_s / a, a / (k M_s), alpha M_s / a */
    const double *weights;     /* of the network of stn */
    Pair M, H, H_p, H_d;       /* state; H_p is the field before H */
    Pair L, L1;                /* state of exponential_h and stn: the Langevin function and its slope at H */
} Tape;

typedef struct {
    Pair L, L1, L2; /* the Langevin function and its derivatives */
} Langevin;

#define INLINE static inline __attribute__((always_inline))

INLINE Pair both(double v) { return _mm_set1_pd(v); }
INLINE Pair sign_of(Pair v) { return _mm_and_pd(v, both(-0.0)); }
INLINE Pair magnitude(Pair v) { return _mm_andnot_pd(both(-0.0), v); }
INLINE Pair with_sign(Pair v, Pair sign) { return _mm_xor_pd(v, sign); }
INLINE Pair least(Pair a, Pair b) { return _mm_min_pd(a, b); }
INLINE Pair most(Pair a, Pair b) { return _mm_max_pd(a, b); }
INLINE Pair pick(Pair mask, Pair yes, Pair no) { return _mm_or_pd(_mm_and_pd(mask, yes), _mm_andnot_pd(mask, no)); }
INLINE Pair lanes(double left, double right) { return _mm_set_pd(right, left); }

/* e^x = 2^n e^r with the whole number n nearest to x / ln 2; of e^r the polynomial through the Chebyshev nodes. */
INLINE Pair exponential(Pair x)
{
    const Pair round = both(6755399441055744.0); /* 1.5 * 2^52 leaves no room for a fraction: n is in its last bits */
    Pair bits = x * both(1.4426950408889634) + round;
    Pair r = x - (bits - round) * both(0.6931471805599453);
    Pair r2 = r * r;
    Pair low = (both(1.0) + both(1.0000000377162135) * r)
             + (both(0.5000000047117755) + both(0.1666641551465341) * r) * r2;
    Pair high = both(0.041666352896762265) + both(0.008375126398145739) * r + both(0.0013941108435180465) * r2;
    __m128i n = _mm_slli_epi64(_mm_castpd_si128(bits), 52);
    return _mm_castsi128_pd(_mm_add_epi64(_mm_castpd_si128(low + high * (r2 * r2)), n));
}

/* Below 1/2 the series to Q^11: there coth Q - 1 / Q would lose digits. */
INLINE Langevin langevin(Pair Q)
{
    Pair q = magnitude(Q), sign = sign_of(Q), s = Q * Q, s2 = s * s;
    Pair near = (both(1.0 / 3.0) - both(1.0 / 45.0) * s) + (both(2.0 / 945.0) - both(1.0 / 4725.0) * s) * s2
              + (both(2.0 / 93555.0) - both(1382.0 / 638512875.0) * s) * (s2 * s2);
    Pair near1 = (both(1.0 / 3.0) - both(3.0 / 45.0) * s) + (both(10.0 / 945.0) - both(7.0 / 4725.0) * s) * s2
               + (both(18.0 / 93555.0) - both(15202.0 / 638512875.0) * s) * (s2 * s2);
    Pair near2 = (both(-6.0 / 45.0) + both(40.0 / 945.0) * s)
               + ((both(-42.0 / 4725.0) + both(144.0 / 93555.0) * s) - both(152020.0 / 638512875.0) * s2) * s2;
    Pair small = _mm_cmplt_pd(q, both(0.5));
    if (_mm_movemask_pd(small) == 3)
        return (Langevin){Q * near, near1, Q * near2};
    Pair per = both(1.0) / q;
    Pair above = both(2.0) / (exponential(least(q + q, both(80.0))) - both(1.0)); /* coth - 1; from 40 on it is 0 */
    Pair coth = both(1.0) + above;
    Pair csch2 = above * (both(1.0) + coth);
    return (Langevin){
        pick(small, Q * near, with_sign(coth - per, sign)),
        pick(small, near1, per * per - csch2),
        pick(small, Q * near2, with_sign(both(2.0) * (coth * csch2 - per * per * per), sign)),
    };
}

/* dM/dt as the fraction A / B, or as their quotient. */
typedef struct {
    Pair A, B;
    Pair A1, B1; /* derivatives by M */
} Slope;

INLINE Slope fraction(const Tape *t, Pair M, Pair H, Pair H_d)
{
    Langevin l = langevin((H + t->alpha * M) * t->per_a);
    Pair sign = sign_of(H_d);
    Pair x = with_sign(t->M_s * l.L - M, sign);
    Pair x1 = with_sign(t->lag * l.L1 - both(1.0), sign);
    x1 = _mm_and_pd(_mm_cmpgt_pd(x, both(0.0)), x1);
    x = most(x, both(0.0));
    Pair D = t->rest * t->k - t->alpha * x;
    Pair D1 = -(t->alpha * x1);
    Pair f2 = t->susceptibility * l.L1;
    Pair f2_1 = t->susceptibility * t->per_a * t->alpha * l.L2;
    Pair f3 = both(1.0) - t->alpha * f2;
    return (Slope){
        H_d * (t->rest * x + f2 * D),
        D * f3,
        H_d * (t->rest * x1 + f2 * D1 + f2_1 * D),
        D1 * f3 - t->alpha * f2_1 * D,
    };
}

INLINE Pair slope(const Tape *t, Pair M, Pair H, Pair H_d)
{
    Slope f = fraction(t, M, H, H_d);
    return f.A / f.B;
}

INLINE Pair midpoint(const Tape *t, Pair H, Pair H_d, Pair H_d_p)
{
    const Pair half = both(0.5);
    Pair k1 = t->T * slope(t, t->M, t->H, H_d_p);
    return t->M + t->T * slope(t, t->M + half * k1, half * (H + t->H), half * (H_d + H_d_p));
}

INLINE Pair rk2(Tape *t, Pair H, Pair H_d, int method)
{
    return midpoint(t, H, H_d, t->H_d);
}

INLINE Pair midpoint_h(Tape *t, Pair H, Pair H_d, int method)
{
    Pair rate = (H - t->H) / t->T;
    return midpoint(t, H, rate, rate);
}

INLINE Pair rk4(Tape *t, Pair H, Pair H_d, int method)
{
    const Pair half = both(0.5);
    Pair H_mid = half * (H + t->H), H_d_mid = half * (H_d + t->H_d);
    Pair k1 = t->T * slope(t, t->M, t->H, t->H_d);
    Pair k2 = t->T * slope(t, t->M + half * k1, H_mid, H_d_mid);
    Pair k3 = t->T * slope(t, t->M + half * k2, H_mid, H_d_mid);
    Pair k4 = t->T * slope(t, t->M + k3, H, H_d);
    return t->M + both(1.0 / 6.0) * (k1 + both(2.0) * (k2 + k3) + k4);
}

/* The zero of (M - start) B - T A is that of M - start - T A / B, and needs no A / B. */
INLINE Pair newton(Tape *t, Pair H, Pair H_d, int iterations)
{
    Pair T = t->T * both(1.0 / 1.9);
    Pair start = t->M + T * slope(t, t->M, t->H, t->H_d);
    Pair M = t->M;
    for (int i = 0; i < iterations; i++) {
        Slope f = fraction(t, M, H, H_d);
        Pair beyond = M - start;
        Pair step = (beyond * f.B - T * f.A) / (f.B + beyond * f.B1 - T * f.A1);
        M -= step;
        if (!_mm_movemask_pd(_mm_cmpgt_pd(magnitude(step), both(1e-10))))
            break;
    }
    return M;
}

/* (1 - exp(-z)) / path with z = path / D; exp by the Pade approximant of degrees 2 and 3. */
INLINE Pair decayed(Pair path, Pair D)
{
    Pair square = D * D;
    Pair last = both(1.0 / 60.0) * path;
    return (square + path * (both(0.1) * D + last))
         / (D * square + path * (both(0.6) * square + path * (both(0.15) * D + last)));
}

/* Take M and L from where the field is to H, dH away, in the lanes of a mask. */
INLINE void relax(Tape *t, Pair H, Pair dH, Pair mask)
{
    const Pair one = both(1.0);
    Langevin l = langevin((H + t->alpha * t->M) * t->per_a);
    Pair delta = sign_of(dH), path = magnitude(dH);
    Pair dL = t->M_s * (l.L - t->L);
    Pair x = with_sign(t->M_s * t->L - t->M, delta);
    Pair moving = _mm_cmpge_pd(x, both(0.0));
    Pair rise = with_sign(t->rest * dL, delta);
    Pair left = most(one + x / rise, both(0.0)); /* of the path, where x has to rise to 0 first */
    left = _mm_and_pd(_mm_cmpgt_pd(rise, both(0.0)), left);
    Pair D = pick(moving, t->k - t->alpha * x / t->rest, t->k);
    Pair part = decayed(pick(moving, path, left * path), D);
    Pair f = pick(moving, D * part, one - left * (one - D * part));
    Pair held = one - t->rest * f;
    Pair w = t->lag * l.L1 * held;
    Pair dM = (dL * held + _mm_and_pd(moving, dH * x * part)) * (one + w * (one + w));
    t->M = pick(mask, t->M + dM, t->M);
    t->L = pick(mask, l.L + l.L1 * (t->alpha * t->per_a) * dM, t->L);
}

/* Take M and L to H, dH away, in parts of at most a / 2, as far as four suffice: each lane in as many as it needs. */
INLINE void traverse(Tape *t, Pair H, Pair dH, Pair mask)
{
    Pair path = magnitude(dH);
    if (!_mm_movemask_pd(_mm_and_pd(mask, _mm_cmpge_pd(path, t->half_a)))) {
        relax(t, H, dH, mask);
        return;
    }
    Pair parts = _mm_cvtepi32_pd(_mm_cvttpd_epi32(least(both(4.0), path * t->two_per_a + both(1.0))));
    Pair step = dH / parts;
    for (Pair left = parts - both(1.0); left[0] >= 0.0 || left[1] >= 0.0; left -= both(1.0))
        relax(t, H - left * step, step, _mm_and_pd(mask, _mm_cmpge_pd(left, both(0.0))));
}

INLINE Pair exponential_h(Tape *t, Pair H, Pair H_d, int method)
{
    const Pair every = _mm_castsi128_pd(_mm_set1_epi64x(-1));
    Pair before = t->H - t->H_p, now = H - t->H, sum = before + now;
    Pair turns = _mm_cmplt_pd(sum * (both(3.0) * now - before), both(0.0));
    if (_mm_movemask_pd(turns)) {
        Pair turn = t->H - sum * sum / (both(8.0) * (now - before));
        traverse(t, turn, turn - t->H, turns);
        now = pick(turns, H - turn, now);
    }
    traverse(t, H, now, every);
    return t->M;
}

/* The node's own activation, a parabola on each side of 0, within -4 and 4. */
INLINE Pair activated(Pair x)
{
    Pair a = most(least(x + x, both(2.0)), both(-2.0));
    return a * (both(4.0) - magnitude(a));
}

/* Compute a layer's sums, w holding the biases, then the weights of each input; return where the next layer begins. */
INLINE const double *dense(const double *w, const Pair *x, int inputs, Pair *y, int neurons)
{
    for (int j = 0; j < neurons; j++)
        y[j] = both(*w++);
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < neurons; j++)
            y[j] += both(*w++) * x[i];
    return w;
}

INLINE Pair irreversible(const Tape *t, Pair L, Pair L1, Pair H_d)
{
    Pair lag = t->M_s * L - (both(1.0) - t->lag * L1) * t->M;
    return most(both(0.0), with_sign(lag, sign_of(H_d))) * t->per_reach;
}

/* A network of 5, 4, 4 and 2. */
INLINE Pair stn(Tape *t, Pair H, Pair H_d, int method)
{
    Langevin l = langevin(H * t->per_a);
    Pair rate = t->T * magnitude(H_d);
    Pair y = irreversible(t, l.L, l.L1, H_d), z = t->c * l.L1;
    Pair y_p = irreversible(t, t->L, t->L1, t->H_d), z_p = t->c * t->L1;
    Pair x[5] = {z, z_p, rate / (t->k + rate), y, y_p}, first[4], second[4], out[2];
    const double *w = dense(t->weights, x, 5, first, 4);
    for (int j = 0; j < 4; j++)
        first[j] = activated(first[j]);
    w = dense(w, first, 4, second, 4);
    for (int j = 0; j < 4; j++)
        second[j] = activated(second[j]);
    dense(w, second, 4, out, 2);
    t->L = l.L;
    t->L1 = l.L1;
    return t->M + t->gate * t->T * (H_d * (y + z) * out[0] + t->H_d * (y_p + z_p) * out[1]);
}

/* Magnetise left and right; inlined for each solver, so that nothing is decided from sample to sample. */
INLINE void through(Tape *t, Pair (*solver)(Tape *, Pair, Pair, int), int method, const double *left,
                    const double *right, double *left_out, double *right_out, long frames)
{
    Pair rate = both(1.75) / t->T;
    for (long i = 0; i < frames; i++) {
        Pair H = lanes(left[i], right[i]);
        Pair H_d = rate * (H - t->H) - both(0.75) * t->H_d;
        t->M = solver(t, H, H_d, method);
        t->H_p = t->H;
        t->H = H;
        t->H_d = H_d;
        left_out[i] = t->M[0];
        right_out[i] = t->M[1];
    }
}

/* Magnetise the channels of x into y, one after the other in memory, in pairs; the last of an odd number twice. */
void magnetise(double M_s, double a, double c, double k, double alpha, double T, const double *weights, int method,
               const double *x, double *y, long channels, long frames)
{
    for (long i = 0; i < channels; i += 2) {
        const double *left = x + i * frames, *right = i + 1 < channels ? left + frames : left;
        double *left_out = y + i * frames, *right_out = y + (right - x);
        Tape t = {
            .M_s = both(M_s), .k = both(k), .alpha = both(alpha), .T = both(T),
            .per_a = both(1.0 / a), .c = both(c), .rest = both(1.0 - c), .susceptibility = both(c * M_s / a),
            .half_a = both(a / 2.0), .two_per_a = both(2.0 / a),
            .gate = both(M_s / a), .per_reach = both(a / (k * M_s)), .lag = both(alpha * M_s / a),
            .weights = weights, .L1 = both(1.0 / 3.0),
        };
        switch (method) {
        case STN:
            through(&t, stn, method, left, right, left_out, right_out, frames);
            break;
        case RK2:
            through(&t, rk2, method, left, right, left_out, right_out, frames);
            break;
        case RK4:
            through(&t, rk4, method, left, right, left_out, right_out, frames);
            break;
        case MIDPOINT_H:
            through(&t, midpoint_h, method, left, right, left_out, right_out, frames);
            break;
        case EXPONENTIAL_H:
            through(&t, exponential_h, method, left, right, left_out, right_out, frames);
            break;
        default:
            through(&t, newton, method, left, right, left_out, right_out, frames);
        }
    }
}
