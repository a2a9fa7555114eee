"""tapegraph devices: sound cards and sound servers."""

from __future__ import annotations

import click

EXAMPLES = """\b
Examples:
  tapegraph devices
  tapegraph play song.wav --preset NAME --device 3"""


@click.command(epilog=EXAMPLES)
def command() -> None:
    """List the devices for play and live: number, name, channels in and out, sample rate.

    The first column marks the defaults: < for the input, > for the output.
    """
    from tapegraph.errors import TapegraphError
    from tapegraph.live.devices import NO_DEVICE, devices

    found = devices()
    if not found:
        raise TapegraphError(NO_DEVICE)
    width = max(len(device.name) for device in found)
    for device in found:
        marks = ("<" if "input" in device.default else " ") + (">" if "output" in device.default else " ")
        click.echo(
            f"{marks} {device.number:3}  {device.name:{width}}  {device.inputs:3} in {device.outputs:3} out  "
            f"{device.sample_rate:6.0f} Hz  {device.host}"
        )
