//! What an address is worth: one of the public internet, a private one, or one that is never called.
//!
//! After IANA's registries of special-purpose addresses (RFC 6890 and its successors): what is not globally reachable
//! there counts as private, and of IPv6 whatever lies outside of the global unicast addresses (RFC 4291, 2000::/3).
//! Addresses that carry an IPv4 address are worth no more than that one: mapped and compatible ones (RFC 4291),
//! translated ones (RFC 2765, RFC 6052, RFC 8215) and 6to4 (RFC 3056). Metadata services are those that the clouds document.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// What an address is worth, from the least to the most doubtful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Of the public internet.
    Public,
    /// Of this machine, of a network of somebody's own, or for no single machine at all.
    Private,
    /// Link-local, or of a metadata service: where clouds answer with a machine's credentials.
    Forbidden,
}

const FORBIDDEN_V4: &[Ipv4Net] = &[
    v4([169, 254, 0, 0], 16),
    // Alibaba.
    v4([100, 100, 100, 200], 32),
    // Azure.
    v4([168, 63, 129, 16], 32),
    // Oracle.
    v4([192, 0, 0, 192], 32),
];
const PRIVATE_V4: &[Ipv4Net] = &[
    // "This network", which reaches this machine.
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    // Shared between a carrier's customers.
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    // 6to4 relays, given up.
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    // Measurements of devices.
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    // Multicast; then what is reserved, with the broadcast.
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];
const FORBIDDEN_V6: &[Ipv6Net] = &[
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    // Amazon.
    v6([0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0], 32),
    // Google.
    v6([0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254], 128),
    // Oracle.
    v6([0xfd00, 0x00c1, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128),
    // Scaleway.
    v6([0xfd00, 0x0042, 0, 0, 0, 0, 0, 0x0042], 128),
];
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// Inside of the global unicast addresses.
const PRIVATE_V6: &[Ipv6Net] = &[
    // Protocols of the IETF, with Teredo, benchmarks and ORCHIDs.
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    // Documentation, twice.
    v6([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];
/// What translators put before an address of the IPv4 internet.
const TRANSLATED: Ipv6Net = v6([0x0064, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
/// The same inside of somebody's own network.
const TRANSLATED_LOCALLY: Ipv6Net = v6([0x0064, 0xff9b, 0x0001, 0, 0, 0, 0, 0], 48);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);
/// Compatible addresses, and translated ones of the older kind.
const WITH_V4_AT_THE_END: &[Ipv6Net] = &[
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
    TRANSLATED_LOCALLY,
];

/// What an address is worth.
pub(crate) fn standing(address: IpAddr) -> Standing {
    match address.to_canonical() {
        IpAddr::V4(address) => standing_v4(address),
        IpAddr::V6(address) => standing_v6(address),
    }
}

fn standing_v4(address: Ipv4Addr) -> Standing {
    let is_in = |networks: &[Ipv4Net]| networks.iter().any(|network| network.contains(&address));
    if is_in(FORBIDDEN_V4) {
        Standing::Forbidden
    } else if is_in(PRIVATE_V4) {
        Standing::Private
    } else {
        Standing::Public
    }
}

fn standing_v6(address: Ipv6Addr) -> Standing {
    let is_in = |networks: &[Ipv6Net]| networks.iter().any(|network| network.contains(&address));
    let [.., seventh, eighth] = address.segments();
    if is_in(FORBIDDEN_V6) {
        Standing::Forbidden
    } else if TRANSLATED.contains(&address) {
        standing_v4(joined(seventh, eighth))
    } else if is_in(WITH_V4_AT_THE_END) {
        standing_v4(joined(seventh, eighth)).max(Standing::Private)
    } else if SIX_TO_FOUR.contains(&address) {
        let [_, second, third, ..] = address.segments();
        standing_v4(joined(second, third))
    } else if GLOBAL_V6.contains(&address) && !is_in(PRIVATE_V6) {
        Standing::Public
    } else {
        Standing::Private
    }
}

const fn joined(upper: u16, lower: u16) -> Ipv4Addr {
    let [first, second] = upper.to_be_bytes();
    let [third, fourth] = lower.to_be_bytes();
    Ipv4Addr::new(first, second, third, fourth)
}

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from_octets(octets), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_segments(segments), prefix)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]

    use super::*;

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:800::200e",
        "2001:200::1",
        "2001:4860:4860::8888",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2002:101:101::1",
    ];
    const PRIVATE: &[&str] = &[
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::10.0.0.1",
        "::1.1.1.1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1.1.1.1",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "2002:7f00:1::",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456:789a::1",
        "fec0::1",
        "ff02::1",
    ];
    const FORBIDDEN: &[&str] = &[
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fe80::1",
        "febf::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fd00:c1::a9fe:a9fe",
        "fd00:42::42",
        "::169.254.169.254",
        "::ffff:169.254.169.254",
        "::ffff:0:169.254.169.254",
        "::ffff:100.100.100.200",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "2002:a9fe:a9fe::1",
    ];

    #[test]
    fn every_address_has_its_standing() {
        for (addresses, expected) in [
            (PUBLIC, Standing::Public),
            (PRIVATE, Standing::Private),
            (FORBIDDEN, Standing::Forbidden),
        ] {
            for text in addresses {
                assert_eq!(standing(text.parse().unwrap()), expected, "{text}");
            }
        }
    }
}
