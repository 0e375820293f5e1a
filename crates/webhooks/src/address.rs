//! Which addresses belong to the public internet. Whoever may name a URL could otherwise have this
//! server call what only its own network can reach: metadata services, databases, itself.
//!
//! Of IPv6 2000::/3 alone, so that whatever embeds an IPv4 address is out. `url` reads the disguises
//! (`0x7f.1`). Addresses as hosts go past a resolver and are checked before.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The blocks of the IANA special-purpose registry that are not globally reachable, multicast, and
/// what is reserved; each with the length of its prefix.
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // carrier-grade NAT
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // link-local, with the metadata services of clouds
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // documentation
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // relays of 6to4
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // measurements
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // documentation
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // multicast
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // reserved, and broadcast
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // the name service that Azure has in every network
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// What is not public within 2000::/3.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 4] = [
    // assigned to protocols: Teredo, measurements, ORCHID
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // documentation
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4, which holds an IPv4 address
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// True for an address of the public internet. Of IPv6 that is 2000::/3 alone, with the exceptions
/// within: loopback, unique-local, link-local, multicast, NAT64 and IPv4 in any disguise lie outside.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            !NOT_PUBLIC_V4.iter().any(|(block, length)| {
                let shift = 32 - length;
                bits >> shift == u32::from(*block) >> shift
            })
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            bits >> 125 == 0b001
                && !NOT_PUBLIC_V6.iter().any(|(block, length)| {
                    let shift = 128 - length;
                    bits >> shift == u128::from(*block) >> shift
                })
        }
    }
}
