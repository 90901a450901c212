//! From rows and gaps to the verdict on a control: precedence, exceptions, what was not asked.

use crate::common::{BUCKETS, catalogue, run, snapshot, users};
use controls::catalogue::Catalogue;
use controls::criteria::Category;
use controls::evaluate::evaluate;
use controls::result::{ControlResult, ControlVerdict, Exception, ResourceVerdict};
use controls::settings::Settings;
use evidence::gap::ReasonCode;
use evidence::snapshot::{Snapshot, Status};

const DAY: &str = "2025-06-30T00:00:00Z";
const DENIED: &str = "[[gap]]\noperation = \"iam:ListUsers\"\ncode = \"access-denied\"\n";

fn users_of(snapshot: &Snapshot, settings: &Settings) -> ControlResult {
    run(snapshot, settings).results.controls["users"].clone()
}

fn verdict(snapshot: &Snapshot) -> (ControlVerdict, Option<ReasonCode>, bool) {
    let result = users_of(snapshot, &Settings::default());
    (result.verdict, result.code, result.incomplete)
}

fn exception(resource: &str, expires: &str) -> Settings {
    let exception = Exception {
        control: "users".to_owned(),
        resource: resource.to_owned(),
        account: None,
        reason: "it's being replaced".to_owned(),
        approver: "CISO".to_owned(),
        expires: expires.parse().unwrap(),
    };
    Settings {
        exceptions: vec![exception],
        ..Settings::default()
    }
}

#[test]
fn an_empty_list_is_not_a_failed_one() {
    assert_eq!(verdict(&users(DAY, &[])), (ControlVerdict::Na, None, false));
    assert_eq!(
        verdict(&snapshot(DENIED)),
        (ControlVerdict::NotTested, Some(ReasonCode::AccessDenied), false)
    );
    assert_eq!(verdict(&users(DAY, &["a /na/"])), (ControlVerdict::Na, None, false));
    assert_eq!(
        verdict(&users(DAY, &["a", "b /na/"])),
        (ControlVerdict::Pass, None, false)
    );
}

#[test]
fn where_aws_does_not_offer_a_service_nothing_is_left_open() {
    let absent = DENIED.replace("access-denied", "not-offered");
    assert_eq!(verdict(&snapshot(&absent)), (ControlVerdict::Na, None, false));
    let good = "[[iam_user]]\nname = \"a\"\n";
    assert_eq!(
        verdict(&snapshot(&format!("{good}{absent}"))),
        (ControlVerdict::Pass, None, false)
    );
    // A refusal beside it is still one.
    assert_eq!(
        verdict(&snapshot(&format!("{good}{absent}{DENIED}"))),
        (ControlVerdict::NotTested, Some(ReasonCode::AccessDenied), false)
    );
}

#[test]
fn a_fail_outweighs_a_gap_and_says_that_it_is_incomplete() {
    let bad = "[[iam_user]]\nname = \"a\"\npath = \"/bad/\"\n";
    assert_eq!(
        verdict(&snapshot(&format!("{bad}{DENIED}"))),
        (ControlVerdict::Fail, None, true)
    );
    assert_eq!(
        verdict(&users(DAY, &["a /bad/", "b /dark/"])),
        (ControlVerdict::Fail, None, true)
    );
    assert_eq!(
        verdict(&users(DAY, &["a /bad/", "b"])),
        (ControlVerdict::Fail, None, false)
    );
}

#[test]
fn a_gap_outweighs_a_pass() {
    let good = "[[iam_user]]\nname = \"a\"\npath = \"/\"\n";
    let throttled = DENIED.replace("access-denied", "throttled");
    let (not_tested, throttling) = (ControlVerdict::NotTested, Some(ReasonCode::Throttled));
    assert_eq!(
        verdict(&snapshot(&format!("{good}{throttled}"))),
        (not_tested, throttling, false)
    );
    let elsewhere = format!("{good}{throttled}account = \"444455556666\"\n");
    assert_eq!(verdict(&snapshot(&elsewhere)), (not_tested, throttling, false));
    // A gap of somebody else's concern.
    let mut foreign = snapshot(good);
    foreign.gaps = snapshot(&throttled).gaps;
    foreign.gaps[0].operation = "iam:GetAccountSummary".to_owned();
    assert_eq!(verdict(&foreign), (ControlVerdict::Pass, None, false));
    assert_eq!(
        verdict(&users(DAY, &["a", "b /dark/"])),
        (not_tested, Some(ReasonCode::EvidenceMissing), false)
    );
}

