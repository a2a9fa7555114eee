"""Speed files: the pitch is that of the table, the loop has no seam, and what is no table is refused in words."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from harness import prepared, process
from motion_tone import played, speeds
from tapegraph_nodes.motion.speed_file import SpeedFile

import tapegraph
from tapegraph.errors import TapegraphError
from tapegraph.node import Node, Track
from tapegraph.node.speed_track import decoded, load

FS = 48_000.0
ROWS = "time_s,deviation_percent\n"


def written(folder: Path, time_s: npt.ArrayLike, percent: npt.ArrayLike) -> str:
    path = folder / "measured.csv"
    path.write_text(ROWS + "".join(f"{t:.6f},{p:.6f}\n" for t, p in np.column_stack([time_s, percent])))
    return str(path)


def ready(path: str, **params: float) -> Node:
    return prepared(SpeedFile, FS, 2, 64, file=path, **params)


@pytest.mark.parametrize("amount", [1.0, 2.0])
def test_the_pitch_is_that_of_the_table_without_its_mean_and_goes_round(tmp_path: Path, amount: float) -> None:
    """0.3 % on top of 5 Hz of 0.2 %, in 100 rows of 10 ms: two rounds and a half."""
    t = np.arange(100) * 0.01
    node = ready(written(tmp_path, t, 0.3 + 0.2 * np.sin(2 * np.pi * 5 * t)), amount=amount)
    found = speeds(played(node, 2.5), FS)[4800:]
    now = np.arange(4801, 4801 + found.size) / FS
    rows = np.arange(252) * 0.01
    expected = 1 + amount * 0.002 * np.interp(now, rows, np.sin(2 * np.pi * 5 * rows))
    np.testing.assert_allclose(found, expected, atol=2e-5 * amount)


def test_where_the_file_ends_neither_pitch_nor_place_steps(tmp_path: Path) -> None:
    """From 0.5 % at the end to -0.5 % at the beginning, over one step of 0.1 s."""
    node = ready(written(tmp_path, np.arange(6) * 0.1, np.linspace(-0.5, 0.5, 6)))
    y = played(node, 1.5)
    found = speeds(y, FS)[4800:]
    assert np.max(np.abs(np.diff(found))) < 1e-4
    n = np.array([0.55, 1.15])
    np.testing.assert_allclose(found[(n * FS).astype(int) - 4800], 1.0, atol=2e-5)
    slope = (found[int(0.58 * FS) - 4800] - found[int(0.52 * FS) - 4800]) / 0.06
    assert slope == pytest.approx(-0.1, rel=0.02)


def test_rows_may_come_at_any_times(tmp_path: Path) -> None:
    node = ready(written(tmp_path, np.array([5.0, 5.1, 5.4, 5.5]), np.array([1.0, -1.0, -1.0, 1.0])))
    found = speeds(played(node, 0.5), FS)
    steps = np.array([0.1, 0.3, 0.1, 0.5 / 3])
    mean = np.sum(steps * [0.0, -1.0, 0.0, 1.0]) / np.sum(steps)
    assert found[int(0.25 * FS)] == pytest.approx(1 + (-1.0 - mean) / 100, abs=3e-5)
    assert found[int(0.05 * FS)] == pytest.approx(1 - mean / 100, abs=3e-5)


def test_the_latency_is_half_the_way_of_an_amount_of_2(tmp_path: Path) -> None:
    """1 % of 2 Hz moves by 0.01 / (2 pi 2) s to both sides: at 2 by 1.59 ms."""
    t = np.arange(500) * 0.001
    node = ready(written(tmp_path, t, np.sin(2 * np.pi * 2 * t)))
    assert node.latency() == pytest.approx(8 + 2 * 0.01 / (4 * np.pi) * FS, abs=1.5)


def test_without_a_file_or_an_amount_it_is_a_delay_by_its_latency(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (2, 6400))
    path = written(tmp_path, np.arange(10) * 0.1, np.arange(10) % 2 * 1.0)
    for node in (prepared(SpeedFile, FS, 2, 64), ready(path, amount=0.0)):
        late = int(node.latency())
        np.testing.assert_array_equal(process(node, x)[0][:, late:], x[:, :-late])


def test_a_file_that_drifts_too_far_is_refused(tmp_path: Path) -> None:
    """A minute at 4 % and one at -4 % move the sound by 2.4 s, and the 40 s back to the first row by another 0.4 s."""
    path = written(tmp_path, np.array([0.0, 60.0, 60.001, 120.0]), np.array([4.0, 4.0, -4.0, -4.0]))
    with pytest.raises(TapegraphError) as error:
        ready(path)
    assert str(error.value) == "file moves the sound by 2.8 s; it must be 0.5 s at most, so take its drift off"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "{}:1: the header is missing; it must be time_s,deviation_percent"),
        ("0,1\n1,2\n", "{}:1: the header is '0,1'; it must be time_s,deviation_percent"),
        (ROWS + "0,1\n", "{}: has 1 rows of numbers; there must be at least 2"),
        (ROWS + "0,1\n1\n", "{}:3: is '1'; it must be two numbers, time_s,deviation_percent"),
        (ROWS + "0,1\n1,2,3\n", "{}:3: is '1,2,3'; it must be two numbers, time_s,deviation_percent"),
        (ROWS + "0,1\n1,x\n", "{}:3: is '1,x'; it must be two numbers, time_s,deviation_percent"),
        (ROWS + "0,1\n1,nan\n", "{}:3: deviation_percent is nan %; it must be -10 to 10 %"),
        (ROWS + "0,1\ninf,1\n", "{}:3: time_s is inf s; it must be a finite time"),
        (ROWS + "0,1\n1,11\n", "{}:3: deviation_percent is 11 %; it must be -10 to 10 %"),
        (ROWS + "0,1\n2,1\n1,1\n", "{}: the time after 2 s is 1 s; times must increase by 1e-05 s or more"),
        (ROWS + "1,1\n1,1\n", "{}: the time after 1 s is 1 s; times must increase by 1e-05 s or more"),
        (ROWS + "0,1\n4000,1\n", "{}: lasts 4000 s; the most is 3600 s"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "measured.csv"
    path.write_text(text)
    with pytest.raises(TapegraphError) as error:
        load(str(path))
    assert str(error.value) == message.format(path)


def test_what_is_no_text_and_what_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "measured.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TapegraphError, match="not a text file; it must be a .csv in UTF-8, or a .wav"):
        load(str(path))
    with pytest.raises(TapegraphError, match="cannot be read: No such file or directory"):
        load(str(tmp_path / "missing.csv"))
    with pytest.raises(TapegraphError, match="cannot be read: Is a directory"):
        load(str(tmp_path))


def test_a_file_that_was_edited_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "measured.csv"
    path.write_text(ROWS + "0,1\n1,1\n")
    assert load(str(path)).deviation.tolist() == [0.01, 0.01]
    path.write_text(ROWS + "0,1\n1,1\n2,3\n")
    assert load(str(path)).deviation.tolist() == [0.01, 0.01, 0.03]


def recorded(folder: Path, deviation: npt.ArrayLike, rate: int = 100, subtype: str = "DOUBLE") -> str:
    path = folder / "measured.wav"
    soundfile.write(path, np.asarray(deviation), rate, subtype)
    return str(path)


def test_a_sound_file_is_the_table_of_its_samples(tmp_path: Path) -> None:
    percent = np.round(0.3 + 0.2 * np.sin(np.arange(300) / 3), 6)
    table = load(written(tmp_path, np.arange(300) * 0.01, percent))
    sound = load(recorded(tmp_path, percent / 100))
    np.testing.assert_allclose(sound.time_s, table.time_s, atol=1e-12)
    np.testing.assert_allclose(sound.deviation, table.deviation, atol=1e-12)


@pytest.mark.parametrize(("subtype", "error"), [("FLOAT", 2e-9), ("PCM_24", 1.2e-7), ("PCM_16", 3.1e-5)])
def test_a_sample_of_one_is_100_percent_in_every_format(tmp_path: Path, subtype: str, error: float) -> None:
    """A step of 24 bits is 1.2e-7, and one of 16 bits 3.1e-5."""
    track = load(recorded(tmp_path, [0.01, -0.02, 0.05], 8, subtype))
    np.testing.assert_allclose(track.deviation, [0.01, -0.02, 0.05], atol=error)
    np.testing.assert_array_equal(track.time_s, [0.0, 0.125, 0.25])


@pytest.mark.parametrize("rate", [5, 4000])
def test_the_pitch_is_that_of_the_sound_file_at_its_own_rate(tmp_path: Path, rate: int) -> None:
    """A second of 1 Hz, 0.2 %."""
    s = 0.002 * np.sin(2 * np.pi * np.arange(rate) / rate)
    found = speeds(played(ready(recorded(tmp_path, s, rate)), 1.5), FS)[4800:]
    now = np.arange(4801, 4801 + found.size) / FS
    expected = 1 + np.interp(now, np.arange(2 * rate) / rate, np.tile(s, 2))
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize(
    ("deviation", "rate", "message"),
    [
        (np.zeros((9, 2)), 100, "{}: has 2 channels; it must have one"),
        ([], 100, "{}: has 0 samples; there must be at least 2"),
        ([0.01], 100, "{}: has 1 samples; there must be at least 2"),
        ([0.0, 0.0, 0.5], 4, "{}: deviates by 50 % at 0.5 s; it must be -10 to 10 %, where a sample of 1 is 100 %"),
        ([0.0, np.nan], 4, "{}: deviates by nan % at 0.25 s; it must be -10 to 10 %, where a sample of 1 is 100 %"),
        ([-np.inf, 0.0], 4, "{}: deviates by -inf % at 0 s; it must be -10 to 10 %, where a sample of 1 is 100 %"),
        (np.zeros(9), 192_000, "{}: its sample rate is 192000 Hz; the most is 100000 Hz"),
        (np.zeros(500_001), 8000, "{}: has more than 500000 samples, the most that are read"),
        (np.zeros(3602), 1, "{}: lasts 3601 s; the most is 3600 s"),
    ],
)
def test_a_sound_file_that_is_no_course_of_speed_is_refused(
    tmp_path: Path, deviation: npt.ArrayLike, rate: int, message: str
) -> None:
    path = recorded(tmp_path, deviation, rate, "FLOAT")
    with pytest.raises(TapegraphError) as error:
        load(path)
    assert str(error.value) == message.format(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", (ROWS + "0,1\n1,1\n").encode()])
def test_what_is_no_sound_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "measured.WAV"
    path.write_bytes(content)
    with pytest.raises(TapegraphError) as error:
        load(str(path))
    assert str(error.value) == f"{path}: not a sound file; it must be a .wav of one channel"


def test_a_sound_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = recorded(tmp_path, np.zeros(2_100_000))
    with pytest.raises(TapegraphError) as error:
        load(path)
    assert str(error.value) == f"{path}: has more than 16777216 bytes, the most that is read"


def test_a_damaged_sound_file_is_read_or_refused_and_nothing_else() -> None:
    """Three bytes of the header or of the samples are replaced, or the end is lost."""
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.01 * np.sin(np.arange(50)), 100, "FLOAT", format="WAV")
    outcomes = {"read": 0, "refused": 0}
    for _ in range(500):
        content = bytearray(buffer.getvalue())
        for _ in range(3):
            content[rng.integers(len(content))] = rng.integers(256)
        try:
            track = decoded(Path("it.wav"), bytes(content[: rng.integers(1, 2 * len(content))]))
        except TapegraphError as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
        else:
            assert 2 <= len(track.time_s) == len(track.deviation)
            assert np.max(np.abs(track.deviation)) <= 0.1
            assert np.all(np.diff(track.time_s) > 0)
            outcomes["read"] += 1
    assert min(outcomes.values()) > 10


GRAPH = """
tapegraph: 1
nodes:
  motion: {kind: speed_file, file: FILE}
