//! Which regions an account has, and which of them are in scope.

use evidence::gap::ReasonCode;
use evidence::record::Region;

use crate::failure::Failure;
use crate::session::Session;
use crate::source::{Batch, Context, ask, pages, token};

/// Regions to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// Every region that is enabled for the account.
    All,
    /// Only these.
    Only(Vec<String>),
}

/// What was found out about an account's regions.
pub struct Found {
    /// Regions to ask, sorted.
    pub in_scope: Vec<String>,
    /// Configured regions that the account does not have, or has switched off; each with its state.
    pub unusable: Vec<(String, Option<String>)>,
    /// All names that the account has.
    pub known: Vec<String>,
    /// Regions that are enabled, and out of scope, sorted.
    pub elsewhere: Vec<String>,
    /// Rows of table `region`, and gaps.
    pub batch: Batch,
}

struct Seen {
    name: String,
    status: String,
    source: u64,
}

/// Asks the account service, and EC2 where that is not allowed.
pub async fn find(session: &Session, account: &str, home: &str, scope: &Regions) -> Found {
    let no_regions: Vec<String> = Vec::new();
    let context = Context::new(session, account, "global", home, &no_regions);
    let seen = match list_regions(session, home).await {
        Ok(seen) => Some(seen),
        Err(first) => match describe_regions(session, home).await {
            Ok(seen) => Some(seen),
            Err(second) => {
                context.gap("account:ListRegions", None, &first);
                context.gap("ec2:DescribeRegions", None, &second);
                None
            }
        },
    };
    let in_scope = |name: &str| match scope {
        Regions::All => true,
        Regions::Only(names) => names.iter().any(|n| n == name),
    };
    let known: Vec<String> = seen.iter().flatten().map(|region| region.name.clone()).collect();
    let (mut asked, mut elsewhere) = (Vec::new(), Vec::new());
    for region in seen.iter().flatten() {
        // AWS's two services spell the same states differently.
        let enabled = matches!(
            region.status.as_str(),
            "ENABLED" | "ENABLED_BY_DEFAULT" | "opt-in-not-required" | "opted-in"
        );
        let in_scope = enabled && in_scope(&region.name);
        if in_scope {
            asked.push(region.name.clone());
        } else if enabled {
            elsewhere.push(region.name.clone());
        }
        context.put(&Region {
            account: account.to_owned(),
            region: region.name.clone(),
            key: region.name.clone(),
            source: region.source,
            name: region.name.clone(),
            opt_in_status: region.status.clone(),
            enabled,
            in_scope,
        });
    }
    let mut unusable = Vec::new();
    match (scope, &seen) {
        (Regions::Only(names), Some(seen)) => {
            for name in names.iter().filter(|name| !asked.contains(name)) {
                let state = seen
                    .iter()
                    .find(|region| region.name == **name)
                    .map(|region| region.status.clone());
                unusable.push((name.clone(), state));
            }
        }
        (Regions::Only(names), None) => asked.extend(names.iter().cloned()),
        // Nobody knows which others there are; the gap above says so.
        (Regions::All, None) => asked.push(home.to_owned()),
        (Regions::All, Some(_)) => {}
    }
    for names in [&mut asked, &mut elsewhere] {
        names.sort();
        names.dedup();
    }
    Found {
        in_scope: asked,
        unusable,
        known,
        elsewhere,
        batch: context.into_batch(),
    }
}

async fn list_regions(session: &Session, home: &str) -> Result<Vec<Seen>, Failure> {
    let client = session.account(home);
    let list = pages(
        |next| client.list_regions().max_results(50).set_next_token(next).send(),
        |page| token(page.next_token()),
    )
    .await;
    if let Some(failure) = list.failure {
        return Err(failure);
    }
    let seen = list
        .pages
        .iter()
        .flat_map(|page| {
            page.output.regions().iter().map(|region| Seen {
                name: region.region_name().unwrap_or_default().to_owned(),
                status: region
                    .region_opt_status()
                    .map(|s| s.as_str().to_owned())
                    .unwrap_or_default(),
                source: page.exchange,
            })
        })
        .collect();
    not_empty(seen, list.pages.last().map(|page| page.exchange))
}

async fn describe_regions(session: &Session, home: &str) -> Result<Vec<Seen>, Failure> {
    let answer = ask(session.ec2(home).describe_regions().all_regions(true).send()).await?;
    let seen = answer
        .output
        .regions()
        .iter()
        .map(|region| Seen {
            name: region.region_name().unwrap_or_default().to_owned(),
            status: region.opt_in_status().unwrap_or_default().to_owned(),
            source: answer.exchange,
        })
        .collect();
    not_empty(seen, Some(answer.exchange))
}

/// No account is without a region: an empty list is no answer.
fn not_empty(seen: Vec<Seen>, exchange: Option<u64>) -> Result<Vec<Seen>, Failure> {
    if seen.is_empty() {
        let message = "the list of regions is empty".to_owned();
        return Err(Failure {
            code: ReasonCode::Unsupported,
            error_code: None,
            message,
            exchange,
        });
    }
    Ok(seen)
}
