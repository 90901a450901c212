//! Wildcards of IAM policies: `*` any number of characters, `?` exactly one.

/// Does the pattern match the text? Letters must agree in case.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last star stood and how far it reaches; on a mismatch it takes one more.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, reach)) => {
                    star = Some((at, reach + 1));
                    p = at + 1;
                    t = reach + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Does the pattern match everything that begins with `prefix` and goes on?
///
/// It does exactly if it ends with a star and matches the prefix followed by one character that
/// no pattern names.
pub(super) fn covers(pattern: &str, prefix: &str) -> bool {
    const UNNAMED: char = '\u{1}';
    pattern.ends_with('*') && !pattern.contains(UNNAMED) && matches(pattern, &format!("{prefix}{UNNAMED}"))
}

/// Is it nothing but stars?
pub(super) fn is_everything(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.chars().all(|c| c == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn star_and_question_mark() {
        assert!(matches("s3:Get*", "s3:GetObject"));
        assert!(matches("s3:*Object", "s3:GetObject"));
        assert!(matches("s3:?etObject", "s3:GetObject"));
        assert!(matches("*", ""));
        assert!(matches("a*b*c", "aXbXbXc"));
        assert!(!matches("s3:Get", "s3:GetObject"));
        assert!(!matches("s3:Get?", "s3:Get"));
        assert!(!matches("", "a"));
    }

    #[test]
    fn covering_means_every_continuation() {
        let bucket = "arn:aws:s3:::logs/";
        for pattern in [
            "*",
            "arn:aws:s3:::*",
            "arn:aws:s3:::logs/*",
            "arn:aws:s3:::logs*",
            "arn:aws:s3:::logs/?*",
        ] {
            assert!(covers(pattern, bucket), "{pattern}");
        }
        for pattern in [
            "arn:aws:s3:::logs",
            "arn:aws:s3:::logs/a*",
            "arn:aws:s3:::logs/*.txt",
            "arn:aws:s3:::logs/?",
        ] {
            assert!(!covers(pattern, bucket), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_obvious_recursion(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern.first(), text.first()) {
                    (None, None) => true,
                    (Some(b'*'), _) => slow(&pattern[1..], text) || (!text.is_empty() && slow(pattern, &text[1..])),
                    (Some(b'?'), Some(_)) => slow(&pattern[1..], &text[1..]),
                    (Some(p), Some(t)) if p == t => slow(&pattern[1..], &text[1..]),
                    _ => false,
                }
            }
            prop_assert_eq!(matches(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn what_covers_matches(pattern in "[ab*?]{0,8}", prefix in "[ab]{0,4}", rest in "[abc]{1,4}") {
            if covers(&pattern, &prefix) {
                let text = format!("{prefix}{rest}");
                prop_assert!(matches(&pattern, &text));
            }
        }
    }
}
