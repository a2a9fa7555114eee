"""Random machines: graphs whose settings are drawn at random, for augmenting data.

    from tapegraph.augment import RandomMachine

    machine = RandomMachine("machines.yaml")
    taped = machine(samples, sample_rate, clip="dev/0001.flac", epoch=3)

How a file of random machines is written: recipe.py. What is drawn from what, with every formula: draws.py. With the
data loaders of others: tapegraph/docs/augmentation.md.
"""

from tapegraph.augment.draws import Draw
from tapegraph.augment.machine import RandomMachine

__all__ = ["Draw", "RandomMachine"]
