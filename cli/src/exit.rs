//! Exit codes, and the errors that carry them.

use std::fmt;
use std::process::ExitCode;

/// How a command ended; the codes are part of the interface (README, "Exit codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, and nothing found.
    Ok = 0,
    /// exhibit itself failed: no network, full disk, a page whose query does not run.
    ToolFailure = 1,
    /// The command line, the configuration or the credentials are wrong.
    Usage = 2,
    /// Something could not be looked at.
    Incomplete = 3,
    /// What was verified is not as it was written.
    VerificationFailed = 4,
    /// Controls deviate.
    Deviations = 10,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error for a person, with its exit code.
#[derive(Debug)]
pub struct Stop {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong, and what to do about it.
    pub message: String,
}

impl Stop {
    /// The tool failed.
    pub fn failure(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::ToolFailure,
            message: message.to_string(),
        }
    }

    /// The user asked for something that cannot be.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.to_string(),
        }
    }

    /// What is to be verified cannot be read as what it should be.
    pub fn damaged(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::VerificationFailed,
            message: message.to_string(),
        }
    }
}

impl From<evidence::locker::LockerError> for Stop {
    fn from(error: evidence::locker::LockerError) -> Self {
        use evidence::locker::LockerError::{Damaged, Newer, NoSuchSnapshot, NotALocker, Occupied};
        let exit = match error {
            Damaged { .. } => Exit::VerificationFailed,
            NotALocker(_) | Occupied { .. } | Newer { .. } | NoSuchSnapshot(_) => Exit::Usage,
            _ => Exit::ToolFailure,
        };
        Self {
            exit,
            message: error.to_string(),
        }
    }
}

impl From<collector::CollectError> for Stop {
    fn from(error: collector::CollectError) -> Self {
        use collector::CollectError::{BrokeDown, Credentials, Identity, Locker, Scope, Unreachable};
        let (exit, remedy) = match &error {
            Locker(_) => (Exit::ToolFailure, ""),
            Credentials(refused) => (Exit::Usage, refused.remedy.as_str()),
            Identity(_) => (
                Exit::Incomplete,
                "allow sts:GetCallerIdentity (`exhibit policy` prints the whole policy)",
            ),
            Scope(_) => (Exit::Usage, "correct exhibit.toml"),
            BrokeDown => return Self::failure(error),
            Unreachable(_) => (Exit::ToolFailure, "check the network, AWS_REGION and AWS_ENDPOINT_URL"),
        };
        let message = format!("{error}; {remedy}");
        match error {
            Locker(error) => error.into(),
            _ => Self { exit, message },
        }
    }
}

impl From<collector::CannotStart> for Stop {
    fn from(error: collector::CannotStart) -> Self {
        Self::failure(error)
    }
}

impl From<controls::catalogue::CatalogueError> for Stop {
    fn from(error: controls::catalogue::CatalogueError) -> Self {
        Self::usage(error)
    }
}

impl From<controls::settings::SettingsError> for Stop {
    fn from(error: controls::settings::SettingsError) -> Self {
        Self::usage(format!("exhibit.toml: {error}"))
    }
}

impl From<controls::evaluate::EvaluateError> for Stop {
    fn from(error: controls::evaluate::EvaluateError) -> Self {
        Self::failure(error)
    }
}

impl From<controls::period::NoSnapshot> for Stop {
    fn from(error: controls::period::NoSnapshot) -> Self {
        Self::usage(format!("{error}; `exhibit status` lists all snapshots"))
    }
}
