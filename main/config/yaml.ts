import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { z } from 'zod';
import { nearest } from './nearest.ts';

/** A mistake in a file that a person wrote: where it stands and how to mend it. A `Finding` of the recipe room by its shape. */
export interface Problem {
  readonly severity: 'error';
  /** `text-encoding`, `yaml-syntax`, `unknown-key`, `duplicate-key`, `missing-key`, `wrong-type`, `wrong-value` or `too-many`. */
  readonly check: string;
  readonly waivable: false;
  readonly file: string;
  /** From 1; null where the file is empty. */
  readonly line: number | null;
  readonly column: number | null;
  /** Dotted path inside the document (`secure_boot.keys.0.label`); '' for the whole; null for mistakes of syntax. */
  readonly path: string | null;
  readonly what: string;
  readonly remedy: string;
  readonly waived: null;
}

/** Line and column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface YamlReading<T> {
  /** The value as the schema gives it, or null when there are problems. */
  readonly value: T | null;
  /** Every mistake, in the order of the file. */
  readonly problems: readonly Problem[];
  /** Where the key or list entry of a dotted path stands; for one that is not there, where its nearest parent stands. */
  placeOf(path: string): Place | null;
}

/**
 * Reads YAML 1.2 text against a schema and reports every mistake at its line: syntax, tabs, duplicate keys, unknown keys (with the
 * known key that comes nearest), missing keys, wrong types and values. `file` is only named, not opened. Never throws for the text.
 */
export function readYaml<T>(text: string, file: string, schema: z.ZodType<T>): YamlReading<T> {
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error', // its warnings come back as problems, not on the console

    // its own look for keys that stand twice compares each with each: thousands of them would take minutes
    uniqueKeys: false,
    version: '1.2',
  });
  const contents: ParsedNode | null = document.contents;
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const placeOfPath = (path: readonly PropertyKey[]): Place | null => {
    const offset = offsetOf(contents, path);
    return offset === null ? null : placeAt(offset);
  };
  const problem = (
    check: string,
    place: Place | null,
    path: readonly PropertyKey[] | null,
    what: string,
    remedy: string,
  ): Problem => ({
    severity: 'error',
    check,
    waivable: false,
    file,
    line: place?.line ?? null,
    column: place?.column ?? null,
    path: path === null ? null : path.map(String).join('.'),
    what,
    remedy,
    waived: null,
  });
  // Whoever read the file already put this sign for what was no UTF-8: nothing else in it can be trusted either.
  const lost = text.indexOf('\uFFFD');
  if (lost >= 0) {
    const what = 'A letter here could not be read when the file was opened or saved: it is not in UTF-8, or was not.';
    const told = problem('text-encoding', placeAt(lost), null, what, 'Write it anew and save the file as UTF-8.');
    return { value: null, problems: [told], placeOf: () => null };
  }
  if (/\r[^\n]/.test(text) && !text.includes('\n')) {
    const what = 'The lines end with a carriage return alone, which YAML and this program take for no line end.';
    const told = problem(
      'text-encoding',
      { line: 1, column: 1 },
      null,
      what,
      'Save the file with line ends LF or CRLF.',
    );
    return { value: null, problems: [told], placeOf: () => null };
  }
  const syntax = [...document.errors, ...document.warnings, ...strange(document)];
  const problems: Problem[] = syntax.slice(0, mostProblems).map((error) => {
    const place = placeAt(error.pos[0]);
    const { check, what, remedy } = syntaxWords(error, text);
    return problem(check, place, null, what, remedy);
  });
  let value: T | null = null;
  // With broken syntax the rest of the file may be anything: its keys are judged only when the text could be understood.
  if (problems.every(({ check }) => check === 'duplicate-key')) {
    const read = plainOf(document);
    const plain = 'value' in read ? read.value : null;
    if ('mistake' in read) {
      problems.push(problem('yaml-syntax', null, [], read.mistake, 'Write the value out where it is used.'));
    } else if (plain === null || plain === undefined) {
      problems.push(
        problem(
          'missing-key',
          null,
          [],
          'The file is empty.',
          'Begin with one of the files that come with the station.',
        ),
      );
    } else {
      const parsed = schema.safeParse(plain);
      if (parsed.success) value = parsed.data;
      else {
        const shape = new Shape(schema);
        let left = mostProblems;
        for (const issue of parsed.error.issues.flatMap(leaves))
          for (const said of left > 0 ? issueWords(issue, plain, shape, left) : []) {
            left--;
            problems.push(
              problem(said.check, placeOfPath(said.place), said.path, said.what, said.remedy || shape.hint(said.path)),
            );
          }
      }
    }
  }
  if (problems.length >= mostProblems) {
    const what = `The file has ${mostProblems} mistakes or more; only the first are listed.`;
    problems.push(problem('too-many', null, null, what, 'Mend these, then look again.'));
  }
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return {
    value: problems.length > 0 ? null : value,
    problems,
    placeOf: (path) =>
      placeOfPath(path === '' ? [] : path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))),
  };
}

