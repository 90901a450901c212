//! What Amazon Inspector scans.

use aws_sdk_inspector2::types::{
    CoverageFilterCriteria, CoverageStringComparison, CoverageStringFilter, ErrorCode, FailedAccount, FilterCriteria,
    State, StringComparison, StringFilter,
};
use evidence::gap::ReasonCode;
use evidence::record::{Inspector2AccountStatus, Inspector2Coverage, Inspector2Finding};

use super::ec2::{read, row};
use crate::convert::{text, time};
use crate::failure::Failure;
use crate::source::{Context, Scope, Source, token};

pub(super) static SCANNING: Source = Source {
    id: "inspector2.scanning",
    operations: &[
        "inspector2:BatchGetAccountStatus",
        "inspector2:ListCoverage",
        "inspector2:ListFindings",
    ],
    scope: Scope::Regional,
    tables: &["inspector2_account_status", "inspector2_coverage", "inspector2_finding"],
    collect: |context| Box::pin(scanning(context)),
};

async fn scanning(context: &Context<'_>) {
    let inspector = context.session.inspector2(context.client_region);
    let call = inspector.batch_get_account_status().account_ids(context.account);
    let answer = match context.ask(call.send()).await {
        Ok(answer) => answer,
        Err(failure) => return context.gap("inspector2:BatchGetAccountStatus", None, &failure),
    };
    let Some(account) = answer
        .output
        .accounts()
        .iter()
        .find(|a| a.account_id() == context.account)
    else {
        let failed = answer
            .output
            .failed_accounts()
            .iter()
            .find(|a| a.account_id() == context.account);
        return context.gap(
            "inspector2:BatchGetAccountStatus",
            None,
            &untold(failed, answer.exchange),
        );
    };
    let status = |state: Option<&State>| state.map(|state| state.status().as_str().to_owned());
    let kinds = account.resource_state();
    let row = Inspector2AccountStatus {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: context.account.to_owned(),
        source: answer.exchange,
        status: status(account.state()),
        ec2: status(kinds.and_then(|kinds| kinds.ec2())),
        ecr: status(kinds.and_then(|kinds| kinds.ecr())),
        lambda: status(kinds.and_then(|kinds| kinds.lambda())),
        lambda_code: status(kinds.and_then(|kinds| kinds.lambda_code())),
    };
    context.put(&row);
    // Where Inspector is off it covers nothing and refuses to list it.
    let all = [&row.status, &row.ec2, &row.ecr, &row.lambda, &row.lambda_code];
    if all.into_iter().flatten().all(|status| status == "DISABLED") {
        return;
    }
    // An administrator of an organization would be told of all its accounts.
    let own = CoverageStringFilter::builder()
        .comparison(CoverageStringComparison::Equals)
        .value(context.account)
        .build()
        .ok();
    let filter = own.map(|own| CoverageFilterCriteria::builder().account_id(own).build());
    read!(
        context,
        "inspector2:ListCoverage",
        |next| inspector
            .list_coverage()
            .set_filter_criteria(filter.clone())
            .max_results(200)
            .set_next_token(next)
            .send(),
        |page, source| {
            for resource in page.covered_resources() {
                let id = resource.resource_id();
                let kind = resource.resource_type().as_str();
                let scan = resource.scan_type().as_str();
                let status = resource.scan_status();
                row!(Inspector2Coverage, context, format!("{kind} {id} {scan}"), source, {
                    resource_id: id.to_owned(),
                    resource_type: kind.to_owned(),
                    resource_account: resource.account_id().to_owned(),
                    scan_type: scan.to_owned(),
                    status: status.map(|status| status.status_code().as_str().to_owned()),
                    reason: status.map(|status| status.reason().as_str().to_owned()),
                    last_scanned_at: time(resource.last_scanned_at()),
                });
            }
        }
    );
    findings(context, &inspector).await;
}

async fn findings(context: &Context<'_>, inspector: &aws_sdk_inspector2::Client) {
    let equals = |value: &str| {
        StringFilter::builder()
            .comparison(StringComparison::Equals)
            .value(value)
            .build()
            .ok()
    };
    let filter = FilterCriteria::builder()
        .set_aws_account_id(equals(context.account).map(|own| vec![own]))
        .set_severity(Some(["CRITICAL", "HIGH"].into_iter().filter_map(equals).collect()))
        .set_finding_status(Some(["ACTIVE", "SUPPRESSED"].into_iter().filter_map(equals).collect()))
        .build();
    read!(
        context,
        "inspector2:ListFindings",
        |next| inspector
            .list_findings()
            .filter_criteria(filter.clone())
            .max_results(100)
            .set_next_token(next)
            .send(),
        |page, source| {
            for finding in page.findings() {
                let arn = finding.finding_arn().to_owned();
                let mut resources: Vec<String> = finding.resources().iter().map(|r| r.id().to_owned()).collect();
                resources.sort();
                row!(Inspector2Finding, context, arn.clone(), source, {
                    arn,
                    title: text(finding.title()),
                    finding_account: Some(finding.aws_account_id().to_owned()),
                    severity: Some(finding.severity().as_str().to_owned()),
                    status: Some(finding.status().as_str().to_owned()),
                    first_observed_at: time(Some(finding.first_observed_at())),
                    updated_at: time(finding.updated_at()),
                    resources,
                });
            }
        }
    );
}

/// The call was answered, but not about the account.
fn untold(failed: Option<&FailedAccount>, exchange: u64) -> Failure {
    let code = match failed.map(FailedAccount::error_code) {
        Some(ErrorCode::AccessDenied) => ReasonCode::AccessDenied,
        _ => ReasonCode::Unsupported,
    };
    Failure {
        code,
        error_code: failed.map(|failed| failed.error_code().as_str().to_owned()),
        message: failed.map_or_else(
            || "the answer does not name the account".to_owned(),
            |failed| failed.error_message().to_owned(),
        ),
        exchange: Some(exchange),
    }
}
