"""The documentation holds: its code runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import ast
import doctest
import inspect
import pkgutil
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[1]
SLOW = ("analysts", "calibration", "ensembles", "horizons", "influence", "simulation", "tension")
LARGE = ('"peru"', '"andes-1990s"')
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|`|\bbin/|Scripts\\)contraflow +([a-z]+)\b([^`\n]*)", re.MULTILINE)


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(read(page)) if kind == language]


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as code hosts make them."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", read(page)), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", head.lower()) for head in heads]
    return {head.strip().replace(" ", "-") for head in plain}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem in SLOW else [])
        for p in PAGES
        if blocks(p, "python")
    ],
)
def test_python_runs(page, capsys, tmp_path, monkeypatch):
    """Blocks of a page run one after the other; a page about a large case is only compiled."""
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    for body in blocks(page, "python"):
        code = compile(body, str(page), "exec")
        if not any(name in body for name in LARGE):
            exec(code, space)


OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SHOWN = (
    "load", "check", "new", "OpenCase.network", "OpenCase.calibrate", "OpenCase.central_values",
    "Lab.baseline", "Lab.respond", "Lab.respond_many", "Lab.simulate", "Lab.answers", "Lab.validate",
    "Lab.level_for", "Lab.conditional", "Lab.with_numbers", "Lab.measures", "Lab.questions",
    "Lab.requirements",
    "Outcome.prices", "Outcome.seizures", "Outcome.pay", "Outcome.destinations", "Comparison.table",
    "Lab.claims", "Lab.predictions", "Lab.assumptions", "Lab.explain", "Lab.worth_knowing", "Lab.tension",
    "Lab.believing", "Lab.disagreements",
    "Arrest", "Outcome.compare", "Outcome.summary", "Outcome.livelihoods", "Outcome.ladder",
    "Outcome.convergence", "Comparison.summary", "Comparison.probability", "Comparison.displacement",
    "Simulation.series", "verify",
)  # fmt: skip
"""What users call whose docstring must show an example."""

SECTION = re.compile(r"^(\w+)\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", re.DOTALL | re.MULTILINE)


def public() -> dict[str, object]:
    """The functions and classes that ``import contraflow`` gives, by name."""
    import contraflow

    return {n: getattr(contraflow, n) for n in contraflow.__all__ if n != "__version__"}


def called() -> Iterator[tuple[str, object]]:
    """Public functions, and methods of public classes, by name."""
    for name, thing in public().items():
        if inspect.isfunction(thing):
            yield name, thing
        for part in own_bases(thing) if inspect.isclass(thing) else ():
            for own, member in vars(part).items():
                if inspect.isfunction(member) and not own.startswith("_"):
                    yield f"{name}.{own}", member


def own_bases(thing: type) -> list[type]:
    """A class, and what it inherits from classes of the package that are not public themselves."""
    known = set(public().values()) - {thing}
    return [b for b in thing.__mro__ if b.__module__.startswith("contraflow.lab.") and b not in known] or [
        thing
    ]


def test_what_users_call_describes_its_parameters_and_result():
    """In the sections of NumPy's style: each parameter by its name and in its order, and the result."""
    faults = []
    for name, function in called():
        sections = dict(SECTION.findall(inspect.getdoc(function) or ""))
        signature = inspect.signature(function)
        heads = re.findall(r"^(\w[\w, ]*)$", sections.get("Parameters", ""), re.MULTILINE)
        described = [part.strip() for head in heads for part in head.split(",")]
        if described != [p for p in signature.parameters if p != "self"]:
            faults.append(f"{name}: parameters")
        if ("Returns" in sections) != (signature.return_annotation not in (None, "None")):
            faults.append(f"{name}: result")
    assert faults == []


