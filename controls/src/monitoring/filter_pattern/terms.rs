//! Words looked for in an event's text.

/// Words that must be there, of which one must be there, and that must not be there. Where there
/// are none that must, everything matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// All of them.
    pub all: Vec<String>,
    /// One of them (`?word`); without meaning beside others.
    pub any: Vec<String>,
    /// None of them (`-word`).
    pub none: Vec<String>,
}

impl Terms {
    /// Do they match a text? The guide does not say whether a word is found inside a longer one, so
    /// then it is not known.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        let all = self.all.iter().map(|word| found(word, text));
        let none = self.none.iter().map(|word| found(word, text).map(|found| !found));
        let mut parts: Vec<_> = all.chain(none).collect();
        if parts.is_empty() && !self.any.is_empty() {
            let any: Vec<_> = self.any.iter().map(|word| found(word, text)).collect();
            parts.push(if any.contains(&Some(true)) {
                Some(true)
            } else if any.contains(&None) {
                None
            } else {
                Some(false)
            });
        }
        if parts.contains(&Some(false)) {
            Some(false)
        } else if parts.contains(&None) {
            None
        } else {
            Some(true)
        }
    }
}

/// Is the word there, on its own?
fn found(word: &str, text: &str) -> Option<bool> {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let mut inside = false;
    for (at, _) in text.match_indices(word) {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let begins = edge(before.chars().next_back()) || edge(word.chars().next());
        let ends = edge(after.chars().next()) || edge(word.chars().next_back());
        if begins && ends {
            return Some(true);
        }
        inside = true;
    }
    if inside { None } else { Some(false) }
}
