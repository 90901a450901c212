//! Texts in which `*` stands for any run of characters.

/// Does the text fit the pieces, with anything between one and the next?
///
/// One piece is the whole text. Takes time proportional to both lengths' product at worst; it
/// never goes back.
pub(crate) fn fits<S: AsRef<str>>(pieces: &[S], text: &str) -> bool {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
        return false;
    };
    let (first, last) = (first.as_ref(), last.as_ref());
    if pieces.len() == 1 {
        return text == first;
    }
    let Some(rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(mut rest) = rest.strip_suffix(last) else {
        return false;
    };
    for piece in &pieces[1..pieces.len() - 1] {
        let piece = piece.as_ref();
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

/// Does the text fit a pattern without escapes?
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    fits(&pattern.split('*').collect::<Vec<_>>(), text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("a*", "ab", true),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "aXbXbXc", true),
            ("a**c", "ac", true),
            ("*b*", "abc", true),
            ("a?c", "abc", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    /// The definition, tried in every way.
    fn slowly(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|at| slowly(rest, &text[at..])),
            Some((c, rest)) => text.first() == Some(c) && slowly(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn as_by_definition(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            let (p, t): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&pattern, &text), slowly(&p, &t));
        }
    }
}
