"""Learn behaviour from the episodes that come with the package, and write the tables and the figure of it.

    python tools/learn_history.py            # learns anew: some five minutes
    python tools/learn_history.py --figure   # only the figure, from the tables

To be run after a change of episodes, priors, the reduced form or the fit.
"""

from __future__ import annotations

import sys
from html import escape
from math import exp, log
from pathlib import Path

import pandas as pd

FIGURE = Path(__file__).parents[1] / "docs" / "figures" / "how-often-right.svg"
ROW, LEFT, WIDTH, TOP = 16, 330, 420, 40
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
REACH = log(60)


def picture(observations: pd.DataFrame, who: str = "the model") -> str:
    """Foreseen against observed, one row a figure, as a picture without scripts."""
    from contraflow.report.draw import theme
    from contraflow.report.draw.how_often_right import STAGES

    def x(logarithm: float) -> float:
        return LEFT + WIDTH * (min(REACH, max(-REACH, logarithm)) + REACH) / (2 * REACH)

    parts, y = [], float(TOP)
    for title, own in observations.groupby("title", sort=False):
        y += ROW * 1.3
        parts.append(f'<text x="8" y="{y + 4:g}" font-weight="bold">{escape(str(title))}</text>')
        for _, row in own.iterrows():
            y += ROW
            months = int(row["months"])
            label = f"{STAGES[row['stage']]}, {row['place']}, {months} months"
            parts.append(
                f'<text x="{LEFT - 8}" y="{y + 4:g}" text-anchor="end" fill="{theme.SOFT}">'
                f"{escape(label)}</text>"
            )
            for low, high, width in (("0.05", "0.95", 1.2), ("0.25", "0.75", 4.5)):
                a, b = x(row[f"{who} {low}"]), x(row[f"{who} {high}"])
                parts.append(
                    f'<line x1="{a:.1f}" x2="{b:.1f}" y1="{y:g}" y2="{y:g}" stroke="#9a9da1" '
                    f'stroke-width="{width}"/>'
                )
            parts.append(f'<circle cx="{x(row[f"{who} 0.5"]):.1f}" cy="{y:g}" r="3" fill="{theme.SOFT}"/>')
            inside = row[f"{who} 0.05"] <= row["observed"] <= row[f"{who} 0.95"]
            at, colour = x(row["observed"]), theme.FALL if inside else theme.RISE
            parts.append(f'<path d="M{at:.1f} {y - 5:g}l5 5l-5 5l-5-5z" fill="{colour}"/>')
    bottom = y + ROW
    grid = []
    for tick in TICKS:
        at, text = x(log(tick)), "no change" if tick == 1 else f"×{tick:g}"
        colour = "#8d877b" if tick == 1 else "#e4e1d8"
        grid.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom:g}" stroke="{colour}"/>')
        grid.append(
            f'<text x="{at:.1f}" y="{TOP - 8}" text-anchor="middle" fill="{theme.SOFT}">{text}</text>'
        )
    size = f"0 0 {LEFT + WIDTH + 20} {bottom + 10:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" font-family="sans-serif" font-size="11" '
        f'role="img"><rect width="100%" height="100%" fill="{theme.PAPER}"/>{"".join(grid + parts)}</svg>\n'
    )


def main() -> None:
    from contraflow.history.learned_tables import left_out, write
    from contraflow.model.numerics import keep_compiled_code

    if "--figure" not in sys.argv:
        keep_compiled_code()
        write(progress=lambda text, part=None: print(text, flush=True))
    found = left_out()
    FIGURE.write_text(picture(found.observations), encoding="utf-8")
    print(found.comparison().round(3).to_string())
    inside = {name: round(found.coverage(name), 3) for name in found.comparison().index}
    print("inside 90 %:", inside, "largest factor shown:", exp(REACH))


if __name__ == "__main__":
    main()
