"""Damage the example case in seeded ways, and report every answer to it that no person should get.

    python tools/fuzz_case.py --seconds 600
    python tools/fuzz_case.py --seed 4711 --mutants 1 --keep broken

A mutant is a number: it decides which of the mutations below are made, and so reproduces itself. Each mutant
is checked and loaded in this process, within bounds of time and memory. Findings are exceptions other than
ContraflowError, hangs, memory used up, a check that disagrees with loading, messages that are empty, endless,
command a terminal or quote a file outside the case, and tables that are changed by being read. The exit code
is 1 if there is one.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from contraflow import case as cases
from contraflow.case import texts
from contraflow.case.load import data
from contraflow.errors import FOREIGN, CaseError, ContraflowError

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

CPU, WALL, MEMORY = 5.0, 60.0, 2**30
"""Seconds of computing and by the clock, and bytes beyond what is used already, that a mutant may take."""

LONGEST = 2_000
"""Characters that a message may have."""

CANARY = "canary-9c1f"
"""Content of a file outside the case, which no message may quote."""

DEVICES = ["/dev/zero", "/dev/stdin", "/dev/full", "/proc/self/mem"]

EXAMPLE = {path.name: path.read_bytes() for path in sorted((data() / "example").iterdir()) if path.is_file()}
TABLES = [name for name in EXAMPLE if name.endswith(".csv")]

# fmt: off
NUMBERS = [
    "", "0", "-0", "-1", "1e308", "1e-320", "1e999", "nan", "NaN", "inf", "-inf", "#N/A", "NA", "n.a.",
    "..", "1,5", "1.234", "1,234", "1.234.567", "1 234", "1_000", "1'000", "0x10", "1e5", "٣", "½", "−5",
    "+5", ".5", "5.", "1/3", "50%", "$5", "5 USD", "=1+1", "TRUE", "2014-08", "Jun-24", "01/02/2014",
    "9" * 400,
]
WORDS = [
    "id", "none", "null", "!", ";", "; ;", "a;;b", "!!a", "a; a", "-", "a b", "A", "ñ", "\u200b", "\u00a0",
    "\t", "\x1b]0;x\x07", "\x1b[31m", "\u202eabc", "\x00", "\r", "\n", "\r\n", "\ufeff", "\U0001f4a9",
    "\ud7ff", "<b>x</b>", "<script>", "{{x}}", "%s", "{0}", "../x", "/etc/passwd", "a" * 300, "x" * 140_000,
    '"', "'", ",", "radar=1", "radar=", "radar=1.234", "radar=1;radar=2", "=1", "radar=-1", "radar=1e99",
    "radar==1", "2014-2010", "0000", "9999", "2014-02-30", "1799", "2100", "13-24", "24-13", "0-0", "1-",
    "99999999-1",
]
UNITS = [
    "kg", "USD/kg", "kg/USD", "1 500 ha", "1234", "USD+USD", "kg kg", "kg**9", "kg^-1", "1/kg", "//", "()",
    "((kg", "percent", "% %", "USD/kg/km/year", "thousand thousand ha", "1e9 kg", "kg*", "per kg", "EUR",
    "XXX/kg", "°C", "kg" * 200, "1.500 kg", "2021-02-30", "m2/km²", "1/1000 km", "k" * 60, "kg.m", "lambda",
    "__import__('os')",
]
TOML = [
    "true", "1", "-1", "1.5", "1.234", "nan", "inf", '""', '" "', '"x"', '"nan"', "[]", "[1]",
    "[2014, 2013]", "{}", "{ a = 1 }", "1979-05-27", "07:32:00", '"\\u0000"', '"\\u001b[31m"', '"\\u202e"',
    "0x" + "f" * 5000, "9" * 5000, "[" * 500 + "]" * 500, "[" * 5000, '["2020", "2021"]',
    "[2020, 2021, 2022]", "[2020.0, 2021.0]", '"' + "x" * 15000, "{ radar = 2 }", "{ radar = nan }",
    "{ radar = -1 }", "{ radar = [] }", '{ "" = 1 }', "{ radar = 1e400 }", "'''x",
]
# fmt: on
VALUES = NUMBERS + WORDS + UNITS


class HangError(BaseException):
    """The mutant took too long; no handler of the package can swallow it."""


def content_of(path: Path) -> bytes:
    """What a file holds. Raises OSError for what an earlier mutation has made a link, a pipe or huge."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > 2**25:
        raise OSError(f"{path} is no plain file")
    return path.read_bytes()


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline="")))


