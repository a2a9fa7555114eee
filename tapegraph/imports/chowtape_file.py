"""Preset files of CHOW Tape Model (.chowpreset), of all its versions.

    <Preset name="Old Reel" plugin="CHOWTapeModel" vendor="Me" category="Mix" version="2.11.1">
      <Parameters>
        <PARAM id="drive" value="0.7"/> ...

A parameter that is missing, or has no value, has its default; a value out of its range is held to it; of several values
of one parameter the last one counts. Three things are from older versions and are carried over as they were meant:

- dry/wet was in percent up to version 2.10: a value above 1 is divided by 100;
- before there were switches, all sections were on: in a file without any switch they are;
- before 2.9 the oversampling had another name (os), which counts where the newer one is missing.

A file without `vendor` is of the loose form that users' own files have: the vendor is what stands before the first "_"
in the name, and the name of the preset what stands after the last one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import attrs

from tapegraph.contents import read_bytes
from tapegraph.errors import UNPRINTABLE, Problem, TapegraphError, shown

SUFFIX = ".chowpreset"
PLUGIN = "CHOWTapeModel"
MOST_BYTES = 1_000_000  # a preset has about 5,000
OVERSAMPLING = "os_factor"
OLD_OVERSAMPLING = "os"
OLD_NUMBER = "preset"  # of a preset, in old files: means nothing any more
MIX = "drywet"


@attrs.frozen
class Setting:
    """A parameter of the plugin: its range, its default, and whether its values are whole numbers."""

    minimum: float
    maximum: float
    default: float
    whole: bool = False

    def held(self, value: float) -> float:
        """Return the nearest value that is allowed."""
        value = min(max(value, self.minimum), self.maximum)
        return float(math.floor(value + 0.5)) if self.whole else value


def switch(default: bool) -> Setting:
    return Setting(0, 1, float(default), whole=True)


def choice(options: int, default: int) -> Setting:
    return Setting(0, options - 1, default, whole=True)


AMOUNT = Setting(0, 1, 0)
SETTINGS: Mapping[str, Setting] = {
    "ingain": Setting(-30, 6, 0),
    "outgain": Setting(-30, 30, 0),
    MIX: Setting(0, 1, 1),
    "ifilt_onoff": switch(False),
    "ifilt_low": Setting(20, 2000, 20),
    "ifilt_high": Setting(2000, 22_000, 22_000),
    "ifilt_makeup": switch(False),
    "tone_onoff": switch(True),
    "h_bass": Setting(-1, 1, 0),
    "h_treble": Setting(-1, 1, 0),
    "h_tfreq": Setting(100, 4000, 500),
    "comp_onoff": switch(False),
    "comp_amt": Setting(0, 9, 0),
    "comp_attack": Setting(0.1, 50, 5),
    "comp_release": Setting(10, 1000, 200),
    "hyst_onoff": switch(True),
    "drive": Setting(0, 1, 0.5),
    "sat": Setting(0, 1, 0.5),
    "width": Setting(0, 1, 0.5),
    "mode": choice(6, 0),
    OVERSAMPLING: choice(5, 1),
    "os_mode": choice(2, 0),
    "os_render_factor": choice(5, 1),
    "os_render_mode": choice(2, 0),
    "os_render_like_realtime": switch(True),
    "loss_onoff": switch(True),
    "speed": Setting(1, 50, 30),
    "spacing": Setting(0.1, 20, 0.1),
    "thick": Setting(0.1, 50, 0.1),
    "gap": Setting(1, 50, 1),
    "azimuth": Setting(-75, 75, 0),
    "flutter_onoff": switch(True),
    "rate": Setting(0, 1, 0.3),
    "depth": AMOUNT,
    "wow_rate": Setting(0, 1, 0.25),
    "wow_depth": AMOUNT,
    "wow_var": AMOUNT,
    "wow_drift": AMOUNT,
    "deg_point1x": switch(False),
    "deg_onoff": switch(False),
    "deg_depth": AMOUNT,
    "deg_amt": AMOUNT,
    "deg_var": AMOUNT,
    "deg_env": AMOUNT,
    "chew_onoff": switch(False),
    "chew_depth": AMOUNT,
    "chew_freq": AMOUNT,
    "chew_var": AMOUNT,
    "mid_side": switch(False),
    "stereo_balance": Setting(-1, 1, 0),
    "stereo_makeup": switch(True),
    "mix_group": choice(5, 0),
}
# Sections that had no switch at first. Compression and the input filters came together with theirs.
ONCE_ALWAYS_ON = ("tone_onoff", "hyst_onoff", "loss_onoff", "flutter_onoff", "deg_onoff", "chew_onoff")


@attrs.frozen
class ChowtapePreset:
    """A preset as it was meant.

    values: of all parameters, by id
    remarks: what in the file was odd, a sentence each
    """

    name: str
    vendor: str
    category: str
    values: Mapping[str, float]
    remarks: tuple[str, ...]


def read(path: Path) -> ChowtapePreset:
    """Return the preset of a file. Raises TapegraphError where it is none."""
    content = read_bytes(path, MOST_BYTES)
    try:
        root = ElementTree.fromstring(content, ElementTree.XMLParser(target=WithoutDocumentType()))
    except DocumentTypeError:
        raise refused(path, "has a document type; a preset has none") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # ValueError, LookupError: of its encoding
        raise refused(path, f"not XML: {error}") from None
    if root.tag != "Preset":
        raise refused(path, f"not a preset: its root element is {shown(root.tag)}; it must be 'Preset'")
    if root.get("plugin", PLUGIN) != PLUGIN:
        raise refused(path, f"a preset of {shown(root.get('plugin'))}; only those of {PLUGIN!r} can be imported")
    name = line(root.get("name", ""))
    if not name:
        raise refused(path, "has no name; a preset must have one")
    state = next((child for child in root if child.tag != "extra_info"), None)
    if state is None:
        raise refused(path, "has no parameters; a preset must have them")
    vendor = line(root.get("vendor", ""))
    if not vendor and "_" in name:
        vendor, name = name.partition("_")[0], name.rpartition("_")[2]
    remarks: list[str] = []
    has_switches = any(element.get("id", "").endswith("_onoff") for element in state.iter("PARAM"))
    values = meant(dict(parameters(state, remarks)), has_switches, remarks)
    return ChowtapePreset(name or path.stem, vendor, line(root.get("category", "")), values, tuple(remarks))


class DocumentTypeError(Exception):
    """A document type was found."""


class WithoutDocumentType(ElementTree.TreeBuilder):
    """Stops at a document type, in any encoding and before its entities, which may grow without bounds."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise DocumentTypeError


