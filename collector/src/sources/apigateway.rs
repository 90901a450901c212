//! REST APIs of API Gateway, their stages and web ACLs.

use evidence::record::{ApigatewayRestApi, ApigatewayStage, Tag, Wafv2StageAcl};

use super::put::{list, put, sorted};
use super::wafv2::Acl;
use crate::convert::{tags, text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static REST_APIS: Source = Source {
    id: "apigateway.rest-apis",
    operations: &[
        "apigateway:GetRestApis",
        "apigateway:GetStages",
        "wafv2:GetWebACLForResource",
    ],
    scope: Scope::Regional,
    tables: &["apigateway_rest_api", "apigateway_stage", "wafv2_stage_acl"],
    collect: |context| Box::pin(rest_apis(context)),
};

fn tags_of<'a>(map: Option<impl IntoIterator<Item = (&'a String, &'a String)>>) -> Vec<Tag> {
    let pairs = map.into_iter().flatten();
    tags(pairs.map(|(k, v)| (Some(k.as_str()), Some(v.as_str()))))
}

async fn rest_apis(context: &Context<'_>) {
    let gateway = &context.session.apigateway(context.client_region);
    let mut found = Vec::new();
    list!(
        context,
        "apigateway:GetRestApis",
        None,
        |next| gateway.get_rest_apis().limit(500).set_position(next).send(),
        |page| token(page.position()),
        |page, source| {
            for api in page.items() {
                let id = api.id().unwrap_or_default().to_owned();
                found.push(id.clone());
                let kinds = api.endpoint_configuration().map(|e| e.types()).unwrap_or_default();
                put!(context, ApigatewayRestApi, id.clone(), source, {
                    id,
                    name: text(api.name()),
                    endpoint_types: sorted(kinds.iter().map(|kind| kind.as_str())),
                    default_endpoint_disabled: Some(api.disable_execute_api_endpoint()),
                    created_at: time(api.created_date()),
                    tags: tags_of(api.tags()),
                });
            }
        }
    );
    let waf = &context.session.wafv2(context.client_region);
    context.each(&found, |api| stages(context, gateway, waf, api)).await;
}

async fn stages(context: &Context<'_>, gateway: &aws_sdk_apigateway::Client, waf: &aws_sdk_wafv2::Client, api: &str) {
    let answer = match context.ask(gateway.get_stages().rest_api_id(api).send()).await {
        Ok(answer) => answer,
        Err(failure) => return context.gap("apigateway:GetStages", Some(api), &failure),
    };
    for stage in answer.output.item() {
        let name = stage.stage_name().unwrap_or_default();
        // As AWS documents it for associations; the API does not give it.
        let arn = format!(
            "arn:{}:apigateway:{}::/restapis/{api}/stages/{name}",
            context.session.partition(),
            context.region
        );
        let acl = text(stage.web_acl_arn());
        put!(context, ApigatewayStage, arn.clone(), answer.exchange, {
            arn: arn.clone(),
            api_id: api.to_owned(),
            name: name.to_owned(),
            web_acl_arn: acl.clone(),
            access_log_destination: stage.access_log_settings().and_then(|log| text(log.destination_arn())),
            created_at: time(stage.created_date()),
            tags: tags_of(stage.tags()),
        });
        if acl.is_some_and(|acl| acl.contains(":wafv2:"))
            && let Some((acl, source)) = Acl::of_resource(context, waf, &arn).await
        {
            put!(context, Wafv2StageAcl, arn.clone(), source, {
                stage_arn: arn,
                present: acl.present,
                acl_arn: acl.arn,
                acl_name: acl.name,
                rules: acl.rules,
                manager_rules: acl.manager_rules,
            });
        }
    }
}
