// The token: which one, which keys, what is left of it; the clock by which all is dated.
import type { Mutant } from './mutant.ts';

const other = 'test/faults/token-other.test.ts';
const half = 'test/faults/token-half-made.test.ts';
const clock = 'test/faults/clock-back.test.ts';
const memory = 'test/attacks/token-memory.test.ts';

export const tokenMutants: readonly Mutant[] = [
  {
    id: 'token.wrap-name',
    file: 'main/signing/pkcs11/token-operations.ts',
    before: 'return !offered.includes(old) && offered.includes(keyWrapKwp) ? keyWrapKwp : old;',
    after: 'return old;',
    breaks: 'A token that wraps by the newer name alone would serve no station.',
    tests: ['test/unit/signing/token-objects.test.ts'],
  },
  {
    id: 'settle.by-name-alone',
    file: 'main/signing/pkcs11/token-operations.ts',
    before: 'if (key === null || this.#works(key)) return key;',
    after: 'return key;',
    breaks:
      'Keys of the chips would be wrapped under, and images signed by, a key of which nothing but its name was written.',
    tests: ['test/faults/token-half-made.test.ts'],
  },
  {
    id: 'token.other',
    file: 'main/station/known-token.ts',
    before: 'else if (this.#known.serial !== status.serial) throw foreignToken(this.#known, status);',
    after: '',
    breaks: 'Boards would be sealed under the keys of another token than those before them.',
    tests: [other],
    name: 'another one of the same label',
  },
  {
    id: 'token.made-anew',
    file: 'main/start/real-tokens.ts',
    before: 'if (await hasHistory(ledger)) throw awayToken(folder);',
    after: '',
    breaks: 'A token that is away would be replaced by a new one, silently.',
    tests: [other],
    name: 'away',
  },
  {
    id: 'token.known-key',
    file: 'main/station/known-token.ts',
    before: 'if (known !== undefined) throw lostKey(known, await this.#token.status());',
    after: '',
    breaks: 'A key that was lost would be made anew under its name.',
    tests: [other],
    name: 'without one of its keys',
  },
  {
    id: 'token.settle',
    file: 'main/station/known-token.ts',
    before: 'for (const { label, id } of this.#known!.meant) {',
    after: 'for (const { label, id } of [] as { label: string; id: string }[]) {',
    breaks: 'Half a key pair would keep its name for ever.',
    tests: [half],
    name: 'public-half|private-half',
  },
  {
    id: 'token.private-half',
    file: 'main/signing/pkcs11/token-keys.ts',
    before: 'if (others.length === 1) module.C_DestroyObject(session, half);',
    after: 'for (const other of others) module.C_DestroyObject(session, other);',
    breaks: 'A whole key pair could be destroyed by asking for one of its name.',
    tests: [half, 'test/unit/signing/signer.test.ts', 'test/unit/signing/token-objects.test.ts'],
  },
  {
    id: 'token.crash-parks',
    file: 'main/station/run.ts',
    before: 'if (crashed && ++crashes > mostCrashes) throw error;',
    after: 'if (crashed) throw error;',
    breaks: 'A token process that ends would cost every board in work its run.',
    tests: ['test/unit/station/run.test.ts'],
    name: 'whose process ended',
  },
  {
    id: 'token.pin-left',
    file: 'main/signing/pkcs11/leftovers.ts',
    before: '  collect();\n  collect();\n',
    after: '',
    breaks: 'The PIN would stay in the memory of the token process.',
    tests: [memory],
  },
  {
    id: 'clock.sign',
    file: 'main/station/booked-signer.ts',
    before: 'await requireStationClock({ ledger, clock });',
    after: '',
    breaks: 'Firmware would be signed at a time that never was.',
    tests: [clock],
  },
  {
    id: 'clock.board',
    file: 'main/station/fixture.ts',
    before: 'await requireStationClock(this.#parts);',
    after: '',
    breaks: 'A clock set back in a batch would date its boards before those that are sealed.',
    tests: [clock],
    name: 'middle of a batch',
  },
  {
    id: 'clock.excused-for-ever',
    file: 'main/station/station-clock.ts',
    before: "set?.at ?? '',",
    after: '',
    breaks: 'After one ceremony the clock could go back as far as it likes.',
    tests: [clock],
    name: 'a way out',
  },
];
