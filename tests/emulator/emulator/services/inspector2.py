"""Inspector: off until it is switched on.

https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
"""

from __future__ import annotations

from moto.inspector2.models import AccountStatus, Inspector2Backend

from ..extend import answers


@answers(Inspector2Backend)
def batch_get_account_status(self, account_ids: list[str]) -> list[dict]:
    """An account that never used Inspector is DISABLED; without ids the account's own status is meant."""
    for account in account_ids or [self.account_id]:
        self.account_status.setdefault(account, AccountStatus(account))
    told = batch_get_account_status.original(self, account_ids or [self.account_id])
    quiet = {"errorCode": "SUCCESS", "errorMessage": ""}
    for account in told:
        account["state"] |= quiet
        for state in account["resourceState"].values():
            state |= quiet
    return told
