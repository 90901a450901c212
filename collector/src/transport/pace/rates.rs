//! AWS's documented rates, from `rates.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

const LIST: &str = include_str!("../../../rates.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    rate: Vec<Rate>,
}

/// A bucket of requests as AWS describes it, for one account and region.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    service: String,
    /// Which operations draw from it; all of the service if none are named.
    #[serde(default)]
    operations: Vec<String>,
    /// Every operation has a bucket of its own.
    #[serde(default)]
    each: bool,
    /// Requests by which it is refilled each second.
    pub per_second: f64,
    /// Requests that it holds.
    pub burst: f64,
    // For who reads the list.
    #[serde(rename = "page")]
    _page: String,
}

static RATES: LazyLock<Vec<Rate>> = LazyLock::new(|| {
    let list: List = toml::from_str(LIST).unwrap_or_else(|e| panic!("collector/rates.toml: {e}"));
    list.rate
});

/// The bucket that an operation draws from, and its name: the operations of one name share it.
pub fn of(service: &str, operation: &str) -> (String, Option<&'static Rate>) {
    let draws = |rate: &&Rate| {
        rate.service == service && (rate.operations.is_empty() || rate.operations.iter().any(|name| name == operation))
    };
    match RATES.iter().find(draws) {
        Some(rate) if rate.each => (format!("{service}:{operation}"), Some(rate)),
        Some(rate) => (format!("{service}:{}", rate.operations.join("+")), Some(rate)),
        None => (service.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rate_is_of_operations_that_are_made() {
        for rate in RATES.iter() {
            let all = crate::operations::all();
            let made = |operation: &str| all.contains(&format!("{}:{operation}", rate.service));
            assert!(rate.operations.iter().all(|name| made(name)), "{rate:?}");
            assert!(
                all.iter().any(|call| call.starts_with(&format!("{}:", rate.service))),
                "{rate:?}"
            );
            assert!(rate.per_second > 0.0 && rate.burst >= 1.0, "{rate:?}");
            assert!(rate._page.starts_with("https://docs.aws.amazon.com/"), "{rate:?}");
        }
    }

    #[test]
    fn operations_share_a_bucket_where_aws_says_so() {
        let name = |service: &str, operation: &str| of(service, operation).0;
        assert_eq!(
            name("sso-admin", "ListPermissionSets"),
            name("sso-admin", "ListInstances")
        );
        assert_eq!(name("apigateway", "GetStages"), name("apigateway", "GetRestApis"));
        assert_ne!(name("acm", "ListCertificates"), name("acm", "DescribeCertificate"));
        assert_ne!(name("ec2", "DescribeVpcs"), name("ec2", "DescribeSubnets"));
        assert_ne!(
            name("elb", "DescribeLoadBalancers"),
            name("elbv2", "DescribeLoadBalancers")
        );
        assert!(of("iam", "ListUsers").1.is_none());
    }
}
