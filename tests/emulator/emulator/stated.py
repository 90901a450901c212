"""Answers that a test states, for operations that moto lacks or gets wrong.

An answer is written as boto3 would give it and goes out in the service's own protocol, made from
AWS's service model (botocore's), so that a client parses the wire format that AWS documents. The
latest answer that fits a request is given: same service and operation, and region, account and
parameters where it names them; where none fits, what `defaults/` has. Lists are cut into pages where `paging.RULES` has the operation.
"""

from __future__ import annotations

import base64
import datetime
import io
import re
import threading
import urllib.parse
import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.formparser import parse_form_data

from . import lawful, wire
from .defaults import DEFAULTS
from .extend import Refusal
from .paging import RULES, page
from .services import cloudwatch as cbor

_CBOR = "smithy-rpc-v2-cbor"  # moto has no parser and no serializer for it
_MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)$")


@dataclass
class Stated:
    """One answer; `params` are the top-level request parameters that must be there as given."""

    service: str
    operation: str
    output: Any = None
    error: dict | None = None  # code, message, status
    region: str | None = None
    account: str | None = None
    params: dict = field(default_factory=dict)


_stated: list[Stated] = []
_lock = threading.Lock()


def state(given: dict) -> None:
    answer = Stated(**given)
    get_service_model(answer.service).operation_model(answer.operation)  # a mistake in a name is told at once
    with _lock:
        _stated.append(answer)


def forget() -> None:
    with _lock:
        _stated.clear()


def any_for(call: wire.Call) -> bool:
    return (call.service, call.operation) in DEFAULTS or any(s.service == call.service and s.operation == call.operation for s in _stated)


def _protocol(model, environ: dict) -> str:
    """A service may speak several: what the request is in."""
    return determine_request_protocol(model, environ.get("CONTENT_TYPE", "").partition(";")[0])


def _params(call: wire.Call, operation, environ: dict, body: bytes) -> dict:
    """The request's parameters by the names of the service model."""
    form: MultiDict = MultiDict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        _, posted, _ = parse_form_data(environ | {"wsgi.input": io.BytesIO(body)})
        form.update(posted)
    headers = Headers([(key[5:].replace("_", "-").lower(), value) for key, value in environ.items() if key.startswith("HTTP_")])
    template = operation.http.get("requestUri", "/").partition("?")[0].rstrip("/")  # not all SDKs send a slash at the end
    pattern = re.sub(r"\\{(\w+)(\\\+)?\\}", lambda m: f"(?P<{m.group(1)}>{'.+' if m.group(2) else '[^/]+'})", re.escape(template))
    found = re.match(pattern + "/?$", environ.get("RAW_URI", "").partition("?")[0])
    parameters = {name: urllib.parse.unquote(value) for name, value in (found.groupdict() if found else {}).items()}
    if _protocol(operation.service_model, environ) == _CBOR:
        return cbor.decode(body)
    parser = PROTOCOL_PARSERS[_protocol(operation.service_model, environ)](operation)
    return dict(parser.parse({"method": environ["REQUEST_METHOD"], "values": form, "headers": headers, "body": body,
                              "url_path": environ.get("PATH_INFO", ""), "url_params": parameters}))


def hold_to_the_model(call: wire.Call, environ: dict, body: bytes) -> None:
    """Looks whether AWS would take the request (`lawful`), the first time that it is made."""
    if call.operation == "-" or not lawful.is_new(call, environ.get("RAW_URI", ""), environ.get("QUERY_STRING", ""), body):
        return
    model = get_service_model(call.service)
    try:
        params = _params(call, model.operation_model(call.operation), environ, body)
    except Exception as why:
        return lawful.unreadable(call, why)
    lawful.note(call, model, params)


def _typed(value: Any, shape) -> Any:
    """JSON has neither moments nor bytes: read them by the shape that is wanted."""
    if shape is None or value is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        if unknown := [key for key in value if key not in shape.members]:
            raise ValueError(f"{shape.name} has no member {unknown[0]}; it has {', '.join(shape.members)}")
        return {key: _typed(item, shape.members[key]) for key, item in value.items()}
    if shape.type_name == "list":
        return [_typed(item, shape.member) for item in value]
    if shape.type_name == "map":
        return {key: _typed(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, str) and _MOMENT.match(value):
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    return value


class _Request:
    """What `paging.page` asks of a moto response."""

    def __init__(self, params: dict):
        self._params = params

    def _get_param(self, name: str) -> Any:
        for key, value in self._params.items():
            if key.lower() == name.lower():
                return value
        return None


def _fits(stated: Stated, call: wire.Call, account: str, params: dict) -> bool:
    return (stated.service == call.service and stated.operation == call.operation and stated.region in (None, call.region)
            and stated.account in (None, account) and all(params.get(key) == value for key, value in stated.params.items()))


def answer(call: wire.Call, account: str, environ: dict, body: bytes) -> tuple[int, list[tuple[str, str]], bytes] | None:
    """Status, headers and body; None where nothing is stated for the request."""
    model = get_service_model(call.service)
    operation = model.operation_model(call.operation)
    params = _params(call, operation, environ, body)
    with _lock:
        fitting = [stated for stated in _stated if _fits(stated, call, account, params)]
    if fitting:
        stated = fitting[-1]
    elif (default := DEFAULTS.get((call.service, call.operation))) is not None:
        stated = Stated(call.service, call.operation, output=default, error=default.get("error"))
    else:
        return None
    request = str(uuid.uuid4())
    if stated.error:
        result: Any = Refusal(stated.error["code"], stated.error.get("message", stated.error["code"]), stated.error.get("status"))
    else:
        result = _typed(stated.output or {}, operation.output_shape)
        if rule := RULES.get((call.service, call.operation)):
            try:
                result = page(_Request(params), call.operation, result, rule)
            except Refusal as refused:
                result = refused
    if _protocol(model, environ) == _CBOR:
        if isinstance(result, Refusal):
            return getattr(result, "http_status", None) or 400, cbor.head(), cbor.error(result.code, result.message)
        return 200, cbor.head(), cbor.encode(result, operation.output_shape)
    given = get_serializer_class(call.service, _protocol(model, environ))(operation, context=SerializationContext(request)).serialize(result)
    status = getattr(result, "http_status", None) or given["status_code"]
    text = given["body"]
    headers = [(name, str(value)) for name, value in given["headers"].items() if name.lower() not in ("content-length", "x-amzn-requestid")]
    return status, [*headers, ("x-amzn-RequestId", request)], text.encode() if isinstance(text, str) else text
