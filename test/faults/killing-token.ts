// A token process for tests: the real one, which kills itself at a call to the module, counted from the beginning of a key's making.
//
//   KILL_AT=4:before   KILL_AT=4:after
//   KILL_AT=C_GenerateKeyPair:public-half, private-half: when that has left half a pair, as a cut between its two files does
import pkcs11js from 'pkcs11js';

const [which = '', when = ''] = (process.env.KILL_AT ?? '').split(':');
let isMaking = false;
let count = 0;
process.on('message', ({ call }: { readonly call?: string }) => {
  isMaking ||= call === 'generate';
});

type Call = (...words: unknown[]) => unknown;
const end = () => process.kill(process.pid, 'SIGKILL');

/** The module, each of whose calls may be the last one. */
class Killing extends pkcs11js.PKCS11 {
  constructor() {
    super();
    const calls = this as unknown as Record<string, Call>;
    const destroy = calls.C_DestroyObject!.bind(this);
    for (const name of Object.getOwnPropertyNames(this).filter((one) => one.startsWith('C_'))) {
      const real = calls[name]!.bind(this);
      calls[name] = (...words) => {
        if (!isMaking || (name !== which && ++count !== Number(which))) return real(...words);
        if (when === 'before') end();
        const answer = real(...words) as { readonly publicKey: unknown; readonly privateKey: unknown };
        if (when === 'public-half') destroy(words[0], answer.privateKey);
        if (when === 'private-half') destroy(words[0], answer.publicKey);
        end();
        return answer;
      };
    }
  }
}

pkcs11js.PKCS11 = Killing;
await import('../../main/signing/pkcs11/token-process.ts');