def test_fields_of_what_users_hold_are_described_where_they_stand():
    faults = []
    for name, thing in public().items():
        if not hasattr(thing, "__dataclass_fields__"):
            continue
        for part in own_bases(thing):
            (found,) = ast.parse(dedent(inspect.getsource(part))).body
            for field, following in zip(found.body, [*found.body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign) and not field.target.id.startswith("_"):
                    text = getattr(getattr(following, "value", None), "value", None)
                    faults += [] if isinstance(text, str) else [f"{name}.{field.target.id}"]
    assert faults == []


def test_examples_that_need_no_lab_run():
    """Those of every module, except of public names, whose examples need what the page on Python makes."""
    import contraflow

    runner, finder = doctest.DocTestRunner(optionflags=OPTIONS), doctest.DocTestFinder()
    parts = [p for t in public().values() for p in (own_bases(t) if inspect.isclass(t) else [t])]
    elsewhere = tuple(f"{thing.__module__}.{thing.__name__}" for thing in parts)
    for module in pkgutil.walk_packages(contraflow.__path__, "contraflow."):
        for example in finder.find(import_module(module.name)):
            if example.examples and not example.name.startswith(elsewhere):
                runner.run(example)
    found = runner.summarize(verbose=False)
    assert found.failed == 0
    assert found.attempted > 0


@pytest.mark.slow
def test_examples_of_docstrings_run():
    """Those of all public names, with what the page on Python has made before them."""
    runner, finder = doctest.DocTestRunner(optionflags=OPTIONS), doctest.DocTestFinder()
    space: dict[str, object] = {}
    (made,) = blocks(ROOT / "docs" / "api.md", "pycon")
    setting = doctest.DocTestParser().get_doctest(made, space, "api.md", None, 0)
    runner.run(setting, clear_globs=False)
    space = {name: value for name, value in setting.globs.items() if not name.startswith("__")}
    shown = set()
    for name, thing in public().items():
        for part in own_bases(thing) if inspect.isclass(thing) else [thing]:
            for example in finder.find(part, name, globs=space):
                if example.examples:
                    shown.add(example.name)
                    runner.run(example)
    assert set(SHOWN) <= shown
    assert runner.summarize(verbose=False).failed == 0


def test_every_public_name_is_on_the_page_about_python():
    import contraflow

    listed = re.findall(r"^::: contraflow\.(\w+)$", read(ROOT / "docs" / "api.md"), re.MULTILINE)
    assert sorted(listed) == sorted(set(contraflow.__all__) - {"__version__"})


def test_the_site_has_every_page():
    nav = set(re.findall(r": ([\w-]+\.md)$", read(ROOT / "mkdocs.yml"), re.MULTILINE))
    assert nav == {p.name for p in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_lead_somewhere(page):
    for target in LINK.findall(FENCE.sub("", read(page))):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(there), f"{page.name} links to {target}, which has no such heading"


def test_every_page_is_in_the_index():
    linked = {target.partition("#")[0] for target in LINK.findall(read(ROOT / "docs" / "index.md"))}
    pages = {p.name for p in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert pages <= linked


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_commands_exist(page):
    """Every command that a page names is one of the program's, and its options are too."""
    from typer.main import get_command

    known = get_command(import_module("contraflow.cli").app).commands
    for name, rest in COMMAND.findall(read(page)):
        assert name in known, f"{page.name} names 'contraflow {name}'"
        options = {o for p in known[name].params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        words = rest.partition("#")[0].partition("&&")[0]
        try:
            given = shlex.split(words)
        except ValueError:
            given = words.split()
        for word in (w.partition("=")[0] for w in given if re.match(r"--?[a-z]", w)):
            assert word in options, f"{page.name} names 'contraflow {name} {word}'"


def test_the_page_on_the_command_line_has_every_command_and_option():
    """The table of options names exactly those that the program has, shared ones with who lacks them."""
    from typer.main import get_command

    text = read(ROOT / "docs" / "cli.md")
    rows = {first: rest for first, rest in re.findall(r"^\| `([\w-]+)` \| (.*) \|$", text, re.MULTILINE)}
    shared, without = {}, ""
    for option, last in re.findall(r"^\| `(--[\w-]+)` \| .* \| (.*) \|$", text, re.MULTILINE):
        without = without if last == "the same" else last
        shared[option] = set(re.findall(r"`([\w-]+)`", without))
    assert shared
    for name, command in get_command(import_module("contraflow.cli").app).commands.items():
        assert re.search(rf"\| `contraflow {name}[ `]", text), (
            f"docs/cli.md has no line on 'contraflow {name}'"
        )
        has = {o for p in command.params for o in (*p.opts, *p.secondary_opts) if o.startswith("-")}
        common = {option for option, lacking in shared.items() if name not in lacking}
        own = set(re.findall(r"`(--?[\w-]+)`", rows[name]))
        assert own | common == has - {"--help"}, f"docs/cli.md, options of 'contraflow {name}'"
        assert not own & set(shared)


def test_lines_fit():
    """Prose is wrapped where it can be; tables and pages that are written by the program cannot."""
    for page in PAGES:
        if page.name in ("data-dictionary.md", "coverage.md", "sources.md"):
            continue
        for number, line in enumerate(FENCE.sub("", read(page)).splitlines(), start=1):
            assert len(line) <= 110 or line.startswith("|") or "](" in line, f"{page.name}, line {number}"


def test_ci_runs_the_commands_of_the_readme():
    """The two commands are found by their markers, each on one line, so that README and CI are one."""
    readme = read(ROOT / "README.md")
    for marker, ends in (("run", "contraflow run peru"), ("test", "python -m pytest")):
        found = re.search(rf"^<!-- command: {marker} -->\n```sh\n(.+)\n```$", readme, re.MULTILINE)
        assert found is not None
        assert found[1].endswith(ends)
    script = read(ROOT / ".ci" / "run")
    assert "command_of test" in script
    assert "command_of run" in script


def test_licence_is_whole():
    """The standard text of the Apache License 2.0, by its SHA-256."""
    from hashlib import sha256

    text = (ROOT / "LICENSE").read_bytes().replace(b"\r\n", b"\n")
    assert sha256(text).hexdigest() == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_citation_and_changelog_name_the_version():
    import contraflow

    assert f"version: {contraflow.__version__}\n" in read(ROOT / "CITATION.cff")
    assert "## [Unreleased]" in read(ROOT / "CHANGELOG.md") or contraflow.__version__ in read(
        ROOT / "CHANGELOG.md"
    )


def test_peru_page_counts_what_the_case_holds():
    import contraflow
    from contraflow.inference.likelihood import make_likelihood
    from contraflow.lab import responder

    case = contraflow.load("peru")
    found = responder(case)
    network, fitted = found.model.network, int(make_likelihood(found).fitted.sum())
    uses = [c.use.value for c in case.claims.values()]
    numbers = list(case.parameters.values())
    free = network.ledger.free
    weights = sum(bool(f) and i.startswith("weight@") for i, f in zip(network.ledger.ids, free, strict=True))
    waiting = sum(p.needs.value == "dynamics" for p in case.patterns.values())
    fixed, resting = (sum(p.low == p.high for p in numbers), sum(bool(p.claims) for p in numbers))
    rows = [
        f"{len(case.places)}, {len(case.links)}, {len(network.arcs)}, {len(network.nodes)}",
        f"{len(case.sources)}, of which",
        f"{len(uses)}: {fitted} fitted, "
        + ", ".join(f"{uses.count(u)} {w}" for u, w in (("check", "checked"), ("context", "context")))
        + f", {uses.count('predict')} predicted",
        f"{len(numbers)}: {fixed} fixed, {resting} with claims, {len(numbers) - resting} declared",
        f"{int(free.sum())}, of which {weights} are weights of arcs",
        f"{len(case.measures)}, {len(case.patterns)} ({len(case.patterns) - waiting} that an equilibrium",
    ]
    page = read(ROOT / "docs" / "peru.md")
    for row in rows:
        assert row in page, f"docs/peru.md should say: {row}"
    text = read(ROOT / "docs" / "calibration.md").replace("\n", " ")
    assert f"{int(free.sum())} free numbers" in " ".join(text.split())
    assert f"{fitted} claims" in " ".join(text.split())


def test_the_page_on_simulations_lists_what_is_assumed_of_behaviour():
    from contraflow.case.behaviour import BEHAVIOUR

    page = read(ROOT / "docs" / "simulation.md")
    for name, b in BEHAVIOUR.items():
        unit = "" if b.unit == "dimensionless" else f"{b.unit}s"
        row = f"| `{name}` | {b.value:g} | {b.low:g} to {b.high:g} | {unit} | {b.meaning}. {b.reason} |"
        assert row in page, f"docs/simulation.md should say: {row}"
