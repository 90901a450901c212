//! Nobody spells a partition or its regions by hand: ARNs take theirs from the caller, and `partition.rs` has the rest.

use std::fs;
use std::path::{Path, PathBuf};

/// What only the table of partitions may say.
const SPELLED: &[&str] = &[
    "arn:aws",
    "aws-cn",
    "aws-eusc",
    "aws-iso",
    "aws-us-gov",
    "us-east-1",
    "us-gov-",
    "\"cn-",
    "cn-north",
    "eusc-",
    "unwrap_or(\"aws\")",
    "amazonaws.com.cn",
];

/// The table; examples, whose rows are of `aws` unless they say otherwise; messages with an example; modules of tests.
const MAY: &[&str] = &[
    "evidence/src/partition.rs",
    "controls/src/examples.rs",
    "cli/src/config/custody.rs",
    "collector/src/environment/credentials.rs",
    "controls/src/policy/obvious.rs",
    "controls/src/policy/vectors.rs",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Code without comments and without the tests below it, each line with its number.
fn code(text: &str) -> Vec<(usize, &str)> {
    let tests = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text[..tests].lines().enumerate();
    lines
        .map(|(at, line)| (at + 1, line.split("// ").next().unwrap_or_default()))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect()
}

/// What of a page is run: the defaults of its parameters and its query, without comments.
fn run(text: &str) -> Vec<(usize, &str)> {
    let (mut query, mut front, mut found) = (false, false, Vec::new());
    for (at, line) in text.split("## Examples").next().unwrap_or_default().lines().enumerate() {
        match line {
            "```sql" => query = true,
            "```" => query = false,
            "+++" => front = !front,
            _ if query || (front && line.starts_with("default")) => {
                found.push((at + 1, line.split("--").next().unwrap_or_default()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_source_and_no_page_spells_a_partition() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = Vec::new();
    for folder in [
        "evidence/src",
        "collector/src",
        "controls/src",
        "controls/pages",
        "report/src",
        "cli/src",
    ] {
        files(&root.join(folder), &mut all);
    }
    let (mut wrong, mut looked) = (Vec::new(), 0);
    for path in all {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let own = name.ends_with("tests.rs")
            || name == "collector/src/transport/partitions.rs"
            || MAY.contains(&name.as_str());
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let lines = match path.extension().and_then(|ending| ending.to_str()) {
            Some("rs") if !own => code(&text),
            Some("md" | "sql") if name.starts_with("controls/pages") => run(&text),
            _ => continue,
        };
        looked += lines.len();
        for (at, line) in lines {
            // Policies may write a service with the suffix of the partition or without.
            let line = line.replace("'.amazonaws.com.cn'", "").replace("'.amazonaws.eu'", "");
            wrong.extend(
                SPELLED
                    .iter()
                    .filter(|spelled| line.contains(**spelled))
                    .map(|spelled| format!("{name}:{at}: `{spelled}`")),
            );
        }
    }
    assert!(looked > 10_000, "{looked} lines");
    assert!(
        wrong.is_empty(),
        "take it from evidence::partition or the caller's ARN:\n{}",
        wrong.join("\n")
    );
}
