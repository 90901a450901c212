//! CBOR (RFC 8949) as AWS's SDK writes requests in it (Smithy's rpc-v2-CBOR), read into JSON.
//!
//! Strict: whatever that protocol has no use for is refused, and the request then keeps the
//! digest of its body as its only parameter.

use serde_json::{Map, Value};

/// Deepest nesting that is read.
const DEPTH: u32 = 32;

/// The one value that the bytes are. Times and whole numbers become integers, other numbers text, since canonical
/// JSON has no fractions; byte strings have no place in a read's parameters.
pub fn read(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(DEPTH)?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a [u8],
}

/// What stands in the five low bits of an item's first byte.
enum Argument {
    Is(u64),
    Indefinite,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    fn number<const N: usize>(&mut self) -> Option<u64> {
        let mut wide = [0; 8];
        wide[8 - N..].copy_from_slice(self.take(N)?);
        Some(u64::from_be_bytes(wide))
    }

    /// Major type, low bits and argument of the next item.
    fn head(&mut self) -> Option<(u8, u8, Argument)> {
        let first = *self.take(1)?.first()?;
        let (major, low) = (first >> 5, first & 0x1f);
        let argument = match low {
            0..=23 => Argument::Is(u64::from(low)),
            24 => Argument::Is(self.number::<1>()?),
            25 => Argument::Is(self.number::<2>()?),
            26 => Argument::Is(self.number::<4>()?),
            27 => Argument::Is(self.number::<8>()?),
            31 => Argument::Indefinite,
            _ => return None,
        };
        Some((major, low, argument))
    }

    /// Whether the end of an indefinite list or map comes next; it is then passed.
    fn at_break(&mut self) -> bool {
        match self.rest.split_first() {
            Some((0xff, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        let deeper = depth.checked_sub(1)?;
        let (major, low, argument) = self.head()?;
        match (major, argument) {
            (0, Argument::Is(n)) => Some(n.into()),
            (1, Argument::Is(n)) => Some((-1 - i64::try_from(n).ok()?).into()),
            (3, argument) => self.text(argument).map(Value::String),
            (4, argument) => {
                let mut items = Vec::new();
                while self.more(&argument, items.len()) {
                    items.push(self.value(deeper)?);
                }
                Some(items.into())
            }
            (5, argument) => {
                let mut members = Map::new();
                while self.more(&argument, members.len()) {
                    let (3, _, length) = self.head()? else { return None };
                    let name = self.text(length)?;
                    // A second member of one name would be lost.
                    if members.insert(name, self.value(deeper)?).is_some() {
                        return None;
                    }
                }
                Some(members.into())
            }
            // A moment, in seconds since 1970.
            (6, Argument::Is(1)) => self.value(deeper),
            (7, Argument::Is(bits)) => simple(low, bits),
            _ => None,
        }
    }

    /// Whether another item of a list or map follows. What ends too soon is told by the item.
    fn more(&mut self, argument: &Argument, so_far: usize) -> bool {
        match argument {
            Argument::Is(n) => (so_far as u64) < *n,
            Argument::Indefinite => !self.at_break(),
        }
    }

    fn text(&mut self, argument: Argument) -> Option<String> {
        let Argument::Is(length) = argument else { return None };
        let bytes = self.take(usize::try_from(length).ok()?)?;
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }
}

fn simple(low: u8, bits: u64) -> Option<Value> {
    match (low, bits) {
        (20, _) => Some(false.into()),
        (21, _) => Some(true.into()),
        (22, _) => Some(Value::Null),
        (26, _) => fraction(f64::from(f32::from_bits(u32::try_from(bits).ok()?))),
        (27, _) => fraction(f64::from_bits(bits)),
        _ => None,
    }
}

fn fraction(number: f64) -> Option<Value> {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    if !number.is_finite() {
        None
    } else if number.fract() == 0.0 && number.abs() <= SAFE {
        #[allow(clippy::cast_possible_truncation, reason = "whole, and within ±(2^53−1)")]
        Some((number as i64).into())
    } else {
        Some(number.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_sdk_writes() {
        // {"AlarmTypes": ["MetricAlarm"], "StartDate": 1(1751241600.0), "MaxRecords": 100}, the map indefinite
        let mut body = vec![0xbf, 0x6a];
        body.extend(b"AlarmTypes");
        body.extend([0x81, 0x6b]);
        body.extend(b"MetricAlarm");
        body.push(0x69);
        body.extend(b"StartDate");
        body.extend([0xc1, 0xfb]);
        body.extend(1_751_241_600.0_f64.to_be_bytes());
        body.push(0x6a);
        body.extend(b"MaxRecords");
        body.extend([0x18, 100, 0xff]);
        assert_eq!(
            read(&body),
            Some(json!({"AlarmTypes": ["MetricAlarm"], "MaxRecords": 100, "StartDate": 1_751_241_600}))
        );
    }

    #[test]
    fn values() {
        for (bytes, value) in [
            (&[0x20][..], json!(-1)),
            (&[0x39, 0x01, 0xf3], json!(-500)),
            (&[0xf4], json!(false)),
            (&[0xf6], json!(null)),
            (&[0xa0], json!({})),
            (&[0x9f, 0xf5, 0xff], json!([true])),
            (&[0xfa, 0x3f, 0xc0, 0, 0], json!("1.5")),
            (&[0xfb, 0x40, 0x08, 0, 0, 0, 0, 0, 0], json!(3)),
        ] {
            assert_eq!(read(bytes), Some(value), "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_refused() {
        for bytes in [
            &[][..],
            // Bytes after the value, an end too soon, a list and a map cut short.
            &[0x01, 0x02],
            &[0x62, b'a'],
            &[0x82, 0x01],
            &[0xbf, 0x61, b'a', 0x01],
            // A byte string, a text in pieces, a name that is no text, a name twice.
            &[0x41, 0x00],
            &[0x7f, 0x61, b'a', 0xff],
            &[0xa1, 0x01, 0x01],
            &[0xa2, 0x61, b'a', 0x01, 0x61, b'a', 0x02],
            // Not UTF-8, another tag, undefined, a half float, infinity.
            &[0x61, 0xff],
            &[0xc2, 0x01],
            &[0xf7],
            &[0xf9, 0x3c, 0x00],
            &[0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
            // A list of 2^64−1 items that are not there.
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(read(bytes), None, "{bytes:x?}");
        }
        assert_eq!(read(&[0x81; 5000]), None, "nested too deep");
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut state = 1_u64;
        for length in 0..20_000 {
            let bytes: Vec<u8> = (0..length % 40)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            let _ = read(&bytes);
        }
    }
}
