//! `sdk-trim`: cuts the official AWS SDK crates down to the operations that exhibit uses.
//!
//! The SDK's code generator writes one file per operation, type and serialiser. So the files that
//! an operation reaches can be found by following paths in the code, and the rest be left out:
//! files are copied unchanged, and from the files that list all others, items are deleted. No
//! line of code is added or changed.
//!
//! The result is a folder per crate and a cargo configuration that makes cargo build them instead
//! of the official ones: `cargo build --locked --config target/sdk/config.toml`. `Cargo.lock` stays
//! as it is, and a plain `cargo build` still builds the whole crates. A crate that cannot be
//! trimmed is built whole, with a warning.

mod blank;
mod config;
mod fingerprint;
mod item;
mod manifest;
mod operations;
mod output;
mod path;
mod prune;
mod reach;
mod tree;
mod trim;
mod upstream;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: sdk-trim --operations FILE --out FOLDER [--print-config]

Run it where Cargo.lock is. It writes FOLDER/<crate> and FOLDER/config.toml; --print-config
prints the value for `cargo --config` as well.";

/// The command line.
struct Options {
    operations: PathBuf,
    out: PathBuf,
    print_config: bool,
}

fn main() -> ExitCode {
    match options(env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sdk-trim: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let (mut operations, mut out, mut print_config) = (None, None, false);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--operations" => operations = args.next().map(PathBuf::from),
            "--out" => out = args.next().map(PathBuf::from),
            "--print-config" => print_config = true,
            _ => return Err(format!("unknown argument {arg}\n{USAGE}")),
        }
    }
    let (Some(operations), Some(out)) = (operations, out) else {
        return Err(USAGE.to_owned());
    };
    Ok(Options {
        operations,
        out,
        print_config,
    })
}

fn run(options: &Options) -> Result<(), String> {
    let wanted = operations::parse(&read(&options.operations)?)
        .map_err(|error| format!("{}: {error}", options.operations.display()))?;
    let lock = read(Path::new("Cargo.lock"))?;
    #[expect(clippy::disallowed_methods, reason = "a build tool: it writes no evidence")]
    fs::create_dir_all(&options.out).map_err(|e| failed(&options.out, &e))?;
    let out = fs::canonicalize(&options.out).map_err(|e| failed(&options.out, &e))?;
    let mut fetched = false;
    let mut folders = Vec::new();
    for (name, operations) in &wanted {
        let folder = out.join(name);
        match make(name, operations, &lock, &folder, &mut fetched) {
            Ok(()) => folders.push(folder),
            Err(why) => eprintln!("warning: sdk-trim builds {name} whole: {why}"),
        }
    }
    let file = out.join("config.toml");
    output::write_if_changed(&file, &config::file(&folders)).map_err(|e| failed(&file, &e))?;
    if options.print_config {
        println!("{}", config::paths(&folders));
    }
    Ok(())
}

/// Makes the trimmed copy of one crate, unless it is there.
fn make(name: &str, operations: &[String], lock: &str, folder: &Path, fetched: &mut bool) -> Result<(), String> {
    let version = upstream::locked_version(lock, name)?;
    let inputs = fingerprint::inputs(&version, operations);
    if output::is_current(folder, &inputs) {
        return Ok(());
    }
    let upstream = upstream::find(name, &version, fetched)?;
    let trimmed = trim::trim(name, &upstream, operations)?;
    output::write(folder, &trimmed, &inputs).map_err(|error| failed(folder, &error))?;
    eprintln!("sdk-trim: {name} {version} keeps {} files", trimmed.len());
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
