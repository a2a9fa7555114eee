/* The first rival in C: the solvers of the hysteresis node as one would write them down.

       Q = (H + alpha M) / a,    L = coth Q - 1 / Q
       dM/dt = H' (f1 + f2) / f3

   Kept plain on purpose: libm's tanh, the equations unchanged, a fixed number of iterations, one channel at a time, no
   guards. Equations and sources: tape/hysteresis.py, _kernels/magnetics/jiles_atherton.py and relaxation.py
   (exponential_h), _systems/hysteresis.py (stn). */

#include <math.h>

enum { STN = -1, RK2 = 0, RK4 = 1, MIDPOINT_H = 2, EXPONENTIAL_H = 3 }; /* from 4 on the iterations of Newton */

typedef struct {
    double M_s, a, c, k, alpha, T; /* constants of the equation; T is the time of a sample, s */
    const double *weights;         /* of the network of stn */
    double M, H, H_p, H_d;         /* state of the channel; H_p is the field before H */
    double L;                      /* state of exponential_h: the Langevin function at H and M */
} Tape;

typedef struct {
    double L, L1, L2; /* the Langevin function and its derivatives */
} Langevin;

static Langevin langevin(double Q)
{
    if (fabs(Q) < 1e-3)
        return (Langevin){Q / 3.0, 1.0 / 3.0, -2.0 * Q / 15.0};
    double coth = 1.0 / tanh(Q);
    double csch2 = coth * coth - 1.0;
    return (Langevin){coth - 1.0 / Q, 1.0 / (Q * Q) - csch2, 2.0 * coth * csch2 - 2.0 / (Q * Q * Q)};
}

/* dM/dt; where gradient is not null, its derivative by M goes there. */
static double slope(const Tape *t, double M, double H, double H_d, double *gradient)
{
    Langevin l = langevin((H + t->alpha * M) / t->a);
    double d = t->M_s * l.L - M;
    double delta = H_d >= 0.0 ? 1.0 : -1.0;
    double fraction = d * delta > 0.0 ? 1.0 - t->c : 0.0;
    double D = (1.0 - t->c) * delta * t->k - t->alpha * d;
    double f1 = fraction * d / D;
    double f2 = t->c * (t->M_s / t->a) * l.L1;
    double f3 = 1.0 - t->alpha * f2;
    double f = H_d * (f1 + f2) / f3;
    if (gradient) {
        double d1 = t->alpha * (t->M_s / t->a) * l.L1 - 1.0;
        double f1_M = fraction * (d1 / D + t->alpha * d * d1 / (D * D));
        double f2_M = t->alpha * t->c * t->M_s / (t->a * t->a) * l.L2;
        *gradient = (H_d * (f1_M + f2_M) + f * t->alpha * f2_M) / f3;
    }
    return f;
}

static double midpoint(const Tape *t, double H, double H_d, double H_d_p)
{
    double k1 = t->T * slope(t, t->M, t->H, H_d_p, 0);
    return t->M + t->T * slope(t, t->M + k1 / 2.0, (H + t->H) / 2.0, (H_d + H_d_p) / 2.0, 0);
}

static double runge_kutta(const Tape *t, double H, double H_d)
{
    double H_mid = (H + t->H) / 2.0, H_d_mid = (H_d + t->H_d) / 2.0;
    double k1 = t->T * slope(t, t->M, t->H, t->H_d, 0);
    double k2 = t->T * slope(t, t->M + k1 / 2.0, H_mid, H_d_mid, 0);
    double k3 = t->T * slope(t, t->M + k2 / 2.0, H_mid, H_d_mid, 0);
    double k4 = t->T * slope(t, t->M + k3, H, H_d, 0);
    return t->M + k1 / 6.0 + k2 / 3.0 + k3 / 3.0 + k4 / 6.0;
}

static double newton(const Tape *t, double H, double H_d, int iterations)
{
    double T = t->T / 1.9;
    double start = t->M + T * slope(t, t->M, t->H, t->H_d, 0);
    double M = t->M;
    for (int i = 0; i < iterations; i++) {
        double gradient;
        double f = slope(t, M, H, H_d, &gradient);
        M -= (M - start - T * f) / (1.0 - T * gradient);
    }
    return M;
}

/* (1 - exp(-z)) / path with z = path / D; exp by the Pade approximant of degrees 2 and 3. */
static double decayed(double path, double D)
{
    double z = path / D;
    return (1.0 + 0.1 * z + z * z / 60.0) / (D * (1.0 + 0.6 * z + 0.15 * z * z + z * z * z / 60.0));
}

