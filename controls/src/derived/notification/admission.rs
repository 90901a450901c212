//! Does a policy let the service that sends a message do something?

use evidence::clock::Timestamp;

use super::{Notifier, Service};
use crate::derived::row::Cell;
use crate::policy::caller::Caller;
use crate::policy::decision::{Decision, decide};
use crate::policy::document;

/// May the service do all of these to the resource for the notifier? `None` if that cannot be told.
///
/// CloudWatch and EventBridge say for which alarm or rule they call. CloudWatch also gives `aws:SourceOwner`, which is what a
/// topic's first policy asks for; EventBridge does not. A service has no account of the firm's to call from
/// (`kms:CallerAccount`), which is why it cannot use the key `alias/aws/sns`.
pub(super) fn admits(
    document: &str,
    notifier: Notifier<'_>,
    actions: &[&str],
    resource: &str,
    at: Timestamp,
) -> Option<bool> {
    let statements = document::parse(Some(document));
    let account = notifier.row.account();
    let caller = Caller::service(notifier.service.principal(), at)
        .of(resource.split(':').nth(4))
        .with("aws:SourceAccount", account)
        .with("aws:SourceArn", notifier.arn)
        .without("kms:CallerAccount");
    let caller = match notifier.service {
        Service::CloudWatch => caller.with("aws:SourceOwner", account),
        Service::EventBridge => caller.without("aws:SourceOwner"),
    };
    let decisions = actions
        .iter()
        .map(|action| match decide(&statements, &caller, action, Some(resource)) {
            Decision::Allowed => Some(true),
            Decision::Refused => Some(false),
            Decision::CannotTell => None,
        });
    crate::derived::and(&decisions.collect::<Vec<_>>())
}
