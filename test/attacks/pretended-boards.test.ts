// A computer that says it is a board: what a factory can ask, at every face, before anything is burned.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemRandom } from '../../main/base/random.ts';
import { parseStation } from '../../main/config/station-file.ts';
import { isInRanges, macRangesOf } from '../../main/model/mac-range.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { openPorts } from '../../main/start/real-ports.ts';
import { Line } from '../../main/station/desk/line/line.ts';
import type { Station } from '../../main/station/station.ts';
import { recipeNamed } from '../stories/stage.ts';
import { testFolder } from '../stories/terminal.ts';
import { p4, stationIn, terminal } from './terminal-rig.ts';

const board = (mac: string, more = '') => `virtual:esp32p4?rev=v3.1&pacing=none&mac=${mac}${more}`;
const bought = '30:ed:a0:00:00:01';
const second = '30:ed:a0:00:00:02';
const foreign = '02:00:00:00:00:01';

/** A station file whose boards are asked for this. */
function settle(data: string, lines: readonly string[]): void {
  writeFileSync(join(data, 'station.yaml'), ['fuseline: 1', 'station: fuseline', 'boards:', ...lines, ''].join('\n'));
}

/** How a board that lies in a fixture of the desk ends, or why its batch does not begin. */
async function atDesk(station: Station, address: string, order: string | null, loaded: LoadedRecipe): Promise<string> {
  const line = new Line(station, {
    fixtures: [{ name: 'nest', address }],
    demonstration: false,
    development: false,
    contacts: () => 1,
    foreign: () => null,
    print: () => undefined,
    printerFault: () => null,
  });
  let unlisten = () => {};
  try {
    const ended = new Promise<string>((resolve) => {
      unlisten = station.listen((event) => {
        if (event.type === 'verdict') resolve(event.fault?.code ?? event.outcome);
      });
    });
    const start = { loaded, fingerprint: '', order, count: 1, operator: null, mode: null, targetPerHour: null };
    const refused = await line.start(start).then(
      () => null,
      (fault: Error & { code?: string }) => fault.code ?? fault.message,
    );
    if (refused !== null) return refused;
    const end = await ended;
    line.stop();
    await line.whenIdle();
    return end;
  } finally {
    unlisten();
    await line.close();
  }
}

/** The station of a data folder, with virtual boards by their addresses. */
async function deskStation(t: import('node:test').TestContext, data: string): Promise<Station> {
  const ports = openPorts(systemRandom);
  const station = await stationIn(data, ports.open);
  t.after(async () => {
    await station.close();
    await ports.close();
  });
  return station;
}

/** Every event of every run, by its kind; and nothing of a board may be meant to be burned. */
async function untouched(station: Station): Promise<void> {
  const { ledger } = station.parts;
  for (const { id } of await ledger.runs({ limit: 100 }))
    for (const { event } of await ledger.events(id)) assert.notEqual(event.type, 'intend', id);
}

const loaded = recipeNamed('esp32p4-production');

test('a MAC outside of the ranges, a chip that nobody bought, an order that nobody gave: at the terminal', async (t) => {
  const { data, run } = terminal(t);
  const tried = (address: string, ...more: string[]) => run('provision', '--recipe', p4, '--port', address, ...more);
  settle(data, ['  macs: [espressif]']);
  assert.deepEqual(await tried(board(foreign)), [1, 'admission.foreign-mac']);
  settle(data, ['  macs: ["02:00:00:00:00:00..02:00:00:00:00:00"]']);
  assert.deepEqual(await tried(board(foreign)), [1, 'admission.foreign-mac'], 'one beside an own range');
  settle(data, ['  orders: orders.csv']);
  assert.deepEqual(await tried(board(bought), '--order', 'O-1'), [2, 'order.list'], 'a list that is not there');
  writeFileSync(
    join(data, 'orders.csv'),
    'order,boards,recipe,chips\nO-1,1,,chips.csv\nO-2,5,lamp,\nO-3,3,,nowhere.csv\n',
  );
  writeFileSync(join(data, 'chips.csv'), `mac\n${bought}\n`);
  assert.deepEqual(await tried(board(bought)), [2, 'order.none']);
  assert.deepEqual(await tried(board(bought), '--order', 'O-9'), [2, 'order.unknown']);
  assert.deepEqual(await tried(board(bought), '--order', 'O-2'), [2, 'order.recipe']);
  assert.deepEqual(await tried(board(bought), '--order', 'O-3'), [2, 'order.chips']);
  assert.deepEqual(await tried(board(second), '--order', 'O-1'), [1, 'admission.unlisted-chip']);
  const station = await deskStation(t, data);
  await untouched(station);
});

