"""Root elements of S3's answers, which moto names after the operation's output and AWS does not.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html (VersioningConfiguration)
https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_ListAccessPoints.html (ListAccessPointsResult)
https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetAccessPointPolicyStatus.html
"""

from __future__ import annotations

ROOTS = {
    ("s3", "GetBucketVersioning"): ("GetBucketVersioningResponse", "VersioningConfiguration"),
    ("s3control", "ListAccessPoints"): ("ListAccessPointsResponse", "ListAccessPointsResult"),
    ("s3control", "GetAccessPointPolicyStatus"): ("GetAccessPointPolicyStatusResponse", "GetAccessPointPolicyStatusResult"),
}


def renamed(service: str, operation: str, body: bytes) -> bytes:
    """The body with AWS's root element."""
    wrong, right = ROOTS.get((service, operation), ("", ""))
    if not wrong:
        return body
    return body.replace(f"<{wrong}".encode(), f"<{right}".encode(), 1).replace(f"</{wrong}>".encode(), f"</{right}>".encode(), 1)
