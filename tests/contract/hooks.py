"""How the fuzzer logs in, and what it may not do to its own tools.

Three accounts of one role take part. `fuzzer` makes the requests. `spare` makes those that end
sessions or change passwords, so that the session under test lives on. `target` is there to be
changed. `keeper`, a superadmin, makes the three.
"""

import atexit
import collections
import copy
import itertools
import os
import re
import threading

import requests
import schemathesis

BASE = os.environ["CONTRACT_URL"]
ROLE = os.environ["CONTRACT_ROLE"]
PASSWORD = os.environ["CONTRACT_PASSWORD"]

# Operations that end sessions or change the password of whoever calls them.
ENDING = {"logout", "endSession", "endOtherSessions", "changePassword", "listSessions"}
# Operations that a walk begins with.
CREATING = {
    "createDonor", "createCampaign", "createDonation", "createUser", "createRole", "createWebhook",
}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}

_lock = threading.RLock()
_sessions: dict[str, tuple[str, str]] = {}
# What a browser is known by that has logged in before. Without it each wrong current password that is
# generated would be a stranger's, and the next login would have to wait.
_devices: dict[str, str] = {}


def _login(name: str) -> tuple[str, str]:
    """Logs in; cookie and CSRF token."""
    device = _devices.get(name)
    answer = requests.post(
        f"{BASE}/api/v1/auth/login",
        json={"email": f"{name}@example.org", "password": PASSWORD},
        cookies={"almoner_device": device} if device else None,
        timeout=30,
    )
    answer.raise_for_status()
    _devices[name] = answer.cookies.get("almoner_device", device)
    return answer.cookies["almoner_session"], answer.json()["csrf_token"]


def _session(name: str) -> tuple[str, str]:
    with _lock:
        if name not in _sessions:
            _sessions[name] = _login(name)
        return _sessions[name]


def _as_keeper(method: str, path: str, **more: object) -> requests.Response:
    cookie, token = _session("keeper")
    headers = {"X-CSRF-Token": token, **more.pop("headers", {})}
    return requests.request(
        method, f"{BASE}/api/v1{path}", cookies={"almoner_session": cookie}, headers=headers,
        timeout=30, **more,
    )


def _make_account(name: str) -> str:
    """Makes the account; its id."""
    answer = _as_keeper("POST", "/users", json={
        "email": f"{name}@example.org", "name": name.capitalize(), "password": PASSWORD,
        "role": ROLE,
    })
    answer.raise_for_status()
    return answer.json()["id"]


# The accounts that must live on: a change of one of them becomes a change of `target`.
_lasting = {_make_account("fuzzer"), _make_account("spare")}
_lasting.add(_as_keeper("GET", "/users/me").json()["id"])
_target = _make_account("target")


def _is_walk(case) -> bool:
    """True in the phase that goes from a new record to its changes along the links."""
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def _account(case, operation_id: str) -> str:
    # A viewer can make nothing, and without a record there is nothing to walk to.
    if ROLE != "superadmin" and _is_walk(case) and operation_id in CREATING:
        return "keeper"
    return "spare" if operation_id in ENDING else "fuzzer"


