"""A fuzzer of files of weights: changes valid ones in their bytes, in the zip around them and in their fields.

    python tests/fuzz/weights.py --count 30000 --seed 1

Of every file it must hold that
    reading gives weights, or a TapegraphError of one line;
    the weights suit the node, and its sound is finite;
    this takes no longer than LONGEST_S.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import tapegraph
from tapegraph import resources
from tapegraph.node import registry
from tapegraph.node.params import Model
from tapegraph.node.weights import Weights

LONGEST_S = 5.0
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 256)
BUNDLED = sorted(resources.folder("weights").glob("hysteresis*.npz"))
(MODEL,) = (param for param in registry.find("hysteresis").PARAMS if isinstance(param, Model))
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2, 5, 64, 65, 1e308, 10**400, "", "hysteresis", "\x1b[2J", "x" * 1000, [], [5, 4, 2], [0, 1],
    [1, 0], [0, 10**400], [0, float("nan")], {}, {"bias": [0, 1]}, {"bias": [0]}, {"nose": [0, 1]}, {"a": {"b": {}}},
)  # fmt: skip


def content(about: Any, values: Any, draw: random.Random) -> bytes:
    """Return the bytes of an .npz with these arrays."""
    file = io.BytesIO()
    save = draw.choice([np.savez, np.savez_compressed])
    save(file, about=np.array(json.dumps(about)), weights=values)
    return file.getvalue()


def with_fields(path: Path, draw: random.Random) -> bytes:
    """Return a file with some of its fields changed, left out or added, or with another array of weights."""
    with np.load(path) as file:
        about, values = json.loads(str(file["about"])), file["weights"]
    for _ in range(draw.randrange(1, 3)):
        key = draw.choice([*about, "more"])
        about[key] = draw.choice(ODD)
        if draw.random() < 0.2:
            del about[key]
    what = draw.randrange(8)
    if what == 0:
        values = values.astype(draw.choice([np.float32, np.complex128, ">f8", "U8", np.int64]))
    elif what == 1:
        values = values.ravel()[: draw.randrange(values.size)]
    elif what == 2:
        values = np.asfortranarray(values * draw.choice([1.0, 1e3, 1e7, 1e300, np.nan, np.inf]))
    return content(about, values, draw)


def with_bytes(data: bytes, draw: random.Random) -> bytes:
    """Return bytes of which some are changed, cut off, repeated or left out."""
    changed = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 8])):
        at = draw.randrange(len(changed))
        what = draw.randrange(5)
        if what == 0:
            changed[at] ^= 1 << draw.randrange(8)
        elif what == 1:
            changed[at : at + 4] = draw.choice([b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"PK\x01\x02"])
        elif what == 2:
            del changed[at : at + draw.randrange(1, 64)]
        elif what == 3:
            changed[at:at] = changed[at : at + 32]
        else:
            del changed[max(1, at) :]
        if not changed:
            break
    return bytes(changed)


def with_members(data: bytes, draw: random.Random) -> bytes:
    """Return a zip file whose members, uncompressed so that the checksum suits them, are changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            member = old.read(name)
            if draw.random() < 0.7:
                head = with_bytes(member[:128], draw) if draw.random() < 0.7 else member[:128]
                member = head + member[128:]
            new.writestr(draw.choice([name, name, name, name, f"x{name}", f"../{name}"]), member)
    return file.getvalue()


def drawn(seed: int) -> bytes:
    """Return the content of a file; the same seed draws the same one."""
    draw = random.Random(seed)
    path = draw.choice(BUNDLED)
    what = draw.randrange(4)
    if what == 0:
        return with_bytes(path.read_bytes(), draw)
    if what == 1:
        return with_members(path.read_bytes(), draw)
    data = with_fields(path, draw)
    return data if what == 2 else with_bytes(data, draw)


def check(seed: int, path: Path) -> str:
    """Write one file and check all that must hold of it; return "loaded" or "refused"."""
    path.write_bytes(drawn(seed))
    try:
        weights = MODEL.resolve(str(path))
    except tapegraph.TapegraphError as error:
        assert "\n" not in str(error) and str(error).isprintable(), f"not one line: {error!r}"
        assert len(str(error)) < 600, f"long: {error!r}"
        return "refused"
    assert isinstance(weights, Weights)
    graph = tapegraph.chain(hysteresis={"solver": "stn", "model": str(path)})
    assert np.isfinite(graph.render(NOISE, 48_000, tail=0)).all(), "not finite"
    return "loaded"


def run(count: int, first: int, folder: Path) -> tuple[dict[str, int], list[str]]:
    """Check files, written into a folder; return how many there were of each outcome, and what failed."""
    outcomes: dict[str, int] = {}
    failures = []
    for seed in range(first, first + count):
        start = time.process_time()
        path = folder / f"{seed}.npz"  # a name for each: two versions in one tick of the clock look alike
        try:
            outcome = check(seed, path)
            took_s = time.process_time() - start
            assert took_s < LONGEST_S, f"took {took_s:.1f} s"
        except Exception:  # whatever it is, it is what is looked for
            outcome = "failed"
            failures.append(f"seed {seed}: {traceback.format_exc(limit=-3)}")
        path.unlink()
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes, failures


def main() -> int:
    parser = argparse.ArgumentParser(description="Change files of weights and check what must hold of them.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes, failures = run(options.count, options.seed, Path(folder))
    print(*failures, sep="\n")
    print(outcomes)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
