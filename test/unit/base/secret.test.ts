import assert from 'node:assert/strict';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { canonicalJson } from '../../../main/base/json.ts';
import { SecretBytes } from '../../../main/base/secret.ts';

// A pattern that would be known again as text, hex, decimal list or base64.
const pattern = 'NEVER-TO-BE-SEEN';
const bytesOfPattern = () => new TextEncoder().encode(pattern);
const shapes = [
  pattern,
  Buffer.from(pattern).toString('hex'),
  Buffer.from(pattern).toString('hex').toUpperCase(),
  Buffer.from(pattern).toString('hex').match(/../g)!.join(' '),
  Buffer.from(pattern).toString('base64').slice(0, 20),
  [...bytesOfPattern()].slice(0, 4).join(','),
  [...bytesOfPattern()].slice(0, 4).join(', '),
];

function assertSilent(text: string, where: string) {
  for (const shape of shapes) assert.ok(!text.includes(shape), `${where} shows the secret: ${text}`);
}

function printed(print: (console: Console) => void): string {
  let text = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  print(new Console(sink));
  return text;
}

const ways: { [way: string]: (secret: SecretBytes) => string } = {
  'String()': (secret) => String(secret),
  'a template': (secret) => `${secret}`,
  concatenation: (secret) => `key ${secret as unknown as string}`,
  'the local form': (secret) => secret.toLocaleString(),
  'JSON.stringify': (secret) => JSON.stringify({ secret, list: [secret] }),
  'util.inspect': (secret) => inspect(secret),
  'util.inspect with everything on': (secret) =>
    inspect({ deep: { secret } }, { showHidden: true, depth: null, getters: true, customInspect: false }),
  'util.format': (secret) => format('%s %d %i %f %j %o %O %c', ...Array(8).fill(secret)),
  'console.log': (secret) => printed((console) => console.log('secret:', secret, [secret], new Map([['k', secret]]))),
  'console.dir': (secret) => printed((console) => console.dir(secret, { showHidden: true, depth: 9 })),
  'console.table': (secret) => printed((console) => console.table([{ secret }])),
  'the cause of an error': (secret) => inspect(new Error('failed', { cause: { secret } })),
  'a member of an error': (secret) => inspect(Object.assign(new Error('failed'), { secret })),
  'Object.keys, entries and values': (secret) =>
    inspect([Object.keys(secret), Object.entries(secret), Object.values(secret), Reflect.ownKeys(secret)]),
  'a spread copy': (secret) => inspect({ ...secret }),
  structuredClone: (secret) => inspect(structuredClone(secret), { showHidden: true }),
  'v8.serialize': (secret) => serialize(secret).toString('latin1'),
  'the message of a failed assertion': (secret) => {
    try {
      assert.deepEqual({ secret }, { secret: 'other' });
    } catch (error) {
      return inspect(error);
    }
    throw new Error('the assertion held');
  },
};

for (const [way, show] of Object.entries(ways))
  test(`a secret stays silent through ${way}`, () => {
    const secret = SecretBytes.adopt(bytesOfPattern());
    assertSilent(show(secret), way);
  });

test('the shapes that are looked for would be found', () => {
  const leak = bytesOfPattern();
  assert.throws(() => assertSilent(inspect(Buffer.from(leak)), 'a buffer'));
  assert.throws(() => assertSilent(JSON.stringify([...leak]), 'a list'));
  assert.throws(() => assertSilent(inspect([...leak]).replaceAll('\n  ', ''), 'an inspected list'));
});

test('a secret has no canonical JSON, so no record can hold one', () => {
  assert.throws(() => canonicalJson({ key: SecretBytes.adopt(bytesOfPattern()) }), TypeError);
});

test('take copies and zeroes what it was given, adopt takes it over', () => {
  const given = bytesOfPattern();
  const taken = SecretBytes.take(given);
  assert.deepEqual(given, new Uint8Array(pattern.length));
  taken.use((bytes) => assert.deepEqual(bytes, bytesOfPattern()));
  const own = bytesOfPattern();
  SecretBytes.adopt(own).use((bytes) => assert.equal(bytes, own));
});

test('take and slice copy a Buffer too, whose own slice is a view', () => {
  const given = Buffer.from([1, 2, 3, 4]);
  const whole = SecretBytes.take(given);
  assert.deepEqual([...given], [0, 0, 0, 0]);
  assert.deepEqual(
    whole.use((bytes) => [...bytes]),
    [1, 2, 3, 4],
  );
  const adopted = SecretBytes.adopt(Buffer.from([5, 6, 7]));
  const part = adopted.slice(1, 3);
  adopted.destroy();
  assert.deepEqual(
    part.use((bytes) => [...bytes]),
    [6, 7],
  );
});

test('destroy overwrites the bytes themselves; a second time does no harm; then nothing is lent', () => {
  const own = bytesOfPattern();
  const secret = SecretBytes.adopt(own);
  secret.destroy();
  secret.destroy();
  assert.deepEqual(own, new Uint8Array(pattern.length));
  assert.ok(secret.destroyed);
  assert.throws(() => secret.use(() => 0), /destroyed/);
  assert.throws(() => secret.slice(0, 1), /destroyed/);
});

test('`using` destroys at the end of the block, also when it is left by an error', () => {
  const own = bytesOfPattern();
  assert.throws(() => {
    using secret = SecretBytes.adopt(own);
    assert.equal(secret.length, pattern.length);
    throw new Error('left early');
  }, /left early/);
  assert.deepEqual(own, new Uint8Array(pattern.length));
});

test('a slice is a secret of its own', () => {
  const whole = SecretBytes.adopt(bytesOfPattern());
  const part = whole.slice(6, 8);
  whole.destroy();
  part.use((bytes) => assert.deepEqual(bytes, new TextEncoder().encode('TO')));
});

test('fingerprints tell secrets apart, are the same for the same bytes, and are refused for short ones', () => {
  const one = SecretBytes.adopt(bytesOfPattern()).fingerprint();
  assert.match(one, /^[0-9a-f]{64}$/);
  assert.equal(SecretBytes.adopt(bytesOfPattern()).fingerprint(), one);
  assert.notEqual(SecretBytes.adopt(new Uint8Array(16)).fingerprint(), one);
  assert.throws(() => SecretBytes.adopt(new Uint8Array(15)).fingerprint(), RangeError);
});