@schemathesis.auth(refresh_interval=None)
class Session:
    """Every request that is not public carries the session cookie, unsafe ones the CSRF token too."""

    def get(self, case, context):
        definition = context.operation.definition.raw
        if definition.get("security") == []:
            return None
        account = _account(case, definition["operationId"])
        return *_session(account), _devices[account]

    def set(self, case, data, context):
        cookie, token, device = data
        case.cookies = {
            **(case.cookies or {}), "almoner_session": cookie, "almoner_device": device,
        }
        if case.method.upper() in UNSAFE:
            case.headers = {**(case.headers or {}), "X-CSRF-Token": token}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keeps what only a conversation can make right from refusing requests that are well formed."""
    if case.method.upper() in UNSAFE and str((case.path_parameters or {}).get("id")) in _lasting:
        case.path_parameters = {**case.path_parameters, "id": _target}
    # Of a parameter that is a value or several, it does not know how several are sent.
    for name, value in (case.query or {}).items():
        if isinstance(value, list):
            case.query = {**case.query, name: ",".join(str(one) for one in value)}
    # A rehearsed record is not there afterwards, so that nothing can be walked to from it; one whose end was
    # rehearsed still is.
    if _is_walk(case) and case.query and "dry_run" in case.query:
        case.query = {name: value for name, value in case.query.items() if name != "dry_run"}
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive:
        return
    # A cursor is sealed for one list, filter and sort: no generated one can be right.
    if case.query and "cursor" in case.query:
        case.query = {name: value for name, value in case.query.items() if name != "cursor"}
    if _is_walk(case):
        _smooth(case)
    # Every request is another one: a key that was used before would only be refused.
    for name in list(case.headers or {}):
        if name.lower() == "idempotency-key":
            case.headers[name] = _fresh_key(str(case.headers[name]))


_used_keys: set[str] = set()


def _fresh_key(key: str) -> str:
    with _lock:
        if key in _used_keys:
            key = f"{key[:200]}-{len(_used_keys)}"
        _used_keys.add(key)
        return key


# The operations that take one kind of thing, and where in their bodies it stands.
DONOR = {"createDonor": "", "updateDonor": "", "batchDonors": "/items/*/value"}
CAMPAIGN = {"createCampaign": "", "updateCampaign": "", "batchCampaigns": "/items/*/value"}
DONATION = {"createDonation": "", "updateDonation": "", "batchDonations": "/items/*/value"}
USER = {"createUser": "", "updateUser": ""}
NEW_USER = {"createUser": ""}
PROFILE = {"updateMe": ""}
ROLE_ACCESS = {"createRole": "", "updateRole": ""}
LOOKUP = {"lookupDonors": ""}
REVEAL = {"revealDonor": ""}
PASSWORD_CHANGE = {"changePassword": ""}
# Alone, a value that is taken is 409, which is no refusal of the request as such.
BATCHED_DONOR = {"batchDonors": "/items/*/value"}
BATCHED_CAMPAIGN = {"batchCampaigns": "/items/*/value"}
PREVIEW = {"previewMail": ""}
LINK = {"acceptInvitation": "", "confirmPasswordReset": ""}
WEBHOOK = {"createWebhook": "", "updateWebhook": ""}
ITEM = {"batchDonors": "/items/*", "batchCampaigns": "/items/*", "batchDonations": "/items/*"}
DONATION_LIST = {"listDonations": ""}
DONATION_SUMMARY = {"summariseDonations": ""}
SUMMARY = DONATION_SUMMARY | {"summariseDonors": "", "summariseCampaigns": ""}

# Why a request that fits the schema may be refused: what is asked for, the place in it (of a body with
# a slash, otherwise a parameter), the codes of the complaints, and the reason. All depend on other
# fields, on the records that are there, on the operator's settings, or on a register that is too long
# for a schema. Any other refusal is a finding.
BEYOND_SCHEMA = (
    (DONOR | USER | PROFILE | LOOKUP, "/phone", "phone", "the numbering plans of all countries"),
    (DONOR, "/language", "locale", "the grammar of BCP 47"),
    (USER | PROFILE | PREVIEW, "/locale", "locale", "the grammar of BCP 47"),
    (USER | PROFILE, "/time_zone", "time_zone", "the names of the IANA database"),
    (DONOR | CAMPAIGN | USER | PROFILE, "/name", "name", "a name has a letter or digit of some script"),
    (DONOR | LOOKUP, "/identity/number", "identity_number", "an identity number has check digits"),
    (REVEAL, "/reason", "too_short", "white space around it is no reason"),
    (USER, "/role", "unknown_role", "whether there is such a role"),
    (USER, "/roles/*", "unknown_role", "whether there is such a role"),
    (USER, "/role", "one_of", "either `role` or `roles` is sent: generators make no types of such a choice"),
    (NEW_USER, "/role", "required", "either `role` or `roles` is sent: generators make no types of such a choice"),
    (USER, "/roles", "role_names", "each stands once: generators make sets of `uniqueItems`"),
    (ROLE_ACCESS, "/permissions", "choice", "each stands once: generators make sets of `uniqueItems`"),
    (SUMMARY, "group_by", "choice", "each stands once: generators make sets of `uniqueItems`"),
    (NEW_USER, "/password", "too_short too_long", "the lengths are the operator's settings"),
    (NEW_USER, "/password", "common weak personal", "how easily a password is guessed"),
    (PASSWORD_CHANGE, "/new_password", "too_short too_long", "the lengths are the operator's settings"),
    (PASSWORD_CHANGE, "/new_password", "common weak personal", "how easily a password is guessed"),
    (PASSWORD_CHANGE, "/new_password", "unchanged", "it is compared with the old one"),
    (PASSWORD_CHANGE, "/current_password", "wrong_password", "whether it is the user's"),
    (LINK, "/token", "link", "whether it is of a mail that was sent, and unused"),
    (LINK, "/new_password", "too_short too_long", "the lengths are the operator's settings"),
    (LINK, "/new_password", "common weak personal", "how easily a password is guessed"),
    (WEBHOOK, "/url", "url", "the grammar of addresses, and which networks are public"),
    (WEBHOOK, "/events", "event_type", "which records and actions there are"),
    (DONATION, "/amount", "required", "only goods can be of unknown worth"),
    (DONATION, "/amount/currency", "currency", "the register, and which the operator takes"),
    (CAMPAIGN, "/goal/currency", "currency", "the register of currencies"),
    (DONATION_LIST | DONATION_SUMMARY, "currency", "currency", "the register of currencies"),
    (DONATION, "/amount/amount", "amount too_large", "the minor digits depend on the currency"),
    (CAMPAIGN, "/goal/amount", "amount too_large", "the minor digits depend on the currency"),
    (DONATION_LIST, "amount_min", "amount too_large", "the minor digits depend on the currency"),
    (DONATION_LIST, "amount_max", "amount too_large", "the minor digits depend on the currency"),
    (DONATION, "/amount/amount", "too_small", "zero is an amount, and no gift"),
    (CAMPAIGN, "/goal/amount", "too_small", "zero is an amount, and no goal"),
    (DONATION_LIST, "amount_min", "needs_currency", "amounts are compared within one currency"),
    (DONATION_LIST, "amount_max", "needs_currency", "amounts are compared within one currency"),
    (DONATION, "/donated_on", "range future", "the years that are kept, and today's date"),
    (CAMPAIGN, "/ends_on", "range", "the last day is compared with the first"),
    (DONATION, "/donor_id", "unknown", "whether the record that is referred to is there"),
    (DONATION, "/campaign_id", "unknown", "whether the record that is referred to is there"),
    (BATCHED_DONOR, "/identity/number", "taken", "whether another donor has it already"),
    (BATCHED_CAMPAIGN, "/name", "taken", "whether another campaign has it already"),
    (ITEM, "", "not_found", "whether the record that an item changes is there"),
)

# The same, as (operation, place, code).
FORGIVEN = {
    (operation, where + place, code)
    for operations, place, codes, _ in BEYOND_SCHEMA
    for operation, where in operations.items()
    for code in codes.split()
}


# What a walk sends instead of a generated value, where it is there: `{}` is a number, for what no two
# records may have. A last day has to fit the first one.
FITTING = (
    (USER, "/email", "walker-{}@example.org"),
    (CAMPAIGN, "/name", "Walk {}"),
    (CAMPAIGN, "/ends_on", "9999-12-31"),
    (DONOR, "/identity", {"kind": "foreign_id", "number": "WALK-{}"}),
    ({"createRole": ""}, "/name", "walk_{}"),
)
_numbers = itertools.count(1)

# What a record is made from that a walk refers to, by the end of its list's address.
REFERRED = {
    "donors": {"kind": "person", "name": "Walk {}"},
    "campaigns": {"name": "Walk {}"},
    "donations": {
        "amount": {"amount": "1250.00", "currency": "TRY"}, "method": "cash",
        "donated_on": "2026-03-14",
    },
    "users": {
        "email": "walker-{}@example.org", "name": "Walker", "password": PASSWORD, "role": "viewer",
    },
    "webhooks": {"url": "https://example.org/walk/{}", "events": ["role.*"]},
    "roles": {"name": "walk_{}", "label": "Walk", "permissions": [], "scope": "own"},
}
# The keys of the records that were made in walks.
_made: set[str] = set()


def _refer(kind: str) -> str:
    """The key of a record that is made for it."""
    answer = _as_keeper("POST", f"/{kind}", json=_numbered(REFERRED[kind], next(_numbers)))
    answer.raise_for_status()
    return _remember(answer.json())


def _remember(record: dict) -> str:
    key = record.get("id") or record["name"]
    _made.add(key)
    return key


def _smooth(case) -> None:
    """Makes a request of a walk one that can succeed, and always succeeds: what no schema can foresee
    is taken from the document's own example, or left out. A refusal ends a walk at its first step;
    and when the same step is answered differently the next time, Schemathesis ends the whole phase
    and does not say so. The other phases send the values as they were generated."""
    # Every POST is taken for a beginning, also one about a record, and given a key that is nobody's or
    # that of a record other requests have changed.
    for name, key in (case.path_parameters or {}).items():
        kind = case.path.partition("/{")[0].rpartition("/")[2]
        if kind in REFERRED and key not in _made:
            case.path_parameters = {**case.path_parameters, name: _refer(kind)}
    if not isinstance(case.body, dict):
        return
    definition = case.operation.definition.raw
    operation = definition["operationId"]
    example = definition["requestBody"]["content"][case.media_type].get("example", {})
    instead = {place: _at(example, place) for named, place, _ in FORGIVEN if named == operation}
    instead |= {
        place: _numbered(value, next(_numbers))
        for operations, place, value in FITTING
        if operation in operations
    }
    body = copy.deepcopy(case.body)
    for kind in ("donors", "campaigns"):
        place = f"/{kind[:-1]}_id"
        if place in instead and _at(body, place) is not None:
            instead[place] = _refer(kind)
    for place, value in instead.items():
        _replace(body, place, value)
    case.body = body


def _at(value, place: str):
    """What stands at the pointer, or nothing."""
    for name in place.split("/")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _replace(body, place: str, value) -> None:
    """Replaces what stands at the pointer, and leaves it out when there is nothing to replace it."""
    around, _, name = place.rpartition("/")
    holder = _at(body, around)
    if not isinstance(holder, dict) or holder.get(name) is None:
        return
    if value is None:
        del holder[name]
    else:
        holder[name] = value


def _numbered(pattern, number: int):
    if isinstance(pattern, dict):
        return {name: _numbered(value, number) for name, value in pattern.items()}
    return pattern.format(number) if isinstance(pattern, str) else pattern


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the findings that the contract itself explains."""
    kind = type(failure).__name__
    if kind == "RejectedPositiveData":
        return not _is_beyond_schema(case, response)
    if kind == "AcceptedNegativeData":
        return not _is_only_of_if_none_match(case)
    if kind == "UseAfterFree":
        return not _is_of_trash(case, response)
    if kind == "JsonSchemaError":
        return not _is_left_out(failure, case)
    return True