links:
  - input -> motion -> output
"""


def test_a_graph_names_the_file_relative_to_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    written(tmp_path / "here", np.arange(20) * 0.1, np.sin(np.arange(20)))
    (tmp_path / "here" / "graph.yaml").write_text(GRAPH.replace("FILE", "measured.csv"))
    graph = tapegraph.load(tmp_path / "here" / "graph.yaml")
    x = np.random.default_rng(0).uniform(-1, 1, (2, 9600))
    assert np.max(np.abs(graph.render(x, 48_000, tail=0) - x)) > 0.1
    graph.save(tmp_path / "graph.yaml")
    assert "here/measured.csv" in (tmp_path / "graph.yaml").read_text()


def test_a_graph_may_not_name_a_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    path = written(tmp_path, np.arange(20) * 0.1, np.sin(np.arange(20)))
    (tmp_path / "here" / "graph.yaml").write_text(GRAPH.replace("FILE", "../measured.csv"))
    with pytest.raises(TapegraphError, match=f"{path} is outside the folder of the graph"):
        tapegraph.load(tmp_path / "here" / "graph.yaml")


def test_a_graph_that_names_a_missing_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(GRAPH.replace("FILE", "missing.csv"))
    with pytest.raises(TapegraphError, match=r"motion.file cannot be 'missing.csv': missing.csv: cannot be read"):
        tapegraph.load(tmp_path / "graph.yaml")


def test_a_track_is_the_path_of_a_file_or_nothing() -> None:
    with pytest.raises(ValueError, match=r'^is 3; it must be the path of a file \(.csv or .wav\), or ""$'):
        Track("file").check(3)
    assert Track("file").check("") == ""


def test_a_damaged_file_is_read_or_refused_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    sound = (ROWS + "".join(f"{t / 10},{t % 3}\n" for t in range(20))).encode()
    outcomes = {"read": 0, "refused": 0}
    for _ in range(500):
        content = bytearray(sound)
        for _ in range(rng.integers(1, 4)):
            content[rng.integers(len(content))] = rng.choice(list(b"0123456789,.-e\n\x00\xff"))
        try:
            track = decoded(Path("it.csv"), bytes(content))
        except TapegraphError:
            outcomes["refused"] += 1
        else:
            assert np.isfinite(track.time_s).all()
            assert np.max(np.abs(track.deviation)) <= 0.1
            outcomes["read"] += 1
    assert min(outcomes.values()) > 10
