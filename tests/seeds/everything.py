"""One account with the good states of all controls, so that every operation is asked and every control has something to judge."""

from __future__ import annotations

import botocore.exceptions

from . import controls
from .build import HOME, Builder

# Other states cannot change a bucket that needs MFA for it.
_LAST = ("cloudtrail-bucket-mfa-delete",)


def seed(b: Builder) -> None:
    """What a state makes that an earlier one has made already is left as it is."""
    for control in sorted(controls.CONTROLS, key=lambda control: control in _LAST):
        try:
            controls.CONTROLS[control](b, False)
        except botocore.exceptions.ClientError as refused:
            if not any(word in refused.response["Error"]["Code"] for word in ("Already", "Duplicate")):
                raise
    _whatever_is_left(b)


def _whatever_is_left(b: Builder) -> None:
    """Things no good state has, but whose operations are to be asked."""
