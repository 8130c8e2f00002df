import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { parseNvsDevices } from '../../../main/image/nvs-devices.ts';

const read = (path: string) => {
  if (path !== 'ca.pem') throw new Error('there is no such file');
  return utf8('a certificate');
};
const configuration = `# what every device holds
factory,namespace,
serial,data,string
hwrev,data,u8,REPEAT
cloud,namespace,
ca,file,string,REPEAT
token,data,hex2bin
`;
const u8 = (value: bigint) => ({ key: 'hwrev', value: { type: 'u8', value } });
const ca = { key: 'ca', value: { type: 'string', value: 'a certificate' } };

test('a line of values is a device; what repeats is taken from the first', () => {
  const { devices, configurationMistakes, valueMistakes } = parseNvsDevices(
    configuration,
    'id,serial,hwrev,token,ca\n7,SN-1,3,00ff,ca.pem\n8,SN-2,,1234,\n9,,4,ab,\n',
    read,
  );
  assert.deepEqual([configurationMistakes, valueMistakes], [[], []]);
  const device = (line: number, id: string, serial: string, hwrev: bigint, ...token: number[]) => ({
    line,
    id,
    namespaces: [
      { name: 'factory', entries: [{ key: 'serial', value: { type: 'string', value: serial } }, u8(hwrev)] },
      { name: 'cloud', entries: [ca, { key: 'token', value: { type: 'blob', value: Uint8Array.from(token) } }] },
    ],
  });
  assert.deepEqual(devices, [
    device(2, '7', 'SN-1', 3n, 0, 255),
    device(3, '8', 'SN-2', 3n, 0x12, 0x34),
    device(4, '9', '', 4n, 0xab),
  ]);
});

test('mistakes of the values, by line and key', () => {
  const { devices, valueMistakes } = parseNvsDevices(
    configuration,
    'serial,hwrev,token,ca,colour\nSN-1,300,0,ca.pem,red\nSN-2,,,none.pem,red\n',
    read,
  );
  assert.deepEqual(devices, []);
  assert.deepEqual(
    valueMistakes.map(({ line, what }) => `${line} ${what}`),
    [
      '1 The configuration has no key colour.',
      '2 hwrev: 300 does not fit u8.',
      '2 token: The value is no even number of hex digits.',
      '3 hwrev: 300 does not fit u8.',
      '3 ca: The file "none.pem" cannot be read: there is no such file',
      '3 token: The value is missing.',
    ],
  );
  const missing = parseNvsDevices(configuration, 'serial\nSN-1\n', read).valueMistakes;
  assert.match(missing[0]?.what ?? '', /hwrev, ca, token/);
  assert.match(
    parseNvsDevices(configuration, 'serial,hwrev,token,ca\n', read).valueMistakes[0]?.what ?? '',
    /no device/,
  );
});

test('mistakes of the configuration, by line', () => {
  const { configurationMistakes } = parseNvsDevices(
    'early,data,u8\nn,namespace,\na,word,u8\nb,data,u8,AGAIN\nb,data,u8\nmuch too long a key,data,u8\n',
    '',
    read,
  );
  assert.deepEqual(
    configurationMistakes.map(({ line }) => line),
    [1, 3, 4, 5, 6],
  );
  assert.match(parseNvsDevices('', '', read).configurationMistakes[0]?.what ?? '', /no key/);
});
