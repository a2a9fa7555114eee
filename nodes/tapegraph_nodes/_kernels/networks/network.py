"""Networks of dense layers that run in real time: weights in one flat vector, and no call of a library.

    a_0 = inputs,    a_k = f(b_k + W_k a_(k-1)),    y = b + W a_last
    f(x) = u (4 - |u|),    u = |x + 1| - |x - 1|

f is close to 4 tanh(2 x): two parabolas, without a division or a branch, so that a processor computes two neurons at
once. Weights stand layer by layer: the biases of its neurons, then for each input what it means to every neuron.
"""

from librt.vecs import vec
from mypy_extensions import i64


def dense(w: vec[float], at: i64, x: vec[float], inputs: i64, y: vec[float], neurons: i64) -> i64:
    """Compute the neurons of a layer, before f, into y; return where in w the next layer begins.

    Four at a time stay in registers while the inputs pass by.
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
    """Put f into the place of its arguments."""
    j: i64 = 0
    while j < neurons:
        u = abs(y[j] + 1.0) - abs(y[j] - 1.0)
        y[j] = u * (4.0 - abs(u))
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

    widths: of the layers, inputs first; weights: the flat weights of now; was: those at the beginning of a block;
    goal: what they are to become; steps: how many steps are left to the goal
    x, y: room for run(), as long as the widest layer
    """

    def __init__(self) -> None:
        self.widths: vec[i64] = vec[i64]([])
        self.weights: vec[float] = vec[float]([])
        self.was: vec[float] = vec[float]([])
        self.goal: vec[float] = vec[float]([])
        self.steps: i64 = 0
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
            self.was = vec[float](goal)
            self.x = vec[float](room)
            self.y = vec[float](room)

    def jump(self) -> None:
        """Be at the goal."""
        copy(self.goal, self.was)
        copy(self.goal, self.weights)

    def run(self) -> None:
        """Compute the outputs into y from the inputs in x, which are spoilt."""
        run(self.weights, self.widths, self.x, self.y)

    def begin(self, steps: i64) -> None:
        """Be where the block began, so many equal steps from the goal."""
        self.steps = steps
        copy(self.was, self.weights)

    def move(self) -> None:
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
