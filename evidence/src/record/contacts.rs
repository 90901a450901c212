//! Contacts of the account.

use super::record;

record! {
    /// The account's primary contact.
    "account_contact" AccountContact from ["account:GetContactInformation"] volatile [] {
        /// Full name.
        full_name: Option<String>,
        /// Phone number.
        phone_number: Option<String>,
        /// Company.
        company_name: Option<String>,
    }
}

record! {
    /// An alternate contact of the account; one row for each of the three types.
    "account_alternate_contact" AccountAlternateContact from ["account:GetAlternateContact"] volatile [] {
        /// `BILLING`, `OPERATIONS` or `SECURITY`.
        contact_type: String,
        /// Whether there is one.
        present: bool,
        /// Name.
        name: Option<String>,
        /// Title.
        title: Option<String>,
        /// E-mail address.
        email: Option<String>,
        /// Phone number.
        phone_number: Option<String>,
    }
}

record! {
    /// The root user's e-mail address, where AWS tells it: only to the management account or a
    /// delegated one, about member accounts.
    "account_primary_email" AccountPrimaryEmail from ["account:GetPrimaryEmail"] volatile [] {
        /// Whether AWS told it.
        present: bool,
        /// The address.
        email: Option<String>,
        /// AWS's error code where it did not.
        error_code: Option<String>,
    }
}
