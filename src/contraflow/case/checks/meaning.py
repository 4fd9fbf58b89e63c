"""Checks of meaning: rows that are well written but mean nothing in the model."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from contraflow._language import N_, _
from contraflow.case import effects, schema, statements
from contraflow.case.checks.number_limits import FORM_UNITS
from contraflow.case.io.cell_text import did_you_mean, short, twofold
from contraflow.case.io.located_rows import Entry, Tables
from contraflow.case.io.units import UnitError, Units
from contraflow.case.levels import parse_levels
from contraflow.case.quantities import Quantity
from contraflow.errors import Problem

CASE_FILE = "case.toml"

_TARGETS = {
    effects.ActsOn.FACILITIES: N_("Name the facilities it acts on"),
    effects.ActsOn.MARKETS: N_("Name the markets it acts on"),
}
"""How to mend an effect without its targets, of kinds that must name them."""


def forms_counted(tables: Tables, units: Units) -> list[Problem]:
    """Forms are counted in kg or ha, hired work in USD."""
    message, cure = _("is not a unit in which forms are counted"), _("Write kg, ha or USD")
    return [
        entry.problem("unit", message, cure, short(entry.item.unit))
        for entry in tables.of(schema.Form)
        if entry.item.unit not in FORM_UNITS
    ]


def steps_lead_somewhere(tables: Tables, units: Units) -> list[Problem]:
    """A link changes the place; a process or an activity changes the form."""
    problems = []
    for link in tables.of(schema.Link):
        if link.item.origin == link.item.destination:
            message, cure = (
                _("is also where the link begins"),
                _("Let it end elsewhere, or describe a process"),
            )
            problems.append(link.problem("to", message, cure, link.item.destination))
    turned: list[Entry[schema.Process] | Entry[schema.Activity]] = []
    turned.extend(tables.of(schema.Process))
    turned.extend(tables.of(schema.Activity))
    for step in turned:
        if step.item.input == step.item.output:
            message, cure = _("is also the input"), _("Name another form")
            problems.append(step.problem("output", message, cure, step.item.output))
    return problems


def yields_known(tables: Tables, units: Units) -> list[Problem]:
    """A process has a yield or a recovery, not both; a recovery needs forms with a content."""
    problems = []
    forms = tables.by_id(schema.Form)
    for step in tables.of(schema.Process):
        row = step.item
        if row.output_yield is None and row.recovery is None:
            message, cure = _("is missing and so is 'recovery'"), _("Fill one of the two")
            problems.append(step.problem("yield", message, cure, None))
        elif row.output_yield is not None and row.recovery is not None:
            message, cure = _("is given beside a yield"), _("Keep one of the two")
            problems.append(step.problem("recovery", message, cure, row.recovery))
        elif row.recovery is not None:
            for column, name in (("input", row.input), ("output", row.output)):
                if name in forms and forms[name].item.content is None:
                    message = _("has no content, which a recovery needs")
                    cure = _("Give the form a content, or a yield here")
                    problems.append(step.problem(column, message, cure, name))
    return problems


def requirements_consistent(tables: Tables, units: Units) -> list[Problem]:
    """No measure requires itself, even through others, nor the same measure twice."""
    problems = []
    needs: dict[str, list[str]] = {}
    for entry in tables.of(schema.Requirement):
        row = entry.item
        if row.requires in needs.setdefault(row.measure, []):
            message, cure = _("is already required by this measure"), _("Keep one row")
            problems.append(entry.problem("requires", message, cure, row.requires))
        needs[row.measure].append(row.requires)
    for entry in tables.of(schema.Requirement):
        row = entry.item
        chain = _chain(needs, row.requires, row.measure)
        if chain:
            message = _("makes the measure require itself: {ring}")
            message = message.format(ring=" -> ".join([row.measure, *chain]))
            problems.append(entry.problem("requires", message, _("Break the ring"), row.requires))
    return problems


def markets_consistent(tables: Tables, units: Units) -> list[Problem]:
    """A market of hired work has no elasticity, one place, and a form counted in USD."""
    problems = []
    forms = tables.by_id(schema.Form)
    for entry in tables.of(schema.Market):
        row = entry.item
        unit = forms[row.form].item.unit if row.form in forms else None
        if not row.hired_by:
            if row.hired_from:
                message = _("speaks of crews that nobody hires")
                cure = _("Name the modes that hire in 'hired_by', or leave this empty")
                problems.append(entry.problem("hired_from", message, cure, "; ".join(row.hired_from)))
            if unit == "USD":
                message = _("is work that is hired, but no mode hires it")
                cure = _("Name the modes that hire, or count the form in kg or ha")
                problems.append(entry.problem("form", message, cure, row.form))
            continue
        if unit not in (None, "USD"):
            message = _("is hired, but not counted in USD")
            cure = _("Give the form the unit USD: a dollar of pay at the baseline's rates")
            problems.append(entry.problem("form", message, cure, row.form))
        if row.elasticity is not None:
            message = _("is given, but the transports that hire are the demand")
            problems.append(entry.problem("elasticity", message, _("Leave the cell empty"), row.elasticity))
        if len(row.places) != 1:
            message = _("must be one place where work is hired")
            cure = _("Give each place of hire its own row")
            problems.append(entry.problem("places", message, cure, "; ".join(row.places)))
    return problems


def supplies_priced(tables: Tables, units: Units) -> list[Problem]:
    """The price of a supply is a share below 1 of revenue, or a price per unit, as its input is bought."""
    problems = []
    inputs, parameters = tables.by_id(schema.Input), tables.by_id(schema.Parameter)
    for entry in tables.of(schema.Supply):
        row = entry.item
        if row.input not in inputs or row.price not in parameters:
            continue
        price = parameters[row.price].item
        try:
            share = units.fits(units.read(price.unit), ("dimensionless",)) is not None
        except UnitError:
            continue
        if share != (inputs[row.input].item.basis is schema.Basis.REVENUE):
            if share:
                message = _("is in {unit}, but {input} is bought per unit")
                cure = _("Name a price in USD/kg")
            else:
                message = _("is in {unit}, but {input} is bought of revenue")
                cure = _("Name a price that is dimensionless")
            message = message.format(unit=price.unit, input=row.input)
            problems.append(entry.problem("price", message, cure, row.price))
        elif share and price.high * units.read(price.unit).factor >= 1:
            cure = _("Lower 'high' in parameters.csv below 1")
            problems.append(entry.problem("price", _("may take the whole revenue"), cure, row.price))
    return problems


def coverage_complete(tables: Tables, units: Units) -> list[Problem]:
    """Every item of coverage.csv names rows that exist, or gives the reason why it lies outside."""
    problems = []
    for entry in tables.of(statements.Coverage):
        row = entry.item
        if not row.rows and not row.outside:
            cure = _("Name the rows that represent it, or say in 'outside' why it is left out")
            problems.append(entry.problem("rows", _("The cell is empty and so is 'outside'"), cure))
        for token in row.rows:
            table, colon, name = token.partition(":")
            if not colon or table not in _TABLE_NAMES:
                close = get_close_matches(table, _TABLE_NAMES, n=1)
                suggested = close and colon
                cure = did_you_mean(f"{close[0]}:{name}") if suggested else _("Write it as table:id")
                problems.append(entry.problem("rows", _("names no table of a case"), cure, short(token)))
                continue
            names = tables.names(table)
            if names is not None and name not in names:
                cure = _suggest(tables, name, names, f"{table}.csv")
                problems.append(entry.problem("rows", f"names no row of {table}.csv", cure, short(token)))
    return problems


def effects_consistent(tables: Tables, units: Units) -> list[Problem]:
    """An effect fills the columns that its kind needs, and none that its kind does not read."""
    problems = []
    headers = {field.alias or name: name for name, field in schema.Effect.model_fields.items()}
    for entry in tables.of(schema.Effect):
        effect, kind = entry.item, effects.entry_of(entry.item.kind)
        for column in kind.needs:
            if not getattr(effect, headers[column]):
                message = _("The cell is empty, but the kind needs it")
                problems.append(entry.problem(column, message, _(_TARGETS[kind.acts_on])))
        read = kind.reads(supplied=bool(effect.supply))
        for column in (*effects.SELECTORS, *effects.NUMBERS):
            value = getattr(effect, headers[column])
            if not value or column in read:
                continue
            shown = "; ".join(value) if isinstance(value, tuple) else value
            message = (
                _("has no meaning for an effect of kind '{kind}' that acts on supplies")
                if "supply" in read
                else _("has no meaning for an effect of kind '{kind}'")
            ).format(kind=kind.kind)
            cure = _("Leave the cell empty or change the kind")
            problems.append(entry.problem(column, message, cure, shown))
    return problems


def claims_observable(tables: Tables, units: Units) -> list[Problem]:
    """A claim that is fitted or checked observes something and has a number."""
    problems = []
    for entry in tables.of(statements.Claim):
        claim = entry.item
        if claim.use is statements.Use.CONTEXT:
            continue
        if claim.quantity is Quantity.NONE:
            message = _("observes nothing, so it cannot be used to {use}").format(use=claim.use.value)
            cure = _("Write context in 'use'")
            problems.append(entry.problem("quantity", message, cure, claim.quantity.value))
        if claim.low is claim.value is claim.high is None:
            message = _("The cell is empty, but the claim is used to {use}").format(use=claim.use.value)
            cure = _("Fill low, value or high, or write context in 'use'")
            problems.append(entry.problem("value", message, cure))
    return problems


def tensions_comparable(tables: Tables, units: Units) -> list[Problem]:
    """A disagreement has two sides or more, one title, one observed figure, and claims that are observed."""
    problems = []
    first: dict[str, Entry[statements.Tension]] = {}
    sides: dict[str, int] = {}
    claims = tables.by_id(statements.Claim)
    for entry in tables.of(statements.Tension):
        row = entry.item
        before = first.setdefault(row.group, entry)
        sides[row.group] = sides.get(row.group, 0) + 1
        if not row.quantity.observed:
            cure = _("Name an output of the model in which the sides can be compared")
            problems.append(entry.problem("quantity", _("observes nothing"), cure, row.quantity.value))
        for name in ("title", *statements.Observed.model_fields):
            if getattr(row, name) != getattr(before.item, name):
                message = _("differs from row {row}, the first side of '{group}'")
                message = message.format(row=before.row, group=row.group)
                cure = _("Let all sides of a group have the same question and the same figure")
                shown = getattr(row, name)
                shown = "; ".join(shown) if isinstance(shown, tuple) else str(shown)
                header = statements.Tension.model_fields[name].alias or name
                problems.append(entry.problem(header, message, cure, short(shown) if shown else None))
        if not row.claims:
            cure = _("Name the claims that the side takes as true")
            problems.append(entry.problem("claims", _("The cell is empty"), cure))
        for name in row.claims:
            claim = claims[name].item if name in claims else None
            if claim is not None and (
                claim.use is statements.Use.CONTEXT or claim.quantity is Quantity.LEVEL
            ):
                message = _("is a claim that the model does not observe, so nothing follows from it")
                problems.append(entry.problem("claims", message, _("Name claims with another use"), name))
    if "tensions" in tables.faulty:
        return problems
    for group, entry in first.items():
        if sides[group] < 2:
            cure = _("Add the other side, or take the row out")
            problems.append(entry.problem("group", _("is a disagreement with one side only"), cure, group))
    return problems


def patterns_testable(tables: Tables, units: Units) -> list[Problem]:
    """A pattern observes something, has limits if it expects a range, and names known levels."""
    problems = []
    for entry in tables.of(statements.Pattern):
        pattern = entry.item
        if pattern.quantity is Quantity.NONE:
            cure = _("Name an output of the model")
            problems.append(entry.problem("quantity", _("observes nothing"), cure, "none"))
        if pattern.expected is statements.Expected.RANGE:
            for name in (name for name in ("low", "high") if getattr(pattern, name) is None):
                message = _("The cell is empty, but a range is expected")
                problems.append(entry.problem(name, message, _("Fill low and high, as ratios")))
        for name in (name for name in ("low", "high") if (getattr(pattern, name) or 0) < 0):
            shown = f"{getattr(pattern, name):g}"
            message = _("is below 0, which no ratio can be")
            problems.append(entry.problem(name, message, _("Write a ratio"), shown))
        for column in ("policy", "against"):
            problems += _policy_cell(tables, entry, column)
        if pattern.needs is statements.Needs.DYNAMICS:
            problems += _time_cells(entry)
            continue
        if pattern.policy == pattern.against:
            cure = _("Let the policy differ from what it is compared with")
            problems.append(entry.problem("policy", _("The pattern compares a policy with itself"), cure))
        for column in _IN_TIME:
            value = getattr(pattern, column)
            if value not in (None, (), statements.SearchStrategy.EVEN):
                shown = "; ".join(value) if isinstance(value, tuple) else str(value)
                cure = _("Leave the cell empty, or write dynamics in 'needs'")
                problems.append(entry.problem(column, _("has no meaning in an equilibrium"), cure, shown))
    return problems


_IN_TIME = (
    "months", "against_months", "until", "search_strategy", "against_search_strategy",
    "arrest", "arrest_at", "clans",
)  # fmt: skip
"""Columns of a pattern that have a meaning only in a simulation."""


def _time_cells(entry: Entry[statements.Pattern]) -> list[Problem]:
    """Faults of a pattern that needs dynamics: it must name its months and compare two different things."""
    pattern, problems = entry.item, []
    if pattern.months is None:
        cure = _("Write the months, for example 13-24")
        problems.append(entry.problem("months", _("The cell is empty, but the pattern needs time"), cure))
    for column in ("months", "against_months"):
        text = getattr(pattern, column)
        if text and int(text.split("-")[0]) > int(text.split("-")[1]):
            problems.append(entry.problem(column, _("ends before it begins"), _("Write first-last"), text))
    one = (pattern.policy, pattern.search_strategy, pattern.months, pattern.arrest)
    other = (pattern.against, pattern.against_search_strategy, pattern.against_months or pattern.months, None)
    if one == other:
        cure = _("Let policy, search strategy, months or arrests differ")
        problems.append(entry.problem("policy", _("The pattern compares a simulation with itself"), cure))
    if pattern.arrest_at and not pattern.arrest:
        message, cure = (
            _("is given, but nobody is arrested"),
            _("Write whom in 'arrest', or leave the cell empty"),
        )
        problems.append(entry.problem("arrest_at", message, cure, "; ".join(pattern.arrest_at)))
    return problems


def case_file_consistent(tables: Tables, units: Units) -> list[Problem]:
    """Everything that case.toml names exists: the drift parameter and the measures of the questions."""
    if tables.info is None:
        return []
    problems = []
    info, parameters, places = tables.info, tables.names("parameters"), tables.selectable("places")
    if places is not None and info.home not in places:
        cure = _("Write the country code of the state's own places")
        problems.append(Problem(CASE_FILE, _("is the country of no place"), cure, None, "home", info.home))
    if not all(1800 <= year <= 2099 for year in info.baseline):
        shown = f"{info.baseline[0]}, {info.baseline[1]}"
        cure = _("Write [first, last], from 1800 to 2099")
        problems.append(Problem(CASE_FILE, _("is not a pair of years"), cure, None, "baseline", shown))
    elif info.baseline[0] > info.baseline[1]:
        shown = f"{info.baseline[0]}, {info.baseline[1]}"
        cure = _("Write [first, last]")
        problems.append(Problem(CASE_FILE, _("ends before it starts"), cure, None, "baseline", shown))
    if parameters is not None and info.drift not in parameters:
        cure = _suggest(tables, info.drift, parameters, "parameters.csv")
        message = _("names no row of {file}").format(file="parameters.csv")
        problems.append(Problem(CASE_FILE, message, cure, None, "drift", info.drift))
    elif drift := tables.by_id(schema.Parameter).get(info.drift):
        problems += _drift(drift, units)
    seen: set[str] = set()
    for number, question in enumerate(info.questions, start=1):
        if question.id in seen:
            cure, entry = _("Give each question its own id"), f"questions.{number}.id"
            problems.append(Problem(CASE_FILE, _("stands twice"), cure, None, entry, question.id))
        seen.add(question.id)
        for fault in _level_faults(tables, question.policy):
            problems.append(
                Problem(CASE_FILE, fault[1], fault[2], None, f"questions.{number}.policy", fault[0])
            )
    return problems


MEANING: tuple[Callable[[Tables, Units], list[Problem]], ...] = (
    forms_counted,
    steps_lead_somewhere,
    yields_known,
    markets_consistent,
    supplies_priced,
    requirements_consistent,
    effects_consistent,
    claims_observable,
    patterns_testable,
    tensions_comparable,
    coverage_complete,
    case_file_consistent,
)
"""All checks of this module."""


_TABLE_NAMES = tuple(model.table for model in schema.TABLES)


def _chain(needs: dict[str, list[str]], start: str, goal: str) -> list[str]:
    """The requirements that lead from one measure to another, both included; empty if there are none."""
    queue, seen = [[start]], {start}
    while queue:
        path = queue.pop()
        if path[-1] == goal:
            return path
        for following in needs.get(path[-1], ()):
            if following not in seen or following == goal:
                seen.add(following)
                queue.append([*path, following])
    return []


def _drift(entry: Entry[schema.Parameter], units: Units) -> list[Problem]:
    problems = []
    try:
        if units.fits(units.read(entry.item.unit), ("dimensionless",)) is None:
            message = _("is not a unit of the drift that case.toml names")
            problems.append(entry.problem("unit", message, _("Write dimensionless"), entry.item.unit))
    except UnitError:
        pass
    if entry.item.low < 0:
        message = _("is below 0, which is impossible for the drift that case.toml names")
        cure = _("Write a number from {limit}").format(limit=0)
        problems.append(entry.problem("low", message, cure, f"{entry.item.low:g}"))
    return problems


def _policy_cell(tables: Tables, entry: Entry[statements.Pattern], column: str) -> list[Problem]:
    text: str = getattr(entry.item, column)
    numbers = (part.partition("=")[2].strip() for part in text.split(";"))
    for fault in filter(None, map(twofold, numbers)):
        return [entry.problem(column, *fault, short(text))]
    try:
        levels = parse_levels(text)
    except ValueError as error:
        message = _("is not a policy: {reason}").format(reason=error)
        return [entry.problem(column, message, _("Write it like 'radar=1; interceptors=6'"), short(text))]
    return [
        entry.problem(column, message, cure, name) for name, message, cure in _level_faults(tables, levels)
    ]


def _level_faults(tables: Tables, levels: dict[str, float]) -> list[tuple[str, str, str]]:
    """The measure, the message and the cure for each level that the case cannot set."""
    names = tables.names("measures")
    if names is None:
        return []
    faults = []
    measures, parameters = tables.by_id(schema.Measure), tables.by_id(schema.Parameter)
    for name, level in levels.items():
        if name not in names:
            message = _("names no row of {file}").format(file="measures.csv")
            faults.append((name, message, _suggest(tables, name, names, "measures.csv")))
            continue
        limit = parameters.get(measures[name].item.maximum) if name in measures else None
        if not level >= 0:
            message = _("has the level {level}").format(level=f"{level:g}")
            faults.append((name, message, _("Write a level from 0")))
        elif limit is not None and level > limit.item.high:
            message = _("has the level {level}, above its maximum {limit}")
            message = message.format(level=f"{level:g}", limit=f"{limit.item.high:g}")
            cure = _("Lower it, or raise parameters.csv, row {row}").format(row=limit.row)
            faults.append((name, message, cure))
    return faults


def _suggest(tables: Tables, name: str, names: set[str], file: str) -> str:
    close = tables.nearest(name, names)
    return did_you_mean(close) if close else _("Correct it, or add it to {table}").format(table=file)
