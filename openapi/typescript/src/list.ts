import type { Page } from "./types.js";

/** A list of the API: read page by page, as far as it is looked at. */
export class List<T> implements AsyncIterable<T> {
  readonly #read: (cursor: string | undefined) => Promise<Page<T>>;

  constructor(read: (cursor: string | undefined) => Promise<Page<T>>) {
    this.#read = read;
  }

  /** Every record, one after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages()) yield* page.items;
  }

  /** The pages, with `total` when it was asked for. */
  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await this.#read(cursor);
      yield page;
      cursor = page.next_cursor;
    } while (cursor !== undefined);
  }

  /** The first page alone. */
  first(): Promise<Page<T>> {
    return this.#read(undefined);
  }

  /** The page after one whose `next_cursor` was kept, in an address for instance. */
  after(cursor: string): Promise<Page<T>> {
    return this.#read(cursor);
  }
}
