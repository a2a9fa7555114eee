"""A fuzzer of graph files: draws graphs from the registry and the grammar, right ones and nearly right ones.

    python tests/fuzz/graphs.py --count 30000 --seed 1

Of every graph it must hold that
    loading gives a graph, or a TapegraphError each of whose problems is one line;
    what the loader takes, the JSON Schema takes;
    to_yaml() reads back as an equal graph;
    the sound is finite, and a stream cut into two pieces gives what a rendering gives, to the bit;
    none of this takes longer than LONGEST_S.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from typing import Any

import numpy as np
import yaml

import tapegraph
from tapegraph.document.text import parse
from tapegraph.node import registry
from tapegraph.node.params import AnyParam, Choice, Model, Param, Switch, Track
from tapegraph.node.ports import member

LONGEST_S = 20.0  # for one graph, on a slow and busy machine
FRAMES, SAMPLE_RATE = 1000, 48_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (2, FRAMES))
PRESETS = ("clean", "tc260")
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    "",
    "x",
    "$none",
    -1,
    0,
    1e300,
    10**30,
    float("nan"),
    float("inf"),
    [],
    [1],
    {},
    {"a": 1},
    "a\x00b",
)
ODD_TEXTS = (
    "",
    ".",
    "a..b",
    "->",
    "a -> ",
    "output -> input",
    "n0",
    "n0.none",
    "$",
    "input",
    "n0/n0",
    "x" * 300,
    "\u2028",
)
Words = dict[str, Any]
KEYS: dict[str, list[Any]] = {
    "block": [16, 64, 100],
    "resampler": ["minimum"],
    "seed": [7],
    "reference_dbfs": [-20, -14.5],
    "title": ["a: b"],
}


class Drawing:
    """Draws graphs; the same seed draws the same ones.

    mistakes: how likely each of many places is to hold something wrong
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.mistakes = self.random.choice([0.0, 0.0, 0.02, 0.1])

    def wrong(self) -> bool:
        return self.random.random() < self.mistakes

    def graph(self, depth: int = 0) -> Words:
        """Return a graph as plain data; depth: of the sub-graphs around it."""
        draw = self.random
        variables = {f"v{k}": round(draw.uniform(-1, 1), 3) for k in range(draw.randrange(3))}
        nodes = {f"n{k}": self.node(depth, list(variables)) for k in range(draw.randrange(1, 6))}
        graph: Words = {"tapegraph": 1, "nodes": nodes, "links": self.links(nodes)}
        if variables:
            graph["vars"] = variables
        targets = self.targets(nodes) + [f"${name}" for name in variables]
        if targets and draw.random() < 0.5:
            graph["controls"] = {f"C{k}": draw.choice(targets) for k in range(draw.randrange(1, 3))}
        if targets and draw.random() < 0.4:
            graph["automation"] = {draw.choice(targets): [[0, 0], [0.01, draw.uniform(0, 1)]]}
        for name, values in KEYS.items():
            if draw.random() < 0.2:
                graph[name] = draw.choice(values)
        return self.spoil(graph) if self.wrong() else graph

    def node(self, depth: int, variables: list[str]) -> Words:
        draw = self.random
        if depth < 3 and draw.random() < 0.2:
            node: Words = {"graph": draw.choice(PRESETS) if draw.random() < 0.3 else self.graph(depth + 1)}
        else:
            kind = draw.choice(registry.kinds())
            node = {"kind": kind}
            for param in registry.find(kind).PARAMS:
                if draw.random() < 0.3:
                    node[member(param.name, draw.choice([1, 2, 3]))] = self.value(param, variables)
        if draw.random() < 0.2:
            node["oversample"] = draw.choice([1, 2, 4, 8])
        return self.spoil(node) if self.wrong() else node

    def value(self, param: AnyParam, variables: list[str]) -> Any:
        draw = self.random
        if self.wrong():
            return draw.choice(ODD_VALUES)
        if variables and draw.random() < 0.1:
            return f"${draw.choice(variables)}"
        if isinstance(param, Param):
            return param.value_at(draw.choice([0.0, 1.0, draw.random()]))
        if isinstance(param, Switch):
            return draw.random() < 0.5
        assert isinstance(param, Choice | Model | Track)
        return draw.choice(param.options or (param.default,))

    def links(self, nodes: Words) -> list[str]:
        """Return links along the nodes, across them, back through delays, and into parameters."""
        draw, names = self.random, list(nodes)
        chain = [name for name in names if not self.is_generator(nodes[name]) or self.wrong()]
        links = [" -> ".join(["input", *chain, "output"])]
        links += [f"{name} -> {draw.choice([*chain, 'output'])}" for name in names if name not in chain]
        for _ in range(draw.randrange(4)):
            source, target = draw.choice(["input", *names]), draw.choice([*names, "output"])
            is_back = source in nodes and target in nodes and names.index(source) >= names.index(target)
            if is_back and nodes[target].get("kind") != "delay" and not self.wrong():
                continue
            if (target in chain or target == "output") and f"{source} -> {target}" in links[0]:
                continue
            if target in nodes and target not in chain:
                continue
            if target in nodes and draw.random() < 0.5 and (inner := self.targets({target: nodes[target]})):
                target = draw.choice(inner)
            elif nodes.get(target, {}).get("kind") == "mix":
                target += draw.choice([".wet", ".in1", ".in2", ".in64"])
            links.append(f"{source} -> {target}")
        if self.wrong():
            links.append(draw.choice(ODD_TEXTS))
        return links

    def is_generator(self, node: Words) -> bool:
        return node.get("kind") in registry.kinds() and not registry.find(node["kind"]).INPUTS

    def targets(self, nodes: Words) -> list[str]:
        found = []
        for name, node in nodes.items():
            if isinstance(node.get("kind"), str) and node["kind"] in registry.kinds():
                params = registry.find(node["kind"]).PARAMS
                found += [f"{name}.{member(p.name, 1)}" for p in params if isinstance(p, Param) or self.wrong()]
            elif isinstance(node.get("graph"), dict) and isinstance(node["graph"].get("controls"), dict):
                found += [f"{name}.{control}" for control in node["graph"]["controls"]]
        return found

    def spoil(self, mapping: Words) -> Words:
        """Return a mapping with one key taken away, changed or added."""
        draw, spoilt = self.random, dict(mapping)
        key = draw.choice(list(spoilt))
        what = draw.randrange(4)
        if what == 0:
            del spoilt[key]
        elif what == 1:
            spoilt[key] = draw.choice([*ODD_VALUES, *ODD_TEXTS])
        elif what == 2:
            spoilt[draw.choice(ODD_TEXTS)] = draw.choice(ODD_VALUES)
        else:
            spoilt[key + "x"] = spoilt.pop(key)
        return spoilt


