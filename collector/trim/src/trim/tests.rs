//! A small crate of the layout that the SDK's generator produces, trimmed.

use super::{Trimmed, trim};

const LIB: &str = "#![forbid(unsafe_code)]\n// Generated.\npub use error_meta::Error;\n\npub mod client;\n\n\
    pub mod config;\n\nmod error_meta;\n\nmod lens;\n\npub mod operation;\n\npub mod types;\n\n\
    mod protocol_serde;\n\n\
    #[doc(inline)]\npub use client::Client;\n";

const CLIENT: &str = "pub struct Client;\nimpl Client {}\npub trait Waiters {\n    \
    fn wait(&self) -> crate::operation::delete_vpc::Out;\n}\nimpl Waiters for Client {}\n\n\
    mod delete_vpc;\n\nmod list_mfa_devices;\n";

const ERROR: &str = "pub enum Error {\n    /// Gone.\n    Gone(crate::types::error::Gone),\n    \
    /// Held.\n    Held(crate::types::error::Held),\n    Unhandled(String),\n}\n\
    impl ::std::fmt::Display for Error {\n    fn fmt(&self) {\n        match self {\n            \
    Error::Gone(inner) => inner.fmt(f),\n            Error::Held(inner) => inner.fmt(f),\n            \
    Error::Unhandled(_) => (),\n        }\n    }\n}\n\
    impl From<crate::operation::delete_vpc::E> for Error {\n    fn from() {}\n}\n\
    impl From<crate::operation::list_mfa_devices::E> for Error {\n    fn from() {}\n}\n";

/// What an operation's file names besides itself.
fn operation(name: &str, uses: &str) -> String {
    format!("/// Not [`X`](crate::types::Vpc).\nmod _input;\npub mod builders;\n{uses}// {name}\n")
}

