//! Does a policy let a service do something for an alarm or a rule?

use super::Notifier;
use crate::derived::policy::{self, Effect, PrincipalKind};
use crate::derived::row::Cell;

/// May the service that sends the notifier's messages do this?
pub(super) fn admits(document: Option<&str>, notifier: Notifier<'_>, action: &str, _resource: &str) -> Option<bool> {
    let statements: Vec<_> = policy::parse(document).into_iter().collect::<Result<_, _>>().ok()?;
    let mut allowed = Some(false);
    for statement in statements.iter().filter(|s| s.covers_action(action)) {
        let named = statement.principals.iter().any(|p| {
            p.kind == PrincipalKind::Any || p.kind == PrincipalKind::Service && p.name == notifier.service.principal()
        });
        if !named {
            continue;
        }
        let holds = if statement.conditions.is_empty() {
            Some(true)
        } else if statement.conditions.iter().all(|c| c.key == "aws:sourceowner") {
            Some(
                notifier.service == super::Service::CloudWatch
                    && statement.conditions[0].values == [notifier.row.account()],
            )
        } else {
            None
        };
        match (statement.effect, holds) {
            (Effect::Deny, Some(true)) => return Some(false),
            (Effect::Deny, None) => return None,
            (Effect::Deny, Some(false)) => {}
            (Effect::Allow, Some(true)) => allowed = Some(true),
            (Effect::Allow, None) if allowed != Some(true) => allowed = None,
            (Effect::Allow, _) => {}
        }
    }
    allowed
}