/** So many aliases may a text have: finding the anchor of one goes through all of it. */
const mostAliases = 100;

/**
 * Keys that stand twice in the same map, and more aliases than anybody means, in the form of the parser's own errors. Nothing where the text
 * could not be understood.
 */
function strange(document: Document.Parsed): Strange[] {
  const found: Strange[] = [];
  let aliases = 0;
  if (document.errors.length > 0) return found;
  visit(document, {
    Alias(_, { range }) {
      if (++aliases <= mostAliases) return undefined;
      found.push({ code: 'ALIASES', pos: [range?.[0] ?? 0], message: '' });
      return visit.BREAK;
    },
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const { value, range } = key as { value: unknown; range?: readonly number[] | null };
        if (seen.has(value)) found.push({ code: 'DUPLICATE_KEY', pos: [range?.[0] ?? 0], message: '' });
        seen.add(value);
      }
    },
  });
  return found;
}

interface Strange {
  readonly code: 'DUPLICATE_KEY' | 'ALIASES';
  readonly pos: readonly [number];
  readonly message: string;
}

/** So many mistakes are told: whoever has more looks at the first ones, and a text made of mistakes must keep nobody waiting. */
const mostProblems = 200;

/** The document as plain values; the words of the mistake where an alias has no anchor or would grow beyond measure. */
function plainOf(document: {
  toJS(options: { maxAliasCount: number }): unknown;
}): { value: unknown } | { mistake: string } {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return { mistake: sentence(error instanceof Error ? error.message : String(error)) };
  }
}

/** Offset at which the key (of a map) or entry (of a list) at `path` begins; of its nearest parent where it is not there. */
function offsetOf(contents: Node | null, path: readonly PropertyKey[]): number | null {
  let node: unknown = contents;
  let offset = contents?.range?.[0] ?? null;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else {
      const item: unknown =
        typeof node === 'object' && node !== null && 'items' in node
          ? (node.items as unknown[])[Number(step)]
          : undefined;
      if (item === undefined) break;
      offset = (item as Node).range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}

function syntaxWords(error: YAMLError | Strange, text: string): { check: string; what: string; remedy: string } {
  const near = (text.slice(error.pos[0]).split('\n', 1)[0] ?? '').trim().slice(0, 40);
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return {
        check: 'yaml-syntax',
        what: 'A tab stands where the line is indented.',
        remedy: 'Indent with blanks: YAML knows no tabs.',
      };
    case 'DUPLICATE_KEY':
      return {
        check: 'duplicate-key',
        what: `The key '${near.split(':', 1)[0]}' stands twice in the same place.`,
        remedy: 'Leave one of them out: which of the two counts must be clear to every reader.',
      };
    case 'ALIASES':
      return {
        check: 'yaml-syntax',
        what: `The file refers to values of its own more than ${mostAliases} times.`,
        remedy: 'Write the value out where it is used.',
      };
    case 'MULTIPLE_DOCS':
      return {
        check: 'yaml-syntax',
        what: 'The file holds more than one document.',
        remedy: "Leave out the line '---' and what follows.",
      };
    case 'BAD_INDENT':
      return {
        check: 'yaml-syntax',
        what: `The indentation does not fit${near ? ` at '${near}'` : ''}.`,
        remedy: 'Keys that belong together begin in the same column.',
      };
    case 'TAG_RESOLVE_FAILED':
      return {
        check: 'yaml-syntax',
        what: `The tag at '${near}' is not known here.`,
        remedy: "Leave the tag ('!...') out.",
      };
    case 'MISSING_CHAR':
      return {
        check: 'yaml-syntax',
        what: `${sentence(error.message)}`,
        remedy: 'Close what was opened: a quote, a bracket or a brace.',
      };
    default:
      return {
        check: 'yaml-syntax',
        what: `${sentence(error.message)}`,
        remedy: 'Put texts with : # { } [ ] or quotes in them between single quotes.',
      };
  }
}

function sentence(message: string): string {
  if (message.startsWith('Maximum call stack')) return 'The text is nested deeper than anything that is meant.';
  const first = message.split('\n', 1)[0] ?? message;
  return /[.!]$/.test(first) ? first : `${first}.`;
}

type Issue = z.core.$ZodIssue;

/** The issues inside a union's issue, of the branch that came nearest; others as they are. */
function leaves(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branches = issue.errors.filter((branch) => branch.length > 0);
  // A branch that failed at its very top was not meant; of several the one with the fewest mistakes was.
  const entered = branches.filter((branch) => branch.some((inner) => inner.path.length > 0));
  const meant = entered.toSorted((a, b) => a.length - b.length)[0] ?? branches[0] ?? [];
  return meant.flatMap((inner) => leaves({ ...inner, path: [...issue.path, ...inner.path] } as Issue));
}

interface Words {
  readonly check: string;
  /** Path to name; and the path whose place is shown. */
  readonly path: readonly PropertyKey[];
  readonly place: readonly PropertyKey[];
  readonly what: string;
  /** '': what the schema says of the key. */
  readonly remedy: string;
}

