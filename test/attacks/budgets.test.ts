// One call that would freeze the boards: patterns that take for ever, labels with hundreds of codes, calls without end.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { patternOf } from '../../main/base/pattern.ts';
import { budgetOf, type CallName, calls } from '../../main/contract/contract.ts';
import { inTime } from '../../main/ipc/dispatch.ts';
import { FaceSession } from '../../main/ipc/session.ts';
import { loadRecipeText } from '../../main/recipe/load.ts';
import { stationConfigFolder } from '../../main/start/program-folder.ts';
import { refuseSerial } from '../../main/station/admission.ts';
import { drawLabelApart } from '../../main/station/desk/labels/label-drawing.ts';
import { textFor } from '../../main/station/desk/library/rehearsal.ts';

const file = join(stationConfigFolder, 'recipes/esp32p4-production.yaml');
const production = readFileSync(file, 'utf8');
const withSerial = (pattern: string) =>
  loadRecipeText(production.replace('from: mac', `from: scan\n  pattern: '${pattern}'`), file);

/** Time of this thread that the work takes, in ms: what boards would wait, however busy the computer is. */
function threadMs(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

test('a pattern takes a time that grows with the text alone', () => {
  const { recipe } = withSerial('(a+)+b').loaded!;
  const pattern = patternOf('(a|aa|a)*(a|aa)*(.*)*b');
  const long = 'a'.repeat(20_000);
  assert.ok(threadMs(() => assert.notEqual(refuseSerial(recipe, 'a'.repeat(200)), null)) < 1000);
  assert.ok(threadMs(() => assert.equal(pattern.test(long), false)) < 3000);
  assert.ok(threadMs(() => textFor(`(${'|'.repeat(60)}(a)`)) < 1000);
});

test('what can take for ever, or room without measure, is no pattern of a recipe', () => {
  for (const pattern of ['(?=a)b', '(a)\\1', '(?<!a)b', '((a{100}){100}){100}', 'a{2000}', `a${'?'.repeat(400)}`, '('])
    assert.ok(threadMs(() => assert.equal(withSerial(pattern).loaded, null, pattern)) < 3000, pattern);
  for (const pattern of ['LAMP-\\d{4}', '[A-Z]{2}\\d+', '(?:AB|CD)-\\w{3}x?'])
    assert.notEqual(withSerial(pattern).loaded, null, pattern);
  assert.equal(patternOf('a|b', 'whole').test('ab'), false, 'the whole text, not a part of it');
});

test('a recipe text of the largest size keeps nobody waiting: keys and aliases by the thousand', () => {
  const lines = (count: number, line: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => line(at)).join('\n');
  for (const [text, most] of [
    [`${production}\n${lines(14_000, (at) => `k${at}: ${at}`)}`, 201],
    [lines(5_000, (at) => `a${at}: &x${at} [*x${at}, *x${at}]`).slice(0, 200_000), 230],
  ] as const) {
    let told = 0;
    const ms = threadMs(() => {
      told = loadRecipeText(text, file).findings.length;
    });
    assert.ok(told > 0 && told <= most && ms < 6_000, `${text.slice(-20)}: ${told} findings in ${ms} ms`);
  }
});

test('a label is drawn beside the boards, and one with hundreds of codes not at all', async () => {
  const code = (at: number) => `^FO${at},1^BQN,2,4^FDQA,${'x'.repeat(900)}${at}^FS`;
  const many = `^XA${Array.from({ length: 740 }, (_, at) => code(at)).join('')}^XZ`;
  let ms = 0;
  const before = process.threadCpuUsage();
  await assert.rejects(drawLabelApart(many), { code: 'label.too-much' });
  await drawLabelApart(`^XA${Array.from({ length: 12 }, (_, at) => code(at)).join('')}^XZ`).catch(() => undefined);
  const used = process.threadCpuUsage(before);
  ms = (used.user + used.system) / 1000;
  assert.ok(ms < 1000, `${ms} ms of the thread that drives boards`);
  await assert.rejects(drawLabelApart(`^XA^FO1,1^BQN,2,4^FDQA,${'x'.repeat(9000)}^FS^XZ`), { code: 'label.too-much' });
  assert.match(await drawLabelApart('^XA^FO1,1^BQN,2,4^FDQA,1^FS^XZ'), /^<svg/);
});

test('every call of the contract has a budget, and a face that asks without end is not answered', async () => {
  const late = await inTime('recipes.plan', new Promise(() => undefined), 10);
  assert.ok('fault' in late && late.fault.code === 'call.budget');
  assert.deepEqual(await inTime('recipes.plan', Promise.resolve(7), 1000), { answer: 7 });
  for (const name of Object.keys(calls) as CallName[]) assert.ok(budgetOf(name) <= 900_000 && budgetOf(name) > 0, name);
  const time = { ms: 0 };
  const clock = { now: () => 0, monotonic: () => time.ms, sleep: () => Promise.resolve() };
  const session = new FaceSession('browser', undefined as never, clock);
  const asked = () => Array.from({ length: 1000 }, () => session.mayAsk()).filter(Boolean).length;
  assert.equal(asked(), 300);
  time.ms += 1000;
  assert.equal(asked(), 50);
});
