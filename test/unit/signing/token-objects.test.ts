// What lies in the token, seen by another program that has the PIN: keys cannot be read, loosened or taken out, nothing is left over,
// and a store that someone has tampered with is not signed with.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import pkcs11js from 'pkcs11js';
import { SecretBytes } from '../../../main/base/secret.ts';
import { isFault } from '../../../main/model/fault.ts';
import { TokenKeys } from '../../../main/signing/pkcs11/token-keys.ts';
import { TokenOperations } from '../../../main/signing/pkcs11/token-operations.ts';
import { TokenSession } from '../../../main/signing/pkcs11/token-session.ts';
import { openSoftToken, softHsm, temporaryFolder, withoutSoftHsm } from './soft-token.ts';

const skip = withoutSoftHsm;
const home = temporaryFolder();
const folder = join(home.path, 'token');
let session: TokenSession;
let keys: TokenKeys;
let operations: TokenOperations;

before(async () => {
  if (skip) return;
  const signer = await openSoftToken(folder);
  await signer.generateKey({ label: 'recovery', use: 'wrapping', algorithm: 'aes-256' });
  await signer.generateKey({ label: 'boot', use: 'secure-boot', algorithm: 'rsa-3072' });
  await signer.generateKey({ label: 'device-ca', use: 'device-ca', algorithm: 'ecdsa-p256' });
  await signer.close();
  process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf');
  using pin = SecretBytes.adopt(new Uint8Array(readFileSync(join(folder, 'pin'))));
  session = new TokenSession({ module: softHsm!, label: 'fuseline' }, false);
  session.open(pin, false);
  keys = new TokenKeys(session);
  operations = new TokenOperations(session, keys);
});
after(() => {
  if (!skip) session.close();
  home.remove();
});

type Template = pkcs11js.Template;
type Handle = pkcs11js.Handle;
type Work<T> = (module: pkcs11js.PKCS11, session: Handle) => T;

/** Straight to the module, past all fault texts. */
function raw<T>(work: Work<T>): T {
  let answer: { value: T } | { error: unknown } | undefined;
  session.run('test', (module, handle) => {
    try {
      answer = { value: work(module, handle) };
    } catch (error) {
      answer = { error };
    }
  });
  if (answer !== undefined && 'value' in answer) return answer.value;
  throw answer?.error;
}

function find(template: Template): Handle[] {
  return raw((module, handle) => {
    module.C_FindObjectsInit(handle, template);
    const found = module.C_FindObjects(handle, 100);
    module.C_FindObjectsFinal(handle);
    return found;
  });
}

const privateOf = (label: string) =>
  find([
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
    { type: pkcs11js.CKA_LABEL, value: label },
  ])[0]!;
const publicOf = (label: string) =>
  find([
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
    { type: pkcs11js.CKA_LABEL, value: label },
  ])[0]!;
const secretOf = (label: string) =>
  find([
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
    { type: pkcs11js.CKA_LABEL, value: label },
  ])[0]!;

test('no secret part of a key can be read', { skip }, () => {
  const secrets: [Handle, number][] = [
    [privateOf('boot'), pkcs11js.CKA_PRIVATE_EXPONENT],
    [privateOf('boot'), pkcs11js.CKA_PRIME_1],
    [privateOf('device-ca'), pkcs11js.CKA_VALUE],
    [secretOf('recovery'), pkcs11js.CKA_VALUE],
  ];
  for (const [handle, type] of secrets)
    assert.throws(
      () => raw((module, open) => module.C_GetAttributeValue(open, handle, [{ type }])),
      /CKR_ATTRIBUTE_SENSITIVE/,
    );
});

