"""The graph of a CHOW Tape Model preset: the same sections in the same order, with the same settings.

    input -> gain -> filters -> mid/side -> balance -> tone -> compression -> hysteresis -> tone back -> chew -> degrade
    -> wow -> flutter -> head loss, bump, azimuth -> balance back -> left/right -> + what the filters removed -> gain
    -> mix with the input

Sections that are off, or do nothing as they are set, are left out. Where the graph does something else than the plugin,
because the plugin is in error there or depends on the sample rate, a remark says so.
"""

from __future__ import annotations

import math
from typing import Any

import attrs

from tapegraph.imports.chowtape_file import ChowtapePreset

SOLVERS = ("rk2", "rk4", "nr4", "nr8", "stn", "v1")
INCH_M = 0.0254
RATE = 48_000.0  # at which wow and flutter are taken over: in the plugin their depth is in samples
HOST_BLOCK_S = 512 / RATE  # for which a rate drawn by wow's drift is taken to last: in the plugin, a block of the host
LEAST_BUMP_HZ = 20.0  # a bump below is not heard
MOST_WOW_PERCENT = 50.0  # of the node
HARMONICS = (230.0, 80.0, 99.0)  # of flutter, samples


@attrs.define
class Chain:
    """A graph in the making: nodes in a row, and what could not be carried over."""

    preset: ChowtapePreset
    nodes: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    row: list[str] = attrs.field(factory=list)
    controls: dict[str, str] = attrs.field(factory=dict)
    remarks: list[str] = attrs.field(factory=list)

    def __getitem__(self, name: str) -> float:
        """Return the value of a parameter of the plugin."""
        return self.preset.values[name]

    def add(self, name: str, kind: str, **params: Any) -> None:
        """Add a node behind the others."""
        self.nodes[name] = {"kind": kind} | {p: tidy(value) for p, value in params.items()}
        self.row.append(name)


def tidy(value: Any) -> Any:
    """Return a number with no more digits than its file had: six."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def graph_words(preset: ChowtapePreset) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a preset as plain data under the keys of a graph file, and remarks on what was not carried over."""
    chain = Chain(preset, remarks=list(preset.remarks))
    for section in (into_the_tape, tape, wear, transport, head, out_of_the_tape):
        section(chain)
    tags = [tag for tag in ("imported", preset.category.lower(), preset.vendor) if tag]
    words = {
        "tapegraph": 1,
        "title": preset.name,
        "description": f"Imported from a preset of CHOW Tape Model{f' by {preset.vendor}' if preset.vendor else ''}.",
        "tags": tags,
        "resampler": "linear" if chain["os_mode"] else "minimum",
        "vars": {"speed_ips": tidy(chain["speed"])},
        "nodes": chain.nodes,
        "links": links(chain),
        "controls": chain.controls,
    }
    return words, tuple(chain.remarks)


def links(chain: Chain) -> list[str]:
    found = [" -> ".join(["input", *chain.row, "output"])]
    if chain.row[-1] == "mix":
        found = [" -> ".join(["input", *chain.row[:-1], "mix.wet"]), "input -> mix.dry", "mix -> output"]
    if chain["ifilt_onoff"] and chain["ifilt_makeup"]:
        found += ["filters.low -> output_gain", "filters.high -> output_gain"]
    return found


def into_the_tape(chain: Chain) -> None:
    """Add all that comes before the tape."""
    chain.add("input_gain", "gain", gain_db=chain["ingain"])
    chain.controls["Input"] = "input_gain.gain_db"
    if chain["ifilt_onoff"]:
        chain.add("filters", "input_filters", low_cut_hz=chain["ifilt_low"], high_cut_hz=chain["ifilt_high"])
    if chain["mid_side"]:
        chain.add("to_mid_side", "mid_side", direction="encode")
    if chain["stereo_balance"]:
        chain.add("balance", "balance", balance_db=6.0 * chain["stereo_balance"])
    if chain["tone_onoff"]:
        add_tone(chain, "tone", inverse=False)
    if chain["comp_onoff"]:
        chain.add(
            "compression",
            "compression",
            amount_db=chain["comp_amt"],
            attack_s=chain["comp_attack"] / 1000.0,
            release_s=chain["comp_release"] / 1000.0,
            timing="original",
            oversample=2,
        )


def add_tone(chain: Chain, name: str, inverse: bool) -> None:
    settings = {"bass_db": 18.0 * chain["h_bass"], "treble_db": 18.0 * chain["h_treble"]}
    if any(settings.values()):
        chain.add(name, "tone", **settings, transition_hz=chain["h_tfreq"], inverse=inverse)


def tape(chain: Chain) -> None:
    """Add the tape, and the tone's way back."""
    if chain["hyst_onoff"]:
        chain.add(
            "tape",
            "hysteresis",
            solver=SOLVERS[int(chain["mode"])],
            drive=chain["drive"],
            saturation=chain["sat"],
            bias=chain["width"],
            oversample=2 ** int(chain["os_factor"]),
        )
        chain.add("dc", "dc_blocker", cutoff_hz=35.0)
        chain.controls |= {"Drive": "tape.drive", "Saturation": "tape.saturation", "Bias": "tape.bias"}
        if not chain["os_render_like_realtime"] and chain["os_render_factor"] != chain["os_factor"]:
            times = 2 ** int(chain["os_render_factor"])
            chain.remarks.append(f"the plugin renders offline at {times} times the rate; set tape's oversample to that")
    if chain["tone_onoff"]:
        add_tone(chain, "tone_back", inverse=True)


