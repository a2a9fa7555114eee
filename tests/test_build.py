"""The build takes checks out of mypyc's C code, or makes them stricter: on C code as mypyc 2.4.1 writes it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import tapegraph

INDEX = """\
    cpy_r_r1 = (int64_t)cpy_r_x.len;
    cpy_r_r2 = (uint64_t)cpy_r_i < (uint64_t)cpy_r_r1;
    if (cpy_r_r2) goto CPyL7;
    cpy_r_r3 = cpy_r_i + cpy_r_r1;
    cpy_r_r4 = (uint64_t)cpy_r_r3 < (uint64_t)cpy_r_r1;
    if (cpy_r_r4) {
        goto CPyL6;
    } else
        goto CPyL9;
"""
DIVISION = """\
    cpy_r_r12 = cpy_r_r11 == 0.0;
    if (likely(!cpy_r_r12)) goto CPyL4;
    PyErr_SetString(PyExc_ZeroDivisionError, "float division by zero");
"""


@pytest.fixture(scope="module")
def build() -> ModuleType:
    file = Path(tapegraph.__path__[0], "_build.py")
    if not file.exists():
        pytest.skip("the build is not part of an installed package")
    spec = importlib.util.spec_from_file_location("build_of_tapegraph", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_checks_an_index_is_taken_as_it_is(build: ModuleType) -> None:
    assert build.unchecked(INDEX) == (
        "    cpy_r_r1 = (int64_t)cpy_r_x.len;\n    goto CPyL7;\n    cpy_r_r3 = cpy_r_i + cpy_r_r1;\n    goto CPyL6;\n"
    )


def test_with_checks_an_index_below_0_is_an_error_too(build: ModuleType) -> None:
    """The index counted from the end becomes the length, which no index may be."""
    assert build.checked(INDEX) == INDEX.replace("cpy_r_i + cpy_r_r1", "cpy_r_r1")


def test_without_checks_a_division_goes_on(build: ModuleType) -> None:
    assert build.unchecked(DIVISION).startswith("    goto CPyL4;\n")
    assert build.checked(DIVISION) == DIVISION


def test_numbers_change_their_type_without_python_integers(build: ModuleType) -> None:
    assert build.unchecked("    r = CPyTagged_FromFloat(x);\n") == "    r = (CPyTagged)((int64_t)x * 2);\n"
    assert build.unchecked("    r = CPyFloat_FromTagged(n);\n") == (
        "    r = (n & 1 ? CPyFloat_FromTagged(n) : (double)((int64_t)n >> 1));\n"
    )


def test_only_functions_marked_in_their_source_are_compiled_for_wide_registers(build: ModuleType) -> None:
    source = "def plain(x: i64) -> None:\n    ...\n\n\ndef weigh(  # wide loop\n    x: i64) -> None:\n    ...\n"
    c_code = "char CPyDef_a___plain(int64_t x) {\n}\nchar CPyDef_a___weigh(int64_t x) {\n}\n"
    plain, weigh = build.widened(c_code, source).split("char CPyDef_a___weigh")
    assert "target_clones" not in plain.partition("}")[0]
    assert plain.endswith('__attribute__((target_clones("avx2", "default")))\n#endif\n')
    assert weigh == "(int64_t x) {\n}\n"


def test_no_check_of_an_index_is_left_in_the_library_of_this_checkout(build: ModuleType) -> None:
    """A new mypyc may write other C code: then the rules above no longer fit, and this fails."""
    units = list(Path(str(build.__file__)).parent.parent.glob(".build/fast/units/*.c"))
    if not units:
        pytest.skip("nothing was compiled here")
    code = "".join(file.read_text("utf-8") for file in units)
    assert code.count("PyExc_IndexError") > 1000  # what is jumped over
    assert not re.search(r"= \(uint64_t\)cpy_r_\w+ < \(uint64_t\)", code)
    assert not re.search(
        r"cpy_r_\w+ == 0\.0;\n    if \(likely\(!\w+\)\) goto \w+;\n    PyErr_SetString\(PyExc_Zero", code
    )
    assert code.count("target_clones") >= 3
