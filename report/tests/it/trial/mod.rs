//! Engagements to try the report on: made by hand, or from a locker on disk.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use controls::catalogue::Catalogue;
use controls::compare::{Comparison, compare};
use controls::evaluate::evaluate;
use controls::examples::Example;
use controls::period::{Assessment, Tested, assess_period, assess_snapshot};
use controls::result::{Exception, SnapshotResults};
use controls::settings::{ParameterSetting, Settings};
use evidence::clock::Timestamp;
use evidence::diff::Diff;
use evidence::exchange::{Exchange, Outcome};
use evidence::gap::{Gap, ReasonCode};
use evidence::locker::{Locker, Sealing, SnapshotEntry, Writer};
use evidence::period::{Period, PeriodType};
use evidence::record::{Row, TABLES};
use evidence::snapshot::{AccountScope, Plan, Snapshot, Status, Tool};
use report::{Binding, Changes, Engagement, SnapshotInput};
use serde_json::json;

pub const ACCOUNT: &str = "111122223333";

/// Names no output should trust.
pub const HOSTILE: [&str; 8] = [
    "<script>alert('x')</script>",
    "</script><img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "invoice\u{202e}fdp.exe",
    "tab\tand\nnewline",
    "\"quoted\", 'and' & {{ cover }} {% raw %}",
    "@SUM(A1)",
    "zero\u{200b}width\u{feff}",
];

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn tool() -> Tool {
    Tool {
        name: "exhibit".into(),
        version: "0.0.0".into(),
    }
}

/// How large an account is made.
#[derive(Clone, Copy)]
pub struct Size {
    pub users: usize,
    pub groups: usize,
    pub buckets: usize,
}

pub const SMALL: Size = Size {
    users: 6,
    groups: 4,
    buckets: 3,
};

/// A control of each kind of resource that the small account has.
pub const FEW: [&str; 4] = [
    "iam-console-users-mfa",
    "s3-tls-only",
    "sg-admin-ports-closed",
    "root-mfa-enabled",
];

/// A snapshot and what was made of it.
pub struct Loaded {
    pub entry: SnapshotEntry,
    pub snapshot: Snapshot,
    pub zip: Vec<u8>,
    pub results: SnapshotResults,
    pub database: Vec<u8>,
}

/// An engagement that owns what it is made of.
pub struct Trial {
    _dir: tempfile::TempDir,
    pub locker: Locker,
    pub catalogue: Catalogue,
    pub settings: Settings,
    pub loaded: Vec<Loaded>,
    pub assessment: Assessment,
    pub changes: Option<(Diff, Comparison)>,
    pub templates: Option<std::path::PathBuf>,
    pub organization: String,
}

impl Trial {
    /// One snapshot of a small account.
    pub fn small() -> Self {
        Self::made(SMALL, &["2025-06-30T00:00:00Z"], &[], None)
    }

    /// With these controls alone, where it does not matter which: a page is drawn in no time, a hundred are not.
    pub fn only(mut self, controls: &[&str]) -> Self {
        let ids = controls.iter().map(|id| (*id).to_owned()).collect();
        let period = self.assessment.period.take().map(|p| p.period);
        Self::judged(self._dir, self.catalogue.only(&ids), period, &self.settings)
    }

    /// A period with several snapshots, in which some things change.
    pub fn period(size: Size, names: &[&str]) -> Self {
        let period = Period {
            name: "2025-H1".into(),
            r#type: PeriodType::TypeII,
            start: "2025-01-01".parse().unwrap(),
            end: "2025-07-01".parse().unwrap(),
            closed: false,
        };
        let moments = [
            "2025-01-02T00:00:00Z",
            "2025-02-01T00:00:00Z",
            "2025-03-01T00:00:00Z",
            "2025-04-01T00:00:00Z",
            "2025-05-01T00:00:00Z",
            "2025-06-30T00:00:00Z",
        ];
        Self::made(size, &moments, names, Some(period))
    }

    pub fn made(size: Size, moments: &[&str], names: &[&str], period: Option<Period>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (turn, moment) in moments.iter().enumerate() {
            collect(dir.path(), size, at(moment), names, turn);
        }
        Self::of(dir, period, &settings())
    }

    /// From a locker on disk, which is copied.
    pub fn on_disk(locker: &Path, period: Option<Period>, settings: &Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(locker, dir.path());
        Self::of(dir, period, settings)
    }

    fn of(dir: tempfile::TempDir, period: Option<Period>, settings: &Settings) -> Self {
        Self::judged(dir, Catalogue::builtin().unwrap(), period, settings)
    }

