"""Writes docs/python-api.md from the docstrings: `python reference.py`, or with -check sees that it is current."""

from __future__ import annotations

import importlib
import inspect
import pathlib
import sys
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "docs" / "python-api.md"
sys.path.insert(0, str(HERE / "src"))


def wrapped(line: str) -> list[str]:
    if len(line) <= 118 or line.startswith(">>> "):
        return [line]
    indent = "  " if line.startswith("- ") else ""
    return textwrap.wrap(line, 118, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def signature(member: object) -> str:
    text = str(inspect.signature(member))  # type: ignore[arg-type]
    return text.replace("(self, ", "(").replace("(self)", "()").replace("(cls, ", "(").replace("'", "")


def text(member: object) -> list[str]:
    doc = inspect.getdoc(member) or ""
    out, example = [], False
    for line in doc.splitlines():
        if line.startswith(">>> ") and not example:
            out.append("```python")
            example = True
        if example and line == "":
            out.append("```")
            example = False
        out.append(line)
    return [*out, "```", ""] if example else [*out, ""]


def describe(name: str, member: object) -> list[str]:
    lines = [f"### {name}", ""]
    if inspect.isclass(member) and member.__init__ is not object.__init__ and not issubclass(member, Exception):  # type: ignore[misc]
        lines += [f"`{name}{signature(member)}`", ""]
    elif inspect.isfunction(member):
        lines += [f"`{name}{signature(member)}`", ""]
    lines += text(member)
    if inspect.isclass(member) and not issubclass(member, Exception):
        seen = set()
        for owner in member.__mro__:
            if not owner.__module__.startswith("flute_node"):
                continue
            for key, value in vars(owner).items():
                if key.startswith("_") or key in seen:
                    continue
                seen.add(key)
                value = getattr(value, "__func__", value)
                if isinstance(value, property) and value.__doc__:
                    lines.append(f"- `{key}`: {inspect.cleandoc(value.__doc__)}".replace("\n", " "))
                elif inspect.isfunction(value) and value.__doc__:
                    lines.append(f"- `{key}{signature(value)}`: {inspect.getdoc(value)}".replace("\n", " "))
        lines.append("")
    return lines


def main() -> int:
    lines = ["# Reference of the Python package", "", "Made by `bindings/python/reference.py` from the docstrings. "
             "[The guide](python.md) comes first.", ""]
    for module in ("flute_node", "flute_node.compat.sender", "flute_node.compat.receiver"):
        loaded = importlib.import_module(module)
        lines += [f"## {module}", "", *text(loaded)]
        names = getattr(loaded, "__all__", None) or [
            n for n, v in vars(loaded).items() if inspect.isclass(v) and v.__module__ == module and n[0] != "_"
        ]
        for name in names:
            member = getattr(loaded, name)
            if not inspect.ismodule(member):
                lines += describe(name, member)
    lines = [part for line in lines for part in wrapped(line)]
    out = "\n".join(lines).rstrip() + "\n"
    while "\n\n\n" in out:
        out = out.replace("\n\n\n", "\n\n")
    if "-check" in sys.argv:
        if not OUT.exists() or OUT.read_text() != out:
            print(f"{OUT.name} is out of date: run bindings/python/reference.py")
            return 1
        return 0
    OUT.write_text(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
