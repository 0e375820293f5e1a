//! Where a request came from: the address, the request id and the user agent, believing a proxy's
//! headers only when the proxy is trusted.

use std::net::{IpAddr, SocketAddr};

use actix_web::{dev::ServiceRequest, http::header};
use ipnet::IpNet;

/// `X-Request-Id`.
pub const REQUEST_ID: &str = "x-request-id";
/// `X-Forwarded-For`.
pub const FORWARDED_FOR: &str = "x-forwarded-for";

/// Bytes of a user agent that are kept.
const USER_AGENT_BYTES: usize = 512;
/// Characters of a request id that a proxy may hand on.
const REQUEST_ID_CHARS: usize = 128;

/// The address of the client. `X-Forwarded-For` is read from the right, as far as the proxies that
/// wrote it are trusted; the first address that is not is the client's.
pub fn address(req: &ServiceRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = req.peer_addr()?.ip().to_canonical();
    if !is_trusted(peer, trusted) {
        return Some(peer);
    }
    let hops: Vec<&str> = req
        .headers()
        .get_all(FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        // Left of something unreadable nothing can be believed.
        let Some(address) = parse_hop(hop.trim()) else { break };
        nearest = address;
        if !is_trusted(address, trusted) {
            break;
        }
    }
    Some(nearest)
}

/// The request id a trusted proxy handed on, if it is sane: letters, digits, `-`, `_`, `.`.
pub fn handed_on_request_id(req: &ServiceRequest, trusted: &[IpNet]) -> Option<String> {
    let peer = req.peer_addr()?.ip().to_canonical();
    let id = req.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_sane = (1..=REQUEST_ID_CHARS).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (is_trusted(peer, trusted) && is_sane).then(|| id.to_owned())
}

/// `User-Agent`, at most 512 bytes.
pub fn user_agent(req: &ServiceRequest) -> Option<String> {
    let value = req.headers().get(header::USER_AGENT)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    let end = (0..=USER_AGENT_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    Some(text[..end.unwrap_or(0)].to_owned())
}

/// The part of an address that one client can be expected to have to itself: IPv6 by /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (u128::MAX << 64)).into()),
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// Proxies write bare addresses, and some of them the port too.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let parsed = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|at| at.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}
