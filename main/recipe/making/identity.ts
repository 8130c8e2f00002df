import { toHex } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/digest.ts';
import type { SecretBytes } from '../../base/secret.ts';
import { buildDsContext, buildDsData, readRsaKey } from '../../image/ds.ts';
import { buildSecureCert, type SecureCertEntry } from '../../image/secure-cert.ts';
import type { KeyRole, StepEvent } from '../../model/event.ts';
import { ProgramFault } from '../../model/fault.ts';
import { curveOfKey, rsaBitsOfKey } from '../../model/identity.ts';
import type { NameAttribute } from '../../model/recipe.ts';
import { type DeviceCertificateProfile, issueDeviceCertificate, serialNumberFrom } from '../../signing/certificates.ts';
import { chainForPartition, requireChain } from '../../signing/chain.ts';
import { makeRsaDeviceKey, publicPoint } from '../../signing/device-key.ts';
import { pemOf } from '../../signing/pem.ts';
import { buildDeviceCsr, type DeviceRequestKey } from '../../signing/requests.ts';
import { spkiOfPoint } from '../../signing/spki.ts';
import { hmacRole } from '../plan/hmac-down.ts';
import type { StepContext } from '../steps/step.ts';
import { chainFor, validityAt } from './device-ca.ts';
import { fillIn, type MadePart } from './made-part.ts';

type Identity = NonNullable<StepContext['recipe']['identity']>;

/**
 * What makes the board somebody: the request and the certificate over its key, and the entries by which firmware finds the key, as the
 * content of one partition. An ECDSA key is in the workspace already. An RSA key comes to be and goes here: only its DS parameters,
 * encrypted under the HMAC key block of the DS peripheral, stay; a run that is resumed makes another.
 */
export async function* makeIdentity(context: StepContext): AsyncGenerator<StepEvent, MadePart | null, void> {
  const { identity } = context.recipe;
  if (identity === null) return null;
  const bits = rsaBitsOfKey(identity.key);
  const bornAt = context.clock.monotonic();
  const rsa = bits === null ? null : await makeRsaDeviceKey(bits);
  let entries: SecureCertEntry[];
  try {
    const key: DeviceRequestKey = rsa ? { kind: identity.key, ...rsa } : ecdsaKey(context, identity);
    entries = bits === null ? ecdsaEntries(context) : dsEntries(context, key.privateKey, bits);
    entries.push(...(yield* certify(context, identity, key)));
  } finally {
    rsa?.privateKey.destroy();
  }
  if (rsa !== null) {
    const livedMs = Math.round(context.clock.monotonic() - bornAt);
    yield { type: 'observed', what: 'rsa-key-destroyed', value: { key: identity.key, livedMs } };
  }
  return { partition: identity.partition, bytes: fitted(context, identity, entries), secret: false };
}

/** Request and certificate as the recipe asks, said and put into the workspace; gives the entries of the certificates. */
async function* certify(
  context: StepContext,
  identity: Identity,
  key: DeviceRequestKey,
): AsyncGenerator<StepEvent, SecureCertEntry[], void> {
  const { workspace } = context;
  const publicKey = toHex(key.spki);
  const facts = { key: key.kind, publicKey };
  workspace.identity = { ...facts, certificatePem: null, certificateSerial: null };
  const { certificate, csr } = identity;
  const profile = certificate ? profileOf(context, certificate) : undefined;
  if (csr !== null) {
    const request = await buildDeviceCsr({ subject: filled(context, csr.subject), key, ...(profile && { profile }) });
    const csrPem = pemOf('CERTIFICATE REQUEST', request);
    workspace.identity = { ...workspace.identity, csrPem };
    yield {
      type: 'observed',
      what: 'certificate-request',
      value: { ...facts, pem: csrPem, sha256: sha256Hex(request) },
    };
  }
  if (certificate === null || profile === undefined) return [];
  const chain = chainFor(certificate, context.files);
  using random = await context.signer.random(20);
  const { notBefore, notAfter } = validityAt(certificate, context.clock.now());
  const { der, serialNumber } = await issueDeviceCertificate({
    signer: context.signer,
    ca: certificate.ca,
    issuer: chain?.certificates[0] ?? filled(context, certificate.issuer ?? []),
    subject: filled(context, certificate.subject),
    spki: key.spki,
    profile,
    serialNumber: random.use(serialNumberFrom),
    notBefore,
    notAfter,
  });
  if (chain !== null) requireChain(der, chain);
  const pem = pemOf('CERTIFICATE', der);
  workspace.identity = { ...workspace.identity, certificatePem: pem, certificateSerial: serialNumber };
  yield {
    type: 'observed',
    what: 'certificate',
    value: { ...facts, serial: serialNumber, pem, sha256: sha256Hex(der) },
  };
  return [
    { type: 'device-certificate', data: der },
    ...(chain === null ? [] : [{ type: 'ca-certificate', data: chainForPartition(chain) } as const]),
  ];
}

