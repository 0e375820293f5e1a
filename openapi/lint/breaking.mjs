// What a client of the released document would stumble over with the current one.
//
//   node breaking.mjs [released.json] [openapi.json]
//
// What breaks on purpose stands in announced.json with its reason, until the next release.
//
// A client sends what the released document allows: whatever the server takes must not become less.
// It reads what the released document promises: whatever the server answers must not become less
// either. Words of closed lists may be added to answers, as the document says.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const METHODS = ["get", "put", "post", "delete", "patch", "head", "options"];

/** Every breaking change, as one line each. */
export function breaks(released, current) {
  const found = [];
  const compare = new Comparison(released, current, (place, what) => found.push(`${place}: ${what}`));
  const items = new Map(Object.entries(current.paths).map(([path, item]) => [shape(path), item]));
  for (const [path, item] of Object.entries(released.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const place = `${method.toUpperCase()} ${path}`;
      const operation = items.get(shape(path))?.[method];
      if (operation === undefined) found.push(`${place}: the operation is gone`);
      else compare.operations(place, item[method], operation);
    }
  }
  return [...new Set(found)];
}

/** Patterns of the released document, and how they are written now: they match the same texts. */
export const RESPELLED = new Map(
  JSON.parse(readFileSync(new URL("respelled.json", import.meta.url), "utf8")),
);

/** True when a pattern is another one and something that may be absent: it takes all that the other does. */
function mayBeLeftOut(pattern, other) {
  const optional = pattern?.matchAll(/(?<!\\)\((?:[^()\\]|\\.)*\)\?/g) ?? [];
  return [...optional].some(
    ({ 0: part, index }) => pattern.slice(0, index) + pattern.slice(index + part.length) === other,
  );
}

/** The names of parameters in an address are nobody's business. */
const shape = (path) => path.replaceAll(/\{[^}]*\}/g, "{}");

class Comparison {
  #released;
  #current;
  #report;
  /** Pairs of schemas that were compared, by direction: schemas may hold themselves. */
  #seen = new Set();

  constructor(released, current, report) {
    this.#released = released;
    this.#current = current;
    this.#report = report;
  }

  operations(place, before, after) {
    if (before.operationId !== after.operationId) {
      this.#report(place, `operationId ${before.operationId} is now ${after.operationId}`);
    }
    if (before["x-permission"] !== after["x-permission"]) {
      const [old, now] = [before, after].map((operation) => operation["x-permission"] ?? "none");
      this.#report(place, `needs the permission ${now} and not ${old}`);
    }
    const schemes = (operation) =>
      (operation.security ?? []).map((one) => Object.keys(one).sort().join("+"));
    const offered = schemes(after);
    const known = schemes(before);
    if (known.length === 0 ? offered.length > 0 : known.some((one) => !offered.includes(one))) {
      this.#report(place, "asks for other credentials");
    }
    this.#parameters(place, before, after);
    this.#body(place, before.requestBody, after.requestBody);
    this.#responses(place, before.responses, after.responses);
  }

  #parameters(place, before, after) {
    // Parameters of an address are told apart by their order.
    const inPath = (operation) => operation.parameters?.filter((one) => one.in === "path") ?? [];
    const named = (operation) =>
      new Map((operation.parameters ?? []).map((one) => [`${one.in} ${one.name}`, one]));
    const now = named(after);
    for (const [name, old] of named(before)) {
      const parameter =
        old.in === "path" ? inPath(after)[inPath(before).indexOf(old)] : now.get(name);
      if (parameter === undefined) {
        this.#report(place, `the parameter ${name} is gone`);
        continue;
      }
      if (parameter.required && !old.required) this.#report(place, `${name} is required now`);
      // A single value is written the same way in every style of a query.
      const isPlain = old.in === "query" && !typesOf(resolve(this.#released, old.schema)).some((type) => ["array", "object"].includes(type));
      for (const key of isPlain ? [] : ["style", "explode"]) {
        if (old[key] !== parameter[key]) this.#report(place, `${name} is written differently`);
      }
      this.#sent(`${place} ${name}`, old.schema, parameter.schema);
    }
    const known = named(before);
    for (const [name, parameter] of now) {
      if (parameter.required && parameter.in !== "path" && !known.has(name)) {
        this.#report(place, `the parameter ${name} is new and required`);
      }
    }
  }

  #body(place, before, after) {
    if (before === undefined) {
      if (after?.required) this.#report(place, "a body is required now");
      return;
    }
    if (after === undefined) {
      this.#report(place, "a body is not taken any more");
      return;
    }
    if (after.required && !before.required) this.#report(place, "a body is required now");
    for (const [type, { schema }] of Object.entries(before.content)) {
      const content = after.content[type];
      if (content === undefined) this.#report(place, `a body of type ${type} is not taken any more`);
      else this.#sent(`${place} request`, schema, content.schema);
    }
  }

