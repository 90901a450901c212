//! Where credentials come from, and why there are none: the cause in a sentence, and what to do.
//!
//! The SDK looks at keys in the environment first, then at the profile, web identity, container and
//! instance; the first that is configured counts, and its error is the answer.

use std::error::Error;
use std::fmt;

use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::error::ErrorMetadata;
use aws_types::os_shim_internal::{Env, Fs};
use evidence::partition;

use crate::Failure;
use crate::transport::live::{causes, chain};

/// Why there are no credentials, or AWS does not take them, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The cause, in one sentence.
    pub cause: String,
    /// What to do, as it goes on after "; ".
    pub remedy: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

/// Where there is nothing at all.
const START: &str = "run `aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID, and try again";

/// What says where credentials come from: variables, and the files of profiles.
pub struct Surroundings {
    env: Env,
    profiles: Result<ProfileSet, String>,
}

impl Surroundings {
    /// Those of this process.
    pub async fn real() -> Self {
        Self::of(Env::real(), &Fs::real()).await
    }

    async fn of(env: Env, fs: &Fs) -> Self {
        let profiles = aws_config::profile::load(fs, &env, &Default::default(), None).await;
        Self {
            env,
            profiles: profiles.map_err(|e| line(&chain(&e))),
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).ok().filter(|value| !value.trim().is_empty())
    }

    /// The profile that AWS_PROFILE names.
    fn named(&self) -> Option<String> {
        self.variable("AWS_PROFILE")
    }

    fn has_keys(&self) -> bool {
        self.variable("AWS_ACCESS_KEY_ID").is_some()
    }

    /// The profiles that credentials come from: the chosen one, then each one's `source_profile`.
    fn chosen(&self) -> Vec<&Profile> {
        let Ok(set) = &self.profiles else {
            return Vec::new();
        };
        let mut chosen: Vec<&Profile> = Vec::new();
        let mut next = Some(set.selected_profile());
        while let Some(profile) = next.and_then(|name| set.get_profile(name)) {
            if chosen.iter().any(|seen| seen.name() == profile.name()) {
                break;
            }
            chosen.push(profile);
            next = profile.get("source_profile");
        }
        chosen
    }

    /// What is wrong before anything is tried.
    pub fn mistaken(&self) -> Option<Refused> {
        let secret = self
            .variable("AWS_SECRET_ACCESS_KEY")
            .or_else(|| self.variable("SECRET_ACCESS_KEY"));
        match (self.has_keys(), secret.is_some()) {
            (true, true) => return None,
            (false, false) => {}
            (key, _) => {
                let (set, missing) = match key {
                    true => ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
                    false => ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
                };
                return Some(Refused {
                    cause: format!("{set} is set, and {missing} is not"),
                    remedy: "set both, or neither".to_owned(),
                });
            }
        }
        let set = match &self.profiles {
            Ok(set) => set,
            Err(why) => {
                return Some(Refused {
                    cause: format!("the file of profiles cannot be read: {why}"),
                    remedy: "correct ~/.aws/config or ~/.aws/credentials (or what AWS_CONFIG_FILE names)".to_owned(),
                });
            }
        };
        let missing = |name: &str, whose: &str| {
            let mut known: Vec<&str> = set.profiles().collect();
            known.sort_unstable();
            Refused {
                cause: format!(
                    "there is no profile `{name}` in ~/.aws/config or ~/.aws/credentials, which {whose} names"
                ),
                remedy: match known.as_slice() {
                    [] => "there are no profiles; make it with `aws configure sso` or `aws configure`".to_owned(),
                    known => format!("set one of: {}", known.join(", ")),
                },
            }
        };
        let named = self.named();
        if let Some(name) = named.as_ref().filter(|name| set.get_profile(name).is_none()) {
            return Some(missing(name, "AWS_PROFILE"));
        }
        let last = *self.chosen().last()?;
        let source = last.get("source_profile")?;
        match set.get_profile(source) {
            None => Some(missing(
                source,
                &format!("source_profile of the profile `{}`", last.name()),
            )),
            // Itself is right where it has keys of its own.
            Some(_) if source == last.name() => None,
            Some(_) => Some(Refused {
                cause: format!(
                    "source_profile of the profile `{}` leads back to `{source}`",
                    last.name()
                ),
                remedy: "name a profile that has credentials of its own".to_owned(),
            }),
        }
    }

