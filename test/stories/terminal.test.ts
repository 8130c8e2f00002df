// Each command as its user has it: what it says, and its exit status. One of each kind runs in a process of its own, the others in this one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { unzipSync } from 'fflate';
import { noToken, recipes } from './stage.ts';
import { chipProcess, objects, run, runHere, type Said, testFolder } from './terminal.ts';

const p4 = join(recipes, 'esp32p4-production.yaml');
const application = join(recipes, '..', 'firmware', 'esp32p4-v3', 'fuseline_demo.bin');

let folder = '';
let cleanUp = () => {};
const data = () => join(folder, 'data');
/** A copy for what signs: it writes the ledger, as others do at the same time. */
const signingData = () => join(folder, 'signing');
const sealedPort = () => `virtual:esp32p4?rev=v3.1&pacing=none&state=${encodeURIComponent(join(folder, 'chip'))}`;
let provisioned: Said;

before(async () => {
  if (noToken) return;
  folder = testFolder({
    after: (work) => {
      cleanUp = work;
    },
  });
  provisioned = await run([
    'provision',
    ...['--recipe', p4, '--port', sealedPort(), '--operator', 'anna', '--data', data()],
  ]);
  cpSync(data(), signingData(), { recursive: true });
});
after(() => cleanUp());

/** Commands that are yet to run in a process of their own, the first time that they are given. */
const alone = new Set([
  'diagnose --out',
  'device inspect',
  'recipe rehearse',
  'token status',
  'image sign',
  'audit list',
]);

async function says(args: readonly string[], status: number, ...sentences: RegExp[]): Promise<Said> {
  const signs = args[0] === 'image' && args[1] === 'sign';
  const kind = args.slice(0, 2).join(' ');
  const inProcess = alone.delete(kind) ? run : runHere;
  const said = await inProcess([...args, '--data', signs ? signingData() : data()]);
  const text = said.out + said.err;
  assert.equal(said.status, status, text);
  for (const sentence of sentences) assert.match(text, sentence);
  return said;
}

async function serial(): Promise<string> {
  const [device] = objects(await runHere(['audit', 'list', '--json', '--data', data()]));
  return String(device!.serial);
}

