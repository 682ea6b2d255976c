"""Runs clang-tidy over server/ and client/, one process a core. usage: tidy.py BUILD_DIR

A file that came out clean is not read again until it, any header of the project, its compile command, .clang-tidy or
the tool changes: the keys of clean files stand in .cache/tidy.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache/tidy"
# What only GCC understands, or what would make clang read GCC's precompiled header.
DROPPED = ("-fpch-preprocess", "-Winvalid-pch", "-Wno-tsan")


def commands(build: pathlib.Path) -> dict[str, list[str]]:
    """The compile command of each source file of ours, fit for clang."""
    result = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if not path.startswith(("server/", "client/")):
            continue
        words = shlex.split(entry["command"])
        while words and not words[0].endswith(("c++", "g++", "clang++")):
            words.pop(0)  # the compiler cache and its environment
        kept = []
        skip = False
        for word, following in zip(words, words[1:] + [""]):
            if skip:
                skip = False
            elif word == "-include" and "cmake_pch" in following:
                skip = True
            elif word not in DROPPED:
                kept.append(word)
        result[path] = kept
    return result


def digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()


def shared_key(build: pathlib.Path) -> bytes:
    headers = sorted([*ROOT.glob("server/**/*.h"), *ROOT.glob("client/**/*.h"), *ROOT.glob("proto/**/*.proto")])
    version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
    content = [str(header).encode() + header.read_bytes() for header in headers]
    return digest(version, (ROOT / ".clang-tidy").read_bytes(), str(build).encode(), *content).encode()


def tidy(path: str, command: list[str], directory: str) -> tuple[str, str]:
    run = subprocess.run(["clang-tidy", "--quiet", path, "--", *command[1:]], cwd=ROOT, capture_output=True, text=True,
                         env={**os.environ, "PWD": directory})
    if run.returncode == 0:
        return path, ""
    return path, run.stdout + "".join(line for line in run.stderr.splitlines(True) if "warnings generated" not in line)


def main() -> int:
    build = pathlib.Path(sys.argv[1]).resolve()
    CACHE.mkdir(parents=True, exist_ok=True)
    shared = shared_key(build)
    wanted, keys = [], {}
    for path, command in sorted(commands(build).items()):
        keys[path] = digest(shared, (ROOT / path).read_bytes(), " ".join(command).encode())
        if not (CACHE / keys[path]).exists():
            wanted.append((path, command))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for path, problems in pool.map(lambda job: tidy(*job, str(build)), wanted):
            if problems:
                failed += 1
                print(problems)
            else:
                (CACHE / keys[path]).touch()
    print(f"clang-tidy: {len(keys)} files, {len(wanted)} read, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
