//! The command line.

#![expect(
    rustdoc::broken_intra_doc_links,
    reason = "clap prints the comments as they are: [custody] is no link"
)]

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Turns an AWS account into the evidence a SOC 2 auditor accepts.
#[derive(Debug, Parser)]
#[command(
    name = "exhibit",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 nothing found, 1 tool failure, 2 usage or configuration, \
    3 evidence incomplete, 4 verification failed, 10 deviations.\nStart with `exhibit demo`: it needs no AWS account."
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Folder that keeps snapshots and the log
    #[arg(long, global = true, value_name = "DIR", default_value = "locker")]
    pub locker: PathBuf,
    /// Configuration file [default: exhibit.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub format: Format,
    /// Print results only, no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Colours in the terminal
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub color: Color,
}

impl Global {
    /// The configuration file.
    pub fn config_path(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new("exhibit.toml"))
    }

    /// Reads the configuration file.
    pub fn read_config(&self) -> Result<crate::config::Config, crate::exit::Stop> {
        crate::config::Config::read(self.config_path(), self.config.is_some())
    }

    /// Whether results are printed as JSON.
    pub fn json(&self) -> bool {
        self.format == Format::Json
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs; every document has a `schema` field.
    Json,
    /// A CloudFormation template; of `exhibit policy` alone.
    #[value(name = "cloudformation", hide = true)]
    CloudFormation,
    /// A Terraform module; of `exhibit policy` alone.
    #[value(hide = true)]
    Terraform,
}

impl Format {
    /// Whether every command prints it.
    pub fn is_common(self) -> bool {
        matches!(self, Self::Text | Self::Json)
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// In a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented exhibit.toml
    #[command(after_help = "Example:\n  exhibit init --organization 'Example Inc.'")]
    Init(Init),
    /// Take a snapshot of the account's configuration
    #[command(after_help = "Example:\n  AWS_PROFILE=audit exhibit collect")]
    Collect(Collect),
    /// Show what the locker holds
    #[command(after_help = "Example:\n  exhibit status")]
    Status,
    /// Test the controls on a snapshot or a period
    #[command(
        after_help = "Example:\n  exhibit test --period 2026-H2\n  exhibit test --format json | jq '.controls[] | select(.verdict==\"fail\").id'"
    )]
    Test(Selection),
    /// Compare two snapshots or periods
    #[command(after_help = "Example:\n  exhibit diff 2026-H1 2026-H2")]
    Diff(Diff),
    /// Keep evidence that a person supplies for a control: files, and facts in them
    #[command(after_help = "Example:\n  \
        exhibit attach root-password-vaulted vault-log.csv --facts facts.toml --owner 'Head of IT' \\\n    \
        --performed 2026-06-30 --period-from 2026-01-01 --period-to 2026-06-30 \\\n    \
        --performer 'Ann Lee' --reviewer 'Bo Chen' --statement 'The vault log was read; every entry is explained'\n\n\
        `exhibit controls show CONTROL` lists the facts that it takes. FILE.toml holds them by kind:\n  \
        [[custodian]]\n  subject = \"Ann Lee\"\n  role = \"Head of IT\"\n  since = 2025-01-01")]
    Attach(Attach),
    /// Record that somebody signed off a control, a period, or a control in a period
    #[command(
        after_help = "Example:\n  exhibit review root-password-vaulted --period 2026-H1 --reviewer 'Bo Chen' --comment 'Log compared with CloudTrail'\n  exhibit review --period 2026-H1 --reviewer 'Bo Chen' --comment 'All workpapers read'"
    )]
    Review(Review),
    /// Write the binder (PDF), the bundle (zip) and the HTML workpapers
    #[command(after_help = "Example:\n  exhibit bind --period 2026-H2 --out audit-2026-H2")]
    Bind(Bind),
    /// Check that a locker, a snapshot or a bundle is as it was written
    #[command(
        after_help = "Example:\n  exhibit verify audit-2026-H2/bundle.zip\n  exhibit verify bundle.zip --signers allowed_signers --tsa-ca tsa.pem --checkpoint march.checkpoint"
    )]
    Verify(Verify),
    /// Make, log or revoke the keys that sign the log
    #[command(subcommand)]
    Key(Key),
    /// Hold the kept exchanges against CloudTrail, in both directions
    #[command(
        after_help = "Example:\n  exhibit reconcile --period 2026-H2\n  exhibit reconcile --period 2026-H2 --cloudtrail AWSLogs/ --public-key cloudtrail.pem"
    )]
    Reconcile(Reconcile),
    /// Make records, verdicts and workpaper data again from the kept answers, and compare
    #[command(
        after_help = "Example:\n  exhibit reperform audit-2026-H2/bundle.zip\n  exhibit reperform --live --sample 25 --seed 'chosen by the auditor'"
    )]
    Reperform(Reperform),
    /// List the controls, or print one
    #[command(
        after_help = "Example:\n  exhibit controls --criterion CC6.1\n  exhibit controls show iam-access-key-rotation"
    )]
    Controls(Controls),
    /// Print the least-privilege IAM policies for collecting, and how to attach them
    #[command(
        after_help = "--format also takes `cloudformation` and `terraform` here.\n\nExample:\n  exhibit policy > exhibit-policy.sh && sh exhibit-policy.sh ROLE\n  exhibit policy --format cloudformation > exhibit-policy.json"
    )]
    Policy(Policy),
    /// Replay, test, compare and bind a recorded sample account; no AWS account needed
    #[command(after_help = "Example:\n  exhibit demo --out demo")]
    Demo(Demo),
}

