//! Every endpoint refuses strangers until it says otherwise.

use super::operations::operations;
use crate::{
    http::house::in_house,
    support::{Answer, Backend},
};

/// What a stranger may call.
const OPEN: [&str; 4] =
    ["login", "requestPasswordReset", "confirmPasswordReset", "acceptInvitation"];

#[test]
fn a_stranger_gets_401_everywhere_whatever_the_request_says() {
    in_house(Backend::Sqlite, async |house| {
        let stranger = house.stranger();
        for operation in operations() {
            if OPEN.contains(&operation.id.as_str()) {
                continue;
            }
            let path = operation.path.replace("{id}", "1").replace("{name}", "x");
            let request = stranger.request(operation.method.clone(), &path);
            // Neither a broken body nor a foreign session lets anything else be seen.
            let request = request
                .header("Content-Type", "application/json")
                .header("Cookie", "almoner_session=forged; almoner_csrf=forged")
                .body("{");
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, 401, "{}", operation.name());
            assert_eq!(answer.text("/code"), "unauthenticated", "{}", operation.name());
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    });
}
