//! The committed contract is the one the code has.

use serde_json::Value;

const COMMITTED: &str = include_str!("../../../openapi/openapi.json");

#[test]
fn the_committed_document_is_the_one_the_code_makes() {
    let committed: Value = serde_json::from_str(COMMITTED).unwrap();
    assert!(
        committed == almoner_http::openapi::api_document(&almoner_kinds::REGISTRY),
        "openapi/openapi.json is not up to date: cargo run -- openapi > openapi/openapi.json"
    );
}

#[test]
fn nothing_is_missing_in_the_document() {
    let gaps =
        almoner_http::openapi::gaps(&almoner_http::openapi::api_document(&almoner_kinds::REGISTRY));
    assert!(gaps.is_empty(), "{gaps:#?}");
}
