"""Networks of dense layers that run in real time: weights in one flat vector, tanh without a library call.

    a_0 = inputs,    a_k = tanh(b_k + W_k a_(k-1)),    y = b + W a_last
    tanh x = x (135135 + 17325 x^2 + 378 x^4 + x^6) / (135135 + 62370 x^2 + 3150 x^4 + 28 x^6),    |x| <= 4.97

Weights stand layer by layer and neuron by neuron, the bias of a neuron before the weights of its inputs. Four neurons
share a division: the reciprocals of four numbers come from that of their product.
Source: J. H. Lambert's continued fraction of tanh, cut after the seventh term; P. Montgomery, Speeding the Pollard and
elliptic curve methods of factorization, 1987, for the shared division.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

END: Final = 4.97  # where the rational function reaches 1


def gated_6_4_4_2(
    w: vec[float], x1: float, x2: float, x3: float, x4: float, x5: float, x6: float, g1: float, g2: float
) -> float:
    """Return g1 y1 + g2 y2 of a network of six inputs, two layers of four, and two outputs: written out for speed.

    The sum of a neuron begins with its first input: those that are known late stand last.
    """
    if len(w) != 58:  # once the compiler knows, it drops the check of every index
        return 0.0
    a1 = w[0] + w[1] * x1 + w[2] * x2 + w[3] * x3 + w[4] * x4 + w[5] * x5 + w[6] * x6
    a2 = w[7] + w[8] * x1 + w[9] * x2 + w[10] * x3 + w[11] * x4 + w[12] * x5 + w[13] * x6
    a3 = w[14] + w[15] * x1 + w[16] * x2 + w[17] * x3 + w[18] * x4 + w[19] * x5 + w[20] * x6
    a4 = w[21] + w[22] * x1 + w[23] * x2 + w[24] * x3 + w[25] * x4 + w[26] * x5 + w[27] * x6
    a1 = END if a1 > END else -END if a1 < -END else a1
    a2 = END if a2 > END else -END if a2 < -END else a2
    a3 = END if a3 > END else -END if a3 < -END else a3
    a4 = END if a4 > END else -END if a4 < -END else a4
    s = a1 * a1
    n1 = a1 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d1 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = a2 * a2
    n2 = a2 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d2 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = a3 * a3
    n3 = a3 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d3 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = a4 * a4
    n4 = a4 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d4 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    d12 = d1 * d2
    d34 = d3 * d4
    over = 1.0 / (d12 * d34)
    over12 = over * d34
    over34 = over * d12
    a1 = n1 * d2 * over12
    a2 = n2 * d1 * over12
    a3 = n3 * d4 * over34
    a4 = n4 * d3 * over34
    b1 = w[28] + w[29] * a1 + w[30] * a2 + w[31] * a3 + w[32] * a4
    b2 = w[33] + w[34] * a1 + w[35] * a2 + w[36] * a3 + w[37] * a4
    b3 = w[38] + w[39] * a1 + w[40] * a2 + w[41] * a3 + w[42] * a4
    b4 = w[43] + w[44] * a1 + w[45] * a2 + w[46] * a3 + w[47] * a4
    b1 = END if b1 > END else -END if b1 < -END else b1
    b2 = END if b2 > END else -END if b2 < -END else b2
    b3 = END if b3 > END else -END if b3 < -END else b3
    b4 = END if b4 > END else -END if b4 < -END else b4
    s = b1 * b1
    n1 = b1 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d1 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = b2 * b2
    n2 = b2 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d2 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = b3 * b3
    n3 = b3 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d3 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    s = b4 * b4
    n4 = b4 * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
    d4 = 135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s)
    d12 = d1 * d2
    d34 = d3 * d4
    over = 1.0 / (d12 * d34)
    over12 = over * d34
    over34 = over * d12
    b1 = n1 * d2 * over12
    b2 = n2 * d1 * over12
    b3 = n3 * d4 * over34
    b4 = n4 * d3 * over34
    y1 = w[48] + w[49] * b1 + w[50] * b2 + w[51] * b3 + w[52] * b4
    y2 = w[53] + w[54] * b1 + w[55] * b2 + w[56] * b3 + w[57] * b4
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
    """Put tanh into the place of its arguments."""
    j: i64 = 0
    while j < neurons:
        a = y[j]
        a = END if a > END else -END if a < -END else a
        s = a * a
        n = a * (135135.0 + 17325.0 * s + s * s * (378.0 + s))
        y[j] = n / (135135.0 + 62370.0 * s + s * s * (3150.0 + 28.0 * s))
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
