"""Templates, and how they show numbers, tables and figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from contraflow._language import N_, _, ngettext
from contraflow._numbers import cell, percent, row_span
from contraflow.report.shown_table import ShownTable

if TYPE_CHECKING:
    from jinja2 import Environment

    from contraflow.report.draw.drawing import Drawing

MOST = 10
"""Rows of the table beside a map or diagram, the largest; a file of the figure's numbers has all."""

HEADS = (
    N_("origin"), N_("destination"), N_("mode"), N_("flow"), N_("before"), N_("after"), N_("change"),
    N_("of it grown at home"), N_("of it grown at home, before"), N_("of it grown at home, after"),
    N_("comes from"), N_("leaves by"), N_("goes to"), N_("sold in"), N_("t pure a year"),
)  # fmt: skip
"""Columns of these tables and their units, which files name in English, as the page names them."""

TEMPLATES = Path(__file__).parent / "templates"


def environment(*folders: Path, take: Callable[[str], Markup] = lambda address: Markup("")) -> Environment:
    """Where templates are, and how they show figures.

    Parameters
    ----------
    folders
        Further folders of templates, looked into after those of the report.
    take
        From the address of a figure to what stands below it, to take it away by.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader((TEMPLATES, *folders)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"_": translated, "ngettext": counted, "take": take}
    made.filters |= {"amount": cell, "percent": percent, "span": row_span, "numbers": numbers}
    return made


def figure_macro(environment: Environment) -> Callable[..., Markup]:
    """What shows a figure at its address: of address, drawing, heading and caption."""
    made: Callable[..., Markup] = vars(environment.get_template("figure.html.j2").module)["figure"]
    return made


def translated(text: str, /, **given: Any) -> str:
    """A text in the reader's language, with what its placeholders stand for."""
    return _(text).format(**given)


def counted(one: str, many: str, count: int, /, **given: Any) -> str:
    """One of two texts by a count, which stands for ``{num}``."""
    return ngettext(one, many, count).format(num=count, **given)


def numbers(drawing: Drawing, caption: str) -> Markup:
    """The largest of the numbers that a map or diagram draws, as a table."""
    table = drawing.table.head(MOST)
    measured = [i for i, column in enumerate(table.columns) if table[column].dtype.kind in "fiu"]
    rows = tuple(tuple(cell(value) for value in row) for row in table.itertuples(index=False, name=None))
    heads = tuple(map(_head, map(str, table.columns)))
    told = _("{figure}: the largest {shown} of {all}").format(
        figure=caption, shown=len(table), all=len(drawing.table)
    )
    return ShownTable(caption=told, heads=heads, rows=rows, figures=tuple(measured)).html()


def _head(column: str) -> str:
    """A column with its unit in the reader's language."""
    name, _sep, unit = column.removesuffix("]").partition(" [")
    return f"{_(name)} [{_(unit)}]" if unit else _(name)


def fill(environment: Environment, template: str | Path, name: str, variables: dict[str, Any]) -> Markup:
    """A template's text filled with variables; ``name`` is how errors call it.

    ``template`` is the text itself or the path of a file. Raises ValueError where the template is not well
    formed or asks for a variable that is not there.
    """
    from jinja2 import TemplateError, TemplateSyntaxError

    path = template if isinstance(template, Path) else None
    text = template if isinstance(template, str) else template.read_text("utf-8")
    try:
        code = environment.compile(text, filename=None if path is None else str(path))
        made = environment.template_class.from_code(environment, code, environment.make_globals(None))
        return Markup(made.render(variables))
    except TemplateError as error:
        at = error.lineno if isinstance(error, TemplateSyntaxError) else None
        told = (
            _("the template of {name} cannot be filled: {error}")
            if at is None
            else _("the template of {name}, line {line} cannot be filled: {error}")
        )
        raise ValueError(told.format(name=name, line=at, error=error)) from error
