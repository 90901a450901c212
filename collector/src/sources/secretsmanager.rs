//! Secrets: what they are called and when they changed. No call here can give a secret's value.

use evidence::record::SecretsmanagerSecret;

use super::ec2::{read, row};
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static SECRETS: Source = Source {
    id: "secretsmanager.secrets",
    operations: &["secretsmanager:ListSecrets"],
    scope: Scope::Regional,
    tables: &["secretsmanager_secret"],
    collect: |context| Box::pin(secrets(context)),
};

async fn secrets(context: &Context<'_>) {
    let client = context.session.secretsmanager(context.client_region);
    read!(
        context,
        "secretsmanager:ListSecrets",
        |next| client
            .list_secrets()
            .include_planned_deletion(true)
            .max_results(100)
            .set_next_token(next)
            .send(),
        |page, source| {
            for secret in page.secret_list() {
                let arn = secret.arn().unwrap_or_default().to_owned();
                let rules = secret.rotation_rules();
                row!(SecretsmanagerSecret, context, arn.clone(), source, {
                    arn,
                    name: secret.name().unwrap_or_default().to_owned(),
                    kms_key_id: text(secret.kms_key_id()),
                    rotation_enabled: secret.rotation_enabled(),
                    rotation_days: rules.and_then(|rules| rules.automatically_after_days()),
                    rotation_schedule: rules.and_then(|rules| text(rules.schedule_expression())),
                    last_rotated_at: time(secret.last_rotated_date()),
                    last_changed_at: time(secret.last_changed_date()),
                    next_rotation_at: time(secret.next_rotation_date()),
                    created_at: time(secret.created_date()),
                    deleted_at: time(secret.deleted_date()),
                    owning_service: text(secret.owning_service()),
                    primary_region: text(secret.primary_region()),
                    tags: tags(secret.tags().iter().map(|tag| (tag.key(), tag.value()))),
                });
            }
        }
    );
}
