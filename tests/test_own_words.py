"""No code names a drug, a crop, a country or a valley: they come from the case."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel import Locale
from typer.main import get_command

import contraflow as cf
from contraflow.case import shipped
from contraflow.cli import app

PACKAGE = Path(cf.__file__).parent

DATA = ("case/data/", "history/data/", "report/data/", "fitted/", "locale/")
"""Folders that hold cases, episodes, maps and translations rather than code."""

NAMES = re.findall(
    r"\S+",
    """
    amphetamine cannabis cocaine coca leaf leaves paste hydrochloride crack ecstasy ephedrine fentanyl hashish
    heroin ketamine khat latex marijuana methamphetamine meth morphine opiate opium opioid poppy resin
    timber logging gold mercury coltan diamonds ivory cattle coffee cacao permanganate kerosene
    peru peruvian peruvians colombian colombians bolivian bolivians ecuadorian brazilian mexican afghan
    burmese andes andean amazon amazonian vraem huallaga chapare yungas putumayo apurimac inambari callao
    iquitos paita lima cusco puno tocache pichari guaviare catatumbo helmand kandahar
    valley valleys narco taliban
    """,
)
"""Drugs, crops, other goods, peoples, parts of the world and valleys."""

ENGLISH = frozenset({"leaves", "base", "chad", "guinea", "jersey", "georgia", "turkey", "world"})
"""Words that also mean something else: goods that leave, ..."""


def forbidden() -> re.Pattern[str]:
    """Drugs, crops, valleys and all countries of ISO 3166."""
    territories = Locale.parse("en").territories
    countries = [str(name).lower() for code, name in territories.items() if len(code) == 2 and code.isalpha()]
    words = {*NAMES, *countries} - ENGLISH
    listed = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<![a-z])(?:{listed})s?(?![a-z])", re.IGNORECASE)


FORBIDDEN = forbidden()


def split(name: str) -> str:
    """An identifier as words: ``leafPrice`` and ``leaf_price`` are ``leaf price``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)


COMMAND = re.compile(rf"^\W*(?:contraflow )?(?:{'|'.join(get_command(app).commands)}) ")  # type: ignore[attr-defined]
SHIPPED = re.compile(rf"\b(?:{'|'.join(map(re.escape, shipped()))})\b")


def without_cases(text: str) -> str:
    """An example of a command without the name of the shipped case that it is given."""
    return SHIPPED.sub("", text) if COMMAND.match(text) else text


def docstrings(tree: ast.AST) -> set[int]:
    """Numbers of lines of strings that stand as statements of their own: documentation."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if isinstance(node.value.value, str)
    }


def of_python(text: str) -> Iterator[tuple[int, str]]:
    """Identifiers and string literals of a module, by line."""
    documentation = docstrings(ast.parse(text))
    kinds = {tokenize.NAME, tokenize.STRING} | {
        getattr(tokenize, name) for name in ("FSTRING_MIDDLE",) if hasattr(tokenize, name)
    }
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        number = token.start[0]
        if token.type not in kinds or number in documentation:
            continue
        for line, part in enumerate(token.string.splitlines() or [""], number):
            yield line, split(part) if token.type == tokenize.NAME else without_cases(part)


def of_template(text: str) -> Iterator[tuple[int, str]]:
    """Lines of a template, a script or a style sheet."""
    return ((number, split(line)) for number, line in enumerate(text.splitlines(), 1))


def files() -> list[Path]:
    """All code of the package."""
    found = [path for ending in ("py", "j2", "js", "css", "html") for path in PACKAGE.rglob(f"*.{ending}")]
    inside = [(path.relative_to(PACKAGE).as_posix(), path) for path in found]
    return sorted(path for name, path in inside if not name.startswith(DATA))


def found_in(path: Path) -> list[str]:
    """What a file names, each with its line."""
    text = path.read_text(encoding="utf-8")
    parts = of_python(text) if path.suffix == ".py" else of_template(text)
    return [
        f"{path.relative_to(PACKAGE).as_posix()}:{line}: {match[0]!r} in {part.strip()[:90]!r}"
        for line, part in parts
        for match in FORBIDDEN.finditer(part)
    ]


@pytest.mark.parametrize("part", sorted({p.relative_to(PACKAGE).parts[0] for p in files()}))
def test_code_names_no_drug_crop_country_or_valley(part: str) -> None:
    mine = [path for path in files() if path.relative_to(PACKAGE).parts[0] == part]
    named = [line for path in mine for line in found_in(path)]
    assert not named, "\n".join(named)


def test_what_the_search_finds() -> None:
    text = (
        '"""Of coca."""\nleaf_price = f"Coca of {x}"\n'
        'b = "in Côte d’Ivoire"\nbasecase = leaving\nHome = "BO"\n'
    )
    words = [match[0] for _, part in of_python(text) for match in FORBIDDEN.finditer(part)]
    assert words == ["leaf", "Coca", "Côte d’Ivoire"]
    examples = 'a = "respond peru -m radar=1"\nb = "Peru is run"\n'
    assert [match[0] for _, part in of_python(examples) for match in FORBIDDEN.finditer(part)] == ["Peru"]
    script = "const coca = valleyName; // leafless\n"
    assert [m[0] for _, part in of_template(script) for m in FORBIDDEN.finditer(part)] == ["coca", "valley"]


def test_all_of_the_package_is_searched() -> None:
    searched = {path.relative_to(PACKAGE).as_posix() for path in files()}
    assert {"results/figures.py", "text/names.py", "report/templates/report.css"} <= searched
    assert len(searched) > 200
