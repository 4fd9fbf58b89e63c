"""Draw the architecture from the code, and write what ``docs/architecture.md`` says of it.

Run by hand after code has moved between rooms; the result is committed::

    python tools/draw_architecture.py
    python tools/draw_architecture.py --check

Floors are the layers of the import contract in ``pyproject.toml``, what a room is for is the first
sentence of its docstring, arrows are its imports. ``--check`` writes nothing and ends with 1 where the
picture or the page is not the code's. Needs nothing but Python.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = "contraflow"
PAGE, PICTURE = Path("docs/architecture.md"), Path("docs/figures/architecture.svg")

WIDTH, GAP, BETWEEN = 760, 28, 30
"""The picture, in pixels: breadth of the floors, gaps beside and between boxes."""

HEAD, ROW = 36, 15
"""Height of a box without its text, and of a row of text."""

MARGIN, SIDE, LANE = 20, 40, 14
"""Room around the picture, beside the floors for the way of the data, and for each line around floors."""

LETTER = 6.2
"""Breadth of a letter of the small print, on average."""


class Room(NamedTuple):
    """A package or module directly below the root package."""

    name: str
    about: str
    lines: int
    uses: frozenset[str]


class Box(NamedTuple):
    """Where a room is drawn, on which floor, and the rows of its text."""

    x: float
    y: float
    width: float
    height: float
    floor: int
    text: tuple[str, ...]

    @property
    def middle(self) -> float:
        """Halfway from left to right."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """Where the box ends."""
        return self.y + self.height


def sources(root: Path) -> Path:
    """The folder of the package."""
    return root / "src" / PACKAGE


def floors(root: Path) -> list[list[str]]:
    """Names of the rooms by floor, from the top, as the contract has them."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers":
            return [
                [name.strip().removeprefix(PACKAGE + ".") for name in layer.split("|")]
                for layer in contract["layers"]
            ]
    raise SystemExit("pyproject.toml has no import contract of the type 'layers'.")


def count(path: Path) -> int:
    """Lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def purpose(path: Path) -> str:
    """The first paragraph of a module's docstring, on one line, without marks for cross-references."""
    words = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    return re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"\1", " ".join(words.split()))


