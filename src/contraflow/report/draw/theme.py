"""Colours, type and marks that all figures and pages share, by name, in light and in dark.

A mark of a figure has classes, never a colour of its own: ``f-rise`` fills, ``s-air`` strokes, ``d-air``
dashes. On a page the names are custom properties, so that dark mode and print change them; in a file of its
own a figure carries the light ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from contraflow._language import N_
from contraflow.report.draw.svg import SIZE, SMALL, short

COLOURS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ink": ("#22282e", "#ece8df"),
        "soft": ("#5d646b", "#a9adb0"),
        "faint": ("#d9d5ca", "#3d4146"),
        "grid": ("#e4e1d8", "#34383c"),
        "paper": ("#fbfaf6", "#17191c"),
        "card": ("#ffffff", "#1f2226"),
        "land": ("#f1eee5", "#24272b"),
        "home": ("#e9e4d5", "#302f2b"),
        "sea": ("#e6edf0", "#1b2227"),
        "river": ("#c2d5dd", "#2c3d46"),
        "rise": ("#a84a22", "#f0976c"),
        "fall": ("#22648a", "#7cbce2"),
        "still": ("#5d646b", "#a9adb0"),
        "accent": ("#23508a", "#8fb6ee"),
        "after": ("#23508a", "#8fb6ee"),
        "before": ("#857d69", "#928c7f"),
        "wide90": ("#eae5d6", "#2d2c28"),
        "wide50": ("#d9d1b9", "#403d34"),
        "rival": ("#8f8876", "#78736a"),
        "fits": ("#1b6f6b", "#63c2bd"),
        "strained": ("#8a5a06", "#e3b04b"),
        "contradicts": ("#a83a26", "#f08a73"),
        "air": ("#a83a26", "#f08a73"),
        "foot": ("#4f7032", "#9dc47a"),
        "road": ("#96640a", "#e3b04b"),
        "river-way": ("#1f7a76", "#63c2bd"),
        "sea-way": ("#23508a", "#8fb6ee"),
        "other": ("#6a5a86", "#b8a6d8"),
    }
)
"""Colours by name, in light and in dark mode. All have at least 4.5 : 1 on paper and card (WCAG 2.2, 1.4.3)
but those of :data:`MARKS`, which have 3 : 1 and colour no text, and those of :data:`BEHIND`."""

MARKS = frozenset(("before", "rival"))
"""Colours of marks, not of text: at least 3 : 1 (WCAG 2.2, 1.4.11)."""

BEHIND = frozenset(("faint", "grid", "paper", "card", "land", "home", "sea", "river", "wide90", "wide50"))
"""Colours of what stands behind marks and text; nothing is told by them alone."""

DASHES: Mapping[str, str] = MappingProxyType(
    {"air": "9 4", "foot": "1.5 4", "road": "", "river-way": "12 3 3 3", "sea-way": "5 3", "other": "2 2"}
)
"""Second cue of ways beside their colour: pattern of a line by name."""

FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"

WAYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "air": (N_("by air"), "air"),
        "foot": (N_("on foot"), "foot"),
        "road": (N_("by road"), "road"),
        "river": (N_("by river"), "river-way"),
        "sea": (N_("by sea"), "sea-way"),
        "other": (N_("other ways"), "other"),
    }
)
"""Families of modes: words, and the name of their colour and dashes."""


def family_colour(family: str) -> str:
    """Name of the colour of a family of modes."""
    return WAYS[family][1]


def variables(where: str = ":root", *, dark: bool = True) -> str:
    """Custom properties of a page: light, dark where the reader asks for it, and light on printed pages.

    Parameters
    ----------
    where
        Selector of the elements that hold them.
    dark
        Whether there is a dark mode.
    """
    day, night = ("".join(f"--{name}:{pair[i]};" for name, pair in COLOURS.items()) for i in (0, 1))
    if not dark:
        return f"{where}{{{day}}}"
    return (
        f"{where}{{color-scheme:light dark;{day}}}"
        f"@media screen and (prefers-color-scheme:dark){{{where}{{{night}}}}}"
    )


def classes(*, standalone: bool = False) -> str:
    """Rules for the classes of figures, by custom properties or, ``standalone``, with the light colours."""
    rules = [
        f".fig svg,svg.fig{{font:{short(SIZE)}px {FONT};overflow:visible;print-color-adjust:exact}}",
        ".fig text{fill:var(--ink)}.fig .num{font-variant-numeric:tabular-nums lining-nums}"
        f".fig .b{{font-weight:600}}.fig .small{{font-size:{short(SMALL)}px}}.fig .end{{text-anchor:end}}"
        ".fig .mid{text-anchor:middle}.fig .none{fill:none}.fig .round{stroke-linecap:round}"
        ".fig .halo{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}",
    ]
    if not standalone:
        rules.append(
            ".fig .thin{stroke-width:1.4px}.fig .thick{stroke-width:4.5px}"
            ".fig .up{transform:translateY(-5.5px)}.fig .down{transform:translateY(5.5px)}"
        )
    for name in COLOURS:
        rules.append(f".fig .f-{name}{{fill:var(--{name})}}.fig .s-{name}{{stroke:var(--{name})}}")
    rules += [f".fig .d-{name}{{stroke-dasharray:{dash}}}" for name, dash in DASHES.items() if dash]
    text = "".join(rules)
    if standalone:
        for name, (light, _dark) in COLOURS.items():
            text = text.replace(f"var(--{name})", light)
        text = text.replace(".fig ", "")
    return text
