// The factory's own system over HTTP, against a small reference of it: what boards do when it refuses, is away, slow or speaks nonsense, and
// that each result reaches it once by its key, whatever breaks.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, isoTime, systemClock } from '../../main/base/clock.ts';
import { silentLog } from '../../main/base/log.ts';
import type { CliContext } from '../../main/cli/context.ts';
import { mesResults, mesSettle } from '../../main/cli/mes.ts';
import { rolesFor } from '../../main/contract/contract.ts';
import { mesDoor } from '../../main/factory/door.ts';
import { type MesLimits, type MesParts, startMes, usualMesLimits } from '../../main/factory/mes.ts';
import type { Ledger } from '../../main/ledger/ledger.ts';
import type { BoardAtRoute, FactorySystem } from '../../main/model/factory.ts';
import { isFault } from '../../main/model/fault.ts';
import { openDesk } from '../../main/start/open-desk.ts';
import { factoryAnswers } from '../../main/station/desk/factory-answers.ts';
import type { DeskRoom } from '../../main/station/desk/room.ts';
import { selfSignedPair } from '../self-signed.ts';
import { noToken, recipeNamed } from '../stories/stage.ts';
import { type MesPeer, type Says, startMesPeer } from '../tools/mes-peer.ts';
import { book, folder, recipe, run, sealBoard } from '../unit/ledger/book.ts';
import { burnedInto, Rig, siliconOf } from '../unit/station/parts.ts';

const deadlineMs = 400;
const quick: MesLimits = { ...usualMesLimits, deadlineMs, restMs: 3, retryMs: [3, 10] };

/** Waits pass at once and the clock goes on by them, but for deadlines: those are the machine's. */
function hurried(): Clock & { now(): number } {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    async sleep(ms, signal) {
      if (ms === deadlineMs) return await systemClock.sleep(ms, signal);
      ahead += ms;
      await systemClock.sleep(1, signal);
    },
  };
}

async function peerOf(t: TestContext, tls?: Parameters<typeof startMesPeer>[0]): Promise<MesPeer> {
  const peer = await startMesPeer(tls ?? null);
  t.after(() => peer.close());
  return peer;
}

function mesOf(t: TestContext, ledger: Ledger, url: string, more: Partial<MesParts> = {}) {
  const kept: string[] = [];
  const mes = startMes({
    ...{ ledger, station: 'line-1', log: silentLog, clock: systemClock, limits: quick, kept: null },
    ...{ door: () => mesDoor({ url, ca: null, tokenFile: null }), keep: (text: string) => void kept.push(text) },
    ...more,
  });
  t.after(() => mes.close());
  return { mes, kept };
}

async function until(what: string, is: () => boolean): Promise<void> {
  for (let tries = 0; !is(); tries++) {
    assert.ok(tries < 4000, `${what} does not come`);
    await systemClock.sleep(5);
  }
}

const board: BoardAtRoute = {
  ...{ run: 'R-1', fixture: 'nest-1', operator: 'op-7', order: 'O-1', batch: 'B-1', recipe, chip: 'esp32c3' },
  ...{ mac: 'aa:bb:cc:00:00:01', serial: 'S-1' },
};

/** How a question ends where a board that is held is given up: the answer, or the fault that holds it. */
async function asked(mes: ReturnType<typeof startMes>): Promise<unknown> {
  const ended = new AbortController();
  let held: string | null = null;
  try {
    return await mes.ask(board, ended.signal, async ({ code }) => {
      held = code;
      ended.abort(new Error('given up'));
    });
  } catch (error) {
    assert.equal(error, ended.signal.reason);
    return held;
  }
}

