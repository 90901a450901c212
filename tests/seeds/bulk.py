"""Many resources, quickly, for the benchmark."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from .build import HOME, SECOND, Builder, document, statement, tls_only


def seed(b: Builder, users: int, groups: int, buckets: int) -> dict:
    """Users in ten IAM groups (half with a console password, two thirds of those with MFA, a third with a key), security groups with
    three rules each and buckets with a policy, spread over two regions; one trail, ten KMS keys."""
    b.regions()
    b.account.control("root", mfa="virtual", last_used_days=200)
    b.password_policy()
    for n in range(10):
        b.group(f"team-{n}", inline={"reports": document(statement(action=["s3:GetObject"], resource=[f"arn:aws:s3:::bulk-{n:05}/*"]))})
    vpcs = {region: b.default_vpc(region) for region in (HOME, SECOND)}

    def user(n: int) -> None:
        b.user(f"user.{n:05}", days=30 + n % 600, console=30 if n % 2 else None, used=n % 120 if n % 2 else None, mfa="virtual" if n % 6 in (1, 3) else None,
               groups=(f"team-{n % 10}",), keys=((n % 150, n % 100),) if n % 3 == 0 else ())

    def group(n: int) -> None:
        region = (HOME, SECOND)[n % 2]
        vpc, subnet = vpcs[region]
        b.security_group(f"service-{n:05}", vpc, (b.rule(443), b.rule(8080 + n % 50, source="10.0.0.0/8"), b.rule(22, source="0.0.0.0/0" if n % 50 == 0 else "203.0.113.0/24")),
                         subnet=subnet if n % 10 == 0 else None, region=region)

    def bucket(n: int) -> None:
        region, name = (HOME, SECOND)[n % 2], f"bulk-{n:05}"
        where = {} if region == HOME else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        b.s3(region).create_bucket(Bucket=name, **where)
        if n % 5:
            b.s3(region).put_bucket_policy(Bucket=name, Policy=document(tls_only(name)))

    with ThreadPoolExecutor(4) as pool:
        for work, count in ((user, users), (group, groups), (bucket, buckets)):
            list(pool.map(work, range(count)))
    for n in range(10):
        b.key(f"bulk-{n}", (HOME, SECOND)[n % 2], rotation=365 if n % 3 else None)
    b.trail_bucket("bulk-trail")
    b.trail("main", "bulk-trail")
    return {"users": users, "security_groups": groups, "buckets": buckets + 1, "kms_keys": 10, "trails": 1}
