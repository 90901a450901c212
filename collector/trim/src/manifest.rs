//! The copy's `Cargo.toml`.

/// Cargo hides warnings of registry crates, but not those of folders; and a trimmed crate does
/// have code that nothing calls, such as a serialiser next to the parser of the same type.
const LINTS: &str = "\n[lints.rust]\nunused = \"allow\"\n";

/// The official manifest, with warnings off and without hints. The list of dependencies must
/// stay as it is, or cargo would resolve again and `--locked` would fail.
pub(crate) fn quiet(manifest: &str) -> String {
    let mut out = String::new();
    let mut skipping = false;
    for line in manifest.split_inclusive('\n') {
        if line.starts_with('[') {
            // Stable cargo warns of hints, which only its nightly build understands.
            skipping = line.trim_end() == "[hints]";
        }
        if !skipping {
            out.push_str(line);
        }
    }
    if !manifest.contains("\n[lints") {
        out.push_str(LINTS);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::quiet;

    #[test]
    fn only_hints_go_and_only_lints_come() {
        let manifest = "[package]\nname = \"a\"\n\n[hints]\nmostly-unused = true\n\n\
                        [dependencies.b]\nversion = \"1\"\n";
        let expected = "[package]\nname = \"a\"\n\n[dependencies.b]\nversion = \"1\"\n\n\
                        [lints.rust]\nunused = \"allow\"\n";
        assert_eq!(quiet(manifest), expected);
    }

    #[test]
    fn lints_that_are_there_stay() {
        let manifest = "[package]\nname = \"a\"\n\n[lints.rust]\nunused = \"warn\"\n";
        assert_eq!(quiet(manifest), manifest);
    }
}
