"""Words for building an account: users, groups, keys, security groups, buckets, trails.

Every `days` says how long ago a thing came to be; the emulator's clock header does it.
"""

from __future__ import annotations

import datetime
import json

from emulator.client import Account

HOME, SECOND = "us-east-1", "eu-west-1"
ANYWHERE = "0.0.0.0/0"


def statement(effect: str = "Allow", action="*", resource="*", **more) -> dict:
    return {"Effect": effect, "Action": action, "Resource": resource} | more


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def tls_only(bucket: str, **more) -> dict:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return statement("Deny", "s3:*", [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"], Sid="TlsOnly", Principal="*", Condition=condition) | more


def public_read(bucket: str, **more) -> dict:
    return statement(action="s3:GetObject", resource=f"arn:aws:s3:::{bucket}/*", Sid="PublicRead", Principal="*") | more


class Builder:
    """Writes into one account."""

    def __init__(self, account: Account):
        self.account = account
        self.settings = ""  # what exhibit.toml says besides the organization
        self.records: list[str] = []  # facts of each record to attach

    def iam(self, days: float = 0):
        return self.account.client("iam", HOME, -days)

    def ec2(self, region: str = HOME):
        return self.account.client("ec2", region)

    def s3(self, region: str = HOME, days: float = 0):
        return self.account.client("s3", region, -days)

    def kms(self, region: str = HOME, days: float = 0):
        return self.account.client("kms", region, -days)

    def trails(self, region: str = HOME, days: float = 0):
        return self.account.client("cloudtrail", region, -days)

    # IAM

    def user(self, name: str, days: float = 400, console: float | None = None, used: float | None = None, mfa: str | None = None,
             groups: tuple[str, ...] = (), keys: tuple[tuple[float, float | None], ...] = (), tags: dict[str, str] | None = None) -> str:
        """`console`: the password is this old. `used`: last sign-in. `keys`: (age, last used) of each."""
        arn = self.iam(days).create_user(UserName=name, Tags=[{"Key": k, "Value": v} for k, v in (tags or {}).items()])["User"]["Arn"]
        told = {}
        if console is not None:
            self.iam(console).create_login_profile(UserName=name, Password="Not-A-Real-Passw0rd!")
        if used is not None:
            told["password_last_used_days"] = used
        for n, (age, last) in enumerate(keys, 1):
            self.iam(age).create_access_key(UserName=name)
            if last is not None:
                told[f"access_key_{n}_last_used_days"] = last
        if mfa:
            self.mfa(name, mfa, days)
        for group in groups:
            self.iam().add_user_to_group(GroupName=group, UserName=name)
        if told:
            self.account.control("user", name=name, **told)
        return arn

    def mfa(self, name: str, kind: str = "virtual", days: float = 0) -> None:
        """virtual, fido or hardware (a bare serial number)."""
        if kind == "virtual":
            serial = self.iam().create_virtual_mfa_device(VirtualMFADeviceName=name.replace(",", "-"))["VirtualMFADevice"]["SerialNumber"]
        elif kind == "fido":
            serial = f"arn:aws:iam::{self.account.number}:u2f/user/{name}/passkey-EXAMPLE"
        else:
            serial = "GAHT12345678"
        self.iam(days).enable_mfa_device(UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")

    def rotate(self, name: str, days: float, used: float) -> None:
        """A new access key, this old, in the place of the user's only one."""
        for key in self.iam().list_access_keys(UserName=name)["AccessKeyMetadata"]:
            self.iam().delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        self.iam(days).create_access_key(UserName=name)
        self.account.control("user", name=name, access_key_1_last_used_days=used)

    def group(self, name: str, days: float = 700, managed: tuple[str, ...] = (), inline: dict[str, str] | None = None) -> str:
        arn = self.iam(days).create_group(GroupName=name)["Group"]["Arn"]
        for policy in managed:
            self.iam().attach_group_policy(GroupName=name, PolicyArn=self.policy_arn(policy))
        for policy, text in (inline or {}).items():
            self.iam().put_group_policy(GroupName=name, PolicyName=policy, PolicyDocument=text)
        return arn

    def policy_arn(self, name: str) -> str:
        """Of an AWS managed policy, unless it is a full ARN."""
        return name if name.startswith("arn:") else f"arn:aws:iam::aws:policy/{name}"

    def policy(self, name: str, text: str, days: float = 600) -> str:
        return self.iam(days).create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]

    def role(self, name: str, principal: dict, days: float = 600, managed: tuple[str, ...] = (), inline: dict[str, str] | None = None, about: str = "") -> str:
        trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})
        arn = self.iam(days).create_role(RoleName=name, AssumeRolePolicyDocument=trust, Description=about)["Role"]["Arn"]
        for policy in managed:
            self.iam().attach_role_policy(RoleName=name, PolicyArn=self.policy_arn(policy))
        for policy, text in (inline or {}).items():
            self.iam().put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text)
        return arn

    def password_policy(self, length: int = 14, strong: bool = True) -> None:
        if strong:
            self.iam().update_account_password_policy(MinimumPasswordLength=length, RequireSymbols=True, RequireNumbers=True, RequireUppercaseCharacters=True,
                                                      RequireLowercaseCharacters=True, MaxPasswordAge=90, PasswordReusePrevention=24)
        else:
            self.iam().update_account_password_policy(MinimumPasswordLength=length)

    # EC2

    def vpc(self, cidr: str, name: str, region: str = HOME) -> tuple[str, str]:
        """The VPC and one subnet in it."""
        tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": name}]}]
        vpc = self.ec2(region).create_vpc(CidrBlock=cidr, TagSpecifications=tags)["Vpc"]["VpcId"]
        subnet = self.ec2(region).create_subnet(VpcId=vpc, CidrBlock=cidr.rsplit("/", 1)[0] + "/24")["Subnet"]["SubnetId"]
        return vpc, subnet

    def default_vpc(self, region: str = HOME) -> tuple[str, str]:
        vpc = self.ec2(region).describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        return vpc, self.ec2(region).describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"][0]["SubnetId"]

    @staticmethod
    def rule(low: int | None, high: int | None = None, source: str = ANYWHERE, protocol: str = "tcp", about: str = "") -> dict:
        """A rule from a CIDR, a security group (sg-…) or a prefix list (pl-…)."""
        rule: dict = {"IpProtocol": protocol}
        if low is not None:
            rule |= {"FromPort": low, "ToPort": low if high is None else high}
        note = {"Description": about} if about else {}
        if source.startswith("sg-"):
            rule["UserIdGroupPairs"] = [{"GroupId": source} | note]
        elif source.startswith("pl-"):
            rule["PrefixListIds"] = [{"PrefixListId": source} | note]
        elif ":" in source:
            rule["Ipv6Ranges"] = [{"CidrIpv6": source} | note]
        else:
            rule["IpRanges"] = [{"CidrIp": source} | note]
        return rule

    def security_group(self, name: str, vpc: str, rules: tuple[dict, ...] = (), egress: tuple[dict, ...] | None = None, subnet: str | None = None,
                       region: str = HOME, about: str = "", tags: dict[str, str] | None = None) -> str:
        """`egress` None keeps the allow-all of a new group. `subnet` puts the group on a network interface there."""
        ec2 = self.ec2(region)
        extra = {"TagSpecifications": [{"ResourceType": "security-group", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]} if tags else {}
        group = ec2.create_security_group(GroupName=name, Description=about or name, VpcId=vpc, **extra)["GroupId"]
        if rules:
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=list(rules))
        if egress is not None:
            self.egress(group, egress, region)
        if subnet:
            ec2.create_network_interface(SubnetId=subnet, Groups=[group], Description=f"{name} interface")
        return group

    def egress(self, group: str, rules: tuple[dict, ...], region: str = HOME) -> None:
        """Put these rules in the place of the present ones."""
        ec2 = self.ec2(region)
        if present := ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]:
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[{k: v for k, v in rule.items() if v} for rule in present])
        if rules:
            ec2.authorize_security_group_egress(GroupId=group, IpPermissions=list(rules))

    def close(self, group: str, region: str = HOME) -> None:
        """Remove every rule."""
        found = self.ec2(region).describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        if found["IpPermissions"]:
            self.ec2(region).revoke_security_group_ingress(GroupId=group, IpPermissions=[{k: v for k, v in rule.items() if v} for rule in found["IpPermissions"]])
        self.egress(group, (), region)

    def group_id(self, name: str, region: str = HOME, vpc: str | None = None) -> str:
        filters = [{"Name": "group-name", "Values": [name]}] + ([{"Name": "vpc-id", "Values": [vpc]}] if vpc else [])
        return self.ec2(region).describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]

    def default_groups(self, region: str = HOME) -> list[str]:
        return [g["GroupId"] for g in self.ec2(region).describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]]

    def prefix_list(self, name: str, cidrs: tuple[str, ...], region: str = HOME) -> str:
        entries = [{"Cidr": cidr, "Description": f"entry {n}"} for n, cidr in enumerate(cidrs, 1)]
        made = self.ec2(region).create_managed_prefix_list(PrefixListName=name, Entries=entries, MaxEntries=20, AddressFamily="IPv4")
        return made["PrefixList"]["PrefixListId"]

    # S3

    def bucket(self, name: str, region: str = HOME, days: float = 500, blocked: bool = True, ownership: str | None = None,
               policy: tuple[dict, ...] = (), acl: str | None = None, versioning: bool = False, tls: bool = True, lock_days: int | None = None) -> str:
        """`tls`: with the statement that refuses plain HTTP. `blocked`: with the public access block of a new bucket."""
        where = {} if region == HOME else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3 = self.s3(region)
        self.s3(region, days).create_bucket(Bucket=name, **where, **({"ObjectLockEnabledForBucket": True} if lock_days else {}))
        if not blocked:
            s3.delete_public_access_block(Bucket=name)
        if ownership:
            s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]})
        if acl:
            s3.put_bucket_acl(Bucket=name, ACL=acl)
        statements = ([tls_only(name)] if tls else []) + list(policy)
        if statements:
            s3.put_bucket_policy(Bucket=name, Policy=document(*statements))
        if versioning or lock_days:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if lock_days:
            s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": lock_days}}})
        return f"arn:aws:s3:::{name}"

    def mfa_delete(self, bucket: str, region: str = HOME) -> None:
        self.s3(region).put_bucket_versioning(Bucket=bucket, MFA=f"arn:aws:iam::{self.account.number}:mfa/root-account-mfa-device 123456",
                                              VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"})

    def account_block(self, *on: str) -> None:
        flags = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self.account.client("s3control").put_public_access_block(
            AccountId=self.account.number, PublicAccessBlockConfiguration={flag: flag in (on or flags) for flag in flags})

    # KMS

    def key(self, alias: str | None = None, region: str = HOME, days: float = 500, rotation: int | None = 365, tags: dict[str, str] | None = None, **settings) -> str:
        """The key's ARN. `rotation`: the period in days, or None for off."""
        told = {"Tags": [{"TagKey": k, "TagValue": v} for k, v in tags.items()]} if tags else {}
        made = self.kms(region, days).create_key(**settings, **told)["KeyMetadata"]
        if alias:
            self.kms(region, days).create_alias(AliasName=f"alias/{alias}", TargetKeyId=made["KeyId"])
        if rotation and made["KeySpec"] == "SYMMETRIC_DEFAULT" and made["Origin"] == "AWS_KMS":
            self.kms(region, days).enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=rotation)
        return made["Arn"]

    def import_material(self, key: str, region: str = HOME, expires_in: float | None = None) -> None:
        kms = self.kms(region)
        token = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")["ImportToken"]
        limit = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
        if expires_in is not None:
            limit = {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": self.account.now() + datetime.timedelta(days=expires_in)}
        kms.import_key_material(KeyId=key, ImportToken=token, EncryptedKeyMaterial=b"not real key material", **limit)

    def own_key_policy(self, *more: dict) -> str:
        """The default key policy and more statements."""
        own = statement(action="kms:*", Sid="Enable IAM User Permissions", Principal={"AWS": f"arn:aws:iam::{self.account.number}:root"})
        return document(own, *more)

    # CloudTrail

    def trail(self, name: str, bucket: str, region: str = HOME, days: float = 500, everywhere: bool = True, validation: bool = True, logging: bool = True) -> str:
        made = self.trails(region, days).create_trail(Name=name, S3BucketName=bucket, IsMultiRegionTrail=everywhere, EnableLogFileValidation=validation)
        if logging:
            self.trails(region, days).start_logging(Name=name)
        return made["TrailARN"]

    def trail_bucket(self, name: str, region: str = HOME, **settings) -> str:
        service = {"Service": "cloudtrail.amazonaws.com"}
        allowed = (statement(action="s3:GetBucketAcl", resource=f"arn:aws:s3:::{name}", Principal=service),
                   statement(action="s3:PutObject", resource=f"arn:aws:s3:::{name}/AWSLogs/{self.account.number}/*", Principal=service,
                             Condition={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}))
        return self.bucket(name, region, policy=allowed, versioning=True, **settings)

    def regions(self, *names: str) -> None:
        self.account.control("regions", enabled=",".join(names or (HOME, SECOND)))
