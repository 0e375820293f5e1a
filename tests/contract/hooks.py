"""How the fuzzer logs in, and what it may not do to its own tools.

Three accounts of one role take part. `fuzzer` makes the requests. `spare` makes those that end
sessions or change passwords, so that the session under test lives on. `keeper`, a superadmin, makes
the two.
"""

import os
import threading

import requests
import schemathesis

BASE = os.environ["CONTRACT_URL"]
ROLE = os.environ["CONTRACT_ROLE"]
PASSWORD = os.environ["CONTRACT_PASSWORD"]

# Operations that end sessions or change the password of whoever calls them.
ENDING = {"logout", "endSession", "endOtherSessions", "changePassword", "listSessions"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}

_lock = threading.RLock()
_sessions: dict[str, tuple[str, str]] = {}


def _login(name: str) -> tuple[str, str]:
    """Logs in; cookie and CSRF token."""
    answer = requests.post(
        f"{BASE}/api/v1/auth/login",
        json={"email": f"{name}@example.org", "password": PASSWORD},
        timeout=30,
    )
    answer.raise_for_status()
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


def _make_account(name: str) -> None:
    """Makes the account, unless an earlier process of the same run has made it."""
    answer = _as_keeper("POST", "/users", json={
        "email": f"{name}@example.org", "name": name.capitalize(), "password": PASSWORD,
        "role": ROLE,
    })
    if answer.status_code != 409:
        answer.raise_for_status()


for _name in ("fuzzer", "spare"):
    _make_account(_name)


def _account(operation_id: str) -> str:
    return "spare" if operation_id in ENDING else "fuzzer"


@schemathesis.auth(refresh_interval=None)
class Session:
    """Every request that is not public carries the session cookie, unsafe ones the CSRF token too."""

    def get(self, case, context):
        definition = context.operation.definition.raw
        if definition.get("security") == []:
            return None
        return _session(_account(definition["operationId"]))

    def set(self, case, data, context):
        cookie, token = data
        case.cookies = {**(case.cookies or {}), "almoner_session": cookie}
        if case.method.upper() in UNSAFE:
            case.headers = {**(case.headers or {}), "X-CSRF-Token": token}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Keeps what only a conversation can make right from refusing requests that are well formed."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive:
        return
    # A cursor is sealed for one list, filter and sort: no generated one can be right.
    if case.query and "cursor" in case.query:
        case.query = {name: value for name, value in case.query.items() if name != "cursor"}
    # A rehearsed record is not there afterwards, so that nothing can be walked to from it.
    if meta.phase.name.value == "stateful" and case.query and "dry_run" in case.query:
        case.query = {name: value for name, value in case.query.items() if name != "dry_run"}
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


# Why a request that fits the schema may be refused: by the code of the complaint, or by the end of the
# place and the code. All depend on other fields, on the records that are there, on the operator's
# settings, or on a register that is too long for a schema.
BEYOND_SCHEMA = {
    "/amount too_small": "money of requests and of answers is one schema, and an answer can be zero",
    "amount": "how many minor digits an amount has depends on its currency",
    "common": "whether a password is among the well-known ones",
    "currency": "the register of currencies, and which of them the operator takes",
    "identity_number": "an identity number has check digits",
    "locale": "the grammar of BCP 47",
    "name": "a name has a letter or digit of some script",
    "needs_currency": "amounts are compared within one currency, which is another parameter",
    "not_found": "whether the record that an item of a batch changes is there",
    "/new_password too_long": "the length is the operator's setting",
    "/new_password too_short": "the length is the operator's setting",
    "/password too_long": "the length is the operator's setting",
    "/password too_short": "the length is the operator's setting",
    "phone": "the numbering plans of all countries",
    "range": "a day is compared with another field, or with the years that are kept",
    "stale": "at which version the record is that an item of a batch changes",
    "taken": "whether another record has it already",
    "time_zone": "the names of the IANA database",
    "unknown": "whether the record that is referred to is there",
    "unknown_role": "whether there is such a role",
    "wrong_password": "whether it is the user's",
}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the findings that the contract itself explains."""
    kind = type(failure).__name__
    if kind == "RejectedPositiveData":
        return not _is_beyond_schema(response)
    if kind == "AcceptedNegativeData":
        return not _is_only_of_if_none_match(case)
    return True


def _is_beyond_schema(response) -> bool:
    """True when every complaint is of a kind that no schema can foresee."""
    try:
        complaints = response.json().get("errors", [])
    except ValueError:
        return False
    return bool(complaints) and all(map(_is_known_complaint, complaints))


def _is_known_complaint(complaint) -> bool:
    code = complaint["code"]
    place = complaint.get("pointer") or complaint.get("parameter") or ""
    placed = f"/{place.rsplit('/', 1)[-1]} {code}"
    return code in BEYOND_SCHEMA or placed in BEYOND_SCHEMA


def _is_only_of_if_none_match(case) -> bool:
    """RFC 9110, 13.1.2: a tag in If-None-Match that is not ours matches nothing, and the record is
    shown. The document says how a tag looks that can match."""
    data = case.meta.phase.data if case.meta else None
    return getattr(data, "parameter", None) == "If-None-Match"


@schemathesis.hook
def after_call(context, case, response):
    """A session that a generated request has ended is begun again."""
    if response.status_code != 401:
        return
    sent = (case.cookies or {}).get("almoner_session")
    with _lock:
        for name, (cookie, _) in list(_sessions.items()):
            if cookie == sent:
                del _sessions[name]
