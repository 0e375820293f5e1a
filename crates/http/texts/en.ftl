### What HTTP itself tells callers, in English: the titles of problems, and what is wrong with a request. Every
### crate that tells callers something has its own `texts`; its `words.rs` says the same, which a test
### compares. A file named by a language tag adds a language. Breaks of lines are only for reading here.

## Kinds of problems: their titles, and the explanation at /problems/{code}

problem-bad_request = The request cannot be understood
    .explanation =
        The request is malformed: broken JSON, a key that stands twice, an unknown or repeated query
        parameter, a cursor of another list, a header that cannot be read. `detail` and `errors` name the
        part. Correct it; repeating the request cannot help.
problem-unauthenticated = Nobody is logged in
    .explanation =
        The request has no session, or its session has expired or was ended. Log in again with POST
        /api/v1/auth/login.
problem-invalid_credentials = The e-mail address or the password is wrong
    .explanation = The answer is the same for an unknown address, a wrong password and an inactive user.
problem-forbidden = You may not do this
    .explanation = The role of the logged-in user lacks a permission; `detail` names it.
problem-csrf = The request may be forged
    .explanation =
        A request that changes something needs the header X-CSRF-Token with the value of the almoner_csrf
        cookie (or of csrf_token in GET /api/v1/auth/session), and must come from a page of this server or of
        an allowed origin.
problem-edit_window_closed = The time to correct this record is over
    .explanation =
        Some roles may only correct what they have just entered. Ask somebody whose role has no such limit.
problem-role_not_granted = The role allows more than yours
    .explanation = A role can only be granted, made or changed by somebody who may do all it allows.
problem-user_not_manageable = The user may do more than you
    .explanation = Users whose role allows more than yours can only be changed by their equals.
problem-not_found = There is no such thing
    .explanation =
        The address is unknown, or the record does not exist or is out of your reach. Which of these it is, is
        not told.
problem-method_not_allowed = The method is not offered here
    .explanation = The address exists, with other methods: the header Allow lists them.
problem-not_acceptable = No acceptable representation
    .explanation =
        The header Accept of the request rules out every form that the address answers with; `detail` names
        them.
problem-request_timeout = The body came too slowly
    .explanation =
        The server does not wait without end for the body of a request: it has to be there within
        a minute, and has to come on at a kilobyte a second, unless the operator says otherwise. The
        connection is closed, and nothing was done. Send the request again, with the whole body.
problem-conflict = The state of the record forbids it
    .explanation =
        A value that must be unique is taken, the record's state does not allow the step, or a request with
        the same Idempotency-Key is still running. `detail` says which.
problem-email_taken = The e-mail address is taken
    .explanation = Another user has it; case is ignored.
problem-role_name_taken = The name of the role is taken
    .explanation = Choose another name.
problem-role_in_use = Users have the role
    .explanation = Give them another role before deleting it.
problem-role_built_in = The role is built in
    .explanation = Make a custom role instead of changing it.
problem-own_role = It is your own role
    .explanation = Nobody changes what they themselves may do.
problem-own_account = It is your own account
    .explanation = Nobody deactivates themselves.
problem-last_superadmin = The last superadmin must stay
    .explanation = Make another active superadmin first.
problem-mail_off = The server sends no mail
    .explanation =
        An invitation needs mail, which the operator has not set up. Give the user a first password instead, or
        ask the operator to configure `mail.transport`.
problem-mail_not_failed = The mail did not fail
    .explanation = Only a mail that failed, bounced or was held back can be sent again.
problem-not_invited = The user has a password
    .explanation =
        Only a user who has not accepted the invitation can be invited again. Somebody who has forgotten the
        password asks for a new one with POST /api/v1/auth/password-reset.
problem-not_active = The user is not active
    .explanation = The user was deactivated before.
problem-already_active = The user is active
    .explanation = Only a deactivated user can be restored.
problem-transition = The state does not allow the step
    .explanation =
        A donation goes from pending to completed or cancelled, and from completed to refunded; the donor of a
        completed one can be corrected. `detail` names the state it is in.
problem-settled = The donation is settled
    .explanation = 
        Once a donation left the state pending, some fields are fixed; `detail` names them. The donor of a
        completed one is put right with the step `correct`.
problem-completed_stays = A completed donation cannot be deleted
    .explanation = Refund it first: money that arrived does not vanish from the books.
problem-too_many_children = Too many records would go with it
    .explanation = Records that are a part of this one are destroyed with it. Destroy some of them first.
