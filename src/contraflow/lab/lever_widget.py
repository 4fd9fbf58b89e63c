"""Sliders for the levels of measures in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contraflow._language import _
from contraflow.errors import ContraflowError, OutputError
from contraflow.policy.policy import Lever

STEPS = 40
"""Steps from the lowest to the highest level of a slider."""

MOST_SHOWN = 1.0
"""Highest change of a market to which a slider goes; more can be typed into a policy."""


def lever_widget(
    levers: Sequence[Lever], today: Mapping[str, float], answer: Callable[[Mapping[str, float]], Any]
) -> Any:
    """A widget of sliders, with a button that answers.

    Parameters
    ----------
    levers
        The levers.
    today
        Level of each in the baseline, by id.
    answer
        Function from a policy to what is displayed.

    Raises
    ------
    OutputError
        If ipywidgets is not installed.
    """
    try:
        import ipywidgets
    except ImportError:
        text = _("ipywidgets is not installed. Install it with: {command}")
        raise OutputError(text.format(command="pip install 'contraflow[notebook]'")) from None
    sliders = {}
    for lever in levers:
        most = min(lever.most, MOST_SHOWN) if lever.is_change else lever.most
        sliders[lever.id] = ipywidgets.FloatSlider(
            value=today[lever.id],
            min=lever.least,
            max=most,
            step=(most - lever.least) / STEPS or 1.0,
            description=lever.name,
            tooltip=f"{lever.id}, {lever.unit}",
            readout_format="+.0%" if lever.is_change else ".3g",
            style={"description_width": "16em"},
            layout={"width": "36em"},
        )
    button = ipywidgets.Button(description=_("Answer"), button_style="primary")
    shown = ipywidgets.Output()

    def clicked(_button: Any) -> None:
        from IPython.display import display

        policy = {name: s.value for name, s in sliders.items() if s.value != today[name]}
        shown.clear_output(wait=True)
        with shown:
            try:
                display(answer(policy))
            except ContraflowError as error:
                print(error)

    button.on_click(clicked)
    return ipywidgets.VBox([*sliders.values(), button, shown])
