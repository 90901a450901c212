//! OpenSSH's pattern lists: `*@acme.example,!guest@*`.

/// ssh-keygen gives up on longer patterns.
pub const LONGEST: usize = 1_000;

/// Does the list match: one pattern at least, and none with a `!` before it?
pub fn list_matches(list: &str, text: &str) -> bool {
    let mut matched = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => matched |= matches(pattern.as_bytes(), text.as_bytes()),
        }
    }
    matched
}

/// `*` stands for any bytes, `?` for one byte.
///
/// Only the last `*` is ever tried again, so the time is at most the product of the lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b) if *b == b'?' || *b == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (list, text, expected) in [
            ("owner@acme", "owner@acme", true),
            ("owner@acme", "owner@acm", false),
            ("owner@acme", "Owner@acme", false),
            ("*@acme", "owner@acme", true),
            ("*@acme", "owner@acme.example", false),
            ("own?r@*", "owner@acme", true),
            ("?", "", false),
            ("*", "anyone", true),
            ("**a*b**", "xxaxxbxx", true),
            ("a*b*c", "abcbcx", false),
            ("*@acme,!guest@acme", "guest@acme", false),
            ("!guest@acme,*@acme", "guest@acme", false),
            ("!guest@acme", "owner@acme", false),
            ("!!x,*", "!x", false),
            ("a,b", "b", true),
            ("", "b", false),
            (",", "b", false),
        ] {
            assert_eq!(list_matches(list, text), expected, "{list} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!matches("*a".repeat(400).as_bytes(), "a".repeat(300).as_bytes()));
    }
}
