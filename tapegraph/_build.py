# mypy: ignore-errors
"""Build hook for hatchling: compiles the modules that touch sound with mypyc.

Not part of the wheel and never imported at run time. In a checkout `python -P tapegraph/_build.py` compiles again
in place, and with --clean goes back to plain Python.

    TAPEGRAPH_PURE=1    compile nothing: the same results, slower
    TAPEGRAPH_CFLAGS    extra C flags, for example "-march=native"
"""

from __future__ import annotations

import os
import shlex
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script: no hatchling needed
    BuildHookInterface = object

C_FLAGS = {
    # No fused multiply-add: compiled and plain runs then agree to the bit on every processor.
    # -fwrapv and -DNDEBUG as in CPython's own flags; -Wno-error undoes mypyc's -Werror on unknown compilers.
    # The other two let calls between our own functions be inlined, the solvers' above all.
    "unix": [
        *("-ffp-contract=off", "-fwrapv", "-DNDEBUG", "-Wno-error"),
        *("-fno-semantic-interposition", "-finline-limit=400"),
    ],
    "msvc": ["/fp:precise"],
}
PURE = "TAPEGRAPH_PURE"


def modules(native: list[str]) -> list[str]:
    """Every module to be compiled: files as they stand, folders by what is in them.

    Not __init__.py: compiled in a library that stands elsewhere, it would get the wrong __path__.
    """
    files = []
    for path in map(Path, native):
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [f.as_posix() for f in files if f.name != "__init__.py"]


def check_compiler() -> None:
    """Stop the build with one clear sentence where no C extension can be made."""
    from setuptools._distutils.ccompiler import new_compiler
    from setuptools._distutils.sysconfig import customize_compiler

    with tempfile.TemporaryDirectory() as tmp:
        source = Path(tmp, "probe.c")
        source.write_text("#include <Python.h>\nint probe(void) { return Py_IsInitialized(); }\n")
        compiler = new_compiler()
        customize_compiler(compiler)
        try:
            objects = compiler.compile([str(source)], output_dir=tmp, include_dirs=[sysconfig.get_path("include")])
            compiler.link_shared_object(objects, str(Path(tmp, "probe.so")))
        except Exception as error:
            raise SystemExit(
                f"tapegraph: no working C compiler with Python's headers ({error}); "
                f"install one, or set {PURE}=1 for the slower package without compiled code"
            ) from None


def clean(packages: list[str]) -> None:
    """Remove extensions compiled in place: they would hide edits of the .py files."""
    for package in packages:
        for pattern in ("*.so", "*.pyd"):
            for file in Path(package).rglob(pattern):
                file.unlink()


def compile_native(native: list[str], packages: list[str], work: str, inplace: bool) -> dict[str, str]:
    """Compile into one library; return {file: path in the wheel}, or nothing when built in place."""
    from setuptools import Distribution  # noqa: I001  first: mypyc decides by what is imported
    from mypyc.build import mypycify

    # Everything in one call: a class compiled apart from its base has a method table of its own layout.
    package_dir = {p.rpartition("/")[2]: p for p in packages}
    os.environ["MYPYPATH"] = os.pathsep.join(sorted({p.rpartition("/")[0] or "." for p in packages}))
    # Own mypy settings: strictness is for the tests, an install should not stop on it.
    args = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent", f"--cache-dir={work}/mypy"]
    extensions = mypycify(args + modules(native), group_name="tapegraph._native", target_dir=f"{work}/c")
    dist = Distribution(
        {"name": "tapegraph", "ext_modules": extensions, "packages": list(package_dir), "package_dir": package_dir}
    )
    cmd = dist.get_command_obj("build_ext")
    cmd.build_lib, cmd.build_temp, cmd.inplace, cmd.parallel = f"{work}/lib", f"{work}/obj", inplace, os.cpu_count()
    cmd.ensure_finalized()
    from setuptools._distutils.ccompiler import new_compiler

    flags = C_FLAGS.get(new_compiler().compiler_type, []) + shlex.split(os.environ.get("TAPEGRAPH_CFLAGS", ""))
    for extension in extensions:  # they share one list: make a new one
        extension.extra_compile_args = [*extension.extra_compile_args, *flags]
    cmd.run()
    if inplace:
        for package in packages:
            for file in Path(package).rglob("*.so"):
                file.touch()  # newer than its source, also where the C code came out the same
        return {}
    lib = Path(cmd.build_lib)
    return {str(f): f.relative_to(lib).as_posix() for f in lib.rglob("*") if f.is_file()}


class MypycHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        packages = list(self.build_config.packages)
        editable = version == "editable"
        if editable:
            clean(packages)
        if os.environ.get(PURE):
            return
        check_compiler()
        if editable:  # kept, so that the next build compiles only what changed
            work = os.path.join(self.root, ".build")
        else:
            self.tmp = tempfile.TemporaryDirectory(prefix="tapegraph-")
            work = self.tmp.name
        build_data["force_include"].update(compile_native(self.config["native"], packages, work, editable))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict, artifact_path: str) -> None:
        if hasattr(self, "tmp"):
            self.tmp.cleanup()


def main() -> None:
    os.chdir(Path(__file__).parent.parent)
    wheel = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    clean(wheel["packages"])
    if "--clean" not in sys.argv and not os.environ.get(PURE):
        check_compiler()
        compile_native(wheel["hooks"]["custom"]["native"], wheel["packages"], ".build", inplace=True)


if __name__ == "__main__":
    main()
