"""A hook of MkDocs: links to files outside the documentation lead to the repository."""

from __future__ import annotations

import re
from typing import Any

OUTSIDE = re.compile(r"\]\(\.\./([^)\s]+)\)")


def on_page_markdown(markdown: str, *, config: Any, **_: Any) -> str:
    """The page with links such as ``../README.md`` made absolute."""
    return OUTSIDE.sub(rf"]({config.repo_url.rstrip('/')}/blob/main/\1)", markdown)
