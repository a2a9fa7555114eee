"""Where kinds come from: installed packages, files and folders; and what is refused."""

from __future__ import annotations

import importlib.metadata
import pickle
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import tapegraph
from tapegraph.__main__ import main
from tapegraph.node import registry
from tapegraph.node.declaration import NAME_RULE

HALF = '''
"""Two nodes of somebody's own."""
import numpy as np
from tapegraph import Node, Param, Signal

class Half(Node):
    """Half as loud: y = x / 2."""
    KIND = "half"
    PARAMS = (Param("part", 0.5, 0.0, 1.0, meaning="how much is left"),)
    def process(self, x, y):
        y[0].put(x[0].array * self.part)

class Inverted(Node):
    KIND = "inverted"
    def process(self, x, y):
        y[0].put(-x[0].array)
'''


def ranged(rest: str) -> str:
    """Return the file of nodes with another range of a parameter."""
    return HALF.replace('0.5, 0.0, 1.0, meaning="how much is left"', f"0.5, {rest}")


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})


def package(folder: Path, name: str, entry: str, files: Mapping[str, str]) -> None:
    """Write an installed distribution: its modules and its entry in the group."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[tapegraph.nodes]\nx = {entry}\n")


def test_a_file_of_nodes_in_numpy_needs_no_compiler_and_is_a_full_citizen(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HALF)
    assert registry.add_nodes(tmp_path / "mine.py") == ["half", "inverted"]
    assert {"half", "inverted", "gain"} <= set(registry.kinds())
    graph = tapegraph.chain(half={"part": 0.25}, inverted={}, gain={"gain_db": 20})
    np.testing.assert_allclose(graph.render(np.ones(500), 48_000), -2.5)
    assert registry.source(registry.find("half")).summary == "Half as loud: y = x / 2."
    assert registry.source(registry.find("inverted")).summary == "Two nodes of somebody's own."
    assert registry.add_nodes(tmp_path) == ["half", "inverted"]  # the same file again is no conflict


def test_an_installed_package_brings_its_modules_as_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "strange", "strange_nodes", {"strange_nodes/__init__.py": "", "strange_nodes/half.py": HALF})
    assert "half" in registry.kinds()
    assert "strange_nodes.half" not in sys.modules  # nothing is imported before it is wanted
    assert registry.origin("half") == "strange 1.2"
    assert tapegraph.chain(half={}).render(np.ones(1), 48_000)[0] == 0.5


def test_modules_in_folders_of_an_installed_package_are_kinds_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package(
        tmp_path,
        "deep",
        "deep_nodes",
        {
            "deep_nodes/__init__.py": "",
            "deep_nodes/levels/__init__.py": "",
            "deep_nodes/levels/half.py": HALF,
            "deep_nodes/levels/soft/__init__.py": "",
            "deep_nodes/levels/soft/inverted.py": HALF,
            "deep_nodes/levels/_draft.py": "raise RuntimeError",
            "deep_nodes/_kernels/__init__.py": "raise RuntimeError",
            "deep_nodes/_kernels/kernel.py": "raise RuntimeError",
        },
    )
    assert {"half", "inverted"} <= set(registry.kinds())
    assert not {"levels", "soft", "_draft", "draft", "kernel"} & set(registry.kinds())
    assert not any(name.startswith("deep_nodes.") for name in sys.modules)  # not imported before they are used
    assert registry.origin("inverted") == "deep 1.2"
    assert tapegraph.chain(half={}, inverted={}).render(np.ones(1), 48_000)[0] == -0.5
    assert registry.find("inverted").__module__ == "deep_nodes.levels.soft.inverted"
    assert not registry.warnings()


def test_a_folder_of_nodes_is_read_with_the_folders_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "levels" / "soft").mkdir(parents=True)
    (tmp_path / "_old").mkdir()
    (tmp_path / ".cache").mkdir()
    (tmp_path / "levels" / "soft" / "mine.py").write_text(HALF)
    for name in ("_old/x.py", ".cache/x.py", "levels/_x.py"):
        (tmp_path / name).write_text("raise RuntimeError")
    assert main(["describe", "half", "--nodes", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(f"half, {tmp_path}/levels/soft/mine.py")
    assert registry.added_paths() == [tmp_path / "levels" / "soft" / "mine.py"]
    assert tapegraph.chain(half={}).render(np.ones(1), 48_000)[0] == 0.5


def test_a_broken_package_is_a_warning_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "broken", "broken_nodes", {"broken_nodes.py": "import nothing_of_that_name"})
    package(tmp_path, "gone", "gone_nodes", {})
    assert "gain" in registry.kinds()
    assert registry.warnings() == [
        "broken 1.2 is left out: broken_nodes contains no class with a KIND that is written as text",
        "gone 1.2 is left out: there is no module gone_nodes",
    ]


def test_two_packages_with_one_kind_are_told_apart_by_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "other", "other_nodes", {"other_nodes.py": HALF.replace('"half"', '"gain"')})
    own = importlib.metadata.version("tapegraph")
    with pytest.raises(tapegraph.TapegraphError) as caught:
        registry.find("gain")
    assert str(caught.value) == f"the kind gain comes from tapegraph {own} and from other 1.2; remove one"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_there", "{file}:1: ModuleNotFoundError: No module named 'nothing_there'"),
        ("x = (", "{file}:1: SyntaxError: '(' was never closed"),
        ("import sys; sys.exit(7)", "{file}:1: SystemExit: 7"),
        ("raise BaseException('odd')", "{file}:1: BaseException: odd"),
        (HALF + HALF.replace("class Half", "class Other"), "{file}: defines the kind half twice; remove one"),
        (
            HALF.replace('"part"', '"fs"'),
            "{file}: half has a parameter called fs; that name is reserved or used twice",
        ),
        (
            HALF.replace('KIND = "half"', 'KIND = "half"\n    INPUTS = "in"'),
            "{file}: INPUTS of half is 'in'; it must be a tuple of names",
        ),
        (
            HALF.replace('KIND = "half"', 'KIND = "half"\n    CHANNELS = -1'),
            "{file}: CHANNELS of half is -1; it must be a whole number from 0 up",
        ),
        (
            HALF.replace('KIND = "half"', 'KIND = "half"\n    COUPLED_BY = ("gain",)'),
            "{file}: COUPLED_BY of half is ('gain',); it must be None or a tuple of names of its parameters",
        ),
        (
            HALF.replace('"part", 0.5', "1, 0.5"),
            "{file}: half has a parameter called 1; " + NAME_RULE,
        ),
        ("x = 1", "{file}: contains no node; a node is a subclass of tapegraph.Node with a KIND"),
        (
            HALF.replace('Param("part", 0.5', 'Param("part", 5'),
            "{file}: the default of half.part is 5; it must be 0 to 1",
        ),
        (
            HALF.replace('"half"', '"my half"'),
            "{file}: KIND is 'my half'; names consist of letters, digits, _ and -, and begin with a letter or _",
        ),
        (
            HALF.replace('"part"', '"kind"'),
            "{file}: half has a parameter called kind; that name is reserved or used twice",
        ),
        (ranged('0.0, 1.0, curve="log"'), "has the curve log and a minimum of 0; log needs one above 0, dB one of 0"),
        (ranged('0.1, 1.0, curve="dB"'), "has the curve dB and a minimum of 0.1; log needs one above 0, dB one of 0"),
        (ranged('0.0, 1.0, curve="exp"'), "has the curve 'exp'; it must be one of linear, log, dB"),
        (ranged("1.0, 1.0"), "has the range 1 to 1; it must be finite and increase"),
        (ranged("0.0, float('inf')"), "has the range 0 to inf; it must be finite and increase"),
        (
            ranged("0.0, 1.5, whole=True"),
            "takes whole numbers and has the range 0 to 1.5; its ends must be whole numbers too",
        ),
        (
            ranged("0.0, 1.0, whole=True"),
            "{file}: the default of half.part is 0.5; it must be a whole number from 0 to 1",
        ),
    ],
)
def test_what_is_wrong_with_a_file_of_nodes_is_said_in_a_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        registry.add_nodes(file)
    assert str(caught.value) == (message if "{file}" in message else f"{{file}}: half.part {message}").format(file=file)


def test_a_path_that_is_not_there_or_not_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tapegraph.TapegraphError, match="there is no such file or folder of nodes"):
        registry.add_nodes(tmp_path / "mine.py")
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(tapegraph.TapegraphError, match="must be Python and end in .py"):
        registry.add_nodes(tmp_path / "mine.txt")


SCALE = """from tapegraph import Node
class Scale(Node):
    KIND = 'scale'
    def process(self, x, y): y[0].put(x[0].array * {})