def _is_left_out(failure, case) -> bool:
    """What was not asked for with `fields` is absent, however required it is."""
    return "fields" in (case.query or {}) and "is a required property" in failure.validation_message


def _is_beyond_schema(case, response) -> bool:
    """True when every complaint is one that no schema can foresee, at a place where it can occur."""
    try:
        complaints = response.json().get("errors", [])
    except ValueError:
        return False
    operation = case.operation.definition.raw["operationId"]
    found = {(operation, _place(complaint), complaint["code"]) for complaint in complaints}
    if not found or not found <= FORGIVEN:
        return False
    _forgiven.update(found)
    return True


_forgiven: collections.Counter[tuple[str, str, str]] = collections.Counter()


@atexit.register
def _tell_forgiven() -> None:
    """Leaves behind how often each complaint was forgiven: what never is may go from the table."""
    with open(os.environ["CONTRACT_FORGIVEN"], "w", encoding="utf-8") as file:
        for complaint, count in sorted(_forgiven.items()):
            print(count, *complaint, sep="\t", file=file)


def _place(complaint) -> str:
    """The parameter, or the pointer without the numbers of items."""
    place = complaint.get("pointer") or complaint.get("parameter") or ""
    return re.sub(r"/[0-9]+(?=/|$)", "/*", place)


