import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { parseNvsCsv } from '../../../main/image/nvs-csv.ts';

const files: Readonly<Record<string, Uint8Array>> = {
  'text.txt': utf8('from a file'),
  'key.hex': utf8('00ff\n'),
  'raw.bin': Uint8Array.of(0xff, 0, 1),
};
const read = (path: string) => {
  const content = files[path];
  if (content === undefined) throw new Error('there is no such file');
  return content;
};
const head = 'key,type,encoding,value\n';
const parse = (text: string) => parseNvsCsv(head + text, read);
const told = (text: string) => parse(text).mistakes.map(({ line, what }) => `${line}: ${what}`);

test('every encoding, from the line and from a file', () => {
  const { namespaces, mistakes } = parse(
    [
      '# a comment',
      'one,namespace,,',
      'n,data,i16,-7',
      's,data,string,"a, b and ""c""',
      'and a second line"',
      'h,data,hex2bin,00ff10',
      'b,data,base64,AP8Q',
      'x,data,binary,abc',
      'f,data,blob_fill(4;0x55),ab',
      'g,data,blob_sz_fill(4;0x55),ab',
      'two,namespace,,',
      't,file,string,text.txt',
      'k,file,hex2bin,key.hex',
      'r,file,binary,raw.bin\r',
      'one,namespace,,',
      'm,data,u64,18446744073709551615',
      '',
    ].join('\n'),
  );
  assert.deepEqual(mistakes, []);
  const blob = (...bytes: number[]) => ({ type: 'blob', value: Uint8Array.from(bytes) });
  assert.deepEqual(namespaces, [
    {
      name: 'one',
      entries: [
        { key: 'n', value: { type: 'i16', value: -7n } },
        { key: 's', value: { type: 'string', value: 'a, b and "c"\nand a second line' } },
        { key: 'h', value: blob(0, 255, 16) },
        { key: 'b', value: blob(0, 255, 16) },
        { key: 'x', value: blob(97, 98, 99) },
        { key: 'f', value: blob(97, 98, 0x55, 0x55) },
        { key: 'g', value: blob(2, 0, 0, 0, 97, 98, 0x55, 0x55) },
        { key: 'm', value: { type: 'u64', value: 18446744073709551615n } },
      ],
    },
    {
      name: 'two',
      entries: [
        { key: 't', value: { type: 'string', value: 'from a file' } },
        { key: 'k', value: blob(0, 255) },
        { key: 'r', value: blob(255, 0, 1) },
      ],
    },
  ]);
});

test('every mistake is told with its line, not only the first', () => {
  assert.deepEqual(
    told(
      [
        'early,data,u8,1',
        'n,namespace,u8,1',
        'a,data,u8,256',
        'b,data,u8,0x10',
        'c,data,hex2bin,abc',
        'd,data,base64,a',
        'e,data,float,1.5',
        'f,wrong,u8,1',
        'g,file,binary,missing.bin',
        'h,file,string,raw.bin',
        'a much too long key,data,u8,1',
        ',data,u8,1',
        'i,data,u8,1,2',
        'j,data,u8,1',
        'j,data,u8,2',
        'k,data,blob_fill(1;0x00),ab',
        'l,data,blob_fill(x),ab',
        'm,data,string,"open',
      ].join('\n'),
    ).map((text) => text.slice(0, 40)),
    [
      '2: This value stands before the first na',
      '3: A namespace has no encoding and no va',
      '4: 256 does not fit u8.',
      '5: "0x10" is no whole number.',
      '6: The value is no even number of hex di',
      '7: The value is no base64.',
      '8: The encoding "float" is unknown.',
      '9: The type "wrong" is unknown.',
      '10: The file "missing.bin" cannot be rea',
      '11: The file "raw.bin" is no text, as st',
      '12: The key a much too long key has 19 b',
      '13: The key is missing.',
      '14: The line has 5 cells for 4 columns.',
      '16: The key j stands twice in its namesp',
      '17: The value has 2 bytes, more than the',
      '18: The encoding "blob_fill(x)" is unkno',
      '19: A quote is opened and never closed.',
    ],
  );
});

test('a head that names other columns', () => {
  assert.match(parseNvsCsv('', read).mistakes[0]?.what ?? '', /empty/);
  assert.match(parseNvsCsv('key,value\na,1\n', read).mistakes[0]?.what ?? '', /type, encoding/);
  assert.match(parseNvsCsv('key,type,encoding,value,more\n', read).mistakes[0]?.what ?? '', /"more" is unknown/);
  assert.match(parseNvsCsv(head, read).mistakes[0]?.what ?? '', /no value/);
  const swapped = parseNvsCsv('\uFEFFvalue,encoding,type,key\r\n,,namespace,n\r\n5,u8,data,k\r\n', read);
  assert.deepEqual(swapped.namespaces[0]?.entries, [{ key: 'k', value: { type: 'u8', value: 5n } }]);
});
