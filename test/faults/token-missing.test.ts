// Which token, which PIN: exactly one, or a fault that says what to do. All against the real SoftHSM.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { textOf, utf8 } from '../../main/base/bytes.ts';
import { systemClock } from '../../main/base/clock.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { isFault } from '../../main/model/fault.ts';
import { filePin, memoryPin, type PinSource } from '../../main/signing/pin.ts';
import { initialiseToken, openPkcs11Signer } from '../../main/signing/pkcs11/token-signer.ts';
import type { Signer } from '../../main/signing/signer.ts';
import { findSoftHsm } from '../../main/signing/softhsm.ts';
import { openSoftToken, softHsm, temporaryFolder, WatchedLaunch, withoutSoftHsm } from '../unit/signing/soft-token.ts';

const skip = withoutSoftHsm;
const home = temporaryFolder();
const folder = join(home.path, 'token');
const conf = { SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
const rightPin = filePin(join(folder, 'pin'));
const wrongPin = memoryPin(SecretBytes.adopt(utf8('not the PIN')));

before(async () => {
  if (!skip) await (await openSoftToken(folder)).close();
});
const opened: Signer[] = [];
after(async () => {
  // those that were opened against expectation as well
  await Promise.all(opened.map((signer) => signer.close()));
  home.remove();
});

async function open(
  watched: WatchedLaunch,
  pin: PinSource,
  token: { label: string; serial?: string },
  environment = conf,
) {
  const { launch } = watched;
  const signer = await openPkcs11Signer({ module: softHsm!, token, pin, environment, clock: systemClock, launch });
  opened.push(signer);
  return signer;
}

test('a wrong PIN is a fault with what the token says of its tries, and is tried once', { skip }, async () => {
  const watched = new WatchedLaunch();
  await assert.rejects(open(watched, wrongPin, { label: 'fuseline' }), (fault) => {
    assert.ok(isFault(fault, 'token.pin'));
    assert.match(fault.what, /'fuseline' \(serial [0-9a-f]{16}\) refused the PIN\. A wrong PIN was counted/);
    assert.equal(fault.details.countLow, true);
    assert.equal(JSON.stringify(fault).includes('not the PIN'), false);
    return true;
  });
  assert.equal(watched.messages.filter((message) => message.type === 'request' && message.call === 'open').length, 1);
  assert.equal(watched.ended, 1, 'no process is left');
  const right = await open(new WatchedLaunch(), rightPin, { label: 'fuseline' });
  await right.close();
});

test('a PIN that became wrong while the station ran is refused once and then never tried again', { skip }, async () => {
  let current = rightPin;
  const watched = new WatchedLaunch();
  const signer = await open(watched, { kind: 'file', read: () => current.read() }, { label: 'fuseline' });
  try {
    current = wrongPin;
    watched.last.kill();
    const codes = [];
    for (let i = 0; i < 4; i++) codes.push(await signer.keys().catch((fault) => fault.code));
    // the call that meets the dead process may start the next one at once
    assert.deepEqual(
      [...new Set(codes)].sort(),
      codes[0] === 'token.pin' ? ['token.pin'] : ['token.crashed', 'token.pin'],
    );
    const logins = watched.messages.filter((message) => message.type === 'request' && message.call === 'open');
    assert.equal(logins.length, 2, 'one right login at the start, one wrong one');
  } finally {
    await signer.close();
  }
  await (await open(new WatchedLaunch(), rightPin, { label: 'fuseline' })).close();
});

test('no token of the label: the fault names the module and the labels that are there', { skip }, async () => {
  const watched = new WatchedLaunch();
  await assert.rejects(open(watched, rightPin, { label: 'factory' }), (fault) => {
    assert.ok(isFault(fault, 'token.none'));
    assert.ok(fault.what.includes(softHsm!));
    assert.match(fault.what, /'factory'.*'fuseline' \(serial [0-9a-f]{16}\)/);
    return true;
  });
  assert.equal(watched.ended, 1);
});

test('a token of the label but another serial is not taken', { skip }, async () => {
  await assert.rejects(
    open(new WatchedLaunch(), rightPin, { label: 'fuseline', serial: '0123456789abcdef' }),
    (fault) => isFault(fault, 'token.none'),
  );
});

test('two tokens of one label: the fault lists the serials; a serial decides', { skip }, async () => {
  const other = join(home.path, 'other');
  await (await openSoftToken(other)).close();
  const both = join(home.path, 'both');
  mkdirSync(join(both, 'tokens'), { recursive: true });
  for (const from of [folder, other]) cpSync(join(from, 'tokens'), join(both, 'tokens'), { recursive: true });
  writeFileSync(
    join(both, 'softhsm2.conf'),
    `directories.tokendir = ${join(both, 'tokens')}\nobjectstore.backend = file\n`,
  );
  const environment = { SOFTHSM2_CONF: join(both, 'softhsm2.conf') };
  const serial = await serialOf(folder);
  await assert.rejects(open(new WatchedLaunch(), rightPin, { label: 'fuseline' }, environment), (fault) => {
    assert.ok(isFault(fault, 'token.ambiguous'));
    assert.match(fault.what, /2 tokens 'fuseline': serials [0-9a-f]{16}, [0-9a-f]{16}/);
    assert.ok(String(fault.details.serials).includes(serial));
    return true;
  });
  const signer = await open(new WatchedLaunch(), rightPin, { label: 'fuseline', serial }, environment);
  assert.equal((await signer.status()).serial, serial);
  await signer.close();
});

async function serialOf(store: string): Promise<string> {
  const signer = await openSoftToken(store);
  const { serial } = await signer.status();
  await signer.close();
  return serial;
}

test('a token is never made over one that bears the label, and its making can be finished', { skip }, async () => {
  const parts = { module: softHsm!, label: 'fuseline', environment: conf, clock: systemClock };
  const soPin = SecretBytes.adopt(utf8('87654321'));
  await assert.rejects(initialiseToken({ ...parts, soPin, pin: soPin }), (fault) => isFault(fault, 'token.label'));
  assert.equal(readdirSync(join(folder, 'tokens')).length, 1);
});

test('a module that is not there, and a configuration that it cannot read', { skip }, async () => {
  const watched = new WatchedLaunch();
  const parts = { token: { label: 'fuseline' }, pin: rightPin, clock: systemClock, launch: watched.launch };
  await assert.rejects(openPkcs11Signer({ ...parts, module: '/nowhere/libpkcs11.so' }), (fault) => {
    assert.ok(isFault(fault, 'token.module'));
    assert.match(fault.what, /\/nowhere\/libpkcs11\.so cannot be loaded/);
    return true;
  });
  const environment = { SOFTHSM2_CONF: join(home.path, 'no.conf') };
  await assert.rejects(openPkcs11Signer({ ...parts, module: softHsm!, environment }), (fault) =>
    isFault(fault, 'token.module'),
  );
  assert.equal(watched.ended, 2);
});

test('where SoftHSM is missing, one sentence says how to get it', async () => {
  await assert.rejects(findSoftHsm([join(home.path, 'none.so')]), (fault) => {
    assert.ok(isFault(fault, 'token.module'));
    assert.match(fault.next, /apt-get install softhsm2/);
    return true;
  });
});

test('a folder that holds something else is not turned into a token store', { skip }, async () => {
  const place = join(home.path, 'busy');
  mkdirSync(place);
  writeFileSync(join(place, 'letter.txt'), 'keep me');
  await assert.rejects(openSoftToken(place), (fault) => isFault(fault, 'token.store'));
  assert.deepEqual(readdirSync(place), ['letter.txt']);
});

test('what makings that were cut short left beside the store is removed, with the PINs in it', { skip }, async () => {
  const place = join(home.path, 'left', 'token');
  await (await openSoftToken(place)).close();
  const drafts = ['0123456789ab', '4194303-0123456789ab', `${process.pid}-0123456789ab`, 'notes'];
  for (const draft of drafts) {
    mkdirSync(`${place}.new-${draft}`);
    writeFileSync(join(`${place}.new-${draft}`, 'pin'), '31415');
  }
  await (await openSoftToken(place)).close();
  assert.deepEqual(
    readdirSync(join(home.path, 'left')).sort(),
    ['token', `token.new-${process.pid}-0123456789ab`, 'token.new-notes'],
    'but what may be under way, and what is none',
  );
});

test('the PIN of the store is not what the log of a fault would show', { skip }, async () => {
  const pin = await rightPin.read();
  const text = pin.use(textOf);
  assert.equal(text.length, 32);
  assert.equal(`${pin}${JSON.stringify({ pin })}`.includes(text), false);
});