problem-not_in_trash = The record is not in the trash
    .explanation = Delete it before purging it.
problem-second_person = It takes somebody else
    .explanation =
        Whoever entered the record cannot take this step: two people have to look at it. Ask somebody else who
        has the permission.
problem-too_much_to_sum = There is too much to sum up
    .explanation =
        The summary would look at more records, or have more lines, than one request may. Narrow it by filters,
        or group it by less; nothing is left out of a summary that is answered.
problem-effect_refused = What follows from it is not possible
    .explanation =
        The request changes another record, too, and that cannot be changed so: it is in the trash, or has a value
        that another record has. Nothing was stored.
problem-has_donations = The record still has donations
    .explanation = A donor or campaign with donations cannot be purged.
problem-answer_gone = The answer is not kept any more
    .explanation =
        The request with this Idempotency-Key was carried out, and is not carried out again. Its answer is gone:
        it showed a record that was destroyed since, or what its sender may see has changed. Read anew what you
        need; for another request use another key.
problem-taken = A value is taken
    .explanation = Another record has a value that must be unique.
problem-no_identity = There is no identity number
    .explanation = The record has no identity number that could be shown.
problem-job_state = The state of the job does not allow it
    .explanation =
        Only a job that has failed or was cancelled can be retried, only a waiting one can be run now, and only
        one that has not been done can be cancelled. `detail` names the state it is in.
problem-schedule_state = The schedule is in that state already
    .explanation = A paused schedule can be resumed, and one that is not can be paused.
problem-webhook_disabled = The webhook is not active
    .explanation = Nothing is sent to a webhook that is switched off. Switch it on first.
problem-delivery_pending = The delivery is still under way
    .explanation = Only a message that was delivered or given up can be sent once more.
problem-user_limit = There are too many users
    .explanation =
        A program that makes users in a loop is stopped there. Users are never removed: an operator who
        needs more has to ask for another limit.
problem-invitation_limit = Too many invitations are open
    .explanation =
        Users who were invited and have not chosen a password yet are counted. Wait until they have, or
        deactivate some of them.
problem-role_limit = There are too many roles
    .explanation = Delete roles that nobody has.
problem-webhook_limit = There are too many webhooks
    .explanation = Delete webhooks that are not needed any more.
problem-subscription_in_use = The socket has a subscription with this id
    .explanation = End it first, or choose another id. Ids are those of one socket.
problem-socket_limit = The socket has as many as it may have
    .explanation =
        One socket has a limit of subscriptions and one of rooms; waiting does not help. End or leave something
        first. `detail` says which limit it is.
problem-stale = The record has changed meanwhile
    .explanation =
        The version in If-Match is not the record's version any more. `current_version` is the one it has now,
        `fields` lists what changed since yours. An ETag from before the database was restored is of another
        record for all that is known, whatever its version. Read the record again, decide, and repeat with its new
        ETag.
problem-payload_too_large = The body is too large
    .explanation = A request body may have at most 1 MiB, and 16 KiB where nobody is logged in.
problem-unsupported_media_type = The body has the wrong type
    .explanation =
        Bodies are application/json, for PATCH also application/merge-patch+json, in UTF-8 and without
        Content-Encoding.
problem-validation = The request is not valid
    .explanation =
        The request is well-formed, but fields are wrong or unknown. `errors` lists all of them, each with a
        JSON Pointer into the body, a stable code and a text.
problem-batch_failed = A part of the batch failed
    .explanation =
        With `mode=atomic` all items of a batch are stored or none. `errors` lists what is wrong with every item,
        each with a JSON Pointer that begins with `/items/` and its number. Nothing was stored: correct these
        items, or send the batch with `mode=each`.
problem-idempotency_key_reused = The Idempotency-Key belongs to another request
    .explanation =
        The key was used within the last 24 hours for a request with another method, address or body. Make a
        fresh key for each request, and repeat it only when you repeat that request.
problem-locked = The account is locked
    .explanation =
        Too many wrong passwords were typed on this device. Retry-After says when it opens again. Choosing a new
        password with a mailed link opens it at once; so does an administrator.
problem-upgrade_required = The address is a WebSocket
    .explanation =
        The request has to ask for an upgrade: a GET over HTTP/1.1 with Upgrade, Connection and
        Sec-WebSocket-Version: 13, as every WebSocket client sends it.
problem-precondition_required = If-Match is missing
    .explanation =
        A change of a record names the version it was made from, so that nobody's work is overwritten unseen:
        send the ETag you read as If-Match.