  #responses(place, before, after) {
    for (const [status, named] of Object.entries(before)) {
      if (after[status] === undefined) {
        this.#report(place, `the status ${status} is gone`);
        continue;
      }
      const old = resolve(this.#released, named);
      const now = resolve(this.#current, after[status]);
      for (const name of Object.keys(old.headers ?? {})) {
        if (now.headers?.[name] === undefined) {
          this.#report(`${place} ${status}`, `the header ${name} is gone`);
        }
      }
      for (const [type, { schema }] of Object.entries(old.content ?? {})) {
        const content = now.content?.[type];
        if (content === undefined) this.#report(`${place} ${status}`, `is not ${type} any more`);
        else this.#read(`${place} ${status}`, schema, content.schema);
      }
    }
  }

  /** What clients send: everything that was taken must still be. */
  #sent(where, before, after) {
    const pair = this.#pair("sent", where, before, after);
    if (pair === undefined) return;
    const { place, old, now } = pair;
    const say = (what) => this.#report(place, what);

    const types = typesOf(now);
    const lost = typesOf(old).filter((type) => !takes(types, type));
    if (lost.length > 0) say(`${lost.join(", ")} is not taken any more`);
    const words = now.enum ?? (now.const === undefined ? undefined : [now.const]);
    if (words !== undefined) {
      const refused = old.enum?.filter((word) => !words.includes(word));
      if (refused === undefined) say("only some values are taken now");
      else if (refused.length > 0) say(`${refused.join(", ")} is not taken any more`);
    }
    // A closed list of words has its own limits.
    if (old.enum === undefined) {
      for (const name of ["maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"]) {
        if ((now[name] ?? Infinity) < (old[name] ?? Infinity)) {
          say(`${name} is ${now[name]}, it was ${old[name] ?? "not limited"}`);
        }
      }
      for (const name of ["minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"]) {
        const least = name === "minimum" || name === "exclusiveMinimum" ? -Infinity : 0;
        if ((now[name] ?? least) > (old[name] ?? least)) {
          say(`${name} is ${now[name]}, it was ${old[name] ?? "not limited"}`);
        }
      }
      for (const name of ["pattern", "format", "multipleOf"]) {
        const isWider =
          name === "pattern" &&
          (mayBeLeftOut(now.pattern, old.pattern) || RESPELLED.get(old.pattern) === now.pattern);
        if (now[name] !== undefined && now[name] !== old[name] && !isWider) {
          say(`${name} is ${now[name]}, it was ${old[name] ?? "not limited"}`);
        }
      }
    }
    if (now.uniqueItems && !old.uniqueItems) say("items must differ now");
    for (const name of now.required ?? []) {
      if (!old.required?.includes(name)) say(`the field ${name} is required now`);
    }
    const closed = now.additionalProperties === false;
    if (closed && old.additionalProperties !== false) say("other fields are refused now");
    for (const [name, schema] of Object.entries(old.properties ?? {})) {
      const field = now.properties?.[name];
      if (field !== undefined) this.#sent(`${place}/${name}`, schema, field);
      else if (closed) say(`the field ${name} is refused now`);
    }
    if (old.items && now.items) this.#sent(`${place}[]`, old.items, now.items);
    this.#branches(old, now, (branch, other) => {
      if (other === undefined) say(`one of its forms is not taken any more: ${branch.name}`);
      else this.#sent(place, branch.schema, other.schema);
    });
  }

  /** What clients read: everything that was promised must still be, and nothing of another type. */
  #read(where, before, after) {
    const pair = this.#pair("read", where, before, after);
    if (pair === undefined) return;
    const { place, old, now } = pair;
    const say = (what) => this.#report(place, what);

    const types = typesOf(old);
    const added = typesOf(now).filter((type) => !takes(types, type));
    if (added.length > 0) say(`can be ${added.join(", ")} now`);
    const isWritten = [old, now].every(({ type }) => typeof type === "string");
    if (isWritten && old.format !== now.format) {
      say(`format is ${now.format ?? "free"}, it was ${old.format ?? "free"}`);
    }
    for (const [name, schema] of Object.entries(old.properties ?? {})) {
      const field = now.properties?.[name];
      if (field === undefined) {
        say(`the field ${name} is gone`);
        continue;
      }
      if (old.required?.includes(name) && !now.required?.includes(name)) {
        say(`the field ${name} may be absent now`);
      }
      this.#read(`${place}/${name}`, schema, field);
    }
    const [others, othersNow] = [old.additionalProperties, now.additionalProperties];
    if (typeof others === "object" && typeof othersNow === "object") {
      this.#read(`${place}/*`, others, othersNow);
    }
    if (old.items && now.items) this.#read(`${place}[]`, old.items, now.items);
    this.#branches(now, old, (branch, other) => {
      if (other === undefined) say(`has another form now: ${branch.name}`);
      else this.#read(place, other.schema, branch.schema);
    });
  }

  /**
   * The schemas themselves, and where they are: what has a name is compared once, under its name.
   * None when it was compared before.
   */
  #pair(direction, where, before, after) {
    if (before === undefined || after === undefined) return undefined;
    const isNamed = before.$ref !== undefined && after.$ref !== undefined;
    const key = `${direction} ${before.$ref} ${after.$ref}`;
    if (isNamed && this.#seen.has(key)) return undefined;
    if (isNamed) this.#seen.add(key);
    const place = isNamed ? `${before.$ref.split("/").at(-1)}, as it is ${direction}` : where;
    return { place, old: resolve(this.#released, before), now: resolve(this.#current, after) };
  }

  /** Each form of one schema, with the same form of the other. */
  #branches(one, other, see) {
    const written = (schema) => [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
    const forms = (schema, beside) => {
      // Several types at once are as many forms, where the other schema writes them out.
      const isShort = written(schema).length === 0 && written(beside).length > 0;
      const all = isShort && Array.isArray(schema.type) ? [schema] : written(schema);
      return all.flatMap(ofOneType).map((branch) => ({
        name: branch.$ref ?? JSON.stringify(branch.type ?? branch),
        schema: branch,
      }));
    };
    const others = forms(other, one);
    for (const branch of forms(one, other)) {
      // A form may get a name, and be the same.
      const type = this.#typeOf(branch.schema);
      const alike = others.filter(({ schema }) => type && this.#typeOf(schema) === type);
      const same = others.find(({ name }) => name === branch.name);
      const isNew = (branch.schema.$ref === undefined) !== (alike[0]?.schema.$ref === undefined);
      see(branch, same ?? (alike.length === 1 && isNew ? alike[0] : undefined));
    }
  }

  #typeOf(schema) {
    const name = schema.$ref?.split("/").at(-1);
    const [now, before] = [this.#current, this.#released].map(
      ({ components }) => components.schemas[name],
    );
    return (now ?? before ?? schema).type;
  }
}

function resolve(document, value) {
  if (value.$ref === undefined) return value;
  const found = value.$ref
    .slice(2)
    .split("/")
    .reduce((at, name) => at[name.replaceAll("~1", "/").replaceAll("~0", "~")], document);
  return { ...resolve(document, found), ...value, $ref: undefined };
}

/** A form of several types is several forms; what numbers look like says nothing of the others. */
function ofOneType(form) {
  if (!Array.isArray(form.type)) return [form];
  return form.type.map((type) => {
    const isOther = /^int/.test(form.format ?? "") && type !== "integer";
    return { ...form, type, format: isOther ? undefined : form.format };
  });
}

function typesOf(schema) {
  if (schema.type !== undefined) return [schema.type].flat();
  return schema.oneOf || schema.anyOf || schema.enum ? [] : ["anything"];
}

const takes = (types, type) =>
  types.length === 0 ||
  types.includes(type) ||
  types.includes("anything") ||
  (type === "integer" && types.includes("number"));

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const read = (file) => JSON.parse(readFileSync(file, "utf8"));
  const beside = (name) => new URL(`../${name}`, import.meta.url);
  const [released, current] = [
    read(process.argv[2] ?? beside("released.json")),
    read(process.argv[3] ?? beside("openapi.json")),
  ];
  const announced = read(new URL("announced.json", import.meta.url)).map(({ change }) => change);
  const all = breaks(released, current);
  const found = all.filter((line) => !announced.includes(line));
  // What was announced and is not done is told to nobody.
  found.push(...announced.filter((line) => !all.includes(line)).map((line) => `announced only: ${line}`));
  for (const line of found) console.error(line);
  console.log(
    `${found.length} breaking changes since ${released.info.version}, and ${announced.length} announced ones`,
  );
  process.exit(found.length === 0 ? 0 : 1);
}
