// The NVS and certificate partitions of a device, made and read from the terminal one by one.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { selfSigned } from '../self-signed.ts';
import { withoutSoftHsm } from '../unit/signing/soft-token.ts';
import { objects, runHere as run, run as runAlone, testFolder } from './terminal.ts';

const csv = `key,type,encoding,value
factory,namespace,,
serial,data,string,SN-0001
hwrev,data,u8,3
cal,file,binary,cal.bin
wifi,namespace,,
psk,data,string,very secret words
`;

// the first command in a process of its own, the others in this one
test('values become an NVS partition and are read back, in clear', async (t) => {
  const folder = testFolder(t);
  const [values, image] = [join(folder, 'values.csv'), join(folder, 'nvs.bin')];
  writeFileSync(values, csv);
  writeFileSync(
    join(folder, 'cal.bin'),
    Uint8Array.from({ length: 5000 }, (_, i) => i & 0xff),
  );
  const built = await runAlone(['nvs', 'build', values, '--size', '24K', '--out', image]);
  assert.equal(built.status, 0, built.err);
  assert.match(built.err, /in clear/);
  assert.equal(readFileSync(image).length, 0x6000);
  if (process.platform !== 'win32') assert.equal(statSync(image).mode & 0o077, 0, 'only its owner may read it');

  const shown = await run(['nvs', 'show', image]);
  assert.equal(shown.status, 0, shown.err);
  assert.match(shown.out, /serial +string +7 characters/);
  assert.match(shown.out, /cal +blob +4.9 KiB/);
  assert.doesNotMatch(shown.out, /very secret words/, 'no value unless it is asked for');
  const told = objects(await run(['nvs', 'show', image, '--show-values', '--json']))[0]!;
  assert.deepEqual((told.namespaces as { entries: unknown[] }[])[1]!.entries, [
    { key: 'psk', type: 'string', value: '"very secret words"' },
  ]);

  const again = await run(['nvs', 'build', values, '--size', '24K', '--out', image]);
  assert.equal(again.status, 2, 'an existing file is never written over');
});

test('each mistake of the values is told with its line, and nothing is written', async (t) => {
  const folder = testFolder(t);
  const [values, image] = [join(folder, 'values.csv'), join(folder, 'nvs.bin')];
  writeFileSync(values, 'key,type,encoding,value\nn,namespace,,\na,data,u8,256\nb,data,hex2bin,xy\n');
  const built = await run(['nvs', 'build', values, '--size', '0x3000', '--out', image, '--json']);
  assert.equal(built.status, 2);
  assert.deepEqual(
    objects(built).map(({ line }) => line),
    [3, 4],
  );
  assert.match(built.err, /values\.csv:3: 256 does not fit u8/);
  assert.ok(!existsSync(image));
  const good = join(folder, 'good.csv');
  writeFileSync(good, csv.replace(/^cal.*\n/m, ''));
  for (const size of ['0x3001', 'much', '0']) {
    const refused = await run(['nvs', 'build', good, '--size', size, '--out', image]);
    assert.equal(refused.status, 2, size);
  }
});

test('an encrypted NVS partition opens only with its wrapped key', { skip: withoutSoftHsm }, async (t) => {
  const folder = testFolder(t);
  const [values, image, key] = [join(folder, 'values.csv'), join(folder, 'nvs.bin'), join(folder, 'key.json')];
  const data = ['--data', join(folder, 'data')];
  writeFileSync(values, csv.replace(/^cal.*\n/m, ''));
  const made = await run([
    'token',
    'keys',
    '--make',
    'aes-256',
    '--label',
    'fuseline-wrapping',
    '--use',
    'wrapping',
    ...data,
  ]);
  assert.equal(made.status, 0, made.err);
  const built = await run(['nvs', 'build', values, '--size', '0x3000', '--new-key', '--out', image, ...data]);
  assert.equal(built.status, 0, built.err);
  writeFileSync(key, built.out);
  assert.ok(!readFileSync(image).includes('very secret words'));

  const closed = await run(['nvs', 'show', image, '--json']);
  assert.equal(closed.status, 2);
  assert.equal(objects(closed)[0]!.code, 'image.nvs-unreadable');
  const opened = await run(['nvs', 'show', image, '--keys', key, '--show-values', ...data]);
  assert.equal(opened.status, 0, opened.err);
  assert.match(opened.out, /psk +string +"very secret words"/);
  const same = join(folder, 'same.bin');
  await run(['nvs', 'build', values, '--size', '0x3000', '--keys', key, '--out', same, ...data]);
  assert.deepEqual(readFileSync(same), readFileSync(image));
  const wrong = await run(['nvs', 'show', image, '--keys', values, '--json', ...data]);
  assert.equal(objects(wrong)[0]!.code, 'cli.wrapped-key');
});

