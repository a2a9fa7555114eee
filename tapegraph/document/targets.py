"""What can be set in a graph, what each target takes, and what is wrong with one that cannot be set."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tapegraph.document.links import pairs
from tapegraph.document.parts import NodeSpec, Parts
from tapegraph.document.paths import Leaf, Path, aim, leaf_name, leaves, node_at, settled, split
from tapegraph.errors import MOST_COMPARED, TapegraphError, did_you_mean, short, shown
from tapegraph.node import Node, registry
from tapegraph.node.params import AnyParam, Param, Value
from tapegraph.node.ports import find_param, is_family, member, number_of
from tapegraph.quantity import format_number


def declared_at(node: NodeSpec, name: str) -> AnyParam:
    """Return the declaration of a parameter of a node, which must have it."""
    found = find_param(registry.find(node.kind), name)
    assert found is not None
    return found


def declared(spec: Parts, target: str) -> list[AnyParam]:
    """Return the declarations of all that a target sets."""
    return [declared_at(node_at(spec, path), name) for path, name in leaves(spec, target)]


def is_numeric(spec: Parts, target: str) -> bool:
    """Tell whether a target sets something, and only numbers, so that signals and automation can move it."""
    found = declared(spec, target)
    return bool(found) and all(isinstance(param, Param) for param in found)


def values_of(spec: Parts, names: Iterable[str]) -> dict[str, Value]:
    """Return the values of targets; where one sets several parameters, that of the first."""
    found: dict[str, Value] = {}
    at: dict[Path, dict[str, Value]] = {}  # several targets may lead to one node
    for target in names:
        aimed = aim(spec, target)
        if aimed.startswith("$"):
            found[target] = spec.vars[aimed[1:]]
            continue
        moved = leaves(spec, aimed)
        if not moved:
            raise TapegraphError(f"{target} moves nothing: no node uses it")
        path, name = moved[0]
        if path not in at:
            at[path] = settled(spec, path)
        found[target] = at[path][name] if name in at[path] else declared_at(node_at(spec, path), name).default
    return found


def typed_value(spec: Parts, target: str, text: str) -> Value:
    """Return the number that a text with a unit stands for, where a target takes numbers; other text as it is.

    Raises TapegraphError where it has another unit, or means different numbers for what the target sets.
    """
    numbers: dict[float, str] = {}
    for path, name in leaves(spec, target):
        param = declared_at(node_at(spec, path), name)
        try:
            if not isinstance(param, Param) or (number := param.parse(text)) is None:
                return text
        except ValueError as error:
            raise TapegraphError(f"{leaf_name((path, name))} {error}") from None
        numbers.setdefault(number, f"{format_number(number, param.unit)} for {leaf_name((path, name))}")
    if len(numbers) > 1:
        different = " and ".join(numbers.values())
        raise TapegraphError(f"{target} is {shown(text)}, which means {different}; give a number without a unit")
    return next(iter(numbers), text)


def check_value(spec: Parts, target: str, value: Value) -> None:
    """Check a value for all that a target sets. Raises TapegraphError for the first that does not take it."""
    for path, name in leaves(spec, target):
        try:
            declared_at(node_at(spec, path), name).check(value)
        except ValueError as error:
            raise TapegraphError(f"{leaf_name((path, name))} {error}") from None


def targets(spec: Parts) -> list[str]:
    """Return all that a user would set: controls, variables, and what no variable sets; nothing that is automated."""
    names = [name for name in (*spec.controls, *(f"${name}" for name in spec.vars)) if leaves(spec, name)]
    for name, node in spec.nodes.items():
        if node.graph is not None:
            names += [f"{name}.{inner}" for inner in targets(node.graph)]
        elif node.kind in registry.kinds():
            known = [one for param in registry.find(node.kind).PARAMS for one in members(spec, name, param.name)]
            names += [f"{name}.{param}" for param in known if not is_variable(node.params.get(param))]
    moved = automated(spec)
    return [name for name in names if moved.keys().isdisjoint(leaves(spec, name))] if moved else names


def is_variable(value: object) -> bool:
    return isinstance(value, str) and value.startswith("$")


def members(spec: Parts, node: str, param: str) -> list[str]:
    """Return a parameter; where it is a family, such as weight#, the one of each numbered input that is linked."""
    if not is_family(param):
        return [param]
    inputs = registry.find(spec.nodes[node].kind).INPUTS
    first = member(inputs[0], 1)
    ports = {target.port or first for link in spec.links for _, target in pairs(link) if target.node == node}
    numbers = {number for port in ports for of in inputs if (number := number_of(port, of))}
    return [member(param, number) for number in sorted(numbers)]


