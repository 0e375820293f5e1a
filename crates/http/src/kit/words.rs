//! What this crate tells a caller, beside what the domains do.

use almoner_kernel::Words;
pub(crate) use almoner_kernel::words::{
    must_be_a_boolean, must_be_a_number, must_be_a_sort, must_be_a_string, must_be_a_whole_number,
    must_be_an_object, must_be_one_of, must_be_true_or_false, not_a_known_field,
};

almoner_kernel::words! {
    // requests and their headers
    pub(crate) query_parameters(names) = "query parameter: {names}";
    pub(crate) query_not_utf8 = "the query is not UTF-8";
    pub(crate) badly_escaped =
        "the address has a percent sign without two hexadecimal digits or a NUL, or is not UTF-8";
    pub(crate) if_match_missing = "send the ETag you read as If-Match";
    pub(crate) if_match_not_a_version = "If-Match must be the ETag of one version, such as \"3\"";
    pub(crate) idempotency_key_malformed =
        "Idempotency-Key must be 1 to 255 visible ASCII characters";
    pub(crate) idempotency_key_elsewhere =
        "the key was used for a request with another address or body";
    pub(crate) shown_record_destroyed = "it was done, and the answer showed a record that was destroyed since";
    pub(crate) rights_changed = "it was done, and you may see something else now than you could then";
    pub(crate) twin_is_running = "a request with the same Idempotency-Key is still running";
    pub(crate) answers_with(types) = "this address answers with {types}";
    pub(crate) foreign_origin = "the page that sent it is of a foreign origin";
    pub(crate) foreign_site = "the page that sent it is of another site";
    pub(crate) csrf_token_missing = "X-CSRF-Token is missing";
    pub(crate) csrf_token_foreign = "X-CSRF-Token is not the token of this session";
    pub(crate) metrics_need_a_token = "metrics need the bearer token of the configuration";
    pub(crate) wait(seconds) = "wait {seconds} seconds";
    pub(crate) status_of_the_answer(status) = "status {status}";

    // bodies
    pub(crate) body_too_large(limit) = "the body may have at most {limit} bytes";
    pub(crate) body_cut_off = "the body ended too early";
    pub(crate) body_too_slow = "the body came too slowly, or not at all";
    pub(crate) too_many_bodies =
        "too many requests of this address have not sent their whole body yet";
    pub(crate) body_encoded = "send the body without Content-Encoding";
    pub(crate) body_not_utf8 = "the body must be UTF-8";
    pub(crate) content_type_must_be_json = "Content-Type must be application/json";
    pub(crate) content_type_must_be_a_patch =
        "Content-Type must be application/merge-patch+json or application/json";
    pub(crate) json_ends_too_early = "the body is not JSON: it ends too early";
    pub(crate) not_json(line, column) = "the body is not JSON: line {line}, column {column}";
    pub(crate) key_stands_twice(line, column) =
        "a key stands twice in one object: line {line}, column {column}";

    // fields and parameters of every kind
    pub(crate) must_be_a_json_object = "must be a JSON object";
    pub(crate) has_no_body = "this request has no body";
    pub(crate) not_a_known_parameter = "is not a known parameter";
    pub(crate) may_stand_only_once = "may stand only once";
    pub(crate) wrong_form = "does not have the right form";
    pub(crate) must_be_a_natural_number = "must be a whole number, not negative";
    pub(crate) must_be_an_array = "must be an array";
    pub(crate) must_be_some_of(choices) = "must be some of {choices}, separated by commas";
    pub(crate) role_or_roles = "either this or `roles` is sent, not both";
    pub(crate) each_permission_once = "must name each permission only once";
    pub(crate) each_topic_once = "must name each topic only once";
    pub(crate) each_group_once = "must name each group only once";
    pub(crate) limit_out_of_range(max) = "must be from 1 to {max}";
    pub(crate) not_of_a_live_list =
        "does not go with a stream, which begins at the first page and is not counted";
    pub(crate) too_many_streams_of_user(max) = "one user may follow {max} lists at a time";
    pub(crate) foreign_cursor = "belongs to another list, filter or sort: start again without it";
    pub(crate) must_be_a_job_kind = "must be a kind of job such as housekeeping.expired";
    pub(crate) out_of_range(min, max) = "must be from {min} to {max}";
    pub(crate) items_out_of_range(max) = "must have from 1 to {max} items";
    pub(crate) items_failed(count, all) = "{count} of {all} items failed, so none was stored";
    pub(crate) values_out_of_scope(count) =
        "{count} unique values of records outside the caller's scope";
    pub(crate) one_batch_at_a_time =
        "another batch of yours is under way: send one after the other";
    pub(crate) could_not_be_done = "could not be done";
    pub(crate) statuses_of_the_operation(statuses) = "this operation answers with {statuses}";

    // messages of a socket
    pub(crate) origin_missing = "Origin is missing: say which page opens the connection";
    pub(crate) ask_for_a_websocket =
        "this address is a WebSocket: ask for an upgrade to version 13";
    pub(crate) websocket_key_malformed = "Sec-WebSocket-Key must be 16 bytes in base64";
    pub(crate) must_be_a_handle = "must be 1 to 64 visible ASCII characters";
    pub(crate) must_be_a_list_address =
        "must be the address of a list, such as /api/v1/donors?sort=name";
    pub(crate) either_list_or_topics = "must have exactly one of list and topics";
    pub(crate) must_be_a_room =
        "must be a kind of record, a colon and an id, such as donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
    pub(crate) must_be_a_word = "must be a word in lower case, such as typing";
    pub(crate) too_many_bytes(max) = "may have at most {max} bytes";
    pub(crate) subscription_goes_on =
        "there is a subscription with this id: end it first, or choose another";
    pub(crate) not_in_the_room = "you are not in this room: join it first";
    pub(crate) too_many_subscriptions(max) = "one connection may have {max} subscriptions";
    pub(crate) too_many_rooms(max) = "one connection may be in {max} rooms";
}

/// The choices that serde expected, from its own words: the last part of "unknown variant `x`,
/// expected one of `a`, `b`". The wrong value is not in it.
pub(crate) fn choice(expected: &str) -> Words {
    let choices: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    almoner_kernel::words::choice(&choices)
}
