# mypy: ignore-errors
"""Build hook for hatchling: compiles the modules that touch sound with mypyc.

Not part of the wheel and never imported at run time. In a checkout `python -P tapegraph/_build.py` compiles in place,
and with --clean removes what was compiled, so that plain Python runs. What is compiled is kept in .build/: after an
edit only the C code that changed is compiled again.

    TAPEGRAPH_PURE=1       compile nothing: the same results, slower
    TAPEGRAPH_CHECKED=1    for developers: quickly compiled, slower, and an error at what unchecked() takes for granted
    TAPEGRAPH_CFLAGS       extra C flags, for example "-march=native"
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shlex
import shutil
import sys
import sysconfig
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script: no hatchling needed
    BuildHookInterface = object

LIBRARY = "tapegraph._native"
C_FLAGS = {
    # No fused multiply-add: compiled and plain runs then agree to the bit on every processor.
    # -fwrapv and -DNDEBUG as in CPython's own flags; -Wno-error undoes mypyc's -Werror on unknown compilers.
    # The others let calls between our own functions be inlined, the solvers' above all.
    "unix": [
        *("-ffp-contract=off", "-fwrapv", "-DNDEBUG", "-Wno-error"),
        *("-fno-semantic-interposition", "-fvisibility=hidden", "-finline-limit=2000"),
        *("--param", "inline-unit-growth=200", "--param", "large-function-growth=1000"),
    ],
    "msvc": ["/fp:precise"],
}
COMPILED_ALONE = ("ramp", "prewarp", "_systems")  # a module, and the modules of a folder
PURE = "TAPEGRAPH_PURE"
CHECKED = "TAPEGRAPH_CHECKED"

# What mypyc writes for x[i] where x is a vec: whether the index is inside; if not, whether it is from the end.
INSIDE = re.compile(
    r"    (?P<is>\w+) = \(uint64_t\)\w+ < \(uint64_t\)\w+;\n"
    r"    if \((?P=is)\) (?:goto (?P<go>\w+);|\{\n +goto (?P<to>\w+);\n    \} else\n        goto \w+;)\n"
)
FROM_THE_END = re.compile(r"(?P<set>    (?P<sum>\w+) = )\w+ \+ (?P<len>\w+)(?P<is>;\n.* = \(uint64_t\)(?P=sum) <)")
# Where x[i] lies, as a sum of integers: of a pointer and an integer a compiler can tell which places of a vec differ.
PLACE = re.compile(
    r"(    (?P<items>\w+) = \(CPyPtr\)(?P<vec>\w+)\.items;\n"
    r"    (?P<offset>\w+) = \w+ \* 8;\n    \w+ = )(?P=items) \+ (?P=offset);"
)
# For x / y: whether y is 0.
DIVISION = re.compile(
    r"    (?P<zero>\w+) = \w+ == 0\.0;\n"
    r"    if \(likely\(!(?P=zero)\)\) goto (?P<go>\w+);\n"
    r"(?=    PyErr_SetString\(PyExc_ZeroDivisionError)"
)
# For i64(x) where x is a float, and float(n): by way of a Python integer, which is doubled where it is small.
TO_INTEGER = re.compile(r"CPyTagged_FromFloat\((\w+)\)")
WIDE_LOOP = re.compile(r"^def (\w+)\(.*# wide loop$", re.M)
# Written before a function that has such a loop: compiled twice, and the processor's own kind is taken at loading. Both
# give the same bits, because the loop runs over samples that do not depend on each other.
WIDELY = """\
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default")))
#endif
"""
TO_FLOAT = re.compile(r"CPyFloat_FromTagged\((\w+)\)")


def modules(native: list[str], interpreted: list[str]) -> dict[str, Path]:
    """Find every module to be compiled, by dotted name: files as listed, folders by what is in them.

    interpreted: names of folders that are left out

    Not __init__.py: compiled into a library in another folder, it would get the wrong __path__.
    """
    found = {}
    for root in map(Path, native):
        top = root.parent
        while (top / "__init__.py").exists():
            top = top.parent
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            if path.name != "__init__.py" and not set(path.relative_to(top).parts) & set(interpreted):
                found[".".join(path.relative_to(top).with_suffix("").parts)] = path
    return found


def translation_units(files: dict[str, Path]) -> list[list[str]]:
    """Group modules that import one another: compiled together, their calls can be inlined.

    Without that the solvers of the hysteresis node are up to 12 % slower. All modules in one unit run no faster, but
    take 20 s to compile after every edit. So what is COMPILED_ALONE joins no unit: nearly all nodes call it, once a
    block, or it is not called at all while sound runs.
    """
    units = {name: [name] for name in files}
    joining = {name for name, path in files.items() if not {path.stem, path.parent.name} & set(COMPILED_ALONE)}
    for name in joining:
        for statement in ast.walk(ast.parse(files[name].read_text("utf-8"))):
            if isinstance(statement, ast.ImportFrom):
                imported = {statement.module, *(f"{statement.module}.{alias.name}" for alias in statement.names)}
                for other in imported & joining:
                    if units[other] is not units[name]:
                        units[name] += units[other]
                        units.update(dict.fromkeys(units[other], units[name]))
    return sorted({id(unit): sorted(unit) for unit in units.values()}.values())


def unchecked(c_code: str) -> str:
    """Return C code of mypyc without the checks that cost the kernels up to a third of their speed.

    An index is taken to lie from 0 to the length less 1, a divisor not to be 0, and a float that becomes an integer to
    fit into it. Interpreted code and a checked build tell whether that is so: all tests have to pass in both.
    """
    c_code = INSIDE.sub(lambda found: f"    goto {found['go'] or found['to']};\n", c_code)
    c_code = DIVISION.sub(r"    goto \g<go>;\n", c_code)
    c_code = PLACE.sub(r"\1(CPyPtr)((char *)\g<vec>.items + \g<offset>);", c_code)
    c_code = TO_INTEGER.sub(r"(CPyTagged)((int64_t)\1 * 2)", c_code)
    return TO_FLOAT.sub(r"(\1 & 1 ? CPyFloat_FromTagged(\1) : (double)((int64_t)\1 >> 1))", c_code)


def widened(c_code: str, source: str) -> str:
    """Return C code in which functions with a loop marked as wide in the source are compiled for wide registers too."""
    for name in WIDE_LOOP.findall(source):
        c_code = re.sub(rf"^char CPyDef_\w+___{name}\(.*\{{$", rf"{WIDELY}\g<0>", c_code, flags=re.M)
    return c_code


def checked(c_code: str) -> str:
    """Return C code of mypyc in which an index below 0 is an error too."""
    return FROM_THE_END.sub(r"\g<set>\g<len>\g<is>", c_code)


def c_compiler():
    from setuptools._distutils.ccompiler import new_compiler
    from setuptools._distutils.sysconfig import customize_compiler

    compiler = new_compiler()
    customize_compiler(compiler)
    return compiler


def check_compiler() -> None:
    """Stop the build with one clear sentence where no C extension can be made."""
    with tempfile.TemporaryDirectory() as tmp:
        source = Path(tmp, "probe.c")
        source.write_text("#include <Python.h>\nint probe(void) { return Py_IsInitialized(); }\n")
        try:
            compiler = c_compiler()
            objects = compiler.compile([str(source)], output_dir=tmp, include_dirs=[sysconfig.get_path("include")])
            compiler.link_shared_object(objects, str(Path(tmp, "probe.so")))
        except Exception as error:
            raise SystemExit(
                f"tapegraph: no working C compiler with Python's headers ({error}); "
                f"install one, or set {PURE}=1 for the slower package without compiled code"
            ) from None


def extensions_in(packages: list[str]) -> list[Path]:
    """Return the extensions compiled in place."""
    return [file for package in packages for end in ("so", "pyd") for file in Path(package).rglob(f"*.{end}")]


def clean(packages: list[str]) -> None:
    """Remove extensions compiled in place: they would hide edits of the .py files."""
    for file in extensions_in(packages):
        file.unlink()


def work_folder(root: str) -> str:
    """Return where what was compiled in a checkout is kept: apart for each kind of build."""
    return os.path.abspath(os.path.join(root, ".build", "checked" if os.environ.get(CHECKED) else "fast"))


def begin_anew_where_moved(work: str) -> None:
    """Empty a work folder that was filled at another place, or by another version of this file: mypyc keeps paths."""
    stamp = Path(work, "stamp")
    now = f"{os.path.abspath(work)} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"
    if not stamp.exists() or stamp.read_text("utf-8") != now:
        shutil.rmtree(work, ignore_errors=True)
        Path(work).mkdir(parents=True)
        stamp.write_text(now, "utf-8")


def remember_librt(library, work: str) -> None:
    """Add the C code of librt, which mypyc leaves out where all of its own code comes from its cache."""
    file = Path(work, "librt.json")
    last = json.loads(file.read_text("utf-8")) if file.exists() else [[], []]
    for now, before in zip((library.sources, library.include_dirs), last, strict=True):
        now += [path for path in before if path not in now and "__native" not in path]
    file.write_text(json.dumps([library.sources, library.include_dirs]), "utf-8")


def compile_units(library, files: dict[str, Path], work: str) -> list[str]:
    """Compile the C code of a library, as many units at once as there are processors; return the object files.

    A unit is named by a hash of all that it depends on; one whose object file exists is not compiled again.
    """
    from mypy.version import __version__ as mypy_version
    from mypyc.namegen import exported_name

    folder = Path(work, "units")
    folder.mkdir(parents=True, exist_ok=True)
    compiler = c_compiler()
    includes = [f"{work}/c", *library.include_dirs]
    includes += dict.fromkeys(sysconfig.get_path(name) for name in ("include", "platinclude"))
    by_name = {Path(source).stem.removeprefix("__native_"): Path(source) for source in library.sources}
    together = [[name] for name in files] if os.environ.get(CHECKED) else translation_units(files)
    units = [[by_name.pop(exported_name(name)) for name in unit] for unit in together]
    units.append(list(by_name.values()))  # what all modules share, and mypyc's runtime
    headers = sorted(path for path in Path(work, "c").rglob("*.h"))
    settings = [mypy_version, sys.version, *library.extra_compile_args]
    source_of = {exported_name(name): path.read_text("utf-8") for name, path in files.items()}

    def c_code(path: Path) -> str:
        text = path.read_text("utf-8")
        source = source_of.get(path.stem.removeprefix("__native_"))
        if source is None:  # of mypyc's own
            return text
        return checked(text) if os.environ.get(CHECKED) else widened(unchecked(text), source)

    def compile_unit(unit: list[Path]) -> str:
        text = "".join(map(c_code, unit))
        parts = [*settings, text, *(path.read_text("utf-8") for path in headers)]
        source = folder / f"{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:16]}.c"
        source.write_text(text, "utf-8")
        (built,) = compiler.object_filenames([str(source)], output_dir=f"{work}/obj")
        if not Path(built).exists():
            compiler.compile(
                [str(source)],
                output_dir=f"{work}/obj",
                include_dirs=includes,
                extra_postargs=library.extra_compile_args,
            )
        return built

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_unit, units))
    for file in {*folder.iterdir(), *Path(objects[0]).parent.iterdir()}:
        if file.stem not in {Path(built).stem for built in objects}:
            file.unlink()
    return objects


def compile_native(files: dict[str, Path], packages: list[str], work: str, inplace: bool) -> dict[str, str]:
    """Compile into one library; return {file: path in the wheel}, or nothing when built in place."""
    from setuptools import Distribution  # noqa: I001  first: mypyc decides by what is imported
    from mypyc.build import mypycify

    # Everything in one call: a class compiled apart from its base has a method table of its own layout. Where mypyc is
    # told to separate (all the same into one library) it uses mypy's cache; otherwise it sees which methods no class
    # overrides and which attributes always have a value, and leaves out more.
    package_dir = {p.rpartition("/")[2]: p for p in packages}
    paths = [path.as_posix() for path in files.values()]
    os.environ["MYPYPATH"] = os.pathsep.join(sorted({p.rpartition("/")[0] or "." for p in packages}))
    # Own mypy settings: strictness is for the tests, an install should not stop on it.
    begin_anew_where_moved(work)
    args = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent", f"--cache-dir={work}/mypy"]
    extensions = mypycify(
        args + paths,
        opt_level="1" if os.environ.get(CHECKED) else "3",
        **({"separate": [(paths, LIBRARY)]} if os.environ.get(CHECKED) else {"group_name": LIBRARY}),
        multi_file=True,
        target_dir=f"{work}/c",
        debug_level="0",  # debug information names folders: two builds would differ
    )
    flags = C_FLAGS.get(c_compiler().compiler_type, []) + shlex.split(os.environ.get("TAPEGRAPH_CFLAGS", ""))
    for extension in extensions:  # they share one list: make a new one
        extension.extra_compile_args = [*extension.extra_compile_args, *flags]
        extension.include_dirs.append(f"{work}/c/{LIBRARY.partition('.')[0]}")  # where mypyc puts their header
    library = extensions[0]
    remember_librt(library, work)
    library.extra_objects = library.depends = compile_units(library, files, work)
    Path(library.depends[0]).touch()  # link anew: what stands in place may be of the other kind of build
    library.sources = []
    dist = Distribution(
        {"name": "tapegraph", "ext_modules": extensions, "packages": list(package_dir), "package_dir": package_dir}
    )
    cmd = dist.get_command_obj("build_ext")
    cmd.build_lib, cmd.build_temp, cmd.inplace, cmd.parallel = f"{work}/lib", f"{work}/obj", inplace, os.cpu_count()
    cmd.ensure_finalized()
    cmd.run()
    if inplace:
        sources = {path.resolve() for path in files.values()}
        for file in extensions_in(packages):
            name = file.name.partition(".")[0]
            if file.with_name(f"{name}.py").resolve() in sources or name == LIBRARY.rpartition(".")[2] + "__mypyc":
                file.touch()  # newer than its source, also where the C code came out the same
            else:
                file.unlink()  # of a module that is gone
        return {}
    lib = Path(cmd.build_lib)
    return {str(f): f.relative_to(lib).as_posix() for f in sorted(lib.rglob("*")) if f.is_file()}


class MypycHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        packages = list(self.build_config.packages)
        editable = version == "editable"
        if os.environ.get(PURE):
            if editable:
                clean(packages)
            return
        check_compiler()
        if editable:  # kept, so that the next build compiles only what changed
            work = work_folder(self.root)
        else:
            self.tmp = tempfile.TemporaryDirectory(prefix="tapegraph-")
            work = self.tmp.name
        files = modules(self.config["native"], self.config["interpreted"])
        build_data["force_include"].update(compile_native(files, packages, work, editable))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict, artifact_path: str) -> None:
        if hasattr(self, "tmp"):
            self.tmp.cleanup()


def main() -> None:
    os.chdir(Path(__file__).parent.parent)
    wheel = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    if "--clean" in sys.argv or os.environ.get(PURE):
        clean(wheel["packages"])
    else:  # after a mistake in a module the former extensions stay: the tests refuse them as older than their source
        check_compiler()
        hook = wheel["hooks"]["custom"]
        files = modules(hook["native"], hook["interpreted"])
        compile_native(files, wheel["packages"], work_folder("."), inplace=True)


if __name__ == "__main__":
    main()
