//! How long all controls take on a firm of 500 users, 500 security groups and 100 buckets:
//! `cargo test --release -p controls --test it speed -- --ignored --nocapture`

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use controls::catalogue::Catalogue;
use controls::evaluate::evaluate;
use controls::examples::Example;
use controls::settings::Settings;

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}"#;

/// Adds a row.
macro_rules! row {
    ($text:expr, $table:literal, $($column:literal = $value:expr),+ $(,)?) => {{
        writeln!($text, "[[{}]]", $table).unwrap();
        $( writeln!($text, "{} = {}", $column, toml::Value::from($value)).unwrap(); )+
    }};
}

fn firm() -> String {
    let mut text = "case = \"firm\"\n".to_owned();
    row!(
        text,
        "iam_account_summary",
        "account_mfa_enabled" = 1,
        "account_password_present" = 1,
        "account_access_keys_present" = 0
    );
    row!(text, "iam_password_policy", "minimum_password_length" = 14);
    row!(
        text,
        "iam_credential",
        "user" = "<root_account>",
        "access_key_1_active" = "false",
        "access_key_2_active" = "false"
    );
    for n in 0..500 {
        let user = format!("user-{n:03}");
        row!(text, "iam_user", "name" = user.as_str());
        row!(text, "iam_user_detail", "name" = user.as_str());
        row!(
            text,
            "iam_credential",
            "user" = user.as_str(),
            "password_enabled" = "true",
            "mfa_active" = if n % 9 == 0 { "false" } else { "true" },
            "password_last_used" = "2025-06-01T00:00:00+00:00",
            "access_key_1_active" = "true",
            "access_key_1_last_used_date" = "2025-06-01T00:00:00+00:00",
            "access_key_2_active" = "false"
        );
        row!(
            text,
            "iam_mfa_device",
            "user" = user.as_str(),
            "serial" = format!("arn:aws:iam::111122223333:mfa/{user}")
        );
        for (key, status) in [(1, "Active"), (2, "Inactive")] {
            row!(
                text,
                "iam_access_key",
                "id" = format!("AKIA{n:04}{key}"),
                "user" = user.as_str(),
                "status" = status,
                "created_at" = "2025-05-01T00:00:00Z"
            );
        }
        row!(
            text,
            "iam_group_member",
            "user" = user.as_str(),
            "group_name" = format!("group-{}", n % 50)
        );
        row!(
            text,
            "iam_group_member",
            "user" = user.as_str(),
            "group_name" = format!("group-{}", (n + 1) % 50)
        );
        row!(
            text,
            "iam_inline_policy",
            "principal_type" = "role",
            "principal_name" = format!("role-{n:03}"),
            "policy_name" = "own",
            "document" = POLICY
        );
        row!(text, "iam_role", "name" = format!("role-{n:03}"), "path" = "/");
        for policy in 0..3 {
            row!(
                text,
                "iam_policy_attachment",
                "principal_type" = "role",
                "principal_name" = format!("role-{n:03}"),
                "policy_arn" = format!("arn:aws:iam::111122223333:policy/policy-{}", (n + policy) % 300),
                "policy_name" = format!("policy-{}", (n + policy) % 300)
            );
        }
        let sg = format!("sg-{n:04}");
        row!(
            text,
            "ec2_security_group",
            "id" = sg.as_str(),
            "name" = if n % 25 == 0 { "default".to_owned() } else { sg.clone() },
            "vpc_id" = format!("vpc-{}", n / 25)
        );
        for rule in 0..5 {
            row!(
                text,
                "ec2_security_group_rule",
                "id" = format!("sgr-{n:04}{rule}"),
                "group_id" = sg.as_str(),
                "egress" = rule == 0,
                "protocol" = if rule == 0 { "-1" } else { "tcp" },
                "from_port" = if rule == 0 { -1 } else { 20 + rule },
                "to_port" = if rule == 0 { -1 } else { 20 + rule },
                "cidr_ipv4" = if rule == 0 {
                    "0.0.0.0/0".to_owned()
                } else {
                    format!("10.{}.0.0/16", n % 256)
                }
            );
        }
        for interface in 0..2 {
            let eni = format!("eni-{n:04}{interface}");
            row!(
                text,
                "ec2_network_interface",
                "id" = eni.as_str(),
                "vpc_id" = format!("vpc-{}", n / 25)
            );
            row!(
                text,
                "ec2_network_interface_group",
                "interface_id" = eni.as_str(),
                "group_id" = sg.as_str(),
                "vpc_id" = format!("vpc-{}", n / 25)
            );
        }
    }
    for n in 0..300 {
        row!(
            text,
            "iam_policy",
            "name" = format!("policy-{n}"),
            "attachment_count" = 5,
            "document" = POLICY
        );
    }
    for n in 0..50 {
        row!(text, "iam_group", "name" = format!("group-{n}"));
        row!(
            text,
            "iam_policy_attachment",
            "principal_type" = "group",
            "principal_name" = format!("group-{n}"),
            "policy_arn" = format!("arn:aws:iam::111122223333:policy/policy-{n}"),
            "policy_name" = format!("policy-{n}")
        );
    }
    for n in 0..20 {
        row!(text, "ec2_vpc", "id" = format!("vpc-{n}"));
        row!(
            text,
            "ec2_network_acl",
            "id" = format!("acl-{n}"),
            "vpc_id" = format!("vpc-{n}")
        );
        for (number, action) in [(100, "allow"), (32767, "deny")] {
            row!(
                text,
                "ec2_network_acl_entry",
                "acl_id" = format!("acl-{n}"),
                "egress" = false,
                "rule_number" = number,
                "action" = action,
                "protocol" = "-1",
                "cidr_ipv4" = "0.0.0.0/0"
            );
        }
    }
    row!(
        text,
        "s3_account_public_access_block",
        "restrict_public_buckets" = true,
        "ignore_public_acls" = true
    );
    for n in 0..100 {
        let bucket = format!("bucket-{n:03}");
        row!(text, "s3_bucket", "name" = bucket.as_str());
        row!(
            text,
            "s3_bucket_policy",
            "bucket" = bucket.as_str(),
            "document" = POLICY
        );
        row!(
            text,
            "s3_bucket_policy_status",
            "bucket" = bucket.as_str(),
            "is_public" = false
        );
        row!(
            text,
            "s3_bucket_acl_grant",
            "bucket" = bucket.as_str(),
            "grantee_type" = "CanonicalUser",
            "permission" = "FULL_CONTROL"
        );
        row!(
            text,
            "s3_bucket_ownership",
            "bucket" = bucket.as_str(),
            "object_ownership" = "BucketOwnerEnforced"
        );
        row!(
            text,
            "s3_bucket_public_access_block",
            "bucket" = bucket.as_str(),
            "block_public_acls" = true
        );
        row!(
            text,
            "s3_bucket_versioning",
            "bucket" = bucket.as_str(),
            "status" = "Enabled"
        );
        row!(text, "s3_object_lock", "bucket" = bucket.as_str(), "present" = false);
        let key = format!("arn:aws:kms:us-east-1:111122223333:key/{n}");
        row!(
            text,
            "kms_key",
            "arn" = key.as_str(),
            "id" = n.to_string(),
            "manager" = "CUSTOMER",
            "origin" = "AWS_KMS",
            "spec" = "SYMMETRIC_DEFAULT",
            "state" = "Enabled",
            "created_at" = "2024-01-01T00:00:00Z"
        );
        row!(text, "kms_key_policy", "key_arn" = key.as_str(), "document" = POLICY);
        row!(
            text,
            "kms_key_rotation_status",
            "key_arn" = key.as_str(),
            "enabled" = true
        );
    }
    text
}

