// A token process for tests: the real one, which kills itself at a call to the module, counted from the beginning of a key's making.
//
//   KILL_AT=4:before   KILL_AT=4:after
//   KILL_AT=C_GenerateKeyPair:no-pair, C_GenerateKey:no-use: when there are all objects, with name and id, and what they hold is no key that
//   does what it was made for, as a module leaves it that had not written the key itself
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
    const notForWrapping = (template: { readonly type: number; readonly value: unknown }[]) =>
      template.map((one) =>
        one.type === pkcs11js.CKA_WRAP || one.type === pkcs11js.CKA_UNWRAP ? { ...one, value: false } : one,
      );
    for (const name of Object.getOwnPropertyNames(this).filter((one) => one.startsWith('C_'))) {
      const real = calls[name]!.bind(this);
      calls[name] = (...words) => {
        if (!isMaking || (name !== which && ++count !== Number(which))) return real(...words);
        if (when === 'before') end();
        const answer = real(...words) as { readonly publicKey: unknown; readonly privateKey: unknown };
        if (when === 'public-half') destroy(words[0], answer.privateKey);
        if (when === 'private-half') destroy(words[0], answer.publicKey);
        if (when === 'no-pair') {
          const other = real(...words) as typeof answer;
          destroy(words[0], answer.privateKey);
          destroy(words[0], other.publicKey);
        }
        if (when === 'no-use') {
          destroy(words[0], answer);
          real(words[0], words[1], notForWrapping(words[2] as Parameters<typeof notForWrapping>[0]));
        }
        end();
        return answer;
      };
    }
  }
}

pkcs11js.PKCS11 = Killing;
await import('../../main/signing/pkcs11/token-process.ts');
