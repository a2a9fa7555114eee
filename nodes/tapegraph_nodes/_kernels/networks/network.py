"""Networks of dense layers for real time: weights in one flat vector, and no library calls.

    a_0 = inputs,    a_k = f(b_k + W_k a_(k-1)),    y = b + W a_last
    f(x) = u (4 - |u|),    u = |x + 1| - |x - 1|

f is close to 4 tanh(2 x): two parabolas, without a division or a branch, so that a processor computes two neurons at
once. Weights are stored layer by layer: the biases of its neurons, then for each input its weights in all neurons.

Two channels go through a network side by side, in pairs of numbers, and with every weight written twice: a compiler
then makes one instruction of what is done to both. A pair begins every PAIR places: without a gap behind it GCC 12
tries to take more than two numbers at once, and gives up.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

PAIR: Final = 4
FREE: Final = 3 * PAIR  # places at the beginning of Network.pairs for whoever runs it


def dense(w: vec[float], at: i64, x: vec[float], inputs: i64, y: vec[float], neurons: i64) -> i64:
    """Compute the neurons of a layer, before f, into y; return where in w the next layer begins.

    Four at a time stay in registers during the loop over the inputs.
    """
    j: i64 = 0
    while j + 3 < neurons:
        k = at + j
        y1 = w[k]
        y2 = w[k + 1]
        y3 = w[k + 2]
        y4 = w[k + 3]
        i: i64 = 0
        while i < inputs:
            k += neurons
            x_i = x[i]
            y1 += w[k] * x_i
            y2 += w[k + 1] * x_i
            y3 += w[k + 2] * x_i
            y4 += w[k + 3] * x_i
            i += 1
        y[j] = y1
        y[j + 1] = y2
        y[j + 2] = y3
        y[j + 3] = y4
        j += 4
    while j < neurons:
        k = at + j
        y1 = w[k]
        i = 0
        while i < inputs:
            k += neurons
            y1 += w[k] * x[i]
            i += 1
        y[j] = y1
        j += 1
    return at + neurons * (1 + inputs)


def activate(y: vec[float], neurons: i64) -> None:
    """Replace the arguments of f by its values."""
    j: i64 = 0
    while j < neurons:
        u = abs(y[j] + 1.0) - abs(y[j] - 1.0)
        y[j] = u * (4.0 - abs(u))
        j += 1


def run(w: vec[float], widths: vec[i64], x: vec[float], y: vec[float]) -> None:
    """Compute the outputs of any network from inputs x into y, both as long as the widest layer. x is overwritten."""
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


def run_pairs(p: vec[float], widths: vec[i64], widest: i64) -> i64:
    """Compute all layers of f for two channels in Network.pairs; return where the last lies. Inputs begin at FREE."""
    x: i64 = FREE
    y = x + PAIR * widest
    at = y + PAIR * widest
    k: i64 = 1
    while k < len(widths) - 1:
        layer_of_pairs(p, at, x, widths[k - 1], y, widths[k])
        at += 2 * widths[k] * (1 + widths[k - 1])
        x, y = y, x
        k += 1
    return x


def layer_of_pairs(p: vec[float], w: i64, x: i64, inputs: i64, y: i64, neurons: i64) -> None:
    """Compute a layer of f for two channels.

    w, x, y: places in p of its weights, as spread() writes them; of its inputs; of its neurons
    """
    end = w + 2 * neurons
    while w < end:
        neuron(p, w, 2 * neurons, x, inputs, y)
        w += 2
        y += PAIR


def neuron(p: vec[float], w: i64, row: i64, x: i64, inputs: i64, y: i64) -> None:
    """Compute one neuron for two channels. row: places from its weight for an input to that for the next"""
    a, b = p[w], p[w + 1]
    end = x + PAIR * inputs
    while x < end:
        w += row
        a += p[w] * p[x]
        b += p[w + 1] * p[x + 1]
        x += PAIR
    a = abs(a) - abs(a - 2.0)
    b = abs(b) - abs(b - 2.0)
    p[y] = a * (4.0 - abs(a))
    p[y + 1] = b * (4.0 - abs(b))


def neuron_of_4(p: vec[float], w: i64, row: i64, x: i64, y: i64) -> None:
    """Compute the same for four inputs, written out for speed; fewer sums wait for one another.

    f stands in each of these functions: as a function of its own it makes the network a tenth slower.
    """
    w1 = w + row
    w2 = w1 + row
    w3 = w2 + row
    w4 = w3 + row
    a = p[w] + (p[w1] * p[x] + p[w2] * p[x + 4])
    b = p[w + 1] + (p[w1 + 1] * p[x + 1] + p[w2 + 1] * p[x + 5])
    a += p[w3] * p[x + 8] + p[w4] * p[x + 12]
    b += p[w3 + 1] * p[x + 9] + p[w4 + 1] * p[x + 13]
    a = abs(a) - abs(a - 2.0)
    b = abs(b) - abs(b - 2.0)
    p[y] = a * (4.0 - abs(a))
    p[y + 1] = b * (4.0 - abs(b))


def neuron_of_5(p: vec[float], w: i64, row: i64, x: i64, y: i64) -> None:
    """Compute the same for five inputs."""
    w1 = w + row
    w2 = w1 + row
    w3 = w2 + row
    w4 = w3 + row
    w5 = w4 + row
    a = p[w] + p[w1] * p[x]
    b = p[w + 1] + p[w1 + 1] * p[x + 1]
    a += p[w2] * p[x + 4] + p[w3] * p[x + 8]
    b += p[w2 + 1] * p[x + 5] + p[w3 + 1] * p[x + 9]
    a += p[w4] * p[x + 12] + p[w5] * p[x + 16]
    b += p[w4 + 1] * p[x + 13] + p[w5 + 1] * p[x + 17]
    a = abs(a) - abs(a - 2.0)
    b = abs(b) - abs(b - 2.0)
    p[y] = a * (4.0 - abs(a))
    p[y + 1] = b * (4.0 - abs(b))


def neuron_of_8(p: vec[float], w: i64, row: i64, x: i64, y: i64) -> None:
    """Compute the same for eight inputs."""
    w1 = w + row
    w2 = w1 + row
    w3 = w2 + row
    w4 = w3 + row
    w5 = w4 + row
    w6 = w5 + row
    w7 = w6 + row
    w8 = w7 + row
    a = p[w] + (p[w1] * p[x] + p[w2] * p[x + 4])
    b = p[w + 1] + (p[w1 + 1] * p[x + 1] + p[w2 + 1] * p[x + 5])
    a1 = p[w3] * p[x + 8] + p[w4] * p[x + 12]
    b1 = p[w3 + 1] * p[x + 9] + p[w4 + 1] * p[x + 13]
    a += p[w5] * p[x + 16] + p[w6] * p[x + 20]
    b += p[w5 + 1] * p[x + 17] + p[w6 + 1] * p[x + 21]
    a1 += p[w7] * p[x + 24] + p[w8] * p[x + 28]
    b1 += p[w7 + 1] * p[x + 25] + p[w8 + 1] * p[x + 29]
    a += a1
    b += b1
    a = abs(a) - abs(a - 2.0)
    b = abs(b) - abs(b - 2.0)
    p[y] = a * (4.0 - abs(a))
    p[y + 1] = b * (4.0 - abs(b))


def four_of_4(p: vec[float], w: i64, x: i64, y: i64) -> None:
    """Compute a layer of four neurons with four inputs: what layer_of_pairs() does, written out for speed."""
    neuron_of_4(p, w, 8, x, y)
    neuron_of_4(p, w + 2, 8, x, y + 4)
    neuron_of_4(p, w + 4, 8, x, y + 8)
    neuron_of_4(p, w + 6, 8, x, y + 12)


def four_of_5(p: vec[float], w: i64, x: i64, y: i64) -> None:
    """Compute a layer of four neurons with five inputs."""
    neuron_of_5(p, w, 8, x, y)
    neuron_of_5(p, w + 2, 8, x, y + 4)
    neuron_of_5(p, w + 4, 8, x, y + 8)
    neuron_of_5(p, w + 6, 8, x, y + 12)


def eight_of_5(p: vec[float], w: i64, x: i64, y: i64) -> None:
    """Compute a layer of eight neurons with five inputs."""
    neuron_of_5(p, w, 16, x, y)
    neuron_of_5(p, w + 2, 16, x, y + 4)
    neuron_of_5(p, w + 4, 16, x, y + 8)
    neuron_of_5(p, w + 6, 16, x, y + 12)
    neuron_of_5(p, w + 8, 16, x, y + 16)
    neuron_of_5(p, w + 10, 16, x, y + 20)
    neuron_of_5(p, w + 12, 16, x, y + 24)
    neuron_of_5(p, w + 14, 16, x, y + 28)


def eight_of_8(p: vec[float], w: i64, x: i64, y: i64) -> None:
    """Compute a layer of eight neurons with eight inputs."""
    neuron_of_8(p, w, 16, x, y)
    neuron_of_8(p, w + 2, 16, x, y + 4)
    neuron_of_8(p, w + 4, 16, x, y + 8)
    neuron_of_8(p, w + 6, 16, x, y + 12)
    neuron_of_8(p, w + 8, 16, x, y + 16)
    neuron_of_8(p, w + 10, 16, x, y + 20)
    neuron_of_8(p, w + 12, 16, x, y + 24)
    neuron_of_8(p, w + 14, 16, x, y + 28)


class Network:
    """A network as a node runs it: weights that move towards a goal, and room for its layers.

    A node calls aim() in update(), jump() in reset(), and begin(), step() and settle() in process().

    goal, goal_widths: coefficient: the flat weights to move to, and the widths of their layers, inputs first
    widths, weights: state: those of now; was: state: the weights when the block began
    steps: state: how many equal steps are left to the goal
    x, y: room for run(), as long as the widest layer
    pairs: room for run_pairs(): FREE places, two layers as long as the widest, and what spread() writes
    """

    def __init__(self) -> None:
        self.goal_widths: vec[i64] = vec[i64]([])
        self.goal: vec[float] = vec[float]([])
        self.widths: vec[i64] = vec[i64]([])
        self.weights: vec[float] = vec[float]([])
        self.was: vec[float] = vec[float]([])
        self.steps: i64 = 0
        self.x: vec[float] = vec[float]([])
        self.y: vec[float] = vec[float]([])
        self.pairs: vec[float] = vec[float]([])

    def aim(self, widths: list[int], goal: list[float]) -> None:
        """Set the goal."""
        self.goal_widths = vec[i64]([i64(w) for w in widths])
        self.goal = vec[float](goal)

    def fits(self) -> bool:
        """Tell whether the network has the layers of its goal."""
        if len(self.widths) != len(self.goal_widths):
            return False
        k: i64 = 0
        while k < len(self.widths):
            if self.widths[k] != self.goal_widths[k]:
                return False
            k += 1
        return True

    def jump(self) -> None:
        """Be at the goal."""
        if not self.fits():
            widest: i64 = 0
            for width in self.goal_widths:
                widest = max(widest, width)
            self.widths = self.goal_widths
            self.weights = vec[float]([0.0] * len(self.goal))
            self.was = vec[float]([0.0] * len(self.goal))
            self.x = vec[float]([0.0] * widest)
            self.y = vec[float]([0.0] * widest)
            self.pairs = vec[float]([0.0] * (FREE + 2 * PAIR * int(widest) + 2 * len(self.goal)))
        copy(self.goal, self.was)
        copy(self.goal, self.weights)

    def run(self) -> None:
        """Compute the outputs into y from the inputs in x, which is overwritten."""
        run(self.weights, self.widths, self.x, self.y)

    def spread(self) -> None:
        """Write every weight of now twice to pairs; with 1 added to biases before f, u is |x| - |x - 2|."""
        w, p, widths = self.weights, self.pairs, self.widths
        last: i64 = len(widths) - 1
        at = FREE + 2 * PAIR * i64(len(self.x))
        i: i64 = 0
        k: i64 = 1
        while k <= last:
            more = 1.0 if k < last else 0.0
            weights = i + widths[k]
            end = weights + widths[k] * widths[k - 1]
            while i < end:
                weight = w[i]
                if i < weights:
                    weight += more
                p[at] = weight
                p[at + 1] = weight
                at += 2
                i += 1
            k += 1

    def begin(self, steps: i64) -> None:
        """Be where the block began, so many equal steps from the goal; weights of other layers cannot move there."""
        if not self.fits():
            self.jump()
        self.steps = steps
        copy(self.was, self.weights)

    def step(self) -> None:
        """Take one of the steps that are left."""
        if self.steps > 1:
            approach(self.weights, self.goal, 1.0 / float(self.steps))
        else:
            copy(self.goal, self.weights)
        self.steps -= 1

    def settle(self) -> None:
        """End the block: the next one begins with the weights of now."""
        copy(self.weights, self.was)


def copy(x: vec[float], y: vec[float]) -> None:
    i: i64 = 0
    while i < len(y):
        y[i] = x[i]
        i += 1


def approach(x: vec[float], goal: vec[float], part: float) -> None:
    """Move x by a part of the way to the goal."""
    i: i64 = 0
    while i < len(x):
        x[i] = x[i] + part * (goal[i] - x[i])
        i += 1
