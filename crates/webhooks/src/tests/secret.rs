use crate::Secret;
use base64::{Engine, engine::general_purpose::STANDARD};

/// The examples of the libraries of Standard Webhooks.
#[test]
fn signatures_are_those_of_standard_webhooks() {
    let examples = [
        (
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            (
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
            ),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
    ];
    for (secret, (id, timestamp, body), signature) in examples {
        let secret = Secret::from_stored(STANDARD.decode(secret).unwrap());
        assert_eq!(secret.sign(id, timestamp, body), signature);
    }
}

#[test]
fn a_secret_is_shown_in_its_form_and_never_printed() {
    let secret = Secret::from_random([7; 32]);
    let text = secret.text();
    assert_eq!(text.len(), 50);
    assert_eq!(STANDARD.decode(text.strip_prefix("whsec_").unwrap()).unwrap(), [7; 32]);
    assert_eq!(format!("{secret:?}"), "Secret(…)");
}