#[test]
#[ignore = "measures; run it in release"]
fn a_firm_of_five_hundred() {
    let catalogue = Catalogue::builtin().unwrap();
    let page = &catalogue.controls().next().unwrap().page;
    let snapshot = Example::parse(page, &firm()).unwrap().snapshot;
    let start = Instant::now();
    let evaluation = evaluate(&catalogue, &Settings::default(), &snapshot).unwrap();
    let judged = start.elapsed();
    let bytes = evaluation.database.bytes().unwrap();
    let resources: usize = evaluation.results.controls.values().map(|c| c.counts.population).sum();
    println!(
        "{} controls, {resources} resources, {} bytes: {judged:?}, with bytes {:?}",
        evaluation.results.controls.len(),
        bytes.len(),
        start.elapsed()
    );

    let database = controls::database::Database::build(&snapshot).unwrap();
    let start = Instant::now();
    drop(controls::database::Database::build(&snapshot).unwrap());
    println!("building the database: {:?}", start.elapsed());
    drop(database);
    let mut slow: Vec<_> = evaluation
        .results
        .controls
        .values()
        .map(|result| {
            let start = Instant::now();
            let count = evaluation
                .database
                .connection()
                .prepare(&result.sql)
                .unwrap()
                .query_map([], |row| row.get::<_, String>(0))
                .unwrap()
                .count();
            (start.elapsed(), result.id.as_str(), count)
        })
        .collect();
    slow.sort();
    for (took, id, count) in slow.iter().rev().take(6) {
        println!("{id}: {count} rows, {took:?}");
    }
    assert!(cfg!(debug_assertions) || judged < Duration::from_secs(1), "{judged:?}");
}
