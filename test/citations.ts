// What the words of this repository point at, held to what there is:
//   FACTS n.m       a heading of docs/facts (a list or a range of numbers counts one by one)
//   LAW n, ORDER n  a heading of docs/architecture.md
//   a path to a .md file under docs, with #heading or without, wherever it is named; in documents, every path in
//                   backticks, and a name with its file: `name` (`path`)
//   a link of a document to a file and its heading
// Sections of docs/facts have a rank, and nothing points beside the repository. Pure: `npm run check` reads the files.
import { posix } from 'node:path';

export interface Repository {
  /** Text of each file that is read, by its path from the root with `/`. */
  readonly texts: ReadonlyMap<string, string>;
  /** Whether the repository has a file or folder of this path, read or not. */
  readonly has: (path: string) => boolean;
}

/** How well a section of docs/facts is known; docs/facts/README.md says what each means. */
const ranks = ['recorded', 'run in ROM', 'from source', 'inferred', 'unverified'];

const number = String.raw`\d+(?:\.\d+)?`;
/** What may stand between words of a comment that goes over a line end. */
const gap = String.raw`[\s*/#]+`;
const list = `${number}(?:(?:,${gap}|${gap}(?:and|to)${gap})${number}(?!\\w))*`;
const listed = (word: string) => new RegExp(`\\b${word}${gap}(${list})`, 'g');
const cited = { FACTS: listed('FACTS'), LAW: listed('LAW'), ORDER: listed('ORDER') };

/** `docs/facts` as a heading's number has it: `## 1.3 Error bytes`. */
const numberedHeading = /^#+ (\d+(?:\.\d+)?) /;
const namedHeading = /^#+ (LAW|ORDER) (\d+)\b/;