def bytes_of(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def damage_cell(random: Random, folder: Path) -> str:
    """Write a value that has been seen to do harm, or another cell of the case, into one cell."""
    path = folder / random.choice(TABLES)
    rows = rows_of(content_of(path))
    row = random.choice(rows)
    at = random.randrange(len(row) or 1)
    other = random.choice(random.choice(rows_of(EXAMPLE[random.choice(TABLES)])))
    value = random.choice([random.choice(VALUES), random.choice(VALUES), random.choice(other or [""])])
    if random.random() < 0.2:
        value = (row[at : at + 1] or [""])[0] + value
    row[at : at + 1] = [value]
    path.write_bytes(bytes_of(rows))
    return f"{path.name}: {value[:40]!r} in column {at}"


def damage_rows(random: Random, folder: Path) -> str:
    """Lose, repeat, exchange, blank or tear rows."""
    path = folder / random.choice(TABLES)
    rows = rows_of(content_of(path))
    one, other = (random.randrange(len(rows)) for _ in range(2))
    how = random.choice(
        ["lose", "repeat", "exchange", "blank", "shorten", "lengthen", "only the header", "many"]
    )
    if how == "lose":
        del rows[one]
    elif how == "repeat":
        rows.insert(other, list(rows[one]))
    elif how == "exchange":
        rows[one], rows[other] = rows[other], rows[one]
    elif how == "blank":
        rows[one:one] = [[""] * random.randrange(30)] * random.choice([1, 50, 20_000])
    elif how == "shorten":
        rows[one] = rows[one][: random.randrange(len(rows[one]) or 1)]
    elif how == "lengthen":
        rows[one] = rows[one] + [random.choice(["", "x"])] * random.choice([1, 300, 100_000])
    elif how == "many":
        rows += [[f"{rows[one][0]}-{i}", *rows[one][1:]] for i in range(random.choice([3, 300]))]
    else:
        rows = rows[:1]
    path.write_bytes(bytes_of(rows))
    return f"{path.name}: {how} row {one + 1}"


def damage_columns(random: Random, folder: Path) -> str:
    """Rename, lose, repeat or exchange columns."""
    path = folder / random.choice(TABLES)
    rows = rows_of(content_of(path))
    wide = max(map(len, rows), default=0) or 1
    one, other = random.randrange(wide), random.randrange(wide)
    how = random.choice(["rename", "lose", "repeat", "exchange"])
    for number, row in enumerate(rows):
        if max(one, other) >= len(row):
            continue
        if how == "rename" and number == 0:
            row[one] = random.choice([*VALUES, row[one].upper(), f" {row[one]} ", row[one] + "s"])
        elif how == "lose":
            del row[one]
        elif how == "repeat":
            row.append(row[one])
        elif how == "exchange":
            row[one], row[other] = row[other], row[one]
    path.write_bytes(bytes_of(rows))
    return f"{path.name}: {how} column {one}"


def damage_bytes(random: Random, folder: Path) -> str:
    """Flip, lose, repeat or insert bytes, or write the text in another way."""
    path = folder / random.choice(list(EXAMPLE))
    old = content_of(path)
    start, end = sorted(random.randrange(len(old) + 1) for _ in range(2))
    noise = random.randbytes(random.randrange(1, 12))
    mark = random.choice([b";", b"\t", b"|", b" ,", b",,", b'","'])
    ways = {
        "flip": old[:start] + bytes([random.randrange(256)]) + old[start + 1 :],
        "lose": old[:start] + old[end:],
        "end early": old[:start],
        "repeat": old[:end] + old[start:],
        "insert": old[:start] + noise + old[start:],
        "quote": old[:start] + b'"' + old[start:end] + random.choice([b'"', b""]) + old[end:],
        "separate": old.replace(b",", mark),
        "lines": old.replace(b"\n", random.choice([b"\r\n", b"\r", b"\n\n", b""])),
        "mark": b"\xef\xbb\xbf" * random.randrange(1, 3) + old,
        "encode": old.decode("utf-8", "replace").encode(
            random.choice(["utf-16", "utf-32", "latin-1"]), "replace"
        ),
        "compress": b"PK\x03\x04" + old,
        "nothing": b"",
    }
    how = random.choice(list(ways))
    path.write_bytes(ways[how])
    return f"{path.name}: {how} {start} to {end}"


def damage_toml(random: Random, folder: Path) -> str:
    """Give an entry of case.toml another value, or lose, repeat, nest or rename it."""
    path = folder / "case.toml"
    text = content_of(path).decode("utf-8", "replace").splitlines() or [""]
    at = random.randrange(len(text))
    name, equals, _ = text[at].partition("=")
    how = random.choice(["value", "value", "value", "lose", "repeat", "rename", "table", "dots"])
    if how == "value":
        text[at] = f"{name.strip() or 'title'} = {random.choice(TOML)}"
    elif how == "lose":
        del text[at]
    elif how == "repeat":
        text.insert(at, text[at])
    elif how == "rename":
        text[at] = random.choice([name.strip() + "x", '"\\u001b"', '""', "a.b", "x" * 300]) + equals + " 1"
    elif how == "table":
        text.insert(
            at, random.choice(["[x]", "[[questions]]", "[currency.EUR]", "[[currency]]", "[id]", "[" * 300])
        )
    else:
        text.insert(at, "a" + ".a" * random.choice([3, 900, 5_000]) + " = 1")
    path.write_text("\n".join(text), encoding="utf-8")
    return f"case.toml: {how} in line {at + 1}: {text[min(at, len(text) - 1)][:40] if text else ''}"


def damage_files(random: Random, folder: Path) -> str:
    """Lose, exchange, rename, link, pipe or bloat files."""
    path = folder / random.choice(list(EXAMPLE))
    other = folder / random.choice(list(EXAMPLE))
    outside = folder.parent / "outside.csv"
    content = content_of(path)
    path.unlink()
    line = random.choice([b"\n", b"\r\n", b",,,\n", b" ", b"x", b'"\n', b'"",', b"a,b\n", b"\xff", b"\0"])

    def bloat() -> None:
        path.write_bytes(content + line * (random.choice([2**18, 2**22, 19 * 2**20]) // len(line)))

    def sparse() -> None:
        with path.open("wb") as file:
            file.truncate(random.choice([2**20, 2**34]))

    names = [f"{path.name}.txt", path.name.upper(), f"x{path.name}", ".csv", path.stem + ".xlsx"]
    ways: dict[str, Callable[[], object]] = {
        "lose": lambda: None,
        "exchange": lambda: path.write_bytes(content_of(other)),
        "rename": lambda: (folder / random.choice(names)).write_bytes(content),
        "folder": path.mkdir,
        "link outside": lambda: path.symlink_to(outside),
        "link to a device": lambda: path.symlink_to(random.choice(DEVICES)),
        "link to itself": lambda: path.symlink_to(path.name),
        "link within": lambda: path.symlink_to(other.name),
        "link to nothing": lambda: path.symlink_to("nowhere"),
        "link to a folder": lambda: path.symlink_to("."),
        "pipe": lambda: os.mkfifo(path),
        "bloat": bloat,
        "sparse": sparse,
        "no right": lambda: (path.write_bytes(content), path.chmod(0)),
    }
    how = random.choice(list(ways))
    ways[how]()
    return f"{path.name}: {how}"


MUTATIONS = (*[damage_cell] * 3, damage_rows, damage_columns, damage_bytes, damage_toml, damage_files)


def make(number: int, folder: Path) -> list[str]:
    """The mutant of this number in a folder, which is emptied first; returns what was done to it."""
    random = Random(number)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder.parent / "outside.csv").write_text(f"{CANARY},id,name\n{CANARY},a,b\n", encoding="utf-8")
    for name, content in EXAMPLE.items():
        (folder / name).write_bytes(content)
    done = []
    for _ in range(random.choice([1, 1, 1, 2, 3, 4])):
        with suppress(OSError, IndexError, ValueError, csv.Error):  # after what an earlier one has done
            done.append(random.choice(MUTATIONS)(random, folder))
    return done


@contextmanager
def bounded() -> Iterator[None]:
    """Raise HangError beyond CPU or WALL seconds, MemoryError beyond MEMORY."""

    def hang(*_: object) -> None:
        raise HangError

    if resource is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    sizes = Path("/proc/self/statm")
    used = int(sizes.read_text(encoding="ascii").split()[0]) * resource.getpagesize() if sizes.exists() else 0
    signals = {signal.SIGPROF: (signal.ITIMER_PROF, CPU), signal.SIGALRM: (signal.ITIMER_REAL, WALL)}
    handlers = {name: signal.signal(name, hang) for name in signals}
    try:
        if used:
            resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
        for timer, seconds in signals.values():
            signal.setitimer(timer, seconds)
        yield
    finally:
        for timer, _ in signals.values():
            signal.setitimer(timer, 0)
        resource.setrlimit(resource.RLIMIT_AS, before)
        for name, handler in handlers.items():
            signal.signal(name, handler)


def judge(folder: Path, deep: bool = False) -> tuple[str, list[str]]:
    """Whether the case was accepted or refused, and every finding."""
    loaded, refused, found = None, None, []
    try:
        with bounded():
            problems = cases.check(folder)
            try:
                whole = cases.load(folder)
                for code in texts.TRANSLATED:
                    whole.in_language(code)
                loaded = whole
            except CaseError as error:
                refused = error
            if deep and loaded is not None:
                from contraflow.cli.check import find

                problems_of_network = find(loaded)[1]
            else:
                problems_of_network = []
    except HangError:
        return "found", [f"takes more than {CPU:g} s of computing or {WALL:g} s by the clock"]
    except MemoryError:
        return "found", [f"takes more than {MEMORY >> 20} MB"]
    except ContraflowError as error:
        return "found", [f"raises {type(error).__name__}, which is no CaseError: {error}"]
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return "found", [
            f"raises {type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
        ]
    if (refused is None) != (not problems) or (refused and list(refused.problems) != problems):
        found.append(f"check finds {len(problems)} problems, load {len(refused.problems) if refused else 0}")
    for problem in [*problems, *problems_of_network]:
        text = str(problem)
        if not all(part and part.strip() for part in (problem.file, problem.message, problem.cure)):
            found.append(f"an empty part: {problem!r}")
        if len(text) > LONGEST or FOREIGN.search(text) or CANARY in text:
            found.append(f"no message for people: {text[:200]!r}")
    return "found" if found else "accepted" if not [*problems, *problems_of_network] else "refused", found


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--mutants", type=int, help="how many; without a bound 1000")
    parser.add_argument("--seconds", type=float, help="make mutants for so long")
    parser.add_argument(
        "--deep", action="store_true", help="also build the network, as 'contraflow check' does"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the last mutant there")
    given = parser.parse_args(words)
    most = given.mutants or (sys.maxsize if given.seconds else 1000)
    counts: Counter[str] = Counter()
    begun, number = time.monotonic(), given.seed
    with tempfile.TemporaryDirectory() as place:
        folder = given.keep or Path(place) / "case"
        if given.keep and given.keep.exists():
            parser.error(f"{given.keep} exists already")
        while number - given.seed < most and time.monotonic() - begun < (given.seconds or float("inf")):
            done = make(number, folder)
            verdict, found = judge(folder, given.deep)
            counts[verdict] += 1
            for finding in found[:3]:
                print(f"mutant {number} ({'; '.join(done)}) {finding}", flush=True)
            number += 1
    seconds, made = time.monotonic() - begun, number - given.seed
    print(
        f"{made} mutants from {given.seed} in {seconds:.0f} s ({made / seconds:.1f} a second): "
        f"{counts['accepted']} accepted, {counts['refused']} refused, {counts['found']} with findings"
    )
    return 1 if counts["found"] else 0


if __name__ == "__main__":
    sys.exit(main())
