"""The files of a new package of nodes, as `tapegraph new-plugin` writes them.

{name} is the name of the distribution, {module} that of its Python package, {Class} the module in CamelCase.
"""

from __future__ import annotations

PYPROJECT = """[build-system]
requires = ["setuptools>=77", "mypy[mypyc]>=1.18", "librt>=0.16"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "0.1.0"
description = "Nodes for tapegraph."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["librt>=0.16", "mypy_extensions>=1.0", "numpy>=1.26", "tapegraph"]

[project.optional-dependencies]
test = ["pytest>=8.0"]

[project.entry-points."tapegraph.nodes"]
{module} = "{module}"  # each module in it is a node, but for those that begin with _

[tool.setuptools]
packages = ["{module}"]
"""

SETUP = '''"""Compiles the kernels where {MODULE}_COMPILE=1 is set; otherwise they run as plain Python."""

import os

from setuptools import setup

if os.environ.get("{MODULE}_COMPILE") == "1":
    from mypyc.build import mypycify

    # Functions only: a class of nodes cannot be compiled apart from tapegraph.
    setup(ext_modules=mypycify(["{module}/_kernels.py"]))
else:
    setup()
'''

README = """# {name}

Nodes for tapegraph: `{module}_soft_clip`, written in NumPy, and `{module}_lowpass`, whose loop over samples can be
compiled.

```sh
pip install .                          # or {MODULE}_COMPILE=1 pip install . with a C compiler
tapegraph describe {module}_soft_clip
tapegraph test {module}_soft_clip {module}_lowpass
pip install '.[test]' && pytest
```

A node is a file in `{module}/`, found by its name; the class in it has the same name in CamelCase.
"""

INIT = '"""Nodes for tapegraph: each module is a node of its name, but for those that begin with _."""\n'

SOFT_CLIP = '''"""Soft clip: limits the signal to full scale without an edge.

    y[n] = tanh(a[n] x[n]),    a -> 10^(drive_db / 20)

A changed drive is reached in 5 ms or a block, whichever is longer, in equal ratios.
There is no antialiasing: oversample.

Source: U. Zoelzer, DAFX, ch. 4 (nonlinear processing).
"""

import math

import numpy as np
from tapegraph.node import Node, Param, Signal

RAMP_S = 0.005


class {Class}SoftClip(Node):
    KIND = "{module}_soft_clip"
    PARAMS = (Param("drive_db", 0.0, -24.0, 24.0, "dB", "gain into the limit"),)
    COUPLED_BY = ()  # channels are independent of each other

    def prepare(self) -> None:
        self.ramp_blocks = math.ceil(RAMP_S * self.fs / self.frames)

    def update(self) -> None:
        self.target = self.drive_db

    def reset(self) -> None:
        self.db = self.end = self.target  # state: drive at the last sample, and at the end of the ramp
        self.blocks_left = 0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        if self.end != self.target:
            self.end, self.blocks_left = self.target, self.ramp_blocks
        start = self.db
        if self.blocks_left:
            self.db = self.end if self.blocks_left == 1 else start + (self.end - start) / self.blocks_left
            self.blocks_left -= 1
        frames = int(self.frames)
        db = start + (self.db - start) * np.arange(1, frames + 1) / frames
        y[0].put(np.tanh(10.0 ** (db / 20.0) * x[0].array))
'''

