/** What can be asked of each operation and what it answers, worked out from the document. */

import type { components, paths } from "./generated/schema.js";

/** The objects of the API by their names in the document: `Schemas["Donor"]`. */
export type Schemas = components["schemas"];

/** The methods of the API. */
export type Method = "get" | "post" | "put" | "patch" | "delete";

/** The addresses that offer a method. */
export type Path<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: { responses: object } } ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends Path<M>> = paths[P] extends { [K in M]: infer O }
  ? O
  : never;

type Parameters<O, Place extends "path" | "query" | "header"> = O extends {
  parameters: { [K in Place]?: infer Values };
}
  ? Exclude<Values, undefined>
  : never;

type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : never;

/** An object that can be left out when everything in it can be. */
type Given<Name extends string, Values> = [Values] extends [never]
  ? object
  : object extends Values
    ? { [K in Name]?: Values }
    : { [K in Name]: Values };

/** What a change is made from: the record as it was read, its `ETag`, or its version alone, as `"3"` in quotes. */
export type From = string | { readonly version?: number };

type Version<Headers> = [Headers] extends [never]
  ? object
  : Headers extends { "If-Match": string }
    ? {
        /** The record as it was read: nobody's change since then is overwritten. */
        from: From;
      }
    : "If-Match" extends keyof Headers
      ? {
          /** The record as it was read: the action is refused when it has changed since. */
          from?: From;
        }
      : object;

type Key<Headers> = [Headers] extends [never]
  ? object
  : "Idempotency-Key" extends keyof Headers
    ? {
        /** Made by the client unless it is given: give it to repeat a request of your own. */
        idempotencyKey?: string;
      }
    : object;

type Known<Headers, T> = [Headers] extends [never]
  ? object
  : "If-None-Match" extends keyof Headers
    ? {
        /** The record as this client has read it by itself: given back when it would be shown the same. */
        known?: T;
      }
    : object;

/** What an operation is asked with. */
export type Input<M extends Method, P extends Path<M>> = Given<
  "path",
  Parameters<Operation<M, P>, "path">
> &
  Given<"query", Parameters<Operation<M, P>, "query">> &
  ([Body<Operation<M, P>>] extends [never] ? object : { body: Body<Operation<M, P>> }) &
  Version<Parameters<Operation<M, P>, "header">> &
  Key<Parameters<Operation<M, P>, "header">> &
  Known<Parameters<Operation<M, P>, "header">, Answer<M, P>> & {
    /** Ends the request, and the waiting between its repetitions. */
    signal?: AbortSignal;
  };

/** The input, which may be left out when nothing in it is required. */
export type Arguments<M extends Method, P extends Path<M>> = object extends Input<M, P>
  ? [input?: Input<M, P>]
  : [input: Input<M, P>];

type AnswerOf<O> = O extends { responses: { 200: { content: { "application/json": infer T } } } }
  ? T
  : O extends { responses: { 201: { content: { "application/json": infer T } } } }
    ? T
    : void;

/** What an operation answers when nothing went wrong. */
export type Answer<M extends Method, P extends Path<M>> = AnswerOf<Operation<M, P>>;

/** One page of a list. */
export interface Page<T> {
  items: T[];
  next_cursor?: string;
  /** Only with `count: "exact"`. */
  total?: number;
  /** True when there are more than `total`. */
  total_is_capped?: boolean;
}

/** The addresses of lists that come in pages. */
export type ListPath = {
  [P in Path<"get">]: [Parameters<Operation<"get", P>, "query">] extends [never]
    ? never
    : "cursor" extends keyof Parameters<Operation<"get", P>, "query">
      ? P
      : never;
}[Path<"get">];

/** What a list is asked with: the cursor is the client's business. */
export type ListInput<P extends ListPath> = Omit<Input<"get", P>, "query"> & {
  query?: Omit<Parameters<Operation<"get", P>, "query">, "cursor">;
};

/** The input of a list, which may be left out when nothing in it is required. */
export type ListArguments<P extends ListPath> = object extends ListInput<P>
  ? [input?: ListInput<P>]
  : [input: ListInput<P>];

/** What a list is a list of. */
export type Item<P extends ListPath> =
  Answer<"get", P> extends { items: (infer T)[] } ? T : never;

/** The addresses of lists that can be followed. */
export type LivePath = {
  [P in ListPath]: Operation<"get", P> extends {
    responses: { 200: { content: { "text/event-stream": string } } };
  }
    ? P
    : never;
}[ListPath];

/** What a list is followed with: it begins at the first page, and is not counted. */
export type LiveInput<P extends LivePath> = {
  query?: Omit<Exclude<Parameters<Operation<"get", P>, "query">, undefined>, "cursor" | "count">;
};

/** What a list that is followed is a list of. */
export type LiveItem<P extends LivePath> = Item<P> extends { id: string } ? Item<P> : never;
