// Which address of its own a board is given: by what the ledger knows of all that were given out before. The same with real boards is in
// test/stories/custom-mac.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../../../main/model/fault.ts';
import { chooseCustomMac, refuseGivenMac } from '../../../main/station/custom-mac.ts';

type Board = Parameters<typeof chooseCustomMac>[1];
const board = (mac: string, more: Partial<Board> = {}): Board => ({ mac, serial: null, isTouched: false, ...more });

/** A ledger that knows these addresses with their boards, and that these boards were here. */
function ledgerOf(given: Readonly<Record<string, string>>, seen: readonly string[] = []) {
  return {
    rowsTaken: async (list: string) =>
      list === 'custom-mac' ? Object.entries(given).map(([row, mac]) => ({ row, mac })) : [],
    history: async (mac: string) =>
      ({ mac, sealed: null, runs: seen.includes(mac) ? [{}] : [], openKeys: [], condemned: null }) as never,
  };
}

const choose = (
  list: string,
  one: Board,
  given: Readonly<Record<string, string>> = {},
  seen: readonly string[] = [],
  inTurn?: true,
) =>
  chooseCustomMac(
    {
      recipe: { customMac: { list: 'l', column: 'custom_mac', ...(inTurn ? { inTurn } : {}) } },
      files: new Map([['l', new TextEncoder().encode(list)]]),
    } as never,
    one,
    ledgerOf(given, seen),
  );

const [a, b, c] = ['60:55:f9:00:00:01', '60:55:f9:00:00:02', '60:55:f9:00:00:03'] as const;
const [x, y] = ['02:00:00:00:00:02', '02:00:00:00:00:04'] as const;
const inOrder = `${x}\n${y}\n`;
const byMac = `mac,custom_mac\n${b},${x}\n${a},${y}\n`;
const code = (name: string) => (error: unknown) => isFault(error, name);

test('in their order, each once, and the same again for a board that comes again', async () => {
  assert.deepEqual(await choose(inOrder, board(a)), { mac: x, isNew: true });
  assert.deepEqual(await choose(inOrder, board(b), { [x]: a }), { mac: y, isNew: true });
  assert.deepEqual(await choose(inOrder, board(a), { [x]: a, [y]: b }), { mac: x, isNew: false });
  await assert.rejects(choose(inOrder, board(c), { [x]: a, [y]: b }), code('custom-mac.used-up'));
});

test('by MAC or serial number its own row, and no other', async () => {
  assert.deepEqual(await choose(byMac, board(a)), { mac: y, isNew: true });
  assert.deepEqual(await choose(byMac, board(a), { [y]: a }), { mac: y, isNew: false });
  const bySerial = `serial,custom_mac\nS1,${x}\nS2,${y}\n`;
  assert.deepEqual(await choose(bySerial, board(c, { serial: 'S2' })), { mac: y, isNew: true });
  await assert.rejects(choose(bySerial, board(c)), code('custom-mac.no-row'));
  await assert.rejects(choose(byMac, board(c)), code('custom-mac.no-row'));
  await assert.rejects(choose(byMac, board(a), { [y]: c }), code('custom-mac.taken'));
  // A rehearsal's board stands in no list.
  assert.deepEqual(await choose(byMac, board(c), {}, [], true), { mac: x, isNew: true });
});

test('never the factory MAC of a board that is known, and no board whose own was given away', async () => {
  await assert.rejects(choose(`${a}\n`, board(a)), code('custom-mac.factory'));
  await assert.rejects(choose(`${b}\n`, board(a), {}, [b]), code('custom-mac.factory'));
  assert.equal((await refuseGivenMac(a, ledgerOf({ [a]: b })))?.code, 'admission.mac-given');
  assert.equal(await refuseGivenMac(a, ledgerOf({ [x]: b })), null);
});

test('what it says of the board is what was done to it', async () => {
  for (const [isTouched, safety] of [
    [false, 'untouched'],
    [true, 'resumable'],
  ] as const)
    await assert.rejects(choose(inOrder, board(c, { isTouched }), { [x]: a, [y]: b }), (error) => {
      assert.ok(isFault(error));
      assert.equal(error.safety, safety);
      return true;
    });
});
