//! SSH's encoding of strings and numbers (RFC 4251, section 5).

/// Reads from the front; `None` means that the bytes ran out or are not in their one proper form.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn number(&mut self) -> Option<u32> {
        let bytes = self.bytes(4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    }

    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.bytes(length)
    }

    /// A positive integer of at most 256 bits, without needless leading zeros.
    pub fn scalar(&mut self) -> Option<[u8; 32]> {
        let bytes = self.string()?;
        let digits = match bytes {
            [0, rest @ ..] if rest.first().is_some_and(|b| b & 0x80 != 0) => rest,
            [first, ..] if (1..0x80).contains(first) => bytes,
            _ => return None,
        };
        let mut scalar = [0; 32];
        let start = scalar.len().checked_sub(digits.len())?;
        scalar[start..].copy_from_slice(digits);
        Some(scalar)
    }

    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Nothing may follow.
    pub fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Appends a string. Ours are far shorter than the 4 GiB that the length can tell.
pub fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend(length.to_be_bytes());
    out.extend(bytes);
}

/// Appends a positive integer: no needless zeros, but one where the top bit would read as a sign.
pub fn put_scalar(out: &mut Vec<u8>, scalar: &[u8]) {
    let start = scalar.iter().position(|b| *b != 0).unwrap_or(scalar.len());
    let digits = &scalar[start..];
    if digits.first().is_some_and(|b| b & 0x80 != 0) {
        put_string(out, &[&[0], digits].concat());
    } else {
        put_string(out, digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_have_one_spelling() {
        let read = |bytes: &[u8]| {
            let mut wire = Vec::new();
            put_string(&mut wire, bytes);
            Reader::new(&wire).scalar()
        };
        assert!(read(&[1]).is_some());
        assert!(read(&[0, 0x80]).is_some());
        assert!(read(&[]).is_none(), "zero");
        assert!(read(&[0]).is_none(), "zero with a digit");
        assert!(read(&[0, 1]).is_none(), "needless zero");
        assert!(read(&[0x80]).is_none(), "negative");
        assert!(read(&[1; 33]).is_none(), "too long");
        for scalar in [[0x7f; 32], [0xff; 32], std::array::from_fn(|i| u8::from(i == 31))] {
            let mut wire = Vec::new();
            put_scalar(&mut wire, &scalar);
            assert_eq!(Reader::new(&wire).scalar(), Some(scalar));
        }
    }

    #[test]
    fn lengths_beyond_the_end_are_refused() {
        assert!(Reader::new(&[0xff; 8]).string().is_none());
        assert!(Reader::new(&[0; 3]).number().is_none());
        assert!(Reader::new(&[0]).end().is_none());
    }
}
