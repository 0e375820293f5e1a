"""Sends reads and changes to a server until a file appears, and counts what became of them.

Changes are sent without an Idempotency-Key: nobody on the way may repeat them. Connections to the
server are kept, as browsers keep them.
"""

import collections
import http.client
import json
import pathlib
import sys
import threading
import time
import urllib.parse

site, password, stop = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
address = urllib.parse.urlsplit(site).netloc
JSON = {"Content-Type": "application/json"}


def send(connection, method, path, headers, body=None):
    connection.request(method, "/api/v1" + path, body and json.dumps(body), headers)
    answer = connection.getresponse()
    return answer, answer.read()


connection = http.client.HTTPConnection(address, timeout=30)
login = {"email": "keeper@example.org", "password": password}
answer, text = send(connection, "POST", "/auth/login", JSON, login)
assert answer.status == 200, (answer.status, text)
cookie = answer.getheader("Set-Cookie").split(";")[0]
headers = {**JSON, "Cookie": cookie, "X-CSRF-Token": json.loads(text)["csrf_token"]}

lock = threading.Lock()
outcomes, failures, slowest = collections.Counter(), [], 0.0


def work(number):
    global slowest
    connection = http.client.HTTPConnection(address, timeout=30)
    turn = 0
    while not stop.exists():
        turn += 1
        began = time.monotonic()
        try:
            if turn % 2:
                kind, expected = "changes", 201
                donor = {"kind": "person", "name": f"Donor {number} {turn}"}
                answer, text = send(connection, "POST", "/donors", headers, donor)
            else:
                kind, expected = "reads", 200
                answer, text = send(connection, "GET", "/donors?limit=5", headers)
            failure = None if answer.status == expected else f"{kind}: {answer.status} {text[:200]}"
        except (OSError, http.client.HTTPException) as error:
            kind, failure = "broken", repr(error)
            connection.close()
        with lock:
            slowest = max(slowest, time.monotonic() - began)
            outcomes[kind] += 1
            if failure:
                failures.append(failure)


threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

answer, text = send(http.client.HTTPConnection(address), "GET", "/donors?count=exact&limit=1", headers)
print(dict(outcomes), f"failed: {len(failures)}", f"slowest: {slowest:.2f} s")
print(*failures[:10], sep="\n")
total = json.loads(text)
# Up to 10,000 are counted: a change that was acknowledged is there, one time.
if not failures and not total.get("total_is_capped") and total["total"] != outcomes["changes"]:
    failures.append("acknowledged")
    print(f"{outcomes['changes']} donors were acknowledged, {total['total']} are there")
sys.exit(bool(failures) or not outcomes["reads"] or not outcomes["changes"])
