"""How an extension takes the place of a moto method, and how it refuses a request."""

from __future__ import annotations

import functools

import moto.backends as backends
import moto.core.errors as errors
import moto.core.responses as responses
from moto.core.exceptions import ServiceException

# For every request moto inspects the response class for its methods (30 ms for EC2) and looks for its
# own folders on disk, and for every error it reads the service's error shapes.
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
_modules = tuple(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: _modules
_lookup = errors.ErrorLookupFactory()
errors.ErrorLookupFactory = lambda: _lookup


class Refusal(ServiceException):
    """An error of the service at hand: `raise Refusal("ValidationError", "why", status=400)`."""

    def __init__(self, code: str, message: str, status: int | None = None):
        super().__init__(code, message)
        self.http_status = status


# What the service models leave out: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_STATUS = {"NoSuchAccessPoint": 404, "NoSuchAccessPointPolicy": 404, "NoSuchPublicAccessBlockConfiguration": 404, "AccessDenied": 403}


def answers(owner):
    """Decorator: this function takes the place of the owner's method of its name.

    `original` is the method it replaces, or None.
    """

    def put(function):
        original = getattr(owner, function.__name__, None)

        @functools.wraps(function)
        def method(self, *args, **kwargs):
            return function(self, *args, **kwargs)

        function.original = original
        setattr(owner, function.__name__, method)
        return function

    return put


@answers(responses.BaseResponse)
def serialized(self, action_result):
    status, headers, body = serialized.original(self, action_result)
    error = action_result.result
    if isinstance(error, ServiceException):
        status = getattr(error, "http_status", None) or _STATUS.get(error.code, status)
    return status, headers, body
