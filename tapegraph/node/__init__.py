"""What a node is, and all that the file of a node needs: `from tapegraph.node import Node, Param, Signal`."""

from tapegraph.errors import TapegraphError
from tapegraph.node.base import Node, Signal, silence
from tapegraph.node.params import AnyParam, Choice, Model, NodeValue, Param, Quality, Switch, Track, Value
from tapegraph.node.speed_track import SpeedTrack
from tapegraph.node.weights import Weights

__all__ = [
    "AnyParam",
    "Choice",
    "Model",
    "Node",
    "NodeValue",
    "Param",
    "Quality",
    "Signal",
    "SpeedTrack",
    "Switch",
    "TapegraphError",
    "Track",
    "Value",
    "Weights",
    "silence",
]
