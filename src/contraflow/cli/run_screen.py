"""What ``run`` prints: one screen on a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contraflow._language import N_, _, ngettext
from contraflow._numbers import STILL, change_of, dollars, fixed, order, signed, significant, to
from contraflow.case.naming import lower
from contraflow.cli.json_records import UNNAMED
from contraflow.cli.respond import otherwise
from contraflow.cli.terminal import next_step, written
from contraflow.cli.terminal_tables import becomes, good_of, interval_of_share, likelier, say, tell_own
from contraflow.text.sentences import is_open

if TYPE_CHECKING:
    from rich.console import Console

Record = Mapping[str, Any]

GAP = 2
WIDE = 92
"""Cells from which on all columns are shown."""

HEAD = 14
"""Cells that the name of a good may take at the head of a column."""

NARROWEST = 24
"""Cells that a question's title gets at least."""

SMALL = 0.005
"""Part of the whole below which nothing is said to have moved."""

NOTICED = 0.02
"""Change of another good, as a share of what leaves, from which it is shown."""

FELT = ("exports", "exports by air", "hectares at home", "farm-gate price", "local price", "delivered")
"""Figures that tell whether a policy changes anything."""


def show(record: Record, console: Console) -> None:
    """Print the record of a run."""
    _head(record, console)
    _baseline(record["baseline"], record["baseline_years"], console)
    if record["answers"]:
        _answers(record["answers"], record["baseline"], console)
    _trust(record, console)


def show_report(record: Record, name: str, console: Console) -> None:
    """Say where the report is, and what to ask next of the case that was given by ``name``."""
    written(console, _("Report"), Path(record["report"]))
    show_next(record, name, console)


def show_next(record: Record, name: str, console: Console) -> None:
    """Commands that go on from here: the answer that moves most, and what a claim that does not fit says."""
    moved = [a for a in record["answers"] if "exports" in a["figures"]]
    if moved:
        most = max(moved, key=lambda a: abs(float(a["figures"]["exports"]["change"])))
        next_step(
            console, _("The answer that moves exports most, in full:"), "respond", name, "-q", most["id"]
        )
        text = _("What it rests on:")
        next_step(console, text, "explain", name, "-q", most["id"], "--change")
    if record["fit"]["furthest_off"]:
        next_step(console, _("Claims that fit least:"), "claims", name)
    elif record["fit"]["fitted"]:
        next_step(console, _("Where the sources disagree:"), "evidence", name)


def _head(record: Record, console: Console) -> None:
    say(console, (record["title"], "bold"))
    origin = _(
        "case {case} {fingerprint}, Contraflow {version}, seed {seed}, {nodes} nodes, {arcs} arcs"
    ).format(
        case=record["case"],
        fingerprint=record["fingerprint"][:8],
        version=record["version"],
        seed=record["seed"],
        nodes=record["nodes"],
        arcs=record["arcs"],
    )
    say(console, (origin, "dim"))
    tell_own(console, record)


def _headed(years: Sequence[int], record: Record, console: Console) -> None:
    """Heading of the baseline: its years, and what masses count."""
    span = (
        f"{years[0]}"
        if years[0] == years[1]
        else _("{first} to {last}").format(first=years[0], last=years[1])
    )
    console.print()
    head = _("The baseline, {years}").format(years=span)
    substance = record["words"]["substance"]
    say(console, (head, "bold"), _(", a year; t are of pure {substance}").format(substance=substance))