type CertificateWish = NonNullable<Identity['certificate']>;

function profileOf(context: StepContext, { usages, alternativeNames }: CertificateWish): DeviceCertificateProfile {
  const fill = (text: string) => fillIn(text, context);
  const names = { dns: alternativeNames.dns.map(fill), uri: alternativeNames.uri.map(fill) };
  return { purposes: usages, alternativeNames: names };
}

function filled(context: StepContext, name: readonly NameAttribute[]): NameAttribute[] {
  return name.map(({ type, value }) => ({ type, value: fillIn(value, context) }));
}

function ecdsaKey({ workspace }: StepContext, { key }: Identity): DeviceRequestKey {
  const privateKey = keyOf(workspace, 'ecdsa-identity');
  const curve = curveOfKey(key)!;
  const spki = spkiOfPoint(
    curve,
    privateKey.use((scalar) => publicPoint(curve, scalar)),
  );
  return { kind: key, spki, privateKey };
}

/** The block of the key; of the two blocks of a P-384 key the one with its high half, as Espressif's tool names it (FACTS 8, 10.1). */
function ecdsaEntries({ plan }: StepContext): SecureCertEntry[] {
  const slot = plan.burn.slots.find(
    ({ material }) => material.kind === 'secret' && material.role === 'ecdsa-identity' && material.part !== 'low',
  );
  return [{ type: 'ecdsa-peripheral-key', efuseBlock: slot!.block }];
}

/** The RSA key as the DS peripheral takes it, and where its key is: the context names a key id, not a block (FACTS 7). */
function dsEntries(context: StepContext, pkcs1: SecretBytes, bits: number): SecureCertEntry[] {
  const { workspace, plan, recipe, random } = context;
  const role = hmacRole(recipe, 'ds');
  const slot = plan.burn.slots.find(({ material }) => material.kind === 'secret' && material.role === role);
  const key = pkcs1.use(readRsaKey);
  try {
    const data = buildDsData(key, keyOf(workspace, role), random(16), recipe.chip);
    return [
      { type: 'ds-data', data },
      { type: 'ds-context', data: buildDsContext(slot!.slot, bits) },
    ];
  } finally {
    key.exponent.destroy();
  }
}

function keyOf(workspace: StepContext['workspace'], role: KeyRole): SecretBytes {
  const key = workspace.keys.get(role);
  if (key !== undefined) return key;
  throw new ProgramFault({
    code: 'program.no-identity-key',
    what: `The ${role} key of the device's identity was not made.`,
    next: 'Report this with the code.',
    safety: 'resumable',
  });
}

/** The list, once it is clear that its partition holds it. RecipeFault `image.cert-room` where not. */
function fitted({ plan }: StepContext, { partition }: Identity, entries: readonly SecureCertEntry[]): Uint8Array {
  const list = buildSecureCert(entries);
  const room = plan.parts.find(({ name }) => name === partition)?.room;
  if (room !== undefined && list.length > room) buildSecureCert(entries, room);
  return list;
}