def line(text: str) -> str:
    """Return a text as a line of a graph file, which has no control characters and no marks of direction in it."""
    return " ".join(UNPRINTABLE.sub(" ", text).split())


def refused(path: Path, message: str) -> TapegraphError:
    return TapegraphError(Problem(message, str(path)))


def parameters(state: ElementTree.Element, remarks: list[str]) -> Iterator[tuple[str, float]]:
    """Yield the parameters that have a value, as they are in the file."""
    for element in state.iter("PARAM"):
        name, text = element.get("id", ""), element.get("value")
        if name not in SETTINGS and name not in (OLD_OVERSAMPLING, OLD_NUMBER):
            remarks.append(f"the parameter {shown(name)} is unknown and was left out")
        elif text is not None:
            value = to_number(text)
            if math.isfinite(value):
                yield name, value
            else:
                remarks.append(f"{name} is {shown(text)}, which is no number; it has its default")


def to_number(text: str) -> float:
    """Return a decimal number, and not a number for anything else that Python would read."""
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def meant(given: dict[str, float], has_switches: bool, remarks: list[str]) -> dict[str, float]:
    """Return the value of every parameter as it was meant, from those that the file gives."""
    values = {name: setting.default for name, setting in SETTINGS.items()}
    if not has_switches:
        values.update(dict.fromkeys(ONCE_ALWAYS_ON, 1.0))
        if any(given.get(name, 0.0) > 0.0 for name in ("chew_depth", "deg_depth")):
            remarks.append("the file is from before there were switches: chew and degrade are on, as they were then")
    if given.get(MIX, 0.0) > 1.0:
        given[MIX] /= 100.0
        remarks.append(f"dry/wet was in percent: {100.0 * given[MIX]:g} % became {given[MIX]:g}")
    if OLD_OVERSAMPLING in given:
        given.setdefault(OVERSAMPLING, given[OLD_OVERSAMPLING])
    for name, value in given.items():
        if name in SETTINGS:
            values[name] = SETTINGS[name].held(value)
            if abs(values[name] - value) > 1e-6 * abs(value) + 1e-5:
                remarks.append(f"{name} is {value:g}; it is held at {values[name]:g}")
    return values
