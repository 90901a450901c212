"""Every operation's full answer: each member of the service model filled once, to its full depth, on the wire as AWS writes it.

What a structure holds is botocore's service model; what a text holds follows from its name (an ARN where an ARN is due), so that a
client goes on to ask about the one thing that each list has. `Spelling` has the ways in which AWS writes the same otherwise, as seen
in public bug reports of SDKs: nulls, members that the model does not have, indented XML, moments as numbers, texts or with an exponent.

Written from https://smithy.io/2.0/aws/protocols/ (aws-query, aws-ec2-query, aws-json, aws-rest-json, aws-rest-xml) and
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html; not by moto's or botocore's serializers, which write no such thing.
"""

from __future__ import annotations

import base64
import functools
import json
import struct
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from xml.sax.saxutils import escape

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from .full_values import MOMENT, WRITTEN, text
from .services.s3_roots import ROOTS

# A shape within itself: how often.
_DEPTH = 2
_FAR = 253_402_300_799  # 9999-12-31T23:59:59Z
# Lists that hold one of each kind, by the member that names it.
_KINDS = {("storagegateway", "ListFileShares", "FileShareInfoList"): ("FileShareType", ("NFS", "SMB"))}

# Root elements of restXml, where they are not the name of the payload's shape: the "Response Syntax" of each page of
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html.
_ROOTS = {name: right for name, (_, right) in ROOTS.items()} | {
    ("s3", "GetBucketAcl"): "AccessControlPolicy", ("s3", "GetBucketEncryption"): "ServerSideEncryptionConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "LifecycleConfiguration", ("s3", "GetBucketLocation"): "LocationConstraint",
    ("s3", "GetBucketLogging"): "BucketLoggingStatus", ("s3", "GetBucketTagging"): "Tagging", ("s3", "ListBuckets"): "ListAllMyBucketsResult",
    ("s3", "ListObjectsV2"): "ListBucketResult",
}


@dataclass(frozen=True)
class Spelling:
    """How an answer is written."""

    name: str
    nulls: int | None = None  # 0 or 1: every other member is null (JSON, CBOR) or not there (XML), beginning with this one
    unknown: bool = False  # members that the model does not have
    indented: bool = False
    chunked: bool = False  # Transfer-Encoding: chunked, in small pieces
    moments: str = "number"  # number, fraction, exponent, far
    lists: str = "one"  # one, none (empty), missing, null
    extreme: bool = False  # the largest numbers, moments in the year 9999, empty texts
    refused: bool = False  # an error, its text under `Message`


SPELLINGS = {spelling.name: spelling for spelling in (
    Spelling("plain"), Spelling("unknown", unknown=True), Spelling("indented", indented=True), Spelling("chunked", chunked=True),
    Spelling("fraction", moments="fraction"), Spelling("exponent", moments="exponent"),
    Spelling("nulls-even", nulls=0), Spelling("nulls-odd", nulls=1),
    Spelling("empty-lists", lists="none"), Spelling("missing-lists", lists="missing"), Spelling("null-lists", lists="null"),
    Spelling("extreme", extreme=True, moments="far"), Spelling("refused", refused=True),
)}
# These say the same as `plain`.
SAME = ("unknown", "indented", "chunked", "fraction", "exponent")


@functools.cache
def model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@functools.cache
def _tokens(service: str) -> dict[str, frozenset[str]]:
    """Members by which a list goes on: they are left out, or no list would end."""
    found: dict[str, frozenset[str]] = {}
    try:
        pagination = Loader().load_service_model(service, "paginators-1")["pagination"]
    except Exception:
        pagination = {}
    for operation, rule in pagination.items():
        named = rule.get("output_token", [])
        named = [named] if isinstance(named, str) else named
        found[operation] = frozenset(part.strip().split(".")[-1].partition("[")[0] for one in named for part in one.split("||"))
    return found


_ALWAYS_TOKENS = {"NextToken", "nextToken", "Marker", "NextMarker", "PaginationToken", "position", "nextPageToken", "NextContinuationToken",
                  "ContinuationToken", "LastEvaluatedTableName", "nextMarker"}


class Null:
    """Is written as null in JSON and CBOR, and not at all in XML."""