    /// That keys in the environment go before the profile, as for AWS's command line, where both
    /// are there.
    pub fn note(&self) -> Option<String> {
        let name = self.named().filter(|_| self.has_keys())?;
        Some(format!(
            "The keys in the environment (AWS_ACCESS_KEY_ID) are used, not the profile `{name}` that AWS_PROFILE names."
        ))
    }

    /// Why the SDK found no credentials; `Err` if a connection failed, which says nothing of them.
    pub fn why(&self, error: &CredentialsError) -> Result<Refused, String> {
        let refused = |cause: String, remedy: String| Ok(Refused { cause, remedy });
        let said = said(error);
        let chosen = self.chosen();
        let (Some(first), Some(base)) = (chosen.first(), chosen.last()) else {
            return self.elsewhere(error);
        };
        let name = first.name();
        let export = format!(
            "run `eval \"$(aws configure export-credentials --profile {name} --format env)\"`, which asks for it, and try again \
             without AWS_PROFILE"
        );
        if let Some(serial) = chosen.iter().find_map(|profile| profile.get("mfa_serial")) {
            return refused(
                format!(
                    "the profile `{name}` wants an MFA code (mfa_serial = {serial}), and exhibit cannot ask for one"
                ),
                export,
            );
        }
        if base.get("login_session").is_some() {
            return refused(
                format!(
                    "the profile `{}` was made by `aws login`, whose sessions exhibit cannot use by itself",
                    base.name()
                ),
                format!(
                    "run `aws login --profile {}`, then `eval \"$(aws configure export-credentials --profile {name} --format env)\"`, \
                     and try again without AWS_PROFILE",
                    base.name()
                ),
            );
        }
        let is_sso = base.get("sso_session").is_some() || base.get("sso_start_url").is_some();
        if is_sso && base.get("sso_account_id").is_none() {
            return refused(
                format!(
                    "the profile `{}` signs in by SSO, but names no sso_account_id and sso_role_name",
                    base.name()
                ),
                format!("run `aws configure sso --profile {}`", base.name()),
            );
        }
        if is_sso && said.contains("ForbiddenException") {
            return refused(
                format!(
                    "the SSO user has no access to what the profile `{}` names ({said})",
                    base.name()
                ),
                "check its sso_account_id and sso_role_name, and the assignment in IAM Identity Center".to_owned(),
            );
        }
        // A role that is refused: then the profile below it has done its part.
        if let (Some(role), Some(_)) = (chosen.iter().find_map(|p| p.get("role_arn")), service_error(error))
            && base.get("web_identity_token_file").is_none()
            && !said.contains("UnauthorizedException")
        {
            return Ok(self.role_refused(role, false, error));
        }
        if let Some(text) = connection(error) {
            return Err(text);
        }
        if is_sso {
            let expired = said.contains("expired") || said.contains("UnauthorizedException");
            let state = if expired {
                "has run out"
            } else {
                "is not there or cannot be read"
            };
            return refused(
                format!("the SSO session of the profile `{}` {state}", base.name()),
                format!("run `aws sso login --profile {}` and try again", base.name()),
            );
        }
        if base.get("credential_process").is_some() {
            return refused(
                format!(
                    "credential_process of the profile `{}` gave no credentials: {said}",
                    base.name()
                ),
                "run that command by itself; it must print JSON with Version, AccessKeyId and SecretAccessKey"
                    .to_owned(),
            );
        }
        if let Some(file) = base.get("web_identity_token_file") {
            return Ok(web_identity(
                file,
                &format!("web_identity_token_file of the profile `{}`", base.name()),
                &said,
            ));
        }
        if let Some(source) = base.get("credential_source") {
            return refused(
                format!(
                    "credential_source of the profile `{}` is {source}, and there are no credentials: {said}",
                    base.name()
                ),
                "run exhibit where that source is, or name a source_profile".to_owned(),
            );
        }
        if base.get("role_arn").is_some() && base.get("aws_access_key_id").is_none() {
            return refused(
                format!(
                    "the profile `{}` names a role, and not with whose credentials to take it",
                    base.name()
                ),
                "add a source_profile or a credential_source to it".to_owned(),
            );
        }
        if let (Some(set), Some(missing)) = (
            ["aws_access_key_id", "aws_secret_access_key"]
                .iter()
                .find(|key| base.get(key).is_some()),
            ["aws_access_key_id", "aws_secret_access_key"]
                .iter()
                .find(|key| base.get(key).is_none()),
        ) {
            return refused(
                format!("the profile `{}` has {set} and no {missing}", base.name()),
                "add it, or run `aws configure`".to_owned(),
            );
        }
        match self.named() {
            // A profile that holds a region alone is no mistake where credentials come from elsewhere.
            Some(name) if matches!(error, CredentialsError::CredentialsNotLoaded(_)) => refused(
                format!("the profile `{name}`, which AWS_PROFILE names, holds no credentials"),
                "run `aws configure sso` or `aws configure` for it, or name another profile".to_owned(),
            ),
            _ => self.elsewhere(error),
        }
    }