test('the same at the desk, and a recipe whose device would prove nothing', async (t) => {
  const data = testFolder(t);
  settle(data, ['  macs: [espressif, "02:00:00:00:00"]', '  orders: orders.csv', '  challenge: required']);
  writeFileSync(join(data, 'orders.csv'), 'order,boards,chips\nO-1,1,chips.csv\nO-2,2,\n');
  writeFileSync(join(data, 'chips.csv'), `mac,supplier\n${bought.replaceAll(':', '').toUpperCase()},x\n`);
  const station = await deskStation(t, data);
  const proven = (challenge: 'required' | 'none', when: 'both' | 'none' = 'both'): LoadedRecipe => ({
    ...loaded,
    recipe: { ...loaded.recipe, bootProof: { ...loaded.recipe.bootProof, challenge, when } },
  });
  assert.ok(loaded.recipe.identity !== null);
  assert.equal(await atDesk(station, board(bought), 'O-1', proven('none')), 'work.no-challenge');
  assert.equal(await atDesk(station, board(bought), 'O-1', proven('required', 'none')), 'work.no-challenge');
  const sure = proven('required');
  assert.equal(await atDesk(station, board('02:00:00:00:01:00'), 'O-2', sure), 'admission.foreign-mac');
  assert.equal(await atDesk(station, board(foreign), 'O-1', sure), 'admission.unlisted-chip');
  assert.equal(await atDesk(station, board(bought), null, sure), 'order.none');
  await untouched(station);
});

test('an order gets as many boards as it is for, over all its batches and faces; one of them may come again', async (t) => {
  const { data, run } = terminal(t);
  settle(data, ['  orders: orders.csv']);
  const orders = (boards: number) => writeFileSync(join(data, 'orders.csv'), `order,boards\nO-1,${boards}\nO-2,9\n`);
  orders(1);
  // it loses its supply in the middle of its burns, and counts
  const cut = board(bought, `&state=${join(data, 'a.json')}&fault=power-cut-in-burn:1`);
  const [status] = await run('provision', '--recipe', p4, '--port', cut, '--order', 'O-1');
  assert.equal(status, 1);
  assert.deepEqual(await run('provision', '--recipe', p4, '--port', board(second), '--order', 'O-1'), [
    1,
    'admission.order-full',
  ]);
  const station = await deskStation(t, data);
  assert.equal(await atDesk(station, board(second), 'O-1', loaded), 'admission.order-full');
  for (const spelled of ['O-1 ', ' O-1', 'o-1', 'O-1\u200b'])
    assert.equal(await atDesk(station, board(second), spelled, loaded), 'order.unknown', 'an order has one spelling');
  const again = board(bought, `&state=${join(data, 'a.json')}`);
  assert.equal(await atDesk(station, again, 'O-1', loaded), 'passed', 'the one that was begun is finished');
  orders(2);
  // two at once for the one place that is left
  const job = {
    loaded,
    fixtures: ['03', '04'].map((last) => ({ name: last, address: board(`30:ed:a0:00:00:${last}`) })),
    count: null,
    order: 'O-1',
    operator: null,
    serials: [],
    resetBy: 'lines',
    signal: new AbortController().signal,
  } as const;
  const { counts } = await station.provision(job);
  assert.deepEqual([counts.passed, counts.refused], [1, 1]);
  assert.deepEqual(await station.parts.ledger.boardsOfOrder('O-1', bought), { boards: 2, isOne: true });
  assert.deepEqual(await station.parts.ledger.boardsOfOrder('O-2', bought), { boards: 0, isOne: false });
});

test('ranges as people write them', () => {
  const taken = (text: string, mac: string) => isInRanges(mac, macRangesOf(text)!);
  assert.ok(taken('espressif', bought) && !taken('espressif', foreign));
  assert.ok(taken('60:55:F9', '60:55:f9:ff:ff:ff') && !taken('60:55:F9', '60:55:fa:00:00:00'));
  assert.ok(taken(bought, '30EDA0000001') && !taken(bought, second));
  assert.ok(taken(`${bought}..${second}`, second) && !taken(`${bought}..${second}`, '30:ed:a0:00:00:03'));
  for (const text of ['', 'espressive', '60-55-f9', '60:5', `${second}..${bought}`, '60:55..60:56'])
    assert.equal(macRangesOf(text), null, text);
  const told = (macs: string) => parseStation(`fuseline: 1\nstation: a\nboards:\n  macs: ${macs}\n`, 'station.yaml');
  assert.deepEqual(told('[]').station, null);
  assert.match(told(`["${second}..${bought}"]`).problems[0]!.what, /ends before it begins/);
  assert.equal(told('[espressif]').problems.length, 0);
});

test('a list of orders is judged whole, by line', async (t) => {
  const { data, run } = terminal(t);
  settle(data, ['  orders: orders.csv']);
  const tell = async (text: string) => {
    writeFileSync(join(data, 'orders.csv'), text);
    return await run('provision', '--recipe', p4, '--port', board(bought), '--order', 'O-1');
  };
  for (const text of [
    '',
    'order\nO-1\n',
    'order,boards\nO-1,many\n',
    'order,boards\nO-1,0\n',
    'order,boards\nO-1,1\nO-1,2\n',
    'order,boards,colour\nO-1,1,red\n',
    'order,boards\n,1\nO-1,1\n',
  ])
    assert.deepEqual(await tell(text), [2, 'order.list'], text);
  writeFileSync(join(data, 'chips.csv'), 'serial\nA\n');
  assert.deepEqual(await tell('order,boards,chips\nO-1,1,chips.csv\n'), [2, 'order.chips'], 'no column mac');
});
