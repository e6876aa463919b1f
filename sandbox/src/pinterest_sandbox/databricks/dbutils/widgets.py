"""``dbutils.widgets``: the parameters of a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class InputWidgetNotDefined(Exception):
    """A value was asked for that is neither a parameter of the run nor a widget of the notebook."""


class Widgets:
    """Widgets of one notebook run. A parameter of the run wins over a widget's default, as in a job.

    :param parameters: the run's parameters.
    """

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = dict(parameters)
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:
        """Define a text field."""
        self._defaults[name] = _text(name, defaultValue)

    def dropdown(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        """Define a list of which one is chosen.

        :raises ValueError: when the default is not among the choices.
        """
        if defaultValue not in choices:
            raise ValueError(
                f"widget {name!r}: the default {defaultValue!r} is not among the choices {list(choices)}"
            )
        self._defaults[name] = _text(name, defaultValue)

    def combobox(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        """Define a list into which other text may be written."""
        self._defaults[name] = _text(name, defaultValue)

    def multiselect(
        self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None
    ) -> None:
        """Define a list of which several are chosen; the value has them separated by commas."""
        self.dropdown(name, defaultValue, choices, label)

    def get(self, name: str) -> str:
        """The present value.

        :raises InputWidgetNotDefined: when there is no such widget or parameter.
        """
        values = self.getAll()
        if name not in values:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")
        return values[name]

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:
        """The present value, or ``defaultValue`` where no such widget is."""
        return self.get(name) if defaultValue is None else self.getAll().get(name, defaultValue)

    def getAll(self) -> dict[str, str]:
        """All values by name."""
        return {**self._defaults, **self._parameters}

    def set(self, name: str, value: str) -> None:
        """Give a value, as ``%run`` does with its arguments."""
        self._parameters[name] = value

    def remove(self, name: str) -> None:
        """Take the widget away, and its value.

        :raises InputWidgetNotDefined: when there is no such widget.
        """
        if name not in self.getAll():
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")
        self._defaults.pop(name, None)
        self._parameters.pop(name, None)

    def removeAll(self) -> None:
        """Take all widgets away."""
        self._defaults.clear()
        self._parameters.clear()


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"widget {name!r}: the default must be text, not {type(value).__name__}")
    return value