test('what is an answer, and what holds a board', async (t) => {
  const { ledger } = await book(t);
  const peer = await peerOf(t);
  const { mes } = mesOf(t, ledger, peer.url);
  const answers: [Says, unknown][] = [
    [[200, { go: true }], { answer: 'go', words: null, silentMs: null }],
    [
      [200, { go: false, words: ' wrong\nplace \u202e\u001b[2J ' }],
      { answer: 'refused', words: 'wrong\\nplace \\u202e\\u001b[2J', silentMs: null },
    ],
    [
      [200, { go: false, words: 'x'.repeat(999) }],
      { answer: 'refused', words: `${'x'.repeat(200)} …`, silentMs: null },
    ],
    ...[
      [200, {}],
      [200, 'go'],
      [200, { go: 'true' }],
      [200, ''],
      [201, { go: true }],
      [204, null],
      [302, { go: true }],
    ].map((said): [Says, string] => [said as unknown as Says, 'mes.wrong-answer']),
    [[200, `{"go":true,"x":"${'x'.repeat(70_000)}"}`], 'mes.wrong-answer'],
    [[404, { go: true }], 'mes.wrong-answer'],
    [[401, {}], 'mes.not-let-in'],
    [[403, {}], 'mes.not-let-in'],
    [[500, { go: true }], 'mes.away'],
    [[429, {}], 'mes.away'],
    ['lost', 'mes.away'],
    ['never', 'mes.away'],
  ];
  for (const [said, expected] of answers) {
    peer.says = () => said;
    assert.deepEqual(await asked(mes), expected, JSON.stringify(said).slice(0, 80));
  }
  assert.deepEqual(peer.asked[0]?.body, { station: 'line-1', ...board });
  assert.deepEqual([...new Set(peer.asked.map(({ key, path }) => `${path} ${key}`))], ['/mes/route R-1-route']);
});

test('boards go on without its word only where the file says so, for so long, and only past an outage', async (t) => {
  const { ledger } = await book(t);
  const peer = await peerOf(t);
  const after = (minutes: number | null, goOn = 30) => {
    const heardAt = minutes === null ? null : isoTime(Date.now() - minutes * 60_000);
    const limits = { ...quick, goOnMs: goOn * 60_000 };
    return mesOf(t, ledger, peer.url, { limits, kept: JSON.stringify({ row: 1, heardAt }) }).mes;
  };
  peer.says = () => [503, null];
  const { answer, silentMs } = (await asked(after(10))) as { answer: string; silentMs: number };
  assert.deepEqual([answer, Math.round(silentMs / 60_000)], ['went-on', 10]);
  assert.equal(await asked(after(31)), 'mes.away', 'too long');
  assert.equal(await asked(after(10, 0)), 'mes.away', 'hold');
  assert.equal(await asked(after(null)), 'mes.away', 'it was never heard');
  assert.equal(await asked(after(-5)), 'mes.away', 'the clock was set back');
  peer.says = () => [401, null];
  assert.equal(await asked(after(10)), 'mes.not-let-in', 'nobody is let past it by a wrong token');
});

test('a board that it refuses is refused before anything is burned; one that it does not answer for waits', async (t) => {
  const { ledger } = await book(t);
  const peer = await peerOf(t);
  const loaded = recipeNamed('esp32c3-production');
  const rig = new Rig(loaded);
  rig.factory = mesOf(t, ledger, peer.url).mes;
  const chip = siliconOf(loaded);
  const before = burnedInto(chip);
  let tries = 0;
  peer.says = () => (++tries < 3 ? [503, null] : [200, { go: false, words: 'belongs to "line 2"' }]);
  const end = await rig.run(chip);
  assert.deepEqual([end.outcome, end.fault?.code, end.fault?.safety], ['refused', 'admission.route', 'untouched']);
  assert.ok(end.fault?.what.includes(String.raw`start: "belongs to \"line 2\""`), end.fault?.what);
  assert.equal(burnedInto(chip), before);
  const kinds = rig.heard.flatMap((event) => (event.type === 'run' ? [event.event.type] : []));
  for (const kind of ['parked', 'resumed'] as const) assert.equal(kinds.filter((one) => one === kind).length, 1, kind);
  assert.ok(!kinds.includes('planned') && !kinds.includes('intend'));
  assert.equal(end.serial, null, 'it is bound to nothing');
  peer.says = () => [200, { go: true }];
  const passed = await rig.run(chip);
  assert.equal(passed.outcome, 'passed', passed.fault?.what);
  const route = rig.heard.findLast(
    ({ type, ...event }) =>
      type === 'run' && 'event' in event && event.event.type === 'observed' && event.event.what === 'route',
  );
  assert.equal(
    route?.type === 'run' && route.event.type === 'observed' && JSON.stringify(route.event.value),
    '{"answer":"go","words":null,"silentMs":null}',
  );
});

