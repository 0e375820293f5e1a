use std::net::IpAddr;

use super::TOLD;
use crate::{EventType, EventTypes, Target, address::is_public};

#[test]
fn only_the_public_internet_is_public() {
    let private = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for address in private {
        assert!(!is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
    let public = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "168.63.129.17",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450:4001:80f::200e",
    ];
    for address in public {
        assert!(is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
}

#[test]
fn a_url_that_may_be_called_is_taken() {
    for (url, port) in [
        ("https://example.org/hooks?token=1", 443),
        ("https://example.org:8443/", 8443),
        ("https://1.1.1.1/", 443),
        ("https://[2606:4700::1111]/", 443),
    ] {
        let target = Target::parse(url, false).unwrap();
        assert_eq!((target.as_str(), target.port()), (url, port));
    }
    let within = Target::parse("http://127.0.0.1:81/x", true).unwrap();
    assert_eq!((within.port(), within.is_https()), (81, false));
}

#[test]
fn any_other_url_is_refused() {
    let long = format!("https://example.org/{}", "x".repeat(1_000));
    for url in [
        "",
        "example.org",
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https://user@example.org/",
        "https://:pw@example.org/",
        "https://example.org/#part",
        "https://example.org:22/",
        "https://example.org:80/",
        "https://127.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://10.1.2.3:8443/",
        "https://example.org/\r\nX: y",
        &long,
    ] {
        assert!(Target::parse(url, false).is_err(), "{url}");
    }
    for url in ["ftp://10.0.0.1/", "http://user@10.0.0.1/", "http://10.0.0.1/#x"] {
        assert!(Target::parse(url, true).is_err(), "{url}");
    }
    let target = Target::parse("https://example.org/a-token", false).unwrap();
    assert!(!format!("{target:?}").contains("token"));
}

#[test]
fn types_of_events_are_known_ones_each_once() {
    let types = EventTypes::parse(&["donor.updated", "donation.*"], TOLD).unwrap();
    assert_eq!(types.to_string(), "donation.* donor.updated");
    assert_eq!(EventTypes::from_stored(&types.to_string()), Some(types.clone()));
    // A kind of record that there was is no reason not to read what is stored.
    assert!(EventTypes::from_stored("pledge.created donor.*").is_some());
    assert_eq!(EventTypes::from_stored("donor"), None);
    let step = EventTypes::parse(&["donation.lent"], TOLD).unwrap();
    assert!(step.has("donation", "lent"), "a step of a kind is as good as any other");
    assert!(types.has("donation", "refunded") && types.has("donor", "updated"));
    assert!(!types.has("donor", "created") && !types.has("campaign", "updated"));
    for wrong in [
        "",
        "donation",
        "donation.",
        "donation.eaten",
        "webhook.updated",
        "job.created",
        "*",
        "*.created",
        "donation.created.x",
        "Donation.created",
    ] {
        assert_eq!(EventType::parse(wrong, TOLD).unwrap_err().code, "event_type", "{wrong}");
    }
    let code = |types: &[&str]| EventTypes::parse(types, TOLD).unwrap_err().code;
    assert_eq!(code(&[]), "length");
    assert_eq!(code(&["donor.created"; 101]), "length");
    assert_eq!(code(&["donor.created", "donor.created"]), "choice");
}