/* Take M and L from where the field is to H, dH away. */
static void relax(Tape *t, double H, double dH)
{
    Langevin l = langevin((H + t->alpha * t->M) / t->a);
    double delta = copysign(1.0, dH);
    double dL = t->M_s * (l.L - t->L);
    double x = delta * (t->M_s * t->L - t->M);
    double f = 1.0, irreversible = 0.0;
    if (x >= 0.0) {
        double D = t->k - t->alpha * x / (1.0 - t->c);
        double fraction = decayed(fabs(dH), D);
        f = D * fraction;
        irreversible = dH * x * fraction;
    } else {
        double rise = delta * (1.0 - t->c) * dL;
        if (rise > -x) {
            double left = 1.0 + x / rise;
            f = 1.0 - left * (1.0 - t->k * decayed(left * fabs(dH), t->k));
        }
    }
    double held = 1.0 - (1.0 - t->c) * f;
    double w = t->alpha * (t->M_s / t->a) * l.L1 * held;
    double dM = (dL * held + irreversible) * (1.0 + w * (1.0 + w));
    t->M += dM;
    t->L = l.L + l.L1 * t->alpha * dM / t->a;
}

/* Take M and L from where the field is to H, dH away, in parts of at most a / 2, as far as four suffice. */
static void traverse(Tape *t, double H, double dH)
{
    int parts = (int)fmin(4.0, 2.0 * fabs(dH) / t->a + 1.0);
    for (int left = parts - 1; left >= 0; left--)
        relax(t, H - left * dH / parts, dH / parts);
}

static double exponential(Tape *t, double H)
{
    double before = t->H - t->H_p, now = H - t->H;
    if ((before + now) * (3.0 * now - before) < 0.0) {
        double turn = t->H - (before + now) * (before + now) / (8.0 * (now - before));
        traverse(t, turn, turn - t->H);
        now = H - turn;
    }
    traverse(t, H, now);
    return t->M;
}

/* Irreversible and reversible susceptibility, y and z, at a field H that moves by H_d. */
static void susceptibilities(const Tape *t, double H, double H_d, double *y, double *z)
{
    Langevin l = langevin(H / t->a);
    double lag = t->M_s * l.L - (1.0 - t->alpha * (t->M_s / t->a) * l.L1) * t->M;
    *y = fmax(0.0, H_d >= 0.0 ? lag : -lag) * t->a / (t->k * t->M_s);
    *z = t->c * l.L1;
}

/* Compute a layer's sums, w holding the biases, then the weights of each input; return where the next layer begins. */
static const double *dense(const double *w, const double *x, int inputs, double *y, int neurons)
{
    for (int j = 0; j < neurons; j++)
        y[j] = *w++;
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < neurons; j++)
            y[j] += *w++ * x[i];
    return w;
}

/* tanh with the slope and the limits of the node's own activation, in its place. */
static void activate(double *y, int neurons)
{
    for (int j = 0; j < neurons; j++)
        y[j] = 4.0 * tanh(2.0 * y[j]);
}

/* A network of 5, 4, 4 and 2. */
static double network(const Tape *t, double H, double H_d)
{
    double x[5], first[4], second[4], out[2];
    double rate = t->T * fabs(H_d);
    susceptibilities(t, H, H_d, &x[3], &x[0]);
    susceptibilities(t, t->H, t->H_d, &x[4], &x[1]);
    x[2] = rate / (t->k + rate);
    const double *w = dense(t->weights, x, 5, first, 4);
    activate(first, 4);
    w = dense(w, first, 4, second, 4);
    activate(second, 4);
    dense(w, second, 4, out, 2);
    return t->M + (t->M_s / t->a) * t->T * (H_d * (x[3] + x[0]) * out[0] + t->H_d * (x[4] + x[1]) * out[1]);
}

static double solved(Tape *t, int method, double H, double H_d)
{
    switch (method) {
    case STN:
        return network(t, H, H_d);
    case RK2:
        return midpoint(t, H, H_d, t->H_d);
    case RK4:
        return runge_kutta(t, H, H_d);
    case MIDPOINT_H:
        return midpoint(t, H, (H - t->H) / t->T, (H - t->H) / t->T);
    case EXPONENTIAL_H:
        return exponential(t, H);
    default:
        return newton(t, H, H_d, method);
    }
}

/* Magnetise the channels of x into y, one after the other in memory. */
void magnetise(double M_s, double a, double c, double k, double alpha, double T, const double *weights, int method,
               const double *x, double *y, long channels, long frames)
{
    for (long channel = 0; channel < channels; channel++) {
        Tape t = {M_s, a, c, k, alpha, T, weights};
        for (long i = channel * frames; i < (channel + 1) * frames; i++) {
            double H = x[i];
            double H_d = 1.75 / t.T * (H - t.H) - 0.75 * t.H_d;
            t.M = y[i] = solved(&t, method, H, H_d);
            t.H_p = t.H;
            t.H = H;
            t.H_d = H_d;
        }
    }
}