test('every result reaches it once by its key, over an outage of eight hours, lost answers, restarts and a refusal', async (t) => {
  const { ledger } = await book(t);
  const peer = await peerOf(t);
  const clock = hurried();
  await sealBoard(ledger, 'before', 900);
  let texts: string[] = [];
  const start = () => {
    const one = mesOf(t, ledger, peer.url, { clock, kept: texts.at(-1) ?? null });
    texts = one.kept;
    return one.mes;
  };
  let mes = start();
  await until('a first mark', () => texts.length > 0);
  peer.says = () => [503, null];
  const began = clock.now();
  for (let n = 0; n < 40; n++) await sealBoard(ledger, `r${n}`, n);
  await ledger.openRun(run('bad', { batch: null }));
  for (const step of ['prepare', 'write-flash'] as const) {
    await ledger.append('bad', step, { type: 'step-started', step, irreversible: false });
    if (step === 'prepare') await ledger.append('bad', step, { type: 'step-passed', step, ms: 1 });
  }
  await ledger.endRun('bad', {
    ...{ at: isoTime(clock.now() + 60_000), outcome: 'failed' },
    fault: {
      class: 'board',
      code: 'protocol.timeout',
      what: 'It did not answer.',
      next: 'Look.',
      safety: 'untouched',
      details: {},
    },
  });
  // waits of ten ms each, which the clock counts as they are: eight hours of them would be a long test
  const patient: MesLimits = { ...quick, retryMs: [60_000, 600_000] };
  await mes.close();
  mes = mesOf(t, ledger, peer.url, {
    clock,
    limits: patient,
    kept: texts.at(-1) ?? null,
    keep: (text) => void texts.push(text),
  }).mes;
  await until('eight hours', () => clock.now() - began > 8 * 3_600_000);
  assert.deepEqual([mes.standing.state, mes.standing.faults.map(({ code }) => code)], ['away', ['mes.away']]);
  assert.equal(peer.results.size, 0);
  let told = 0;
  peer.says = ({ key }) =>
    ++told % 7 === 0 ? 'lost' : key === 'r20' ? [422, { words: 'no such\u0007 order' }] : [204, null];
  await until('half of it', () => peer.results.size > 10);
  await mes.close();
  mes = start();
  await until('all of it', () => mes.standing.state === 'level' && peer.results.has('bad'));
  const wanted = [...Array.from({ length: 40 }, (_, n) => `r${n}`).filter((id) => id !== 'r20'), 'bad'];
  assert.deepEqual([...peer.results.keys()], wanted, 'once each, in the order of the ledger, none from before');
  const acts = await ledger.acts({ what: 'mes-result-refused' });
  assert.deepEqual(
    acts.map(({ about, detail }) => [about, detail.words]),
    [['r20', 'no such\\u0007 order']],
  );
  const { dut_id: dut, outcome, outcome_details: details, metadata } = peer.results.get('bad')!;
  assert.deepEqual(
    [dut, outcome, details],
    [null, 'FAIL', [{ code: 'protocol.timeout', description: 'It did not answer. Look.' }]],
  );
  assert.deepEqual(metadata, { ...(metadata as object), run: 'bad', safety: 'untouched' });
  assert.equal((peer.results.get('r1') as { outcome: string }).outcome, 'PASS');
  const { phases } = peer.results.get('bad') as { phases: { name: string; outcome: string }[] };
  assert.deepEqual(
    phases.map(({ name, outcome: ended }) => [name, ended]),
    [
      ['prepare', 'PASS'],
      ['write-flash', 'FAIL'],
    ],
  );
  // what openhtf/core/test_record.py (as_base_types) gives of a test and of each phase
  const keys = (of: object) => Object.keys(of).sort().join(' ');
  for (const record of peer.results.values()) {
    assert.equal(
      keys(record),
      'code_info diagnoses dut_id end_time_millis log_records metadata outcome outcome_details phases start_time_millis station_id',
    );
    assert.match(String(record.outcome), /^(PASS|FAIL|ERROR|TIMEOUT|ABORTED)$/);
    for (const phase of record.phases as { outcome: string; start_time_millis: number; end_time_millis: number }[]) {
      assert.equal(
        keys(phase),
        'attachments codeinfo descriptor_id diagnosis_results end_time_millis failure_diagnosis_results measurements name options outcome result start_time_millis',
      );
      assert.match(phase.outcome, /^(PASS|FAIL|SKIP|ERROR)$/);
      assert.ok(Number.isSafeInteger(phase.start_time_millis) && phase.end_time_millis >= phase.start_time_millis);
    }
  }
});

