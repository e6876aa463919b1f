"""Values of a request read into typed models; what does not fit is refused in Databricks' form."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticKnownError

from pinterest_sandbox.databricks.errors import ApiError, InvalidParameter

#: Endings of pydantic's names for a value of another JSON type, and the expected type by their beginnings.
_MALFORMED = ("_type", "_parsing", "_parsing_size", "_from_float", "_unicode")
_EXPECTED = {"model": "object", "dict": "object", "list": "array", "int": "whole number", "bool": "boolean"}
_FOUND = ((dict, "OBJECT"), (list, "ARRAY"), (str, "STRING"), (bool, "BOOLEAN"), (int | float, "NUMBER"))


class Fields(BaseModel):
    """Members of an object; those that are null count as missing, unknown ones are passed over."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {name: value for name, value in values.items() if value is not None}


def read_fields[Model: Fields](model: type[Model], values: Any) -> Model:
    """Read ``values`` into ``model``.

    :raises ApiError: ``MALFORMED_REQUEST`` for a value of the wrong JSON type.
    :raises InvalidParameter: for one that is missing or out of range.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False)[0]) from None


def _refusal(found: ErrorDetails) -> ApiError:
    place = ".".join(map(str, found["loc"]))
    if found["type"] == "missing":
        return InvalidParameter(f"Missing required field: {place}")
    if found["type"].endswith(_MALFORMED):
        expected = _EXPECTED.get(found["type"].partition("_")[0], "string")
        kind = next((name for kinds, name in _FOUND if isinstance(found["input"], kinds)), "NULL")
        message = f"Could not parse request object: Expected {expected} for field {place}, found {kind}"
        return ApiError("MALFORMED_REQUEST", message)
    return InvalidParameter(f"{place}: {found['msg']}, not {reprlib.repr(found['input'])}")


def _filled(text: str) -> str:
    if not text:
        raise PydanticCustomError("missing", "Field required")
    return text


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    return value


def _written(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, int | float) else value


#: Text that may not be empty.
FilledText = Annotated[str, AfterValidator(_filled)]
#: Text; a number or a truth value counts as written in JSON.
ScalarText = Annotated[str, BeforeValidator(_written)]
#: A whole number of 64 bits, also as text.
WholeNumber = Annotated[int, BeforeValidator(_no_flag), Field(ge=-(2**63), lt=2**63)]
#: A whole number of 64 bits that is not negative, also as text.
Count = Annotated[int, BeforeValidator(_no_flag), Field(ge=0, lt=2**63)]
#: Seconds that fit into 32 bits, as the Jobs API has them; 0 is no limit.
Seconds = Annotated[int, BeforeValidator(_no_flag), Field(ge=0, lt=2**31)]
