//! What AWS decides: an explicit Deny, else an Allow, else no.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use super::caller::{Caller, Who};
use super::condition::Truth;
use super::document::{Effect, Principal, PrincipalKind, Statement, Unreadable};
use super::glob;

/// What a policy says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It allows it.
    Allowed,
    /// It denies it, or does not allow it.
    Refused,
    /// A statement cannot be read, or hangs on something that is not known.
    CannotTell,
}

/// What a resource's policy says to a caller about an action; `resource: None` for policies that have no `Resource`, or where
/// it is known to be the one.
///
/// ```ignore
/// // May CloudWatch publish to this topic for an alarm of account 111122223333?
/// let caller = Caller::service("cloudwatch.amazonaws.com", now)
///     .of(Some("111122223333"))
///     .with("aws:SourceAccount", "111122223333")
///     .with("aws:SourceArn", alarm_arn);
/// decide(&document::parse(topic.text("policy")), &caller, "sns:Publish", Some(topic_arn))
/// ```
pub(crate) fn decide(
    statements: &[Result<Statement, Unreadable>],
    caller: &Caller,
    action: &str,
    resource: Option<&str>,
) -> Decision {
    let mut unread = false;
    let (mut allow, mut deny) = (Truth::Never, Truth::Never);
    for statement in statements {
        let Ok(statement) = statement else {
            unread = true;
            continue;
        };
        if !statement.covers_action(action) || resource.is_some_and(|resource| !statement.covers_resource(resource)) {
            continue;
        }
        let applies = statement.applies(caller);
        match statement.effect {
            Effect::Allow => allow = Truth::any([allow, applies]),
            Effect::Deny => deny = Truth::any([deny, applies]),
        }
    }
    match (allow, deny) {
        (_, Truth::Always) => Decision::Refused,
        _ if unread => Decision::CannotTell,
        (Truth::Never, _) => Decision::Refused,
        // Of what he can choose, he chooses what lets him in.
        (Truth::Always | Truth::Choice, Truth::Never | Truth::Choice) => Decision::Allowed,
        _ => Decision::CannotTell,
    }
}

impl Statement {
    /// Is it about this caller, and do its conditions hold for him?
    pub(crate) fn applies(&self, caller: &Caller) -> Truth {
        Truth::all(
            std::iter::once(self.names(caller)).chain(self.conditions.iter().map(|c| c.holds(caller, self.variables))),
        )
    }

    /// Does it apply to this resource? A variable may stand for anything.
    pub(crate) fn covers_resource(&self, resource: &str) -> bool {
        let named = |patterns: &[String]| patterns.iter().any(|p| glob::matches(&glob::widened(p), resource));
        (self.resources.is_empty() && self.not_resources.is_empty())
            || named(&self.resources)
            || (!self.not_resources.is_empty() && !named(&self.not_resources))
    }

    /// Is it about this caller?
    pub(crate) fn names(&self, caller: &Caller) -> Truth {
        let who = caller.who();
        if let Who::Holder(_) = who {
            // An identity policy is about whoever holds it.
            return if self.principals.is_empty() {
                Truth::Always
            } else {
                Truth::Never
            };
        }
        if self.not_principal {
            return match Truth::any(self.excepted.iter().map(|principal| is_one_of(who, principal))) {
                Truth::Never => Truth::Always,
                Truth::Always => Truth::Never,
                other => other,
            };
        }
        Truth::any(self.principals.iter().map(|principal| is_one_of(who, principal)))
    }
}

fn is_one_of(who: &Who, principal: &Principal) -> Truth {
    let holds = |yes: bool| if yes { Truth::Always } else { Truth::Never };
    match (principal.kind, who) {
        (PrincipalKind::Any, _) if glob::is_everything(&principal.name) => Truth::Always,
        // A wildcard inside an ARN, which AWS does not take: whom it means is anybody's guess, so anybody's choice.
        (PrincipalKind::Any, _) => Truth::Choice,
        (PrincipalKind::Service, Who::Service(name) | Who::ServiceForStranger(name)) => holds(glob::matches(
            &principal.name.to_ascii_lowercase(),
            &name.to_ascii_lowercase(),
        )),
        (PrincipalKind::Aws | PrincipalKind::Federated, Who::Member(account)) => {
            match (principal.account() == Some(account), principal.is_account_root()) {
                (true, true) => Truth::Always,
                (true, false) => Truth::Choice,
                (false, _) => Truth::Never,
            }
        }
        _ => Truth::Never,
    }
}

