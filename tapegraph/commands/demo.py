"""tapegraph demo: something to listen to, in one command."""

from __future__ import annotations

from pathlib import Path

import click

from tapegraph.commands._options import load_preset, warn

EXAMPLES = """\b
Examples:
  tapegraph demo
  tapegraph demo listening --preset NAME --overwrite"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", default="tapegraph-demo", metavar="[FOLDER]")
@click.option("--preset", "names", multiple=True, metavar="NAME", help="This preset instead; may be repeated.")
@click.option("--all", "every", is_flag=True, help="Every preset.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
def command(folder: str, names: tuple[str, ...], every: bool, overwrite: bool) -> None:
    """Write a few bars of music into FOLDER (tapegraph-demo), and the same through presets tagged "showcase"."""
    import tapegraph
    from tapegraph import demo, resources
    from tapegraph.files.render import render_file
    from tapegraph.files.write import create

    graphs = {name: load_preset(name) for name in names or resources.presets()}
    if not (names or every):
        graphs = {name: graph for name, graph in graphs.items() if resources.SHOWCASE in graph.tags}
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise tapegraph.TapegraphError(f"{folder}: is not a folder that can be written to: {error.strerror}") from None
    dry = Path(folder, "music.wav")
    music = demo.music()
    with create(dry, demo.SAMPLE_RATE, *music.shape, overwrite=overwrite) as file:
        file.write(music)
    click.echo(f"{dry}: {music.shape[1] / demo.SAMPLE_RATE:.2f} s of music, without tape")
    for name, graph in graphs.items():
        report = render_file(graph, dry, Path(folder, f"{name}.wav"), overwrite=overwrite)
        click.echo(report)
        for warning in report.warnings:
            warn(warning)
