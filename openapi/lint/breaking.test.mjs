// Each change is made to the real document, and found or let through.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RESPELLED, breaks } from "./breaking.mjs";

const document = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8"));

/** What is found when a copy of the document is changed. */
function changed(change) {
  const copy = structuredClone(document);
  change({ ...copy.paths, document: copy }, copy.components.schemas);
  return breaks(document, copy);
}

const DONORS = "/api/v1/donors";
const DONOR = "/api/v1/donors/{id}";
const DONATIONS = "/api/v1/donations";

const parameter = (operation, name) => operation.parameters.find((one) => one.name === name);

const BREAKING = {
  "an operation is removed": [
    (paths) => delete paths[DONOR].delete,
    `DELETE ${DONOR}: the operation is gone`,
  ],
  "an address is removed": [
    (paths) => delete paths.document.paths[DONORS],
    `GET ${DONORS}: the operation is gone`,
  ],
  "an operation gets another name": [
    (paths) => (paths[DONORS].get.operationId = "allDonors"),
    `GET ${DONORS}: operationId listDonors is now allDonors`,
  ],
  "an operation needs another permission": [
    (paths) => (paths[DONORS].get["x-permission"] = "donors:update"),
    `GET ${DONORS}: needs the permission donors:update and not donors:read`,
  ],
  "a public operation needs a session": [
    (paths) => (paths["/health/live"].get.security = [{ session: [] }]),
    "GET /health/live: asks for other credentials",
  ],
  "an operation asks for more credentials": [
    (paths) => (paths[DONORS].get.security = [{ session: [], csrf: [] }]),
    `GET ${DONORS}: asks for other credentials`,
  ],
  "a status is removed": [
    (paths) => delete paths[DONOR].get.responses[304],
    `GET ${DONOR}: the status 304 is gone`,
  ],
  "the status of a problem is removed": [
    (paths) => delete paths[DONOR].get.responses[404],
    `GET ${DONOR}: the status 404 is gone`,
  ],
  "a header of an answer is removed": [
    (paths) => delete paths[DONORS].post.responses[201].headers.Location,
    `POST ${DONORS} 201: the header Location is gone`,
  ],
  "a type of body is removed": [
    (paths) => delete paths[DONOR].patch.requestBody.content["application/merge-patch+json"],
    `PATCH ${DONOR}: a body of type application/merge-patch+json is not taken any more`,
  ],
  "a property of an answer is removed": [
    (_, schemas) => delete schemas.Donor.properties.phone,
    "Donor, as it is read: the field phone is gone",
  ],
  "a property deep inside of an answer is removed": [
    (_, schemas) => delete schemas.Money.properties.currency,
    "Money, as it is read: the field currency is gone",
  ],
  "a property that was always there may be absent": [
    (_, schemas) => schemas.Donor.required.splice(schemas.Donor.required.indexOf("name"), 1),
    "Donor, as it is read: the field name may be absent now",
  ],
  "a property of an answer has another type": [
    (_, schemas) => (schemas.Donor.properties.version.type = "string"),
    "Donor, as it is read/version: can be string now",
  ],
  "a property of an answer can be null": [
    (_, schemas) => (schemas.Donor.properties.phone.type = ["string", "null"]),
    "Donor, as it is read/phone: can be null now",
  ],
  "a property of an answer has another format": [
    (_, schemas) => delete schemas.Donor.properties.created_at.format,
    "Donor, as it is read/created_at: format is free, it was date-time",
  ],
  "a property of a request is required and new": [
    (_, schemas) => {
      schemas.NewDonor.properties.city = { type: "string", maxLength: 80 };
      schemas.NewDonor.required.push("city");
    },
    "NewDonor, as it is sent: the field city is required now",
  ],
  "a property of a request is required that was not": [
    (_, schemas) => schemas.NewDonor.required.push("email"),
    "NewDonor, as it is sent: the field email is required now",
  ],
  "a property of a request is removed": [
    (_, schemas) => delete schemas.NewDonor.properties.notes,
    "NewDonor, as it is sent: the field notes is refused now",
  ],
  "a property of a request cannot be null any more": [
    (_, schemas) => (schemas.NewDonor.properties.notes.type = "string"),
    "NewDonor, as it is sent/notes: null is not taken any more",
  ],
  "a word of a request is removed": [
    (_, schemas) => schemas.DonationMethod.enum.splice(0, 1),
    "DonationMethod, as it is sent: cash is not taken any more",
  ],
  "a free text of a request becomes one of some words": [
    (_, schemas) => (schemas.MoneyInput.properties.currency.enum = ["TRY"]),
    "MoneyInput, as it is sent/currency: only some values are taken now",
  ],
  "a text of a request must be shorter": [
    (_, schemas) => (schemas.NewDonor.properties.name.maxLength = 100),
    "NewDonor, as it is sent/name: maxLength is 100, it was 200",
  ],
  "a text of a request must be longer": [
    (_, schemas) => (schemas.NewDonor.properties.name.minLength = 2),
    "NewDonor, as it is sent/name: minLength is 2, it was 1",
  ],
  "a text of a request must look different": [
    (_, schemas) => (schemas.NewDonor.properties.name.pattern = "^[A-Z]+$"),
    /^NewDonor, as it is sent\/name: pattern is \^\[A-Z\]\+\$, it was /,
  ],
  "a text of a request must have more at its end": [
    (_, schemas) => {
      const { name } = schemas.NewDonor.properties;
      name.pattern = name.pattern.replace(/\$$/, "(\\.[a-z]{2})$");
    },
    /^NewDonor, as it is sent\/name: pattern is /,
  ],
  "a text of a request may have more, and must be another": [
    (_, schemas) => (schemas.NewDonor.properties.name.pattern = "^[A-Z]+(\\.[a-z]{2})?$"),
    /^NewDonor, as it is sent\/name: pattern is /,
  ],
  "a number of a request must be smaller": [
    (_, schemas) => (schemas.RolePatch.properties.edit_window_minutes.maximum = 60),
    "RolePatch, as it is sent/edit_window_minutes: maximum is 60, it was 527040",
  ],
  "fewer items are taken": [
    (_, schemas) => (schemas.NewRole.properties.permissions.maxItems = 1),
    /^NewRole, as it is sent\/permissions: maxItems is 1, it was /,
  ],
  "a parameter is removed": [
    ({ [DONORS]: { get } }) =>
      (get.parameters = get.parameters.filter((one) => one.name !== "kind")),
    `GET ${DONORS}: the parameter query kind is gone`,
  ],
  "a parameter is required and new": [
    (paths) =>
      paths[DONORS].get.parameters.push({
        name: "region",
        in: "query",
        required: true,
        schema: { type: "string" },
      }),
    `GET ${DONORS}: the parameter query region is new and required`,
  ],
  "a parameter is required that was not": [
    (paths) => (parameter(paths[DONORS].get, "limit").required = true),
    `GET ${DONORS}: query limit is required now`,
  ],
  "a parameter takes less": [
    (paths) => (parameter(paths[DONORS].get, "limit").schema.maximum = 100),
    `GET ${DONORS} query limit: maximum is 100, it was 200`,
  ],
  "a list can be sorted by less": [
    (paths, schemas) => schemas.DonorSort.enum.pop(),
    "DonorSort, as it is sent: -name is not taken any more",
  ],
};

