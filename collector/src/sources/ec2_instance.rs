//! Instances and the images behind them. User data is never asked for, and launch templates are
//! not read, since AWS gives theirs away with them.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, Image, Instance};
use evidence::clock::Timestamp;
use evidence::record::{
    Ec2AllowedImagesSettings, Ec2Image, Ec2Instance, Ec2InstanceImage, Ec2InstanceMetadataDefaults, Ec2UsedImage, Tag,
};

use super::ec2::{read, row};
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static INSTANCES: Source = Source {
    id: "ec2.instances",
    operations: &["ec2:DescribeInstances"],
    scope: Scope::Regional,
    tables: &["ec2_instance"],
    collect: |context| Box::pin(instances(context)),
};

pub(super) static IMAGES: Source = Source {
    id: "ec2.images",
    operations: &["ec2:DescribeImages", "ec2:DescribeInstanceImageMetadata"],
    scope: Scope::Regional,
    tables: &["ec2_image", "ec2_instance_image", "ec2_used_image"],
    collect: |context| Box::pin(images(context)),
};

pub(super) static ALLOWED_IMAGES: Source = Source {
    id: "ec2.allowed-images",
    operations: &["ec2:GetAllowedImagesSettings"],
    scope: Scope::Regional,
    tables: &["ec2_allowed_images_settings"],
    collect: |context| Box::pin(allowed_images(context)),
};

pub(super) static METADATA_DEFAULTS: Source = Source {
    id: "ec2.metadata-defaults",
    operations: &["ec2:GetInstanceMetadataDefaults"],
    scope: Scope::Regional,
    tables: &["ec2_instance_metadata_defaults"],
    collect: |context| Box::pin(metadata_defaults(context)),
};

/// Image ids in one filter: AWS takes 200 values.
const IDS_AT_ONCE: usize = 200;

async fn instances(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    read!(
        context,
        "ec2:DescribeInstances",
        |next| ec2
            .describe_instances()
            .include_managed_resources(true)
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for reservation in page.reservations() {
                for instance in reservation.instances() {
                    context.put(&described(context, instance, reservation.owner_id(), source));
                }
            }
        }
    );
}

fn described(context: &Context<'_>, instance: &Instance, owner: Option<&str>, source: u64) -> Ec2Instance {
    let id = instance.instance_id().unwrap_or_default().to_owned();
    let metadata = instance.metadata_options();
    let operator = instance.operator();
    let mut security_groups: Vec<String> = instance
        .security_groups()
        .iter()
        .filter_map(|group| text(group.group_id()))
        .collect();
    security_groups.sort();
    let tags = tags(instance.tags().iter().map(|tag| (tag.key(), tag.value())));
    Ec2Instance {
        account: context.account.to_owned(),
        region: context.region.to_owned(),
        key: id.clone(),
        source,
        id,
        name: name_of(&tags),
        state: instance
            .state()
            .and_then(|s| s.name())
            .map(|name| name.as_str().to_owned()),
        image_id: text(instance.image_id()),
        instance_type: instance.instance_type().map(|kind| kind.as_str().to_owned()),
        launched_at: time(instance.launch_time()),
        zone: instance.placement().and_then(|place| text(place.availability_zone())),
        vpc_id: text(instance.vpc_id()),
        subnet_id: text(instance.subnet_id()),
        public_ip: text(instance.public_ip_address()),
        owner: text(owner),
        platform: text(instance.platform_details()),
        instance_profile_arn: instance.iam_instance_profile().and_then(|profile| text(profile.arn())),
        security_groups,
        http_tokens: metadata
            .and_then(|m| m.http_tokens())
            .map(|value| value.as_str().to_owned()),
        http_endpoint: metadata
            .and_then(|m| m.http_endpoint())
            .map(|value| value.as_str().to_owned()),
        http_hop_limit: metadata.and_then(|m| m.http_put_response_hop_limit()).map(i64::from),
        metadata_state: metadata.and_then(|m| m.state()).map(|value| value.as_str().to_owned()),
        operator_managed: operator.and_then(|o| o.managed()),
        operator: operator.and_then(|o| text(o.principal())),
        tags,
    }
}

/// The tag `Name`, which consoles show as the name.
pub(super) fn name_of(tags: &[Tag]) -> Option<String> {
    let tag = tags.iter().find(|tag| tag.key == "Name")?;
    text(Some(&tag.value))
}

