from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from pinterest_sandbox.apigateway.catalog import Stage
from pinterest_sandbox.apigateway.definitions import Definition, Resource
from pinterest_sandbox.apigateway.request import ClientRequest
from pinterest_sandbox.apigateway.routing import Router
from pinterest_sandbox.apigateway.template_variables import Input, Util, template_variables
from pinterest_sandbox.apigateway.velocity import fill_in

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def request(path: str, query: str = "", **headers: str) -> ClientRequest:
    definition = Definition(api_id="abc", deployment_id="d", resources={})
    return ClientRequest(
        verb="PUT",
        path=f"/streams/{path}",
        query=query,
        headers=CIMultiDictProxy(CIMultiDict({k.replace("_", "-"): v for k, v in headers.items()})),
        source="127.0.0.2",
        request_id="id",
        extended_id="other",
        received=datetime(2026, 6, 1, tzinfo=UTC),
        stage=Stage(name="test", variables={"role": "r"}, definition=definition, router=Router(definition)),
        resource=Resource(path="/streams/{name}", methods={}),
        path_parameters={"name": path},
    )


@given(value=json_values)
@example(value=1e16)
@example(value=10**30)
@example(value="\u2028 \x00 \x7f \U0001f600")
def test_a_value_taken_from_a_body_is_equal_json(value: Any) -> None:
    found = Input(json.dumps({"a": [value]}), {}).json("$.a[0]")

    assert json.loads(found) == value


def test_numbers_are_spelt_anew_and_members_keep_their_order() -> None:
    body = '{ "z" : 1e3, "a" : [ 1.50 , -0 , "\\u00e9" ] }'

    assert Input(body, {}).json("$") == '{"z":1000.0,"a":[1.5,0,"é"]}'


@pytest.mark.parametrize("body", ["", "no JSON", "{", "[1,]", "NaN", '{"a": NaN}', "[" * 100_000])
def test_a_body_that_is_no_json_has_no_values(body: str) -> None:
    found = Input(body, {})

    assert (found.json("$"), found.json("$.a"), found.path("$")) == ('""', '""', None)


def test_null_is_a_value_and_what_is_missing_is_not() -> None:
    found = Input('{"a": null}', {})

    assert (found.json("$.a"), found.json("$.b")) == ("null", '""')
    assert (found.path("$.a"), found.path("$.b")) == (None, None)


def test_a_body_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    loads = json.loads
    monkeypatch.setattr(json, "loads", lambda *args, **options: parsed.append(1) or loads(*args, **options))
    records = [{"data": n} for n in range(500)]
    body = json.dumps({"records": records})

    template = '#foreach($r in $input.path("$.records"))$input.json("$.records[${foreach.index}].data") #end'
    text = fill_in(template, {"input": Input(body, {})})

    assert text.split() == [str(n) for n in range(500)]
    assert len(parsed) == 1


def test_parameters_are_looked_for_in_path_query_and_headers() -> None:
    variables = template_variables(request("a%2Fb%20%C3%A4", "q=1&q=2&name=no&e=%26", X_Own="h", q="no"), "")

    template = "$input.params('name')|$input.params('q')|$input.params('e')|$input.params('X-Own')|"
    assert fill_in(template + "$input.params('none')", variables) == "a/b ä|2|&|h|"
    places = fill_in(
        "#set($all = $input.params())#foreach($p in $all.keySet())$p:$all.get($p).keySet() #end", variables
    )
    assert places == 'path:["name"] querystring:["q","name","e"] header:["X-Own","q"] '


def test_context_and_stage_variables() -> None:
    variables = template_variables(request("x", User_Agent="u"), "")

    template = (
        "$context.apiId $context.stage $context.httpMethod $context.resourcePath $context.identity.sourceIp "
        "$context.identity.userAgent $context.requestId $context.none.deeper|"
        "$stageVariables.role ${stageVariables.role} $stageVariables['role'] $stageVariables.get('role')"
    )
    assert fill_in(template, variables) == "abc test PUT /streams/{name} 127.0.0.2 u id |r r r r"


@given(text=st.text())
def test_base64_and_url_forms_go_both_ways(text: str) -> None:
    util = Util()

    assert util.base64Encode(text) == base64.b64encode(text.encode()).decode()
    assert util.base64Decode(util.base64Encode(text)) == text
    assert util.urlEncode(text) == quote_plus(text)
    assert util.urlDecode(util.urlEncode(text)) == text


@given(text=st.text())
@example(text='it\'s "x" \\ / \t\r\n\f\b \x7f é \U0001f600')
def test_escaped_text_stands_in_json_when_single_quotes_are_put_back(text: str) -> None:
    """As AWS's reference advises: ``$util.escapeJavaScript(data).replaceAll("\\\\'","'")``."""
    template = '"$util.escapeJavaScript($text).replaceAll("\\\\\'", "\'")"'

    written = fill_in(template, {"util": Util(), "text": text})

    assert json.loads(written, strict=False) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$util.escapeJavaScript('it')s", "its"),
        ('$util.escapeJavaScript("it\'s")', "it\\'s"),
        ('$util.escapeJavaScript("é")', "\\u00E9"),
        ("$util.escapeJavaScript($none)|$util.escapeJavaScript($none).replaceAll('a', 'b')", "|"),
        ('$util.parseJson(\'{"a": [1, {"b": "c"}]}\').a[1].b', "c"),
        ("$util.urlEncode('x=a+b c')", "x%3Da%2Bb+c"),
        ("$util.base64Encode($list)", base64.b64encode(b'[{"a":1}]').decode()),
        ("$util.base64Encode($none)$util.urlEncode($none)", ""),
    ],
)
def test_util(template: str, text: str) -> None:
    assert fill_in(template, {"util": Util(), "list": [{"a": 1}]}) == text


def test_half_of_a_surrogate_pair_becomes_a_question_mark() -> None:
    """As Java's ``getBytes`` writes it."""
    value = Input('{"a": "x\\ud800y"}', {}).json("$.a")

    assert base64.b64decode(Util().base64Encode(value)) == b'"x?y"'
