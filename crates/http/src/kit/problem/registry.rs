//! Every problem code there is, with its status. A code that a domain's `Fault::code` can say must
//! stand here: `GET /problems/{code}` serves these entries. Their titles and explanations are in
//! `texts/`, one `problem-{code}` in each language.

use actix_web::http::StatusCode;

use crate::kit::language::Language;

/// One kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable, lower snake_case: what a client branches on.
    pub code: &'static str,
    /// The status it comes with.
    pub status: StatusCode,
}

impl Entry {
    /// Short, the same for every occurrence.
    pub(crate) fn title(self, language: Language) -> String {
        language.title(self.code).unwrap_or_else(|| self.code.to_owned())
    }

    /// What happened and what to do about it, for a developer.
    pub(crate) fn explanation(self, language: Language) -> String {
        language.explanation(self.code).unwrap_or_default()
    }
}

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.code == code)
}

const fn entry(code: &'static str, status: StatusCode) -> Entry {
    Entry { code, status }
}

const fn conflict(code: &'static str) -> Entry {
    entry(code, StatusCode::CONFLICT)
}

/// Every kind of problem, by status.
pub const ENTRIES: &[Entry] = &[
    BAD_REQUEST,
    UNAUTHENTICATED,
    entry("invalid_credentials", StatusCode::UNAUTHORIZED),
    FORBIDDEN,
    CSRF,
    entry("edit_window_closed", StatusCode::FORBIDDEN),
    entry("role_not_granted", StatusCode::FORBIDDEN),
    entry("user_not_manageable", StatusCode::FORBIDDEN),
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    REQUEST_TIMEOUT,
    CONFLICT,
    conflict("email_taken"),
    conflict("role_name_taken"),
    conflict("role_in_use"),
    conflict("role_built_in"),
    conflict("own_role"),
    conflict("own_account"),
    conflict("last_superadmin"),
    conflict("mail_off"),
    conflict("mail_not_failed"),
    conflict("not_invited"),
    conflict("not_active"),
    conflict("already_active"),
    conflict("transition"),
    conflict("settled"),
    conflict("completed_stays"),
    conflict("too_many_children"),
    conflict("not_in_trash"),
    conflict("second_person"),
    conflict("too_much_to_sum"),
    conflict("effect_refused"),
    conflict("has_donations"),
    ANSWER_GONE,
    conflict("taken"),
    conflict("no_identity"),
    conflict("job_state"),
    conflict("schedule_state"),
    conflict("webhook_disabled"),
    conflict("delivery_pending"),
    conflict("user_limit"),
    conflict("invitation_limit"),
    conflict("role_limit"),
    conflict("webhook_limit"),
    SUBSCRIPTION_IN_USE,
    SOCKET_LIMIT,
    STALE,
    PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION,
    BATCH_FAILED,
    IDEMPOTENCY_KEY_REUSED,
    LOCKED,
    UPGRADE_REQUIRED,
    PRECONDITION_REQUIRED,
    RATE_LIMITED,
    INTERNAL,
    UNAVAILABLE,
];

/// 400.
pub const BAD_REQUEST: Entry = entry("bad_request", StatusCode::BAD_REQUEST);
/// 401.
pub const UNAUTHENTICATED: Entry = entry("unauthenticated", StatusCode::UNAUTHORIZED);
/// 403: permission.
pub const FORBIDDEN: Entry = entry("forbidden", StatusCode::FORBIDDEN);
/// 403: forged.
pub const CSRF: Entry = entry("csrf", StatusCode::FORBIDDEN);
/// 404.
pub const NOT_FOUND: Entry = entry("not_found", StatusCode::NOT_FOUND);
/// 405.
pub const METHOD_NOT_ALLOWED: Entry = entry("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED);
/// 406.
pub const NOT_ACCEPTABLE: Entry = entry("not_acceptable", StatusCode::NOT_ACCEPTABLE);
/// 408: the body.
pub const REQUEST_TIMEOUT: Entry = entry("request_timeout", StatusCode::REQUEST_TIMEOUT);
/// 409.
pub const CONFLICT: Entry = entry("conflict", StatusCode::CONFLICT);
/// 409: the id of a subscription.
pub const SUBSCRIPTION_IN_USE: Entry = conflict("subscription_in_use");
/// 409: subscriptions or rooms of one socket.
pub const SOCKET_LIMIT: Entry = conflict("socket_limit");
/// 412.
pub const STALE: Entry = entry("stale", StatusCode::PRECONDITION_FAILED);
/// 413.
pub const PAYLOAD_TOO_LARGE: Entry = entry("payload_too_large", StatusCode::PAYLOAD_TOO_LARGE);
/// 415.
pub const UNSUPPORTED_MEDIA_TYPE: Entry =
    entry("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE);
/// 422: fields.
pub const VALIDATION: Entry = entry("validation", StatusCode::UNPROCESSABLE_ENTITY);
/// 422: items of an atomic batch failed.
pub const BATCH_FAILED: Entry = entry("batch_failed", StatusCode::UNPROCESSABLE_ENTITY);
/// 422: key.
pub const IDEMPOTENCY_KEY_REUSED: Entry =
    entry("idempotency_key_reused", StatusCode::UNPROCESSABLE_ENTITY);
/// 423.
pub const LOCKED: Entry = entry("locked", StatusCode::LOCKED);
/// 426.
pub const UPGRADE_REQUIRED: Entry = entry("upgrade_required", StatusCode::UPGRADE_REQUIRED);
/// 409.
pub(crate) const ANSWER_GONE: Entry = conflict("answer_gone");
/// 428.
pub const PRECONDITION_REQUIRED: Entry =
    entry("precondition_required", StatusCode::PRECONDITION_REQUIRED);
/// 429.
pub const RATE_LIMITED: Entry = entry("rate_limited", StatusCode::TOO_MANY_REQUESTS);
/// 500.
pub const INTERNAL: Entry = entry("internal", StatusCode::INTERNAL_SERVER_ERROR);
/// 503.
pub const UNAVAILABLE: Entry = entry("unavailable", StatusCode::SERVICE_UNAVAILABLE);