test('no key can be loosened or taken out, not even with the PIN', { skip }, () => {
  for (const handle of [privateOf('boot'), privateOf('device-ca'), secretOf('recovery')]) {
    for (const change of [
      { type: pkcs11js.CKA_EXTRACTABLE, value: true },
      { type: pkcs11js.CKA_SENSITIVE, value: false },
    ])
      assert.throws(() => raw((module, open) => module.C_SetAttributeValue(open, handle, [change])), /CKR_/);
    assert.throws(
      () =>
        raw((module, open) =>
          module.C_WrapKey(
            open,
            { mechanism: pkcs11js.CKM_AES_KEY_WRAP_PAD },
            secretOf('recovery'),
            handle,
            Buffer.alloc(4096),
          ),
        ),
      /CKR_KEY_UNEXTRACTABLE/,
    );
  }
});

test('the wrapping key wraps and does nothing else: it cannot be used to decrypt what it wrapped', { skip }, () => {
  const mechanism = { mechanism: pkcs11js.CKM_AES_ECB };
  for (const begin of ['C_DecryptInit', 'C_EncryptInit'] as const)
    assert.throws(
      () => raw((module, open) => module[begin](open, mechanism, secretOf('recovery'))),
      /CKR_KEY_FUNCTION/,
    );
});

test('no imported or unwrapped key stays in the session, not even after an error', { skip }, () => {
  const sessionObjects = () => find([{ type: pkcs11js.CKA_TOKEN, value: false }]).length;
  const ref = { label: 'recovery' };
  const { wrappingKeyId, data } = operations.wrap(ref, SecretBytes.adopt(new Uint8Array(randomBytes(64))));
  operations.unwrap(ref, wrappingKeyId, data).destroy();
  assert.equal(sessionObjects(), 0);
  const fail = () => {
    throw new Error('CKR_DEVICE_MEMORY');
  };
  const { module } = session;
  for (const [name, call] of [
    ['C_WrapKey', () => operations.wrap(ref, SecretBytes.adopt(new Uint8Array(32)))],
    ['C_GetAttributeValue', () => operations.unwrap(ref, wrappingKeyId, data)],
  ] as const) {
    const real = module[name];
    Object.assign(module, { [name]: fail });
    try {
      assert.throws(call, (fault) => isFault(fault, 'token.full'));
    } finally {
      Object.assign(module, { [name]: real });
    }
    assert.equal(sessionObjects(), 0, `after ${name} failed`);
  }
});

test('a token that knows the key wrap of RFC 5649 by its newer name alone is asked by that', { skip }, () => {
  const kwp = 0x210b;
  const { module } = session;
  const { C_GetMechanismList, C_WrapKey, C_UnwrapKey } = module;
  const renamed = ({ mechanism }: pkcs11js.Mechanism) => {
    if (mechanism !== kwp) throw new Error('CKR_MECHANISM_INVALID');
    return { mechanism: pkcs11js.CKM_AES_KEY_WRAP_PAD };
  };
  Object.assign(module, {
    C_GetMechanismList: () => [pkcs11js.CKM_AES_KEY_WRAP, kwp],
    C_WrapKey: (open: Handle, mechanism: pkcs11js.Mechanism, ...rest: [Handle, Handle, Buffer]) =>
      Reflect.apply(C_WrapKey, module, [open, renamed(mechanism), ...rest]),
    C_UnwrapKey: (open: Handle, mechanism: pkcs11js.Mechanism, ...rest: [Handle, Buffer, pkcs11js.Template]) =>
      Reflect.apply(C_UnwrapKey, module, [open, renamed(mechanism), ...rest]),
  });
  try {
    const { wrappingKeyId, data } = operations.wrap(
      { label: 'recovery' },
      SecretBytes.adopt(new Uint8Array(32).fill(7)),
    );
    const back = operations.unwrap({ label: 'recovery' }, wrappingKeyId, data);
    assert.deepEqual(
      back.use((bytes) => [...bytes]),
      Array<number>(32).fill(7),
    );
    back.destroy();
  } finally {
    Object.assign(module, { C_GetMechanismList, C_WrapKey, C_UnwrapKey });
  }
});