    fn judged(dir: tempfile::TempDir, catalogue: Catalogue, period: Option<Period>, settings: &Settings) -> Self {
        let locker = Locker::open(dir.path()).unwrap();
        let load = |entry: SnapshotEntry| {
            let zip = locker.snapshot_bytes(&entry).unwrap();
            let snapshot = Snapshot::read(zip.clone()).unwrap();
            let evaluation = evaluate(&catalogue, settings, &snapshot).unwrap();
            let database = evaluation.database.bytes().unwrap();
            Loaded {
                entry,
                snapshot,
                zip,
                results: evaluation.results,
                database,
            }
        };
        let loaded: Vec<_> = locker.snapshots().unwrap().into_iter().map(load).collect();
        let tested: Vec<_> = loaded
            .iter()
            .map(|l| Tested {
                meta: l.snapshot.meta.clone(),
                results: l.results.clone(),
            })
            .collect();
        let known = locker.known_until().unwrap();
        let assessment = match &period {
            Some(period) => assess_period(&catalogue, settings, period, &tested, known).unwrap(),
            None => assess_snapshot(&catalogue, settings, tested.last().unwrap().clone()),
        };
        let changes = (loaded.len() > 1).then(|| {
            let then = assess_snapshot(&catalogue, settings, tested.first().unwrap().clone());
            let now = assess_snapshot(&catalogue, settings, tested.last().unwrap().clone());
            let (first, last) = (loaded.first().unwrap(), loaded.last().unwrap());
            (Diff::of(&first.snapshot, &last.snapshot), compare(&then, &now))
        });
        let organization = locker.identity().organization.clone();
        Self {
            _dir: dir,
            locker,
            catalogue,
            settings: settings.clone(),
            loaded,
            assessment,
            changes,
            templates: None,
            organization,
        }
    }

    pub fn with<T>(&self, work: impl FnOnce(&Engagement<'_>) -> T) -> T {
        let snapshots: Vec<_> = self
            .loaded
            .iter()
            .map(|l| SnapshotInput {
                entry: &l.entry,
                snapshot: &l.snapshot,
                zip: &l.zip,
                results: &l.results,
                database: &l.database,
            })
            .collect();
        let changes = self.changes.as_ref().map(|(diff, comparison)| Changes {
            earlier: "2024-H2",
            later: "2025-H1",
            diff,
            comparison,
        });
        work(&Engagement {
            organization: &self.organization,
            system: Some("Card processing"),
            tool: &tool(),
            assessment: &self.assessment,
            catalogue: &self.catalogue,
            settings: &self.settings,
            snapshots: &snapshots,
            locker: &self.locker,
            reconciliations: &self.locker.reconciliations().unwrap(),
            changes,
            templates_dir: self.templates.as_deref(),
        })
    }

    pub fn bind(&self) -> Binding {
        self.with(report::bind).unwrap()
    }
}

fn settings() -> Settings {
    let exception = |resource: &str| Exception {
        control: "iam-console-users-mfa".into(),
        resource: resource.into(),
        account: None,
        reason: "Emergency user; <b>sealed</b> token".into(),
        approver: "CISO".into(),
        expires: "2026-12-31".parse().unwrap(),
    };
    let changed = ParameterSetting {
        value: 60.into(),
        by: "CISO".into(),
        why: "Policy AC-7".into(),
    };
    Settings {
        exceptions: vec![exception("user-0002")],
        parameters: BTreeMap::from([(
            "iam-unused-credentials".to_owned(),
            BTreeMap::from([("max_unused_days".to_owned(), changed)]),
        )]),
        ..Settings::default()
    }
}

/// One run into the locker.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn collect(dir: &Path, size: Size, at: Timestamp, names: &[&str], turn: usize) {
    let writer = if Locker::exists(dir) {
        Writer::open(dir).unwrap()
    } else {
        Writer::create(dir, "Example & Sons <Ltd>", &tool(), at).unwrap()
    };
    let mut operations: Vec<String> = TABLES
        .iter()
        .flat_map(|t| t.operations)
        .map(|operation| (*operation).to_owned())
        .collect();
    operations.sort();
    operations.dedup();
    let plan = Plan {
        sources: vec!["all".into()],
        operations: operations.clone(),
        event_days: None,
        controls: None,
    };
    let mut draft = writer.begin(at, &tool(), plan).unwrap();
    for operation in &operations {
        draft
            .put(exchange(operation, at, 0), Some(body(operation, 40).as_bytes()))
            .unwrap();
    }
    for n in 0..size.buckets * 6 {
        let body = body(&format!("bucket {n}"), 6);
        draft
            .put(exchange("s3:GetBucketPolicy", at, n + 1), Some(body.as_bytes()))
            .unwrap();
    }
    let gap = Gap {
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        operation: "kms:ListKeys".into(),
        resource: None,
        code: ReasonCode::AccessDenied,
        error_code: Some("AccessDeniedException".into()),
        message: "User: arn:aws:sts::111122223333:assumed-role/audit is not authorized to perform: kms:ListKeys".into(),
        exchange: Some(3),
    };
    let sealing = Sealing {
        closed_at: Timestamp::from_unix(at.unix() + 95).unwrap(),
        status: Status::Complete,
        accounts: vec![AccountScope {
            account: ACCOUNT.into(),
            caller_arn: "arn:aws:sts::111122223333:assumed-role/exhibit-collector/exhibit".into(),
            regions: vec!["eu-west-1".into(), "us-east-1".into()],
            events_home: None,
        }],
        gaps: vec![gap],
        tables: tables(size, names, turn),
    };
    draft.seal(sealing).unwrap();
}