def is_known(spec: Parts, target: str) -> bool:
    """Tell whether there is such a target, in less time than unknown_target() takes to say what is wrong."""
    if target.startswith("$"):
        return target[1:] in spec.vars
    if target in spec.controls:
        return True
    name, inner = split(target)
    node = spec.nodes.get(name)
    if node is None or not inner:
        return False
    if node.graph is not None:
        return is_known(node.graph, inner)
    return target[len(name)] == "." and find_param(registry.find(node.kind), inner) is not None


def unknown_target(spec: Parts, target: str) -> str | None:
    """Return what is wrong with a target, or None where there is such a thing."""
    if target.startswith("$"):
        if target[1:] in spec.vars:
            return None
        known = [f"${name}" for name in spec.vars]
        return f"there is no variable {short(target)}{did_you_mean(target, known)}"
    if target in spec.controls:
        return None
    name, inner = split(target)
    if name not in spec.nodes:
        if inner:
            known = targets(spec) if len(spec.nodes) <= MOST_COMPARED else []
            hint = did_you_mean(name, spec.nodes) or did_you_mean(target, known)
            return f"no node is called {short(name)}{hint}"
        hint = did_you_mean(target, [*spec.controls, *spec.nodes]) or there_are(spec)
        return f"{short(target) or 'an empty target'} is neither node.parameter nor a control{hint}"
    if not inner:
        return f"{name} is a node; add the name of a parameter: {name}.parameter"
    node = spec.nodes[name]
    if node.graph is not None:
        message = unknown_target(node.graph, inner)
        return message and f"{name}: {message}"
    if target[len(name)] == "/":
        return f"{name} is not a graph with nodes in it; its parameters are written {name}.parameter"
    return unknown_param(name, registry.find(node.kind), inner)


def unknown_param(name: str, cls: type[Node], param: str) -> str | None:
    """Return that a node of a kind has no such parameter, or None where it has one."""
    if find_param(cls, param) is not None:
        return None
    known = [member(one.name, 1) for one in cls.PARAMS]
    return f"{name} ({cls.KIND}) has no parameter {short(param)}{did_you_mean(param, known) or has(known)}"


def there_are(spec: Parts) -> str:
    """Return "; there are ..." with the names of all controls and nodes, shortened where they are many."""
    kinds = (("controls", list(spec.controls)), ("nodes", list(spec.nodes)))
    some = [f"the {what} {short(', '.join(names))}" for what, names in kinds if names]
    return f"; there are {' and '.join(some)}" if some else ""


def has(known: Collection[str]) -> str:
    return f"; it has {', '.join(known)}" if known else "; it has none"


def automated(spec: Parts) -> dict[Leaf, str]:
    """Return the parameters that automation moves, here and in sub-graphs, each with the target that is automated."""
    found = {leaf: target for target in spec.automation for leaf in leaves(spec, target)}
    for name, node in spec.nodes.items():
        if node.graph is not None:
            for (path, param), target in automated(node.graph).items():
                found.setdefault(((name, *path), param), f"{name}.{target}")
    return found


def automated_target(spec: Parts, target: str) -> str | None:
    """Return why a target cannot be set, where automation moves something that it sets; None where it does not."""
    moved = automated(spec)
    for leaf in leaves(spec, target) if moved else ():
        if leaf in moved:
            name, by = leaf_name(leaf), moved[leaf]
            if target == by:
                return f"{target} is automated; remove its automation to set it"
            what = target if target == name else f"{target} sets {name}, which"
            return f"{what} is automated by {by}; remove that automation to set it"
    return None


def known_nodes(spec: Parts) -> list[str]:
    """Return the names of all nodes, "sub/node" in a sub-graph."""
    names = []
    for name, node in spec.nodes.items():
        names += [name] if node.graph is None else [f"{name}/{inner}" for inner in known_nodes(node.graph)]
    return names


def find_node(spec: Parts, name: str) -> Path:
    """Return the path to a node, "sub/node" in a sub-graph. Raises TapegraphError where there is none."""
    path = tuple(name.split("/"))
    inner: Parts | None = spec
    for part in path:
        node = inner.nodes.get(part) if inner is not None else None
        if node is None:
            raise TapegraphError(f"no node is called {short(name)}{did_you_mean(name, known_nodes(spec))}")
        inner = node.graph
    if inner is not None:
        some = ", ".join(f"{name}/{one}" for one in known_nodes(inner)) or "none"
        raise TapegraphError(f"{name} is a graph; the nodes in it are {some}")
    return path
