//! How the tests ask and what they make of answers: problems, whole lists, one's own requests.

use almoner_http::openapi::api_document;
use reqwest::{Method, RequestBuilder, header::SET_COOKIE};
use serde_json::{Value, json};

use super::house::House;
use crate::support::{Answer, Browser, http};

impl House<'_> {
    /// A request of nobody to any address of the server.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        http::client().build().unwrap().request(method, format!("{}{path}", self.url))
    }

    /// Somebody who logs in with a request that a test completes.
    pub async fn enter(
        &self,
        body: &Value,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> (Browser, Answer) {
        let mut browser = self.stranger();
        let request = complete(browser.request(Method::POST, "/auth/login"));
        let answer = Answer::to(request.json(body)).await.expect(200);
        browser.csrf = Some(answer.text("/csrf_token"));
        let cookies = answer.headers.get_all(SET_COOKIE).iter();
        browser.cookies = cookies.map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
        (browser, answer)
    }

    /// Security events, the newest first, as the superadmin reads them.
    pub async fn events(&self, reader: &Browser, query: &str) -> Vec<Value> {
        let path = format!("/audit/security-events?limit=200{query}");
        reader.get(&path).await.expect(200).list("/items").to_vec()
    }
}

/// Makes sure that an answer is a problem of this kind, and whole.
#[track_caller]
pub fn refused(answer: Answer, status: u16, code: &str) -> Answer {
    let told = &answer.body;
    assert_eq!((answer.status, told["code"].as_str()), (status, Some(code)), "{told}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(told["status"], status);
    assert_eq!(told["type"], format!("/problems/{code}"));
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(told["request_id"], answer.header("x-request-id"));
    answer
}

/// The errors of a problem as `(pointer or parameter, code)`.
pub fn errors(answer: &Answer) -> Vec<(&str, &str)> {
    let mut errors = Vec::new();
    for error in answer.list("/errors") {
        let at = error.get("pointer").or_else(|| error.get("parameter"));
        errors.push((at.and_then(Value::as_str).unwrap(), error["code"].as_str().unwrap()));
    }
    errors
}

/// Every record of a list, read page by page as a client does: the cursor of the body and the link
/// of the header are the same, only the last page is not full, and nothing comes twice.
pub async fn walk(browser: &Browser, path: &str, limit: usize) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let mut address = format!("{path}{separator}limit={limit}");
    let mut all: Vec<Value> = Vec::new();
    loop {
        let page = browser.get(&address).await.expect(200);
        let items = page.list("/items");
        all.extend(items.iter().cloned());
        let Some(cursor) = page.body["next_cursor"].as_str() else {
            assert!(items.len() <= limit, "{address}");
            assert_eq!(page.header("link"), "", "{address}");
            break;
        };
        assert_eq!(items.len(), limit, "{address}");
        let link = page.header("link").to_owned();
        let next =
            link.strip_prefix("</api/v1").and_then(|link| link.strip_suffix(">; rel=\"next\""));
        let next = next.unwrap_or_else(|| panic!("{link}"));
        assert!(next.ends_with(&format!("cursor={cursor}")), "{link} {cursor}");
        address = next.to_owned();
    }
    let mut seen: Vec<&str> = all.iter().map(|item| item["id"].as_str().unwrap()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all.len(), "{path}: something came twice");
    all
}

/// One text of every record.
pub fn every(items: &[Value], field: &str) -> Vec<String> {
    let text = |item: &Value| match item.pointer(field) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    items.iter().map(text).collect()
}

/// A filter of a list, and which records it lets through.
pub type Filter<'a> = (String, Box<dyn Fn(&Value) -> bool + 'a>);

/// A filter of a list.
pub fn filter<'a>(query: impl Into<String>, keeps: impl Fn(&Value) -> bool + 'a) -> Filter<'a> {
    (query.into(), Box::new(keeps))
}

/// Every filter of a list lets through what it says, in the order of the list, counted right; every
/// parameter of the operation is among them, and none of them lets everything or nothing through.
pub async fn every_filter_keeps_its_word(
    browser: &Browser,
    path: &str,
    all: &[Value],
    filters: &[Filter<'_>],
) {
    for (query, keeps) in filters {
        let expected: Vec<Value> = all.iter().filter(|item| keeps(item)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{query} is no test");
        let found = walk(browser, &format!("{path}?{query}"), 2).await;
        assert_eq!(every(&found, "/id"), every(&expected, "/id"), "{query}");
        let counted = browser.get(&format!("{path}?{query}&count=exact&limit=1")).await.expect(200);
        assert_eq!(counted.body["total"], json!(expected.len()), "{query}");
        assert_eq!(counted.body["total_is_capped"], json!(false), "{query}");
    }
    let document = api_document(&almoner_kinds::REGISTRY);
    let operation = &document["paths"][format!("/api/v1{path}")]["get"];
    let ours = ["limit", "cursor", "count", "sort", "deleted", "fields"];
    for parameter in operation["parameters"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        let is_tried = |(query, _): &Filter<'_>| {
            query.split('&').any(|pair| pair.starts_with(&format!("{name}=")))
        };
        let is_filter = parameter["in"] == "query" && !ours.contains(&name);
        assert!(!is_filter || filters.iter().any(is_tried), "{path}: nobody tries {name}");
    }
}

/// A field a list can be sorted by, and its value in a record.
pub type Order<K> = (&'static str, fn(&Value) -> K);

/// Every order of a list is the order of a field, upwards and downwards, with the id where the field
/// is the same; every order that is documented is among them.
pub async fn every_sort_is_an_order<K: Ord>(browser: &Browser, path: &str, sorts: &[Order<K>]) {
    for (name, key) in sorts {
        let up = walk(browser, &format!("{path}?sort={name}"), 2).await;
        assert!(up.len() > 3, "{name} is no test");
        let place = |item: &Value| (key(item), item["id"].as_str().unwrap().to_owned());
        assert!(up.is_sorted_by_key(place), "{path}?sort={name}");
        let mut down = walk(browser, &format!("{path}?sort=-{name}"), 2).await;
        down.reverse();
        assert_eq!(every(&down, "/id"), every(&up, "/id"), "{path}?sort=-{name}");
    }
    let document = api_document(&almoner_kinds::REGISTRY);
    let parameters = document["paths"][format!("/api/v1{path}")]["get"]["parameters"].clone();
    let sort = parameters.as_array().unwrap().iter().find(|parameter| parameter["name"] == "sort");
    let names: Vec<String> =
        sorts.iter().flat_map(|(name, _)| [(*name).to_owned(), format!("-{name}")]).collect();
    let schema = sort.unwrap()["schema"]["$ref"].as_str().expect("the words have a name");
    let words = &document.pointer(schema.trim_start_matches('#')).unwrap()["enum"];
    assert_eq!(*words, serde_json::json!(names));
}