#[test]
fn verdicts_are_given_by_account() {
    let two = "[[iam_user]]\nname = \"a\"\n[[iam_user]]\naccount = \"444455556666\"\nname = \"b\"\npath = \"/bad/\"\n";
    let result = users_of(&snapshot(two), &Settings::default());
    let accounts: Vec<_> = result
        .accounts
        .iter()
        .map(|a| (a.account.as_str(), a.verdict))
        .collect();
    assert_eq!(
        accounts,
        [
            ("111122223333", ControlVerdict::Pass),
            ("444455556666", ControlVerdict::Fail)
        ]
    );
}

#[test]
fn an_exception_holds_up_to_its_last_day() {
    let bad = users(DAY, &["a /bad/", "b"]);
    for (expires, expected) in [
        ("2025-07-01", ControlVerdict::PassWithExceptions),
        ("2025-06-30", ControlVerdict::PassWithExceptions),
        ("2025-06-29", ControlVerdict::Fail),
    ] {
        let result = users_of(&bad, &exception("a", expires));
        assert_eq!(result.verdict, expected, "{expires}");
        assert_eq!(result.exceptions.len(), usize::from(expected != ControlVerdict::Fail));
    }
    let by_arn = users_of(&bad, &exception("arn:aws:iam::111122223333:user/a", "2025-12-31"));
    assert_eq!(by_arn.verdict, ControlVerdict::PassWithExceptions);
    assert_eq!(by_arn.resources[0].verdict, ResourceVerdict::Accepted);
    assert!(
        by_arn.resources[0].reason.contains("CISO: it's being replaced"),
        "{}",
        by_arn.resources[0].reason
    );
    let counts = by_arn.counts;
    assert_eq!(
        (counts.population, counts.tested, counts.accepted, counts.pass),
        (2, 2, 1, 1)
    );

    let mut elsewhere = exception("a", "2025-12-31");
    elsewhere.exceptions[0].account = Some("444455556666".to_owned());
    assert_eq!(users_of(&bad, &elsewhere).verdict, ControlVerdict::Fail);
    let mut other = exception("a", "2025-12-31");
    other.exceptions[0].control = "buckets".to_owned();
    assert_eq!(users_of(&bad, &other).verdict, ControlVerdict::Fail);
}

#[test]
fn what_was_never_asked_is_not_an_empty_answer() {
    let mut partial = users(DAY, &[]);
    partial.meta.status = Status::Partial;
    let missing = (ControlVerdict::NotTested, Some(ReasonCode::EvidenceMissing), false);
    assert_eq!(verdict(&partial), missing, "planned, but nobody asked");

    let mut narrow = users(DAY, &["a"]);
    narrow.meta.operations.retain(|o| o != "iam:ListUsers");
    assert_eq!(verdict(&narrow), missing, "not planned");

    let mut exchange = narrow.exchanges[0].clone();
    exchange.i = 2;
    exchange.service = "iam".to_owned();
    exchange.operation = "ListUsers".to_owned();
    narrow.exchanges.push(exchange);
    assert_eq!(
        verdict(&narrow),
        (ControlVerdict::Pass, None, false),
        "asked all the same"
    );
    narrow.meta.status = Status::Partial;
    assert_eq!(
        verdict(&narrow),
        (ControlVerdict::Pass, None, false),
        "asked before the run broke off"
    );

    let mut nobody = users(DAY, &[]);
    nobody.meta.accounts.clear();
    nobody.tables.clear();
    assert_eq!(verdict(&nobody), missing, "no account at all");
}