for (const [name, [change, line]] of Object.entries(BREAKING)) {
  test(`found: ${name}`, () => {
    const found = changed(change);
    const matches = (one) => (typeof line === "string" ? one === line : line.test(one));
    assert.ok(found.some(matches), `${line} is not among:\n${found.join("\n")}`);
  });
}

const COMPATIBLE = {
  "nothing changes": () => {},
  "an operation is new": (paths) => (paths.document.paths["/api/v1/pledges"] = paths[DONORS]),
  "a parameter of an address has another name": ({ document: { paths } }) => {
    const item = JSON.parse(JSON.stringify(paths[DONOR]).replaceAll('"name":"id"', '"name":"donor"'));
    delete paths[DONOR];
    paths["/api/v1/donors/{donor}"] = item;
  },
  "a parameter is new and optional": (paths) =>
    paths[DONORS].get.parameters.push({ name: "city", in: "query", schema: { type: "string" } }),
  "a status is new": (paths) => (paths[DONORS].get.responses[402] = { description: "Pay" }),
  "a header of an answer is new": (paths) =>
    (paths[DONORS].get.responses[200].headers["X-New"] = { schema: { type: "string" } }),
  "a property of an answer is new": (_, schemas) => {
    schemas.Donor.properties.city = { type: "string" };
    schemas.Donor.required.push("city");
  },
  "a property of a request is new and optional": (_, schemas) =>
    (schemas.NewDonor.properties.city = { type: "string" }),
  "a word is added to a request and an answer": (_, schemas) =>
    schemas.DonationMethod.enum.push("standing_order"),
  "a text of a request may be longer": (_, schemas) =>
    (schemas.NewDonor.properties.name.maxLength = 300),
  "a text of a request may have more at its end": (_, schemas) => {
    const { name } = schemas.NewDonor.properties;
    name.pattern = name.pattern.replace(/\$$/, "(\\.[a-z]{2})?$");
  },
  "a text of an answer is shorter": (_, schemas) => (schemas.Donor.properties.name.maxLength = 9),
  "an explanation is better": (paths) => (paths[DONORS].get.description = "All of them"),
};

for (const [name, change] of Object.entries(COMPATIBLE)) {
  test(`let through: ${name}`, () => assert.deepEqual(changed(change), []));
}

/** Soft hyphens, joiners, directions of writing, byte order marks. */
const UNSEEN = /[\u00AD\u034F\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/;

test("a pattern that is written differently matches the same texts", () => {
  assert.ok(RESPELLED.size > 0);
  for (const [before, now] of RESPELLED) {
    const [old, spelled] = [new RegExp(before), new RegExp(now)];
    assert.doesNotMatch(now, /\\u/);
    for (let code = 0; code <= 0xffff; code += 1) {
      const char = String.fromCharCode(code);
      // Alone, what nobody sees is no word in a line or text any more.
      const isUnseen = UNSEEN.test(char);
      for (const text of isUnseen ? [`a${char}b`, `${char}a`] : [char, `a${char}b`, `${char}a`, ` ${char} `]) {
        assert.equal(spelled.test(text), old.test(text), `${JSON.stringify(text)} in ${now}`);
      }
    }
  }
});
