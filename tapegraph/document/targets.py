"""What can be set in a graph: "node.parameter", "sub/node.parameter", "$variable" and the names of controls."""

from __future__ import annotations

from collections.abc import Collection

from tapegraph.document.spec import NodeSpec, Spec, leaves, node_at, pairs, split
from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.node import registry
from tapegraph.node.params import AnyParam, Value
from tapegraph.node.ports import find_param, is_family, member, number_of


def check_value(spec: Spec, target: str, value: Value) -> None:
    """Check a value for all that a target moves. Raises TapegraphError for the first that does not take it."""
    for way, param in leaves(spec, target):
        try:
            declared_at(node_at(spec, way), param).check(value)
        except ValueError as error:
            raise TapegraphError(f"{'/'.join(way)}.{param} {error}") from None


def declared_at(node: NodeSpec, name: str) -> AnyParam:
    """Return the declaration of a parameter of a node, which must have it."""
    found = find_param(registry.find(node.kind), name)
    assert found is not None
    return found


def declared(spec: Spec, target: str) -> list[AnyParam]:
    """Return the declarations of all that a target moves."""
    return [declared_at(node_at(spec, way), name) for way, name in leaves(spec, target)]


def targets(spec: Spec) -> list[str]:
    """Return all that is to be set: controls and variables that move something, and what no variable moves."""
    names = [name for name in (*spec.controls, *(f"${name}" for name in spec.vars)) if leaves(spec, name)]
    for name, node in spec.nodes.items():
        if node.graph is not None:
            names += [f"{name}.{inner}" for inner in targets(node.graph)]
        elif node.kind in registry.kinds():
            known = [one for param in registry.find(node.kind).PARAMS for one in members(spec, name, param.name)]
            names += [f"{name}.{param}" for param in known if not is_variable(node.params.get(param))]
    return names


def is_variable(value: object) -> bool:
    return isinstance(value, str) and value.startswith("$")


def members(spec: Spec, node: str, param: str) -> list[str]:
    """Return a parameter; where it is a family, such as weight#, the one of each numbered input that is linked."""
    if not is_family(param):
        return [param]
    inputs = registry.find(spec.nodes[node].kind).INPUTS
    first = member(inputs[0], 1)
    ports = {target.port or first for link in spec.links for _, target in pairs(link) if target.node == node}
    numbers = {number for port in ports for of in inputs if (number := number_of(port, of))}
    return [member(param, number) for number in sorted(numbers)]


def unknown_target(spec: Spec, target: str) -> str | None:
    """Return what is wrong with a target, or None when it can be set."""
    if target.startswith("$"):
        known = [f"${name}" for name in spec.vars]
        return None if target in known else f"there is no variable {target}{did_you_mean(target, known)}"
    if target in spec.controls:
        return None
    name, inner = split(target)
    if name not in spec.nodes:
        if inner:
            return f"no node is called {name}{did_you_mean(name, spec.nodes) or did_you_mean(target, targets(spec))}"
        return f"{target} is neither node.parameter nor a control{did_you_mean(target, [*spec.controls, *spec.nodes])}"
    if not inner:
        return f"{name} is a node; name one of its parameters too: {name}.parameter"
    node = spec.nodes[name]
    if node.graph is not None:
        said = unknown_target(node.graph, inner)
        return said and f"{name}: {said}"
    cls = registry.find(node.kind)
    if find_param(cls, inner) is None:
        known = [param.name for param in cls.PARAMS]
        return f"{name} ({node.kind}) has no parameter {inner}{did_you_mean(inner, known) or has(known)}"
    return None


def has(known: Collection[str]) -> str:
    return f"; it has {', '.join(known)}" if known else "; it has none"
