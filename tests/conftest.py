"""What all tests share: a sound card that is not there, every kind of node, and a look at the extensions beforehand.

Extensions that are older than their sources are refused: they would hide every later edit.
"""

from __future__ import annotations

import gc
import importlib.util
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import fake_sounddevice
import pytest
import soloist
from collection import LEVEL, MACHINES, NAMES, add


def pytest_sessionstart(session: pytest.Session) -> None:
    stale = []
    for package in ("tapegraph", "tapegraph_nodes"):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            pytest.exit(f"{package} is not installed; run pip install -e '.[dev]'", returncode=1)
        for folder in map(Path, spec.submodule_search_locations):
            for extension in [*folder.rglob("*.so"), *folder.rglob("*.pyd")]:
                source = extension.with_name(extension.name.partition(".")[0] + ".py")
                if source.exists() and source.stat().st_mtime > extension.stat().st_mtime:
                    stale.append(source.name)
    if stale:
        pytest.exit(f"older than their source: {', '.join(stale)}; run python -P tapegraph/_build.py", returncode=1)


# .ci/run tests three times, and everything only the first time, on a checked build. The wheel and the interpreted
# package are tested --again, for what may differ there: whether all that it needs is installed, and how nodes sound.
# Folders of tests that can show neither are left out; whole programs and presets, which are in none, stay.
TEXT = ("document", "drawing", "ui")  # hear no sound, or a few blocks: no build changes files, pictures and screens
# Around the nodes is plain Python in every build. It hears nodes by their sound alone, which nodes and laws are tested
# for, to the bit; interpreted, these would wait for the same sound thirty times as long.
AROUND = ("analysis", "files", "fuzz", "imports", "live", "stn")
LONG = ("augment", "batch", "comparing", "measure")  # the same, and minutes of sound: interpreted, always left out


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--again", action="store_true", help="leave out what cannot differ in another build")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    import tapegraph

    left_out = TEXT if tapegraph.COMPILED else TEXT + AROUND
    return True if config.getoption("--again") and collection_path.name in left_out else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    import tapegraph

    items.sort(key=lambda item: item.get_closest_marker("first") is None)
    for item in items:
        long = item.path.parent.name in LONG or item.get_closest_marker("long")
        if long and not tapegraph.COMPILED:
            item.add_marker(pytest.mark.skip(reason="interpreted nodes take minutes to play what is tested here"))


def pytest_collection_finish() -> None:
    gc.freeze()  # thousands of tests stay until the end: to look for garbage among them takes longer than some tests


def pytest_report_header() -> str:
    import tapegraph

    return f"tapegraph {tapegraph.__version__}, {'compiled' if tapegraph.COMPILED else 'interpreted'}"


@pytest.fixture(autouse=True)
def signals_that_end() -> Iterator[None]:
    """Have signals end a test and what it starts, also where a shell ignores them: in its background, after nohup."""
    ending = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]
    ignored = [number for number in ending if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let graphs name the nodes in toys.py."""
    from tapegraph.node import registry

    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})
    registry.add_nodes(str(Path(__file__).with_name("toys.py")))


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six clips in two folders, and machines.yaml, in the working folder."""
    from tapegraph.node import registry

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_index", None)  # what a test adds is for itself alone
    monkeypatch.setattr(registry, "_found", {})
    Path("machines.yaml").write_text(MACHINES)
    Path("level.yaml").write_text(LEVEL)
    for number, name in enumerate(NAMES):
        add(f"corpus/{name}.wav", number)
    return tmp_path


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> type[fake_sounddevice.OutputStream]:
    """Have sounddevice list and open cards that ask for sound and drop it."""
    monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice)
    return fake_sounddevice.OutputStream


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test in tests/laws that takes a kind on all kinds of nodes, an outsider's among them."""
    if "kind" in metafunc.fixturenames and Path(metafunc.module.__file__).parent.name == "laws":
        metafunc.parametrize("kind", sorted(soloist.with_outsider()[0].kinds), indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let a test find the outsider's nodes, which no other test does."""
    from tapegraph.node import registry

    index, found = soloist.with_outsider()
    monkeypatch.setattr(registry, "_index", index)
    monkeypatch.setattr(registry, "_found", found)
    return str(request.param)
