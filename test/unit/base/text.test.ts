import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { concat, utf8 } from '../../../main/base/bytes.ts';
import { decodeText } from '../../../main/base/text.ts';

const line = (read: ReturnType<typeof decodeText>) =>
  'mistake' in read ? [read.mistake.line, read.mistake.what] : read;

test('UTF-8 is read with and without its mark, whatever the line ends', () => {
  const text = 'name: Prüfling\r\nüber: 東京 🔩\n';
  assert.deepEqual(decodeText(utf8(text)), { text });
  assert.deepEqual(decodeText(concat(Uint8Array.of(0xef, 0xbb, 0xbf), utf8(text))), { text });
  assert.deepEqual(decodeText(new Uint8Array()), { text: '' });
});

test('another encoding is told with its line, never read as something else', () => {
  const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
  const utf16 = (text: string) => new Uint8Array(Buffer.from(text, 'utf16le'));
  const swapped = (bytes: Uint8Array) => bytes.map((_, at) => bytes[at ^ 1]!);
  for (const [bytes, at, words] of [
    [latin1('a: 1\nb: Müller\nc: Gerät'), 2, /no UTF-8: line 2/],
    [concat(utf8('a: ü\nb: '), latin1('ß')), 2, /no UTF-8: line 2/],
    // Windows-1252: typographic quotes and the euro sign
    [Uint8Array.of(0x61, 0x0a, 0x93, 0x80, 0x94), 2, /no UTF-8/],
    [utf16('\uFEFFa,b\n'), 1, /UTF-16 \(little-endian\)/],
    [swapped(utf16('\uFEFFa,b\n')), 1, /UTF-16 \(big-endian\)/],
    [Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0), 1, /UTF-32 \(little-endian\)/],
    [Uint8Array.of(0, 0, 0xfe, 0xff, 0, 0, 0, 0x61), 1, /UTF-32 \(big-endian\)/],
    [utf16('key,type\n'), 1, /UTF-16 \(little-endian\)/],
    [swapped(utf16('key,type\n')), 1, /UTF-16 \(big-endian\)/],
    [utf8('a\nb\0c'), 2, /zero byte/],
    // saved once by a program that had lost the letter
    [utf8('a\nM\uFFFDller'), 2, /lost/],
    // a letter cut off at the end, and a surrogate that UTF-8 has no place for
    [Uint8Array.of(0x61, 0xc3), 1, /no UTF-8/],
    [Uint8Array.of(0xed, 0xa0, 0x80), 1, /no UTF-8/],
  ] as const) {
    const [found, what] = line(decodeText(bytes)) as [number, string];
    assert.equal(found, at);
    assert.match(what, words);
  }
});

/**
 * Places that turn bytes into text by themselves, each with its reason; every other reads what people write through decodeText. A
 * TextDecoder that is not fatal puts the replacement sign for letters, and nobody is told.
 */
const ownDecoders: Readonly<Record<string, string>> = {
  'base/bytes.ts': 'texts in fields of binary formats',
  'base/text.ts': 'this reader',
  'factory/talk.ts': 'an answer over HTTP, held to its form',
  'protocol/console-log.ts': 'a console prints what it likes',
  'protocol/commands.ts': 'an MD5 in ASCII digits',
  'station/desk/library/recipe-shelf.ts': 'an editor shows what it holds; the YAML reader refuses the replacement sign',
  'virtual/state-file.ts': 'a file of the program itself',
  'virtual/chip.ts': 'what was typed at a console',
  'ledger/sqlite/bodies.ts': 'JSON of the program itself',
  'signing/pkcs11/leftovers.ts': 'a PIN, as it was typed or made',
  'signing/pkcs11/token-keys.ts': 'a label in a token',
  'station/desk/access/escrow.ts': 'a PIN, as it was typed',
  'station/desk/labels/label-preview.ts': 'escapes of a label that is only drawn',
  'image/nvs-csv.ts': 'the content of a file as a value: fatal',
  'formats/cbor-read.ts': 'texts in a binary format: fatal',
  'cli/files.ts': 'JSON of the program itself',
  'cli/order.ts': 'JSON of the program itself (order ask)',
  'cli/sign-in.ts': 'a PIN, as it was typed, and JSON of the program itself',
  'cli/escrow.ts': 'a secret that the program made',
};

test('what people write is read in one place', () => {
  const main = join(import.meta.dirname, '../../../main');
  const files = readdirSync(main, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const decoding = files
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /new TextDecoder\(/.test(readFileSync(join(main, name), 'utf8')));
  assert.deepEqual(decoding.sort(), Object.keys(ownDecoders).sort());
});