// one after the other: what signs opens the ledger, which has one writer
describe('the terminal, command by command', { skip: noToken, timeout: 280_000 }, () => {
  it('provision tells each step and the verdict', () => {
    assert.equal(provisioned.status, 0, provisioned.err);
    assert.equal(provisioned.out, '', 'words for people are on stderr');
    assert.match(provisioned.err, /Made rsa-3072 key "secure-boot-1"/);
    assert.match(provisioned.err, /F1 {2}PASSED {2}[0-9a-f]{12} {2}sealed in [0-9.]+ s, ledger row \d+/);
    assert.match(provisioned.err, /1 sealed; yield 100\.0 %/);
  });

  it('diagnose bundles log, versions, settings, ports and the ledger, for its owner alone, without the PIN', async () => {
    const out = join(folder, 'help.zip');
    await says(['diagnose', '--out', out], 0, /written to .*help\.zip/, /no secret/);
    assert.equal(statSync(out).mode & 0o777, 0o600);
    const files = unzipSync(new Uint8Array(readFileSync(out)));
    const text = (name: string) => new TextDecoder().decode(files[name]);
    const parts = ['README.txt', 'folder.json', 'ledger.json', 'log/fuseline.log', 'ports.json', 'settings.json'];
    assert.deepEqual(Object.keys(files).sort(), [...parts, 'versions.json']);
    assert.equal(JSON.parse(text('ledger.json')).chain.broken, null);
    assert.match(text('log/fuseline.log'), /"event":"station-opens"/);
    assert.match(text('folder.json'), /ledger\.sqlite/);
    const pins = readdirSync(join(data(), 'token'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /pin$/.test(name))
      .map((name) => readFileSync(join(data(), 'token', name), 'utf8').trim());
    assert.ok(pins.length > 0 && pins.every((pin) => pin.length >= 4));
    for (const name of Object.keys(files)) for (const pin of pins) assert.ok(!text(name).includes(pin), name);
    await says(['diagnose', '--out', out], 2, /cannot be written/, /never written over/);
  });

  it('device inspect, on a chip in a process of its own', async (t) => {
    const chip = await chipProcess(t, 'esp32p4?rev=v1.3', 'rfc2217:0');
    await says(['device', 'inspect', '--port', chip.address], 0, /ESP32-P4/, /v1\.3/, /download mode +open/);
    const [found] = objects(await says(['device', 'inspect', '--json', '--port', chip.address], 0));
    assert.equal((found!.identity as { kind: string }).kind, 'esp32p4');
  });

  it('device verify: the sealed board proves itself; a board of nobody does not', async () => {
    await says(
      ['device', 'verify', '--port', sealedPort(), '--serial', await serial()],
      0,
      /as recorded +door/,
      /device key/,
    );
    await says(['device', 'verify', '--port', sealedPort()], 1, /\[device\.which\]/);
    await says(['device', 'verify', '--port', 'virtual:esp32p4?pacing=none'], 1, /\[device\.no-record\]/);
  });

  it('recipe check, plan, diff, rehearse', async () => {
    await says(['recipe', 'check', p4], 0);
    await says(
      ['recipe', 'plan', p4],
      0,
      /about [\d.]+ s: +[\d.]+ s wire/,
      /DIS_DOWNLOAD_MODE/,
      /SECURE_BOOT_DIGEST0/,
      /XTS_AES_256_KEY_1/,
    );
    await says(['recipe', 'diff', p4, join(recipes, 'esp32p4-development.yaml')], 0, /download mode/i);
    await says(['recipe', 'rehearse', p4], 0, /PASSED/);
  });

  it('token status, keys, random, init, certificate', async () => {
    await says(['token', 'status'], 0, /token +fuseline \(serial [0-9a-f]{16}\)/, /health +signs/);
    await says(['token', 'keys'], 0, /secure-boot-1 +rsa-3072 +secure-boot/, /not extractable/);
    const random = await says(['token', 'random', '--bytes', '16'], 0);
    assert.match(random.out, /^[0-9a-f]{32}\n$/);
    await says(['token', 'init', '--recipe', p4], 0, /fuseline/);
    const pem = join(folder, 'ca.pem');
    await says(['token', 'certificate', '--recipe', p4, '--out', pem], 0, /written to/);
    const subject = execFileSync('openssl', ['x509', '-in', pem, '-noout', '-subject'], { encoding: 'utf8' });
    assert.match(subject, /Example Device CA/);
  });

  it('image sign, inspect, encrypt; a file is never written over', async () => {
    const signed = join(folder, 'signed.bin');
    await says(['image', 'sign', application, '--key', 'secure-boot-1', '--out', signed], 0, /written to/);
    await says(['image', 'inspect', signed], 0, /rsa/i);
    await says(['image', 'sign', application, '--key', 'secure-boot-1', '--out', signed], 2, /\[image\.cannot-write\]/);
    await says(['image', 'sign', application, '--key', 'nobody', '--out', `${signed}.2`], 3, /\[token\.no-key\]/);
    const first = join(folder, 'one.enc');
    const wrapped = await says(['image', 'encrypt', signed, '--offset', '0x20000', '--out', first], 0);
    const key = join(folder, 'key.json');
    writeFileSync(key, wrapped.out);
    const second = join(folder, 'two.enc');
    await says(['image', 'encrypt', signed, '--offset', '0x20000', '--wrapped-key', key, '--out', second], 0);
    assert.deepEqual(readFileSync(first), readFileSync(second), 'the same key gives the same ciphertext');
    const classic = ['image', 'encrypt', signed, '--offset', '0x20000', '--cipher', 'aes-256', '--out', `${first}.3`];
    await says([...classic, '--wrapped-key', key], 2, /64 bytes, which aes-256 does not take/);
    await says(classic, 0);
    assert.notDeepEqual(readFileSync(`${first}.3`), readFileSync(first));
    await says(['image', 'encrypt', signed, '--offset', '0x20001', '--out', `${first}.2`], 2, /not a multiple of 16/);
  });

  it('audit list, show, export and verify; a tampered export is found out', async () => {
    await says(['audit', 'list'], 0, /MAC +serial/, /sealed/);
    const told = await says(
      ['audit', 'show', await serial()],
      0,
      /is about to burn DIS_DOWNLOAD_MODE/,
      /seen: download-disabled/,
    );
    assert.match(told.out, /operator anna/);
    for (const line of told.out.split('\n')) assert.ok(!/[{}]/.test(line), `no JSON in the story: ${line}`);
    await says(['audit', 'verify'], 0, /The chain is whole: \d+ rows/);
    await says(['audit', 'runs', '--operator', 'anna', '--limit', '1'], 0, /^R-\S+ +\S+ +\w+/m);
    await says(['audit', 'runs', '--fault', 'no.such'], 0, /None fits/);
    const batches = await says(['audit', 'batches'], 0, /batch +order +recipe/);
    const batch = /^B-\S+/m.exec(batches.out)![0];
    await says(['audit', 'batch', batch], 0, /sealed, \d+ failed/);
    await says(['audit', 'batch', batch, '--out', join(folder, 'batch.pdf')], 0, /is in/);
    assert.equal(readFileSync(join(folder, 'batch.pdf')).subarray(0, 5).toString(), '%PDF-');
    const same = await says(['audit', 'compare', await serial(), await serial()], 2);
    assert.ok(same.err.includes('devices.same'));
    const file = join(folder, 'export.jsonl');
    await says(['audit', 'export', '--out', file], 0, /rows written to/);
    await says(['audit', 'verify', '--file', file], 0, /The chain is whole/);
    await says(['audit', 'export', '--out', file], 2, /\[audit\.cannot-write\]/);
    const forged = join(folder, 'forged.jsonl');
    const text = readFileSync(file, 'utf8');
    assert.ok(text.includes('anna'));
    writeFileSync(forged, text.replace('anna', 'adam'));
    await says(['audit', 'verify', '--file', forged], 3, /The chain is broken at row \d+/, /\[ledger\.chain-broken\]/);
    writeFileSync(forged, 'not an export\n');
    await says(['audit', 'verify', '--file', forged], 2, /Line 1 of .* is no row of an export/, /\[audit\.no-export\]/);
    await says(['audit', 'verify', '--file', `${forged}.not`], 2, /cannot be read/, /\[audit\.no-export\]/);
  });

  it('one of each kind ran in a process of its own', () => assert.deepEqual([...alone], []));

  it('virtual-chip says where it answers, and ends with Ctrl-C', async (t) => {
    const chip = await chipProcess(t, 'esp32c3', 'tcp:0');
    assert.match(chip.address, /^socket:\/\/.+:\d+$/);
    const said = await chip.stop();
    assert.equal(said.status, 0);
    assert.match(said.err, /Ctrl-C ends it/);
  });
});