    /// Without a profile: web identity, container, instance.
    fn elsewhere(&self, error: &CredentialsError) -> Result<Refused, String> {
        let said = said(error);
        if let (false, Some(file)) = (self.has_keys(), self.variable("AWS_WEB_IDENTITY_TOKEN_FILE")) {
            if self.variable("AWS_ROLE_ARN").is_none() {
                return Ok(Refused {
                    cause: "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not".to_owned(),
                    remedy: "set both, or neither".to_owned(),
                });
            }
            return match connection(error) {
                Some(text) => Err(text),
                None => Ok(web_identity(&file, "AWS_WEB_IDENTITY_TOKEN_FILE", &said)),
            };
        }
        if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
            let profile = self.named().map(|name| format!(" `{name}`")).unwrap_or_default();
            return Ok(Refused {
                cause: format!(
                    "none were found (looked at the environment, the profile{profile}, web identity, container and instance)"
                ),
                remedy: START.to_owned(),
            });
        }
        match connection(error) {
            Some(text) => Err(text),
            None => Ok(Refused {
                cause: said,
                remedy: START.to_owned(),
            }),
        }
    }

    /// A role that AWS does not let the caller take.
    pub fn role_refused(&self, role: &str, external_id: bool, error: &(dyn Error + 'static)) -> Refused {
        let said = said(error);
        let expired = said.contains("ExpiredToken");
        let condition = if external_id { " and its external id" } else { "" };
        Refused {
            cause: format!("the role {role} cannot be taken: sts:AssumeRole: {said}"),
            remedy: if expired {
                self.renewal()
            } else {
                format!(
                    "allow sts:AssumeRole on it to {}, and let its trust policy{condition} admit them",
                    self.origin()
                )
            },
        }
    }

    /// Credentials that GetCallerIdentity was refused with, asked in this region.
    pub fn refused(&self, failure: &Failure, region: &str) -> Refused {
        let said = match &failure.error_code {
            Some(code) => format!("{code}: {}", failure.message.trim_end_matches('.')),
            None => failure.message.clone(),
        };
        let unknown = failure.is(&[
            "AuthFailure",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "RegionDisabledException",
            "UnrecognizedClientException",
        ]);
        let temporary = self
            .variable("AWS_ACCESS_KEY_ID")
            .is_some_and(|key| key.starts_with("ASIA"));
        if failure.is(&["ExpiredToken", "ExpiredTokenException", "RequestExpired"]) {
            return Refused {
                cause: format!("the session of {} has run out ({said})", self.origin()),
                remedy: self.renewal(),
            };
        }
        if unknown && temporary && self.variable("AWS_SESSION_TOKEN").is_none() {
            return Refused {
                cause: format!("AWS_ACCESS_KEY_ID is a temporary key, and AWS_SESSION_TOKEN is not set ({said})"),
                remedy: "set AWS_SESSION_TOKEN too".to_owned(),
            };
        }
        if unknown && partition::is_opted_into(region) {
            return Refused {
                cause: format!(
                    "the region {region} (AWS_REGION or the profile) refuses them ({said}): an account has to opt into it, and it \
                     takes no session tokens that are for the default regions alone"
                ),
                remedy: "set AWS_REGION to a default region such as us-east-1, or enable the region and get new credentials there"
                    .to_owned(),
            };
        }
        if unknown {
            return Refused {
                cause: format!("AWS does not know {} ({said})", self.origin()),
                remedy: format!(
                    "check that it exists and is active, and that the region {region} is of its partition (us-gov-, cn- and eusc- \
                     have keys of their own)"
                ),
            };
        }
        if failure.is(&["SignatureDoesNotMatch", "InvalidSignatureException"]) {
            return Refused {
                cause: format!("the signature of {} is not right ({said})", self.origin()),
                remedy: "check the secret access key, and this machine's clock".to_owned(),
            };
        }
        Refused {
            cause: said,
            remedy: START.to_owned(),
        }
    }

    /// Whose credentials are used.
    fn origin(&self) -> String {
        match (self.has_keys(), self.chosen().first()) {
            (true, _) => match self.named() {
                Some(name) => {
                    format!("the keys in the environment (AWS_ACCESS_KEY_ID, which goes before AWS_PROFILE `{name}`)")
                }
                None => "the keys in the environment (AWS_ACCESS_KEY_ID)".to_owned(),
            },
            (false, Some(profile)) => format!("the keys of the profile `{}`", profile.name()),
            (false, None) => "the credentials".to_owned(),
        }
    }

    /// How to get a new session.
    fn renewal(&self) -> String {
        let chosen = self.chosen();
        match (self.has_keys(), chosen.last()) {
            (true, _) => {
                "get new ones, or unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN and run `aws sso login` for a profile"
                    .to_owned()
            }
            (false, Some(base)) if base.get("sso_session").or(base.get("sso_start_url")).is_some() => {
                format!("run `aws sso login --profile {}` and try again", base.name())
            }
            (false, Some(base)) => format!("put new keys into the profile `{}`", base.name()),
            (false, None) => START.to_owned(),
        }
    }
}