/** `most`: so many of them are wanted. */
function issueWords(issue: Issue, plain: unknown, shape: Shape, most: number): Words[] {
  const { path } = issue;
  const at = { path, place: path };
  const name = path.length === 0 ? 'The file' : `'${path.map(String).join('.')}'`;
  const found = valueAt(plain, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, most).map((key) => unknownKey([...path, key], shape.keysAt(path)));
    case 'invalid_key':
      return [unknownKey(path, shape.keysAt(path.slice(0, -1)))];
    case 'invalid_type':
      if (found === undefined) return [{ ...at, check: 'missing-key', what: `${name} is missing.`, remedy: '' }];
      if (found === null) return [{ ...at, check: 'missing-key', what: `${name} has no value.`, remedy: '' }];
      return [
        {
          ...at,
          check: 'wrong-type',
          what: `${name} must be ${kinds[issue.expected] ?? issue.expected}, not ${shown(found)}.`,
          remedy: typeRemedy(issue.expected, found, shape.hint(path)),
        },
      ];
    case 'invalid_value': {
      if (found === undefined)
        return [{ ...at, check: 'missing-key', what: `${name} is missing.`, remedy: oneOf(issue.values) }];
      const near = typeof found === 'string' ? nearest(found, issue.values.map(String)) : null;
      return [
        {
          ...at,
          check: 'wrong-value',
          what: `${name} must be ${issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`}, not ${shown(found)}.`,
          remedy: near === null ? oneOf(issue.values) : `Did you mean '${near}'?`,
        },
      ];
    }
    case 'too_small':
    case 'too_big': {
      const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      const unit = issue.origin === 'string' ? ' characters long' : issue.origin === 'array' ? ' entries long' : '';
      return [
        { ...at, check: 'wrong-value', what: `${name} must be ${bound}${unit}, not ${shown(found)}.`, remedy: '' },
      ];
    }
    case 'custom':
      return [{ ...at, check: 'wrong-value', what: issue.message, remedy: String(issue.params?.remedy ?? '') }];
    default:
      return [{ ...at, check: 'wrong-value', what: `${name} cannot be ${shown(found)}.`, remedy: '' }];
  }
}

function unknownKey(path: readonly PropertyKey[], known: readonly string[]): Words {
  const key = String(path.at(-1));
  const near = nearest(key, known);
  return {
    check: 'unknown-key',
    path,
    place: path,
    what: `'${path.map(String).join('.')}' is no key that is known here.`,
    remedy: near !== null ? `Did you mean '${near}'?` : known.length > 0 ? `Known here: ${known.join(', ')}.` : '',
  };
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a group of keys',
  record: 'a group of keys',
  array: 'a list',
  null: 'empty',
};

/** '': what the schema says of the key. */
function typeRemedy(expected: string, found: unknown, hint: string): string {
  const text = typeof found === 'string' ? found.trim() : '';
  if (expected === 'string' && (typeof found === 'number' || typeof found === 'boolean'))
    return `Write it as a text, between quotes where it looks like a number. ${hint}`;
  if (expected === 'boolean' && /^(yes|on|y)$/i.test(text)) return 'Write true.';
  if (expected === 'boolean' && /^(no|off|n)$/i.test(text)) return 'Write false.';
  if ((expected === 'number' || expected === 'int') && text !== '' && Number.isFinite(Number(text)))
    return `Write it without quotes: ${text}.`;
  return '';
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? `Write ${String(values[0])}.` : `Choose one of ${values.map(String).join(', ')}.`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a group of keys';
  return String(value);
}

function valueAt(plain: unknown, path: readonly PropertyKey[]): unknown {
  let value = plain;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

type JsonSchema = {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  description?: string;
};

/** What a schema knows of its keys and how it describes them, by path. */
class Shape {
  readonly #root: JsonSchema;

  constructor(schema: z.ZodType) {
    this.#root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
  }

  keysAt(path: readonly PropertyKey[]): string[] {
    const node = this.#at(path);
    if (node?.propertyNames?.enum) return node.propertyNames.enum.map(String);
    return Object.keys(node?.properties ?? {});
  }

  /** The description of the key, as the remedy of last resort. */
  hint(path: readonly PropertyKey[]): string {
    return this.#at(path)?.description ?? 'See the recipes and the station file that come with the program.';
  }

  #at(path: readonly PropertyKey[]): JsonSchema | undefined {
    let node: JsonSchema | undefined = opened(this.#root);
    for (const step of path) {
      if (node === undefined) return undefined;
      const more: JsonSchema | undefined =
        typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
      const next: JsonSchema | undefined =
        typeof step === 'number' ? node.items : (node.properties?.[String(step)] ?? more);
      node = next === undefined ? undefined : opened(next);
    }
    return node;
  }
}

/** A nullable group as the group. */
function opened(node: JsonSchema): JsonSchema {
  const group = node.anyOf?.find((branch) => branch.properties ?? branch.items ?? branch.additionalProperties);
  return group === undefined
    ? node
    : { ...group, ...(node.description === undefined ? {} : { description: node.description }) };
}
