// The check of fault codes, tried with the ways in which the source gives one to a fault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codesOf, unnamed } from '../../check-fault-codes.ts';

const codesIn = (files: Readonly<Record<string, string>>) => codesOf(files).map(({ code }) => code);

test('a code is found wherever it is given to a fault, and nothing else is taken for one', () => {
  const files = {
    'plain.ts': "throw new BoardFault({ code: 'a.plain', what: 'b.not', next: '' });",
    'choice.ts': "const x = { code: missing ? 'a.one' : 'a.other' };",
    'variable.ts': "const code = full ? 'a.full' : 'a.empty';",
    'taker.ts': "function refusal(code: string, what: string) {}\nrefusal('a.taken', 'b.not');",
    'arrow.ts': "const condemned = (code: string) => code;\ncondemned('a.arrow');",
    'second.ts': "function told(what: string, code: string) {}\ntold('b.not', 'a.second');",
    'prefix.ts':
      "export function formatFault(what: string) { return { code: `image.\u0024{what}` }; }\nformatFault('magic');",
    'user.ts': "import { formatFault } from './prefix.ts';\nformatFault('table-row');",
    // the same name means another thing here
    'own.ts': "function refusal(what: string) { return { code: `own.\u0024{what}` }; }\nrefusal('here');",
    'other.ts': "const path = 'doors.jtag';\nread('file.json');\nconst y = { check: 'b.not', code: 'single' };",
  };
  assert.deepEqual(codesIn(files), [
    ...['a.plain', 'a.one', 'a.other', 'a.full', 'a.empty', 'a.taken', 'a.arrow', 'a.second'],
    ...['image.magic', 'image.table-row', 'own.here'],
  ]);
  assert.deepEqual(codesOf({ 'x.ts': "\n\nconst x = { code: 'a.b' };" }), [{ code: 'a.b', file: 'x.ts', line: 3 }]);
});

test('a test names a code by itself: a longer one does not name it, nor a shorter one', () => {
  const codes = codesOf({ 'x.ts': "const x = { code: 'a.key' }; const y = { code: 'a.key-lost' };" });
  assert.deepEqual(unnamed(codes, "isFault(error, 'a.key-lost')"), ['a.key']);
  assert.deepEqual(unnamed(codes, "['a.key', 'x.a.key-lost', 'a.key-losts']"), ['a.key-lost']);
  assert.deepEqual(unnamed(codes, "{ code: 'a.key' } /a.key-lost/"), []);
});
