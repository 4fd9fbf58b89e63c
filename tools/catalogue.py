"""Keep the catalogues of translations up with the code: extract, update, compile, and say what is missing.

python tools/catalogue.py           extract texts, update the .po files, compile the .mo files
python tools/catalogue.py --check   change nothing; exit 1 if a text has no translation or a .mo is stale
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from contraflow._language import CATALOGUES, DOMAIN, LANGUAGES

SOURCE = Path(__file__).parents[1] / "src" / "contraflow"
METHODS = [("**.py", "python"), ("**.j2", "jinja2")]
OPTIONS = {"**.j2": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def texts() -> Catalog:
    """All texts of the code, in the order of files and lines."""
    found = Catalog(project="contraflow", charset="utf-8")
    for file, line, message, comments, context in sorted(
        extract_from_dir(
            str(SOURCE), METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",),
            strip_comment_tags=True,
        ),
        key=lambda row: (row[0], row[1]),
    ):  # fmt: skip
        if message:
            found.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return found


def po_file(code: str) -> Path:
    return CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(code: str) -> Catalog:
    path = po_file(code)
    if not path.exists():
        made = Catalog(locale=code, project="contraflow", charset="utf-8")
        made._num_plurals, made._plural_expr = 2, "(n != 1)"  # Babel's third plural, of millions, has no use
        return made
    with path.open("rb") as file:
        return read_po(file, locale=code)


def compiled(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def missing(catalogue: Catalog, wanted: Catalog) -> list[str]:
    """Texts of the code without a translation that is whole."""
    lacking = []
    for message in wanted:
        if not message.id:
            continue
        known = catalogue.get(message.id, message.context)
        parts = known.string if known is not None else ""
        whole = all(parts) if isinstance(parts, tuple | list) else bool(parts)
        if known is None or not whole or known.fuzzy:
            lacking.append(str(message.id))
    return lacking


def main(check: bool) -> int:
    wanted = texts()
    failed = 0
    for code in LANGUAGES:
        if code == "en":
            continue
        catalogue = read(code)
        lacking = missing(catalogue, wanted)
        mo = po_file(code).with_suffix(".mo")
        if check:
            stale = not mo.exists() or mo.read_bytes() != compiled(catalogue)
            print(f"{code}: {len(lacking)} of {len(wanted)} texts lack a translation")
            print(*(f"  {text!r}" for text in lacking[:40]), sep="\n")
            if stale:
                print(f"{mo.name} is not compiled from its catalogue")
            failed |= bool(lacking) or stale
            continue
        catalogue.update(wanted, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        mo.parent.mkdir(parents=True, exist_ok=True)
        with po_file(code).open("wb") as file:
            write_po(file, catalogue, width=100, no_location=True, omit_header=False, sort_output=True)
        mo.write_bytes(compiled(read(code)))
        print(f"{code}: {len(wanted)} texts, {len(missing(read(code), wanted))} to translate")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
