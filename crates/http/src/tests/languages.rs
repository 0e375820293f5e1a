//! Problems in the language of `Accept-Language`.

use std::num::NonZeroU32;

use actix_web::{
    http::{
        Method, StatusCode,
        header::{ACCEPT_LANGUAGE, HeaderValue},
    },
    test::TestRequest,
};
use serde_json::{Value, json};

use super::house::{Heard, by, hear, server, settings, stranger, world};
use crate::kit::{language::Language, problem::registry};

const ONE: &str = "/api/v1/widgets/00000000-0000-0000-0000-000000000005";

async fn in_language(language: &str, request: TestRequest) -> Heard {
    let request = request.insert_header((ACCEPT_LANGUAGE, language));
    hear(&server(settings(), &world()), request).await
}

fn post(body: Value) -> TestRequest {
    by("admin", Method::POST, "/api/v1/widgets").set_json(body)
}

#[test]
fn the_best_language_that_is_there_is_chosen() {
    for (accepted, expected) in [
        ("tr", "tr"),
        ("TR", "tr"),
        ("tr-TR,tr;q=0.9,en;q=0.8", "tr"),
        ("tr-Latn-CY", "tr"),
        ("en-GB,tr;q=0.9", "en"),
        ("en;q=0.3, tr;q=0.7", "tr"),
        ("de, tr;q=0.1", "tr"),
        ("tr;q=0, en", "en"),
        ("tr;q=0", "en"),
        ("*", "en"),
        ("*, tr;q=0.5", "tr"),
        ("de", "en"),
        ("de-AT, fr;q=0.5, *;q=0.1", "en"),
        ("", "en"),
        (" , ,", "en"),
        ("tr;q=2", "en"),
        ("tr;q=high", "en"),
        ("tr;;q", "en"),
        ("türkçe", "en"),
        ("nonsense-nonsense-nonsense, tr;q=0.2", "tr"),
        ("\u{1F1F9}\u{1F1F7}", "en"),
    ] {
        let value = HeaderValue::from_bytes(accepted.as_bytes()).unwrap();
        assert_eq!(Language::asked_for(&[value]).tag(), expected, "{accepted:?}");
    }
    let two = ["de", "tr;q=0.2"].map(HeaderValue::from_static);
    assert_eq!(Language::asked_for(&two).tag(), "tr", "the header may stand more than once");
    assert_eq!(Language::asked_for(&[]).tag(), "en");
}

#[test]
fn a_header_of_thousands_of_languages_is_not_read_to_its_end() {
    let many = format!("{}tr", "xx,".repeat(5000));
    let value = HeaderValue::from_str(&many).unwrap();
    assert_eq!(Language::asked_for(&[value]).tag(), "en");
}