test('two keys of one label are not chosen between; an id decides', { skip }, () => {
  const { id } = keys.generate({ label: 'twin', use: 'device-ca', algorithm: 'ecdsa-p256' });
  const twin = keys.generate({ label: 'twin 2', use: 'device-ca', algorithm: 'ecdsa-p256' });
  const rename = [{ type: pkcs11js.CKA_LABEL, value: 'twin' }];
  raw((module, open) => module.C_SetAttributeValue(open, privateOf('twin 2'), rename));
  const fresh = new TokenKeys(session);
  assert.throws(
    () => fresh.find({ label: 'twin' }),
    (fault) => {
      assert.ok(isFault(fault, 'token.two-keys'));
      assert.ok(fault.what.includes(id) && fault.what.includes(twin.id));
      return true;
    },
  );
  assert.equal(fresh.find({ label: 'twin', id: twin.id }).key.publicKeySha256, twin.publicKeySha256);
});

test('a public key that was swapped: the signature never leaves', { skip }, () => {
  keys.generate({ label: 'victim', use: 'device-ca', algorithm: 'ecdsa-p256' });
  const id = Buffer.from(keys.find({ label: 'victim' }).key.id, 'hex');
  const [point] = raw((module, open) =>
    module.C_GetAttributeValue(open, publicOf('device-ca'), [{ type: pkcs11js.CKA_EC_POINT }]),
  );
  raw((module, open) => module.C_DestroyObject(open, publicOf('victim')));
  const digest = new Uint8Array(32).fill(1);
  const sign = () => new TokenOperations(session, new TokenKeys(session)).sign({ label: 'victim' }, 'ecdsa', digest);
  assert.throws(sign, (fault) => isFault(fault, 'token.no-key'));
  raw((module, open) =>
    module.C_CreateObject(open, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PUBLIC_KEY },
      { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_EC },
      { type: pkcs11js.CKA_TOKEN, value: true },
      { type: pkcs11js.CKA_ID, value: id },
      { type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from('06082a8648ce3d030107', 'hex') },
      { type: pkcs11js.CKA_EC_POINT, value: point!.value },
    ]),
  );
  assert.throws(sign, (fault) => isFault(fault, 'token.bad-signature'));
});

test('a stored PIN is not spent on the last try before the token locks; a typed one is, once', { skip }, () => {
  const pin = () => SecretBytes.adopt(new Uint8Array(readFileSync(join(folder, 'pin'))));
  const place = { module: softHsm!, label: 'fuseline' };
  // SoftHSM never says so itself: its answer with the flag of a token that counts
  const withFlag = (flag: number, lastTryAllowed: boolean) => {
    const tried = new TokenSession(place, false);
    const { module } = tried;
    const [info, login] = [module.C_GetTokenInfo.bind(module), module.C_Login.bind(module)];
    let logins = 0;
    Object.assign(module, {
      // the module is already started in this process by the session of the other tests
      C_Initialize: () => {},
      C_Finalize: () => {},
      C_GetTokenInfo: (slot: Handle) => {
        const real = info(slot);
        return { ...real, flags: real.flags | flag };
      },
      C_Login: (...args: Parameters<typeof login>) => {
        logins++;
        login(...args);
      },
    });
    const fault = (() => {
      try {
        using secret = pin();
        tried.open(secret, lastTryAllowed);
        return null;
      } catch (error) {
        return error;
      }
    })();
    return { logins, fault };
  };
  const stored = withFlag(pkcs11js.CKF_USER_PIN_FINAL_TRY, false);
  assert.equal(stored.logins, 0);
  assert.ok(isFault(stored.fault, 'token.pin'));
  assert.deepEqual(withFlag(pkcs11js.CKF_USER_PIN_FINAL_TRY, true), { logins: 1, fault: null });
  const locked = withFlag(pkcs11js.CKF_USER_PIN_LOCKED, true);
  assert.equal(locked.logins, 0);
  assert.ok(isFault(locked.fault, 'token.pin-locked'));
});
