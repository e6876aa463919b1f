"""Parameters of a notebook."""

from __future__ import annotations

import pytest

from pinterest_sandbox.databricks.dbutils.widgets import InputWidgetNotDefined, Widgets


def test_parameter_of_the_run_wins_over_the_default() -> None:
    widgets = Widgets({"a": "given"})
    widgets.text("a", "default")
    widgets.text("b", "default", "Label")
    assert (widgets.get("a"), widgets.get("b")) == ("given", "default")
    assert widgets.getAll() == {"a": "given", "b": "default"}


def test_parameter_is_there_without_a_widget() -> None:
    assert Widgets({"a": "given"}).get("a") == "given"


def test_unknown_and_removed_widgets_are_errors() -> None:
    widgets = Widgets({"a": "given"})
    widgets.remove("a")
    for call in (widgets.get, widgets.remove, widgets.getArgument):
        with pytest.raises(InputWidgetNotDefined, match="No input widget named a is defined"):
            call("a")
    assert widgets.getArgument("a", "other") == "other"


def test_default_must_be_a_choice() -> None:
    widgets = Widgets({})
    widgets.dropdown("x", "1", ["1", "2"])
    widgets.combobox("y", "3", ["1", "2"])
    with pytest.raises(ValueError, match="'3' is not among the choices"):
        widgets.dropdown("z", "3", ["1", "2"])
    assert widgets.getAll() == {"x": "1", "y": "3"}
    widgets.removeAll()
    assert widgets.getAll() == {}


def test_default_must_be_text() -> None:
    with pytest.raises(TypeError, match="must be text, not int"):
        Widgets({}).text("n", 1)  # type: ignore[arg-type]