/// `exhibit init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    pub organization: Option<String>,
}

/// `exhibit collect`.
#[derive(Debug, Args)]
pub struct Collect {
    /// Collect only what these controls need (repeatable)
    #[arg(long = "control", value_name = "ID")]
    pub controls: Vec<String>,
    /// Seconds to wait for an answer before an attempt counts as failed
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
}

/// Which evidence, and which controls.
#[derive(Clone, Debug, Default, Args)]
pub struct Selection {
    /// A period of exhibit.toml [default: the latest complete snapshot alone]
    #[arg(long, value_name = "NAME", conflicts_with = "snapshot")]
    pub period: Option<String>,
    /// A snapshot, by its run id
    #[arg(long, value_name = "RUN")]
    pub snapshot: Option<String>,
    /// Only these controls (repeatable)
    #[arg(long = "control", value_name = "ID")]
    pub controls: Vec<String>,
}

/// `exhibit attach`.
#[derive(Debug, Args)]
pub struct Attach {
    /// The control that it is evidence for
    pub control: String,
    /// The files; they are copied into the locker
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Who owns the control
    #[arg(long, value_name = "NAME")]
    pub owner: String,
    /// Day on which the control was performed
    #[arg(long, value_name = "DAY", value_parser = crate::commands::attach::day)]
    pub performed: NaiveDate,
    /// First day that the evidence covers
    #[arg(long, value_name = "DAY", value_parser = crate::commands::attach::day)]
    pub period_from: NaiveDate,
    /// Last day that it covers
    #[arg(long, value_name = "DAY", value_parser = crate::commands::attach::day)]
    pub period_to: NaiveDate,
    /// Who performed the control
    #[arg(long, value_name = "NAME")]
    pub performer: String,
    /// Who reviewed it: another person
    #[arg(long, value_name = "NAME")]
    pub reviewer: String,
    /// What the owner states
    #[arg(long, value_name = "TEXT")]
    pub statement: String,
    /// A few words for lists [default: the beginning of the statement]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// System that the files were taken from
    #[arg(long, value_name = "NAME")]
    pub source_system: Option<String>,
    /// Remark
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// Account, where only one is meant
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Structured statements, as `exhibit controls show CONTROL` describes them
    #[arg(long, value_name = "FILE.toml")]
    pub facts: Option<PathBuf>,
    /// An earlier attachment that this one stands in for; it stays in the locker, but counts no longer
    #[arg(long, value_name = "A…")]
    pub replaces: Option<String>,
}

/// `exhibit review`.
#[derive(Debug, Args)]
pub struct Review {
    /// The control [default: all controls of the period]
    pub control: Option<String>,
    /// A period of exhibit.toml
    #[arg(long, value_name = "NAME")]
    pub period: Option<String>,
    /// Who reviewed
    #[arg(long, value_name = "NAME")]
    pub reviewer: String,
    /// What the reviewer says
    #[arg(long, value_name = "TEXT")]
    pub comment: String,
    /// What the reviewer decided
    #[arg(long, value_enum, default_value = "approved")]
    pub decision: Decision,
}

/// What a reviewer decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// Signed off.
    Approved,
    /// Sent back.
    Rejected,
}

/// `exhibit diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The earlier snapshot (run id) or period [default: the last but one snapshot]
    pub before: Option<String>,
    /// The later snapshot (run id) or period [default: the last snapshot]
    pub after: Option<String>,
}

/// `exhibit bind`.
#[derive(Debug, Args)]
pub struct Bind {
    /// What to bind.
    #[command(flatten)]
    pub selection: Selection,
    /// Folder to write to; it must be new or empty
    #[arg(long, value_name = "DIR", default_value = "binder")]
    pub out: PathBuf,
    /// The period or snapshot to compare with [default: the period before this one]
    #[arg(long, value_name = "PERIOD|RUN")]
    pub against: Option<String>,
}

