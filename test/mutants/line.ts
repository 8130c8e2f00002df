// The line and its faces: which board a scan is for, how many are made, which browser is let in.
import type { Mutant } from './mutant.ts';

const binding = 'test/unit/desk/scan-binding.test.ts';
const seats = 'test/unit/ipc/seats.test.ts';

export const lineMutants: readonly Mutant[] = [
  {
    id: 'window.ends',
    file: 'main/start/electron-window.ts',
    before: 'setImmediate(() => app.quit());',
    after: 'app.quit();',
    breaks: "After 'Stop and close' the program would stay without a window, and keep every later start away.",
    tests: ['test/unit/ipc/electron.test.ts'],
  },
  {
    id: 'scan.choice-ignored',
    file: 'main/station/desk/line/start-gate.ts',
    before: 'const to = fixture ?? this.nextScan?.fixture ?? null;',
    after: 'const to = this.nextScan?.fixture ?? null;',
    breaks: 'A serial number that was scanned for a chosen board would be burned into another.',
    tests: [binding],
    name: 'a number for a chosen fixture',
  },
  {
    id: 'scan.number-stays-in-place',
    file: 'main/station/desk/line/start-gate.ts',
    before: 'if (waiting.bound !== null) this.#queue.keepFor(waiting.bound, waiting.mac);',
    after:
      'if (waiting.bound !== null) this.#queue.add({ serial: waiting.bound, fixture: waiting.fixture, mac: null });',
    breaks: 'The next board in that place would get the serial number of the one that was taken out.',
    tests: [binding],
    name: 'takes its number with it',
  },
  {
    id: 'scan.lapsed-choice',
    file: 'main/station/desk/line/choices.ts',
    before: 'now > choice.until + lapsedMs',
    after: 'now > choice.until',
    breaks: 'A scan a moment after the choice ran out would go to another board.',
    tests: [binding],
    name: 'a choice is its person',
  },
  {
    id: 'scan.undo-starts',
    file: 'main/station/desk/line/start-gate.ts',
    before: "      waiting.calm?.abort(new Error('taken back'));\n",
    after: '',
    breaks: 'A board whose scan was taken back would be burned all the same.',
    tests: [binding],
    name: 'a number for a chosen fixture',
  },
  {
    id: 'order.one-too-many',
    file: 'main/station/order-places.ts',
    before: 'this.#total !== null && this.#started >= this.#total',
    after: 'this.#total !== null && this.#started > this.#total',
    breaks: 'A board more than was ordered would be sealed.',
    tests: ['test/unit/station/order-places.test.ts'],
  },
  {
    id: 'order.place-lost',
    file: 'main/station/order-places.ts',
    before: 'this.#started--;',
    after: '',
    breaks: 'An order would end short of the boards that failed.',
    tests: ['test/unit/station/order-places.test.ts'],
  },
  {
    id: 'seat.any-address',
    file: 'main/ipc/seats.ts',
    before: "const right = codeOf(seat.key, 'page', host, pageNonce, nonce);",
    after: "const right = codeOf(seat.key, 'page', '127.0.0.1:1', pageNonce, nonce);",
    breaks: 'A program at another port could pass a page’s answer on and be let in.',
    tests: [seats],
    name: 'a seat is let in',
  },
  {
    id: 'seat.forgotten-stays',
    file: 'main/ipc/seats.ts',
    before: 'for (const seat of gone) this.onForgotten(seat.id);',
    after: '',
    breaks: 'A browser that was turned out would go on until its page is closed.',
    tests: [seats],
    name: 'a seat is let in',
  },
];
