//! KMS. Policies, grants, tags and rotation are read for customer managed keys that are not
//! on their way out; AWS's own keys are listed and described only.

use aws_sdk_kms::types::KeyMetadata;
use evidence::record::{KmsAlias, KmsGrant, KmsKey, KmsKeyPolicy, KmsKeyRotationStatus, KmsKeyTag, KmsRotation};

use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, marker};

pub(super) static KEYS: Source = Source {
    id: "kms.keys",
    operations: &[
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListGrants",
        "kms:ListKeyRotations",
        "kms:ListKeys",
        "kms:ListResourceTags",
    ],
    scope: Scope::Regional,
    tables: &[
        "kms_grant",
        "kms_key",
        "kms_key_policy",
        "kms_key_rotation_status",
        "kms_key_tag",
        "kms_rotation",
    ],
    collect: |context| Box::pin(keys(context)),
};

pub(super) static ALIASES: Source = Source {
    id: "kms.aliases",
    operations: &["kms:ListAliases"],
    scope: Scope::Regional,
    tables: &["kms_alias"],
    collect: |context| Box::pin(aliases(context)),
};

async fn aliases(context: &Context<'_>) {
    let kms = context.session.kms(context.client_region);
    let list = context
        .pages(
            |next| kms.list_aliases().limit(100).set_marker(next).send(),
            |page| marker(page.truncated(), page.next_marker()),
        )
        .await;
    for page in &list.pages {
        for alias in page.output.aliases() {
            let arn = alias.alias_arn().unwrap_or_default();
            context.put(&KmsAlias {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: arn.to_owned(),
                source: page.exchange,
                arn: arn.to_owned(),
                name: alias.alias_name().unwrap_or_default().to_owned(),
                key_id: text(alias.target_key_id()),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("kms:ListAliases", None, &failure);
    }
}

async fn keys(context: &Context<'_>) {
    let kms = context.session.kms(context.client_region);
    let list = context
        .pages(
            |next| kms.list_keys().limit(1000).set_marker(next).send(),
            |page| marker(page.truncated(), page.next_marker()),
        )
        .await;
    let listed: Vec<_> = list
        .pages
        .iter()
        .flat_map(|page| page.output.keys().iter().map(move |key| (key, page.exchange)))
        .map(|(key, exchange)| {
            (
                key.key_arn().unwrap_or_default().to_owned(),
                key.key_id().unwrap_or_default().to_owned(),
                exchange,
            )
        })
        .collect();
    if let Some(failure) = list.failure {
        context.gap("kms:ListKeys", None, &failure);
    }
    let kms = &kms;
    context
        .each(&listed, |(arn, id, listed_in)| async move {
            let (metadata, source) = match context.ask(kms.describe_key().key_id(arn).send()).await {
                Ok(answer) => (answer.output.key_metadata().cloned(), answer.exchange),
                Err(failure) => {
                    context.gap("kms:DescribeKey", Some(arn), &failure);
                    (None, *listed_in)
                }
            };
            let key = described(context, arn, id, source, metadata.as_ref());
            let leaving = matches!(key.state.as_deref(), Some("PendingDeletion" | "PendingReplicaDeletion"));
            let customer = key.manager.as_deref() == Some("CUSTOMER");
            context.put(&key);
            if customer && !leaving {
                let of = Key { context, kms, arn };
                of.policy().await;
                of.tags().await;
                of.grants().await;
                of.rotation(&key).await;
            }
        })
        .await;
}

fn described(context: &Context<'_>, arn: &str, id: &str, source: u64, key: Option<&KeyMetadata>) -> KmsKey {
    let regions = key.and_then(KeyMetadata::multi_region_configuration);
    KmsKey {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.to_owned(),
        source,
        arn: arn.to_owned(),
        id: id.to_owned(),
        manager: key.and_then(|k| k.key_manager()).map(|m| m.as_str().to_owned()),
        origin: key.and_then(|k| k.origin()).map(|o| o.as_str().to_owned()),
        spec: key.and_then(|k| k.key_spec()).map(|s| s.as_str().to_owned()),
        usage: key.and_then(|k| k.key_usage()).map(|u| u.as_str().to_owned()),
        state: key.and_then(|k| k.key_state()).map(|s| s.as_str().to_owned()),
        created_at: key.and_then(|k| time(k.creation_date())),
        deletion_at: key.and_then(|k| time(k.deletion_date())),
        expiration_model: key.and_then(|k| k.expiration_model()).map(|m| m.as_str().to_owned()),
        valid_to: key.and_then(|k| time(k.valid_to())),
        custom_key_store_id: key.and_then(|k| text(k.custom_key_store_id())),
        multi_region: key.and_then(KeyMetadata::multi_region),
        multi_region_type: regions
            .and_then(|r| r.multi_region_key_type())
            .map(|t| t.as_str().to_owned()),
        primary_arn: regions.and_then(|r| r.primary_key()).and_then(|p| text(p.arn())),
        description: key.and_then(|k| text(k.description())),
    }
}

/// One customer managed key.
struct Key<'a> {
    context: &'a Context<'a>,
    kms: &'a aws_sdk_kms::Client,
    arn: &'a str,
}

impl Key<'_> {
    async fn policy(&self) {
        let Self { context, kms, arn } = self;
        match context
            .ask(kms.get_key_policy().key_id(*arn).policy_name("default").send())
            .await
        {
            Ok(answer) => context.put(&KmsKeyPolicy {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: (*arn).to_owned(),
                source: answer.exchange,
                key_arn: (*arn).to_owned(),
                document: text(answer.output.policy()),
            }),
            Err(failure) => context.gap("kms:GetKeyPolicy", Some(arn), &failure),
        }
    }

    async fn tags(&self) {
        let Self { context, kms, arn } = self;
        let list = context
            .pages(
                |next| kms.list_resource_tags().key_id(*arn).set_marker(next).send(),
                |page| marker(page.truncated(), page.next_marker()),
            )
            .await;
        for page in &list.pages {
            for tag in page.output.tags() {
                context.put(&KmsKeyTag {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: format!("{arn} {}", tag.tag_key()),
                    source: page.exchange,
                    key_arn: (*arn).to_owned(),
                    tag_key: tag.tag_key().to_owned(),
                    tag_value: tag.tag_value().to_owned(),
                });
            }
        }
        if let Some(failure) = list.failure {
            context.gap("kms:ListResourceTags", Some(arn), &failure);
        }
    }

    async fn grants(&self) {
        let Self { context, kms, arn } = self;
        let list = context
            .pages(
                |next| kms.list_grants().key_id(*arn).limit(100).set_marker(next).send(),
                |page| marker(page.truncated(), page.next_marker()),
            )
            .await;
        for page in &list.pages {
            for grant in page.output.grants() {
                let mut operations: Vec<String> = grant
                    .operations()
                    .iter()
                    .map(|operation| operation.as_str().to_owned())
                    .collect();
                operations.sort();
                let id = grant.grant_id().unwrap_or_default();
                context.put(&KmsGrant {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: format!("{arn} {id}"),
                    source: page.exchange,
                    key_arn: (*arn).to_owned(),
                    grant_id: id.to_owned(),
                    grantee_principal: text(grant.grantee_principal()),
                    retiring_principal: text(grant.retiring_principal()),
                    issuing_account: text(grant.issuing_account()),
                    operations,
                    constrained: grant.constraints().is_some(),
                    created_at: time(grant.creation_date()),
                });
            }
        }
        if let Some(failure) = list.failure {
            context.gap("kms:ListGrants", Some(arn), &failure);
        }
    }

    async fn rotation(&self, key: &KmsKey) {
        let Self { context, kms, arn } = self;
        let status = context.ask(kms.get_key_rotation_status().key_id(*arn).send()).await;
        let mut row = KmsKeyRotationStatus {
            account: context.account.to_owned(),
            region: context.region.to_owned(),
            key: (*arn).to_owned(),
            source: 0,
            key_arn: (*arn).to_owned(),
            supported: true,
            enabled: None,
            period_days: None,
            next_rotation_at: None,
        };
        match status {
            Ok(answer) => {
                row.source = answer.exchange;
                row.enabled = Some(answer.output.key_rotation_enabled());
                row.period_days = answer.output.rotation_period_in_days().map(i64::from);
                row.next_rotation_at = time(answer.output.next_rotation_date());
                context.put(&row);
            }
            Err(failure) if failure.is(&["UnsupportedOperationException"]) => {
                row.source = failure.exchange.unwrap_or_default();
                row.supported = false;
                context.put(&row);
            }
            Err(failure) => context.gap("kms:GetKeyRotationStatus", Some(arn), &failure),
        }
        // Only such keys can have rotated; for others AWS answers with an error.
        if key.spec.as_deref() == Some("SYMMETRIC_DEFAULT") && key.origin.as_deref() == Some("AWS_KMS") {
            self.rotations().await;
        }
    }

    async fn rotations(&self) {
        let Self { context, kms, arn } = self;
        let list = context
            .pages(
                |next| kms.list_key_rotations().key_id(*arn).limit(100).set_marker(next).send(),
                |page| marker(page.truncated(), page.next_marker()),
            )
            .await;
        for page in &list.pages {
            for rotation in page.output.rotations() {
                let at = time(rotation.rotation_date());
                let when = at.map(|at| at.to_string()).unwrap_or_default();
                context.put(&KmsRotation {
                    account: context.account.to_owned(),
                    region: context.region.to_owned(),
                    key: format!("{arn} {when}"),
                    source: page.exchange,
                    key_arn: (*arn).to_owned(),
                    rotated_at: at,
                    rotation_type: rotation.rotation_type().map(|kind| kind.as_str().to_owned()),
                });
            }
        }
        match list.failure {
            Some(failure) if failure.is(&["UnsupportedOperationException"]) => {}
            Some(failure) => context.gap("kms:ListKeyRotations", Some(arn), &failure),
            None => {}
        }
    }
}
