//! Every problem code there is, with its status, title and explanation. A code that a domain's
//! `Fault::code` can say must stand here: `GET /problems/{code}` serves these entries.

use actix_web::http::StatusCode;

/// One kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable, lower snake_case: what a client branches on.
    pub code: &'static str,
    /// The status it comes with.
    pub status: StatusCode,
    /// Short, the same for every occurrence.
    pub title: &'static str,
    /// What happened and what to do about it, for a developer.
    pub explanation: &'static str,
}

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.code == code)
}

const fn entry(
    code: &'static str,
    status: StatusCode,
    title: &'static str,
    explanation: &'static str,
) -> Entry {
    Entry { code, status, title, explanation }
}

const fn conflict(code: &'static str, title: &'static str, explanation: &'static str) -> Entry {
    entry(code, StatusCode::CONFLICT, title, explanation)
}

/// Every kind of problem, by status.
pub const ENTRIES: &[Entry] = &[
    BAD_REQUEST,
    UNAUTHENTICATED,
    entry(
        "invalid_credentials",
        StatusCode::UNAUTHORIZED,
        "The e-mail address or the password is wrong",
        "The answer is the same for an unknown address, a wrong password and an inactive user.",
    ),
    FORBIDDEN,
    CSRF,
    entry(
        "edit_window_closed",
        StatusCode::FORBIDDEN,
        "The time to correct this record is over",
        "Some roles may only correct what they have just entered. Ask somebody whose role has no \
         such limit.",
    ),
    entry(
        "role_not_granted",
        StatusCode::FORBIDDEN,
        "The role allows more than yours",
        "A role can only be granted, made or changed by somebody who may do all it allows.",
    ),
    entry(
        "user_not_manageable",
        StatusCode::FORBIDDEN,
        "The user may do more than you",
        "Users whose role allows more than yours can only be changed by their equals.",
    ),
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    CONFLICT,
    conflict("email_taken", "The e-mail address is taken", "Another user has it; case is ignored."),
    conflict("role_name_taken", "The name of the role is taken", "Choose another name."),
    conflict("role_in_use", "Users have the role", "Give them another role before deleting it."),
    conflict("role_built_in", "The role is built in", "Make a custom role instead of changing it."),
    conflict("own_role", "It is your own role", "Nobody changes what they themselves may do."),
    conflict("own_account", "It is your own account", "Nobody deactivates themselves."),
    conflict(
        "last_superadmin",
        "The last superadmin must stay",
        "Make another active superadmin first.",
    ),
    conflict("not_active", "The user is not active", "The user was deactivated before."),
    conflict("already_active", "The user is active", "Only a deactivated user can be restored."),
    conflict(
        "transition",
        "The state does not allow the step",
        "A donation goes from pending to completed or cancelled, and from completed to refunded. \
         `detail` names the state it is in.",
    ),
    conflict(
        "settled",
        "The donation is settled",
        "Once a donation left the state pending, some fields are fixed; `detail` names them.",
    ),
    conflict(
        "completed_stays",
        "A completed donation cannot be deleted",
        "Refund it first: money that arrived does not vanish from the books.",
    ),
    conflict("not_in_trash", "The record is not in the trash", "Delete it before purging it."),
    conflict(
        "has_donations",
        "The record still has donations",
        "A donor or campaign with donations cannot be purged.",
    ),
    conflict("taken", "A value is taken", "Another record has a value that must be unique."),
    conflict(
        "no_identity",
        "There is no identity number",
        "The record has no identity number that could be shown.",
    ),
    STALE,
    PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION,
    IDEMPOTENCY_KEY_REUSED,
    LOCKED,
    PRECONDITION_REQUIRED,
    RATE_LIMITED,
    INTERNAL,
    UNAVAILABLE,
];

