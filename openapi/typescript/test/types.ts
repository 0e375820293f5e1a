// What must and what must not compile. Nothing here is run.

import { Almoner, type Item, Problem, type Schemas } from "almoner-client";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._: Equal<A, B> extends true ? [] : ["the types differ"]): void {}

export async function types(almoner: Almoner, donation: Schemas["Donation"]): Promise<void> {
  const path = { id: donation.id };

  const read = await almoner.get("/api/v1/donations/{id}", { path });
  same<typeof read, Schemas["Donation"]>();
  const made = await almoner.post("/api/v1/donors", { body: { kind: "person", name: "A" } });
  same<typeof made, Schemas["CreatedDonor"]>();
  const none = await almoner.delete("/api/v1/donations/{id}", { path, from: read });
  same<typeof none, void>();
  same<Item<"/api/v1/audit/changes">, Schemas["Change"]>();
  for await (const user of almoner.list("/api/v1/users")) same<typeof user, Schemas["User"]>();
  for await (const page of almoner.list("/api/v1/donations", { query: { limit: 2 } }).pages()) {
    same<typeof page.items, Schemas["Donation"][]>();
    same<typeof page.total, number | undefined>();
  }
  await almoner.get("/api/v1/users/me");
  await almoner.post("/api/v1/donations/{id}/complete", { path });
  await almoner.post("/api/v1/donations/{id}/complete", { path, from: read });

  // @ts-expect-error: there is no such address
  await almoner.get("/api/v1/donatons");
  // @ts-expect-error: it cannot be posted to
  await almoner.post("/api/v1/donations/summary", {});
  // @ts-expect-error: the id is missing
  await almoner.get("/api/v1/donations/{id}");
  // @ts-expect-error: a change names what it is made from
  await almoner.patch("/api/v1/donations/{id}", { path, body: { notes: null } });
  // @ts-expect-error: there is no such filter
  almoner.list("/api/v1/donations", { query: { statsu: "completed" } });
  // @ts-expect-error: there is no such state
  almoner.list("/api/v1/donations", { query: { state: "complete" } });
  // @ts-expect-error: there is no such order
  almoner.list("/api/v1/donations", { query: { sort: "donor_name" } });
  // @ts-expect-error: the cursor is the client's business
  almoner.list("/api/v1/donations", { query: { cursor: "x" } });
  // @ts-expect-error: it has no pages
  almoner.list("/api/v1/roles");
  // @ts-expect-error: the name is missing
  await almoner.post("/api/v1/donors", { body: { kind: "person" } });
  // @ts-expect-error: there is no such field
  await almoner.post("/api/v1/donors", { body: { kind: "person", name: "A", emial: "a@b.c" } });
  // @ts-expect-error: the name cannot be emptied
  await almoner.patch("/api/v1/donors/{id}", { path, from: made, body: { name: null } });
  // @ts-expect-error: the answer has no such field
  made.nmae;
}

export function live(almoner: Almoner): void {
  const next = (): void => undefined;
  almoner.subscribe("/api/v1/users", { next: (users) => same<typeof users, readonly Schemas["User"][]>() });
  almoner.subscribe("/api/v1/donations", { next }, { query: { state: "pending", limit: 5 } }).close();
  // @ts-expect-error: it cannot be followed
  almoner.subscribe("/api/v1/roles", { next });
  // @ts-expect-error: nor can this
  almoner.subscribe("/api/v1/audit/security-events", { next });
  // @ts-expect-error: a live list is not counted
  almoner.subscribe("/api/v1/donations", { next }, { query: { count: "exact" } });
  // @ts-expect-error: there is no such filter
  almoner.subscribe("/api/v1/donations", { next }, { query: { statsu: "pending" } });
}

export function problems(problem: Problem): void {
  same<typeof problem.currentVersion, number | undefined>();
  if (problem.is("stale")) {
    same<typeof problem.currentVersion, number>();
    same<typeof problem.changedFields, readonly string[]>();
  }
  if (problem.is("rate_limited", "locked")) same<typeof problem.retryAfter, number>();
  // @ts-expect-error: there is no such code
  problem.is("to_many_requests");
}
