//! Macie. Where it is not enabled it says so, and nothing more is asked.

use evidence::gap::ReasonCode;
use evidence::record::{Macie2AutomatedDiscovery, Macie2Bucket, Macie2Session};

use crate::Failure;
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static MACIE: Source = Source {
    id: "macie2.macie",
    operations: &[
        "macie2:DescribeBuckets",
        "macie2:GetAutomatedDiscoveryConfiguration",
        "macie2:GetMacieSession",
    ],
    scope: Scope::Regional,
    tables: &["macie2_automated_discovery", "macie2_bucket", "macie2_session"],
    collect: |context| Box::pin(macie(context)),
};

/// AWS answers AccessDeniedException both to those who may not ask and where Macie is off.
fn is_off(failure: &Failure) -> bool {
    failure.is(&["AccessDeniedException"]) && failure.message.contains("Macie is not enabled")
}

/// Macie's own refusal of a member account, for the configuration is its administrator's ("Configuration" of automated
/// sensitive data discovery, Macie API reference); it names the administrator, as IAM's refusals do not.
fn is_for_the_administrator(failure: &Failure) -> bool {
    failure.is(&["AccessDeniedException"]) && failure.message.contains("administrator")
}

async fn macie(context: &Context<'_>) {
    let macie = context.session.macie2(context.client_region);
    let mut row = Macie2Session {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: context.region.to_owned(),
        source: 0,
        enabled: false,
        status: None,
        created_at: None,
        updated_at: None,
        finding_publishing_frequency: None,
        service_role: None,
    };
    match context.ask(macie.get_macie_session().send()).await {
        Ok(answer) => {
            let session = &answer.output;
            row.source = answer.exchange;
            row.enabled = true;
            row.status = session.status().map(|s| s.as_str().to_owned());
            row.created_at = time(session.created_at());
            row.updated_at = time(session.updated_at());
            row.finding_publishing_frequency = session.finding_publishing_frequency().map(|f| f.as_str().to_owned());
            row.service_role = text(session.service_role());
            context.put(&row);
        }
        Err(failure) if is_off(&failure) => {
            row.source = failure.exchange.unwrap_or_default();
            return context.put(&row);
        }
        Err(failure) => return context.gap("macie2:GetMacieSession", None, &failure),
    }
    match context.ask(macie.get_automated_discovery_configuration().send()).await {
        Ok(answer) => {
            let discovery = &answer.output;
            context.put(&Macie2AutomatedDiscovery {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: context.region.to_owned(),
                source: answer.exchange,
                status: discovery.status().map(|s| s.as_str().to_owned()),
                auto_enable_organization_members: discovery
                    .auto_enable_organization_members()
                    .map(|m| m.as_str().to_owned()),
                first_enabled_at: time(discovery.first_enabled_at()),
                disabled_at: time(discovery.disabled_at()),
                last_updated_at: time(discovery.last_updated_at()),
            });
        }
        Err(mut failure) => {
            if is_for_the_administrator(&failure) {
                failure.code = ReasonCode::NeedsOtherAccount;
            }
            context.gap("macie2:GetAutomatedDiscoveryConfiguration", None, &failure);
        }
    }
    let list = context
        .pages(
            |next| macie.describe_buckets().max_results(50).set_next_token(next).send(),
            |page| token(page.next_token()),
        )
        .await;
    for page in &list.pages {
        for bucket in page.output.buckets() {
            let name = bucket.bucket_name().unwrap_or_default();
            context.put(&Macie2Bucket {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: name.to_owned(),
                source: page.exchange,
                bucket: name.to_owned(),
                arn: text(bucket.bucket_arn()),
                bucket_account_id: text(bucket.account_id()),
                bucket_region: text(bucket.region()),
                sensitivity_score: bucket.sensitivity_score().map(i64::from),
                monitoring_status: bucket
                    .automated_discovery_monitoring_status()
                    .map(|s| s.as_str().to_owned()),
                last_automated_discovery_at: time(bucket.last_automated_discovery_time()),
                object_count: bucket.object_count(),
                classifiable_object_count: bucket.classifiable_object_count(),
                error_code: bucket.error_code().map(|c| c.as_str().to_owned()),
                tags: tags(bucket.tags().iter().map(|tag| (tag.key(), tag.value()))),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("macie2:DescribeBuckets", None, &failure);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macie_and_iam_refuse_in_different_words() {
        let refused = |message: &str| Failure {
            code: ReasonCode::AccessDenied,
            error_code: Some("AccessDeniedException".to_owned()),
            message: message.to_owned(),
            exchange: Some(1),
        };
        let member = "The request failed because you must be the Macie administrator for an organization";
        assert!(is_for_the_administrator(&refused(member)));
        let iam = "User: arn:aws:sts::111122223333:assumed-role/audit/x is not authorized to perform: \
                   macie2:GetAutomatedDiscoveryConfiguration because no identity-based policy allows it";
        assert!(!is_for_the_administrator(&refused(iam)));
        assert!(is_off(&refused("Macie is not enabled")) && !is_off(&refused(member)));
    }
}