problem-rate_limited = Too many requests
    .explanation =
        Wait as many seconds as Retry-After says. RateLimit-Limit is the size of the quota,
        RateLimit-Remaining what is left of it, RateLimit-Reset the seconds until it is whole again.
problem-internal = The server failed
    .explanation = A fault of the server. The operator finds the cause in the log under `request_id`.
problem-unavailable = The server cannot work just now
    .explanation =
        A part the server needs, such as the database, is away. Nothing was changed; try again after
        Retry-After seconds.

## requests and their headers

query_parameters = query parameter: { $names }
query_not_utf8 = the query is not UTF-8
badly_escaped = the address has a percent sign without two hexadecimal digits or a NUL, or is not UTF-8
if_match_missing = send the ETag you read as If-Match
if_match_not_a_version = If-Match must be the ETag of one version, such as "3"
idempotency_key_malformed = Idempotency-Key must be 1 to 255 visible ASCII characters
idempotency_key_elsewhere = the key was used for a request with another address or body
shown_record_destroyed = it was done, and the answer showed a record that was destroyed since
rights_changed = it was done, and you may see something else now than you could then
twin_is_running = a request with the same Idempotency-Key is still running
answers_with = this address answers with { $types }
foreign_origin = the page that sent it is of a foreign origin
foreign_site = the page that sent it is of another site
csrf_token_missing = X-CSRF-Token is missing
csrf_token_foreign = X-CSRF-Token is not the token of this session
metrics_need_a_token = metrics need the bearer token of the configuration
wait =
    { $seconds ->
        [one] wait { $seconds } second
       *[other] wait { $seconds } seconds
    }
status_of_the_answer = status { $status }

## bodies

body_too_large = the body may have at most { $limit } bytes
body_cut_off = the body ended too early
body_too_slow = the body came too slowly, or not at all
too_many_bodies = too many requests of this address have not sent their whole body yet
body_encoded = send the body without Content-Encoding
body_not_utf8 = the body must be UTF-8
content_type_must_be_json = Content-Type must be application/json
content_type_must_be_a_patch = Content-Type must be application/merge-patch+json or application/json
json_ends_too_early = the body is not JSON: it ends too early
not_json = the body is not JSON: line { $line }, column { $column }
key_stands_twice = a key stands twice in one object: line { $line }, column { $column }

## fields and parameters of every kind

must_be_a_json_object = must be a JSON object
has_no_body = this request has no body
not_a_known_parameter = is not a known parameter
may_stand_only_once = may stand only once
wrong_form = does not have the right form
out_of_range = must be from { $min } to { $max }
items_out_of_range = must have from 1 to { $max } items
items_failed = { $count } of { $all } items failed, so none was stored
values_out_of_scope = { $count } unique values of records outside the caller's scope
one_batch_at_a_time = another batch of yours is under way: send one after the other
could_not_be_done = could not be done
statuses_of_the_operation = this operation answers with { $statuses }
must_be_a_natural_number = must be a whole number, not negative
must_be_an_array = must be an array
must_be_some_of = must be some of { $choices }, separated by commas
role_or_roles = either this or `roles` is sent, not both
each_permission_once = must name each permission only once
each_topic_once = must name each topic only once
each_group_once = must name each group only once
limit_out_of_range = must be from 1 to { $max }
not_of_a_live_list = does not go with a stream, which begins at the first page and is not counted
too_many_streams_of_user = one user may follow { $max } lists at a time
foreign_cursor = belongs to another list, filter or sort: start again without it
must_be_a_job_kind = must be a kind of job such as housekeeping.expired

## messages of a socket

origin_missing = Origin is missing: say which page opens the connection
ask_for_a_websocket = this address is a WebSocket: ask for an upgrade to version 13
websocket_key_malformed = Sec-WebSocket-Key must be 16 bytes in base64
must_be_a_handle = must be 1 to 64 visible ASCII characters
must_be_a_list_address = must be the address of a list, such as /api/v1/donors?sort=name
either_list_or_topics = must have exactly one of list and topics
must_be_a_room =
    must be a kind of record, a colon and an id, such as donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11
must_be_a_word = must be a word in lower case, such as typing
too_many_bytes = may have at most { $max } bytes
subscription_goes_on = there is a subscription with this id: end it first, or choose another
not_in_the_room = you are not in this room: join it first
too_many_subscriptions = one connection may have { $max } subscriptions
too_many_rooms = one connection may be in { $max } rooms
