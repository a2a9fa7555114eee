"""The page of a comparison in a browser: it plays what is in the files, without a gap, and does not give away names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from browser import Page, chromium, opened

import tapegraph
from tapegraph import demo
from tapegraph.comparing.compare import compare

RATE = demo.SAMPLE_RATE
PROGRAM = chromium()
HOSTILE = "<img src=x onerror=\"window.hurt=1\"></script><script>window.hurt = 1</script> & 'it'"
READY = "document.documentElement.dataset.state === 'ready'"
NAMES = "[...document.querySelectorAll('.row .name')].map((name) => name.textContent)"
CHECKED = "[...document.querySelectorAll('.row')].findIndex((row) => row.ariaChecked === 'true')"

pytestmark = [
    pytest.mark.skipif(
        PROGRAM is None, reason="no Chromium here to open the page; what is written into it is tested without"
    ),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    song = folder / "a <b> & \"c\" 'd'.wav"
    soundfile.write(song, demo.music()[:, : 3 * RATE].T, RATE)
    quiet = tapegraph.Graph(title=HOSTILE, description=HOSTILE, nodes={"a": {"kind": "gain", "gain_db": -20}},
                            links=["input -> a -> output"])  # fmt: skip
    machines = {"quiet": quiet, "cassette": tapegraph.load("cassette"), HOSTILE: tapegraph.load("tc260")}
    compare(song, machines, folder / "a comparison #1 50%")
    return folder / "a comparison #1 50%"


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    assert PROGRAM
    with opened(PROGRAM) as page:
        yield page


@pytest.fixture
def page(browser: Page, folder: Path) -> Iterator[Page]:
    """The page, all of its sound loaded. Nothing may have gone wrong in it at the end, and nothing come from afar."""
    browser.open(folder / "index.html")
    browser.wait_for(READY)
    yield browser
    assert browser.messages == []
    assert all(address.startswith(folder.as_uri()) for address in browser.requested)


def test_it_plays_the_samples_of_the_files(page: Page, folder: Path) -> None:
    for index, file in enumerate(sorted(folder.glob("*.flac"))):
        sound, rate = soundfile.read(file)
        played = f"player.buffers[{index}]"
        assert page.run(f"[{played}.sampleRate, {played}.length]") == [rate, len(sound)]
        found = page.run(f"Array.from({played}.getChannelData(1).slice(60000, 61000))")
        np.testing.assert_allclose(found, sound[60_000:61_000, 1], rtol=3.06e-5)  # Chromium divides by 32 767


def test_it_switches_at_the_same_sample_without_a_gap(page: Page) -> None:
    """The player itself, in a context that renders into memory: from 0.5 s on, and the third version after a second."""
    before, between, after = page.run("""(async () => {
        const context = new OfflineAudioContext(2, 2 * 48000, 48000), away = new Player(context, player.buffers);
        away.position = 0.5;
        away.play(0);
        context.suspend(1).then(() => { away.choose(2); context.resume(); });
        const out = (await context.startRendering()).getChannelData(0);
        const a = player.buffers[0].getChannelData(0), b = player.buffers[2].getChannelData(0);
        const furthest = (start, end, one, other) => {
            let most = 0;
            for (let i = start; i < end; i++) {
                const x = one[i + 24000], y = other[i + 24000];
                most = Math.max(most, Math.min(x, y) - out[i], out[i] - Math.max(x, y));
            }
            return most;
        };
        return [furthest(4800, 48000, a, a), furthest(48000, 52800, a, b), furthest(52800, 96000, b, b)];
    })()""")
    assert max(before, after) < 1e-6  # equal, where the gains stand still
    assert between < 1e-6  # never louder than both, nor softer: the gains add up to 1
    unlike = "player.buffers[0].getChannelData(0)[72000] - player.buffers[2].getChannelData(0)[72000]"
    assert abs(page.run(unlike)) > 1e-3


def test_a_loop_goes_on_at_its_beginning_with_the_next_sample(page: Page) -> None:
    furthest = page.run("""(async () => {
        const context = new OfflineAudioContext(2, 2 * 48000, 48000), away = new Player(context, player.buffers);
        away.loop = [1, 1.5];
        away.play(0);
        const out = (await context.startRendering()).getChannelData(0), a = player.buffers[0].getChannelData(0);
        let most = 0;
        for (let i = 4800; i < 96000; i++) most = Math.max(most, Math.abs(out[i] - a[48000 + (i % 24000)]));
        return [most, away.at(0.25), away.at(1.75)];
    })()""")
    assert furthest == [pytest.approx(0.0, abs=1e-6), pytest.approx(1.25), pytest.approx(1.25)]


def test_keys_play_choose_seek_and_loop(page: Page) -> None:
    page.press("3")
    assert page.run(CHECKED) == 2
    page.press("ArrowDown")
    page.press("ArrowDown")
    assert page.run(CHECKED) == 0
    page.press(" ")
    page.wait_for("player.running && now() > 0.3")
    position = page.run("now()")
    page.press("2")
    assert position < page.run("now()") < position + 1  # it went on, from where it was
    page.press("[")
    assert page.run("player.loop[0]") > 0.3
    page.press("Escape")
    assert page.run("player.loop") == [0, 3]
    page.press(" ")
    assert page.run("player.running") is None
    page.run("player.move(0.5)")
    page.press("ArrowRight")
    assert page.run("now()") == 2.5


def test_a_click_on_the_picture_seeks_and_a_drag_loops(page: Page) -> None:
    left, width, y = page.run(
        "(({left, width, top}) => [left, width, top + 40])(by('pictures').getBoundingClientRect())"
    )
    page.drag(left + width / 2, left + width / 2, y)
    assert page.run("now()") == pytest.approx(1.5, abs=0.01)
    page.drag(left + width * 2 / 3, left + width / 3, y)
    assert page.run("player.loop") == [pytest.approx(1.0, abs=0.01), pytest.approx(2.0, abs=0.01)]
    page.run("by('whole').click()")
    assert page.run("player.loop") == [0, 3]


def test_both_pictures_are_drawn(page: Page) -> None:
    colours = """(id) => {
        const g = by(id).getContext("2d"), {width, height} = by(id);
        return new Set(new Uint32Array(g.getImageData(0, 0, width, height).data.buffer)).size;
    }"""
    for name in ("wave", "bands"):
        assert page.run(f"({colours})('{name}')") > 2
    page.wait_for(f"({colours})('spectrogram') > 100")


def test_a_tone_is_a_line_at_its_frequency_in_the_spectrogram(page: Page) -> None:
    rows = page.run("""(async () => {
        const tone = new AudioBuffer({length: 48000, sampleRate: 48000});
        tone.copyToChannel(Float32Array.from({length: 48000}, (_, i) => Math.sin(2 * Math.PI * 1000 * i / 48000)), 0);
        return Array.from((await spectrogram(tone, 10, 200)).slice(5 * 200, 6 * 200));
    })()""")
    row_of_1_khz = 200 * np.log(1000 / 40) / np.log(20_000 / 40)
    assert int(np.argmax(rows)) == pytest.approx(row_of_1_khz, abs=1.5)
    assert np.count_nonzero(np.array(rows) > 128) < 12


def test_blind_mode_hides_what_plays_until_it_is_revealed(page: Page) -> None:
    names = page.run(NAMES)
    page.press("b")
    assert page.run(NAMES) == ["Version A", "Version B", "Version C", "Version D"]
    shown = page.run("document.querySelector('main').innerText + document.querySelector('main').innerHTML")
    for secret in ("cassette", "quiet", "dBFS", "flac"):
        assert secret not in shown.replace("original, whatever plays", "")
    order = page.run("blind.order")
    assert sorted(order) == [0, 1, 2, 3]
    page.press("3")
    assert page.run("player.chosen") == order[2]
    for place, mark in ((0, 2), (1, 5), (2, 3)):
        page.run(f'document.querySelector(\'input[name="mark-{place}"][value="{mark}"]\').click()')
    page.run("by('reveal').click()")
    table = page.run("[...document.querySelectorAll('td strong')].map((name) => name.textContent)")
    assert table == [names[order[place]] for place in (1, 2, 0, 3)]
    page.run("by('again').click()")
    assert page.run("blind.marks.length") == 0
    page.press("b")
    assert page.run(NAMES) == names


def test_every_order_of_a_blind_round_is_as_likely(page: Page) -> None:
    """6 orders of 3, 6000 drawn: chi-squared with 5 degrees of freedom is below 30 but once in 60 000 runs."""
    orders = page.run("Array.from({length: 6000}, () => shuffled(3).join(''))")
    counts = np.unique(orders, return_counts=True)[1]
    assert len(counts) == 6
    assert np.sum((counts - 1000) ** 2 / 1000) < 30


def test_titles_and_names_are_shown_as_they_are(page: Page) -> None:
    assert page.run("window.hurt") is None
    assert page.run("by('song').textContent") == "a <b> & \"c\" 'd'.wav"
    assert page.run(NAMES)[3] == HOSTILE
    page.press("2")
    assert page.run("document.querySelector('.sheet h2').textContent") == HOSTILE
    assert page.run("document.querySelector('img')") is None


def test_what_is_missing_is_named(browser: Page, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes((folder / "index.html").read_bytes())
    browser.open(tmp_path / "index.html")
    browser.wait_for("document.documentElement.dataset.state === 'failed'")
    assert browser.run("by('status').textContent") == "The sound could not be loaded: page/00.js is missing"
    browser.messages.clear()
    browser.requested.clear()


def test_everything_that_can_be_used_has_a_name(page: Page) -> None:
    page.press("b")
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    used = [node for node in nodes if node.get("role", {}).get("value") in ("button", "radio", "slider", "link")]
    assert [node for node in used if not node["ignored"] and not node["name"]["value"]] == []
    assert len([node for node in used if node["role"]["value"] == "radio"]) == 4 + 4 * 5
