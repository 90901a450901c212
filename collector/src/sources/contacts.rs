//! Contacts of the account.

use aws_sdk_account::types::AlternateContactType;
use evidence::record::{AccountAlternateContact, AccountContact, AccountPrimaryEmail};

use crate::convert::text;
use crate::source::{Context, Scope, Source};

pub(super) static CONTACTS: Source = Source {
    id: "account.contacts",
    operations: &["account:GetAlternateContact", "account:GetContactInformation"],
    scope: Scope::Global,
    tables: &["account_alternate_contact", "account_contact"],
    collect: |context| Box::pin(contacts(context)),
};

pub(super) static PRIMARY_EMAIL: Source = Source {
    id: "account.primary-email",
    operations: &["account:GetPrimaryEmail"],
    scope: Scope::Global,
    tables: &["account_primary_email"],
    collect: |context| Box::pin(primary_email(context)),
};

async fn contacts(context: &Context<'_>) {
    let client = context.session.account(context.client_region);
    match context.ask(client.get_contact_information().send()).await {
        Ok(answer) => {
            let contact = answer.output.contact_information();
            context.put(&AccountContact {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: context.account.to_owned(),
                source: answer.exchange,
                full_name: text(contact.map(|c| c.full_name())),
                phone_number: text(contact.map(|c| c.phone_number())),
                company_name: text(contact.and_then(|c| c.company_name())),
            });
        }
        Err(failure) => context.gap("account:GetContactInformation", None, &failure),
    }
    let kinds = [
        AlternateContactType::Billing,
        AlternateContactType::Operations,
        AlternateContactType::Security,
    ];
    let client = &client;
    context
        .each(kinds, |kind| async move {
            let call = client.get_alternate_contact().alternate_contact_type(kind.clone());
            let mut row = AccountAlternateContact {
                account: context.account.to_owned(),
                region: "global".to_owned(),
                key: kind.as_str().to_owned(),
                source: 0,
                contact_type: kind.as_str().to_owned(),
                present: false,
                name: None,
                title: None,
                email: None,
                phone_number: None,
            };
            match context.ask(call.send()).await {
                Ok(answer) => {
                    let contact = answer.output.alternate_contact();
                    row.source = answer.exchange;
                    row.present = contact.is_some();
                    row.name = text(contact.and_then(|c| c.name()));
                    row.title = text(contact.and_then(|c| c.title()));
                    row.email = text(contact.and_then(|c| c.email_address()));
                    row.phone_number = text(contact.and_then(|c| c.phone_number()));
                    context.put(&row);
                }
                Err(failure) if failure.is(&["ResourceNotFoundException"]) => {
                    row.source = failure.exchange.unwrap_or_default();
                    context.put(&row);
                }
                // Named as the member of the population that it leaves open.
                Err(failure) => context.gap("account:GetAlternateContact", Some(kind.as_str()), &failure),
            }
        })
        .await;
}

/// An account by itself is always refused; that is known, and no gap.
async fn primary_email(context: &Context<'_>) {
    let client = context.session.account(context.client_region);
    let refused = [
        "AccessDeniedException",
        "ResourceNotFoundException",
        "ResourceUnavailableException",
        "ValidationException",
    ];
    let call = client.get_primary_email().account_id(context.account);
    let mut row = AccountPrimaryEmail {
        account: context.account.to_owned(),
        region: "global".to_owned(),
        key: context.account.to_owned(),
        source: 0,
        present: false,
        email: None,
        error_code: None,
    };
    match context.ask(call.send()).await {
        Ok(answer) => {
            row.source = answer.exchange;
            row.email = text(answer.output.primary_email());
            row.present = row.email.is_some();
        }
        Err(failure) if failure.is(&refused) => {
            row.source = failure.exchange.unwrap_or_default();
            row.error_code = failure.error_code;
        }
        Err(failure) => return context.gap("account:GetPrimaryEmail", None, &failure),
    }
    context.put(&row);
}
