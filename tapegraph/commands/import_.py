"""tapegraph import: presets of other programs, turned into graphs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from tapegraph.commands._options import overwrite_option
from tapegraph.errors import Problem, TapegraphError, printable

EXAMPLES = """\b
Examples:
  tapegraph import chowtape "Old Reel.chowpreset"
  tapegraph import chowtape presets/ --into graphs"""
CHOWTAPE_EXAMPLES = """\b
Examples:
  tapegraph import chowtape "Old Reel.chowpreset"
  tapegraph import chowtape presets/ more/*.chowpreset --into graphs
  tapegraph render song.wav taped.wav --graph "graphs/Old Reel.yaml\""""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Turn presets of other programs into graphs."""


@command.command(epilog=CHOWTAPE_EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--into", default=".", metavar="FOLDER", help="Folder for the graphs; it is made. Default: this one.")
@overwrite_option
def chowtape(files: tuple[str, ...], into: str, overwrite: bool) -> None:
    """Write a graph for each preset of CHOW Tape Model, FILE.yaml for FILE.chowpreset.

    A folder stands for all presets in it, in folders of the same names. What could not be carried over is a comment in
    the graph. A file that cannot be imported costs a line, and the others go on.
    """
    from tapegraph.imports.chowtape import import_file

    problems: list[Problem] = []
    written: dict[Path, Path] = {}
    remarks = 0
    for source, target in pairs(files, Path(into), problems):
        try:
            if target in written:
                raise TapegraphError(Problem(f"{target} is already made from {written[target]}", str(source)))
            remarks += import_file(source, target, overwrite)
        except TapegraphError as error:
            problems += error.problems
        else:
            written[target] = source
            click.echo(f"{printable(str(source))} -> {printable(str(target))}")
    count = "1 preset" if len(written) == 1 else f"{len(written)} presets"
    comments = "1 comment" if remarks == 1 else f"{remarks} comments"
    click.echo(f"{count} imported, with {comments}; {len(problems)} failed")
    if problems:
        raise TapegraphError(*problems)


def pairs(files: tuple[str, ...], into: Path, problems: list[Problem]) -> Iterator[tuple[Path, Path]]:
    """Yield every preset with the graph that it becomes; a folder without any is a problem."""
    from tapegraph.imports.chowtape_file import SUFFIX

    for name in files:
        path = Path(name)
        if not path.is_dir():
            yield path, into / f"{path.stem}.yaml"
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() == SUFFIX and file.is_file())
        if not found:
            problems.append(Problem(f"has no {SUFFIX} in it", str(path)))
        for file in found:
            yield file, into / file.relative_to(path).with_suffix(".yaml")
