"""The laws are tested on an outsider's node with two outputs, the crossover, into which mistakes are put one by one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import attrs
import pytest
import soloist

from tapegraph.node import registry
from tapegraph.testing import LawBroken, audio_thread, denormals, ramps, robustness, state, timing

SOURCE = (soloist.OUTSIDER / "crossover.py").read_text("utf-8")
LOW_STATES = "        self.low = "
HIGH_STATES = "        self.high = "
KEEP = "        if not hasattr(self, 'low'):\n    "
KEPT_STATES = "        s[:] = audible(s1), audible(s2)\n"
PROCESS = "        g = self.ramp()\n"


@attrs.frozen
class Mistake:
    """A mistake, and the law that has to find it.

    changes: texts of the source, each with what takes its place
    """

    name: str
    law: Callable[..., None]
    changes: dict[str, str]


clicks = partial(ramps.setting_a_parameter_makes_no_click, runs=((48_000.0, 16),))
recovers = partial(robustness.a_node_recovers_from_what_is_not_sound, junk=(float("nan"),))
MISTAKES = [
    Mistake(
        "no state is reset",
        state.reset_is_as_good_as_new,
        {LOW_STATES: KEEP + LOW_STATES, HIGH_STATES: KEEP.replace("low", "high") + HIGH_STATES},
    ),
    Mistake(
        "the state of the second output is not reset",
        state.reset_is_as_good_as_new,
        {HIGH_STATES: KEEP.replace("low", "high") + HIGH_STATES},
    ),
    Mistake(
        "what is not a number survives a reset",
        recovers,
        {HIGH_STATES: KEEP.replace("low", "high") + HIGH_STATES},
    ),
    Mistake(
        "the ramp is not at its target after a reset",
        state.after_a_reset_what_moved_to_a_target_is_there,
        {
            "self.reached = self.ramp_end = self.target": "self.reached = getattr(self, 'reached', self.target)\n"
            "        self.ramp_end = self.target"
        },
    ),
    Mistake(
        "parameters count before the first start only",
        state.prepared_again_a_node_is_as_good_as_new,
        {"self.target = math": "self.target = self.target if hasattr(self, 'target') else math"},
    ),
    Mistake(
        "the first output leaks with every block",
        state.the_output_does_not_depend_on_the_size_of_the_blocks,
        {"audible(s1), audible(s2)": "audible(s1 * 0.9999 if output == LOW else s1), audible(s2)"},
    ),
    Mistake(
        "the second output leaks with every block",
        state.the_output_does_not_depend_on_the_size_of_the_blocks,
        {"audible(s1), audible(s2)": "audible(s1 * 0.9999 if output == HIGH else s1), audible(s2)"},
    ),
    Mistake(
        "a leak, where blocks begin elsewhere",
        state.a_delayed_input_gives_the_same_output_delayed_by_as_much,
        {"audible(s1), audible(s2)": "audible(s1 * 0.9999 if output == HIGH else s1), audible(s2)"},
    ),
    Mistake(
        "subnormal numbers stay",
        denormals.a_node_falls_silent_with_its_input_at_every_extreme_of_the_parameters,
        {"0.0 if abs(state) < 1e-30 else state": "state"},
    ),
    Mistake(
        "subnormal numbers stay in the second output",
        denormals.a_node_falls_silent_with_its_input_at_every_extreme_of_the_parameters,
        {"s[:] = audible(s1), audible(s2)": "s[:] = (s1, s2) if output == HIGH else (audible(s1), audible(s2))"},
    ),
    Mistake(
        "channels share states in the second output",
        state.independent_channels_sound_alone_as_they_do_beside_others,
        {"twice(sound, g, self.high[c], HIGH)": "twice(sound, g, self.high[0], HIGH)"},
    ),
    Mistake(
        "the number of a channel is that in its part",
        state.independent_channels_sound_alone_as_they_do_beside_others,
        {"twice(sound, g, self.high[c], HIGH)": "twice([s * (1 + c) for s in sound], g, self.high[c], HIGH)"},
    ),
    Mistake("the second output is inverted", state.no_output_is_upside_down, {"np.array(high)": "-np.array(high)"}),
    Mistake("no ramp", clicks, {PROCESS: "        self.reached = self.ramp_end = self.target\n" + PROCESS}),
    Mistake("a ramp of one block, if short", clicks, {"math.ceil(RAMP_S * self.fs / float(self.frames))": "1"}),
    Mistake(
        "update() begins the ramp anew",
        state.update_without_a_change_changes_nothing,
        {"    def reset": "        self.blocks_left = self.ramp_blocks\n\n    def reset"},
    ),
    Mistake(
        "update() silences",
        state.update_without_a_change_changes_nothing,
        {"    def reset": "        if hasattr(self, 'high'):\n            self.high[0][0][0] = 0.0\n\n    def reset"},
    ),
    Mistake(
        "process() reads a file",
        audio_thread.nothing_outside_the_process_is_touched,
        {PROCESS: "        open(__file__).close()\n" + PROCESS},
    ),
    Mistake(
        "update() looks for a file",
        audio_thread.nothing_outside_the_process_is_touched,
        {"    def reset": "        __import__('os').listdir('.')\n\n    def reset"},
    ),
    Mistake(
        "process() makes room",
        audio_thread.no_large_memory_is_taken,
        {PROCESS: "        np.zeros(1 << 17)\n" + PROCESS},
    ),
    Mistake(
        "reset() designs",
        audio_thread.the_work_of_a_call_fits_into_a_block,
        {HIGH_STATES: "        np.fft.rfft(np.zeros(1 << 17))\n" + HIGH_STATES},
    ),
    Mistake(
        "a tail 20 times too short",
        timing.the_output_ends_with_the_tail,
        {"return 20.0 *": "return 0.05 * 20.0 *", "300.0 /": "15.0 /"},
    ),
    Mistake(
        "a tail 20 times too long",
        timing.the_output_ends_with_the_tail,
        {"return 20.0 *": "return 20.0 * 20.0 *"},
    ),
    Mistake(
        "a latency of one frame too much",
        timing.the_latency_is_true,
        {"    def tail": "    def latency(self) -> float:\n        return 1.0\n\n    def tail"},
    ),
    Mistake(
        "a constant comes out of silence",
        robustness.silence_gives_silence,
        {"y.append(l": "y.append(1e-9 + l"},
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_law_finds(mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})
    text = SOURCE
    for old, new in mistake.changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = tmp_path / "crossover.py"
    file.write_text(text, "utf-8")
    assert registry.add_nodes(file) == ["crossover"]
    with pytest.raises(LawBroken):
        mistake.law("crossover")
