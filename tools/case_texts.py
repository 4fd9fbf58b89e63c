"""Keep the translations of a case up with its texts.

python tools/case_texts.py peru es            write texts.es.csv anew: texts in the order of the case, the
                                              translations that are there, empty cells for those missing,
                                              and last the translations whose text is gone, to be reused or
                                              deleted
python tools/case_texts.py peru es --check    change nothing; exit 1 if a text has no translation, or if a
                                              translation has no text

A case is a shipped one by its name, or a folder. ``package`` in place of a case stands for the rows that the
package adds to every case.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable
from pathlib import Path

from contraflow import case as cases
from contraflow._io import write_atomically
from contraflow.case import texts
from contraflow.case.behaviour import complete
from contraflow.case.learned import NONE, sets
from contraflow.case.load import locate
from contraflow.errors import CaseError

PACKAGE = "package"


def main(name: str, code: str, check: bool) -> int:
    if code not in texts.TRANSLATED:
        print(f"There is no language {code!r}: {', '.join(texts.TRANSLATED)}")
        return 2
    shared = package_texts()
    if name == PACKAGE:
        folder, wanted = texts.packaged(), [*shared]
    else:
        folder = locate(name)
        wanted = [text for text in texts.shown(cases.load(folder)) if text not in shared]
    known = texts.read(folder, code)
    if known.problems:
        raise CaseError(known.problems)
    missing = [text for text in wanted if text not in known.by_text]
    left = [text for text in known.by_text if text not in wanted]
    if not check:
        rows = [(text, known.by_text.get(text, "")) for text in [*wanted, *left]]
        write(folder / texts.file_for(code), rows)
    print(f"{name}, {code}: {len(wanted)} texts, {len(missing)} without a translation")
    print(*(f"  {text}" for text in missing), sep="\n", end="\n" if missing else "")
    print(*(f"  no text of the case: {text}" for text in left), sep="\n", end="\n" if left else "")
    return int(check and bool(missing or left))


def package_texts() -> dict[str, None]:
    """Texts of the rows that the package adds to a case, whatever it has learned from, in their order."""
    rows = [row for learned in (NONE, *sets()) for row in complete({}, learned).values()]
    return dict.fromkeys(texts.one_line(text) for row in rows for text in (row.meaning, row.reason))


def write(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Write a file of translations."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("text", "translation"), *rows])
    write_atomically(path, out.getvalue())


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    if len(arguments) != 2:
        sys.exit(__doc__)
    sys.exit(main(*arguments, check="--check" in sys.argv))
