//! A small catalogue and small snapshots for tests of the engine.

pub mod elsewhere;

use controls::catalogue::Catalogue;
use controls::evaluate::{Evaluation, evaluate};
use controls::examples::Example;
use controls::period::Tested;
use controls::settings::Settings;
use evidence::snapshot::Snapshot;

/// Users fail under the path `/bad/`, are unknown under `/dark/` and outside the rule under `/na/`.
pub const USERS: &str = r#"+++
id = "users"
title = "Users are good"
criteria = ["CC6.1", "A1.1"]
type = "configuration"
severity = "high"
tables = ["iam_user"]
+++
## Control
Users are good.
## Test
Paths are looked at.
## Notes
None.
```sql
SELECT account, region, arn AS resource, name,
  CASE path WHEN '/bad/' THEN 'fail' WHEN '/dark/' THEN 'unknown' WHEN '/na/' THEN 'na' ELSE 'pass' END AS verdict,
  'path ' || path AS reason, source
FROM iam_user
```
"#;

pub const BUCKETS: &str = r#"+++
id = "buckets"
title = "Buckets are good"
criteria = ["CC6.6"]
type = "configuration"
severity = "low"
tables = ["s3_bucket", "s3_bucket_versioning"]
observe = true
[parameters.limit]
kind = "integer"
doc = "A value that the firm must give."
+++
## Control
Buckets are good.
## Test
Names are looked at.
## Notes
None.
```sql
SELECT b.account, b.region, b.arn AS resource, b.name,
  CASE WHEN b.name LIKE 'bad%' AND coalesce(:limit, 1) > 0 THEN 'fail' ELSE 'pass' END AS verdict,
  'called ' || b.name AS reason, b.source
FROM s3_bucket AS b LEFT JOIN s3_bucket_versioning AS v ON v.bucket = b.name
```
"#;

pub fn catalogue() -> Catalogue {
    let page = |id: &str, text: &str| (format!("cc6/{id}.md"), text.to_owned());
    Catalogue::from_pages([page("users", USERS), page("buckets", BUCKETS)]).unwrap()
}

/// A snapshot from an example's text.
pub fn snapshot(text: &str) -> Snapshot {
    let catalogue = catalogue();
    let page = &catalogue.get("users").unwrap().page;
    Example::parse(page, &format!("case = \"test\"\n{text}"))
        .unwrap()
        .snapshot
}

/// A snapshot of users: `name` or `name path`.
pub fn users(as_of: &str, users: &[&str]) -> Snapshot {
    let mut text = format!("as_of = \"{as_of}\"\n");
    for user in users {
        let (name, path) = user.split_once(' ').unwrap_or((user, "/"));
        text.push_str(&format!("[[iam_user]]\nname = \"{name}\"\npath = \"{path}\"\n"));
    }
    snapshot(&text)
}

pub fn run(snapshot: &Snapshot, settings: &Settings) -> Evaluation {
    evaluate(&catalogue(), settings, snapshot).unwrap()
}

pub fn tested(snapshot: Snapshot, settings: &Settings) -> Tested {
    let results = run(&snapshot, settings).results;
    Tested {
        meta: snapshot.meta,
        results,
    }
}
