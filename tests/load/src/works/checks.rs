//! What makes an answer right: cheap looks at all of them, a close look at some.

use almoner_kernel::text::fold;
use serde_json::Value;

use crate::client::Answer;

/// Every so many answers are looked at closely.
pub const CLOSELY: u32 = 64;

/// The status is the one that was expected.
pub fn status(answer: &Answer<'_>, expected: u16) -> Result<(), String> {
    match answer.status == expected {
        true => Ok(()),
        false => Err(format!("{} instead of {expected}: {}", answer.status, answer.excerpt())),
    }
}

/// The bytes stand in the answer.
pub fn holds(answer: &Answer<'_>, bytes: &[u8]) -> Result<(), String> {
    match answer.body.windows(bytes.len()).any(|window| window == bytes) {
        true => Ok(()),
        false => Err(format!("{} is not in it", String::from_utf8_lossy(bytes))),
    }
}

/// The answer looks like a page of donations.
pub fn looks_like_a_page(answer: &Answer<'_>) -> Result<(), String> {
    status(answer, 200)?;
    match answer.body.starts_with(br#"{"items":["#) && answer.body.ends_with(b"}") {
        true => Ok(()),
        false => Err(format!("no page: {}", answer.excerpt())),
    }
}

/// The items of a page, whose ids go down.
pub fn page(body: &[u8]) -> Result<(Value, usize), String> {
    let page: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let items = page["items"].as_array().ok_or("no items")?;
    let mut before: Option<&str> = None;
    for item in items {
        let id = item["id"].as_str().ok_or("an item without an id")?;
        if before.is_some_and(|before| before <= id) {
            return Err(format!("{id} stands in the wrong place"));
        }
        if item["amount"]["amount"].as_str().is_none() || item["version"].as_i64().is_none() {
            return Err(format!("{id} is not whole"));
        }
        before = Some(id);
    }
    let length = items.len();
    Ok((page, length))
}

/// Every item has that text in that field.
pub fn every(page: &Value, field: &str, expected: &str) -> Result<(), String> {
    let mut items = page["items"].as_array().into_iter().flatten();
    match items.find(|item| item[field].as_str() != Some(expected)) {
        None => Ok(()),
        Some(item) => Err(format!("{} is not of {field} {expected}", item["id"])),
    }
}

/// Every item has every word of the search, the last one as a beginning.
pub fn found(page: &Value, search: &str) -> Result<(), String> {
    let search = fold(search);
    let mut words: Vec<&str> = search.split(' ').collect();
    let last = words.pop().unwrap_or_default();
    for item in page["items"].as_array().into_iter().flatten() {
        let fields = ["donor_name", "purpose", "reference", "notes"];
        let text: Vec<&str> = fields.iter().filter_map(|field| item[*field].as_str()).collect();
        let text = fold(&text.join(" "));
        let has = |is_it: &dyn Fn(&str) -> bool| text.split(' ').any(is_it);
        let has_all = words.iter().all(|word| has(&|there| there == *word));
        if !has_all || !has(&|there| there.starts_with(last)) {
            return Err(format!("{} has not the words of {search}", item["id"]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(id: &str) -> Value {
        json!({ "id": id, "amount": { "amount": "1.00" }, "version": 1, "state": "pending",
                "donor_name": "Ayşe IŞIK" })
    }

    #[test]
    fn a_page_out_of_order_or_not_whole_is_wrong() {
        let text = |items: Vec<Value>| json!({ "items": items }).to_string();
        assert_eq!(page(text(vec![one("b"), one("a")]).as_bytes()).unwrap().1, 2);
        assert!(page(text(vec![one("a"), one("b")]).as_bytes()).is_err());
        assert!(page(text(vec![one("a"), one("a")]).as_bytes()).is_err());
        assert!(page(text(vec![json!({ "id": "a" })]).as_bytes()).is_err());
        assert!(page(b"{}").is_err());
    }

    #[test]
    fn an_item_outside_of_the_filter_is_wrong() {
        let page = json!({ "items": [one("b"), one("a")] });
        assert!(every(&page, "state", "pending").is_ok());
        assert!(every(&page, "state", "completed").is_err());
    }

    #[test]
    fn words_are_compared_as_the_search_folds_them() {
        let page = json!({ "items": [one("a")] });
        assert!(found(&page, "ayse ış").is_ok());
        assert!(found(&page, "ay ışık").is_err());
        assert!(found(&page, "ışıklı").is_err());
    }
}
