"""What the hub says of itself at `/openapi.json`: the messages of `sync.wire`, declared once there.

The routes take raw bodies, because a signature is over bytes; so their schemas are attached here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)

from sync.wire.messages import (
    ClaimAnswer,
    ClaimRequest,
    EnrolAnswer,
    EnrolRequest,
    ErrorAnswer,
    FeedPage,
    JournalAck,
    JournalPush,
    Message,
)

_REFUSALS = {
    "400": "form: not the message that belongs here",
    "401": "signature, clock, replayed or invite",
    "403": "revoked, stranger or role",
    "409": "gap, fork, claim_reused, fenced, era or generation",
    "413": "more than 1 MiB",
    "415": "another content type or encoding",
    "422": "chain: leaf, head or seal is wrong",
    "503": "recovering: the hub was restored and is being checked",
}
_SIGNED = ("signature-input", "signature", "flora-city", "flora-epoch", "flora-era")
_MESSAGES: tuple[type[Message], ...] = (
    ClaimAnswer,
    ClaimRequest,
    EnrolAnswer,
    EnrolRequest,
    ErrorAnswer,
    FeedPage,
    JournalAck,
    JournalPush,
)


def config() -> OpenAPIConfig:
    """OpenAPI 3.1 at `/openapi.json`, and no page that would fetch anything."""
    return OpenAPIConfig(
        title="Flora hub",
        version="1",
        path="/",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    )


def attach_messages(app: Litestar) -> None:
    """Put the messages' schemas into the document; Litestar collects only what it decodes."""
    _, schemas = msgspec.json.schema_components(
        _MESSAGES, ref_template="#/components/schemas/{name}"
    )
    app.openapi_schema.components.schemas = _as_schemas(schemas)


@dataclass
class EnrolOperation(Operation):
    """`POST /v1/enrol`."""

    def __post_init__(self) -> None:
        self.parameters = _headers("flora-mac")
        self.request_body = _body(EnrolRequest)
        self.responses = _responses(EnrolAnswer)


@dataclass
class ClaimOperation(Operation):
    """`POST /v1/claims`."""

    def __post_init__(self) -> None:
        self.parameters = _headers("content-digest", *_SIGNED)
        self.request_body = _body(ClaimRequest)
        self.responses = _responses(ClaimAnswer)


@dataclass
class PushOperation(Operation):
    """`POST /v1/journal`."""

    def __post_init__(self) -> None:
        self.parameters = _headers("content-digest", *_SIGNED)
        self.request_body = _body(JournalPush)
        self.responses = _responses(JournalAck)


@dataclass
class FeedOperation(Operation):
    """`GET /v1/feed`."""

    def __post_init__(self) -> None:
        count = Schema(type=_as_type("integer"), minimum=0)
        self.parameters = [
            *(
                Parameter(name=name, param_in="query", required=True, schema=count)
                for name in ("era", "after", "limit")
            ),
            *_headers(*_SIGNED),
        ]
        self.responses = _responses(FeedPage)


def _headers(*names: str) -> list[Any]:
    text = Schema(type=_as_type("string"))
    return [Parameter(name=name, param_in="header", required=True, schema=text) for name in names]


def _body(message: type[Message]) -> RequestBody:
    return RequestBody(required=True, content=_json(message))


def _responses(message: type[Message]) -> dict[str, Any]:
    refusals = {
        status: OpenAPIResponse(description=said, content=_json(ErrorAnswer))
        for status, said in _REFUSALS.items()
    }
    return {"200": OpenAPIResponse(description="done", content=_json(message))} | refusals


def _json(message: type[Message]) -> dict[str, OpenAPIMediaType]:
    schema = {"$ref": f"#/components/schemas/{message.__name__}"}
    return {"application/json": OpenAPIMediaType(schema=_as_schema(schema))}


def _as_schema(plain: Any) -> Schema:
    # Litestar writes plain mappings out as they are; its types only know its own objects.
    return plain  # type: ignore[no-any-return]


def _as_schemas(plain: Any) -> dict[str, Schema]:
    return plain  # type: ignore[no-any-return]


def _as_type(name: str) -> Any:
    return name
