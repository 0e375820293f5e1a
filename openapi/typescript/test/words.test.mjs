// No `any` and no `unknown`, neither in what we write nor in what is made from the document nor in
// what users of the package compile against; nor an expression whose type is one of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import ts from "typescript";

const here = new URL("..", import.meta.url).pathname;

function files(folder, extension) {
  const found = ts.sys.readDirectory(`${here}${folder}`, [extension]);
  assert.ok(found.length > 5, `${folder} is built`);
  return found;
}

function program(names) {
  const { config } = ts.readConfigFile(`${here}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, here);
  return ts.createProgram(names, options);
}

function place(node) {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${file.fileName.slice(here.length)}:${line + 1}: ${node.getText().slice(0, 60)}`;
}

function found(names, isWrong, isSkipped = () => false) {
  const all = program(names);
  const checker = all.getTypeChecker();
  const wrong = [];
  const visit = (node) => {
    if (isWrong(node, checker)) wrong.push(place(node));
    if (!isSkipped(node)) ts.forEachChild(node, visit);
  };
  for (const name of names) visit(all.getSourceFile(name));
  return wrong;
}

const isKeyword = ({ kind }) =>
  kind === ts.SyntaxKind.AnyKeyword || kind === ts.SyntaxKind.UnknownKeyword;

test("the sources and the generated types never say any or unknown", () => {
  assert.deepEqual(found(files("src", ".ts"), isKeyword), []);
});

test("the types of the package never say any or unknown", () => {
  assert.deepEqual(found(files("dist", ".d.ts"), isKeyword), []);
});

test("no expression has the type any", () => {
  const isAny = (node, checker) =>
    ts.isExpression(node) &&
    !ts.isTypeNode(node) &&
    // The name of a private member has no type, the access to it has.
    !ts.isPrivateIdentifier(node) &&
    (checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any) !== 0;
  const isType = (node) =>
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node);
  assert.deepEqual(found(files("src", ".ts"), isAny, isType), []);
});

test("the check finds what it looks for", () => {
  const file = ts.createSourceFile("x.ts", "let a: any; let b: unknown;", ts.ScriptTarget.Latest);
  let count = 0;
  const visit = (node) => {
    if (isKeyword(node)) count += 1;
    ts.forEachChild(node, visit);
  };
  visit(file);
  assert.equal(count, 2);
});
