//! Addresses a policy speaks of, and when they are so many that nobody is left out.
//!
//! AWS counts a policy as public when it allows a range wider than /8 (IPv4) or /32 (IPv6), private ranges aside:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html> ("The meaning of
//! public"). We take its measure, after ranges that lie side by side are joined, and besides count ranges that
//! together hold more than sixteen such blocks.

use ipnet::IpNet;

/// Addresses from `first` to `last`, both included; IPv4 and IPv6 apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    v6: bool,
    first: u128,
    last: u128,
}

impl Range {
    /// A network in CIDR notation, or a single address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let net: IpNet = text
            .trim()
            .parse()
            .ok()
            .or_else(|| text.trim().parse::<std::net::IpAddr>().ok().map(IpNet::from))?;
        Some(match net {
            IpNet::V4(net) => Self {
                v6: false,
                first: u128::from(u32::from(net.network())),
                last: u128::from(u32::from(net.broadcast())),
            },
            IpNet::V6(net) => Self {
                v6: true,
                first: u128::from(net.network()),
                last: u128::from(net.broadcast()),
            },
        })
    }

    /// An address, a network, or, as `StringLike` has it, a star in place of the last numbers: `203.0.113.*`.
    pub(crate) fn of_text(value: &str) -> Option<Self> {
        if !value.is_empty() && value.chars().all(|c| c == '*') {
            return Self::parse("0.0.0.0/0");
        }
        let Some(start) = value.strip_suffix(".*") else {
            return Self::parse(value);
        };
        let numbers: Vec<&str> = start.split('.').filter(|number| *number != "*").collect();
        let mut all = numbers.clone();
        all.resize(4, "0");
        Self::parse(&format!("{}/{}", all.join("."), numbers.len() * 8))
    }

    /// Does it hold all of the other?
    pub(crate) fn holds(self, other: Self) -> bool {
        self.v6 == other.v6 && self.first <= other.first && other.last <= self.last
    }

    fn size(self) -> u128 {
        (self.last - self.first).saturating_add(1)
    }

    /// Number of addresses of both that are the same.
    fn shared(self, other: Self) -> u128 {
        if self.v6 != other.v6 || self.first > other.last || other.first > self.last {
            return 0;
        }
        (self.last.min(other.last) - self.first.max(other.first)).saturating_add(1)
    }

    /// Number of its addresses that somebody on the internet can have.
    fn public(self) -> u128 {
        let not: u128 = if self.v6 {
            // Only 2000::/3 is given out.
            return self.shared(Self {
                v6: true,
                first: 0x2000 << 112,
                last: (0x4000 << 112) - 1,
            });
        } else {
            NOT_PUBLIC_V4
                .iter()
                .map(|&(first, bits)| {
                    let first = u128::from(first);
                    self.shared(Self {
                        v6: false,
                        first,
                        last: first + (1 << (32 - bits)) - 1,
                    })
                })
                .sum()
        };
        self.size() - not
    }
}

/// IPv4 that no caller on the internet has: <https://www.iana.org/assignments/iana-ipv4-special-registry/>.
const NOT_PUBLIC_V4: [(u32, u32); 8] = [
    (0x0000_0000, 8),
    (0x0a00_0000, 8),
    (0x6440_0000, 10),
    (0x7f00_0000, 8),
    (0xa9fe_0000, 16),
    (0xac10_0000, 12),
    (0xc0a8_0000, 16),
    // Multicast and reserved.
    (0xe000_0000, 3),
];

/// The ranges into which all addresses fall by these: inside of each, all conditions on the address say the same.
pub(crate) fn pieces(ranges: &[Range]) -> Vec<Range> {
    let mut pieces = Vec::new();
    for (v6, end) in [(false, u128::from(u32::MAX)), (true, u128::MAX)] {
        let mut starts = vec![0];
        for range in ranges.iter().filter(|range| range.v6 == v6) {
            starts.push(range.first);
            starts.extend(range.last.checked_add(1).filter(|next| *next <= end));
        }
        starts.sort_unstable();
        starts.dedup();
        for (at, &first) in starts.iter().enumerate() {
            let last = starts.get(at + 1).map_or(end, |next| next - 1);
            pieces.push(Range { v6, first, last });
        }
    }
    pieces
}

/// Are these so many that a stranger is likely to be among them?
pub(crate) fn are_broad(ranges: &[Range]) -> bool {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<Range> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if last.v6 == range.v6 && range.first <= last.last.saturating_add(1) => {
                last.last = last.last.max(range.last);
            }
            _ => joined.push(range),
        }
    }
    [(false, 1_u128 << 24), (true, 1_u128 << 96)]
        .into_iter()
        .any(|(v6, block)| {
            let mut of_kind = joined.iter().filter(|range| range.v6 == v6);
            let public: u128 = of_kind.clone().map(|range| range.public()).sum();
            public > 16 * block || of_kind.any(|range| range.size() > block && range.public() > 0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broad(ranges: &[&str]) -> bool {
        let ranges: Vec<_> = ranges.iter().map(|text| Range::parse(text).unwrap()).collect();
        are_broad(&ranges)
    }

    #[test]
    fn what_leaves_nobody_out() {
        for ranges in [
            &["0.0.0.0/0"][..],
            &["::/0"],
            &["0.0.0.0/1", "128.0.0.0/1"],
            &["128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2"],
            &["0.0.0.0/1"],
            &["203.0.113.0/24", "2000::/3"],
            &["8000::/1", "::/1"],
            &["10.0.0.0/7"],
            &["52.0.0.0/8", "53.0.0.0/8"],
        ] {
            assert!(broad(ranges), "{ranges:?}");
        }
        let alternate: Vec<String> = (1..100).map(|n| format!("{}.0.0.0/8", n * 2)).collect();
        assert!(broad(&alternate.iter().map(String::as_str).collect::<Vec<_>>()));
    }

    #[test]
    fn what_leaves_somebody_out() {
        for ranges in [
            &[][..],
            &["203.0.113.0/24"],
            &["203.0.113.7"],
            &["52.0.0.0/8"],
            &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
            &["2001:db8::/32"],
            &["fc00::/7"],
            &["1.0.0.0/24", "9.9.9.0/24"],
        ] {
            assert!(!broad(ranges), "{ranges:?}");
        }
    }

    #[test]
    fn pieces_are_everything_once() {
        let ranges = [Range::parse("10.0.0.0/8").unwrap(), Range::parse("::/0").unwrap()];
        let pieces = pieces(&ranges);
        let total: u128 = pieces.iter().filter(|piece| !piece.v6).map(|piece| piece.size()).sum();
        assert_eq!((pieces.len(), total), (4, 1 << 32));
    }
}
