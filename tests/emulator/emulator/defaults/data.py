"""AWS Backup, Data Lifecycle Manager and the replication of EFS: accounts that do not use them. moto has little of the three."""

from __future__ import annotations

from typing import Any

DEFAULTS: list[tuple[str, str, dict[str, Any]]] = [
    ("backup", "ListBackupJobs", {"BackupJobs": []}),
    ("backup", "ListBackupSelections", {"BackupSelectionsList": []}),
    ("backup", "ListCopyJobs", {"CopyJobs": []}),
    ("backup", "ListProtectedResources", {"Results": []}),
    ("backup", "ListRecoveryPointsByBackupVault", {"RecoveryPoints": []}),
    ("backup", "ListRestoreJobs", {"RestoreJobs": []}),
    ("backup", "ListRestoreTestingPlans", {"RestoreTestingPlans": []}),
    ("dlm", "GetLifecyclePolicies", {"Policies": []}),
    ("efs", "DescribeReplicationConfigurations", {"Replications": []}),
]