test('a line of values for each device becomes a partition with a key of its own', {
  skip: withoutSoftHsm,
}, async (t) => {
  const folder = testFolder(t);
  const [configuration, values] = [join(folder, 'config.csv'), join(folder, 'values.csv')];
  writeFileSync(configuration, 'factory,namespace,\nserial,data,string\nhwrev,data,u8,REPEAT\n');
  writeFileSync(values, 'id,serial,hwrev\na,SN-1,3\nb,SN-2,\n');
  const build = ['nvs', 'build', configuration, '--values', values, '--size', '0x3000', '--out'];
  const plain = await run([...build, join(folder, 'plain')]);
  assert.equal(plain.status, 0, plain.err);
  const second = await run(['nvs', 'show', join(folder, 'plain', 'b.bin'), '--show-values']);
  assert.match(second.out, /serial +string +"SN-2"\n +hwrev +u8 +3/);

  const data = ['--data', join(folder, 'data')];
  await run(['token', 'keys', '--make', 'aes-256', '--label', 'fuseline-wrapping', '--use', 'wrapping', ...data]);
  const sealed = await run([...build, join(folder, 'sealed'), '--new-key', ...data]);
  const keys = objects(sealed);
  assert.deepEqual(
    keys.map(({ id }) => id),
    ['a', 'b'],
  );
  const key = join(folder, 'b.json');
  writeFileSync(key, JSON.stringify(keys[1]));
  const opened = await run(['nvs', 'show', join(folder, 'sealed', 'b.bin'), '--keys', key, '--show-values', ...data]);
  assert.match(opened.out, /"SN-2"/, opened.err);
  assert.equal((await run(['nvs', 'show', join(folder, 'sealed', 'a.bin'), '--keys', key, ...data])).status, 2);

  writeFileSync(values, 'id,serial,hwrev\na,SN-1,3\na,SN-2,\n../c,SN-3,\n');
  const wrong = await run([...build, join(folder, 'wrong'), '--json']);
  assert.equal(wrong.status, 2);
  assert.deepEqual(
    objects(wrong).map(({ line }) => line),
    [3, 4],
  );
  assert.ok(!existsSync(join(folder, 'wrong')));
});

test('certificates become a partition that names the block of the key, and no private key gets in', async (t) => {
  const folder = testFolder(t);
  const [pem, key, image] = [join(folder, 'device.pem'), join(folder, 'key.pem'), join(folder, 'cert.bin')];
  writeFileSync(pem, selfSigned());
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(key, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const words = ['cert', 'build', '--device', pem, '--ecdsa-key-id', '1', '--integrity', '--size', '0x2000'];
  const built = await run([...words, '--out', image]);
  assert.equal(built.status, 0, built.err);
  assert.equal(readFileSync(image).length, 0x2000);
  const shown = await run(['cert', 'show', image]);
  assert.match(shown.out, /security configuration .*eFuse block 5 \(key id 1\)/);
  assert.match(shown.out, /device certificate .*CN=device/);
  assert.match(shown.out, /integrity +32 B/);
  for (const wrong of [
    ['--device', key],
    ['--tlv', `2=${key}`],
    ['--ecdsa-key-id', '6'],
    ['--tlv', 'nonsense'],
  ]) {
    const refused = await run(['cert', 'build', ...wrong, '--out', join(folder, 'no.bin')]);
    assert.equal(refused.status, 2, wrong.join(' '));
  }
  assert.ok(!existsSync(join(folder, 'no.bin')));
  assert.equal((await run(['cert', 'show', key])).status, 2);
});

test('an RSA key of the DS peripheral: parameters, request, and the certificate that comes later', {
  skip: withoutSoftHsm,
}, async (t) => {
  const folder = testFolder(t);
  const at = (name: string) => join(folder, name);
  const data = ['--data', at('data')];
  await run(['token', 'keys', '--make', 'aes-256', '--label', 'fuseline-wrapping', '--use', 'wrapping', ...data]);
  const ds = ['--rsa', 'rsa-2048', '--chip', 'esp32s3', '--ds-key-id', '2', '--subject', 'CN=SN-1,O=Example'];
  const built = await run([
    ...['cert', 'build', ...ds, '--new-key', '--csr', at('device.csr'), '--out', at('first.bin'), ...data],
  ]);
  assert.equal(built.status, 0, built.err);
  writeFileSync(at('hmac.json'), built.out);
  const opened = await run(['cert', 'show', at('first.bin'), '--keys', at('hmac.json'), '--chip', 'esp32s3', ...data]);
  assert.match(opened.out, /DS parameters .*RSA 2048, public key [0-9a-f]{64}, no certificate beside it/, opened.err);
  assert.match(opened.out, /DS context .*key id 2, RSA 2048/);

  writeFileSync(at('other.pem'), selfSigned());
  const words = ['cert', 'build', '--from', at('first.bin'), '--device', at('other.pem'), '--out', at('second.bin')];
  assert.equal((await run(words)).status, 0);
  const judged = await run(['cert', 'show', at('second.bin'), '--keys', at('hmac.json'), '--chip', 'esp32s3', ...data]);
  assert.match(judged.out, /NOT THAT OF THE CERTIFICATE/);
  assert.match(readFileSync(at('device.csr'), 'utf8'), /BEGIN CERTIFICATE REQUEST/);

  for (const wrong of [ds.with(1, 'rsa-1024'), ds.with(3, 'esp32c61'), ds.with(5, '6'), ds.with(7, 'SN-1')]) {
    const no = ['--new-key', '--csr', at('no.csr'), '--out', at('no.bin'), ...data];
    assert.equal((await run(['cert', 'build', ...wrong, ...no])).status, 2, wrong.join(' '));
    assert.ok(!existsSync(at('no.bin')));
  }
});
