"""tapegraph schema: the JSON Schema with which editors complete and check graph files."""

from __future__ import annotations

import json

import click

from tapegraph.commands._options import nodes_option, overwrite_option, write_or_print

EXAMPLES = """\b
Example: completion and checks while writing, where the editor knows the YAML language server:
  tapegraph schema -o tapegraph.schema.json
  and as the first line of a graph:  # yaml-language-server: $schema=tapegraph.schema.json"""


@click.command(epilog=EXAMPLES)
@click.option("--random", "of_random", is_flag=True, help="That of files of random machines.")
@click.option("--output", "-o", metavar="FILE", help="Write to a file instead of printing.")
@overwrite_option
@nodes_option
def command(of_random: bool, output: str | None, overwrite: bool) -> None:
    """Print the JSON Schema of graph files, with all installed nodes, or that of files of random machines."""
    if of_random:
        from tapegraph.augment.schema import schema
    else:
        from tapegraph.document.schema import schema

    write_or_print(json.dumps(schema(), indent=2), output, overwrite)