fn body(what: &str, lines: usize) -> String {
    let mut text = format!("<Response><of>{what}</of>\n");
    for n in 0..lines {
        let _ = writeln!(
            text,
            "  <member><Arn>arn:aws:iam::111122223333:user/{what}-{n}</Arn><n>{}</n></member>",
            n * 7919 % 1013
        );
    }
    text.push_str("</Response>\n");
    text
}

fn exchange(operation: &str, at: Timestamp, n: usize) -> Exchange {
    let (service, operation) = operation.split_once(':').unwrap();
    let sent = Timestamp::from_unix(at.unix() + 1 + n as i64 / 20).unwrap();
    Exchange {
        i: 0,
        attempt: 1,
        invocation: format!("{service}-{operation}-{n}"),
        account: ACCOUNT.into(),
        region: "us-east-1".into(),
        signed_region: "us-east-1".into(),
        service: service.into(),
        operation: operation.into(),
        params: json!({}),
        method: "POST".into(),
        endpoint: format!("https://{service}.amazonaws.com/"),
        access_key_id: Some("AKIAEXAMPLE".into()),
        sent_at: sent,
        recv_at: sent,
        rtt_ns: 1,
        outcome: Outcome::Response,
        transport_error: None,
        status: Some(if operation == "GetBucketPolicy" { 404 } else { 200 }),
        aws_date: Some(sent.utc().to_rfc2822()),
        request_id: Some(format!("3f1c0b9e-8a64-4f0d-9d55-{:012x}", n + operation.len() * 4096)),
        headers: BTreeMap::from([("content-type".into(), "text/xml".into())]),
        body: None,
        body_sha256: None,
        body_len: 0,
        redaction: None,
    }
}

/// Rows of an account, most of them in order, some not.
fn tables(size: Size, names: &[&str], turn: usize) -> BTreeMap<String, Vec<Row>> {
    let text = |s: &str| toml::Value::String(s.to_owned()).to_string();
    let mut toml = String::from("case = \"trial\"\n");
    let user_names: Vec<String> = (0..size.users)
        .map(|n| format!("user-{n:04}"))
        .chain(names.iter().map(|n| (*n).to_owned()))
        .collect();
    for (n, name) in user_names.iter().enumerate() {
        // One user had no second factor until the third snapshot.
        let mfa = !(n % 25 == 3 && (n > 25 || turn < 2) || n == 2);
        let _ = write!(
            toml,
            "[[iam_credential]]\nuser = {0}\npassword_enabled = \"true\"\nmfa_active = \"{mfa}\"\n\
             user_creation_time = \"2024-01-01T00:00:00+00:00\"\npassword_last_used = \"2025-06-2{1}T00:00:00+00:00\"\n\
             password_last_changed = \"2025-01-01T00:00:00+00:00\"\naccess_key_1_active = \"{2}\"\n\
             access_key_1_last_rotated = \"2025-0{3}-01T00:00:00+00:00\"\naccess_key_1_last_used_date = \"2025-06-01T00:00:00+00:00\"\n\
             access_key_2_active = \"false\"\n\
             [[iam_user]]\nname = {0}\nid = \"AIDA{n}\"\npath = \"/\"\n",
            text(name),
            n % 9,
            n % 3 == 0,
            1 + n % 6,
        );
    }
    let group_names: Vec<String> = (0..size.groups)
        .map(|n| format!("service-{n:03}"))
        .chain(names.iter().map(|n| (*n).to_owned()))
        .collect();
    for (n, name) in group_names.iter().enumerate() {
        let open = n % 20 == 1;
        let _ = write!(
            toml,
            "[[ec2_security_group]]\nid = \"sg-{n:017x}\"\nname = {}\nvpc_id = \"vpc-1\"\n\
             [[ec2_security_group_rule]]\nid = \"sgr-{n:017x}\"\ngroup_id = \"sg-{n:017x}\"\negress = false\nprotocol = \"tcp\"\n\
             from_port = {}\nto_port = {}\ncidr_ipv4 = \"{}\"\n",
            text(name),
            if open { 22 } else { 443 },
            if open { 22 } else { 443 },
            if open { "0.0.0.0/0" } else { "10.0.0.0/8" },
        );
    }
    for n in 0..size.buckets {
        let _ = write!(
            toml,
            "[[s3_bucket]]\nname = \"example-data-{n:03}\"\narn = \"arn:aws:s3:::example-data-{n:03}\"\nkey = \"example-data-{n:03}\"\n\
             source = {}\n",
            50 + n,
        );
    }
    let catalogue = Catalogue::builtin().unwrap();
    let page = &catalogue.get("iam-console-users-mfa").unwrap().page;
    Example::parse(page, &toml).unwrap().snapshot.tables
}