"""


@tapegraph.register
class Inverse(tapegraph.Node):
    """Inverse: y = -x."""

    KIND = "inverse"

    def process(self, x: list[tapegraph.Signal], y: list[tapegraph.Signal]) -> None:
        y[0].put(-x[0].array)


def first_sample(graph: tapegraph.Graph) -> float:
    return float(graph.render(np.ones(64), 48_000)[0])


def test_a_class_made_in_python_is_a_node_like_any_other(tmp_path: Path) -> None:
    tapegraph.register(Inverse)
    assert "inverse" in tapegraph.kinds()
    graph = tapegraph.chain(inverse={}, gain={"gain_db": 20})
    assert first_sample(graph) == pytest.approx(-10)
    assert graph.stream(48_000).process(np.ones(640))[-1] == pytest.approx(-10)
    graph.save(tmp_path / "graph.yaml")
    assert tapegraph.load(tmp_path / "graph.yaml") == graph
    assert registry.source(registry.find("inverse")).summary == "Inverse: y = -x."


def test_a_cell_of_a_notebook_that_runs_again_replaces_its_class() -> None:
    for factor in (2.0, 3.0):
        cell = {"__name__": "__main__", "factor": factor}
        text = SCALE.format("factor").replace("class Scale", "import tapegraph\n@tapegraph.register\nclass Scale")
        exec(text, cell)
        assert first_sample(tapegraph.chain(scale={})) == factor


def test_a_class_of_a_kind_that_exists_is_refused() -> None:
    class Gain(tapegraph.Node):
        KIND = "gain"

        def process(self, x: list[tapegraph.Signal], y: list[tapegraph.Signal]) -> None:
            y[0].put(x[0].array)

    own = importlib.metadata.version("tapegraph")
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.register(Gain)
    place = "the class test_a_class_of_a_kind_that_exists_is_refused.<locals>.Gain in test_registry"
    assert str(caught.value) == f"the kind gain comes from tapegraph {own} and from {place}; remove one"
    with pytest.raises(tapegraph.TapegraphError, match="^<class 'int'> is not a node; a node is a subclass of"):
        tapegraph.register(int)  # type: ignore[type-var]


def test_a_class_without_process_is_refused() -> None:
    class Mute(tapegraph.Node):
        KIND = "mute"

    with pytest.raises(tapegraph.TapegraphError, match=r"mute has no process\(\); a node makes its sound there$"):
        tapegraph.register(Mute)


def test_a_file_that_was_edited_and_added_again_runs_as_it_is_now(tmp_path: Path) -> None:
    """Also within a second and with the same length: bytecode that Python caches would not notice."""
    file = tmp_path / "scale.py"
    for factor in ("0.5", "0.7", "0.25"):
        file.write_text(SCALE.format(factor))
        assert tapegraph.add_nodes(file) == ["scale"]
        assert first_sample(tapegraph.chain(scale={})) == float(factor)
    file.write_text("class")
    with pytest.raises(tapegraph.TapegraphError, match="SyntaxError"):
        tapegraph.add_nodes(file)
    assert first_sample(tapegraph.chain(scale={})) == 0.25
    file.write_text(SCALE.format("1.0").replace("'scale'", "'scaled'"))
    assert tapegraph.add_nodes(tmp_path) == ["scaled"]
    assert "scale" not in tapegraph.kinds()


def test_two_files_of_one_kind_are_refused_and_the_first_remains(tmp_path: Path) -> None:
    for name, factor in (("a", 0.5), ("b", 0.25)):
        (tmp_path / f"{name}.py").write_text(SCALE.format(factor))
    tapegraph.add_nodes(tmp_path / "a.py")
    message = f"the kind scale comes from {tmp_path}/a.py and from {tmp_path}/b.py; remove one"
    for path in (tmp_path / "b.py", tmp_path):
        with pytest.raises(tapegraph.TapegraphError) as caught:
            tapegraph.add_nodes(path)
        assert str(caught.value) == message
        assert first_sample(tapegraph.chain(scale={})) == 0.5


def test_another_process_gets_the_nodes_of_a_graph_with_it(tmp_path: Path) -> None:
    (tmp_path / "scale.py").write_text(SCALE.format(0.5))
    tapegraph.add_nodes(tmp_path / "scale.py")
    tapegraph.register(Inverse)
    with get_context("spawn").Pool(1) as pool:
        assert pool.map(first_sample, [tapegraph.chain(scale={}, inverse={})]) == [-0.5]


def test_a_class_that_another_process_cannot_import_is_told_with_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    class Local(tapegraph.Node):
        KIND = "local"

        def process(self, x: list[tapegraph.Signal], y: list[tapegraph.Signal]) -> None:
            y[0].put(x[0].array)

    tapegraph.register(Local)
    sent = pickle.dumps(tapegraph.chain(local={}))
    monkeypatch.setattr(registry, "_index", None)
    monkeypatch.setattr(registry, "_found", {})
    graph = pickle.loads(sent)
    with pytest.raises(tapegraph.TapegraphError) as caught:
        graph.render(np.ones(64), 48_000)
    assert str(caught.value).startswith(f"the kind local is the class {Local.__qualname__} in test_registry, which")
    assert str(caught.value).endswith("write the class to a file and call tapegraph.add_nodes(file)")


def test_a_graph_imports_the_package_of_its_kinds_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    trap = "raise SystemExit('imported')"
    package(tmp_path, "wanted", "wanted_nodes", {"wanted_nodes/__init__.py": "", "wanted_nodes/half.py": HALF})
    package(tmp_path, "trapped", "trap_nodes", {"trap_nodes/__init__.py": trap, "trap_nodes/unused.py": trap})
    package(tmp_path, "single", "trap_file:Inverted", {"trap_file.py": f"{HALF}\n{trap}"})
    assert {"half", "inverted", "unused"} <= set(tapegraph.kinds())
    assert tapegraph.chain(half={}).render(np.ones(1), 48_000)[0] == 0.5
    assert not {"trap_nodes", "trap_file"} & set(sys.modules)
    for kind in ("unused", "inverted"):
        with pytest.raises(tapegraph.TapegraphError, match=f"the kind {kind} of .* cannot be loaded: SystemExit"):
            registry.find(kind)


@pytest.mark.parametrize("how", ["current", "script"])
def test_what_lies_in_the_folder_of_a_program_is_not_installed(tmp_path: Path, how: str) -> None:
    package(tmp_path, "planted", "planted", {"planted.py": "print('planted code')\n" + HALF})
    program = "import tapegraph; print('half' in tapegraph.kinds()); tapegraph.load('clean')"
    (tmp_path / "program.py").write_text(program)
    arguments, folder = (["-c", program], tmp_path) if how == "current" else ([tmp_path / "program.py"], "/")
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_an_unknown_kind_is_told_with_the_nearest_name() -> None:
    with pytest.raises(tapegraph.TapegraphError, match=r"^no node kind is called gian; did you mean gain\?$"):
        registry.find("gian")


def test_a_node_compiled_in_another_build_is_refused_before_it_can_do_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not tapegraph.COMPILED:
        pytest.skip("an interpreted package has no method tables to get wrong")
    pytest.importorskip("mypyc.build", reason="needs mypyc to compile a package")
    folder = tmp_path / "strange_compiled"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "alien.py").write_text(
        "from typing import ClassVar\nfrom tapegraph.node import Node\n\n"
        "class Alien(Node):\n    KIND: ClassVar[str] = 'alien'\n"
    )
    built = subprocess.run(
        [sys.executable, "-m", "mypyc", "--ignore-missing-imports", "strange_compiled/alien.py"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "MYPYC_OPT_LEVEL": "0"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "alien", "strange_compiled", {})
    with pytest.raises(tapegraph.TapegraphError) as caught:
        registry.find("alien")
    assert str(caught.value).startswith("alien 1.2: alien was compiled separately from tapegraph, which cannot work")
