//! Which addresses files may be fetched from: public ones, and what the configuration names.

use crate::config::Allowed;
use crate::config::IpRange;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

/// Networks of version 4 that lead to no public host, by address and bits (RFC 6890 and IANA's registry).
const NOT_PUBLIC: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // Where clouds keep the credentials of their machines.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast, reserved and broadcast.
    ([224, 0, 0, 0], 3),
];

/// Whether `address`, to which `host` resolves, may be asked for a file.
pub fn may_ask(host: &str, address: IpAddr, allow: &[Allowed]) -> bool {
    is_public(address)
        || allow.iter().any(|allowed| match allowed {
            Allowed::Host(name) => name == host,
            Allowed::Range(range) => range.contains(address),
        })
}

/// Whether an address belongs to the internet at large. What is not known to is taken for private.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let range = |(range, bits): &([u8; 4], u8)| IpRange { address: (*range).into(), bits: *bits };
    !NOT_PUBLIC.iter().any(|private| range(private).contains(address.into()))
}

/// Only global unicast (2000::/3), without what stands for an address of version 4 (Teredo, 6to4), protocols,
/// benchmarks and documentation. Mapped addresses are no part of it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let special = match (segments[0], segments[1]) {
        (0x2001, second) => second < 0x0200 || second == 0x0db8,
        (0x2002, _) => true,
        (0x3fff, second) => second < 0x1000,
        (_, _) => false,
    };
    segments[0] & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let private = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 \
            169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.7 192.88.99.1 192.168.1.1 198.18.0.1 \
            198.19.255.255 198.51.100.1 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 \
            :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::7f00:1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 \
            2001:2::1 2001:20::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 \
            fec0::1 ff02::1";
        for text in private.split_whitespace() {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        let public = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 169.253.0.1 172.15.0.1 \
            172.32.0.1 192.0.1.1 198.17.0.1 198.20.0.1 223.255.255.255 2606:4700::1111 2a00:1450:4001::1 \
            2001:4860:4860::8888 2001:200::1 3fff:1000::1";
        for text in public.split_whitespace() {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_the_configuration_names_may_be_asked() {
        let range = |address: &str, bits| Allowed::Range(IpRange { address: address.parse().unwrap(), bits });
        let allow = [Allowed::Host("files.internal".into()), range("10.1.0.0", 16), range("fd00::", 8)];
        let may = |host: &str, address: &str| may_ask(host, address.parse().unwrap(), &allow);
        assert!(may("files.internal", "192.168.0.9") && may("x", "10.1.2.3") && may("x", "::ffff:10.1.2.3"));
        assert!(may("x", "fd12::1") && may("x", "8.8.8.8"));
        assert!(!may("other.internal", "192.168.0.9") && !may("x", "10.2.0.1") && !may("x", "fe80::1"));
        let anywhere = [range("0.0.0.0", 0)];
        assert!(may_ask("x", "127.0.0.1".parse().unwrap(), &anywhere));
        assert!(!may_ask("x", "::1".parse().unwrap(), &anywhere));
    }
}
