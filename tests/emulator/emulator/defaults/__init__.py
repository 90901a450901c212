"""What AWS answers in an account that does not use a service, for operations that moto does not have.

Each module of this folder lists (service, operation, output as boto3 gives it, or an error
{"code", "message", "status"} under the key "error").
"""

from __future__ import annotations

import importlib
import pathlib
from typing import Any

DEFAULTS: dict[tuple[str, str], dict[str, Any]] = {}
for _module in sorted(pathlib.Path(__file__).parent.glob("[!_]*.py")):
    for _service, _operation, _output in importlib.import_module(f"{__package__}.{_module.stem}").DEFAULTS:
        DEFAULTS[_service, _operation] = _output
