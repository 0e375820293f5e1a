// Makes `src/generated` from the document: the types of every operation, and what the client must
// know of them while it runs. It is made by every build and never committed, so that it cannot be
// older than the document.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const source = new URL("../openapi.json", import.meta.url);
const target = new URL("src/generated/", import.meta.url);
const NOTE = "// Made from openapi.json by generate.mjs. Do not edit.\n\n";

// A default is what the server takes for a field that is left out: the field stays optional.
const nodes = await openapiTS(source, { defaultNonNullable: false });
const tidy = ts.transform(nodes, [
  (context) => {
    // Every header the server sends is declared; `[name: string]: unknown` only hides misspellings.
    const visit = (node) =>
      ts.isIndexSignatureDeclaration(node) && node.type.kind === ts.SyntaxKind.UnknownKeyword
        ? undefined
        : ts.visitEachChild(node, visit, context);
    return (node) => ts.visitNode(node, visit);
  },
]).transformed;

const document = JSON.parse(readFileSync(source, "utf8"));
const repeatable = Object.entries(document.paths)
  .filter(([, item]) => item.post?.parameters?.some(({ name }) => name === "Idempotency-Key"))
  .map(([path]) => path)
  .sort();

// What was built from another document, or from sources that are gone.
for (const folder of [target, new URL("dist/", import.meta.url)]) {
  rmSync(folder, { recursive: true, force: true });
}
mkdirSync(target, { recursive: true });
writeFileSync(new URL("schema.ts", target), NOTE + astToString(tidy));
writeFileSync(
  new URL("operations.ts", target),
  `${NOTE}/** POSTs that take an \`Idempotency-Key\`. */
export const REPEATABLE: ReadonlySet<string> = new Set(${JSON.stringify(repeatable, null, 2)});
`,
);
