//! Classic Load Balancers.

use evidence::record::{ElbListener, ElbLoadBalancer};

use super::put::{list, put, sorted};
use crate::convert::{text, time};
use crate::source::{Context, Scope, Source, token};

pub(super) static LOAD_BALANCERS: Source = Source {
    id: "elb.load-balancers",
    operations: &["elb:DescribeLoadBalancers"],
    scope: Scope::Regional,
    tables: &["elb_listener", "elb_load_balancer"],
    collect: |context| Box::pin(load_balancers(context)),
};

async fn load_balancers(context: &Context<'_>) {
    let elb = context.session.elb(context.client_region);
    list!(
        context,
        "elb:DescribeLoadBalancers",
        None,
        |next| elb.describe_load_balancers().page_size(400).set_marker(next).send(),
        |page| token(page.next_marker()),
        |page, source| {
            for balancer in page.load_balancer_descriptions() {
                let name = balancer.load_balancer_name().unwrap_or_default();
                put!(context, ElbLoadBalancer, name.to_owned(), source, {
                    name: name.to_owned(),
                    dns_name: text(balancer.dns_name()),
                    scheme: text(balancer.scheme()),
                    vpc_id: text(balancer.vpc_id()),
                    availability_zones: sorted(balancer.availability_zones()),
                    subnets: sorted(balancer.subnets()),
                    security_groups: sorted(balancer.security_groups()),
                    instances: sorted(balancer.instances().iter().filter_map(|instance| instance.instance_id())),
                    created_at: time(balancer.created_time()),
                });
                for description in balancer.listener_descriptions() {
                    let listener = description.listener();
                    let port = listener.map(|l| i64::from(l.load_balancer_port()));
                    let key = format!("{name}:{}", port.unwrap_or_default());
                    put!(context, ElbListener, key, source, {
                        load_balancer: name.to_owned(),
                        port,
                        protocol: listener.and_then(|l| text(Some(l.protocol()))),
                        instance_protocol: listener.and_then(|l| text(l.instance_protocol())),
                        certificate_arn: listener.and_then(|l| text(l.ssl_certificate_id())),
                        policies: sorted(description.policy_names()),
                    });
                }
            }
        }
    );
}