test('a result that is refused is an alarm, and those behind it go on', async (t) => {
  const { ledger } = await book(t);
  const peer = await peerOf(t);
  peer.says = ({ key }) => (key === 'r1' ? [409, 'not JSON'] : [200, {}]);
  const { mes } = mesOf(t, ledger, peer.url, { kept: '{"row":0,"heardAt":null}' });
  await sealBoard(ledger, 'r1', 1);
  await sealBoard(ledger, 'r2', 2);
  await until('the second', () => peer.results.has('r2') && mes.standing.state === 'level');
  assert.deepEqual(
    mes.standing.faults.map(({ code, what }) => [code, /status 409/.test(what)]),
    [['mes.result-refused', true]],
  );
  // the alarm outlives the program, until a person says what was found out
  await mes.close();
  peer.says = () => [500, null];
  const { mes: again } = mesOf(t, ledger, peer.url, { kept: `{"row":${(await ledger.head()).row},"heardAt":null}` });
  await sealBoard(ledger, 'r3', 3);
  await sealBoard(ledger, 'r4', 4);
  await until('the third', () => peer.asked.some(({ key }) => key === 'r3') && again.standing.state === 'away');
  const results = async () => (await again.results()).map(({ run: id, state, words }) => [id, state, words]);
  assert.deepEqual(await results(), [
    ['r1', 'refused', 'status 409'],
    ['r3', 'waiting', null],
    ['r4', 'waiting', null],
  ]);
  const settle = (id: string, reason: string) => again.settle(id, { by: ['q1'], reason });
  await assert.rejects(settle('r2', 'it was taken'), { code: 'mes.nothing-to-settle' });
  await assert.rejects(settle('r1', ' '), { code: 'mes.no-reason' });
  await settle('r1', 'the order was entered twice there');
  await settle('r3', 'scrapped there by hand');
  assert.deepEqual(again.standing.faults, []);
  await assert.rejects(settle('r1', 'once more'), { code: 'mes.nothing-to-settle' });
  peer.says = () => [200, {}];
  await until('the fourth', () => peer.results.has('r4') && again.standing.state === 'level');
  assert.equal(peer.results.has('r3'), false, 'what was settled is not told');
  assert.deepEqual(await results(), []);
  // a program that ends right behind its last board tells it before it goes
  const { mes: brief } = mesOf(t, ledger, peer.url, {
    kept: `{"row":${(await ledger.head()).row},"heardAt":null}`,
    limits: { ...quick, restMs: 60_000 },
  });
  await until('level', () => brief.standing.state === 'level');
  await sealBoard(ledger, 'r5', 5);
  await brief.close();
  assert.ok(peer.results.has('r5'));
  const acts = await ledger.acts({ what: 'mes-result-settled' });
  assert.deepEqual(
    acts.map(({ by, about, detail }) => [by, about, detail]),
    [
      [['q1'], 'r3', { reason: 'scrapped there by hand', was: 'waiting' }],
      [['q1'], 'r1', { reason: 'the order was entered twice there', was: 'refused' }],
    ],
  );
});

/** What a desk answers about results whose station has these parts. */
const deskOf = (factory: FactorySystem | undefined) =>
  factoryAnswers({ station: { parts: { factory } } } as unknown as DeskRoom);

test('at the desk QA or an engineer settles a result, one of two people at once, and nobody sees one that waits a moment', async (t) => {
  const { ledger } = await book(t);
  const peer = await peerOf(t);
  const { mes } = mesOf(t, ledger, peer.url);
  const answers = deskOf(mes);
  const results = async () => (await answers['factory.results']({}, 'x'))?.map(({ run: id, state }) => [id, state]);
  await until('level', () => mes.standing.state === 'level');
  peer.says = () => [409, { words: 'no such order' }];
  await sealBoard(ledger, 'r1', 1);
  await until('an alarm', () => mes.standing.faults[0]?.code === 'mes.result-refused');
  peer.says = () => 'never';
  await sealBoard(ledger, 'r2', 2);
  assert.deepEqual(await results(), [['r1', 'refused']]);
  await until('away', () => mes.standing.state === 'away');
  assert.deepEqual(await results(), [
    ['r1', 'refused'],
    ['r2', 'waiting'],
  ]);
  const settle = async (id: string, reason: string, by: string) =>
    await answers['factory.settle']({ run: id, reason }, by);
  await assert.rejects(settle('r1', ' ', 'q1'), { code: 'mes.no-reason' });
  const both = await Promise.allSettled([settle('r1', 'entered twice', 'q1'), settle('r1', 'was it?', 'q2')]);
  assert.deepEqual(
    both.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'settled')),
    ['settled', 'mes.nothing-to-settle'],
  );
  const acts = await ledger.acts({ what: 'mes-result-settled' });
  assert.deepEqual(
    acts.map(({ by, about, detail }) => [by, about, detail]),
    [[['q1'], 'r1', { reason: 'entered twice', was: 'refused' }]],
  );
  assert.deepEqual(rolesFor('factory.settle', { run: 'r1', reason: 'x' }), ['qa', 'engineer']);
});