impl Principal {
    /// The account in its ARN, or the principal itself if it is an account id. A unique id (AIDA…, AROA…) is what remains of
    /// a deleted user or role, and tells no account.
    pub(crate) fn account(&self) -> Option<&str> {
        if !matches!(self.kind, PrincipalKind::Aws | PrincipalKind::Federated) {
            return None;
        }
        let name = self.name.as_str();
        let account = if name.starts_with("arn:") {
            name.split(':').nth(4)?
        } else {
            name
        };
        is_account_id(account).then_some(account)
    }

    /// Does it stand for a whole account?
    pub(crate) fn is_account_root(&self) -> bool {
        self.kind == PrincipalKind::Aws
            && (is_account_id(&self.name) || (self.name.ends_with(":root") && self.name.split(':').count() == 6))
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::document::parse;

    const OWN: &str = "111122223333";
    const ALARM: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:root";

    fn publish(statements: &str, service: &str) -> Decision {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let now = "2025-06-30T00:00:00Z".parse().unwrap();
        let caller = Caller::service(service, now)
            .of(Some(OWN))
            .with("aws:SourceAccount", OWN)
            .with("aws:SourceArn", ALARM);
        let topic = "arn:aws:sns:eu-west-1:111122223333:alarms";
        decide(&parse(Some(&document)), &caller, "sns:Publish", Some(topic))
    }

    fn cloudwatch(principal: &str, condition: &str) -> Decision {
        publish(
            &format!(
                r#"{{"Effect":"Allow","Principal":{principal},"Action":"SNS:Publish","Resource":"*","Condition":{condition}}}"#
            ),
            "cloudwatch.amazonaws.com",
        )
    }

    #[test]
    fn a_service_publishes() {
        use Decision::{Allowed, CannotTell, Refused};
        let service = r#"{"Service":"cloudwatch.amazonaws.com"}"#;
        for (principal, condition, expected) in [
            (service, "{}", Allowed),
            (
                r#"{"Service":["events.amazonaws.com","cloudwatch.amazonaws.com"]}"#,
                "{}",
                Allowed,
            ),
            (r#"{"Service":"events.amazonaws.com"}"#, "{}", Refused),
            (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, "{}", Refused),
            (
                r#"{"AWS":"*"}"#,
                r#"{"StringEquals":{"AWS:SourceAccount":"111122223333"}}"#,
                Allowed,
            ),
            (
                r#"{"AWS":"*"}"#,
                r#"{"StringEquals":{"AWS:SourceAccount":"444455556666"}}"#,
                Refused,
            ),
            (
                service,
                r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*:111122223333:alarm:*"}}"#,
                Allowed,
            ),
            (
                service,
                r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*:444455556666:alarm:*"}}"#,
                Refused,
            ),
            (
                service,
                r#"{"StringEquals":{"aws:SourceAccount":"${aws:ResourceAccount}"}}"#,
                Allowed,
            ),
            (service, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-a"}}"#, Refused),
            (service, r#"{"StringEquals":{"aws:SourceOrgID":"o-a"}}"#, CannotTell),
            (service, r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, Refused),
            (service, r#"{"Bool":{"aws:SecureTransport":"true"}}"#, Allowed),
        ] {
            assert_eq!(cloudwatch(principal, condition), expected, "{principal} {condition}");
        }
    }

    #[test]
    fn a_deny_counts_wherever_it_stands() {
        let allow = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
        let with = |deny: &str| {
            publish(
                &format!(r#"{{"Effect":"Deny",{deny}}},{allow}"#),
                "cloudwatch.amazonaws.com",
            )
        };
        for (deny, expected) in [
            (
                r#""Principal":"*","Action":"sns:Publish","Resource":"*""#,
                Decision::Refused,
            ),
            (
                r#""Principal":"*","Action":"sns:Subscribe","Resource":"*""#,
                Decision::Allowed,
            ),
            (
                r#""Principal":"*","Action":"sns:*","Resource":"arn:aws:sns:*:*:other""#,
                Decision::Allowed,
            ),
            (
                r#""NotPrincipal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:*","Resource":"*""#,
                Decision::Allowed,
            ),
            (
                r#""NotPrincipal":{"AWS":"111122223333"},"Action":"sns:*","Resource":"*""#,
                Decision::Refused,
            ),
            (
                r#""Principal":"*","Action":"sns:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}"#,
                Decision::Allowed,
            ),
            (
                r#""Principal":"*","Action":"sns:*","Resource":"*","Condition":{"StringEquals":{"aws:NewKey":"x"}}"#,
                Decision::CannotTell,
            ),
        ] {
            assert_eq!(with(deny), expected, "{deny}");
        }
        assert_eq!(
            publish(&format!("7,{allow}"), "cloudwatch.amazonaws.com"),
            Decision::CannotTell
        );
    }
}
