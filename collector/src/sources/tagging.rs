//! Tags over all services, by the Resource Groups Tagging API.

use evidence::record::TaggedResource;

use crate::convert::tags;
use crate::source::{Context, Scope, Source, token};

pub(super) static RESOURCES: Source = Source {
    id: "resourcegroupstaggingapi.resources",
    operations: &["resourcegroupstaggingapi:GetResources"],
    scope: Scope::Regional,
    tables: &["tagged_resource"],
    collect: |context| Box::pin(resources(context)),
};

async fn resources(context: &Context<'_>) {
    let tagging = context.session.resourcegroupstaggingapi(context.client_region);
    let list = context
        .pages(
            |next| {
                tagging
                    .get_resources()
                    .resources_per_page(100)
                    .set_pagination_token(next)
                    .send()
            },
            |page| token(page.pagination_token()),
        )
        .await;
    for page in &list.pages {
        for resource in page.output.resource_tag_mapping_list() {
            let arn = resource.resource_arn().unwrap_or_default();
            context.put(&TaggedResource {
                account: context.account.to_owned(),
                region: context.region.to_owned(),
                key: arn.to_owned(),
                source: page.exchange,
                arn: arn.to_owned(),
                tags: tags(resource.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))),
            });
        }
    }
    if let Some(failure) = list.failure {
        context.gap("resourcegroupstaggingapi:GetResources", None, &failure);
    }
}
