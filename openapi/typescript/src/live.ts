/** A list that stays up to date: what the server tells of it, and what becomes of the array. */

/** A record of a list. */
export interface Identified {
  readonly id: string;
}

/** Who is told of a list. */
export interface Listener<T> {
  /** The list as it is now, a new array each time. */
  next(items: readonly T[]): void;
  /** The server refuses to go on: the session is over, or a permission is gone. Nothing follows. */
  error?(reason: Error): void;
  /** False while the connection is lost and made anew, true when it stands again. */
  connected?(isConnected: boolean): void;
}

/** A list that is followed. */
export interface Subscription {
  /** Stops following. */
  close(): void;
}

/** One of the server's events, read as far as it has to be. */
export type LiveEvent<T> =
  | { readonly name: "snapshot"; readonly items: readonly T[] }
  | { readonly name: "keep"; readonly ids: readonly string[] }
  | { readonly name: "remove"; readonly id: string }
  | { readonly name: "upsert"; readonly index: number; readonly record: T };

/** What a server-sent event says, before anybody knows what it means. */
export interface Message {
  readonly event: string;
  readonly data: string;
  /** Of the last event that had one. */
  readonly id: string | undefined;
  /** True when this event itself has an id. */
  readonly hasId: boolean;
}

/** What becomes of the array. */
export function applied<T extends Identified>(items: readonly T[], event: LiveEvent<T>): readonly T[] {
  switch (event.name) {
    case "snapshot":
      return event.items;
    case "keep": {
      const had = new Map(items.map((item) => [item.id, item]));
      return event.ids.flatMap((id) => had.get(id) ?? []);
    }
    case "remove":
      return items.filter((item) => item.id !== event.id);
    case "upsert": {
      const others = items.filter((item) => item.id !== event.record.id);
      return [...others.slice(0, event.index), event.record, ...others.slice(event.index)];
    }
  }
}

/** The server says every 15 seconds that it is there. */
const SILENCE_MS = 40_000;
const LONGEST_WAIT_MS = 30_000;

/** How a stream is opened: behind the event with that id, or from the start. */
export type Open = (last: string | undefined, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;

/** Follows a list until it is closed or refused. Lost connections are made again by themselves. */
export function follow<T extends Identified>(
  open: Open,
  isFinal: (error: Error) => boolean,
  listener: Listener<T>,
): Subscription {
  const closing = new AbortController();
  void run(open, isFinal, listener, closing.signal);
  return { close: () => closing.abort() };
}

async function run<T extends Identified>(
  open: Open,
  isFinal: (error: Error) => boolean,
  listener: Listener<T>,
  closed: AbortSignal,
): Promise<void> {
  let items: readonly T[] = [];
  let last: string | undefined;
  let isConnected = false;
  const connected = (now: boolean): void => {
    if (now !== isConnected) listener.connected?.(now);
    isConnected = now;
  };
  for (let failures = 0; !closed.aborted; failures += 1) {
    const connection = new AbortController();
    const close = (): void => connection.abort();
    closed.addEventListener("abort", close);
    try {
      let pending = items;
      for await (const message of messages(await open(last, connection.signal), connection)) {
        connected(true);
        failures = 0;
        last = message.id;
        const event = read<T>(message);
        if (event !== undefined) pending = applied(pending, event);
        // Events up to the next id belong together: whoever is cut off between them gets them again.
        if (message.hasId && pending !== items) {
          items = pending;
          listener.next(items);
        }
      }
    } catch (error) {
      if (closed.aborted) return;
      if (error instanceof Error && isFinal(error)) {
        connected(false);
        listener.error?.(error);
        return;
      }
    } finally {
      closed.removeEventListener("abort", close);
      connection.abort();
    }
    connected(false);
    await pause(Math.min(LONGEST_WAIT_MS, 250 * 2 ** failures) * (0.5 + Math.random()), closed);
  }
}

/** What the document promises is an object. */
const parse: (text: string) => object = JSON.parse;

function read<T>(message: Message): LiveEvent<T> | undefined {
  switch (message.event) {
    case "snapshot":
    case "keep":
    case "remove":
    case "upsert":
      return { name: message.event, ...parse(message.data) } as LiveEvent<T>;
    default:
      return undefined;
  }
}

/** Server-sent events (WHATWG HTML, 9.2.6); an id without data is a message without an event. */
export async function* messages(
  body: ReadableStream<Uint8Array>,
  connection: AbortController,
): AsyncGenerator<Message, void, undefined> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let buffer = "";
  let id: string | undefined;
  let silence = setTimeout(() => connection.abort(), SILENCE_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      clearTimeout(silence);
      if (done) return;
      silence = setTimeout(() => connection.abort(), SILENCE_MS);
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = new Map(
          block
            .split("\n")
            .map((line): [string, string] => {
              const at = line.indexOf(":");
              return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
            }),
        );
        const own = fields.get("id");
        id = own ?? id;
        const data = fields.get("data");
        if (own !== undefined || data !== undefined) {
          yield { event: fields.get("event") ?? "message", data: data ?? "null", id, hasId: own !== undefined };
        }
      }
    }
  } finally {
    clearTimeout(silence);
    await reader.cancel().catch(() => undefined);
  }
}

/** Waits, at most until it is closed. */
function pause(ms: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      closed.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    closed.addEventListener("abort", done);
  });
}
