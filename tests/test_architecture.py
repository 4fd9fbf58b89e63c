"""The page on the architecture and its picture are the code's, and the places that it names exist."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location(
        "draw_architecture", ROOT / "tools" / "draw_architecture.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path):
    """The code, the page and the picture, to be changed at will."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("data", "__pycache__"))
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_no_imports_go_in_a_circle():
    import grimp
    import networkx as nx

    graph = grimp.build_graph("contraflow", cache_dir=None)
    arrows = nx.DiGraph(
        (name, used) for name in graph.modules for used in graph.find_modules_directly_imported_by(name)
    )
    assert arrows.number_of_edges() > 500
    assert [sorted(ring) for ring in nx.strongly_connected_components(arrows) if len(ring) > 1] == []


COMMANDS = {"behaviour", "claims", "coverage", "disagreements", "handout", "hindcast", "history", "sources"}
"""Files of commands, named as their commands are, whose names other rooms have as well."""

OWN_ROOM = {"case", "lab", "network", "policy"}
"""Files that hold the class that their room is named after."""


def test_a_name_of_a_file_or_class_is_given_once():
    """So that a name in a message, a page or a search leads to one place."""
    package = ROOT / "src" / "contraflow"
    files, classes = Counter(), Counter()
    for path in package.rglob("*.py"):
        if path.parent == package / "cli" and path.stem in COMMANDS:
            continue
        if path.stem != "__init__":
            files[path.stem] += 1
        elif path.parent != package and path.parent.name not in OWN_ROOM:
            files[path.parent.name] += 1
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes.update(node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, times in (files + classes).items() if times > 1] == []
    every = Counter(path.stem for path in package.rglob("*.py"))
    every.update(path.parent.name for path in package.rglob("__init__.py"))
    assert [name for name in COMMANDS if every[name] < 2] == [], "no exception is needed"


def test_threads_are_begun_in_one_place():
    """So that one rule says how many there are, and an interruption ends all of them alike.

    The log of a command tells from a thread of its own what the others do, and computes nothing. The lab in
    the browser has one for each lane of requests, and one for what is fitted meanwhile.
    """
    found = {
        path.name
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"ThreadPoolExecutor|Thread\(|cpu_count", path.read_text(encoding="utf-8"))
    }
    assert found == {"_parallel.py", "terminal.py", "routes.py", "workshop.py"}


def test_types_of_arrays_are_named_in_one_place():
    named = {
        str(path.relative_to(ROOT / "src" / "contraflow"))
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"^\w+ = (npt\.)?NDArray\[", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named == {"_types.py"}


def test_page_and_picture_are_the_code(tool):
    assert tool.stale(ROOT) == [], "run python tools/draw_architecture.py"


def test_a_line_more_makes_both_stale(tool, copy):
    path = copy / "src" / "contraflow" / "model" / "choice.py"
    path.write_text(path.read_text(encoding="utf-8") + "# one more\n", encoding="utf-8")
    assert tool.stale(copy) == [tool.PAGE, tool.PICTURE]


def test_a_new_import_across_floors_changes_the_picture(tool, copy):
    """Two lines of a file become one that imports from higher up, so that no number of lines changes."""
    path = copy / "src" / "contraflow" / "case" / "naming.py"
    last = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*last[:-1], last[-1] + "; import contraflow.network"]), encoding="utf-8")
    assert tool.stale(copy) == [tool.PICTURE]


def test_a_room_outside_the_contract_is_refused(tool, copy):
    (copy / "src" / "contraflow" / "attic.py").write_text('"""Odds and ends."""\n', encoding="utf-8")
    with pytest.raises(SystemExit, match="attic"):
        tool.stale(copy)


def test_a_file_of_the_reading_order_that_is_gone_is_named(tool, copy):
    (copy / "src" / "contraflow" / "model" / "choice.py").unlink()
    with pytest.raises(SystemExit, match=r"model/choice\.py"):
        tool.page(copy)


def test_only_arrows_that_no_chain_stands_for(tool):
    def room(name, *uses):
        return tool.Room(name, "", 1, frozenset(uses))

    rooms = {r.name: r for r in (room("top", "middle", "floor"), room("middle", "floor"), room("floor"))}
    assert tool.arrows(rooms) == [("top", "middle"), ("middle", "floor")]


@pytest.mark.parametrize("page", ["architecture.md", "how-to-add.md"])
def test_files_that_the_page_names_exist(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", text))
    roots = (ROOT / "src" / "contraflow", ROOT)
    gone = sorted(name for name in named if not any((root / name).exists() for root in roots))
    assert named
    assert gone == []
