"""Templates, and how they show numbers and data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from contraflow._language import _, ngettext, pgettext
from contraflow._numbers import cell, percent, row_span

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Where templates are, and how they show figures."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(_, ngettext, newstyle=True, pgettext=pgettext)  # type: ignore[attr-defined]
    made.filters |= {"amount": cell, "percent": percent, "span": row_span}
    return made


def fill(environment: Environment, template: str | Path, name: str, variables: dict[str, Any]) -> Markup:
    """A template's text filled with variables; ``name`` is how errors call it.

    ``template`` is the text itself or the path of a file. Raises ValueError where the template is not well
    formed or asks for a variable that is not there.
    """
    from jinja2 import TemplateError, TemplateSyntaxError
    from markupsafe import Markup

    path = template if isinstance(template, Path) else None
    text = template if isinstance(template, str) else template.read_text("utf-8")
    try:
        code = environment.compile(text, filename=None if path is None else str(path))
        made = environment.template_class.from_code(environment, code, environment.make_globals(None))
        return Markup(made.render(variables))
    except TemplateError as error:
        line = f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        raise ValueError(f"the template of {name}{line} cannot be filled: {error}") from error


def embed(text: str) -> str:
    """JSON that can stand inside a script element."""
    from markupsafe import Markup

    return Markup(text.replace("<", "\\u003c"))
