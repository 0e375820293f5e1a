//! Users, as the document shows them.

use serde_json::{Value, json};

/// A user, as the document shows one.
pub(crate) fn user_example() -> Value {
    json!({
        "id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
        "name": "Elif Kaya",
        "email": "elif.kaya@umutdernegi.org",
        "phone": "+905321234567",
        "locale": "tr",
        "time_zone": "Europe/Istanbul",
        "role": "accountant",
        "roles": ["accountant"],
        "active": true,
        "invitation_pending": false,
        "last_login_at": "2026-03-14T09:26:53.589Z",
        "version": 3,
        "created_at": "2026-01-05T08:00:00.000Z",
        "updated_at": "2026-02-11T13:45:10.120Z",
    })
}

/// A user whom strangers try to get in as.
pub(crate) fn seen_user_example() -> Value {
    let mut user = user_example();
    user["locks"] = json!([{ "kind": "strangers", "until": "2026-03-14T09:41:53.589Z" }]);
    user
}

pub(crate) fn inactive_user_example() -> Value {
    let mut user = user_example();
    user["active"] = false.into();
    user["version"] = 4.into();
    user
}

pub(crate) fn invited_user_example() -> Value {
    let mut user = created_user_example();
    user["invitation_pending"] = true.into();
    user["version"] = 2.into();
    user["updated_at"] = "2026-03-18T09:14:40.731Z".into();
    user
}

pub(crate) fn new_user_example() -> Value {
    json!({
        "name": "Mehmet Demir",
        "email": "mehmet.demir@umutdernegi.org",
        "password": "kestane rengi yelkenli 84",
        "role": "data_entry",
        "phone": "0532 765 43 21",
        "locale": "tr",
        "time_zone": "Europe/Istanbul",
    })
}

pub(crate) fn created_user_example() -> Value {
    json!({
        "id": "019cec2a-4f80-7a52-8c39-0d6e1f2b7c55",
        "name": "Mehmet Demir",
        "email": "mehmet.demir@umutdernegi.org",
        "phone": "+905327654321",
        "locale": "tr",
        "time_zone": "Europe/Istanbul",
        "role": "data_entry",
        "roles": ["data_entry"],
        "active": true,
        "invitation_pending": false,
        "version": 1,
        "created_at": "2026-03-14T10:02:17.006Z",
        "updated_at": "2026-03-14T10:02:17.006Z",
    })
}
