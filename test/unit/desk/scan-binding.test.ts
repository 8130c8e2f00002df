// Which board a scanned serial number goes on: the gate and the choices by themselves, then a whole line.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Clock } from '../../../main/base/clock.ts';
import type { BatchView, FixtureView } from '../../../main/contract/views.ts';
import { isFault } from '../../../main/model/fault.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { Choices, choiceMs } from '../../../main/station/desk/line/choices.ts';
import type { LineBatch } from '../../../main/station/desk/line/line-batch.ts';
import { readScan } from '../../../main/station/desk/line/line-scan.ts';
import { StartGate, type StartMode } from '../../../main/station/desk/line/start-gate.ts';
import { openLine } from '../ipc/rig.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';

/** Time that passes when it is told to. */
class HandClock implements Pick<Clock, 'monotonic' | 'sleep'> {
  #now = 0;
  #sleepers: { at: number; wake: () => void }[] = [];

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  async pass(ms: number): Promise<void> {
    this.#now += ms;
    for (const sleeper of this.#sleepers) if (sleeper.at <= this.#now) sleeper.wake();
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function openGate(options: { mode?: StartMode; fixtures?: number; wantsSerial?: boolean; known?: string | null } = {}) {
  const clock = new HandClock();
  const gate = new StartGate({
    mode: options.mode ?? 'scan',
    wantsSerial: options.wantsSerial ?? true,
    fixtures: options.fixtures ?? 4,
    clock,
    undoMs: 3000,
    contacts: () => 1,
    knownSerial: async () => options.known ?? null,
    changed: () => undefined,
  });
  const started: string[] = [];
  /** A board with this MAC is put in; gives the hand that takes it out. */
  const insert = async (fixture: string, mac: string | null) => {
    const hand = new AbortController();
    void gate.admit({ fixture, mac }, hand.signal).then((admitted) => {
      if (admitted !== null) started.push(`${mac} in ${fixture} as ${admitted.serial}`);
    });
    await settled();
    return hand;
  };
  return { clock, gate, started, insert };
}

test('a number for a chosen fixture goes there, after a count-down, and can be taken back', async () => {
  const { clock, gate, started, insert } = openGate();
  for (const n of [1, 2, 3, 4]) await insert(`nest-${n}`, `mac-${n}`);
  assert.deepEqual(gate.nextScan, { fixture: 'nest-1', rule: 'longest' });
  assert.deepEqual(gate.give('S-1', 'nest-4'), { fixture: 'nest-4' });
  assert.deepEqual(gate.bound('nest-4'), { serial: 'S-1', startsInMs: 3000 });
  assert.deepEqual(gate.taken, ['S-1']);
  assert.deepEqual(gate.give('S-2', 'nest-4'), { no: 'has-serial', serial: 'S-1' });
  await clock.pass(2999);
  assert.deepEqual(started, []);
  assert.equal(gate.undo('nest-4'), 'S-1');
  assert.equal(gate.undo('nest-4'), null);
  await clock.pass(5000);
  assert.deepEqual(started, [], 'what was taken back starts nothing');
  assert.equal(gate.needs('nest-4'), 'serial');
  // without a choice: the one that was shown before
  assert.deepEqual(gate.give('S-2', null), { fixture: 'nest-1' });
  assert.deepEqual(gate.nextScan, { fixture: 'nest-2', rule: 'longest' });
  assert.deepEqual(gate.give('S-3', null), { fixture: 'nest-2' });
  await clock.pass(3000);
  assert.deepEqual(started, ['mac-1 in nest-1 as S-2', 'mac-2 in nest-2 as S-3']);
  assert.equal(gate.undo('nest-1'), null, 'a board that has started keeps its number');
});

test('a number waits for one board that is not in yet, and for no second one', async () => {
  const { clock, gate, started, insert } = openGate();
  assert.deepEqual(gate.nextScan, { fixture: null, rule: 'next' });
  assert.deepEqual(gate.give('S-1', null), { fixture: null });
  assert.deepEqual(gate.nextScan, { fixture: null, rule: 'held' });
  assert.deepEqual(gate.give('S-2', null), { no: 'held', serial: 'S-1' });
  assert.deepEqual(gate.give('S-2', 'nest-3'), { fixture: 'nest-3' }, 'with a choice it is clear');
  await insert('nest-2', 'mac-2');
  await insert('nest-3', 'mac-3');
  await clock.pass(3000);
  assert.deepEqual(started, ['mac-2 in nest-2 as S-1', 'mac-3 in nest-3 as S-2']);
  const alone = openGate({ fixtures: 1 });
  for (const serial of ['S-1', 'S-2']) assert.deepEqual(alone.gate.give(serial, null), { fixture: null });
  assert.equal(alone.gate.undo(null), 'S-2', 'the last one first');
});

test('a board that is taken out before it starts takes its number with it', async () => {
  const { clock, gate, started, insert } = openGate();
  const hand = await insert('nest-1', 'mac-1');
  gate.give('S-1', 'nest-1');
  hand.abort();
  await settled();
  assert.equal(gate.bound('nest-1'), null);
  await insert('nest-1', 'mac-9');
  await clock.pass(10_000);
  assert.deepEqual(started, [], 'another board in the same place needs a scan of its own');
  await insert('nest-2', 'mac-1');
  await clock.pass(3000);
  assert.deepEqual(started, ['mac-1 in nest-2 as S-1']);
  // one that went just after it was let in
  gate.gone('nest-2');
  assert.deepEqual(gate.taken, [], 'its label can be scanned again');
  gate.give('S-1', 'nest-1');
  await clock.pass(3000);
  assert.deepEqual(started.at(-1), 'mac-9 in nest-1 as S-1');
});

test('a key starts nothing that lacks its number; a board that came before keeps its own', async () => {
  const { gate, started, insert, clock } = openGate({ mode: 'key' });
  await insert('nest-1', 'mac-1');
  assert.equal(gate.needs('nest-1'), 'serial');
  assert.equal(gate.press('nest-1'), 'needs-serial');
  gate.give('S-1', null);
  assert.equal(gate.needs('nest-1'), 'key');
  assert.deepEqual(gate.bound('nest-1'), { serial: 'S-1', startsInMs: null });
  await clock.pass(60_000);
  assert.deepEqual(started, []);
  assert.equal(gate.press('nest-1'), 'starts');
  await settled();
  assert.deepEqual(started, ['mac-1 in nest-1 as S-1']);
  assert.equal(gate.press('nest-1'), 'nothing-waits');

  const again = openGate({ mode: 'key', known: 'S-7' });
  await again.insert('nest-1', 'mac-1');
  assert.equal(again.gate.needs('nest-1'), 'key');
  assert.deepEqual(again.gate.give('S-8', 'nest-1'), { no: 'board-known', serial: 'S-7' });

  const named = openGate({ mode: 'scan', wantsSerial: false });
  await named.insert('nest-1', 'mac-1');
  assert.equal(named.gate.needs('nest-1'), 'name');
  assert.deepEqual(named.started, [], 'a batch that starts by scan waits for one');
  assert.equal(named.gate.press('nest-1'), 'starts');
});

test('a scan that nobody could place is refused in words', async () => {
  const { recipe } = loadRecipe(join(stationConfigFolder, 'recipes', 'esp32p4-production.yaml')).loaded!;
  const nobody = { claimedBy: async () => null, history: async () => assert.fail('nobody has this number') };
  const refused = async (gate: StartGate, text: string, fixture: string | null, code: string) => {
    const batch = {
      gate,
      scansLabels: false,
      start: { loaded: { recipe: { ...recipe, serial: { ...recipe.serial, from: 'scan', pattern: null } } } },
    } as unknown as LineBatch;
    await assert.rejects(
      readScan({ text, fixture, by: 'ann' }, batch, { ledger: nobody, foreign: () => null }),
      (error) => isFault(error, code),
    );
  };
  const { gate } = openGate();
  gate.give('S-1', null);
  await refused(gate, 'S-2', null, 'line.serial-held');
  const again = openGate({ mode: 'key', known: 'S-7' });
  await again.insert('nest-1', 'mac-1');
  await refused(again.gate, 'S-8', 'nest-1', 'line.board-known');
});

test('a choice is its person’s alone, runs out, and is not forgotten silently', () => {
  const choices = new Choices();
  choices.choose('ann', 'nest-4', 0);
  assert.equal(choices.of('ann', 100), 'nest-4');
  assert.equal(choices.of('bob', 100), null);
  assert.deepEqual(choices.on('nest-4', 0), { by: 'ann', msLeft: choiceMs });
  assert.throws(
    () => choices.of('ann', choiceMs + 1),
    (error) => isFault(error, 'line.choice-lapsed'),
  );
  assert.equal(choices.on('nest-4', choiceMs + 1), null);
  assert.equal(choices.of('ann', choiceMs + 60_000), null);
  choices.choose('ann', 'nest-1', 0);
  choices.choose('ann', 'nest-2', 1);
  choices.spend('ann', 'nest-1');
  assert.equal(choices.of('ann', 2), 'nest-2', 'what was chosen meanwhile stays');
  assert.equal(choices.forget('nest-2'), true);
  assert.equal(choices.of('ann', 2), null);
});

test('four boards wait: the scan after a fixture’s name burns that board and no other', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const { desk } = await openLine(t, 4, { leavesMs: 600_000, emptyMs: 0 });
  const { answers } = desk;
  const recipe = 'lamp';
  const text = readFileSync(join(stationConfigFolder, 'recipes', 'esp32p4-production.yaml'), 'utf8')
    .replace('name: esp32p4-production', `name: ${recipe}`)
    .replace('from: mac', "from: scan\n  pattern: 'S-\\d'");
  await answers['recipes.save']({ recipe, text }, 'eng');
  for (const id of ['cus', 'eng'])
    await answers['operators.save'](
      { id, name: id, roles: ['custodian', 'engineer'], pin: `11223${id.length}`, badge: null },
      'first-start',
    );
  await answers['recipes.rehearse']({ recipe }, 'eng');
  const { view } = await answers['recipes.read']({ recipe }, 'eng');
  await answers['recipes.approve']({ recipe, hash: view.hash! }, 'cus');
  await answers['line.start']({ recipe, order: null, count: 2 }, 'eng');
  const look = async (): Promise<{ batch: BatchView; fixtures: readonly FixtureView[] }> => {
    const { batch, fixtures } = await answers['line.snapshot']({}, 'eng');
    return { batch: batch!, fixtures };
  };
  const until = async (what: (seen: Awaited<ReturnType<typeof look>>) => boolean) => {
    for (;;) {
      const seen = await look();
      if (what(seen)) return seen;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const { batch } = await until(({ fixtures }) => fixtures.every(({ needs }) => needs === 'serial'));
  assert.equal(batch.nextScan?.rule, 'longest');
  const scan = (scanned: string, by = 'eng') =>
    Promise.resolve(answers['line.scan']({ text: scanned, fixture: null }, by));
  const refused = (ask: Promise<unknown> | unknown, code: string) =>
    assert.rejects(
      async () => await ask,
      (error) => isFault(error, code),
    );
  await assert.rejects(
    async () => answers['line.go']({ fixture: 'nest-4' }, 'eng'),
    (error) => isFault(error, 'line.nothing-waits'),
    'no key starts what a scan starts',
  );
  assert.match((await scan('NEST-4')).said, /nest-4 is chosen/);
  const lit = await look();
  assert.deepEqual(
    lit.fixtures.map(({ chosen }) => chosen?.by ?? null),
    [null, null, null, 'eng'],
  );
  // another person's scan goes by the rule that everybody sees
  const target = lit.batch.nextScan!.fixture!;
  assert.notEqual(target, 'nest-4');
  assert.equal((await scan('S-1')).fixture, 'nest-4');
  const bound = await look();
  assert.equal(bound.fixtures[3]!.bound?.serial, 'S-1');
  assert.ok(bound.fixtures[3]!.bound!.startsIn! > 0);
  assert.equal(bound.fixtures[3]!.chosen, null, 'the choice has served');
  await scan('nest-4');
  await refused(scan('S-2'), 'line.has-serial');
  assert.match((await answers['line.undo']({ fixture: 'nest-4' }, 'eng')).said, /S-1 is taken back/);
  await assert.rejects(
    async () => answers['line.undo']({ fixture: 'nest-4' }, 'eng'),
    (error) => isFault(error, 'line.nothing-to-undo'),
  );
  await scan('nest-4');
  await scan('S-1');
  await until(({ batch: { passed } }) => passed === 1);
  const page = await answers['devices.search']({ text: 'S-1' }, 'eng');
  const [run] = page.rows;
  const device = await answers['devices.show']({ mac: run!.mac }, 'eng');
  assert.equal(device.sealed?.fixture, 'nest-4');
  await scan('S-3');
  const done = await until(({ batch: { endedAt } }) => endedAt !== null);
  assert.deepEqual([done.batch.passed, done.batch.left], [2, 0]);

  await answers['line.start']({ recipe, order: null, count: 1, mode: 'key' }, 'eng');
  const { fixtures } = await until((seen) => seen.fixtures.some(({ needs }) => needs === 'serial'));
  const waiting = fixtures.find(({ needs }) => needs === 'serial')!.name;
  await assert.rejects(
    async () => answers['line.go']({ fixture: waiting }, 'eng'),
    (error) => isFault(error, 'line.scan-first'),
  );
});