fn upstream() -> Trimmed {
    let list = "fn f() { crate::lens::token(); crate::protocol_serde::shape_list::de() }\n\
        pub enum E { Gone(crate::types::error::Gone) }\n";
    let delete = "pub enum E { Held(crate::types::error::Held) }\nuse crate::types::Vpc;\n";
    let files = [
        ("Cargo.toml", "[package]\nname = \"x\"\n".to_owned()),
        ("src/lib.rs", LIB.to_owned()),
        ("src/client.rs", CLIENT.to_owned()),
        ("src/client/delete_vpc.rs", "impl super::Client {}\n".to_owned()),
        ("src/client/list_mfa_devices.rs", "impl super::Client {}\n".to_owned()),
        ("src/config.rs", "pub struct Config;\nmod inner;\n".to_owned()),
        ("src/config/inner.rs", String::new()),
        ("src/error_meta.rs", ERROR.to_owned()),
        (
            "src/lens.rs",
            "pub(crate) fn token() {}\n\npub(crate) fn other() {\n    crate::types::Vpc::x()\n}\n".to_owned(),
        ),
        (
            "src/operation.rs",
            "pub use ::x::RequestId;\n\npub mod delete_vpc;\n\npub mod list_mfa_devices;\n".to_owned(),
        ),
        ("src/operation/delete_vpc.rs", operation("delete", delete)),
        ("src/operation/delete_vpc/_input.rs", String::new()),
        ("src/operation/delete_vpc/builders.rs", String::new()),
        ("src/operation/list_mfa_devices.rs", operation("list", list)),
        ("src/operation/list_mfa_devices/_input.rs", String::new()),
        ("src/operation/list_mfa_devices/builders.rs", String::new()),
        (
            "src/protocol_serde.rs",
            "pub(crate) mod shape_list;\n\npub(crate) mod shape_vpc;\n".to_owned(),
        ),
        (
            "src/protocol_serde/shape_list.rs",
            "pub fn de() -> crate::types::Device {}\n".to_owned(),
        ),
        (
            "src/protocol_serde/shape_vpc.rs",
            "pub fn de() -> crate::types::Vpc {}\n".to_owned(),
        ),
        (
            "src/types.rs",
            "pub use crate::types::_device::Device;\n\npub use crate::types::_vpc::Vpc;\n\n\
             mod _device;\n\nmod _vpc;\n\npub mod builders;\n\npub mod error;\n"
                .to_owned(),
        ),
        (
            "src/types/_device.rs",
            "pub struct Device;\npub struct DeviceBuilder;\n".to_owned(),
        ),
        (
            "src/types/_vpc.rs",
            "pub struct Vpc;\npub struct VpcBuilder;\n".to_owned(),
        ),
        (
            "src/types/builders.rs",
            "pub use crate::types::_device::DeviceBuilder;\n\n\
             pub use crate::types::_vpc::VpcBuilder;\n"
                .to_owned(),
        ),
        (
            "src/types/error.rs",
            "pub use crate::types::error::_gone::Gone;\n\n\
             pub use crate::types::error::_held::Held;\n\nmod _gone;\n\nmod _held;\n"
                .to_owned(),
        ),
        ("src/types/error/_gone.rs", "pub struct Gone;\n".to_owned()),
        ("src/types/error/_held.rs", "pub struct Held;\n".to_owned()),
    ];
    files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

fn trimmed() -> Trimmed {
    trim("x", &upstream(), &["ListMFADevices".to_owned()]).expect("a crate that can be trimmed")
}

#[test]
fn only_files_that_the_operation_reaches_are_kept() {
    let upstream = upstream();
    let trimmed = trimmed();
    let dropped: Vec<&str> = upstream
        .keys()
        .filter(|f| !trimmed.contains_key(*f))
        .map(String::as_str)
        .collect();
    assert_eq!(
        dropped,
        [
            "src/client/delete_vpc.rs",
            "src/operation/delete_vpc.rs",
            "src/operation/delete_vpc/_input.rs",
            "src/operation/delete_vpc/builders.rs",
            "src/protocol_serde/shape_vpc.rs",
            "src/types/_vpc.rs",
            "src/types/error/_held.rs",
        ]
    );
}

#[test]
fn lists_lose_what_is_gone_and_nothing_else() {
    let trimmed = trimmed();
    assert_eq!(trimmed["src/lib.rs"], LIB);
    assert_eq!(
        trimmed["src/client.rs"],
        "pub struct Client;\nimpl Client {}\n\nmod list_mfa_devices;\n"
    );
    assert_eq!(trimmed["src/lens.rs"], "pub(crate) fn token() {}\n");
    assert_eq!(
        trimmed["src/operation.rs"],
        "pub use ::x::RequestId;\n\npub mod list_mfa_devices;\n"
    );
    assert_eq!(
        trimmed["src/types/builders.rs"],
        "pub use crate::types::_device::DeviceBuilder;\n"
    );
    let errors = &trimmed["src/error_meta.rs"];
    assert!(!errors.contains("Held") && !errors.contains("delete_vpc"), "{errors}");
    assert!(errors.contains("Error::Gone(inner) => inner.fmt(f),"), "{errors}");
}

/// The lines of a trimmed file are lines of the official one, in order.
#[test]
fn nothing_is_added_or_changed() {
    let upstream = upstream();
    for (file, text) in trimmed().iter().filter(|(file, _)| file.ends_with(".rs")) {
        let mut official = upstream[file].lines();
        assert!(text.lines().all(|line| official.any(|l| l == line)), "{file}");
    }
}

#[test]
fn what_is_not_understood_is_an_error() {
    let operations = ["ListMFADevices".to_owned()];
    assert!(trim("x", &upstream(), &["ListVpcs".to_owned()]).is_err());
    let session = trim("aws-sdk-s3", &upstream(), &operations);
    assert!(session.is_err_and(|e| e.contains("CreateSession")));
    let mut missing = upstream();
    missing.remove("src/types/_device.rs");
    assert!(trim("x", &missing, &operations).is_err_and(|e| e.contains("_device.rs")));
    let mut glob = upstream();
    glob.insert("src/config/inner.rs".to_owned(), "use crate::types::*;\n".to_owned());
    assert!(trim("x", &glob, &operations).is_err_and(|e| e.contains("types::*")));
}
