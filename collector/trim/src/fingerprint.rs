//! What a trimmed copy depends on.

/// The trimmer's own source: a copy made by another version of it is made again.
const TOOL: [&str; 8] = [
    include_str!("blank.rs"),
    include_str!("item.rs"),
    include_str!("manifest.rs"),
    include_str!("path.rs"),
    include_str!("prune.rs"),
    include_str!("reach.rs"),
    include_str!("tree.rs"),
    include_str!("trim.rs"),
];

/// The lines that a copy's stamp starts with.
pub(crate) fn inputs(version: &str, operations: &[String]) -> String {
    let tool = TOOL.iter().flat_map(|text| text.bytes());
    format!(
        "tool {:016x}\nversion {version}\n{}\n\n",
        hash(tool),
        operations.join(" ")
    )
}

/// FNV-1a: the same on every machine, and nothing here needs a cryptographic hash.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::inputs;

    #[test]
    fn version_and_operations_count() {
        let of = |version, operation: &str| inputs(version, &[operation.to_owned()]);
        assert_eq!(of("1.0.0", "A"), of("1.0.0", "A"));
        assert_ne!(of("1.0.0", "A"), of("1.0.1", "A"));
        assert_ne!(of("1.0.0", "A"), of("1.0.0", "B"));
    }
}
