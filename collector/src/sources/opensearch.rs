//! OpenSearch domains.

use aws_sdk_opensearch::types::DomainStatus;
use evidence::record::{OpensearchDomain, OpensearchDomainTags};

use super::rows::{put, sorted};
use crate::convert::{tags, text};
use crate::source::{Context, Scope, Source};

pub(super) static DOMAINS: Source = Source {
    id: "opensearch.domains",
    operations: &[
        "opensearch:DescribeDomains",
        "opensearch:ListDomainNames",
        "opensearch:ListTags",
    ],
    scope: Scope::Regional,
    tables: &["opensearch_domain", "opensearch_domain_tags"],
    collect: |context| Box::pin(domains(context)),
};

/// DescribeDomains takes this many names.
const AT_ONCE: usize = 5;

async fn domains(context: &Context<'_>) {
    let client = &context.session.opensearch(context.client_region);
    let (mut names, listed_in) = match context.ask(client.list_domain_names().send()).await {
        Ok(answer) => {
            let names = answer.output.domain_names().iter();
            (sorted(names.filter_map(|domain| domain.domain_name())), answer.exchange)
        }
        Err(failure) => return context.gap("opensearch:ListDomainNames", None, &failure),
    };
    names.dedup();
    let chunks: Vec<&[String]> = names.chunks(AT_ONCE).collect();
    context
        .each(chunks, |names| async move {
            let call = client.describe_domains().set_domain_names(Some(names.to_vec()));
            let (described, source) = match context.ask(call.send()).await {
                Ok(answer) => (answer.output.domain_status_list().to_vec(), answer.exchange),
                Err(failure) => {
                    for name in names {
                        let arn = context.arn("es", &format!("domain/{name}"));
                        context.gap("opensearch:DescribeDomains", Some(&arn), &failure);
                    }
                    (Vec::new(), listed_in)
                }
            };
            for name in names {
                let found = described.iter().find(|domain| domain.domain_name() == name);
                let row = domain(context, name, found, source);
                let arn = row.arn.clone();
                context.put(&row);
                match context.ask(client.list_tags().arn(&arn).send()).await {
                    Ok(answer) => {
                        let all = answer.output.tag_list().iter();
                        put!(context, OpensearchDomainTags, arn.clone(), answer.exchange, {
                            domain_arn: arn,
                            tags: tags(all.map(|tag| (Some(tag.key()), Some(tag.value())))),
                        });
                    }
                    Err(failure) => context.gap("opensearch:ListTags", Some(&arn), &failure),
                }
            }
        })
        .await;
}

fn domain(context: &Context<'_>, name: &str, found: Option<&DomainStatus>, source: u64) -> OpensearchDomain {
    let arn = found
        .and_then(|domain| text(Some(domain.arn())))
        .unwrap_or_else(|| context.arn("es", &format!("domain/{name}")));
    let at_rest = found.and_then(|domain| domain.encryption_at_rest_options());
    let endpoint = found.and_then(|domain| domain.domain_endpoint_options());
    let vpc = found.and_then(|domain| domain.vpc_options());
    let nodes = found.and_then(|domain| domain.cluster_config());
    OpensearchDomain {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: arn.clone(),
        source,
        arn,
        name: name.to_owned(),
        described: found.is_some(),
        engine_version: found.and_then(|domain| text(domain.engine_version())),
        deleted: found.and_then(|domain| domain.deleted()),
        encrypted_at_rest: at_rest.and_then(|options| options.enabled()),
        kms_key_id: at_rest.and_then(|options| text(options.kms_key_id())),
        node_to_node_encrypted: found
            .and_then(|domain| domain.node_to_node_encryption_options())
            .and_then(|options| options.enabled()),
        enforce_https: endpoint.and_then(|options| options.enforce_https()),
        tls_policy: endpoint
            .and_then(|options| options.tls_security_policy())
            .map(|policy| policy.as_str().to_owned()),
        vpc_id: vpc.and_then(|vpc| text(vpc.vpc_id())),
        subnet_ids: sorted(vpc.iter().flat_map(|vpc| vpc.subnet_ids())),
        security_group_ids: sorted(vpc.iter().flat_map(|vpc| vpc.security_group_ids())),
        access_policy: found.and_then(|domain| text(domain.access_policies())),
        fine_grained_access: found
            .and_then(|domain| domain.advanced_security_options())
            .and_then(|options| options.enabled()),
        zone_awareness: nodes.and_then(|nodes| nodes.zone_awareness_enabled()),
        multi_az_with_standby: nodes.and_then(|nodes| nodes.multi_az_with_standby_enabled()),
        instance_count: nodes.and_then(|nodes| nodes.instance_count()).map(i64::from),
    }
}