class Filled:
    """The full value of an operation's output."""

    def __init__(self, service: str, operation: str, spelling: Spelling, asked: dict):
        self.service, self.operation, self.spelling, self.asked = service, operation, spelling, asked
        self._count = 0

    def value(self, shape: Shape, name: str = "", path: tuple[str, ...] = ()) -> Any:
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape, path)
        if kind == "list":
            if self.spelling.lists == "none":
                return []
            if kinds := _KINDS.get((self.service, self.operation, shape.name)):
                return [self.value(shape.member, name, (*path, shape.name)) | {kinds[0]: kind, "FileShareARN": f"arn:aws:storagegateway:us-east-1:111122223333:share/{kind}"}
                        for kind in kinds[1]]
            return [self.value(shape.member, name, (*path, shape.name))]
        if kind == "map":
            key = shape.key.enum[0] if getattr(shape.key, "enum", None) else text(self.service, self.operation, "Key", shape.key, self.asked)
            return {key: self.value(shape.value, name, (*path, shape.name))}
        if kind == "boolean":
            return name not in ("IsTruncated", "Truncated")
        if kind in ("integer", "long"):
            if self.spelling.extreme:
                return 2**31 - 1 if kind == "integer" else 2**63 - 1
            return max(1, int(shape.metadata.get("min", 1)))
        if kind in ("float", "double"):
            return 1.7e308 if self.spelling.extreme else 1.5
        if kind == "timestamp":
            return _FAR if self.spelling.moments == "far" else MOMENT
        if self.spelling.extreme and not getattr(shape, "enum", None) and not name.lower().endswith(("id", "arn", "name", "url", "arns", "bucket")):
            return b"" if kind == "blob" else ""
        found = text(self.service, self.operation, name, shape, self.asked)
        return found.encode() if kind == "blob" else found

    def _structure(self, shape: Shape, path: tuple[str, ...]) -> dict[str, Any]:
        if path.count(shape.name) >= _DEPTH:
            return {}
        found: dict[str, Any] = {}
        tokens = _ALWAYS_TOKENS | _tokens(self.service).get(self.operation, frozenset()) if not path else frozenset()
        members = list(shape.members.items())
        if shape.is_tagged_union:
            members = members[:1]
        for number, (name, member) in enumerate(members):
            if name in tokens and member.type_name == "string":
                continue
            listed = member.type_name in ("list", "map")
            if self.spelling.nulls is not None and path and number % 2 == self.spelling.nulls:
                found[name] = Null
            elif listed and self.spelling.lists in ("missing", "null"):
                if self.spelling.lists == "null":
                    found[name] = Null
            elif listed and self.spelling.lists == "none":
                found[name] = [] if member.type_name == "list" else {}
            else:
                found[name] = self.value(member, name, (*path, shape.name))
        return found


# --- JSON


def _json(value: Any, shape: Shape, spelling: Spelling) -> Any:
    if value is Null:
        return None
    kind = shape.type_name
    if kind == "structure":
        written = {shape.members[name].serialization.get("name", name): _json(item, shape.members[name], spelling) for name, item in value.items()
                   if "location" not in shape.members[name].serialization}
        if spelling.unknown and not shape.is_tagged_union:
            written |= {"ExhibitUnknownText": "x", "ExhibitUnknownNumber": 1.5e3, "ExhibitUnknownFlag": None,
                        "ExhibitUnknownThing": {"A": [{"B": {"C": [[], {}]}}], "\u00e9\"\\": "\ud83d\udd11"}}
        return written
    if kind == "list":
        return [_json(item, shape.member, spelling) for item in value]
    if kind == "map":
        return {key: _json(item, shape.value, spelling) for key, item in value.items()}
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", "unixTimestamp")
        return _moment(value, form, spelling)
    return base64.b64encode(value).decode() if kind == "blob" else value


class _Exponent(float):
    """Is written as Java does: 1.7672256E9."""

    def __repr__(self) -> str:
        mantissa, _, power = f"{float(self):.10e}".partition("e")
        return f"{float(mantissa)!r}E{int(power)}"


def _moment(value: int, form: str, spelling: Spelling) -> Any:
    if form == "unixTimestamp":
        return {"number": value, "fraction": float(value), "exponent": _Exponent(value), "far": value}[spelling.moments]
    if form == "rfc822":
        return formatdate(value, usegmt=True)
    if spelling.moments == "far":
        return "9999-12-31T23:59:59.999Z"
    return WRITTEN + {"fraction": ".000Z", "exponent": ".0Z"}.get(spelling.moments, "Z")


def _dumped(value: Any, indented: bool) -> bytes:
    # The C encoder writes floats by float.__repr__ whatever their class; the other one asks the value.
    def numbers(item: Any) -> Any:
        if isinstance(item, _Exponent):
            return f"\0{item!r}\0"
        if isinstance(item, dict):
            return {key: numbers(one) for key, one in item.items()}
        return [numbers(one) for one in item] if isinstance(item, list) else item

    written = json.dumps(numbers(value), indent="\t" if indented else None)
    return written.replace('"\\u0000', "").replace('\\u0000"', "").replace("\n", "\r\n" if indented else "\n").encode()


# --- CBOR