test('a station without such a system has no results to show or settle', async () => {
  assert.equal(await deskOf(undefined)['factory.results']({}, 'x'), null);
  await assert.rejects(async () => deskOf(undefined)['factory.settle']({ run: 'r1', reason: 'x' }, 'q1'), {
    code: 'mes.none',
  });
  const context = { openStation: async () => ({ parts: {}, close: async () => undefined }) } as unknown as CliContext;
  await assert.rejects(mesResults({}, context), { code: 'mes.none' });
  await assert.rejects(mesSettle('r1', { reason: 'x' }, context), { code: 'mes.none' });
});

test('it proves itself, and the token stands in a file of the station alone', async (t) => {
  const { ledger } = await book(t);
  const pair = selfSignedPair('127.0.0.1');
  const peer = await peerOf(t, pair);
  const [tokenFile, ca] = ['token', 'ca.pem'].map((name) => join(folder(t), name)) as [string, string];
  const said = async (places: { ca?: string; tokenFile?: string }) => {
    const door = () => mesDoor({ url: `${peer.url}/`, ca: null, tokenFile: null, ...places });
    return await asked(mesOf(t, ledger, peer.url, { door }).mes);
  };
  assert.equal(await said({}), 'mes.not-proven');
  assert.equal(await said({ ca }), 'mes.ca');
  writeFileSync(ca, 'nothing');
  assert.equal(await said({ ca }), 'mes.ca');
  assert.equal(await said({ tokenFile }), 'mes.token-file');
  writeFileSync(tokenFile, 'secret-word\n', { mode: 0o644 });
  assert.equal(await said({ tokenFile }), 'mes.token-file');
  chmodSync(tokenFile, 0o600);
  assert.equal(await said({ tokenFile }), 'mes.not-proven');
  assert.equal(peer.asked.length, 0, 'nobody was told anything');
  assert.throws(
    () => mesDoor({ url: peer.url, ca: null, tokenFile: join(ca, 'x') }),
    (error) => isFault(error, 'mes.token-file'),
  );
  const plain = await peerOf(t);
  const door = () => mesDoor({ url: plain.url, ca: null, tokenFile });
  assert.deepEqual(await asked(mesOf(t, ledger, plain.url, { door }).mes), {
    answer: 'go',
    words: null,
    silentMs: null,
  });
  assert.equal(plain.asked[0]?.authorization, 'Bearer secret-word');
});

test('a station whose file names one asks and tells it, and its desk shows what is wrong', {
  skip: noToken,
}, async (t) => {
  const peer = await peerOf(t);
  const data = folder(t);
  writeFileSync(join(data, 'station.yaml'), `fuseline: 1\nstation: line-mes\nmes: {url: '${peer.url}'}\n`);
  peer.says = ({ path }) => (path === '/mes/route' ? [200, { go: false, words: 'scrap' }] : [401, null]);
  const opened = await openDesk({ data }, { demonstration: { fixtures: 1, pacing: 'none' } });
  t.after(() => opened.close());
  const { answers } = opened.desk;
  await answers['line.start']({ recipe: 'esp32p4-production', order: 'PO-7', count: 1 }, 'x');
  const told = () => peer.asked.find(({ path }) => path === '/mes/result');
  await until('a result', () => told() !== undefined);
  assert.deepEqual(
    [told()?.body.outcome, told()?.body.metadata],
    ['FAIL', { ...(told()?.body.metadata as object), order: 'PO-7' }],
  );
  const tiles = opened.desk.lineNow().fixtures.map(({ verdict }) => verdict?.fault?.code);
  assert.deepEqual(tiles, ['admission.route']);
  await until('its alarm', () => opened.desk.lineNow().plantFaults.length > 0);
  assert.deepEqual(
    opened.desk.lineNow().plantFaults.map(({ code }) => code),
    ['mes.not-let-in'],
  );
  await answers['line.stop']({}, 'x');
});
