"""Names of episodes of history and of their places in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from contraflow._language import language
from contraflow.case import texts


def past(name: str) -> str:
    """A title or place of an episode in the reader's language; as it is where it has no translation.

    Examples
    --------
    >>> from contraflow._language import in_language
    >>> with in_language("es"):
    ...     past("Manual eradication in Colombia")
    'Erradicación manual en Colombia'
    """
    return _names(language()).get(name, name)


@cache
def _names(code: str) -> Mapping[str, str]:
    return texts.read(Path(str(resources.files("contraflow.history") / "data")), code).by_text