def _head(major: int, number: int) -> bytes:
    for limit, code, form in ((24, None, ""), (1 << 8, 24, ">B"), (1 << 16, 25, ">H"), (1 << 32, 26, ">I"), (1 << 64, 27, ">Q")):
        if number < limit:
            return bytes([major << 5 | (number if code is None else code)]) + (struct.pack(form, number) if form else b"")
    raise ValueError(number)


def _cbor(value: Any, shape: Shape | None, spelling: Spelling) -> bytes:
    if value is Null:
        return b"\xf6"
    kind = shape.type_name if shape is not None else "structure"
    if kind == "structure":
        items = b"".join(_cbor_text(name) + _cbor(item, shape.members[name], spelling) for name, item in value.items())
        if spelling.unknown and not (shape is not None and shape.is_tagged_union):
            items += _cbor_text("ExhibitUnknownThing") + b"\xa1" + _cbor_text("A") + b"\x82\xf6\xa0"
        # Of indefinite length, as AWS writes it.
        return b"\xbf" + items + b"\xff"
    if kind == "list":
        return b"\x9f" + b"".join(_cbor(item, shape.member, spelling) for item in value) + b"\xff"
    if kind == "map":
        return b"\xbf" + b"".join(_cbor_text(key) + _cbor(item, shape.value, spelling) for key, item in value.items()) + b"\xff"
    if kind == "timestamp":
        return b"\xc1" + (b"\xfb" + struct.pack(">d", value) if spelling.moments != "number" else _head(0, value))
    if kind == "boolean":
        return b"\xf5" if value else b"\xf4"
    if kind in ("integer", "long"):
        return _head(0, value)
    if kind in ("float", "double"):
        return b"\xfb" + struct.pack(">d", value)
    if kind == "blob":
        return _head(2, len(value)) + value
    return _cbor_text(value)


def _cbor_text(value: str) -> bytes:
    return _head(3, len(value.encode())) + value.encode()


# --- XML


class _Xml:
    def __init__(self, spelling: Spelling, ec2: bool):
        self.spelling, self.ec2 = spelling, ec2

    def element(self, name: str, inner: str, depth: int, attributes: str = "", leaf: bool = False) -> str:
        if not self.spelling.indented:
            return f"<{name}{attributes}>{inner}</{name}>"
        pad = "\r\n" + "  " * depth
        # White space around the children of an element, never within a text.
        return f"{pad}<{name}{attributes} >{inner}{'' if leaf else pad}</{name}\n>"

    def members(self, value: dict, shape: Shape, depth: int) -> str:
        written = ""
        for name, item in value.items():
            member = shape.members[name]
            if item is Null or "location" in member.serialization or member.serialization.get("xmlAttribute"):
                continue
            written += self.one(member.serialization.get("name", name), item, member, depth)
        if self.spelling.unknown and not shape.is_tagged_union:
            written += "<!-- later --><exhibitUnknown a='>'><member><x/></member><exhibitUnknown>&amp;&#x41;</exhibitUnknown></exhibitUnknown>"
        return written

    def one(self, name: str, value: Any, shape: Shape, depth: int) -> str:
        kind = shape.type_name
        if kind == "structure":
            return self.element(name, self.members(value, shape, depth + 1), depth, self._attributes(value, shape))
        if kind == "list":
            named = shape.member.serialization.get("name")
            if shape.serialization.get("flattened"):
                return "".join(self.one(named or name, item, shape.member, depth) for item in value)
            return self.element(name, "".join(self.one(named or "member", item, shape.member, depth + 1) for item in value), depth)
        if kind == "map":
            key, of = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
            flat = bool(shape.serialization.get("flattened"))
            entries = "".join(self.element(name if flat else "entry", self.one(key, one, shape.key, depth + 2) + self.one(of, item, shape.value, depth + 2), depth + 1)
                              for one, item in value.items())
            return entries if flat else self.element(name, entries, depth)
        return self.element(name, escape(self.scalar(value, shape)), depth, leaf=True)

    def _attributes(self, value: dict, shape: Shape) -> str:
        space = shape.serialization.get("xmlNamespace")
        written = ""
        if isinstance(space, dict):
            prefix = f":{space['prefix']}" if space.get("prefix") else ""
            written += f' xmlns{prefix}="{space["uri"]}"'
        for name, item in value.items():
            member = shape.members[name]
            if member.serialization.get("xmlAttribute") and item is not Null:
                written += f' {member.serialization["name"]}="{escape(str(item))}"'
        return written

    def scalar(self, value: Any, shape: Shape) -> str:
        if shape.type_name == "boolean":
            return "true" if value else "false"
        if shape.type_name == "timestamp":
            form = shape.serialization.get("timestampFormat", "iso8601")
            return str(_moment(value, form, self.spelling))
        return base64.b64encode(value).decode() if shape.type_name == "blob" else str(value)


# --- answers


