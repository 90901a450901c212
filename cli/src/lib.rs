//! How it is asked: the command line.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "a test lays out its own folders"
    )
)]

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tracing_subscriber::EnvFilter;

mod args;
mod assessing;
mod commands;
mod config;
mod custody;
#[cfg(test)]
mod denied_walk;
#[cfg(test)]
mod everything;
mod exit;
#[cfg(test)]
mod gone_walk;
mod output;
#[cfg(test)]
mod regional_sources;
mod ui;

use args::{Cli, Command};
use exit::{Exit, Stop};

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; anything else is a usage error.
            let shown = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _ = error.print();
            return if shown { Exit::Ok } else { Exit::Usage }.into();
        }
    };
    std::panic::set_hook(Box::new(broke_down));
    ui::set_color(cli.global.color);
    log(cli.global.verbose);
    match dispatch(&cli) {
        Ok(exit) => exit.into(),
        Err(Stop { exit, message }) => {
            ui::complain(&format!("exhibit: {message}"));
            exit.into()
        }
    }
}

/// Says where, for a report. Not what: the words of a panic may hold a piece of an answer. Who asks for a backtrace gets
/// all of it.
fn broke_down(info: &PanicHookInfo<'_>) {
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0") {
        ui::complain(&format!("{info}\n{}", Backtrace::force_capture()));
        return;
    }
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    ui::complain(&format!(
        "exhibit broke down at {place}: a fault of exhibit's, please report it"
    ));
}

fn dispatch(cli: &Cli) -> Result<Exit, Stop> {
    let global = &cli.global;
    if !global.format.is_common() && !matches!(cli.command, Command::Policy(_)) {
        return Err(Stop::usage(
            "--format cloudformation and terraform are for `exhibit policy`; here it takes text or json",
        ));
    }
    match &cli.command {
        Command::Init(args) => commands::init::run(global, args),
        Command::Collect(args) => commands::collect::run(global, args),
        Command::Status => commands::status::run(global),
        Command::Test(args) => commands::test::run(global, args),
        Command::Diff(args) => commands::diff::run(global, args),
        Command::Attach(args) => commands::attach::run(global, args),
        Command::Review(args) => commands::review::run(global, args),
        Command::Bind(args) => commands::bind::run(global, args),
        Command::Verify(args) => commands::verify::run(global, args),
        Command::Reconcile(args) => commands::reconcile::run(global, args),
        Command::Key(args) => commands::key::run(global, args),
        Command::Reperform(args) => commands::reperform::run(global, args),
        Command::Controls(args) => commands::controls_list::run(global, args),
        Command::Policy(args) => commands::policy::run(global, args),
        Command::Demo(args) => commands::demo::run(global, args),
    }
}

/// The log goes to stderr. Only our own crates: the SDK's debug output may hold credentials.
fn log(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => "info",
        _ => "debug",
    };
    let filter = EnvFilter::new(format!(
        "off,exhibit_cli={level},collector={level},evidence={level},controls={level},report={level}"
    ));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .init();
}
