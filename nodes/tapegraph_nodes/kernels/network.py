"""Networks of dense layers that run in real time: weights in one flat vector, and no call of a library.

    a_0 = inputs,    a_k = f(b_k + W_k a_(k-1)),    y = b + W a_last,    f(x) = x / (1 + |x|)

f (softsign) has the shape of tanh at a tenth of its work, and fits no worse. Weights stand layer by layer and neuron
by neuron, the bias of a neuron before the weights of its inputs.
Source: X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010, for f;
P. Montgomery, Speeding the Pollard and elliptic curve methods of factorization, 1987, for shared divisions.
"""

from librt.vecs import vec
from mypy_extensions import i64


def gated_5_4_4_2(w: vec[float], x1: float, x2: float, x3: float, x4: float, x5: float, g1: float, g2: float) -> float:
    """Return g1 y1 + g2 y2 of a network of five inputs, two layers of four, and two outputs: written out for speed.

    The sum of a neuron begins with its first input: those that are known late stand last. Four neurons share a
    division: the reciprocals of four numbers come from that of their product.
    """
    if len(w) != 54:  # once the compiler knows, it drops the check of every index
        return 0.0
    a1 = w[0] + w[1] * x1 + w[2] * x2 + w[3] * x3 + w[4] * x4 + w[5] * x5
    a2 = w[6] + w[7] * x1 + w[8] * x2 + w[9] * x3 + w[10] * x4 + w[11] * x5
    a3 = w[12] + w[13] * x1 + w[14] * x2 + w[15] * x3 + w[16] * x4 + w[17] * x5
    a4 = w[18] + w[19] * x1 + w[20] * x2 + w[21] * x3 + w[22] * x4 + w[23] * x5
    d1 = 1.0 + abs(a1)
    d2 = 1.0 + abs(a2)
    d3 = 1.0 + abs(a3)
    d4 = 1.0 + abs(a4)
    d12 = d1 * d2
    d34 = d3 * d4
    over = 1.0 / (d12 * d34)
    over12 = over * d34
    over34 = over * d12
    a1 *= d2 * over12
    a2 *= d1 * over12
    a3 *= d4 * over34
    a4 *= d3 * over34
    b1 = w[24] + w[25] * a1 + w[26] * a2 + w[27] * a3 + w[28] * a4
    b2 = w[29] + w[30] * a1 + w[31] * a2 + w[32] * a3 + w[33] * a4
    b3 = w[34] + w[35] * a1 + w[36] * a2 + w[37] * a3 + w[38] * a4
    b4 = w[39] + w[40] * a1 + w[41] * a2 + w[42] * a3 + w[43] * a4
    d1 = 1.0 + abs(b1)
    d2 = 1.0 + abs(b2)
    d3 = 1.0 + abs(b3)
    d4 = 1.0 + abs(b4)
    d12 = d1 * d2
    d34 = d3 * d4
    over = 1.0 / (d12 * d34)
    over12 = over * d34
    over34 = over * d12
    b1 *= d2 * over12
    b2 *= d1 * over12
    b3 *= d4 * over34
    b4 *= d3 * over34
    y1 = w[44] + w[45] * b1 + w[46] * b2 + w[47] * b3 + w[48] * b4
    y2 = w[49] + w[50] * b1 + w[51] * b2 + w[52] * b3 + w[53] * b4
    return g1 * y1 + g2 * y2


def dense(w: vec[float], at: i64, x: vec[float], inputs: i64, y: vec[float], neurons: i64) -> i64:
    """Compute the neurons of a layer, before tanh, into y; return where in w the next layer begins."""
    j: i64 = 0
    while j < neurons:
        total = w[at]
        at += 1
        i: i64 = 0
        while i < inputs:
            total += w[at + i] * x[i]
            i += 1
        at += inputs
        y[j] = total
        j += 1
    return at


def activate(y: vec[float], neurons: i64) -> None:
    """Put f into the place of its arguments."""
    j: i64 = 0
    while j < neurons:
        y[j] = y[j] / (1.0 + abs(y[j]))
        j += 1


def run(w: vec[float], widths: vec[i64], x: vec[float], y: vec[float]) -> None:
    """Compute the outputs of any network from inputs x into y. Both are as long as the widest layer; x is spoilt."""
    layers: i64 = len(widths)
    at: i64 = 0
    k: i64 = 1
    while k < layers:
        at = dense(w, at, x, widths[k - 1], y, widths[k])
        k += 1
        if k < layers:
            activate(y, widths[k - 1])
            j: i64 = 0
            while j < widths[k - 1]:
                x[j] = y[j]
                j += 1


class Network:
    """A network as a node runs it: its weights, where they are moving to, and room for its layers.

    widths: of the layers, inputs first; weights: the flat weights of now; goal: what they are to become
    x, y: room for run(), as long as the widest layer
    """

    def __init__(self) -> None:
        self.widths: vec[i64] = vec[i64]([])
        self.weights: vec[float] = vec[float]([])
        self.goal: vec[float] = vec[float]([])
        self.x: vec[float] = vec[float]([])
        self.y: vec[float] = vec[float]([])

    def aim(self, widths: list[int], goal: list[float]) -> None:
        """Set a goal. Weights of a network of other widths cannot move there, and are replaced."""
        shape = vec[i64]([i64(w) for w in widths])
        same = len(shape) == len(self.widths)
        k: i64 = 0
        while same and k < len(shape):
            same = shape[k] == self.widths[k]
            k += 1
        self.goal = vec[float](goal)
        if not same:
            room = [0.0] * max(widths)
            self.widths = shape
            self.weights = vec[float](goal)
            self.x = vec[float](room)
            self.y = vec[float](room)

    def move(self, steps: i64) -> None:
        """Take the next of so many equal steps to the goal."""
        w = self.weights
        part = 1.0 / float(max(1, steps))
        i: i64 = 0
        while i < len(w):
            w[i] = w[i] + part * (self.goal[i] - w[i]) if steps > 1 else self.goal[i]
            i += 1
        self.weights = w