def imports(path: Path, package: list[str]) -> set[str]:
    """Rooms that a module imports from, at any place in it. ``package`` is where relative names start."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            head = ".".join([*base, *([node.module] if node.module else [])])
            names = [head] if head != PACKAGE else [f"{head}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith(PACKAGE + ".")}
    return found


def read_room(root: Path, name: str) -> Room:
    """One room, from its files."""
    folder = sources(root) / name
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    front = folder / "__init__.py" if folder.is_dir() else files[0]
    if not front.exists():
        raise SystemExit(f"The contract in pyproject.toml names '{name}', and {front} does not exist.")
    uses: set[str] = set()
    for path in files:
        uses |= imports(path, [PACKAGE, *path.relative_to(sources(root)).parent.parts])
    return Room(name, purpose(front), sum(map(count, files)), frozenset(uses - {name}))


def read_rooms(root: Path) -> dict[str, Room]:
    """Every room of the contract. Imports of names of the package itself, such as its version, are none."""
    found = {name: read_room(root, name) for floor in floors(root) for name in floor}
    inside = {path.stem for path in sources(root).glob("*.py")} | {
        path.parent.name for path in sources(root).glob("*/__init__.py")
    }
    outside = inside - set(found) - {"__init__", "__main__"}
    if outside:
        raise SystemExit(f"The contract in pyproject.toml leaves out: {', '.join(sorted(outside))}.")
    return {name: room._replace(uses=room.uses & set(found)) for name, room in found.items()}


def reach(rooms: dict[str, Room], name: str) -> set[str]:
    """All rooms that a room uses, itself or through others."""
    found: set[str] = set()
    left = [name]
    while left:
        for used in rooms[left.pop()].uses - found:
            found.add(used)
            left.append(used)
    return found


def arrows(rooms: dict[str, Room]) -> list[tuple[str, str]]:
    """Imports that no chain of other imports stands for."""
    return [
        (name, used)
        for name, room in rooms.items()
        for used in sorted(room.uses)
        if not any(used in reach(rooms, other) for other in room.uses - {used})
    ]


def place(rooms: dict[str, Room], drawn: list[list[str]]) -> dict[str, Box]:
    """Boxes by room: rooms of one floor share its breadth, and are as high as the highest needs."""
    boxes: dict[str, Box] = {}
    y = float(MARGIN)
    for number, floor in enumerate(drawn):
        width = (WIDTH - GAP * (len(floor) - 1)) / len(floor)
        texts = [tuple(wrap(rooms[name].about, int((width - 28) / LETTER))) for name in floor]
        height = HEAD + ROW * max(map(len, texts))
        for place, (name, text) in enumerate(zip(floor, texts, strict=True)):
            boxes[name] = Box(MARGIN + SIDE + place * (width + GAP), y, width, height, number, text)
        y += height + BETWEEN
    return boxes


def line(boxes: dict[str, Box], arrow: tuple[str, str], lane: int) -> str:
    """One arrow: to the next floor, or in a lane beside the floors to one further down."""
    above, below = boxes[arrow[0]], boxes[arrow[1]]
    end = below.y - 2
    if below.floor > above.floor + 1:
        side = MARGIN + SIDE + WIDTH + LANE * (lane + 1)
        path = f"M{above.x + above.width:g} {above.y + above.height / 2:g}H{side:g}"
        path += f"V{below.y + below.height / 2:g}H{below.x + below.width + 2:g}"
    elif above.width == below.width:
        half = above.bottom + BETWEEN / 2
        path = f"M{above.middle:g} {above.bottom:g}V{half:g}H{below.middle:g}V{end:g}"
    else:
        narrow = min(above, below, key=lambda b: b.width)
        path = f"M{narrow.middle:g} {above.bottom:g}V{end:g}"
    return f'<path class="arrow" d="{path}"><title>{arrow[0]} imports {arrow[1]}</title></path>'


def box(room: Room, at: Box) -> list[str]:
    """A room: its name, its lines of code, what it is for."""
    left, right = at.x + 14, at.x + at.width - 14
    return [
        f'<rect x="{at.x:g}" y="{at.y:g}" width="{at.width:g}" height="{at.height:g}" rx="5"/>',
        f'<text class="name" x="{left:g}" y="{at.y + 22:g}">{escape(room.name)}</text>',
        f'<text class="count" x="{right:g}" y="{at.y + 22:g}">{room.lines:,} lines</text>',
        *(
            f'<text x="{left:g}" y="{at.y + 40 + ROW * number:g}">{escape(words)}</text>'
            for number, words in enumerate(at.text)
        ),
    ]


STYLE = """
text{font:12px "DejaVu Sans",Verdana,sans-serif;fill:#4a5560}
.name{font-size:15px;font-weight:bold;fill:#1d2a35}
.count{text-anchor:end}
rect{fill:#f3f6f8;stroke:#9fb0bd}
.arrow{fill:none;stroke:#5b7183;stroke-width:1.4;marker-end:url(#head)}
.data{fill:none;stroke:#b5762a;stroke-width:1.4;marker-end:url(#up)}
.way{fill:#8a5519;text-anchor:middle}
"""


def picture(root: Path) -> str:
    """The picture as SVG. Modules whose name begins with an underscore are not drawn."""
    rooms = {name: room for name, room in read_rooms(root).items() if not name.startswith("_")}
    rooms = {name: room._replace(uses=room.uses & set(rooms)) for name, room in rooms.items()}
    drawn = [[name for name in floor if name in rooms] for floor in floors(root)]
    drawn = [floor for floor in drawn if floor]
    boxes = place(rooms, drawn)
    found = arrows(rooms)
    far = [a for a in found if boxes[a[1]].floor > boxes[a[0]].floor + 1]
    bottom = max(at.bottom for at in boxes.values())
    width = 2 * MARGIN + SIDE + WIDTH + LANE * (len(far) + 1 if far else 0)
    height = bottom + MARGIN + 24
    side, middle = MARGIN + 22, (MARGIN + bottom) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
        "<title>The rooms of Contraflow by floor, and what imports what</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#5b7183"/></marker>'
        '<marker id="up" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#b5762a"/></marker></defs>',
        f'<rect width="{width:g}" height="{height:g}" style="fill:#fff;stroke:none"/>',
        f'<path class="data" d="M{side} {bottom:g}V{MARGIN}"/>',
        f'<text class="way" transform="translate({side - 10} {middle:g}) rotate(-90)">'
        "the way of the data</text>",
        *(line(boxes, arrow, far.index(arrow) if arrow in far else 0) for arrow in found),
        *(part for name in boxes for part in box(rooms[name], boxes[name])),
        f'<text x="{MARGIN + SIDE}" y="{height - MARGIN + 4:g}">Arrows are imports. Those that a chain of '
        "other arrows stands for are left out.</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def floor_table(root: Path) -> str:
    """The table of floors and rooms, with the rooms inside rooms."""
    rooms = read_rooms(root)
    rows = ["| floor | room | lines | what it is for |", "| ---: | --- | ---: | --- |"]
    stack = floors(root)
    for number, floor in enumerate(stack):
        for name in floor:
            room, folder = rooms[name], sources(root) / name
            shown = f"`{name}`" if folder.is_dir() else f"`{name}.py`"
            rows.append(f"| {len(stack) - number} | {shown} | {room.lines:,} | {room.about} |")
            for front in sorted(folder.glob("*/__init__.py")):
                lines = sum(map(count, sorted(front.parent.rglob("*.py"))))
                rows.append(f"| | `{name}/{front.parent.name}` | {lines:,} | {purpose(front)} |")
    return "\n".join(rows)


READ = re.compile(r"`([\w/]+\.py)` \([\d,]+ lines?\)")


def reading(root: Path, text: str) -> str:
    """The reading order, with the files' lines as they are."""

    def counted(path: str) -> int:
        if not (sources(root) / path).exists():
            raise SystemExit(f"The reading order in {PAGE} names {path}, which does not exist.")
        return count(sources(root) / path)

    text = READ.sub(lambda m: f"`{m[1]}` ({counted(m[1]):,} lines)", text)
    whole = sum(counted(path) for path in READ.findall(text))
    return re.sub(r"[\d,]+ lines in all", f"{whole:,} lines in all", text)


def page(root: Path) -> str:
    """The page with its generated parts made anew."""
    text = (root / PAGE).read_text(encoding="utf-8")
    for name, make in (("floors", lambda _: f"\n\n{floor_table(root)}\n\n"), ("reading", None)):
        start, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, opened, rest = text.partition(start)
        part, closed, after = rest.partition(end)
        if not (opened and closed):
            raise SystemExit(f"{PAGE} lacks the marker {start} or {end}.")
        text = before + start + (make(part) if make else reading(root, part)) + end + after
    return text


def stale(root: Path) -> list[Path]:
    """Of the page and the picture, those that are not the code's."""
    made = {PAGE: page(root), PICTURE: picture(root)}
    return [
        path
        for path, text in made.items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]


def main(words: list[str]) -> int:
    """Write both, or with ``--check`` name those that are not the code's."""
    if words not in ([], ["--check"]):
        print(__doc__)
        return 2
    found = stale(ROOT)
    for path in found:
        if words:
            print(f"{path} is not what the code is: run python tools/draw_architecture.py")
        else:
            text = page(ROOT) if path == PAGE else picture(ROOT)
            (ROOT / path).write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {path}")
    return 1 if found and words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
