//! Where traces and errors go.

use super::*;

#[test]
fn nothing_leaves_for_elsewhere_unless_it_is_told_where_to() {
    let config = Given::default().config();
    assert!(config.traces.is_none() && config.errors.is_none());

    let config = Given::default()
        .variable("ALMONER_OTLP_ENDPOINT", "https://collector.example.org:4318/")
        .variable("ALMONER_OTLP_SAMPLE_RATIO", "0.25")
        .variable("ALMONER_INSTANCE_ID", "left")
        .variable("ALMONER_SENTRY_DSN", "https://abcdef@sentry.example.org/42")
        .config();
    let traces = config.traces.clone().unwrap();
    assert_eq!(traces.endpoint, "https://collector.example.org:4318/v1/traces");
    assert_eq!((traces.sample_ratio, traces.service.as_str()), (0.25, "almoner"));
    assert_eq!(traces.instance.as_deref(), Some("left"));
    let errors = config.errors.clone().unwrap();
    assert_eq!((errors.environment.as_str(), errors.sample_rate), ("production", 1.0));
    assert_eq!(errors.dsn.expose_secret(), "https://abcdef@sentry.example.org/42");
    assert!(!format!("{config:?}").contains("abcdef"));

    let whole = "[telemetry]\notlp_endpoint = \"http://[::1]:4318/v1/traces\"\nsample_ratio = 0.5";
    let traces = Given::file(whole).config().traces.unwrap();
    assert_eq!(traces.endpoint, "http://[::1]:4318/v1/traces");
    assert_eq!(traces.sample_ratio, 0.5);
}

#[test]
fn where_traces_and_errors_go_is_checked_and_no_key_is_repeated() {
    let problems = Given::default()
        .variable("ALMONER_OTLP_ENDPOINT", "http://me:s3cr3t@collector:4318")
        .variable("ALMONER_OTLP_SAMPLE_RATIO", "NaN")
        .variable("ALMONER_SENTRY_DSN", "https://s3cr3t@/1")
        .variable("ALMONER_SENTRY_SAMPLE_RATE", "1.5")
        .problems();
    assert_eq!(problems.len(), 4, "{problems:?}");
    for (problem, key) in problems.iter().zip([
        "telemetry.otlp_endpoint",
        "telemetry.sample_ratio",
        "telemetry.sentry_dsn",
        "telemetry.sentry_sample_rate",
    ]) {
        assert!(problem.starts_with(key), "{problem}");
        assert!(!problem.contains("s3cr3t"), "{problem}");
    }
}
