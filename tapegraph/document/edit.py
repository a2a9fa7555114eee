"""Changes the text of a graph file where the graph has changed and nowhere else, so that comments and layout stay.

A YAML library that writes what it has read would lay out the rest of the file anew: spaces, indentation, line breaks.
Here only the characters of a changed value are replaced, and added keys follow the one that to_yaml() puts before them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tapegraph.document import text as yaml_text
from tapegraph.document.files import FileName, absolute, placed
from tapegraph.document.text import Dumper, Inline, Loader

STEP = 2  # columns by which one block is indented in another
Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


def edited(text: str, old: Mapping[str, Any], new: Mapping[str, Any], folder: Path) -> str | None:
    """Return the text of a graph with what differs between old and new changed in it, or None where that is unclear.

    old: plain data of the graph as the text has it, by write.words(); new: as it should be
    folder: where the new text will be
    """
    root = Loader(text).get_single_node()
    if not isinstance(root, yaml.MappingNode):
        return None
    edit = Edit(text, folder)
    edit.mapping(root, old, new, root.flow_style)
    return edit.result()


class Edit:
    """Collects replacements of parts of a text.

    parts: start, end and what takes the place of the characters between them
    """

    def __init__(self, text: str, folder: Path) -> None:
        self.text, self.folder = text, folder
        self.line_break = "\r\n" if "\r\n" in text else "\n"
        self.parts: list[tuple[int, int, str]] = []

    def result(self) -> str | None:
        """Return the text with all replacements, or None where some overlap."""
        pieces, done = [], 0
        for start, end, new in sorted(self.parts, key=lambda part: part[0]):  # stable: insertions keep their order
            if start < done:
                return None
            pieces += [self.text[done:start], new.replace("\n", self.line_break)]
            done = end
        return "".join([*pieces, self.text[done:]])

    def mapping(self, node: yaml.MappingNode, old: Mapping[str, Any], new: Mapping[str, Any], flow: bool) -> None:
        """Change a mapping; flow: whether it is inside braces or brackets."""
        pairs: Pairs = {key.value: (key, value) for key, value in node.value}
        before = ""
        for name, value in new.items():
            if name in pairs:
                self.value(pairs[name], old.get(name), value, flow)
                before = name
            elif flow:
                self.add_in_line(node, pairs, before, name, value)
            else:
                self.add_line(pairs, before, name, value)
        for name in old:
            if name not in new and name in pairs:
                self.remove(pairs, name, flow)

    def value(self, pair: tuple[yaml.Node, yaml.Node], old: Any, new: Any, flow: bool) -> None:
        """Change the value of a key, or an item of a list, where it differs."""
        node = pair[1]
        if isinstance(new, FileName):
            if not isinstance(node, yaml.ScalarNode) or absolute(node.value, self.folder) != new:
                self.replace(pair, new, flow)
        elif isinstance(new, dict) and isinstance(old, dict) and isinstance(node, yaml.MappingNode):
            if isinstance(old, Inline) and not isinstance(new, Inline) and not flow:  # it gets a graph of its own
                self.replace(pair, new, flow)
            else:
                self.mapping(node, old, new, flow or node.flow_style)
        elif new != old:
            lists = isinstance(new, list | tuple) and isinstance(old, list | tuple) and len(new) == len(old)
            if lists and isinstance(node, yaml.SequenceNode) and len(new) == len(node.value):
                for item, before, after in zip(node.value, old, new, strict=True):
                    self.value((item, item), before, after, flow or node.flow_style)
            else:
                self.replace(pair, new, flow)

    def replace(self, pair: tuple[yaml.Node, yaml.Node], new: Any, flow: bool) -> None:
        key, node = pair
        start, end = node.start_mark.index, self.end(node)
        if isinstance(new, dict | list) and not isinstance(new, Inline) and new and not flow and key is not node:
            start = self.text.rindex(":", key.end_mark.index, start or None) + 1
            block = yaml_text.dump_value(placed(new, self.folder)).rstrip("\n")
            self.parts.append((start, end, "\n" + textwrap.indent(block, " " * (key.start_mark.column + STEP))))
            return
        style = node.style if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"') else None
        space = " " if start == end else ""  # after the colon of an empty value
        self.parts.append((start, end, space + self.in_line(new, style if isinstance(new, str) else None)))

    def add_in_line(self, node: yaml.MappingNode, pairs: Pairs, before: str, name: str, value: Any) -> None:
        entry = f"{self.in_line(name)}: {self.in_line(value)}"
        if before:
            end = self.end(pairs[before][1])
            self.parts.append((end, end, f", {entry}"))
        else:
            start = node.start_mark.index + 1
            first = not any(part[:2] == (start, start) for part in self.parts)
            if pairs:
                entry = f"{entry}, "
            elif not first:
                entry = f", {entry}"
            self.parts.append((start, start, entry))

    def add_line(self, pairs: Pairs, before: str, name: str, value: Any) -> None:
        first = next(iter(pairs.values()))[0].start_mark
        entry = yaml_text.dump({name: placed(value, self.folder)}).rstrip("\n")
        entry = textwrap.indent(entry, " " * first.column)
        if before:
            end = self.line_end(self.end(pairs[before][1]))
            self.parts.append((end, end, f"\n{entry}"))
        else:
            start = first.index - first.column
            self.parts.append((start, start, f"{entry}\n"))

    def remove(self, pairs: Pairs, name: str, flow: bool) -> None:
        names = list(pairs)
        place = names.index(name)
        key, value = pairs[name]
        start, end = key.start_mark.index, self.end(value)
        if not flow:
            start, end = start - key.start_mark.column, self.line_end(end)
            end += len(self.line_break) if end < len(self.text) else 0
        elif place + 1 < len(names):
            end = pairs[names[place + 1]][0].start_mark.index
        elif place:
            start = self.end(pairs[names[place - 1]][1])
        self.parts.append((start, end, ""))

    def end(self, node: yaml.Node) -> int:
        """Return where a node ends in the text; PyYAML lets blocks end where the next thing begins."""
        start, end = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        return start + len(self.text[start:end].rstrip())

    def line_end(self, index: int) -> int:
        """Return where the line of a character ends, before its line break."""
        end = self.text.find(self.line_break, index)
        return len(self.text) if end < 0 else end

    def in_line(self, value: Any, style: str | None = None) -> str:
        """Return a value as it may be written between braces; style: the quotes of text, where it has some."""
        if isinstance(value, str) and "\n" in value:
            style = '"'
        listed = [placed(value, self.folder)]
        options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": float("inf")}
        line: str = yaml.dump(listed, Dumper=Dumper, default_flow_style=True, default_style=style, **options)
        return line.strip()[1:-1]
