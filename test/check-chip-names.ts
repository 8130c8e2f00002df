// Chips differ by data: no code outside the tables asks a chip for its name.
//
//   node main/boot/launch.mjs test/check-chip-names.ts     names the places, and fails where there are any
//
// A name is a string that is a chip's (`esp32c3`, `ESP32-C3`), a key or property of that name, or the number of a chip beside `chipId`.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { chipIds, chipKinds } from '../main/model/chip.ts';

/** Where chips are told apart by name: each a table of what is known of them. */
const tables: readonly RegExp[] = [
  /^main\/model\/chip\.ts$/,
  /^main\/efuse\/tables(\.ts$|\/)/,
  // what a bootloader burns by itself
  /^main\/efuse\/first-boot-burns\.ts$/,
  /^main\/chip\/profiles\.ts$/,
  // memory map, and the longest key of the DS peripheral
  /^main\/image\/(memory-map|ds)\.ts$/,
  // before anybody knows who the board is there are only the numbers of its security info
  /^main\/protocol\/(rom-habits|reset)\.ts$/,
  // what one release of ESP-IDF does on one chip
  /^main\/recipe\/checks\/start-up-rules\.ts$/,
  /^main\/recipe\/lint\/advisories\.ts$/,
  /^main\/virtual\/(kinds|rom-edition)\.ts$/,
];

/** A chip named by code. */
export interface ChipNamed {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const kinds: ReadonlySet<string> = new Set(chipKinds);
const titles: ReadonlySet<string> = new Set(
  chipKinds.map((kind) => kind.toUpperCase().replace(/^ESP32(?=.)/, 'ESP32-')),
);
const ids: ReadonlySet<number> = new Set(Object.values(chipIds));

/** Of a kind, of a silicon line (`esp32p4-v3`), or the title. */
const isName = (text: string) => kinds.has(text.replace(/-(v|rev)[\d.]+$/, '')) || titles.has(text);

/** `x.chipId === 12` and the like, either way round. */
function comparesId(node: ts.Node): boolean {
  if (!ts.isNumericLiteral(node) || !ids.has(Number(node.text)) || !ts.isBinaryExpression(node.parent)) return false;
  const { left, right } = node.parent;
  return /chip_?id/i.test((left === node ? right : left).getText());
}

function namesChip(node: ts.Node): boolean {
  if (ts.isStringLiteralLike(node)) return isName(node.text);
  if (ts.isIdentifier(node))
    return (
      kinds.has(node.text) &&
      ((ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) ||
        (ts.isPropertyAssignment(node.parent) && node.parent.name === node))
    );
  return comparesId(node);
}

/** Every place of a source file outside of the tables at which a chip is named. */
export function chipsNamed(file: string, text: string): ChipNamed[] {
  if (tables.some((table) => table.test(file))) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: ChipNamed[] = [];
  const look = (node: ts.Node) => {
    if (namesChip(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({ file, line: line + 1, text: text.split('\n')[line]!.trim() });
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return found;
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  const files = globSync('{main,renderer}/**/*.{ts,tsx}', { cwd: root }).map((file) => file.replaceAll('\\', '/'));
  const found = files.sort().flatMap((file) => chipsNamed(file, readFileSync(join(root, file), 'utf8')));
  for (const { file, line, text } of found)
    console.log(`${file}:${line}: names a chip, where its data should: ${text}`);
  if (found.length > 0) {
    console.log(
      'Ask the profile, the eFuse table, the kind or the ROM edition for what differs (docs/adding-a-chip.md).',
    );
    process.exitCode = 1;
  }
}