def text_of(graph: Words, draw: random.Random) -> str:
    """Return the YAML of a graph, now and then with a character changed."""
    text = yaml.safe_dump(
        graph, sort_keys=False, allow_unicode=True, default_flow_style=draw.choice([None, True, False])
    )
    if draw.random() < 0.1:
        at = draw.randrange(len(text))
        text = (
            text[:at]
            + draw.choice(["", "\t", "{", "]", ":", "&a ", "*a", "!!x ", "\x85", "\ud800", "- ", "#", "%", "'"])
            + text[at + 1 :]
        )
    return text


def check(seed: int, validator: Any) -> str:
    """Draw one graph and check all that must hold of it; return "loaded", "refused" or "not planned".

    validator: of the JSON Schema, with iter_errors()
    """
    drawing = Drawing(seed)
    text = text_of(drawing.graph(), drawing.random)
    try:
        graph = tapegraph.Graph.from_yaml(text, "fuzz.yaml")
    except tapegraph.TapegraphError as error:
        for problem in error.problems:
            assert problem.message and "\n" not in str(problem), f"not one line: {problem!r}"
            assert len(str(problem)) < 2000, f"long: {problem!r}"
        return "refused"
    wrong = [error.message for error in validator.iter_errors(parse(text, "fuzz.yaml")[0].plain)]
    assert not wrong, f"the schema refuses what the loader takes: {wrong}"
    assert tapegraph.Graph.from_yaml(graph.to_yaml(), "again.yaml") == graph, "the text of the graph gives another one"
    graph.remarks()
    try:
        rendering = graph.rendering(SAMPLE_RATE, 2, tail=0.0)
        stream = graph.stream(SAMPLE_RATE, 2)
    except tapegraph.TapegraphError as error:
        assert all("\n" not in str(problem) for problem in error.problems)
        return "not planned"
    rendered = np.concatenate([block.copy() for block in rendering.blocks([NOISE])], axis=1)
    cut = 1 + seed % (FRAMES - 1)
    lag = stream.latency
    silence = np.zeros((2, lag))
    streamed = [stream.process(part) for part in (NOISE[:, :cut], NOISE[:, cut:], silence)]
    assert np.isfinite(rendered).all(), "not finite"
    np.testing.assert_array_equal(np.concatenate(streamed, axis=1)[:, lag:][:, : rendered.shape[1]], rendered)
    return "loaded"


def run(count: int, first: int, validator: Any) -> tuple[dict[str, int], list[str]]:
    """Check graphs; return how many there were of each outcome, and what failed."""
    outcomes: dict[str, int] = {}
    failures = []
    for seed in range(first, first + count):
        start = time.process_time()
        try:
            outcome = check(seed, validator)
            took_s = time.process_time() - start
            assert took_s < LONGEST_S, f"took {took_s:.1f} s"
        except Exception:  # whatever it is, it is what is looked for
            outcome = "failed"
            failures.append(f"seed {seed}: {traceback.format_exc(limit=-3)}")
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes, failures


def main() -> int:
    import jsonschema

    from tapegraph.document.schema import schema

    parser = argparse.ArgumentParser(description="Draw graphs and check what must hold of them.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first graph")
    options = parser.parse_args()
    outcomes, failures = run(options.count, options.seed, jsonschema.Draft7Validator(schema()))
    print(*failures, sep="\n")
    print(outcomes)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
