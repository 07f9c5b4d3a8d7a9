"""Builds wheel and sdist (PEP 517), with Go and the standard library of Python alone.

The wheel is py3-none-PLATFORM: one for all versions of Python, since the library is loaded by ctypes. The sdist has the
sources in Go that the library is made of; building from it needs Go, a C compiler, and the modules of go.mod.

Environment: GOARCH and CC for another processor; FLUTE_NODE_PLATFORM for another platform tag.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
NAME = "flute_node"
# What the library needs of the system: glibc 2.17 has all of it, but a linker may bind newer versions of symbols.
_TAGS = {"amd64": "x86_64", "arm64": "aarch64"}


def _module() -> pathlib.Path:
    """Return the folder of go.mod: beside this one in an sdist, above it in a clone."""
    for folder in (HERE / "go", HERE.parent.parent):
        if (folder / "go.mod").exists():
            return folder
    raise RuntimeError("there is no go.mod: build in a clone, or of an sdist")


def _version() -> str:
    text = (HERE / "src" / NAME / "__init__.py").read_text()
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    assert found
    return found[1]


def _metadata() -> str:
    return "\n".join([
        "Metadata-Version: 2.1", "Name: flute-node", f"Version: {_version()}",
        "Summary: FLUTE (RFC 6726): files over UDP multicast, without a way back",
        "Home-page: https://github.com/flute-node/flute-node", "License: Apache-2.0", "Requires-Python: >=3.10",
        "Classifier: Programming Language :: Python :: 3 :: Only", "Classifier: Typing :: Typed",
        "Description-Content-Type: text/markdown", "", (HERE / "README.md").read_text(),
    ])


def _go(*arguments: str, **more: str) -> str:
    env = {**os.environ, "CGO_ENABLED": "1", **more}
    return subprocess.run(["go", *arguments], cwd=_module(), env=env, check=True, capture_output=True, text=True).stdout


def _build(folder: pathlib.Path) -> tuple[pathlib.Path, str]:
    """Build the library into a folder, and return it and its platform tag."""
    system, arch = _go("env", "GOOS", "GOARCH").split()
    name = {"darwin": "libflute_node.dylib", "windows": "flute_node.dll"}.get(system, "libflute_node.so")
    out = folder / name
    command = ["go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags", "-s -w", "-o", str(out), "./bindings/c"]
    done = subprocess.run(command, cwd=_module(), env={**os.environ, "CGO_ENABLED": "1"}, text=True, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise RuntimeError(f"go build failed: Go and a C compiler are needed\n{done.stderr}")
    return out, os.environ.get("FLUTE_NODE_PLATFORM") or _platform(system, arch, out)


def _platform(system: str, arch: str, library: pathlib.Path) -> str:
    if system == "linux" and arch in _TAGS:
        major, minor = _glibc(library.read_bytes())
        return f"manylinux_{major}_{minor}_{_TAGS[arch]}"
    if system == "darwin":
        return "macosx_12_0_" + {"amd64": "x86_64"}.get(arch, arch)
    if system == "windows":
        return {"amd64": "win_amd64", "arm64": "win_arm64"}[arch]
    return f"{system}_{_TAGS.get(arch, arch)}"


def _glibc(library: bytes) -> tuple[int, int]:
    """Return the newest version of glibc that the library has a symbol of: an older system cannot load it."""
    versions = {tuple(map(int, v)) for v in re.findall(rb"\0GLIBC_(\d+)\.(\d+)(?=[\0.])", library)}
    return max({(2, 17), *versions})  # type: ignore[return-value]


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """Build the wheel."""
    with tempfile.TemporaryDirectory() as temporary:
        library, platform = _build(pathlib.Path(temporary))
        tag = f"py3-none-{platform}"
        info = f"{NAME}-{_version()}.dist-info"
        files: dict[str, bytes] = {}
        for path in sorted((HERE / "src" / NAME).rglob("*")):
            if path.suffix == ".py" or path.name == "py.typed":
                files[str(path.relative_to(HERE / "src"))] = path.read_bytes()
        files[f"{NAME}/{library.name}"] = library.read_bytes()
        header = _module() / "bindings" / "c" / "flute_node.h"
        files[f"{NAME}/include/flute_node.h"] = header.read_bytes()
        files[f"{info}/METADATA"] = _metadata().encode()
        files[f"{info}/licenses/LICENSE"] = (_module() / "LICENSE").read_bytes()
        wheel = f"Wheel-Version: 1.0\nGenerator: flute-node\nRoot-Is-Purelib: false\nTag: {tag}\n"
        files[f"{info}/WHEEL"] = wheel.encode()
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for name, data in files.items()
    )
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    out = f"{NAME}-{_version()}-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))  # the same bytes whenever it is built
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith((".so", ".dylib")) else 0o644) << 16
            z.writestr(entry, data)
    return out


def _sources() -> list[pathlib.Path]:
    """Return the files of the module that the library is made of, for all processors."""
    module = _module()
    found = {module / name for name in ("go.mod", "go.sum", "LICENSE")}
    found |= set((module / "bindings" / "c").glob("*.[ch]"))
    keys = ("GoFiles", "CgoFiles", "CFiles", "HFiles", "SFiles", "EmbedFiles", "IgnoredGoFiles")
    for arch in ("amd64", "arm64"):
        fields = "-json=" + ",".join(("Dir", "Module", *keys))
        out = _go("list", "-e", "-deps", fields, "./bindings/c", GOARCH=arch)
        for text in re.split(r"(?<=\n}\n)", out):
            if not text.strip():
                continue
            package = json.loads(text)
            if not package.get("Module", {}).get("Main"):
                continue
            for key in keys:
                for name in package.get(key) or []:
                    if not name.endswith("_test.go"):
                        found.add(pathlib.Path(package["Dir"]) / name)
    return sorted(found)


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    """Build the sdist."""
    base = f"{NAME}-{_version()}"
    out = pathlib.Path(sdist_directory) / f"{base}.tar.gz"
    module = _module()
    with open(out, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            def add(name: str, data: bytes) -> None:
                entry = tarfile.TarInfo(f"{base}/{name}")
                entry.size, entry.mode = len(data), 0o644
                tar.addfile(entry, io.BytesIO(data))

            for name in ("pyproject.toml", "backend.py", "README.md"):
                add(name, (HERE / name).read_bytes())
            for folder in ("src", "tests"):
                for path in sorted((HERE / folder).rglob("*")):
                    if path.suffix == ".py" or path.name == "py.typed":
                        add(str(path.relative_to(HERE)), path.read_bytes())
            for path in _sources():
                add(f"go/{path.relative_to(module)}", path.read_bytes())
            add("PKG-INFO", _metadata().encode())
    return out.name


if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else "dist"
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    print(build_wheel(folder), build_sdist(folder))
