"""The template language, by what AWS itself answered.

Expected texts marked "seen on AWS" are from the recorded answers in LocalStack's tests:
``tests/aws/services/apigateway/test_apigateway_common.snapshot.json`` and airspeed's own
``tests/test_templating.snapshot.json``.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_sandbox.apigateway.template_variables import Input
from pinterest_sandbox.apigateway.velocity import TemplateFailed, equal, fill_in

RESULT = '#set($result = $input.path("$.json"))'
WHAT_IT_IS = (
    '{"body": $result, "nested": $result.nested, "isNull": #if( $result == $null )"true"#else"false"#end, '
    '"isEmptyString": #if( $result == "" )"true"#else"false"#end}'
)
EMPTY = '{"body": , "nested": , "isNull": "true", "isEmptyString": "true"}'


@pytest.mark.parametrize(
    ("template", "body", "text"),
    [
        (f"{RESULT}$result", '{"json": {"foo": "bar"}}', "{foo=bar}"),
        (f"{RESULT}$result", '{"json": [{"foo": "bar"}]}', '[{"foo":"bar"}]'),
        (f"{RESULT}$result.nested", '{"json": {"nested": {"foo": "bar"}}}', "{foo=bar}"),
        (f"{RESULT}$result.nested", '{"json": {"nested": [{"foo": "bar"}]}}', '[{"foo":"bar"}]'),
        (f"{RESULT}$result[0]", '{"json": [{"foo": "bar"}]}', "{foo=bar}"),
        (f"{RESULT}$result[0]", '{"json": [[{"foo": "bar"}]]}', '[{"foo":"bar"}]'),
        (f"{RESULT}$result", '{"json": {"foo": [{"nested": "bar"}]}}', '{foo=[{"nested":"bar"}]}'),
        (f"{RESULT}$result", '{"json": {"a": "b", "to": "test"}}', "{a=b, to=test}"),
        (f"{RESULT}$result.toString()", '{"json": {"list": [{"foo": "bar"}]}}', '{list=[{"foo":"bar"}]}'),
        (f"{RESULT}{WHAT_IT_IS}", "{}", EMPTY),
        (f"{RESULT}{WHAT_IT_IS}", '{"json": null}', EMPTY),
        (
            f"{RESULT}{WHAT_IT_IS}",
            '{"json": []}',
            '{"body": [], "nested": , "isNull": "false", "isEmptyString": "false"}',
        ),
        ("$input.body", "", "{}"),
        ("$input.body", "some raw data", "some raw data"),
        ("$input.body.absent|$undefined|$!{undefined}|$input.absent()", '{"a": 1}', "|||"),
    ],
)
def test_as_seen_on_aws(template: str, body: str, text: str) -> None:
    assert fill_in(template, {"input": Input(body, {})}) == text


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (None, None, True),
        (None, "", True),
        ("", None, True),
        (None, False, False),
        (None, 0, False),
        (None, [], False),
        (1, 1.0, True),
        (1, "1", True),
        (True, "true", True),
        (True, 1, False),
        ("a", "a", True),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, "{a=1}", True),
        ([1], [2], False),
    ],
)
def test_what_is_equal(left: Any, right: Any, same: bool) -> None:
    assert equal(left, right) is same
    text = "#if($a == $b)same#end#if($a != $b)differs#end#if($a eq $b)!#end#if($a ne $b)?#end"
    assert fill_in(text, {"a": left, "b": right}) == ("same!" if same else "differs?")


def test_statements() -> None:
    template = (
        "#foreach($x in $xs)$foreach.index:$x.a-b#if($foreach.hasNext),#end#end "
        "#if($xs.size() > 1)many#{else}few#end ${map.k}$map['k']$map.get('k') $map.keySet()"
    )
    variables = {"xs": [{"a-b": 1}, {"a-b": "ü"}], "map": {"k": "v"}}

    assert fill_in(template, variables) == '0:1,1:ü many vvv ["k"]'


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$map.containsKey('k')$map.containsKey('x')$map.isEmpty()$map.size()", "truefalsefalse1"),
        ("$text.trim().toUpperCase().toLowerCase().length()$text.isEmpty()", "2false"),
        ("$text.replaceAll(' ', '_')$text.trim().substring(1)", "_it_t"),
        ("$list.toString()$list.get(0)$list.contains(2)", "[1,2]1true"),
    ],
)
def test_methods_of_java(template: str, text: str) -> None:
    assert fill_in(template, {"map": {"k": 1}, "text": " it ", "list": [1, 2]}) == text


@pytest.mark.parametrize(
    "template",
    ["#if($a)", "#set($a = )", "$input.path('$.a[')", "$input.params(1, 2)"],
)
def test_a_template_that_fails(template: str) -> None:
    with pytest.raises(TemplateFailed):
        fill_in(template, {"input": Input("{}", {})})


@given(text=st.text())
def test_what_a_client_sends_is_no_template(text: str) -> None:
    variables = {"value": f"$other #set($other = 1) {text}", "other": "x"}

    assert fill_in('#set($copy = "$value")$copy', variables) == variables["value"]


@pytest.mark.parametrize("value", [None, False, True, 0, 1.5, "", "many"])
def test_a_loop_over_what_has_no_items_writes_nothing(value: Any) -> None:
    """As Velocity's Foreach does: https://velocity.apache.org/engine/1.7/user-guide.html#loops."""
    assert fill_in("[#foreach($x in $xs)$x#end]", {"xs": value}) == "[]"