#[actix_web::test]
async fn wrong_fields_are_told_in_turkish_with_the_same_codes_and_pointers() {
    let body = json!({
        "name": "far too long a name", "colour": "green", "size": "big", "secret-1": 1,
    });
    let english = in_language("en", post(body.clone())).await;
    let turkish = in_language("tr-TR,tr;q=0.9,en;q=0.8", post(body)).await;
    assert_eq!((turkish.problem(), turkish.status), (english.problem(), english.status));
    assert_eq!(turkish.errors(), english.errors());
    assert_eq!(turkish.header("content-language"), Some("tr"));
    assert_eq!(english.header("content-language"), Some("en"));
    let heard = turkish.json();
    assert_eq!(heard["title"], "İstek geçerli değil");
    assert_eq!(heard["detail"], "4 alan geçerli değil");
    let mut told: Vec<_> = heard["errors"].as_array().unwrap().iter().collect();
    told.sort_by_key(|error| error["pointer"].as_str());
    let told: Vec<_> = told.iter().map(|error| error["detail"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        [
            "\"red\" veya \"blue\" olmalı",
            "en fazla 10 karakter olabilir",
            "bilinmeyen alan",
            "tam sayı olmalı",
        ]
    );
    for value in ["far too long", "green", "big"] {
        assert!(!heard.to_string().contains(value), "{heard}");
    }
}

#[actix_web::test]
async fn refusals_are_told_in_turkish_wherever_they_are_made() {
    let widgets = "/api/v1/widgets";
    let json = ("Content-Type", "application/json");
    for (request, status, title, detail) in [
        (stranger(Method::GET, "/nothing"), 404, "Kayıt veya adres bulunamadı", None),
        (stranger(Method::GET, widgets), 401, "Oturum açılmamış", None),
        (stranger(Method::PUT, widgets), 405, "Bu adreste bu yöntem kullanılamaz", None),
        (
            by("viewer", Method::DELETE, ONE).insert_header(("If-Match", "\"3\"")),
            403,
            "Bu işlem için yetkiniz yok",
            Some("bu işlem için donors:delete yetkisi gerekir"),
        ),
        (
            by("admin", Method::DELETE, ONE),
            428,
            "If-Match başlığı eksik",
            Some("okuduğunuz ETag değerini If-Match olarak gönderin"),
        ),
        (
            by("admin", Method::GET, "/api/v1/widgets?limit=0"),
            400,
            "İstek anlaşılamadı",
            Some("sorgu parametresi: limit"),
        ),
        (
            by("admin", Method::POST, widgets).insert_header(json).set_payload("{\n]"),
            400,
            "İstek anlaşılamadı",
            Some("istek gövdesi geçerli JSON değil: satır 2, sütun 1"),
        ),
        (
            by("admin", Method::POST, widgets).set_payload("{}"),
            415,
            "İstek gövdesinin türü yanlış",
            Some("Content-Type application/json olmalı"),
        ),
        (
            stranger(Method::OPTIONS, widgets)
                .insert_header(("Origin", "https://evil.test"))
                .insert_header(("Access-Control-Request-Method", "POST")),
            400,
            "İstek anlaşılamadı",
            None,
        ),
        (
            by("admin", Method::POST, &format!("{ONE}/break?role=failed")),
            500,
            "Sunucu hatası",
            None,
        ),
        (by("admin", Method::POST, &format!("{ONE}/break?role=panic")), 500, "Sunucu hatası", None),
    ] {
        let heard = in_language("tr", request).await;
        heard.problem();
        assert_eq!((heard.status.as_u16(), heard.header("content-language")), (status, Some("tr")));
        let body = heard.json();
        assert_eq!((body["title"].as_str(), body["detail"].as_str()), (Some(title), detail));
    }
}

#[actix_web::test]
async fn whoever_is_too_fast_is_told_so_in_turkish() {
    let mut settings = settings();
    settings.quotas.is_on = true;
    settings.quotas.stranger = NonZeroU32::MIN;
    settings.quotas.user = NonZeroU32::MIN;
    let server = server(settings, &world());
    for who in [stranger, |method, uri: &str| by("admin", method, uri)] {
        let request = || who(Method::GET, "/api/v1/widgets").insert_header((ACCEPT_LANGUAGE, "tr"));
        hear(&server, request()).await;
        let heard = hear(&server, request()).await;
        assert_eq!(heard.problem(), "rate_limited");
        let body = heard.json();
        assert_eq!(body["title"], "Çok fazla istek gönderildi");
        assert_eq!(body["detail"], "60 saniye bekleyin");
    }
}

#[actix_web::test]
async fn every_problem_is_explained_in_turkish() {
    let server = server(settings(), &world());
    for entry in registry::ENTRIES {
        let ask = || {
            let uri = format!("/problems/{}", entry.code);
            stranger(Method::GET, &uri).insert_header((ACCEPT_LANGUAGE, "tr-TR"))
        };
        let program = hear(&server, ask()).await;
        assert_eq!(program.status, StatusCode::OK);
        assert_eq!(program.header("content-language"), Some("tr"));
        assert!(program.header("vary").unwrap().contains("Accept-Language"));
        let told = program.json();
        assert_eq!(
            (&told["code"], &told["status"]),
            (&json!(entry.code), &json!(entry.status.as_u16()))
        );
        let title = told["title"].as_str().unwrap();
        assert_ne!(title, entry.title(Language::english()));
        assert!(!told["explanation"].as_str().unwrap().contains('\n'));
        let page = hear(&server, ask().insert_header(("Accept", "text/html"))).await;
        let page = String::from_utf8(page.body).unwrap();
        assert!(page.contains("<html lang=\"tr\">") && page.contains(title), "{page}");
    }
    let unknown = hear(&server, stranger(Method::GET, "/problems/none")).await;
    assert_eq!(unknown.header("content-language"), Some("en"));
}
