"""Checks that includes under server/ go down only, and that each library is included only where it belongs.

The rules stand in server/FLOORS. Run without arguments: checks the project, then checks itself by planting wrong
includes in a copy and requiring that each is found.
"""

import pathlib
import re
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
TOP_FLOOR = 99  # main.cc stands above all rooms


class Rules:
    def __init__(self, text: str):
        self.floors: dict[str, int] = {}
        self.only: dict[str, set[str]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            head, colon, tail = line.partition(":")
            kind, *words = head.split()
            if not colon or kind not in ("floor", "only"):
                raise ValueError(f"server/FLOORS:{number}: not a rule: {line}")
            if kind == "floor":
                self.floors.update({room: int(words[0]) for room in tail.split()})
            else:
                self.only.update({prefix: set(tail.split()) for prefix in words})

    def room(self, path: str) -> str | None:
        """The room of a path below server/: the longest listed folder that holds it; "main" for main.cc."""
        if path == "main.cc":
            return "main"
        folders = path.split("/")[:-1]
        for length in range(len(folders), 0, -1):
            if "/".join(folders[:length]) in self.floors:
                return "/".join(folders[:length])
        return None

    def floor(self, room: str) -> int:
        return TOP_FLOOR if room == "main" else self.floors[room]


def violations(root: pathlib.Path) -> list[str]:
    rules = Rules((root / "server/FLOORS").read_text())
    found = []
    for file in sorted((root / "server").rglob("*")):
        if file.suffix not in (".h", ".cc"):
            continue
        path = file.relative_to(root / "server").as_posix()
        room = rules.room(path)
        if room is None:
            found.append(f"server/{path}: its folder is on no floor; add it to server/FLOORS")
            continue
        for match in INCLUDE.finditer(file.read_text()):
            problem = check_include(rules, room, match[1] == '"', match[2])
            if problem:
                line = file.read_text().count("\n", 0, match.start(1)) + 1
                found.append(f"server/{path}:{line}: {problem}")
    return found


def check_include(rules: Rules, room: str, quoted: bool, target: str) -> str | None:
    if target.startswith("server/"):
        other = rules.room(target.removeprefix("server/"))
        if other is None:
            return f"{target} is in no room"
        if other != room and rules.floor(other) >= rules.floor(room):
            way = "up" if rules.floor(other) > rules.floor(room) else "sideways"
            return f"{room} (floor {rules.floor(room)}) includes {way}: {target} (floor {rules.floor(other)})"
        return None
    if target.startswith(("client/", "tests/")):
        return f"the server includes {target}"
    for prefix, rooms in rules.only.items():
        if target.startswith(prefix) and room not in rooms:
            return f"{target} belongs to {', '.join(sorted(rooms))} alone"
    if quoted and "/" not in target and not target.endswith((".pb.h", ".inc")):
        return f'"{target}" is not written from the project\'s root'
    return None


# Each wrong include that the check must find: where it is planted, and what.
PLANTED = [
    ("sse", "server/exchange/planted.h"),
    ("base", "server/loop/planted.h"),
    ("json", "server/sse/planted.h"),
    ("dialect/openai", "server/upstream/planted.h"),
    ("edge/grpc", "server/edge/http/planted.h"),
    ("exchange", "server/app/planted.h"),
    ("exchange", "grpcpp/grpcpp.h"),
    ("route", "curl/curl.h"),
    ("dialect/openai", "rapidjson/reader.h"),
    ("config", "spdlog/spdlog.h"),
    ("edge/http", "boost/asio.hpp"),
    ("telemetry", "yaml-cpp/yaml.h"),
    ("app", "tests/fakes/upstream.h"),
]
# And what it must let pass.
ALLOWED = [
    ("exchange", "server/dialect/codec.h"),
    ("dialect/openai", "server/dialect/codec.h"),
    ("app", "server/edge/grpc/planted.h"),
    ("upstream", "curl/curl.h"),
    ("sse", "absl/strings/string_view.h"),
]


def self_test() -> list[str]:
    failures = []
    for expected, cases in ((True, PLANTED), (False, ALLOWED)):
        for room, include in cases:
            with tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(folder)
                (copy / "server" / room).mkdir(parents=True)
                shutil.copy(ROOT / "server/FLOORS", copy / "server/FLOORS")
                mark = '""' if include.startswith(("server/", "tests/")) else "<>"
                text = f"// A planted file.\n#include {mark[0]}{include}{mark[1]}\n"
                (copy / "server" / room / "planted.cc").write_text(text)
                found = violations(copy)
                where = f"server/{room}/planted.cc:2: "
                if expected and not (len(found) == 1 and found[0].startswith(where)):
                    failures.append(f"planted {include} in {room}: not found ({found})")
                if not expected and found:
                    failures.append(f"{include} in {room} is allowed, but: {found}")
    return failures


def main() -> int:
    problems = violations(ROOT) + self_test()
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"includes go down only ({len(PLANTED)} planted ones were found)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
