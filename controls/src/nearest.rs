//! The nearest known name, for messages about unknown ones.

/// `; did you mean `…`?` for the known name that is most like the given one, or nothing.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, candidate)| format!("; did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_likely_names_are_offered() {
        assert_eq!(nearest("max_day", ["mode", "max_days"]), "; did you mean `max_days`?");
        assert_eq!(nearest("zzz", ["mode", "max_days"]), "");
    }
}
