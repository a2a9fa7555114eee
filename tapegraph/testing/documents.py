"""Laws of the file of a node: what it does, with an equation and a source, and names that agree."""

from __future__ import annotations

import re

from tapegraph.node.registry import source
from tapegraph.testing.law import Kind, node_class, require


def kind_class_and_file_have_one_name(kind: Kind) -> None:
    cls = node_class(kind)
    name = "".join(part.capitalize() for part in cls.KIND.split("_"))
    require(cls.__name__ == name, f"the class of the kind {cls.KIND} is {cls.__name__}; it must be {name}")
    file = source(cls).path.name
    require(file == f"{cls.KIND}.py", f"the file of the kind {cls.KIND} is {file}; it must be {cls.KIND}.py")


def a_file_says_what_its_node_does_with_an_equation_and_a_source(kind: Kind) -> None:
    cls = node_class(kind)
    text = source(cls).docstring
    require(re.search(r"^    .*=", text, re.MULTILINE), "its docstring has no indented equation")
    require(re.search(r"^Sources?: ", text, re.MULTILINE), "its docstring has no line that begins with Source:")
    for param in cls.PARAMS:
        require(param.meaning, f"{param.name} has no meaning")
