import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { padTo, toHex } from '../../base/bytes.ts';
import type { SecretBytes } from '../../base/secret.ts';
import { encryptFlashAsync } from '../../image/flash-encryption.ts';
import { buildSecureCert } from '../../image/secure-cert.ts';
import type { KeyRole, StepEvent } from '../../model/event.ts';
import { BoardFault } from '../../model/fault.ts';
import { issueDeviceCertificate, serialNumberFrom } from '../../signing/certificates.ts';
import { deviceKeyFrom } from '../../signing/device-key.ts';
import { pemOf } from '../../signing/pem.ts';
import type { FlashImage, Step, StepContext } from '../step.ts';
import { destroyKeys } from '../step.ts';
import type { Plan } from '../types.ts';

/**
 * Keys, certificate and the flash of this board. Touches no board: it may be carried out again from its beginning, as it is when the
 * token went away in its middle.
 */
export const prepare: Step = {
  id: 'prepare',
  title: 'Make keys and images',
  irreversible: false,
  summary(plan, recipe) {
    const made = plan.keys.filter((key) => key.source === 'new').map((key) => key.role);
    const kept = plan.keys.filter((key) => key.source === 'earlier-run').map((key) => key.role);
    return [
      made.length > 0 ? `make ${made.join(', ')} from the token's random generator` : null,
      kept.length > 0 ? `unwrap ${kept.join(', ')} of the earlier run` : null,
      recipe.identity ? 'issue the device certificate' : null,
      recipe.flashEncryption ? `encrypt ${plan.parts.filter((part) => part.encrypted).length} parts of flash` : null,
    ]
      .filter((line) => line !== null)
      .join('; ');
  },

  async *perform(context) {
    const { plan, workspace } = context;
    destroyKeys(workspace);
    workspace.keysBornAt = context.clock.monotonic();
    for (const key of plan.keys) yield* obtainKey(context, key);
    const certificate = yield* certify(context);
    workspace.images = await encryptAll(context, certificate);
    for (const image of workspace.images) {
      yield {
        type: 'observed',
        what: 'image',
        value: {
          name: image.name,
          offset: image.offset,
          length: image.bytes.length,
          plainSha256: image.plainSha256,
          flashSha256: image.flashSha256,
          encrypted: image.encrypted,
        },
      };
    }
  },
};

async function* obtainKey(context: StepContext, key: Plan['keys'][number]): AsyncGenerator<StepEvent, void, void> {
  const { signer, recipe, workspace } = context;
  if (key.source === 'earlier-run') {
    const earlier = context.earlierKeys.get(key.role);
    const secret = earlier && (await signer.unwrap(recipe.wrappingKey, earlier.wrapped));
    if (!secret || secret.fingerprint() !== earlier.fingerprint) {
      secret?.destroy();
      throw new BoardFault({
        code: 'prepare.key-lost',
        what: `The ${key.role} key that an earlier run burned into this board cannot be had back from its wrapped form.`,
        next: 'Condemn the board: without that key its flash cannot be written.',
        safety: 'condemned',
      });
    }
    workspace.keys.set(key.role, secret);
    yield { type: 'observed', what: 'key-unwrapped', value: { role: key.role, fingerprint: earlier.fingerprint } };
    return;
  }
  const secret = await newKey(context, key.role, key.bytes);
  workspace.keys.set(key.role, secret);
  yield {
    type: 'key-made',
    role: key.role,
    fingerprint: secret.fingerprint(),
    wrapped: await signer.wrap(recipe.wrappingKey, secret),
  };
}

async function newKey(context: StepContext, role: KeyRole, bytes: number): Promise<SecretBytes> {
  if (role !== 'ecdsa-identity') return context.signer.random(bytes);
  using seed = await context.signer.random(48);
  return deviceKeyFrom(seed).scalar;
}

/** Issues the device certificate over the identity key's public half; gives the bytes of its partition. */
async function* certify(context: StepContext): AsyncGenerator<StepEvent, Uint8Array | null, void> {
  const { recipe, workspace, plan, signer } = context;
  const key = workspace.keys.get('ecdsa-identity');
  if (recipe.identity === null || key === undefined) return null;
  const { ca, issuer, subject, validYears } = recipe.identity.certificate;
  const fill = (text: string) =>
    text
      .replaceAll('{serial}', plan.serial ?? '')
      .replaceAll('{mac}', plan.chip.mac)
      .replaceAll('{chip}', plan.chip.kind)
      .replaceAll('{batch}', context.batch ?? '');
  using random = await signer.random(20);
  const notBefore = new Date(context.clock.now());
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + validYears);
  const publicKey = key.use((scalar) => p256.getPublicKey(scalar, false));
  const { der, serialNumber } = await issueDeviceCertificate({
    signer,
    ca,
    issuer: issuer.map((part) => ({ type: part.type, value: fill(part.value) })),
    subject: subject.map((part) => ({ type: part.type, value: fill(part.value) })),
    publicKey,
    serialNumber: random.use(serialNumberFrom),
    notBefore,
    notAfter,
  });
  const identity = {
    publicKey: toHex(publicKey),
    certificatePem: pemOf('CERTIFICATE', der),
    certificateSerial: serialNumber,
  };
  workspace.identity = identity;
  yield {
    type: 'observed',
    what: 'certificate',
    value: { serial: serialNumber, publicKey: identity.publicKey, pem: identity.certificatePem, sha256: sha256(der) },
  };
  const slot = plan.burn.slots.find(
    (entry) => entry.material.kind === 'secret' && entry.material.role === 'ecdsa-identity',
  );
  return buildSecureCert([
    { type: 'device-certificate', data: der },
    { type: 'ecdsa-peripheral-key', efuseBlock: slot!.block },
  ]);
}

async function encryptAll(context: StepContext, certificate: Uint8Array | null): Promise<FlashImage[]> {
  const { plan, release, workspace } = context;
  const key = workspace.keys.get('flash-encryption') ?? null;
  const images: FlashImage[] = [];
  for (const part of plan.parts) {
    const made = release.parts.find((candidate) => candidate.name === part.name && candidate.offset === part.offset);
    const plain = part.kind === 'certificate' ? padTo(certificate!, 16, 0xff) : made!.plain;
    const bytes =
      part.encrypted && key !== null ? await key.use((lent) => encryptFlashAsync(plain, part.offset, lent)) : plain;
    images.push({
      name: part.name,
      offset: part.offset,
      bytes,
      plainSha256: made?.plainSha256 ?? sha256(plain),
      flashSha256: bytes === plain && made ? made.plainSha256 : sha256(bytes),
      encrypted: bytes !== plain,
    });
  }
  return images;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