async fn images(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    let mut foreign = BTreeSet::new();
    read!(
        context,
        "ec2:DescribeInstanceImageMetadata",
        |next| ec2
            .describe_instance_image_metadata()
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for instance in page.instance_image_metadata() {
                let id = instance.instance_id().unwrap_or_default().to_owned();
                let image = instance.image_metadata();
                let image_id = image.and_then(|image| text(image.image_id()));
                let image_owner = image.and_then(|image| text(image.owner_id()));
                if image_owner.as_deref() != Some(context.account) {
                    foreign.extend(image_id.clone());
                }
                row!(Ec2InstanceImage, context, id.clone(), source, {
                    instance_id: id,
                    instance_state: instance.state().and_then(|s| s.name()).map(|name| name.as_str().to_owned()),
                    image_id,
                    image_name: image.and_then(|image| text(image.name())),
                    image_owner,
                    image_owner_alias: image.and_then(|image| text(image.image_owner_alias())),
                    image_state: image.and_then(|image| image.state()).map(|state| state.as_str().to_owned()),
                    image_created_at: image.and_then(|image| moment(image.creation_date())),
                    image_deprecated_at: image.and_then(|image| moment(image.deprecation_time())),
                    image_allowed: image.and_then(|image| image.image_allowed()),
                    image_public: image.and_then(|image| image.is_public()),
                });
            }
        }
    );
    read!(
        context,
        "ec2:DescribeImages",
        |next| ec2
            .describe_images()
            .owners("self")
            .include_deprecated(true)
            .include_disabled(true)
            .max_results(1000)
            .set_next_token(next)
            .send(),
        |page, source| {
            for image in page.images() {
                own_image(context, image, source);
            }
        }
    );
    // By filter: a named id that is no longer registered would fail the whole call.
    let foreign: Vec<String> = foreign.into_iter().collect();
    for ids in foreign.chunks(IDS_AT_ONCE) {
        let filter = Filter::builder()
            .name("image-id")
            .set_values(Some(ids.to_vec()))
            .build();
        read!(
            context,
            "ec2:DescribeImages",
            |next| ec2
                .describe_images()
                .filters(filter.clone())
                .include_deprecated(true)
                .include_disabled(true)
                .max_results(1000)
                .set_next_token(next)
                .send(),
            |page, source| {
                for image in page.images() {
                    let id = image.image_id().unwrap_or_default().to_owned();
                    row!(Ec2UsedImage, context, id.clone(), source, {
                        id,
                        name: text(image.name()),
                        owner: text(image.owner_id()),
                        owner_alias: text(image.image_owner_alias()),
                        state: image.state().map(|state| state.as_str().to_owned()),
                        public: image.public(),
                        tags: tags(image.tags().iter().map(|tag| (tag.key(), tag.value()))),
                    });
                }
            }
        );
    }
}

fn own_image(context: &Context<'_>, image: &Image, source: u64) {
    let id = image.image_id().unwrap_or_default().to_owned();
    row!(Ec2Image, context, id.clone(), source, {
        id,
        name: text(image.name()),
        owner: text(image.owner_id()),
        state: image.state().map(|state| state.as_str().to_owned()),
        created_at: moment(image.creation_date()),
        deprecated_at: moment(image.deprecation_time()),
        public: image.public(),
        source_image_id: text(image.source_image_id()),
        source_image_region: text(image.source_image_region()),
        source_instance_id: text(image.source_instance_id()),
        tags: tags(image.tags().iter().map(|tag| (tag.key(), tag.value()))),
    });
}

/// EC2 gives the times of images as text; what is none is not known.
fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

async fn allowed_images(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    match context.ask(ec2.get_allowed_images_settings().send()).await {
        Ok(answer) => {
            let criteria = answer.output.image_criteria();
            let mut providers: Vec<String> = criteria.iter().flat_map(|c| c.image_providers().to_vec()).collect();
            providers.sort();
            providers.dedup();
            row!(Ec2AllowedImagesSettings, context, context.region.to_owned(), answer.exchange, {
                state: text(answer.output.state()),
                providers,
                criteria: i64::try_from(criteria.len()).unwrap_or(i64::MAX),
                managed_by: answer.output.managed_by().map(|by| by.as_str().to_owned()),
            });
        }
        Err(failure) => context.gap("ec2:GetAllowedImagesSettings", None, &failure),
    }
}

async fn metadata_defaults(context: &Context<'_>) {
    let ec2 = context.session.ec2(context.client_region);
    match context.ask(ec2.get_instance_metadata_defaults().send()).await {
        Ok(answer) => {
            let set = answer.output.account_level();
            row!(Ec2InstanceMetadataDefaults, context, context.region.to_owned(), answer.exchange, {
                http_tokens: set.and_then(|s| s.http_tokens()).map(|value| value.as_str().to_owned()),
                http_endpoint: set.and_then(|s| s.http_endpoint()).map(|value| value.as_str().to_owned()),
                http_hop_limit: set.and_then(|s| s.http_put_response_hop_limit()).map(i64::from),
                http_tokens_enforced: set.and_then(|s| s.http_tokens_enforced()).map(|value| value.as_str().to_owned()),
                managed_by: set.and_then(|s| s.managed_by()).map(|by| by.as_str().to_owned()),
            });
        }
        Err(failure) => context.gap("ec2:GetInstanceMetadataDefaults", None, &failure),
    }
}
