//! Reads `operations.toml`: which crate each service needs, and which of its operations.
//!
//! Only the part of TOML that the file uses is understood (sections, strings, arrays of
//! strings), so that building the trimmer needs no other crate.

use std::collections::BTreeMap;

/// The operations wanted of each SDK crate.
pub(crate) type Wanted = BTreeMap<String, Vec<String>>;

/// The fields of one section.
#[derive(Default)]
struct Section {
    name: String,
    sdk: Option<String>,
    operations: Vec<String>,
}

/// Reads the list.
pub(crate) fn parse(text: &str) -> Result<Wanted, String> {
    let mut wanted = Wanted::new();
    let mut section = Section::default();
    let mut lines = text.lines().map(without_comment).enumerate();
    while let Some((number, line)) = lines.next() {
        let failed = |what: &str| format!("line {}: {what}", number + 1);
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            finish(std::mem::take(&mut section), &mut wanted)?;
            section.name = name.to_owned();
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            if line.is_empty() {
                continue;
            }
            return Err(failed("neither a section nor a field"));
        };
        let mut value = value.trim().to_owned();
        while value.starts_with('[') && !value.ends_with(']') {
            let (_, more) = lines.next().ok_or_else(|| failed("an array without end"))?;
            value.push_str(&more);
        }
        match key.trim() {
            "sdk" => section.sdk = strings(&value).pop(),
            "operations" | "custody" => section.operations.extend(strings(&value)),
            _ => {} // The trimmer does not need the other fields, such as `actions`.
        }
    }
    finish(section, &mut wanted)?;
    Ok(wanted)
}

/// Two sections may share a crate: their operations add up.
fn finish(section: Section, wanted: &mut Wanted) -> Result<(), String> {
    if section.name.contains('.') {
        return Ok(()); // `[s3.actions]`
    }
    match (section.sdk, section.operations) {
        (None, operations) if operations.is_empty() => Ok(()),
        (None, _) => Err(format!("[{}] has operations, but no `sdk`", section.name)),
        (Some(_), operations) if operations.is_empty() => Err(format!("[{}] has no operations", section.name)),
        (Some(sdk), operations) => {
            let all = wanted.entry(sdk).or_default();
            all.extend(operations);
            all.sort();
            all.dedup();
            Ok(())
        }
    }
}

fn without_comment(line: &str) -> String {
    let mut quoted = false;
    let end = line.find(|c| {
        quoted ^= c == '"';
        c == '#' && !quoted
    });
    line[..end.unwrap_or(line.len())].trim().to_owned()
}

fn strings(value: &str) -> Vec<String> {
    value.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sections_become_crates() {
        let text = "# all\n[a]\nsdk = \"x\" # y\noperations = [\n  \"B\", # c\n  \"A\",\n]\n\
                    [a.actions]\nA = \"a:A\"\n[b]\noperations = [\"C\"]\nsdk = \"x\"\ncustody = [\"D\"]\n";
        let wanted = parse(text).expect("a valid list");
        assert_eq!(
            wanted.into_iter().collect::<Vec<_>>(),
            [("x".to_owned(), ["A", "B", "C", "D"].map(str::to_owned).to_vec())]
        );
    }

    #[test]
    fn mistakes_are_refused() {
        assert!(parse("[a]\noperations = [\"A\"]").is_err_and(|e| e.contains("[a]")));
        assert!(parse("[a]\nsdk = \"x\"").is_err_and(|e| e.contains("no operations")));
        assert!(parse("[a]\nsdk = \"x\"\noperations = [\n\"A\"").is_err());
        assert!(parse("word").is_err_and(|e| e.contains("line 1")));
    }
}
