// The process that alone loads the PKCS#11 module: its calls block, and a module that crashes takes nothing else with it. One call at a
// time arrives (the queue stands on the other side); it ends with `close`, or when the station goes.

import { parentLine } from '../../base/parent-line.ts';
import type { SecretBytes } from '../../base/secret.ts';
import { faultOf, ProgramFault } from '../../model/fault.ts';
import { type FromToken, purposeOf, type TokenRequest, type ToToken } from './messages.ts';
import { SealedChannel } from './sealed-channel.ts';
import type { TokenKeys } from './token-keys.ts';
import type { TokenOperations } from './token-operations.ts';
import type { TokenSession } from './token-session.ts';

interface OpenToken {
  readonly session: TokenSession;
  readonly keys: TokenKeys;
  readonly operations: TokenOperations;
}

interface Answer {
  readonly value: unknown;
  readonly secret?: SecretBytes;
}

const station = parentLine<FromToken, ToToken>();
const offer = SealedChannel.offer();
let channel: SealedChannel | null = null;
let token: OpenToken | null = null;

/** Imported at the first call, so that a binding that was never built is a fault with a sentence and not a dead process. */
async function loadParts() {
  const [session, keys, operations, making] = await Promise.all([
    import('./token-session.ts'),
    import('./token-keys.ts'),
    import('./token-operations.ts'),
    import('./token-making.ts'),
  ]);
  return { ...session, ...keys, ...operations, ...making };
}

async function answer(request: TokenRequest, secrets: readonly SecretBytes[]): Promise<Answer> {
  const secretAt = (index: number) => {
    const secret = secrets[index];
    if (secret === undefined) throw misuse(`${request.call} came without its secret ${index}`);
    return secret;
  };
  switch (request.call) {
    case 'open': {
      const { place, known, lastTryAllowed } = request.args;
      if (token === null) {
        const parts = await loadParts();
        const session = new parts.TokenSession(place, known);
        const keys = new parts.TokenKeys(session);
        token = { session, keys, operations: new parts.TokenOperations(session, keys) };
      }
      return { value: { serial: token.session.open(secretAt(0), lastTryAllowed) } };
    }
    case 'initialise': {
      const { makeToken } = await loadParts();
      return { value: makeToken(request.args.module, request.args.label, secretAt(0), secretAt(1)) };
    }
    case 'close':
      token?.session.close();
      return { value: null };
  }
  if (token === null) throw misuse(`${request.call} came before open`);
  const { keys, operations } = token;
  switch (request.call) {
    case 'status':
      return { value: operations.status() };
    case 'keys':
      return { value: keys.list().map(({ key }) => key) };
    case 'generate':
      return { value: keys.generate(request.args) };
    case 'settle':
      return { value: operations.settle(request.args.id) };
    case 'find':
      return { value: keys.find(request.args).key };
    case 'random':
      return { value: null, secret: operations.random(request.args.length) };
    case 'sign':
      return { value: operations.sign(request.args.ref, request.args.scheme, request.args.digest) };
    case 'wrap':
      return { value: operations.wrap(request.args, secretAt(0)) };
    case 'unwrap':
      return {
        value: null,
        secret: operations.unwrap(request.args.ref, request.args.wrappingKeyId, request.args.data),
      };
  }
}

async function serve(request: TokenRequest, sealed: SealedChannel): Promise<void> {
  const secrets: SecretBytes[] = [];
  let last = request.call === 'close';
  try {
    request.secrets.forEach((box, i) => {
      secrets.push(sealed.open(box, purposeOf(request.id, request.call, i)));
    });
    const { value, secret } = await answer(request, secrets);
    const box = secret === undefined ? null : sealed.seal(secret, purposeOf(request.id, request.call, 'answer'));
    secret?.destroy();
    send({ type: 'answer', id: request.id, value, secret: box });
  } catch (error) {
    const fault = faultOf(error);
    // a channel out of step stays so
    last ||= fault.code === 'signing.channel';
    send({ type: 'fault', id: request.id, fault: fault.toJSON() });
  } finally {
    for (const secret of secrets) secret.destroy();
  }
  if (last) station.leave();
}

function send(message: FromToken): void {
  station.send(message);
}

function misuse(why: string): ProgramFault {
  return new ProgramFault({
    code: 'program.token-call',
    what: `The token process was called wrongly: ${why}.`,
    next: 'Report this with the code.',
  });
}

let line: Promise<void> = Promise.resolve();
station.onMessage((message) => {
  if (message.type === 'agree') {
    channel = offer.agree(message.publicKey, 'token');
    return;
  }
  const sealed = channel;
  if (sealed !== null) line = line.then(() => serve(message, sealed));
});
// the station gone, by its end or by its crash: log out as far as the module lets us, and end
station.onGone(() => {
  token?.session.close();
  process.exit(0);
});
// Ctrl-C reaches the whole group of processes: the station decides when this one ends
process.on('SIGINT', () => {});
send({ type: 'offer', publicKey: offer.publicKey });