LOWPASS = '''"""Lowpass: one pole, 6 dB per octave, as a resistor and a capacitor.

    y[n] = y[n-1] + g[n] (x[n] - y[n-1]),    g -> 1 - exp(-2 pi cutoff_hz / fs)

A changed g is reached in 5 ms or a block, whichever is longer, in equal ratios.

Source: U. Zoelzer, Digital Audio Signal Processing, ch. 5 (first-order filters, impulse invariance).
"""

import math

from librt.vecs import vec
from tapegraph.node import Node, Param, Signal

from {module}._kernels import lowpass

RAMP_S = 0.005


class {Class}Lowpass(Node):
    KIND = "{module}_lowpass"
    PARAMS = (Param("cutoff_hz", 1000.0, 20.0, 20_000.0, "Hz", "where the output is 3 dB down", "log"),)
    COUPLED_BY = ()  # channels are independent of each other

    def prepare(self) -> None:
        self.last = vec[float]([0.0] * self.channels)  # state: last output of each channel
        self.ramp_blocks = math.ceil(RAMP_S * self.fs / self.frames)

    def update(self) -> None:
        self.target = 1.0 - math.exp(-2.0 * math.pi * self.cutoff_hz / self.fs)

    def reset(self) -> None:
        self.g = self.end = self.target  # state: g at the last sample, and at the end of the ramp
        self.blocks_left = 0
        for c in range(self.channels):
            self.last[c] = 0.0

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        if self.end != self.target:
            self.end, self.blocks_left = self.target, self.ramp_blocks
        start = self.g
        if self.blocks_left:
            self.g = self.end if self.blocks_left == 1 else start * (self.end / start) ** (1.0 / self.blocks_left)
            self.blocks_left -= 1
        lowpass(x[0].samples, y[0].samples, self.frames, start, self.g, self.last)

    def tail(self) -> float:
        return math.log(1e6) / (2.0 * math.pi * self.cutoff_hz)  # until -120 dB
'''

KERNELS = '''"""Loops over samples, typed so that mypyc can compile them."""

import math

from librt.vecs import vec
from mypy_extensions import i64


def lowpass(x: vec[float], y: vec[float], frames: i64, g_start: float, g_end: float, last: vec[float]) -> None:
    """Filter every channel of x into y while g moves from g_start to g_end; last holds the last output of each."""
    ratio = math.exp(math.log(g_end / g_start) / float(frames))
    c: i64 = 0
    while c < len(last):
        s = last[c]
        g = g_start
        i: i64 = c * frames
        end = i + frames
        while i < end:
            g *= ratio
            s += g * (x[i] - s)
            y[i] = s
            i += 1
        last[c] = s if abs(s) > 1e-30 else 0.0  # smaller numbers become subnormal, which are slow
        c += 1
'''

TESTS = '''"""Every law that holds for all nodes, and what is true of these only."""

import math

import numpy as np
import pytest
import tapegraph
from tapegraph.testing import NodeLaws


class TestSoftClip(NodeLaws):
    node = "{module}_soft_clip"

    def test_full_scale_at_12_db_comes_out_as_tanh_of_its_gain(self) -> None:
        graph = tapegraph.chain(it={{"kind": self.node, "drive_db": 12.0}})
        np.testing.assert_allclose(graph.render(np.ones(64), 48_000), math.tanh(10 ** (12 / 20)), rtol=1e-12)


class TestLowpass(NodeLaws):
    node = "{module}_lowpass"

    def test_it_is_3_db_down_at_its_cutoff(self) -> None:
        graph = tapegraph.chain(it={{"kind": self.node, "cutoff_hz": 100.0}})
        impulse = np.zeros(48_000)
        impulse[0] = 1.0
        level = abs(np.fft.rfft(graph.render(impulse, 48_000, tail=0))[100])  # bins of 1 Hz
        assert 20 * math.log10(level) == pytest.approx(-3.01, abs=0.06)  # impulse invariance: 2 pi 100 / fs higher
'''

FILES = {
    "pyproject.toml": PYPROJECT,
    "setup.py": SETUP,
    "README.md": README,
    "{module}/__init__.py": INIT,
    "{module}/{module}_soft_clip.py": SOFT_CLIP,
    "{module}/{module}_lowpass.py": LOWPASS,
    "{module}/_kernels.py": KERNELS,
    "tests/test_nodes.py": TESTS,
}


def files(name: str) -> dict[str, str]:
    """Return the files of a package, by their paths in its folder."""
    module = name.replace("-", "_")
    words = {
        "name": name,
        "module": module,
        "MODULE": module.upper(),
        "Class": "".join(part.capitalize() for part in module.split("_")),
    }
    return {path.format(**words): text.format(**words) for path, text in FILES.items()}
