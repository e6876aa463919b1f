"""An API's models: JSON schemas (draft 4) that bodies are checked against.

https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4

#: The model that AWS makes for every API.
_EMPTY = '{"title": "Empty Schema", "type": "object"}'
#: What a model is called in another one's ``$ref``.
_URI = "https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}"


class WrongModel(Exception):
    """A model is missing, or is no usable JSON schema."""


class Models:
    """The models of an API.

    :param api_id: of the API; models name each other by it.
    :param schemas: JSON text by name, as CreateModel takes it.
    """

    def __init__(self, api_id: str, schemas: Mapping[str, str]) -> None:
        self._schemas = {"Empty": _EMPTY, **schemas}
        self._validators: dict[str, Draft4Validator] = {}
        self._registry: Registry[Any] = Registry().with_resources(
            (_URI.format(api_id=api_id, name=name), DRAFT4.create_resource(schema))
            for name, text in self._schemas.items()
            if (schema := _parsed(text)) is not None
        )

    def fits(self, body: bytes, name: str) -> bool:
        """Whether a body is JSON that fits the model ``name``; an empty one counts as ``{}``.

        :raises WrongModel: when the model cannot be used.
        """
        validator = self._validator(name)
        try:
            document = json.loads(body or b"{}", parse_constant=_no_number)
        except (ValueError, RecursionError):
            return False
        try:
            return bool(validator.is_valid(document))
        except RecursionError:
            return False
        except (Unresolvable, ValueError) as error:
            raise WrongModel(f"model {name}: {error}") from error

    def _validator(self, name: str) -> Draft4Validator:
        if name not in self._validators:
            try:
                schema = json.loads(self._schemas[name])
                Draft4Validator.check_schema(schema)
            except (KeyError, ValueError, SchemaError) as error:
                raise WrongModel(f"model {name}: {error}") from error
            self._validators[name] = Draft4Validator(schema, registry=self._registry)
        return self._validators[name]


def _parsed(text: str) -> Any:
    """A schema; ``None`` when the text is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _no_number(text: str) -> NoReturn:
    """JSON has no NaN and no Infinity, though Python reads them."""
    raise ValueError(f"{text} is not JSON")