def answer(service: str, operation: str, spelling: Spelling, cbor: bool, asked: dict) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body; `asked` are texts of the request (a bucket's name, an id), which the answer is about."""
    shape = model(service).operation_model(operation).output_shape
    if spelling.refused:
        return _refused(service, cbor)
    value = Filled(service, operation, spelling, asked).value(shape) if shape is not None else {}
    protocol = "cbor" if cbor else next(p for p in (model(service).metadata.get("protocols") or [model(service).metadata["protocol"]]) if "cbor" not in p)
    head = [("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000"), *_headers(value, shape)]
    if protocol == "cbor":
        return 200, [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor"), *head], _cbor(value, shape, spelling)
    if protocol in ("json", "rest-json"):
        kind = "application/json" if protocol == "rest-json" else f"application/x-amz-json-{model(service).metadata['jsonVersion']}"
        body = _payload(value, shape)
        written = body if isinstance(body, bytes) else _dumped(_json(*body, spelling), spelling.indented)
        return 200, [("Content-Type", kind), *head], written
    xml = _Xml(spelling, protocol == "ec2")
    start = '<?xml version="1.0" encoding="UTF-8"?>\n' if spelling.indented or protocol != "query" else ""
    space = model(service).metadata.get("xmlNamespace") or f"https://{service}.amazonaws.com/doc/{model(service).api_version}/"
    if protocol == "query":
        wrapper = (shape.serialization.get("resultWrapper") if shape is not None else None) or f"{operation}Result"
        inner = xml.element(wrapper, xml.members(value, shape, 2) if shape is not None else "", 1)
        inner += xml.element("ResponseMetadata", xml.element("RequestId", "00000000", 2, leaf=True), 1)
        written = xml.element(f"{operation}Response", inner, 0, f' xmlns="{space}"')
    elif protocol == "ec2":
        inner = xml.element("requestId", "00000000", 1, leaf=True) + (xml.members(value, shape, 1) if shape is not None else "")
        written = xml.element(f"{operation}Response", inner, 0, f' xmlns="http://ec2.amazonaws.com/doc/{model(service).api_version}/"')
    else:
        body = _payload(value, shape)
        if isinstance(body, bytes):
            return 200, [("Content-Type", "application/json"), *head], body
        of, content = body[1], body[0]
        root = _ROOTS.get((service, operation)) or of.serialization.get("name") or of.name
        if (service, operation) == ("s3", "GetBucketLocation"):  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
            written = f'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{text(service, operation, "LocationConstraint", shape, asked)}</LocationConstraint>'
        else:
            written = xml.element(root, xml.members(content, of, 1), 0, ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' if service == "s3" else "")
    return 200, [("Content-Type", "text/xml"), *head], (start + written.lstrip()).encode()


def _payload(value: dict, shape: Shape | None) -> bytes | tuple[dict, Any]:
    """What stands in the body: all, the member that is the payload, or its bytes."""
    if shape is None:
        return b""
    name = shape.serialization.get("payload")
    if name is None:
        return value, shape
    member = shape.members[name]
    return (value[name], member) if member.type_name == "structure" else (value[name] if isinstance(value[name], bytes) else value[name].encode())


def _headers(value: dict, shape: Shape | None) -> list[tuple[str, str]]:
    if shape is None:
        return []
    return [(shape.members[name].serialization["name"], str(item)) for name, item in value.items()
            if shape.members[name].serialization.get("location") == "header" and item is not Null]


def _refused(service: str, cbor: bool) -> tuple[int, list[tuple[str, str]], bytes]:
    """With `Message` and not `message`, as some services of AWS write it."""
    words = "not authorized, says the one with the capital"
    form = model(service).metadata["protocol"]
    if cbor:
        body = b"\xbf" + b"".join(map(_cbor_text, ("__type", "com.amazonaws#AccessDeniedException", "Message", words))) + b"\xff"
        return 400, [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")], body
    if form == "ec2":
        written = f"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>{words}</Message></Error></Errors><RequestID>0</RequestID></Response>"
        return 403, [("Content-Type", "text/xml")], written.encode()
    if service == "s3":
        return 403, [("Content-Type", "application/xml")], f"<Error><Code>AccessDenied</Code><Message>{words}</Message></Error>".encode()
    if form in ("query", "rest-xml"):
        return 403, [("Content-Type", "text/xml")], f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{words}</Message></Error></ErrorResponse>".encode()
    code = [("x-amzn-ErrorType", "AccessDeniedException:http://internal.amazon.com/coral/")] if form == "rest-json" else []
    body = {"Message": words} | ({} if code else {"__type": "com.amazon.coral.service#AccessDeniedException"})
    return 403 if code else 400, [("Content-Type", "application/json" if code else "application/x-amz-json-1.1"), *code], json.dumps(body).encode()
