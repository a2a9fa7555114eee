"""Drawings in letters: lines for terminals, Mermaid for documents."""

from __future__ import annotations

from tapegraph.drawing.sketch import Sketch


def text(sketch: Sketch) -> str:
    """Return the drawing as lines: each node with what it is linked to."""
    lines = [*([sketch.title] if sketch.title else []), sketch.subtitle, ""]
    for box in sketch.boxes:
        lines.append(", ".join([f"{box.name} ({box.kind})" if box.kind else box.name, *box.notes]))
        for arrow in sketch.arrows:
            if arrow.source == box.name:
                label = "; ".join(filter(None, (arrow.label, "a block late" if arrow.kind == "loop" else "")))
                lines.append(f"  -> {arrow.target}  {label}".rstrip())
    return "\n".join(lines)


def mermaid(sketch: Sketch) -> str:
    """Return the drawing as a Mermaid flowchart."""
    ids = {box.name: f"n{number}" for number, box in enumerate(sketch.boxes)}
    lines = ["flowchart LR"]
    for box in sketch.boxes:
        caption = "<br/>".join(filter(None, (box.name, box.kind, *box.notes)))
        lines.append(f'    {ids[box.name]}["{caption}"]' if box.kind else f"    {ids[box.name]}([{box.name}])")
    for arrow in sketch.arrows:
        line = "-->" if arrow.kind == "sound" else "-.->"
        label = f'|"{arrow.label}"|' if arrow.label else ""
        lines.append(f"    {ids[arrow.source]} {line}{label} {ids[arrow.target]}")
    return "\n".join(lines)
