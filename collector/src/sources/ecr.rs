//! ECR's private repositories and how they are scanned.

use evidence::record::{EcrRegistryScanning, EcrRegistryScanningRule, EcrRepository};

use super::ec2::{read, row};
use crate::convert::time;
use crate::source::{Context, Scope, Source, token};

pub(super) static REPOSITORIES: Source = Source {
    id: "ecr.repositories",
    operations: &["ecr:DescribeRepositories"],
    scope: Scope::Regional,
    tables: &["ecr_repository"],
    collect: |context| Box::pin(repositories(context)),
};

pub(super) static REGISTRY_SCANNING: Source = Source {
    id: "ecr.registry-scanning",
    operations: &["ecr:GetRegistryScanningConfiguration"],
    scope: Scope::Regional,
    tables: &["ecr_registry_scanning", "ecr_registry_scanning_rule"],
    collect: |context| Box::pin(registry_scanning(context)),
};

async fn repositories(context: &Context<'_>) {
    let ecr = context.session.ecr(context.client_region);
    read!(
        context,
        "ecr:DescribeRepositories",
        |next| ecr
            .describe_repositories()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for repository in page.repositories() {
                let arn = repository.repository_arn().unwrap_or_default().to_owned();
                row!(EcrRepository, context, arn.clone(), source, {
                    arn,
                    name: repository.repository_name().unwrap_or_default().to_owned(),
                    scan_on_push: repository.image_scanning_configuration().map(|scanning| scanning.scan_on_push()),
                    tag_mutability: repository.image_tag_mutability().map(|kind| kind.as_str().to_owned()),
                    encryption_type: repository
                        .encryption_configuration()
                        .map(|encryption| encryption.encryption_type().as_str().to_owned()),
                    created_at: time(repository.created_at()),
                });
            }
        }
    );
}

async fn registry_scanning(context: &Context<'_>) {
    let ecr = context.session.ecr(context.client_region);
    let answer = match context.ask(ecr.get_registry_scanning_configuration().send()).await {
        Ok(answer) => answer,
        Err(failure) => return context.gap("ecr:GetRegistryScanningConfiguration", None, &failure),
    };
    let scanning = answer.output.scanning_configuration();
    let registry = answer.output.registry_id().unwrap_or(context.account).to_owned();
    row!(EcrRegistryScanning, context, registry, answer.exchange, {
        scan_type: scanning.and_then(|s| s.scan_type()).map(|kind| kind.as_str().to_owned()),
    });
    for rule in scanning.map(|s| s.rules()).unwrap_or_default() {
        let frequency = rule.scan_frequency().as_str();
        for filter in rule.repository_filters() {
            let key = format!("{frequency} {}", filter.filter());
            row!(EcrRegistryScanningRule, context, key, answer.exchange, {
                frequency: frequency.to_owned(),
                filter: filter.filter().to_owned(),
                filter_type: filter.filter_type().as_str().to_owned(),
            });
        }
    }
}
