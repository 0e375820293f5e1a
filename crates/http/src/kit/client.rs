//! Where a request came from: the address, the request id, the trace and the user agent, believing a
//! proxy's headers only when the proxy is trusted.

use std::net::{IpAddr, SocketAddr};

use actix_web::{
    dev::ServiceRequest,
    http::header::{self, HeaderMap},
};
use ipnet::IpNet;

/// `X-Request-Id`.
pub const REQUEST_ID: &str = "x-request-id";
/// `traceparent` of W3C Trace Context.
pub const TRACE_PARENT: &str = "traceparent";
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

/// True when some proxy says that it handed the request on.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded") || FORWARDING.contains(&name)
    })
}

/// What proxies and networks of proxies write, beside `X-Forwarded-…`.
const FORWARDING: [&str; 12] = [
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-original-forwarded-for",
    "x-proxyuser-ip",
    "x-real-ip",
];

/// The request id a trusted proxy handed on, if it is sane: letters, digits, `-`, `_`, `.`.
pub fn handed_on_request_id(req: &ServiceRequest, trusted: &[IpNet]) -> Option<String> {
    let peer = req.peer_addr()?.ip().to_canonical();
    let id = req.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_sane = (1..=REQUEST_ID_CHARS).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (is_trusted(peer, trusted) && is_sane).then(|| id.to_owned())
}

/// The span of another system that a request is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace; not zero.
    pub trace_id: u128,
    /// The span within; not zero.
    pub span_id: u64,
    /// Whether that system keeps the trace.
    pub is_sampled: bool,
}

impl TraceParent {
    /// Parses `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. Of a later version the
    /// first four parts are read, as W3C Trace Context asks.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |text: &str, digits: usize| {
            // Not a sign, which numbers may have, and no capital.
            let is_hex =
                text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            (text.len() == digits && is_hex).then(|| u128::from_str_radix(text, 16).ok())?
        };
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = hex(parts.next()?, 2)?;
        let is_sane = match version {
            0 => parts.next().is_none(),
            0xff => false,
            _ => true,
        };
        (is_sane && trace_id != 0 && span_id != 0).then_some(Self {
            trace_id,
            span_id,
            is_sampled: flags & 1 == 1,
        })
    }
}

/// The trace a trusted proxy handed on. A stranger's would let anybody write into the traces of
/// others, and have each of its requests kept.
pub fn handed_on_trace(req: &ServiceRequest, trusted: &[IpNet]) -> Option<TraceParent> {
    let peer = req.peer_addr()?.ip().to_canonical();
    let mut values = req.headers().get_all(TRACE_PARENT);
    let (value, None) = (values.next()?, values.next()) else { return None };
    is_trusted(peer, trusted).then(|| TraceParent::parse(value.to_str().ok()?))?
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
