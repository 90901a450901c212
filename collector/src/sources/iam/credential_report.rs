//! The credential report: asked for until AWS has made it, then read by its header's names.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_iam::types::ReportStateType;
use evidence::clock::Timestamp;
use evidence::gap::ReasonCode;
use evidence::record::{IamCredential, IamCredentialReport};

use crate::convert::time;
use crate::failure::Failure;
use crate::source::Context;

/// How long AWS keeps a report before it makes a new one (IAM User Guide, "Get credential reports
/// for your AWS account").
const FRESH_SECONDS: i64 = 4 * 3_600;

/// Asks for the report until it is there, two minutes at most; gives the users it has.
///
/// Where AWS refuses to make one, the one that somebody else had made is as good while it is fresh.
pub(super) async fn credential_report(context: &Context<'_>, iam: &aws_sdk_iam::Client) -> BTreeSet<String> {
    let mut refused = None;
    let mut pause = Duration::from_millis(100);
    for _ in 0..65 {
        match context.ask(iam.generate_credential_report().send()).await {
            Ok(answer) if answer.output.state() == Some(&ReportStateType::Complete) => break,
            Ok(_) => {
                context.wait(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            Err(failure) => {
                refused = Some(failure);
                break;
            }
        }
    }
    match context.ask(iam.get_credential_report().send()).await {
        Ok(answer) => {
            let content = answer
                .output
                .content()
                .map(|blob| blob.as_ref().to_vec())
                .unwrap_or_default();
            let generated_at = time(answer.output.generated_time());
            if let Some(failure) = refused.filter(|_| !is_fresh(context, generated_at)) {
                context.gap(GENERATE, None, &failure);
                return BTreeSet::new();
            }
            read_report(context, &content, generated_at, answer.exchange)
        }
        Err(failure) => {
            if let Some(refused) = refused {
                context.gap(GENERATE, None, &refused);
            }
            context.gap("iam:GetCredentialReport", None, &failure);
            BTreeSet::new()
        }
    }
}

const GENERATE: &str = "iam:GenerateCredentialReport";

/// Whether the report is no older at the start of the run than AWS's own would be.
fn is_fresh(context: &Context<'_>, generated_at: Option<Timestamp>) -> bool {
    let (Some(events), Some(generated_at)) = (context.events, generated_at) else {
        return false;
    };
    events.to.unix() - generated_at.unix() <= FRESH_SECONDS
}

/// The columns without which the report is no report (controls.md §9 of the design; AWS: "Getting
/// credential reports for your AWS account").
const COLUMNS: &[&str] = &[
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];

fn read_report(
    context: &Context<'_>,
    content: &[u8],
    generated_at: Option<Timestamp>,
    exchange: u64,
) -> BTreeSet<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(content);
    let header: Vec<String> = reader
        .headers()
        .map(|h| h.iter().map(str::to_owned).collect())
        .unwrap_or_default();
    let missing: Vec<_> = COLUMNS
        .iter()
        .filter(|column| !header.iter().any(|h| h == *column))
        .collect();
    if !missing.is_empty() {
        let failure = Failure {
            code: ReasonCode::Unsupported,
            error_code: None,
            message: format!("the credential report lacks the columns {missing:?}"),
            exchange: Some(exchange),
        };
        context.gap("iam:GetCredentialReport", None, &failure);
        return BTreeSet::new();
    }
    let mut reported = BTreeSet::new();
    let mut rows = 0;
    for row in reader.into_records() {
        rows += 1;
        let row = match row {
            Ok(row) => row,
            Err(e) => {
                // A row that is left out must not look as if it had never been there.
                let failure = Failure {
                    code: ReasonCode::Unsupported,
                    error_code: None,
                    message: format!("row {rows} of the credential report cannot be read: {e}"),
                    exchange: Some(exchange),
                };
                context.gap("iam:GetCredentialReport", None, &failure);
                continue;
            }
        };
        let well_formed = row.len() == header.len();
        let cell = |name: &str| {
            let at = header.iter().position(|h| h == name)?;
            if well_formed {
                row.get(at).map(str::to_owned)
            } else {
                None
            }
        };
        let user = row.get(0).unwrap_or_default().to_owned();
        // The first cell of a row with stray commas is only the beginning of the name.
        let key = cell("arn").unwrap_or_else(|| format!("{user} (row {rows})"));
        if well_formed {
            reported.insert(user.clone());
        }
        context.put(&IamCredential {
            account: context.account.to_owned(),
            region: "global".to_owned(),
            key,
            source: exchange,
            user,
            arn: cell("arn"),
            well_formed,
            user_creation_time: cell("user_creation_time"),
            password_enabled: cell("password_enabled"),
            password_last_used: cell("password_last_used"),
            password_last_changed: cell("password_last_changed"),
            password_next_rotation: cell("password_next_rotation"),
            mfa_active: cell("mfa_active"),
            access_key_1_active: cell("access_key_1_active"),
            access_key_1_last_rotated: cell("access_key_1_last_rotated"),
            access_key_1_last_used_date: cell("access_key_1_last_used_date"),
            access_key_1_last_used_region: cell("access_key_1_last_used_region"),
            access_key_1_last_used_service: cell("access_key_1_last_used_service"),
            access_key_2_active: cell("access_key_2_active"),
            access_key_2_last_rotated: cell("access_key_2_last_rotated"),
            access_key_2_last_used_date: cell("access_key_2_last_used_date"),
            access_key_2_last_used_region: cell("access_key_2_last_used_region"),
            access_key_2_last_used_service: cell("access_key_2_last_used_service"),
            cert_1_active: cell("cert_1_active"),
            cert_1_last_rotated: cell("cert_1_last_rotated"),
            cert_2_active: cell("cert_2_active"),
            cert_2_last_rotated: cell("cert_2_last_rotated"),
            additional_credentials_info: cell("additional_credentials_info"),
        });
    }
    context.put(&IamCredentialReport {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: context.account.to_owned(),
        source: exchange,
        generated_at,
        columns: header,
        rows,
    });
    reported
}

#[cfg(test)]
mod tests {
    use aws_config::SdkConfig;

    use super::*;
    use crate::session::Session;
    use crate::source::EventWindow;
    use crate::transport::answering;

    #[test]
    fn a_row_that_cannot_be_read_is_a_gap() {
        let session = Session::live(SdkConfig::builder().build(), None);
        let context = Context::new(&session, "111122223333", "global", "us-east-1", &[]);
        let cells = vec!["false"; COLUMNS.len() - 1].join(",");
        let mut report = format!("{}\nalice,{cells}\n", COLUMNS.join(",")).into_bytes();
        report.extend(b"bob\xff,");
        report.extend(format!("{cells}\ncarol,{cells},stray\n").into_bytes());
        let reported = read_report(&context, &report, None, 7);
        let batch = context.into_batch();
        // Alice is reported; Bob is a gap; Carol's row has a cell too many and is kept as malformed.
        assert_eq!(reported.into_iter().collect::<Vec<_>>(), ["alice"]);
        assert_eq!(batch.gaps.len(), 1);
        assert_eq!(
            (batch.gaps[0].operation.as_str(), batch.gaps[0].exchange),
            ("iam:GetCredentialReport", Some(7))
        );
        let rows = &batch.tables["iam_credential"];
        assert_eq!(
            rows.iter().map(|row| row["well_formed"] == true).collect::<Vec<_>>(),
            [true, false]
        );
    }

    /// What comes of a refusal to make a report, and this answer to the request for the last one.
    async fn refused_with(answer: (u16, String)) -> (BTreeSet<String>, crate::source::Batch) {
        let session = answering::session(move |operation| match operation {
            "GenerateCredentialReport" => (403, answering::query_error("AccessDenied", "not authorized")),
            _ => answer.clone(),
        });
        let opened_at: Timestamp = "2025-06-30T12:00:00Z".parse().unwrap();
        let context = Context::new(&session, "111122223333", "global", "us-east-1", &[])
            .looking_back(EventWindow::of(opened_at, 90));
        let reported = credential_report(&context, &session.iam("us-east-1")).await;
        (reported, context.into_batch())
    }

    fn report(generated_at: &str) -> (u16, String) {
        let cells = vec!["false"; COLUMNS.len() - 1].join(",");
        let content = aws_smithy_types::base64::encode(format!("{}\nalice,{cells}\n", COLUMNS.join(",")));
        let result = format!(
            "<Content>{content}</Content><ReportFormat>text/csv</ReportFormat><GeneratedTime>{generated_at}</GeneratedTime>"
        );
        let body = format!(
            "<GetCredentialReportResponse><GetCredentialReportResult>{result}</GetCredentialReportResult></GetCredentialReportResponse>"
        );
        (200, body)
    }

    #[tokio::test]
    async fn a_fresh_report_counts_whoever_had_it_made() {
        let (reported, batch) = refused_with(report("2025-06-30T08:00:00Z")).await;
        assert_eq!(reported.into_iter().collect::<Vec<_>>(), ["alice"]);
        assert_eq!((batch.gaps.len(), batch.tables["iam_credential_report"].len()), (0, 1));
    }

    #[tokio::test]
    async fn an_old_report_or_none_leaves_the_refusal() {
        let operations = |batch: &crate::source::Batch| -> Vec<(String, ReasonCode)> {
            batch.gaps.iter().map(|gap| (gap.operation.clone(), gap.code)).collect()
        };
        let refusal = (GENERATE.to_owned(), ReasonCode::AccessDenied);
        let (reported, batch) = refused_with(report("2025-06-30T07:59:59Z")).await;
        assert!(reported.is_empty() && batch.tables.is_empty());
        assert_eq!(operations(&batch), std::slice::from_ref(&refusal));
        let (_, batch) = refused_with((410, answering::query_error("ReportNotPresent", "no report"))).await;
        let missing = ("iam:GetCredentialReport".to_owned(), ReasonCode::EvidenceMissing);
        assert_eq!(operations(&batch), [refusal, missing]);
    }
}