#[test]
fn a_parameter_without_a_value_leaves_the_control_untested() {
    let bucket = |name: &str| snapshot(&format!("[[s3_bucket]]\nname = \"{name}\"\n"));
    let result = run(&bucket("good"), &Settings::default()).results.controls["buckets"].clone();
    assert_eq!(
        (result.verdict, result.code),
        (ControlVerdict::NotTested, Some(ReasonCode::NeedsParameter))
    );
    let result = run(&bucket("bad"), &Settings::default()).results.controls["buckets"].clone();
    assert_eq!(
        (result.verdict, result.observe, result.is_deviation()),
        (ControlVerdict::Fail, true, false)
    );

    let set = "[parameters.buckets]\nlimit = { value = 5, by = \"CISO\", why = \"policy\" }\n\
               mode = { value = \"enforce\", by = \"CISO\", why = \"policy\" }";
    let settings: Settings = toml::from_str(set).unwrap();
    settings.check(&catalogue()).unwrap();
    let result = run(&bucket("good"), &settings).results.controls["buckets"].clone();
    assert_eq!(result.verdict, ControlVerdict::Pass);
    assert!(
        result.sql.contains("coalesce(5, 1)") && result.sql.contains("changed by CISO: policy"),
        "{}",
        result.sql
    );
    assert!(run(&bucket("bad"), &settings).results.controls["buckets"].is_deviation());
}

#[test]
fn a_failed_call_for_one_resource_is_no_pass() {
    let text = "[[s3_bucket]]\nname = \"one\"\n[[s3_bucket]]\nname = \"two\"\n";
    let mut evidence = snapshot(text);
    evidence.gaps = snapshot(DENIED).gaps;
    evidence.gaps[0].operation = "s3:GetBucketVersioning".to_owned();
    evidence.gaps[0].resource = Some("arn:aws:s3:::two".to_owned());
    let result = run(&evidence, &Settings::default()).results.controls["buckets"].clone();
    let verdicts: Vec<_> = result.resources.iter().map(|r| (r.name.as_str(), r.verdict)).collect();
    assert_eq!(
        verdicts,
        [("two", ResourceVerdict::Unknown), ("one", ResourceVerdict::Pass)]
    );
    assert_eq!(result.code, Some(ReasonCode::AccessDenied));
}

#[test]
fn scope_is_by_category() {
    let categories = |categories: &[Category]| Settings {
        categories: categories.to_vec(),
        ..Settings::default()
    };
    let ids = |settings: &Settings| {
        run(&users(DAY, &[]), settings)
            .results
            .controls
            .into_keys()
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&categories(&[])), ["buckets", "users"]);
    assert_eq!(
        ids(&categories(&[Category::Privacy])),
        ["buckets", "users"],
        "security is always in scope"
    );
}

#[test]
fn a_bad_query_is_an_error_that_names_its_page() {
    for (sql, expected) in [
        ("'pass' AS verdict", "column `verdict`: `passed`"),
        ("'path ' || path AS reason", "column `reason`: is empty"),
        ("arn AS resource", "is returned twice"),
    ] {
        let page = crate::common::USERS.replace("WHEN '/bad/' THEN 'fail'", "WHEN '/bad/' THEN 'x'");
        let page = match sql {
            "'pass' AS verdict" => page.replace("ELSE 'pass'", "ELSE 'passed'"),
            "arn AS resource" => page.replace(sql, "'one' AS resource"),
            _ => page.replace(sql, "NULL AS reason"),
        };
        let catalogue = controls::catalogue::Catalogue::from_pages([("cc6/users.md".to_owned(), page)]).unwrap();
        let error = evaluate(&catalogue, &Settings::default(), &users(DAY, &["a", "b"]))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("cc6/users.md: ") && error.contains(expected),
            "{error}"
        );
    }
}

