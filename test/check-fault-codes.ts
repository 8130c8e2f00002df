// Every fault code of the product is named by a test: a fault that nobody has ever seen is a sentence that nobody has ever read.
//
//   node main/boot/launch.mjs test/check-fault-codes.ts     names the codes that no test names, and fails where there are any
//
// A code is a word with a dot that the source gives to a fault: as `code` in an object, as an argument for a parameter of that name, or as
// a variable of that name.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** room.what-happened */
const form = /^[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$/;

/** Where in the source a code is given to a fault. */
export interface CodeFound {
  readonly code: string;
  readonly file: string;
  readonly line: number;
}

interface Parsed {
  readonly file: string;
  readonly source: ts.SourceFile;
}

function parse(file: string, text: string): Parsed {
  return { file, source: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** A parameter that takes a code, or the end of one: `code: \`image.${code}\`` makes of `magic` image.magic. */
interface Taker {
  readonly at: number;
  readonly prefix: string;
}

/** Functions that are given a code, by name: by a parameter of that name, or one that ends a code in them. */
function takersOf({ source }: Parsed, called: string): Map<string, Taker> {
  const takers = new Map<string, Taker>();
  visit(source, (node) => {
    if (!ts.isFunctionLike(node)) return;
    const names = node.parameters.map(({ name }) => name.getText());
    const named = (node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined))?.getText();
    if (named === undefined) return;
    if (names.includes(called)) takers.set(named, { at: names.indexOf(called), prefix: '' });
    visit(node, (inner) => {
      if (!isProperty(inner, called) || !ts.isTemplateExpression(inner.initializer)) return;
      const { head, templateSpans } = inner.initializer;
      const at = names.indexOf(templateSpans[0]?.expression.getText() ?? '');
      if (at >= 0) takers.set(named, { at, prefix: head.text });
    });
  });
  return takers;
}

function isProperty(node: ts.Node, called: string): node is ts.PropertyAssignment {
  return ts.isPropertyAssignment(node) && node.name.getText() === called;
}

/** The literals that an expression may come to: of a choice all, of a table those in it. */
function literalsIn(expression: ts.Expression): ts.StringLiteralLike[] {
  const found: ts.StringLiteralLike[] = [];
  visit(expression, (node) => {
    if (ts.isStringLiteralLike(node)) found.push(node);
  });
  return found;
}

/**
 * Every place at which a source file gives a code to a fault, in order. `files`: path to text, as they are parsed together. `called` and
 * `wanted`: how what is given is called where it is no code, and its form.
 */
export function codesOf(files: Readonly<Record<string, string>>, called = 'code', wanted = form): CodeFound[] {
  const parsed = Object.entries(files).map(([file, text]) => parse(file, text));
  const takers = new Map(parsed.map((one) => [one.file, takersOf(one, called)]));
  const isNamedSo = new RegExp(`\\b${called}\\b`);
  const anywhere = new Map([...takers.values()].flatMap((of) => [...of]));
  const found = new Map<ts.Node, CodeFound>();
  for (const { file, source } of parsed) {
    const keep = (expression: ts.Expression | undefined, prefix = '') => {
      for (const literal of expression === undefined ? [] : literalsIn(expression)) {
        const code = `${prefix}${literal.text}`;
        const line = source.getLineAndCharacterOfPosition(literal.getStart()).line + 1;
        if (wanted.test(code)) found.set(literal, { code, file, line });
      }
    };
    visit(source, (node) => {
      if (isProperty(node, called)) keep(node.initializer);
      if (ts.isVariableDeclaration(node) && isNamedSo.test(node.name.getText())) keep(node.initializer);
      if (ts.isCallExpression(node)) {
        const name = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
        const taker = takers.get(file)!.get(name.getText()) ?? anywhere.get(name.getText());
        if (taker !== undefined) keep(node.arguments[taker.at], taker.prefix);
      }
    });
  }
  return [...found.values()];
}

/** Codes that no test produces yet, each with why not. One that is tested or gone has to leave: the list only shrinks. */
const untested: Readonly<Record<string, string>> = {
  'desk.no-page': 'the page of this very copy would have to be taken away, or its builder',
};

/** Codes of the source that none of these texts names. */
export function unnamed(codes: readonly CodeFound[], tests: string): string[] {
  const named = new Set(tests.match(/[a-z][a-z0-9-]*\.[a-z0-9-]+/g) ?? []);
  return [...new Set(codes.map(({ code }) => code))].filter((code) => !named.has(code)).sort();
}

/** Texts of the files of these patterns, by their path. */
export const textsOf = (root: string, ...patterns: string[]): Record<string, string> =>
  Object.fromEntries(
    globSync(patterns, { cwd: root })
      .sort()
      .map((file) => [file.replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')]),
  );

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  const codes = codesOf(textsOf(root, 'main/**/*.ts'));
  const tests = textsOf(root, 'test/**/*.test.ts', 'test/**/*.py');
  const missing = unnamed(codes, Object.values(tests).join('\n'));
  const left = missing.filter((code) => !(code in untested));
  const stale = Object.keys(untested).filter((code) => !missing.includes(code));
  for (const code of left) {
    const { file, line } = codes.find((one) => one.code === code)!;
    console.log(`${file}:${line}: no test names the fault ${code}`);
  }
  for (const code of stale) console.log(`${code} has a test, or is gone: take it out of the list of untested codes`);
  const all = new Set(codes.map(({ code }) => code)).size;
  console.log(`${all} fault codes, ${missing.length} of them without a test (${Object.keys(untested).length} listed)`);
  process.exitCode = left.length + stale.length > 0 ? 1 : 0;
}
