import type { Schemas } from "./types.js";

/** The kinds of problems the document knows. A newer server may know more. */
export type ProblemCode = Schemas["ProblemCode"];

/** One wrong field of a body (`pointer`) or parameter of an address (`parameter`). */
export type FieldError = Readonly<Schemas["ProblemField"]>;

/** What is certain about some kinds of problems. */
interface Certain {
  stale: { readonly currentVersion: number; readonly changedFields: readonly string[] };
  rate_limited: { readonly retryAfter: number };
  unavailable: { readonly retryAfter: number };
  locked: { readonly retryAfter: number };
}

/** A problem of one kind, with what is certain about it. */
export type ProblemOf<C extends ProblemCode> = C extends ProblemCode
  ? Problem & { readonly code: C } & (C extends keyof Certain ? Certain[C] : object)
  : never;

/** The server's refusal: RFC 9457 problem details. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** What to branch on. */
  readonly code: ProblemCode | (string & {});
  /** The HTTP status. */
  readonly status: number;
  /** The kind of problem, in words. */
  readonly title: string;
  /** What went wrong this time, in words. */
  readonly detail: string | undefined;
  /** Where the kind of problem is explained. */
  readonly type: string;
  /** What the operator finds the request by. */
  readonly requestId: string | undefined;
  /** The trace of the request, where the server is traced. */
  readonly traceId: string | undefined;
  /** Every wrong field or parameter. */
  readonly errors: readonly FieldError[];
  /** With the code `stale`: the version the record has now. */
  readonly currentVersion: number | undefined;
  /** With the code `stale`: what changed since the version the change was made from. */
  readonly changedFields: readonly string[] | undefined;
  /** Seconds until it is worth trying again. */
  readonly retryAfter: number | undefined;

  constructor(body: Schemas["Problem"], retryAfter?: number) {
    super(body.detail ?? body.title);
    this.code = body.code;
    this.status = body.status;
    this.title = body.title;
    this.detail = body.detail;
    this.type = body.type;
    this.requestId = body.request_id;
    this.traceId = body.trace_id;
    this.errors = body.errors ?? [];
    this.currentVersion = body.current_version;
    this.changedFields = body.fields;
    this.retryAfter = retryAfter;
  }

  /** True when it is one of these kinds; the type follows. */
  is<C extends ProblemCode>(...codes: C[]): this is ProblemOf<C> {
    return codes.some((code) => code === this.code);
  }

  /** What is wrong with a field of the body, by its JSON Pointer: `problem.at("/email")`. */
  at(pointer: string): FieldError | undefined {
    return this.errors.find((error) => error.pointer === pointer);
  }
}

/** An answer that is not the API's: of a proxy, or of another server at that address. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  readonly status: number;

  constructor(status: number, address: string) {
    super(`${address} answered with status ${status}, and not as the API does`);
    this.status = status;
  }
}

/** True when an answer has the shape of a problem. */
export function isProblem(body: object | string | undefined): body is Schemas["Problem"] {
  return (
    typeof body === "object" &&
    "code" in body &&
    typeof body.code === "string" &&
    "status" in body &&
    typeof body.status === "number" &&
    "title" in body &&
    typeof body.title === "string"
  );
}
