/* The rival in `tapegraph bench`: the solvers of the hysteresis node as one would write them down in C.

       Q = (H + alpha M) / a,    L = coth Q - 1 / Q
       dM/dt = H' (f1 + f2) / f3

   Kept plain on purpose: libm's tanh, the equation as it stands, a fixed number of iterations, a channel at a time.
   It guards nothing. Equations and sources: nodes/tapegraph_nodes/hysteresis.py and kernels/jiles_atherton.py. */

#include <math.h>

typedef struct {
    double M_s, a, c, k, alpha, T; /* constants of the equation; T is the time of a sample, s */
    double M, H, H_d;              /* state of the channel */
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
    double share = d * delta > 0.0 ? 1.0 - t->c : 0.0;
    double D = (1.0 - t->c) * delta * t->k - t->alpha * d;
    double f1 = share * d / D;
    double f2 = t->c * (t->M_s / t->a) * l.L1;
    double f3 = 1.0 - t->alpha * f2;
    double f = H_d * (f1 + f2) / f3;
    if (gradient) {
        double d1 = t->alpha * (t->M_s / t->a) * l.L1 - 1.0;
        double f1_M = share * (d1 / D + t->alpha * d * d1 / (D * D));
        double f2_M = t->alpha * t->c * t->M_s / (t->a * t->a) * l.L2;
        *gradient = (H_d * (f1_M + f2_M) + f * t->alpha * f2_M) / f3;
    }
    return f;
}

static double midpoint(const Tape *t, double H, double H_d)
{
    double k1 = t->T * slope(t, t->M, t->H, t->H_d, 0);
    return t->M + t->T * slope(t, t->M + k1 / 2.0, (H + t->H) / 2.0, (H_d + t->H_d) / 2.0, 0);
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

/* Magnetise one channel of x into y. method: 0 for rk2, 1 for rk4, otherwise the iterations of Newton. */
void magnetise(Tape *t, int method, const double *x, double *y, long frames)
{
    for (long i = 0; i < frames; i++) {
        double H = x[i];
        double H_d = 1.75 / t->T * (H - t->H) - 0.75 * t->H_d;
        double M = method == 0 ? midpoint(t, H, H_d) : method == 1 ? runge_kutta(t, H, H_d) : newton(t, H, H_d, method);
        t->M = M;
        t->H = H;
        t->H_d = H_d;
        y[i] = M;
    }
}