/// Says so where keys in the environment go before the profile that AWS_PROFILE names.
pub fn note() -> Option<String> {
    Surroundings {
        env: Env::real(),
        profiles: Err(String::new()),
    }
    .note()
}

fn web_identity(file: &str, whose: &str, said: &str) -> Refused {
    Refused {
        cause: format!("the web identity token in {file} ({whose}) gave no credentials: {said}"),
        remedy: "check that the file is there and fresh, and that the role's trust policy admits its issuer".to_owned(),
    }
}

/// AWS's own code and message, if the error is an answer of AWS.
fn service_error(error: &(dyn Error + 'static)) -> Option<String> {
    causes(error).find_map(|cause| cause.downcast_ref::<ErrorMetadata>().map(|_| chain(cause)))
}

/// A connection that failed somewhere below.
pub(crate) fn connection(error: &(dyn Error + 'static)) -> Option<String> {
    let failed = causes(error).find(|cause| cause.is::<ConnectorError>())?;
    Some(failed.source().map_or_else(|| failed.to_string(), chain))
}

/// What the error has to say: AWS's own words, else its innermost causes, in one line.
fn said(error: &(dyn Error + 'static)) -> String {
    let text = service_error(error).unwrap_or_else(|| {
        // What the SDK puts around them tells nothing more.
        let inner = causes(error)
            .skip(1)
            .find(|cause| !WRAPPERS.contains(&cause.to_string().as_str()));
        chain(inner.unwrap_or(error))
    });
    // What a credential_process wrote to stderr may be anything, a secret too.
    let text = text.split(" Stderr:").next().unwrap_or_default();
    line(text).trim_end_matches([':', '.']).to_owned()
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The SDK's words around a cause.
const WRAPPERS: &[&str] = &[
    "an error occurred while loading credentials",
    "dispatch failure",
    "service error",
    "unhandled error",
];
