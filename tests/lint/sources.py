"""Checks what no tool knows: files of at most 400 lines, no left-over marks, Python that compiles, include guards, and
that README.md shows the service config that the client library uses."""

import ast
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_LINES = 400
CODE = {".cc", ".h", ".py", ".sh", ".proto", ".go", ".js", ".mjs", ".txt"}
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|[Nn]ot implemented" r" yet")
TOP = {"CMakeLists.txt", "proto", "server", "client", "tests", "deploy", "Dockerfile", "README.md", "LICENSE",
       "CHANGELOG.md", "SECURITY.md", "CMakePresets.json", "dev"}


def project_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [path for path in listed if (ROOT / path).is_file()]


def check(path: str, text: str) -> list[str]:
    problems = []
    lines = text.count("\n")
    if lines > MAX_LINES:
        problems.append(f"{path}: {lines} lines; split it (at most {MAX_LINES})")
    for mark in MARKS.finditer(text):
        problems.append(f"{path}:{text.count(chr(10), 0, mark.start()) + 1}: left-over mark: {mark[0]}")
    if path.endswith(".py"):
        try:
            ast.parse(text, path)
        except SyntaxError as error:
            problems.append(f"{path}:{error.lineno}: {error.msg}")
    if path.endswith(".h") and path.startswith(("server/", "client/", "tests/")):
        guard = "SLUICE_" + re.sub(r"[/.\-]", "_", path).upper() + "_"
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            problems.append(f"{path}: the include guard is not {guard}")
    return problems


def service_config(text: str, start: str, end: str) -> object:
    begin = text.index(start) + len(start)
    return json.loads(text[begin:text.index(end, begin)])


def check_service_config() -> list[str]:
    client = service_config((ROOT / "client/sluice/client.cc").read_text(), 'kServiceConfig[] = R"(', ')";')
    readme = service_config((ROOT / "README.md").read_text(), "```json\n", "```")
    return [] if client == readme else ["README.md: its service config is not the one of client/sluice/client.cc"]


def main() -> int:
    problems = check_service_config()
    for path in project_files():
        top = path.split("/", 1)[0]
        if top not in TOP and not top.startswith("."):
            problems.append(f"{path}: does not belong at the top level")
        if pathlib.Path(path).suffix in CODE or path in ("dev", ".ci/run"):
            problems += check(path, (ROOT / path).read_text())
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
