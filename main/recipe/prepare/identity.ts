import { p256 } from '@noble/curves/nist.js';
import { toHex } from '../../base/bytes.ts';
import { buildSecureCert } from '../../image/secure-cert.ts';
import type { StepEvent } from '../../model/event.ts';
import { issueDeviceCertificate, serialNumberFrom } from '../../signing/certificates.ts';
import { pemOf } from '../../signing/pem.ts';
import type { StepContext } from '../step.ts';
import { fillIn, type MadePart, sha256 } from './made-part.ts';

/** Issues the device certificate over the identity key's public half: the content of its partition. */
export async function* makeIdentity(context: StepContext): AsyncGenerator<StepEvent, MadePart | null, void> {
  const { recipe, workspace, plan, signer } = context;
  const key = workspace.keys.get('ecdsa-identity');
  if (recipe.identity === null || key === undefined) return null;
  const { ca, issuer, subject, validYears } = recipe.identity.certificate;
  const fill = (text: string) => fillIn(text, context);
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
  const bytes = buildSecureCert([
    { type: 'device-certificate', data: der },
    { type: 'ecdsa-peripheral-key', efuseBlock: slot!.block },
  ]);
  return { partition: recipe.identity.certificate.partition, bytes, secret: false };
}
