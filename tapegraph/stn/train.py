"""Trains a single network or a bank of them, on all cores, and resumes where it was interrupted.

Every network of a bank starts from one that is trained on all settings, learns from the same sounds, and is penalised
for moving away from its start: so neighbours are alike, and their weights can be interpolated. A result depends only on
the plan, not on the number of cores or on interruptions.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import multiprocessing.connection
import os
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

import tapegraph
from tapegraph.errors import TapegraphError
from tapegraph.node.weights import FORMAT, Weights, count
from tapegraph.stn import network, system
from tapegraph.stn.fit import errors_db, fit, require_scipy, runs, transitions

Array = npt.NDArray[np.float64]
# Of the first network, or the only one; and of each in a bank. Hold is the penalty in fit(): with less, the weights of
# the first network grow until its output is no longer smooth within a sample, and neighbours in a bank drift apart and
# interpolate badly.
FIRST = {"sounds": 2000, "frames": 600, "transitions": 12_000, "steps": 100, "hold": 0.03}
CELL = {"sounds": 160, "frames": 500, "transitions": 3000, "steps": 12, "hold": 0.1}
STARTS = 2  # networks that compete to be the first one
ROUNDS = 3  # of so many starts, until one of them does not diverge
TRIALS = {"sounds": 96, "frames": 1000}
# A network with a larger error in closed loop, in the median or at worst, has diverged.
MEDIAN_DB, WORST_DB = -25.0, 0.0


@attrs.frozen
class TrainingPlan:
    """What is to be trained.

    system: name of the system; hidden: widths of the hidden layers; axes: values of parameters, none for one network
    seed: of everything random; quick: a tenth of the data, for tests and first trials
    steps, hold: as in fit(), for the network that is trained on all settings
    """

    system: str
    hidden: tuple[int, ...]
    axes: dict[str, tuple[float, ...]]
    seed: int
    quick: bool = False
    steps: int = int(FIRST["steps"])
    hold: float = FIRST["hold"]

    def amount(self, of: Mapping[str, float], what: str) -> int:
        return int(of[what]) // (10 if self.quick and what in ("sounds", "transitions") else 1)

    def cells(self) -> list[dict[str, float]]:
        """Return the settings of the networks of a bank, in the order of the file."""
        return [dict(zip(self.axes, values, strict=True)) for values in itertools.product(*self.axes.values())]


def grid(name: str, sizes: Sequence[int]) -> dict[str, tuple[float, ...]]:
    """Return axes with so many values over the full range of each axis of a system, ends included."""
    it = system.find(name)
    if len(sizes) != len(it.AXES):
        raise TapegraphError(f"the grid has {len(sizes)} sizes; {name} takes {len(it.AXES)}: {', '.join(it.AXES)}")
    ranges = {param.name: (param.minimum, param.maximum) for param in it.PARAMS}
    return {
        axis: tuple(map(float, np.linspace(*ranges[axis], size))) for axis, size in zip(it.AXES, sizes, strict=True)
    }


def widths(plan: TrainingPlan) -> tuple[int, ...]:
    it = system.find(plan.system)
    return (it.INPUTS, *plan.hidden, it.OUTPUTS)


def candidate(plan: TrainingPlan, number: int) -> tuple[Array, list[float]]:
    """Train one network on all settings, from a random start of its own.

    Returns its weights, and median and worst error in closed loop on other sounds, dB.
    """
    it = system.find(plan.system)
    made = runs(it, stream(plan, 0), plan.amount(FIRST, "sounds"), plan.amount(FIRST, "frames"), it.PEAK, {})
    data = transitions(it, made, stream(plan, 1), plan.amount(FIRST, "transitions"))
    start = network.drawn(widths(plan), stream(plan, 3, number))
    weights = fit(data, widths(plan), start, plan.steps, plan.hold)
    return weights, trial(plan, weights, {})


def cell(plan: TrainingPlan, number: int, first: Array) -> tuple[Array, list[float]]:
    """Train the network of one cell of a bank from the first one; returns as candidate() does.

    Where it diverges, the penalty for moving away from the first one is raised tenfold, twice at most.
    """
    it, fixed = system.find(plan.system), plan.cells()[number]
    made = runs(it, stream(plan, 4), plan.amount(CELL, "sounds"), plan.amount(CELL, "frames"), it.PEAK, fixed)
    data = transitions(it, made, stream(plan, 5), plan.amount(CELL, "transitions"))
    for hold in (CELL["hold"], 10 * CELL["hold"], 100 * CELL["hold"]):
        weights = fit(data, widths(plan), first, plan.amount(CELL, "steps"), hold)
        errors = trial(plan, weights, fixed)
        if is_stable(weights, errors):
            break
    return weights, errors


def stream(plan: TrainingPlan, *which: int) -> np.random.Generator:
    return np.random.default_rng([plan.seed, *which])


def trial(plan: TrainingPlan, weights: Array, fixed: dict[str, float]) -> list[float]:
    """Return median and worst error in closed loop, on sounds that are not in the training data, dB."""
    it = system.find(plan.system)
    made = runs(it, stream(plan, 2), plan.amount(TRIALS, "sounds"), plan.amount(TRIALS, "frames"), 1.0, fixed)
    errors = errors_db(it, weights, widths(plan), made)
    return [float(np.median(errors)), float(np.max(errors))]


def is_stable(weights: Array, errors: Sequence[float]) -> bool:
    """Return whether a network has not diverged."""
    return bool(np.isfinite(weights).all() and errors[0] < MEDIAN_DB and errors[1] < WORST_DB)


def diverged(networks: Sequence[tuple[Array, list[float]]]) -> str:
    found = ", ".join(f"{errors[0]:.1f} / {errors[1]:.1f}" for _, errors in networks)
    return f"{len(networks)} networks diverged: median / worst error {found} dB"


class Training:
    """A training in progress. Iterating trains what is missing, and yields after each network.

    Finished networks wait in a folder beside the file, so that an interrupted training can resume.
    retried: what diverged and was trained again, a line for each time
    """

    def __init__(self, plan: TrainingPlan, path: Path, cores: int, overwrite: bool = True) -> None:
        require_scipy()
        self.plan, self.path, self.cores, self.overwrite = plan, path, cores, overwrite
        self.parts = path.with_name(f".{path.stem}.parts")
        self.length = STARTS + len(plan.cells()) if plan.axes else STARTS
        self.retried: list[str] = []
        made_for = {"version": tapegraph.__version__, "format": FORMAT, "features": system.find(plan.system).FEATURES}
        written = json.dumps({**attrs.asdict(plan), **made_for})
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            self.lock = locked(self.parts, path)
            plan_file = self.parts / "plan.json"
            if not plan_file.exists() or plan_file.read_text("utf-8") != written:
                for part in self.parts.iterdir():
                    part.unlink()
                plan_file.write_text(written, "utf-8")
        except OSError as error:
            raise TapegraphError(f"{self.parts}: cannot be written: {error.strerror}") from None

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[None]:
        try:
            yield from self.train()
        finally:
            if self.lock is not None:
                os.close(self.lock)
            self.lock = None

    def train(self) -> Iterator[None]:
        # One thread for each process: they fill the cores, and sums do not depend on the number of threads.
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
            os.environ[variable] = "1"
        with ProcessPoolExecutor(self.cores, multiprocessing.get_context("spawn"), end_with_parent) as pool:
            for tried in range(ROUNDS):
                yield from self.all_of(pool, "first", range(STARTS * tried, STARTS * (tried + 1)), candidate)
                candidates = [self.trained("first", k) for k in range(STARTS * (tried + 1))]
                good = [c for c in candidates if is_stable(*c)]
                if good:
                    break
                self.retried.append(diverged(candidates[-STARTS:]))
            else:
                limits = f"it must be under {MEDIAN_DB} / {WORST_DB} dB"
                raise TapegraphError(
                    f"{'; '.join(self.retried)}; {limits}, so nothing is written; try another seed or wider layers"
                )
            first, errors = min(good, key=lambda c: sum(c[1]))
            if self.plan.axes:
                yield from self.all_of(pool, "cell", range(len(self.plan.cells())), cell, first)
        self.write(first, errors)
        shutil.rmtree(self.parts)

    def all_of(self, pool: ProcessPoolExecutor, name: str, numbers: range, train: Any, *rest: Any) -> Iterator[None]:
        """Train what is missing of the networks of one name."""
        missing = [k for k in numbers if not self.part(name, k).exists()]
        for _ in range(len(numbers) - len(missing)):
            yield
        tasks = {pool.submit(train, self.plan, k, *rest): k for k in missing}
        try:
            for task in as_completed(tasks):
                weights, errors = task.result()
                part = self.part(name, tasks[task])
                temporary = part.with_suffix(".tmp")
                with temporary.open("wb") as file:
                    np.save(file, np.concatenate([errors, weights]))
                temporary.replace(part)
                yield
        finally:
            if any(not task.done() for task in tasks):  # interrupted
                pool.shutdown(wait=False, cancel_futures=True)
                for process in multiprocessing.active_children():
                    process.terminate()

    def part(self, name: str, k: int) -> Path:
        return self.parts / f"{name}-{k}.npy"

    def trained(self, name: str, k: int) -> tuple[Array, list[float]]:
        values = np.load(self.part(name, k), allow_pickle=False)
        return values[2:], [float(values[0]), float(values[1])]

    def write(self, first: Array, errors: list[float]) -> None:
        plan, it = self.plan, system.find(self.plan.system)
        values = first
        if plan.axes:
            networks = [self.trained("cell", k) for k in range(len(plan.cells()))]
            for fixed, (weights, found) in zip(plan.cells(), networks, strict=True):
                if not is_stable(weights, found):
                    where = ", ".join(f"{name} {value:g}" for name, value in fixed.items())
                    raise TapegraphError(
                        f"the network for {where} diverges: {found[0]:.1f} / {found[1]:.1f} dB; nothing is written"
                    )
            shape = (*(len(axis) for axis in plan.axes.values()), count(widths(plan)))
            values = np.array([weights for weights, _ in networks]).reshape(shape)
            errors = [float(np.median([e[0] for _, e in networks])), max(e[1] for _, e in networks)]
        made = {
            "by": f"tapegraph {tapegraph.__version__}, tapegraph stn train",
            "seed": plan.seed,
            "data": {
                "first": {**FIRST, "steps": plan.steps, "hold": plan.hold},
                "cell": CELL if plan.axes else None,
                "quick": plan.quick,
                "solver": it.SOLVED,
            },
            "closed_loop_db": {"median": round(errors[0], 2), "worst": round(errors[1], 2)},
        }
        Weights(plan.system, it.FEATURES, widths(plan), plan.axes, values, made).save(self.path, self.overwrite)


def locked(folder: Path, path: Path) -> int | None:
    """Lock a folder for as long as this process runs; None where that cannot be done.

    Raises TapegraphError where another process trains into the same file.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise TapegraphError(f"{path}: is being trained by another process") from None
    return descriptor


def end_with_parent() -> None:
    """End this process as soon as its parent ends, whatever ends that; leave SIGINT to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