/// 400.
pub const BAD_REQUEST: Entry = entry(
    "bad_request",
    StatusCode::BAD_REQUEST,
    "The request cannot be understood",
    "The request is malformed: broken JSON, a key that stands twice, an unknown or repeated query \
     parameter, a cursor of another list, a header that cannot be read. `detail` and `errors` name \
     the part. Correct it; repeating the request cannot help.",
);
/// 401.
pub const UNAUTHENTICATED: Entry = entry(
    "unauthenticated",
    StatusCode::UNAUTHORIZED,
    "Nobody is logged in",
    "The request has no session, or its session has expired or was ended. Log in again with POST \
     /api/v1/auth/login.",
);
/// 403: permission.
pub const FORBIDDEN: Entry = entry(
    "forbidden",
    StatusCode::FORBIDDEN,
    "You may not do this",
    "The role of the logged-in user lacks a permission; `detail` names it.",
);
/// 403: forged.
pub const CSRF: Entry = entry(
    "csrf",
    StatusCode::FORBIDDEN,
    "The request may be forged",
    "A request that changes something needs the header X-CSRF-Token with the value of the \
     almoner_csrf cookie (or of csrf_token in GET /api/v1/auth/session), and must come from a page \
     of this server or of an allowed origin.",
);
/// 404.
pub const NOT_FOUND: Entry = entry(
    "not_found",
    StatusCode::NOT_FOUND,
    "There is no such thing",
    "The address is unknown, or the record does not exist or is out of your reach. Which of these \
     it is, is not told.",
);
/// 405.
pub const METHOD_NOT_ALLOWED: Entry = entry(
    "method_not_allowed",
    StatusCode::METHOD_NOT_ALLOWED,
    "The method is not offered here",
    "The address exists, with other methods: the header Allow lists them.",
);
/// 406.
pub const NOT_ACCEPTABLE: Entry = entry(
    "not_acceptable",
    StatusCode::NOT_ACCEPTABLE,
    "No acceptable representation",
    "The API answers with application/json, which the header Accept of the request rules out.",
);
/// 409.
pub const CONFLICT: Entry = entry(
    "conflict",
    StatusCode::CONFLICT,
    "The state of the record forbids it",
    "A value that must be unique is taken, the record's state does not allow the step, or a \
     request with the same Idempotency-Key is still running. `detail` says which.",
);
/// 412.
pub const STALE: Entry = entry(
    "stale",
    StatusCode::PRECONDITION_FAILED,
    "The record has changed meanwhile",
    "The version in If-Match is not the record's version any more. `current_version` is the one it \
     has now, `fields` lists what changed since yours. Read the record again, decide, and repeat \
     with its new ETag.",
);
/// 413.
pub const PAYLOAD_TOO_LARGE: Entry = entry(
    "payload_too_large",
    StatusCode::PAYLOAD_TOO_LARGE,
    "The body is too large",
    "A request body may have at most 1 MiB.",
);
/// 415.
pub const UNSUPPORTED_MEDIA_TYPE: Entry = entry(
    "unsupported_media_type",
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "The body has the wrong type",
    "Bodies are application/json, for PATCH also application/merge-patch+json, in UTF-8 and \
     without Content-Encoding.",
);
/// 422: fields.
pub const VALIDATION: Entry = entry(
    "validation",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The request is not valid",
    "The request is well-formed, but fields are wrong or unknown. `errors` lists all of them, each \
     with a JSON Pointer into the body, a stable code and a text.",
);
/// 422: key.
pub const IDEMPOTENCY_KEY_REUSED: Entry = entry(
    "idempotency_key_reused",
    StatusCode::UNPROCESSABLE_ENTITY,
    "The Idempotency-Key belongs to another request",
    "The key was used within the last 24 hours for a request with another method, address or body. \
     Make a fresh key for each request, and repeat it only when you repeat that request.",
);
/// 423.
pub const LOCKED: Entry = entry(
    "locked",
    StatusCode::LOCKED,
    "The account is locked",
    "Too many failed logins. Retry-After says when it opens again.",
);
/// 428.
pub const PRECONDITION_REQUIRED: Entry = entry(
    "precondition_required",
    StatusCode::PRECONDITION_REQUIRED,
    "If-Match is missing",
    "A change of a record names the version it was made from, so that nobody's work is overwritten \
     unseen: send the ETag you read as If-Match.",
);
/// 429.
pub const RATE_LIMITED: Entry = entry(
    "rate_limited",
    StatusCode::TOO_MANY_REQUESTS,
    "Too many requests",
    "Wait as many seconds as Retry-After says. RateLimit-Limit is the size of the quota, \
     RateLimit-Remaining what is left of it, RateLimit-Reset the seconds until it is whole again.",
);
/// 500.
pub const INTERNAL: Entry = entry(
    "internal",
    StatusCode::INTERNAL_SERVER_ERROR,
    "The server failed",
    "A fault of the server. The operator finds the cause in the log under `request_id`.",
);
/// 503.
pub const UNAVAILABLE: Entry = entry(
    "unavailable",
    StatusCode::SERVICE_UNAVAILABLE,
    "The server cannot work just now",
    "A part the server needs, such as the database, is away. Nothing was changed; try again after \
     Retry-After seconds.",
);