#[test]
fn the_same_evidence_gives_the_same_bytes() {
    let bytes = || {
        let evidence = users(DAY, &["a /bad/", "b", "c /dark/", "d's ü /"]);
        run(&evidence, &exception("a", "2025-12-31")).database.bytes().unwrap()
    };
    let first = bytes();
    assert!(first.starts_with(b"SQLite format 3\0"));
    assert_eq!(first, bytes());
    assert_ne!(
        first,
        run(&users(DAY, &["a"]), &Settings::default()).database.bytes().unwrap()
    );
}

#[test]
fn a_page_may_observe_only_while_a_parameter_is_not_set() {
    let page = BUCKETS
        .replace("observe = true", "observe = true\nobserve_without = \"tag\"")
        .replace(
            "[parameters.limit]",
            "[parameters.tag]\ndefault = \"\"\ndoc = \"A tag.\"\n[parameters.limit]",
        )
        .replace("'called ' ||", "'called ' || :tag ||");
    let catalogue = Catalogue::from_pages([("cc6/buckets.md".to_owned(), page.clone())]).unwrap();
    let observed = |set: &str| {
        let settings: Settings = toml::from_str(set).unwrap();
        settings.check(&catalogue).unwrap();
        let bad = snapshot("[[s3_bucket]]\nname = \"bad\"\n");
        evaluate(&catalogue, &settings, &bad).unwrap().results.controls["buckets"].observe
    };
    let set = |name: &str, value: &str| {
        format!("[parameters.buckets]\n{name} = {{ value = \"{value}\", by = \"CISO\", why = \"policy\" }}\n")
    };
    assert!(observed(""));
    assert!(!observed(&set("tag", "app")));
    assert!(!observed(&set("mode", "enforce")));

    for wrong in [
        page.replace("[parameters.tag]", "[parameters.other]"),
        page.replace("observe = true\n", ""),
    ] {
        let refused = Catalogue::from_pages([("cc6/buckets.md".to_owned(), wrong)])
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("observe_without: `tag` must be a parameter"),
            "{refused}"
        );
    }
}

#[test]
fn what_was_deleted_meanwhile_is_no_member_and_the_others_decide() {
    let gone = |name: &str| {
        format!(
            "[[gap]]\noperation = \"iam:ListUsers\"\ncode = \"gone\"\nresource = \"arn:aws:iam::111122223333:user/{name}\"\n\
             error_code = \"NoSuchEntity\"\nexchange = 9\n"
        )
    };
    let users = |paths: &[(&str, &str)]| -> String {
        let row = |(name, path): &(&str, &str)| {
            format!(
                "[[iam_user]]\nname = \"{name}\"\narn = \"arn:aws:iam::111122223333:user/{name}\"\npath = \"{path}\"\nsource = 4\n"
            )
        };
        paths.iter().map(row).collect()
    };
    // Passed, failed or unknown: it is none of it any more.
    for path in ["/", "/bad/", "/dark/"] {
        let snapshot = snapshot(&format!("{}{}", users(&[("a", path), ("b", "/")]), gone("a")));
        assert_eq!(verdict(&snapshot), (ControlVerdict::Pass, None, false), "{path}");
        let result = users_of(&snapshot, &Settings::default());
        let member = result
            .resources
            .iter()
            .find(|r| r.resource.ends_with("user/a"))
            .unwrap();
        assert_eq!(member.verdict, ResourceVerdict::Na);
        assert_eq!(
            member.reason,
            "Deleted while exhibit looked: it was listed (exchange 4), then iam:ListUsers (exchange 9) answered NoSuchEntity."
        );
        assert!(result.gaps.is_empty());
    }
    let both = snapshot(&format!("{}{}", users(&[("a", "/"), ("b", "/bad/")]), gone("a")));
    assert_eq!(verdict(&both).0, ControlVerdict::Fail);
    let alone = snapshot(&format!("{}{}", users(&[("a", "/bad/")]), gone("a")));
    assert_eq!(verdict(&alone).0, ControlVerdict::Na);
    // What was refused stays open.
    let refused = snapshot(&format!(
        "{}{}",
        users(&[("a", "/")]),
        gone("a").replace("\"gone\"", "\"unsupported\"")
    ));
    assert_eq!(verdict(&refused).0, ControlVerdict::NotTested);
}
