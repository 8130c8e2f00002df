// Sentences that main/cli and main/start would say to a person in English alone: literals that are neither of a catalogue nor of a fault,
// whose English stands where it is raised.
import ts from 'typescript';

/** Literals that nobody is told, or that stay English, by how they begin, each with why. */
export const staysEnglish: Readonly<Record<string, string>> = {
  'This folder holds a ledger': 'README of an archive: evidence, read elsewhere and after years',
  'What this station says of itself': 'README of a bundle for whoever helps, anywhere',
  'from a file': 'a value of settings.json in that bundle',
  '§ ranges': 'a value of settings.json in that bundle',
  'fuseline archive': 'what manifest.json says it is, for programs',
  'fuseline §': 'name and version of the program, in files',
  '# bash completion': 'a script of a shell',
  '#compdef fuseline': 'a script of a shell',
  '# fish completion': 'a script of a shell',
  'complete -c fuseline': 'a script of a shell',
  '__fuseline_at §': 'a script of a shell',
  '§) ': 'a script of a shell',
  'display help for command': 'what commander says; the other languages have it under help',
  'not met': 'a verdict by its code',
  'not shown': 'a verdict by its code',
  'not applicable': 'a verdict by its code',
  'image encrypt': 'for what a key was used, as the ledger keeps it',
  'listed §': 'which token, as the ledger keeps it',
  'Fuseline ledger': 'name of a process, for the list of processes',
  'Fuseline token': 'name of a process, for the list of processes',
  'Application Support': 'a folder of macOS',
  '<!doctype html>': 'a page that leads on by itself',
  'new URL(': 'code that a build writes',
  'npm run station': 'a line to be typed',
};

/** Names that are alike in all languages, and words of a command line. */
const names =
  /\b(?:BLOCK|bits?|ESP-IDF|SHA-256|RSA|eFuse|MiB|KiB)\b|--[a-z][a-z-]*|\b\p{Lu}[\p{Lu}\d-]+\b|(?<=^\s*)[a-z_]+:(?= §$)/gu;

const isWord = (text: string) => /\p{Ll}{2}/u.test(text.replaceAll(names, '·'));

/** Whether it says a sentence: two words, or a word beside a value (§). */
function isSentence(text: string): boolean {
  const rest = text.replaceAll(names, '·');
  return isWord(rest) && /[\p{L}§·][,.:;)”]* +[(“]?[\p{L}§·]/u.test(rest);
}

const literalOf = (node: ts.Node): string | null =>
  ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)
    ? node.text
    : ts.isTemplateExpression(node)
      ? node.head.text + node.templateSpans.map(({ literal }) => `§${literal.text}`).join('')
      : null;

const isFaultName = (name: string) => /(?:Fault|Error)$/.test(name);

/** Functions that give a fault: by their type, or because they make one. */
function faultMakers(sources: readonly ts.SourceFile[]): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) && node.name && node.type && isFaultName(node.type.getText()))
      found.add(node.name.text);
    if (
      ts.isVariableDeclaration(node) &&
      node.initializer &&
      ts.isArrowFunction(node.initializer) &&
      ts.isNewExpression(node.initializer.body) &&
      isFaultName(node.initializer.body.expression.getText())
    )
      found.add(node.name.getText());
    ts.forEachChild(node, visit);
  };
  for (const source of sources) visit(source);
  return found;
}

/** Whether a node goes into a fault, or is but compared. */
function isUntold(node: ts.Node, makers: ReadonlySet<string>): boolean {
  for (let at = node; at.parent !== undefined; at = at.parent) {
    const over = at.parent;
    if (ts.isImportDeclaration(over) || ts.isLiteralTypeNode(over)) return true;
    if (ts.isCaseClause(over) && over.expression === at) return true;
    if (ts.isThrowStatement(over)) return true;
    if (ts.isPropertyAssignment(over) && over.name !== at && ['what', 'next', 'remedy'].includes(over.name.getText()))
      return true;
    if (ts.isBinaryExpression(over) && /^[!=]==$/.test(over.operatorToken.getText())) return true;
    if (ts.isNewExpression(over) && isFaultName(over.expression.getText())) return true;
    if (ts.isCallExpression(over) && over.expression !== at && makers.has(over.expression.getText())) return true;
    if (ts.isVariableDeclaration(over) && over.initializer === at && ts.isIdentifier(over.name))
      return usesOf(over.name).length > 0 && usesOf(over.name).every((use) => isUntold(use, makers));
    if (ts.isFunctionLike(over)) return false;
  }
  return false;
}

/** Where its block names a variable besides its declaration. */
function usesOf(name: ts.Identifier): ts.Identifier[] {
  const found: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    const { parent } = node;
    const isMember =
      parent !== undefined &&
      ((ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node));
    if (ts.isIdentifier(node) && node.text === name.text && node !== name && !isMember) found.push(node);
    ts.forEachChild(node, visit);
  };
  let scope: ts.Node = name;
  while (!ts.isBlock(scope) && !ts.isSourceFile(scope)) scope = scope.parent;
  visit(scope);
  return found;
}

/** Whether it is handed to a person as it stands, be it a single word. */
const isSaid = ({ parent }: ts.Node) =>
  ts.isCallExpression(parent) &&
  ts.isPropertyAccessExpression(parent.expression) &&
  ['say', 'answer'].includes(parent.expression.name.text);

/**
 * What files say in English alone, and exceptions that none of them needs. `files`: path to text; `help`: texts of the terminal's help, which
 * other languages have by their words.
 */
export function bareWords(
  files: Readonly<Record<string, string>>,
  help: readonly string[],
  exceptions: Readonly<Record<string, string>> = staysEnglish,
): string[] {
  const sources = Object.entries(files).map(([file, text]) =>
    ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true),
  );
  const makers = faultMakers(sources);
  const needed = new Set<string>();
  const bare: string[] = [];
  for (const source of sources) {
    const visit = (node: ts.Node): void => {
      const text = literalOf(node);
      if (text !== null && (isSentence(text) || (isSaid(node) && isWord(text)))) {
        const exception = Object.keys(exceptions).find((start) => text.trimStart().startsWith(start));
        if (exception !== undefined) needed.add(exception);
        else if (!help.some((one) => one === text || partsOf(text, one)) && !isUntold(node, makers)) {
          const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
          bare.push(`${source.fileName}:${line} says ${JSON.stringify(text)}, which is in no catalogue`);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  const idle = Object.keys(exceptions).filter((start) => !needed.has(start));
  return [...bare, ...idle.map((start) => `test/bare-words.ts: nothing begins with ${JSON.stringify(start)} any more`)];
}

/** Whether a text is made from this template: what stands between its values, in its order. */
function partsOf(template: string, text: string): boolean {
  const parts = template.split('§');
  return parts.length > 1 && text.startsWith(parts[0]!) && text.endsWith(parts.at(-1)!);
}
