"""Macie in an account that does not use it, and the tagging service, which has nothing tagged: moto's needs more than is installed.

https://docs.aws.amazon.com/macie/latest/APIReference/macie.html (403, AccessDeniedException)
"""

from __future__ import annotations

from typing import Any

_OFF = {"error": {"code": "AccessDeniedException", "message": "Macie is not enabled", "status": 403}}

DEFAULTS: list[tuple[str, str, dict[str, Any]]] = [
    ("macie2", "DescribeBuckets", _OFF),
    ("macie2", "GetAutomatedDiscoveryConfiguration", _OFF),
    ("macie2", "GetMacieSession", _OFF),
    ("resourcegroupstaggingapi", "GetResources", {"ResourceTagMappingList": []}),
]
