"""An extension of Griffe: cross-references of docstrings become code, as Markdown knows no roles."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`")


class Roles(Extension):
    """Rewrites the docstring of each object when it is found."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Turn ``:class:`~package.Name``` into the name as code."""
        if obj.docstring is not None:
            obj.docstring.value = ROLE.sub(r"`\1`", obj.docstring.value)