/// `exhibit verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// A locker, a snapshot (.zip) or a bundle (.zip) [default: the locker]
    pub path: Option<PathBuf>,
    /// Who may sign: a list of allowed signers (ssh-keygen(1)) that you were given by another way
    #[arg(long, value_name = "FILE")]
    pub signers: Option<PathBuf>,
    /// As whom the signer is in that list [default: as the log calls him]
    #[arg(long, value_name = "NAME", requires = "signers")]
    pub principal: Option<String>,
    /// Which time-stamp authorities you believe: their root certificates (PEM)
    #[arg(long, value_name = "FILE")]
    pub tsa_ca: Option<PathBuf>,
    /// A checkpoint that you were given earlier; the log must still fit it (repeatable)
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub checkpoints: Vec<PathBuf>,
}

/// `exhibit key`.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make the Ed25519 key that [custody] of exhibit.toml names, and log it
    #[command(after_help = "Example:\n  exhibit key init")]
    Init {
        /// The private key's file [default: signing_key of exhibit.toml]
        file: Option<PathBuf>,
    },
    /// Log another key: that of [custody] in exhibit.toml, or a public key in a file
    #[command(after_help = "Example:\n  exhibit key add keys/evidence-2027.pub")]
    Add {
        /// A public key (OpenSSH) [default: that of the key in exhibit.toml]
        file: Option<PathBuf>,
        /// Who signs with it [default: principal of exhibit.toml]
        #[arg(long, value_name = "NAME")]
        principal: Option<String>,
    },
    /// Log that a key counts no longer
    #[command(after_help = "Example:\n  exhibit key revoke SHA256:… --reason 'Laptop stolen'")]
    Revoke {
        /// The key, as `exhibit key list` names it
        fingerprint: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show the keys that the log names
    #[command(after_help = "Example:\n  exhibit key list")]
    List,
}

/// `exhibit reconcile`.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// A period of exhibit.toml [default: the latest complete snapshot alone]
    #[arg(long, value_name = "NAME", conflicts_with = "snapshot")]
    pub period: Option<String>,
    /// A snapshot, by its run id
    #[arg(long, value_name = "RUN")]
    pub snapshot: Option<String>,
    /// CloudTrail's log files, digest files too, or folders of them [default: ask CloudTrail's event history]
    #[arg(long, value_name = "FILE|DIR", num_args = 1..)]
    pub cloudtrail: Vec<PathBuf>,
    /// A public key of CloudTrail's (`aws cloudtrail list-public-keys`), to check digest files with
    #[arg(long, value_name = "FILE", requires = "cloudtrail")]
    pub public_key: Vec<PathBuf>,
}

/// `exhibit reperform`.
#[derive(Debug, Args)]
pub struct Reperform {
    /// A bundle (.zip) or a locker [default: that of --locker]
    #[arg(value_name = "BUNDLE|LOCKER")]
    pub path: Option<PathBuf>,
    /// Only this snapshot, by its run id
    #[arg(long, value_name = "RUN")]
    pub snapshot: Option<String>,
    /// Ask AWS some of the snapshot's questions again, today; needs credentials
    #[arg(long)]
    pub live: bool,
    /// With --live: how many
    #[arg(long, value_name = "N", default_value_t = 25, requires = "live", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub sample: u32,
    /// With --live: which; the same text chooses the same, whoever runs it
    #[arg(long, value_name = "TEXT", default_value = "1", requires = "live")]
    pub seed: String,
}

/// `exhibit controls`.
#[derive(Debug, Args)]
pub struct Controls {
    /// Do something else than list.
    #[command(subcommand)]
    pub command: Option<ControlsCommand>,
    /// Only controls of this criterion
    #[arg(long, value_name = "ID")]
    pub criterion: Option<String>,
    /// Only controls of this practice
    #[arg(long, value_name = "CODE")]
    pub practice: Option<String>,
    /// Only controls of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
}

/// `exhibit controls show` and `exhibit controls new`.
#[derive(Debug, Subcommand)]
pub enum ControlsCommand {
    /// Write a first page of your own into controls_dir, ready to run
    New {
        /// Its id: a-z, 0-9 and -
        id: String,
    },
    /// Print one control's page with the parameters in force
    Show {
        /// Control id
        id: String,
    },
}

/// `exhibit policy`.
#[derive(Debug, Args)]
pub struct Policy {
    /// Only what these controls need (repeatable)
    #[arg(long = "control", value_name = "ID")]
    pub controls: Vec<String>,
}

/// `exhibit demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder to write to; an earlier demo in it is replaced
    #[arg(long, value_name = "DIR", default_value = "demo")]
    pub out: PathBuf,
}