def _is_only_of_if_none_match(case) -> bool:
    """RFC 9110, 13.1.2: a tag in If-None-Match that is not ours matches nothing, and the record is
    shown. The document says how a tag looks that can match."""
    data = case.meta.phase.data if case.meta else None
    return getattr(data, "parameter", None) == "If-None-Match"


_restored: set[str] = set()


def _is_of_trash(case, response) -> bool:
    """A deleted record is in the trash, shown as such, and can be restored; its history stays."""
    if case.path.endswith("/history") or response.status_code == 304:
        return True
    # Whoever does not ask for it is not told.
    if "deleted_at" not in (case.query or {}).get("fields", "deleted_at").split(","):
        return True
    return "deleted_at" in response.json() or case.path_parameters.get("id") in _restored


@schemathesis.hook
def after_call(context, case, response):
    """A session that a generated request has ended is begun again."""
    if _is_walk(case):
        _follow(case, response)
    if response.status_code != 401:
        return
    sent = (case.cookies or {}).get("almoner_session")
    with _lock:
        for name, (cookie, _) in list(_sessions.items()):
            if cookie == sent:
                del _sessions[name]


def _follow(case, response) -> None:
    """Keeps in mind what a walk has made, deleted and restored."""
    operation = case.operation.definition.raw["operationId"]
    if response.status_code == 201:
        _remember(response.json())
    elif operation.startswith("restore") and response.status_code == 200:
        _restored.add(case.path_parameters["id"])
    elif operation.startswith("delete") and response.status_code == 204:
        _restored.difference_update(case.path_parameters.values())
