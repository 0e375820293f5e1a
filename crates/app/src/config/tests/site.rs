//! With which requests browsers send the cookies, and what is said of origins that they are not sent for.

use almoner_http::settings::SameSite;

use super::Given;

fn warned(public_url: &str, origin: &str) -> bool {
    let given = Given::default()
        .variable("ALMONER_PUBLIC_URL", public_url)
        .variable("ALMONER_CORS_ORIGINS", origin);
    let warnings = given.config().warnings();
    let found = warnings.iter().any(|warning| warning.contains("another site"));
    assert!(!found || warnings.iter().any(|warning| warning.contains(origin)), "{warnings:?}");
    found
}

#[test]
fn an_origin_that_no_cookie_is_sent_for_is_told_at_start() {
    for (public_url, origin) in [
        ("http://127.0.0.1:8080", "http://localhost:5173"),
        ("http://localhost:8080", "http://app.localhost:5173"),
        ("http://localhost:8080", "https://localhost:5173"),
        ("https://almoner.example.org", "https://frontend.example.com"),
        ("https://almoner.umut.org.tr", "https://app.dost.org.tr"),
        ("https://almoner.umut.co.uk", "https://app.dost.co.uk"),
        ("https://10.0.0.1", "https://10.0.0.2"),
        ("http://[::1]:8080", "http://127.0.0.1:8080"),
    ] {
        assert!(warned(public_url, origin), "{public_url} {origin}");
    }
    for (public_url, origin) in [
        ("http://localhost:8080", "http://localhost:5173"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:5173"),
        ("http://[::1]:8080", "http://[::1]:5173"),
        ("https://example.org", "https://app.example.org"),
        ("https://api.example.org", "https://app.test.example.org:8443"),
        ("https://almoner.umut.org.tr", "https://app.umut.org.tr"),
        ("https://almoner.abc.de", "https://app.abc.de"),
    ] {
        assert!(!warned(public_url, origin), "{public_url} {origin}");
    }
}

#[test]
fn cookies_keep_to_the_site_unless_somebody_says_otherwise() {
    assert_eq!(Given::default().config().same_site, SameSite::Strict);
    let with = |value: &str, public_url: &str| {
        Given::default()
            .variable("ALMONER_SESSION_SAME_SITE", value)
            .variable("ALMONER_PUBLIC_URL", public_url)
    };
    let lax = with("lax", "http://localhost:8080").config();
    assert_eq!(lax.same_site, SameSite::Lax);

    let none = with("none", "https://almoner.example.org")
        .variable("ALMONER_CORS_ORIGINS", "https://app.example.com")
        .config();
    assert_eq!(none.same_site, SameSite::None);
    let warnings = none.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("every page"), "{warnings:?}");

    for (value, public_url) in
        [("none", "http://localhost:8080"), ("sometimes", "https://almoner.example.org")]
    {
        let problems = with(value, public_url).problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("session.same_site"), "{problems:?}");
    }
}
