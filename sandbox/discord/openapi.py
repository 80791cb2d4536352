"""Checks bodies against Discord's own OpenAPI document, with its known gaps closed.

The document is data for developers and is not part of this project: `find` looks where
`EASEL_SANDBOX_OPENAPI` points, then beside the project. Corrections, each learned from a real client:
- a snowflake in a request may be an integer (attachment ids);
- a union is settled by `type` first, so that the report names what is wrong in the branch that was meant;
- a request must not carry keys that the document does not know (KNOWN_EXTRAS aside);
- the codes inside `errors` are words, not numbers (API reference, "Error Messages").
"""

import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from sandbox.discord.components import Body
from sandbox.discord.errors import Fault

ENVIRONMENT = "EASEL_SANDBOX_OPENAPI"
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "discord-openapi.json"
REFERENCE = "#/components/schemas/"
# Left out in the document, and sent by discord.py: `tts` of edits (ignored), `nsfw` of commands, `flags` of embeds.
KNOWN_EXTRAS = frozenset({"tts", "nsfw", "flags"})
INNER_ERROR = {"type": "object", "required": ["code", "message"], "properties": {"code": {"type": "string"}}}
CODES = {
    "maxLength": "BASE_TYPE_MAX_LENGTH",
    "minLength": "BASE_TYPE_BAD_LENGTH",
    "maxItems": "BASE_TYPE_MAX_LENGTH",
    "minItems": "BASE_TYPE_BAD_LENGTH",
    "required": "BASE_TYPE_REQUIRED",
    "enum": "BASE_TYPE_CHOICES",
    "maximum": "NUMBER_TYPE_MAX",
    "minimum": "NUMBER_TYPE_MIN",
    "x-union": "UNION_TYPE_CHOICES",
    "x-closed": "UNKNOWN_KEY",
}
MAX_FAULTS = 10  # a body wrong in more places than this is reported by the first ones


def find() -> Path | None:
    """The document's place, or None."""
    named = os.environ.get(ENVIRONMENT)
    path = Path(named) if named else BESIDE
    return path if path.is_file() else None


@functools.lru_cache(maxsize=2)
def load(path: Path) -> "Document":
    """Reads the document once per process."""
    return Document(json.loads(path.read_text(encoding="utf-8")))


class Document:
    """Validators made from the document, each built when first asked for."""

    def __init__(self, document: Body) -> None:
        self._document = document
        self._requests = _Resolved(document, is_request=True)
        self._answers = _Resolved(document, is_request=False)
        self._validators: dict[tuple[str, str, int], Any] = {}

    def knows(self, method: str, route: str) -> bool:
        return method.lower() in self._document["paths"].get(route, {})

    def request_faults(self, method: str, route: str, body: object) -> list[Fault]:
        """What is wrong with a JSON body (of multipart requests: `payload_json`)."""
        return self._check(method, route, 0, body)

    def answer_faults(self, method: str, route: str, status: int, body: object) -> list[Fault]:
        """What is wrong with an answer of the sandbox itself."""
        return self._check(method, route, status, body)

    def _check(self, method: str, route: str, status: int, body: object) -> list[Fault]:
        key = (method, route, status)
        if key not in self._validators:
            self._validators[key] = self._build(method, route, status)
        validator = self._validators[key]
        if validator is None:
            return []
        faults: list[Fault] = []
        for error in validator.iter_errors(body):
            faults.append(_fault(error))
            if len(faults) == MAX_FAULTS:
                break
        return faults

    def _build(self, method: str, route: str, status: int) -> Any:
        operation = self._document["paths"][route][method.lower()]
        if status == 0:
            source, resolved = operation.get("requestBody", {}), self._requests
        else:
            answers = operation["responses"]
            source, resolved = (
                answers.get(str(status)) or answers.get(f"{status // 100}XX") or {},
                self._answers,
            )
            if "$ref" in source:
                source = self._document["components"]["responses"][source["$ref"].rsplit("/", 1)[1]]
        schema = source.get("content", {}).get("application/json", {}).get("schema")
        return None if schema is None else _Validator(resolved.rewrite(schema))


class _Resolved:
    """Schemas with every `$ref` replaced by the schema itself (shared, so cycles are no trouble)."""

    def __init__(self, document: Body, *, is_request: bool) -> None:
        self._schemas = document["components"]["schemas"]
        self._is_request = is_request
        self._done: dict[str, Body] = {}

    def named(self, name: str) -> Body:
        if name not in self._done:
            self._done[name] = target = {}
            target.update(self.rewrite(self._schemas[name]))
            if name == "SnowflakeType" and self._is_request:
                target.clear()
                target["anyOf"] = [dict(self._schemas[name]), {"type": "integer", "minimum": 0}]
            if name == "InnerErrors":
                target["properties"] = {"_errors": {"type": "array", "items": INNER_ERROR}}
        return self._done[name]

    def rewrite(self, schema: Body, *, is_part: bool = False) -> Body:
        """`is_part` says that the schema is one of an `allOf`, whose keys the others complete."""
        if "$ref" in schema:
            return self.named(schema["$ref"].removeprefix(REFERENCE))
        new: Body = {key: value for key, value in schema.items() if key not in {"title", "description"}}
        for key in ("items", "additionalProperties"):
            if isinstance(new.get(key), dict):
                new[key] = self.rewrite(new[key])
        if "allOf" in new:
            new["allOf"] = [self.rewrite(part, is_part=True) for part in new["allOf"]]
        if "properties" in new:
            new["properties"] = {key: self.rewrite(value) for key, value in new["properties"].items()}
            if self._is_request and not is_part and "additionalProperties" not in new:
                new["x-closed"] = frozenset(new["properties"]) | KNOWN_EXTRAS
        for key in ("oneOf", "anyOf"):
            if key in new and any("$ref" in branch or "properties" in branch for branch in new[key]):
                new["x-union"] = [self.rewrite(branch) for branch in new.pop(key)]
            elif key in new:
                new[key] = [self.rewrite(branch) for branch in new[key]]
        return new


def _types_of(branch: Body) -> list[Any] | None:
    """The values of `type` that a branch is for; None where it does not say."""
    allowed = branch.get("properties", {}).get("type", {}).get("enum")
    return allowed if isinstance(allowed, list) else None


def _union(validator: Any, branches: list[Body], instance: Any, _: Body) -> Iterator[ValidationError]:
    if instance is None and any(branch.get("type") == "null" for branch in branches):
        return
    candidates = [branch for branch in branches if branch.get("type") != "null"]
    if isinstance(instance, dict):
        kind = instance.get("type")
        meant = [branch for branch in candidates if (types := _types_of(branch)) is None or kind in types]
        if not meant:
            yield ValidationError(f"type {kind!r} is none of those allowed here", path=["type"])
            return
        candidates = meant
    results = []
    for branch in candidates:
        errors = list(validator.descend(instance, branch))
        if not errors:
            return
        results.append(errors)
    yield from min(results, key=len)


def _closed(_: Any, known: frozenset[str], instance: Any, __: Body) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for key in instance.keys() - known:
            yield ValidationError("this key is unknown here", path=[key])


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"x-union": _union, "x-closed": _closed}
)


def _fault(error: ValidationError) -> Fault:
    path = tuple(error.absolute_path)
    text = error.message if len(error.message) < 200 else f"{error.message[:60]}… {error.message[-100:]}"
    return Fault(path, CODES.get(str(error.validator), "BASE_TYPE_BAD"), text)