/** Every word that points nowhere: `path:line: what`, in the order of paths and lines. */
export function brokenCitations({ texts, has }: Repository): string[] {
  const paths = [...texts.keys()].sort();
  const documents = paths.filter((path) => path.endsWith('.md'));
  const sections = new Set(
    documents.filter((path) => path.startsWith('docs/facts/')).flatMap((path) => numbersOf(texts.get(path)!)),
  );
  const rules = new Set(headingsOf(texts.get('docs/architecture.md') ?? '').flatMap(({ line }) => ruleOf(line)));
  const anchors = new Map(documents.map((path) => [path, anchorsOf(texts.get(path)!)]));
  const reach = (path: string, anchor: string | undefined): string | null => {
    if (!has(path)) return `there is no ${path}`;
    if (anchor === undefined || anchors.get(path)?.has(anchor)) return null;
    return `${path} has no heading #${anchor}`;
  };

  const lines = paths.flatMap((path) => {
    const text = texts.get(path)!;
    const found: { index: number; what: string }[] = [];
    const say = (index: number, what: string | null) => {
      if (what !== null) found.push({ index, what });
    };
    for (const [index, section] of citationsOf(text, cited.FACTS))
      if (!sections.has(section)) say(index, `FACTS ${section} has no heading in docs/facts`);
    for (const word of ['LAW', 'ORDER'] as const)
      for (const [index, n] of citationsOf(text, cited[word]))
        if (!rules.has(`${word} ${n}`)) say(index, `${word} ${n} has no heading in docs/architecture.md`);
    for (const { index, 0: whole } of text.matchAll(/\b(?:DESIG[N]|ANCHOR[S]|TOOLCHAI[N])\b/g))
      say(index, `${whole} is no document of this repository: cite LAW n, ORDER n, FACTS n.m or a document`);
    for (const { index } of text.matchAll(/\.\.\/shared(?![\w.-])/g))
      say(index, 'points at a folder beside the repository');
    for (const { index, 1: named, 2: anchor } of text.matchAll(/(?<![\w/.:-])(docs\/[\w./-]+\.md)(?:#([\w-]+))?/g))
      say(index, reach(named!, anchor));
    if (path.endsWith('.md')) {
      for (const { index, 1: link } of text.matchAll(/\]\(([^)\s]+)\)/g)) say(index, brokenLink(path, link!, reach));
      for (const { index, 1: named } of text.matchAll(/`((?:main|renderer|test|station-config)\/[\w./-]*\w)\/?`/g))
        say(index, has(named!) ? null : `there is no ${named}`);
    }
    for (const { index, 1: name, 2: file } of text.matchAll(/`(\w+)` \(`((?:main|renderer|test)\/[\w./-]+\.tsx?)`\)/g))
      say(index, new RegExp(`\\b${name}\\b`).test(texts.get(file!) ?? '') ? null : `${file} knows no ${name}`);
    if (path.startsWith('docs/facts/')) for (const { index, what } of unranked(text)) say(index, what);
    return found
      .sort((a, b) => a.index - b.index)
      .map(({ index, what }) => `${path}:${text.slice(0, index).split('\n').length}: ${what}`);
  });
  return [...new Set(lines)];
}

/** Each number of each citation; of a range, every heading number that lies in it by counting up the last part. */
function* citationsOf(text: string, form: RegExp): Generator<[index: number, number: string]> {
  for (const { index, 1: numbers } of text.matchAll(form)) {
    const parts = numbers!.split(new RegExp(`,${gap}|${gap}(?:and)${gap}`));
    for (const part of parts) {
      const [from, to] = part.split(new RegExp(`${gap}to${gap}`));
      for (const each of rangeOf(from!, to)) yield [index, each];
    }
  }
}

function rangeOf(from: string, to: string | undefined): string[] {
  if (to === undefined) return [from];
  const [head, first] = splitNumber(from);
  const [tail, last] = splitNumber(to);
  if (head !== tail || last < first) return [from, to];
  return Array.from({ length: last - first + 1 }, (_, step) => `${head}${first + step}`);
}

/** '2.10' is '2.' and 10; '17' is '' and 17. */
function splitNumber(text: string): [head: string, last: number] {
  const dot = text.indexOf('.') + 1;
  return [text.slice(0, dot), Number(text.slice(dot))];
}

function brokenLink(
  from: string,
  link: string,
  reach: (path: string, anchor: string | undefined) => string | null,
): string | null {
  if (/^[a-z]+:/.test(link)) return null;
  const [target, anchor] = link.split('#');
  const path = target === '' ? from : posix.normalize(posix.join(posix.dirname(from), target!));
  return reach(path.replace(/\/$/, ''), anchor);
}

function headingsOf(text: string): { line: string; index: number }[] {
  let fenced = false;
  let index = 0;
  const headings: { line: string; index: number }[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) fenced = !fenced;
    else if (!fenced && /^#{1,6} /.test(line)) headings.push({ line, index });
    index += line.length + 1;
  }
  return headings;
}

function numbersOf(text: string): string[] {
  return headingsOf(text).flatMap(({ line }) => numberedHeading.exec(line)?.[1] ?? []);
}

function ruleOf(line: string): string[] {
  const [, word, n] = namedHeading.exec(line) ?? [];
  return n === undefined ? [] : [`${word} ${n}`];
}

/** Names of the headings as they stand in an address (GitHub's way: small letters, no punctuation, `-` for spaces, `-1` for a second). */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const { line } of headingsOf(text)) {
    const words = line
      .replace(/^#+ /, '')
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase();
    const name = words.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    let anchor = name;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${name}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Numbered sections whose own text (down to the next heading) names no rank, unless a section below has its place. */
function unranked(text: string): { index: number; what: string }[] {
  const headings = headingsOf(text);
  return headings.flatMap(({ line, index }, at) => {
    const section = numberedHeading.exec(line)?.[1];
    if (section === undefined) return [];
    const next = headings[at + 1];
    const parted = section.indexOf('.') === -1 && headings.some((other) => other.line.startsWith(`## ${section}.`));
    const rank = /^Rank: (.+)$/m.exec(text.slice(index, next?.index))?.[1];
    if (parted && rank === undefined) return [];
    return rank !== undefined && ranks.some((known) => rank.startsWith(known))
      ? []
      : [{ index, what: `section ${section} says no rank (Rank: ${ranks.join(' | ')})` }];
  });
}