def _baseline(record: Record, years: Sequence[int], console: Console) -> None:
    from rich.table import Table

    drawn = any("value_5" in row for row in record["figures"].values())
    if drawn:
        _wide_baseline(record, years, console)
        return
    _headed(years, record, console)
    figures, words = record["figures"], record["words"]
    columns: list[list[tuple[str, str]]] = [[], [], []]
    for number, (name, label, unit) in enumerate(SHOWN):
        if name in figures:
            value = float(figures[name]["value"])
            shown = dollars(value) if unit == MILLIONS else unit.format(significant(value))
            columns[number // 3].append((_(label).format(good=good_of(record["price_of"]), **words), shown))
    grid = Table.grid(padding=(0, GAP, 0, 0))
    for _column in range(3):
        grid.add_column(style="dim")
        grid.add_column(justify="right", no_wrap=True)
    for line in zip_longest(*columns, fillvalue=("", "")):
        grid.add_row(*(cell for pair in line for cell in pair))
    console.print(grid)


MILLIONS = "${}M"

SHOWN = (
    ("exports", N_("leaves the country"), "{} t"),
    ("exports by air", N_("of it by air"), "{} t"),
    ("seized at home", N_("seized at home"), "{} t"),
    ("hectares at home", N_("{crop} planted"), "{} ha"),
    ("farm-gate price", N_("{harvest}, farm gate"), "${}/kg"),
    ("local price", "{good}", "${}/kg"),
    ("growers' income", N_("households earn"), MILLIONS),
    ("armed groups' income", N_("armed groups take"), MILLIONS),
    ("state spending", N_("the state spends"), MILLIONS),
)
"""Figures of the baseline with their names and units, as shown with intervals."""


def _wide_baseline(record: Record, years: Sequence[int], console: Console) -> None:
    """The baseline with intervals: in two columns, or in one on a narrow screen."""
    from rich.table import Table

    _headed(years, record, console)
    cells = []
    words = record["words"]
    for name, label, unit in SHOWN:
        if name not in record["figures"]:
            continue
        row = record["figures"][name]
        low, high = (significant(float(row[f"value_{end}"])) for end in ("5", "95"))
        shown = _(label).format(good=good_of(record["price_of"]), **words)
        cells.append((shown, unit.format(significant(float(row["value"]))), to(low, high)))
    blocks = 2 if console.width >= WIDE else 1
    rows = -(-len(cells) // blocks)
    grid = Table.grid(padding=(0, GAP, 0, 0))
    for _column in range(blocks):
        grid.add_column(style="dim")
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(style="dim", no_wrap=True, min_width=18)
    for place in range(rows):
        line = [cells[i] for i in range(place, len(cells), rows)]
        grid.add_row(*(cell for one in line for cell in one))
    console.print(grid)


def _answers(answers: Sequence[Record], base: Record, console: Console) -> None:
    """Two lines or so per question: figures in columns, then what moved and who gains and loses."""
    good = good_of(base["price_of"])
    price = _("{good}, $/kg").format(good=good if len(good) <= HEAD else _("price"))
    named = {
        "exports by air": _("by air, t"),
        "exports": _("exports, t"),
        "local price": price,
        "delivered": _("world sales"),
    }
    there = [name for name in named if name in base["figures"] and all(name in a["figures"] for a in answers)]
    if console.width < WIDE:
        there = there[:3]
    heads = [named[name] for name in there]
    cells = [_figures(a["figures"], there) for a in answers]
    widths = [
        max(len(head), *(len(line) for row in cells for line in row[i].split("\n")))
        for i, head in enumerate(heads)
    ]
    rest = sum(widths) + GAP * len(widths)
    room = max(NARROWEST, min(console.width - rest, max(len(a["question"]) for a in answers)))
    console.print()
    _line(console, (_("What if, in the long run"), "bold"), [(h, "dim") for h in heads], room, widths)
    for given, row in zip(answers, cells, strict=True):
        _line(console, (given["question"], ""), [(c, "") for c in row], room, widths)
        say(console, (_moved(given, base["words"]["crop"]), "cyan"), head="    ")


def _figures(figures: Record, names: Sequence[str]) -> tuple[str, ...]:
    """Before and after in each column; with draws, the 90 % interval of the change on a second line."""
    told = []
    for name in names:
        row = figures[name]
        drawn = "ratio_5" in row
        if name == "delivered":
            part = float(row["ratio"]) - 1.0 if drawn else float(row["change"])
            shown = change_of(part, 1.0 if drawn else float(row["before"]))
        else:
            shown = becomes(row)
        told.append(f"{shown}\n{interval_of_share(row)}" if drawn else shown)
    return tuple(told)


def _line(
    console: Console,
    title: tuple[str, str],
    cells: Sequence[tuple[str, str]],
    room: int,
    widths: Sequence[int],
) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=0)
    grid.add_column(width=room)
    for width in widths:
        grid.add_column(width=width + GAP, justify="right", no_wrap=True)
    parts = [(text.partition("\n"), look) for text, look in cells]
    grid.add_row(
        Text(*title),
        *(Text.assemble((first, look), cut, (second, "dim")) for (first, cut, second), look in parts),
    )
    console.print(grid)


def _moved(given: Record, crop: str) -> str:
    """What went where, and who gains and loses most."""
    beside = _beside(given["goods"])
    felt = [f for n, f in given["figures"].items() if n in FELT]
    ends = ("change", "change_5", "change_95")
    if not beside and all(abs(f[e]) <= STILL * abs(f["before"]) for f in felt for e in ends if e in f):
        return _("Nothing moves.")
    found = {by: _shift(given["displacement"][by]["rows"]) for by in ("mode", "zone", "route")}
    by = max(found, key=lambda name: found[name][0] * (1.0 if name != "route" else 0.8))
    parts = [found[by][1] if found[by][1] else _("hardly anything moves")]
    if by == "zone" and found[by][1]:
        parts = [_("{crop}: {moves} ha").format(crop=crop, moves=parts[0])]
    elif found[by][1]:
        parts = [f"{parts[0]} t"]
    parts = [beside] if beside and not found[by][1] else [*parts, *([beside] if beside else [])]
    named = [i for i in given["incomes"] if i["actor"] not in UNNAMED and not is_open(i)]
    named.sort(key=lambda i: float(i["change"]))
    worth = SMALL * 0.1 * sum(abs(float(i["before"])) for i in named)
    if named and named[-1]["change"] > worth:
        parts.append(_("gain: {who}").format(who=_earner(named[-1])))
    if named and named[0]["change"] < -worth:
        parts.append(_("lose: {who}").format(who=_earner(named[0])))
    if given.get("draws", 1) > 1:
        exports = given["figures"].get("exports")
        down, share = (True, "") if exports is None else likelier(exports, given["draws"])
        text = _("exports fall by over 5%: {share}") if down else _("exports rise by over 5%: {share}")
        if share:
            parts.append(text.format(share=share))
    return "; ".join(parts)


def _beside(goods: Sequence[Record]) -> str:
    """The most valuable of the other goods that leave, before and after, if it changes."""
    first = [row for row in goods if row["form"] == goods[0]["form"]]
    before, after = (sum(float(row[c]) for row in first) / 1000 for c in ("before", "after"))
    if not first or abs(after - before) <= NOTICED * before or all(is_open(row) for row in first):
        return ""
    moved = becomes({"before": before, "after": after})
    return _("{good}: {moved} t").format(good=lower(str(first[0]["name"])), moved=moved)


def _shift(rows: Sequence[Record]) -> tuple[float, str]:
    """Share of the whole that changed hands, and the largest loss and gain in words."""
    whole = sum(float(r["before"]) for r in rows) or 1.0
    rows = [r for r in rows if not is_open(r)]
    lost = sorted((r for r in rows if r["change"] < -SMALL * whole), key=lambda r: float(r["change"]))
    won = sorted((r for r in rows if r["change"] > SMALL * whole), key=lambda r: -float(r["change"]))
    largest = ", ".join(f"{r['name']} {signed(float(r['change']))}" for r in (*lost[:1], *won[:1]))
    sums = [sum(abs(float(r["change"])) for r in side) / whole for side in (lost, won)]
    return min(sums) + 0.1 * max(sums), largest


def _earner(income: Record) -> str:
    return f"{income['name'].split(',')[0]} {dollars(float(income['change']), sign=True)}"


def _trust(record: Record, console: Console) -> None:
    """How far the answers can be trusted, and where the rest is."""
    console.print()
    fit, patterns = record["fit"], record["patterns"]
    text = _("{within} of {fitted} fitted claims within two standard deviations")
    parts = [text.format(within=fit["within_two_deviations"], fitted=fit["fitted"])]
    if fit["furthest_off"]:
        far = ", ".join(
            f"{c['claim']} ({fixed(c['residual'], 1, sign=True)})" for c in fit["furthest_off"][:3]
        )
        parts.append(_("furthest off: {claims}").format(claims=far))
    if record["draws"] == 1:
        parts.append(_("a single best fit, without margins of error"))
    _note(console, _("Fit"), "; ".join(parts))
    if record["draws"] > 1:
        text = _("medians of {draws} draws; ranges are 90% intervals, of changes where they have a %")
        _note(console, _("Draws"), text.format(draws=record["draws"]))
    lost = [a for a in record["answers"] if a.get("left_out")]
    for given in lost:
        every = given["draws"] + given["left_out"]
        text = _("{title} No equilibrium in {lost} of {every} draws, which are left out")
        text = text.format(title=given["question"], lost=given["left_out"], every=every)
        _note(console, _("Note"), text, "yellow")
    if patterns["run"]:
        text = _("{hold} of {run} documented patterns hold")
        parts = [text.format(hold=patterns["hold"], run=patterns["run"])]
        if patterns["failing"]:
            text = _("not: {patterns} (contraflow validate {case})")
            parts.append(text.format(patterns=_some(patterns["failing"]), case=record["case"]))
        if patterns["not_run"]:
            number = len(patterns["not_run"])
            text = ngettext(
                "{number} needs time and is not run", "{number} need time and are not run", number
            )
            parts.append(text.format(number=number))
        _note(console, _("Patterns"), "; ".join(parts))
    for given in record["answers"]:
        if given["alternatives"]:
            text = _ways(given)
            _note(console, _("Note"), text, "yellow")
    if record["answers"]:
        worst = max(float(a["largest_error"]) for a in record["answers"])
        text = _("recomputed from the results; largest relative error {error}")
        _note(console, _("Books"), text.format(error=order(worst)))


def _ways(given: Record) -> str:
    """That an answer may settle in several ways, and how much leaves in each."""
    if given.get("draws", 1) > 1:
        text = _("{title} It may settle otherwise{how}")
        return text.format(title=given["question"], how=otherwise(given)[0])
    ends = [given, *given["alternatives"]]
    exports = " / ".join(significant(float(e["figures"]["exports"]["after"])) for e in ends)
    text = _("it may settle in {number} ways: {title} Exports {exports} t")
    return text.format(number=len(ends), title=given["question"], exports=exports)


def _note(console: Console, head: str, text: str, style: str = "") -> None:
    say(console, (text, style), head=f"{head:<9}")


def _some(names: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    if len(names) <= most:
        return shown
    return _("{names} and {number} more").format(names=shown, number=len(names) - most)
