"""Secrets Manager: the list of secrets, cut as AWS cuts it.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
"""

from __future__ import annotations

import json

from moto.secretsmanager.responses import SecretsManagerResponse

from ..extend import answers
from ..paging import RULES, page, whole


@answers(SecretsManagerResponse)
def list_secrets(self) -> str:
    told = json.loads(whole(self, list_secrets.original))
    return json.dumps(page(self, "ListSecrets", {"SecretList": told["SecretList"]}, RULES["secretsmanager", "ListSecrets"]))