def wear(chain: Chain) -> None:
    """Add chew and degrade."""
    if chain["chew_onoff"] and chain["chew_freq"]:
        chain.add("chew", "chew", depth=chain["chew_depth"], frequency=chain["chew_freq"], variance=chain["chew_var"])
        chain.controls["Chew"] = "chew.depth"
    if chain["deg_onoff"]:
        chain.add(
            "degrade",
            "degrade",
            depth=chain["deg_depth"] * (0.1 if chain["deg_point1x"] else 1.0),
            amount=chain["deg_amt"],
            variance=chain["deg_var"],
            envelope=chain["deg_env"],
        )
        chain.controls["Degrade"] = "degrade.depth"


def transport(chain: Chain) -> None:
    """Add wow and flutter.

    wow        delay 1000 d^3 (cos p + o) samples, p' = 4.5^r - 1 Hz, o an Ornstein-Uhlenbeck process
    flutter    delay 0.36 d^1.5 (230, 80, 99) samples in three harmonics, p' = 0.1 1000^r Hz
    """
    if not chain["flutter_onoff"]:
        return
    wow_s = 1000.0 * chain["wow_depth"] ** 3 / RATE
    if wow_s:
        # The plugin draws a rate between 1 and 1 + drift for each block of the host. What is left of that after some
        # time is its mean, and a random walk of the angle as wide as the node's irregularity, of 1 s, makes it.
        drift = chain["wow_drift"]
        rate_hz = max(0.01, (4.5 ** chain["wow_rate"] - 1.0) * (1.0 + drift / 2.25))
        scatter = drift * math.sqrt(1.0 / 3.5 - 1.0 / 2.25**2)
        amount = chain["wow_var"] ** 1.25
        variance = 0.30348 * amount / math.sqrt(2.0 * (1.0 + 20.0 * amount))
        depth_percent = 100.0 * wow_s * 2.0 * math.pi * rate_hz
        if depth_percent > MOST_WOW_PERCENT:
            chain.remarks.append(f"wow moves the speed by {depth_percent:.0f} %; it is held at {MOST_WOW_PERCENT:g} %")
        chain.add(
            "wow",
            "wow",
            depth_percent=min(depth_percent, MOST_WOW_PERCENT),
            rate_hz=rate_hz,
            irregularity=scatter * math.sqrt(HOST_BLOCK_S / 2.0),
            variance=variance,
            drift_percent=0.0,
            reach_ms=min(25.0, max(1.0, 1000.0 * wow_s * (1.02 + 4.0 * variance))),
        )
        chain.controls["Wow"] = "wow.depth_percent"
    flutter_s = 0.36 * chain["depth"] ** 1.5 / RATE
    if flutter_s:
        rate_hz = 0.1 * 1000.0 ** chain["rate"]
        first, second, third = HARMONICS
        chain.add(
            "flutter",
            "flutter",
            depth_percent=100.0 * flutter_s * 2.0 * math.pi * rate_hz * (first + 2.0 * second + 3.0 * third),
            rate_hz=rate_hz,
            second=2.0 * second / first,
            third=3.0 * third / first,
            second_phase_deg=-45.0,
            third_phase_deg=162.0,
            irregularity=0.0,
            reach_ms=max(0.1, 1020.0 * flutter_s * sum(HARMONICS)),
        )
        chain.controls["Flutter"] = "flutter.depth_percent"
    if wow_s or flutter_s:
        chain.add("rumble", "dc_blocker", cutoff_hz=15.0)


def head(chain: Chain) -> None:
    """Add the losses of the playback head, its bump and its azimuth."""
    if not chain["loss_onoff"]:
        return
    chain.add(
        "head",
        "playhead_loss",
        speed_ips="$speed_ips",
        spacing_um=chain["spacing"],
        thickness_um=chain["thick"],
        gap_um=chain["gap"],
        phase="linear" if chain["drywet"] < 1.0 or chain["ifilt_makeup"] else "minimum",
    )
    chain.controls["Speed"] = "$speed_ips"
    bump_hz = chain["speed"] * INCH_M / (500.0 * chain["gap"] * 1e-6)
    gain = 1.5 * (1000.0 - abs(bump_hz - 100.0)) / 1000.0
    if gain > 1.0 and bump_hz >= LEAST_BUMP_HZ:
        chain.add("bump", "equalizer", mid_hz=bump_hz, mid_db=20.0 * math.log10(gain), mid_q=2.0)
        chain.remarks.append("the head bump stays where it is when Speed is turned")
    if chain["azimuth"]:
        chain.add("azimuth", "azimuth", angle_deg=chain["azimuth"], speed_ips="$speed_ips", law="original")


def out_of_the_tape(chain: Chain) -> None:
    """Add all that comes behind the tape."""
    if chain["stereo_balance"] and chain["stereo_makeup"]:
        chain.add("balance_back", "balance", balance_db=-6.0 * chain["stereo_balance"])
    if chain["mid_side"]:
        chain.add("to_left_right", "mid_side", direction="decode")
    chain.add("output_gain", "gain", gain_db=chain["outgain"])
    chain.controls["Output"] = "output_gain.gain_db"
    if chain["drywet"] < 1.0:
        chain.add("mix", "mix", mix=chain["drywet"])
        chain.controls["Mix"] = "mix.mix"
    if chain["mix_group"]:
        chain.remarks.append("the mix group, which links several plugins, has no meaning here")
