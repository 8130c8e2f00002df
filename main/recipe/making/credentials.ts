import type { SecretBytes } from '../../base/secret.ts';
import { proofOfPossession, srpCredentials, srpRefusal, srpSaltSize } from '../../formats/srp6a.ts';
import type { NvsNamespace } from '../../image/nvs-format.ts';
import type { StepEvent } from '../../model/event.ts';
import { TokenFault } from '../../model/fault.ts';
import type { StepContext } from '../steps/step.ts';
import { fillMacEnd, proofEntropy } from './device-credentials.ts';
import { putInEscrow } from './escrow.ts';
import { fillIn } from './made-part.ts';

/** Values of the credentials, with the partition they go to. */
export interface CredentialNamespace extends NvsNamespace {
  readonly partition: string;
}

/** How often a draw may be unfit before the generator is doubted: each is with a chance of 1 in 128. */
const draws = 20;

/**
 * The proof of possession of this board from the token's generator, kept for the label in the workspace and wrapped in the escrow; and
 * what the device stores of it: salt and verifier. Nothing where the recipe has no provisioning.
 */
export async function* makeCredentials(
  context: StepContext,
): AsyncGenerator<StepEvent, readonly CredentialNamespace[], void> {
  const { recipe, workspace, plan } = context;
  const wanted = recipe.provisioning;
  if (!wanted) return [];
  const fill = (text: string) => fillIn(fillMacEnd(text, plan.chip.mac), context);
  const { transport, partition, localControl } = wanted;
  const users = [
    { username: fill(wanted.username), namespace: wanted.namespace },
    ...(localControl ? [{ username: fill(localControl.username), namespace: localControl.namespace }] : []),
  ];
  const { proof, salts } = await drawFitting(
    context,
    users.map(({ username }) => username),
  );
  const [{ username }] = users as [(typeof users)[number]];
  workspace.credentials = { username, service: fill(wanted.service), transport, proof };
  yield* putInEscrow(context, 'proof-of-possession', proof);
  const { service } = workspace.credentials;
  yield {
    type: 'observed',
    what: 'provisioning',
    value: { scheme: 'security2', username, service, transport, fingerprint: proof.fingerprint() },
  };
  return users.map(({ username: name, namespace }, at) => {
    const { salt, verifier } = srpCredentials(name, proof, salts[at]!);
    using _ = verifier;
    return {
      partition,
      name: namespace,
      entries: [
        { key: 'salt', value: { type: 'blob', value: salt } },
        { key: 'verifier', value: { type: 'blob', value: verifier.use((bytes) => new Uint8Array(bytes)) } },
      ],
    };
  });
}

/** A proof of possession and a salt for each user name, on which device and client agree. */
async function drawFitting(
  context: StepContext,
  usernames: readonly string[],
): Promise<{ proof: SecretBytes; salts: readonly Uint8Array[] }> {
  for (let draw = 0; draw < draws; draw++) {
    using random = await context.signer.random(proofEntropy + srpSaltSize * usernames.length);
    using entropy = random.slice(0, proofEntropy);
    const proof = proofOfPossession(entropy);
    const salts = usernames.map((_, at) => {
      const start = proofEntropy + srpSaltSize * at;
      return random.use((bytes) => bytes.slice(start, start + srpSaltSize));
    });
    if (usernames.every((name, at) => srpRefusal(name, proof, salts[at]!) === null)) return { proof, salts };
    proof.destroy();
  }
  throw new TokenFault({
    code: 'provisioning.no-draw',
    what: `Of ${draws} draws of the token's generator none made provisioning credentials that a device takes.`,
    next: 'Look at the token: its generator does not seem to be random. Look too at the user name: empty or with a colon none fits.',
    safety: 'resumable',
  });
}
