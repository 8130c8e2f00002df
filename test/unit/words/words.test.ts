// Words in three languages, and the check of their catalogues, tried with what it must not let through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogues, type Tree } from '../../../main/words/catalogues.ts';
import { boardIn, byCode, faultIn, findingIn } from '../../../main/words/faults.ts';
import { type Language, languageFor } from '../../../main/words/languages.ts';
import { saying } from '../../../main/words/saying.ts';
import { answered, told } from '../../../main/words/told.ts';
import { bareWords } from '../../bare-words.ts';
import {
  codeDifferences,
  differences,
  guideOf,
  leavesOf,
  phraseDifferences,
  saidBy,
  unused,
} from '../../check-words.ts';

test('a language is found by its tag, by its family, and as an environment writes it', () => {
  assert.equal(languageFor(['es-MX']), 'es-MX');
  assert.equal(languageFor(['es_AR.UTF-8']), 'es-MX');
  assert.equal(languageFor(['zh-Hans-CN']), 'zh-CN');
  assert.equal(languageFor(['C', 'fr', 'en_US.UTF-8']), 'en');
  assert.equal(languageFor(['C.UTF-8', '']), null);
});

test('kept words come in the language of the moment, with its plurals, numbers and order', () => {
  let now: Language = 'en';
  const { page, terminal } = saying(() => now);
  const { devices, tile } = page;
  assert.equal(devices.events({ count: 1 }), '1 entry');
  assert.equal(devices.events({ count: 1200 }), '1,200 entries');
  assert.equal(tile.countMeans({ passed: 3, tried: 4 }), '3 passed of 4 tried');
  now = 'es-MX';
  const { counts } = terminal.provision;
  assert.deepEqual([counts.passed({ count: 1 }), counts.passed({ count: 2 })], ['1 sellada', '2 selladas']);
  assert.equal(counts.passed({ count: 2_000_000 }), '2,000,000 de selladas');
  now = 'zh-CN';
  assert.equal(devices.events({ count: 1 }), '1 条记录');
  assert.equal(tile.countMeans({ passed: 3, tried: 4 }), '共试 4 块，通过 3 块');
  assert.equal(devices.title, '设备');
  now = 'es-MX';
  assert.equal(devices.events({ count: 1 }), '1 entrada');
  assert.equal(devices.events({ count: 1_000_000 }), '1,000,000 de entradas');
  assert.deepEqual(Object.keys(page.session.roles), ['operator', 'qa', 'engineer', 'custodian']);
});

test('what a person typed or scanned is never read as a message', () => {
  const { page } = saying(() => 'en');
  assert.equal(page.tile.startsAs({ serial: "{seconds} <b>#</b> ’'{" }), "as {seconds} <b>#</b> ’'{");
});

test('a fault is said by its code, and in English or with a code of another time as it was raised', () => {
  const fault = { code: 'transport.gone', what: 'The port usb:1-1 went away.', next: 'Check the cable.' };
  assert.deepEqual(faultIn('en', fault), { what: fault.what, next: fault.next });
  assert.equal(faultIn('zh-CN', fault).what, '端口消失了。');
  for (const code of ['strange.code', '__proto__', 'toString.x'])
    assert.equal(faultIn('zh-CN', { ...fault, code }).what, fault.what);
});

test('a finding is said by its check, an advisory as one, what a fault found by its code, and else as it was found', () => {
  const said = (check: string) => findingIn('es-MX', { check, what: 'What.', remedy: 'Remedy.' });
  assert.match(said('jtag-open').what, /JTAG queda encendido/);
  assert.deepEqual(said('lint-cve-2026-81507'), said('lint-ar2023-007'));
  assert.match(said('lint-cve-2026-81507').what, /aviso de seguridad/);
  assert.match(said('efuse.jtag-both').remedy, /Cierre JTAG/);
  assert.deepEqual(said('image-magic'), said('image.magic'));
  for (const check of ['strange-check', '__proto__', 'lint-cvet'])
    assert.deepEqual(said(check), { what: 'What.', remedy: 'Remedy.' });
  assert.equal(findingIn('en', { check: 'jtag-open', what: 'What.', remedy: 'R.' }).what, 'What.');
});

test('a board, an entry, a step and a recommendation are said by their codes, and in English as they were written', () => {
  const report = { state: 'half-done', what: 'The board x was begun as y.', next: 'Finish it.' };
  assert.deepEqual(boardIn('en', report), { what: report.what, next: report.next });
  assert.match(boardIn('es-MX', report).what, /se empezó aquí/);
  assert.equal(boardIn('zh-CN', { ...report, state: 'of another time' }).what, report.what);
  assert.equal(byCode('zh-CN', 'events', 'burned.key-block'), '已烧录密钥');
  assert.equal(byCode('es-MX', 'guide', 'Only signed firmware starts'), 'Solo arranca firmware firmado');
  for (const [language, code] of [
    ['en', 'burned.bits'],
    ['zh-CN', 'constructor'],
    ['es-MX', 'burned.of-another-time'],
  ] as const)
    assert.equal(byCode(language, 'events', code), null);
});

test('the check of phrases names codes without words, and words without a code; recommendations are read from the source', () => {
  assert.deepEqual(phraseDifferences('zh-CN', { events: { a: 'A', b: 'B' } }, 'events', ['a', 'c']), [
    'zh-CN: events lacks c',
    'zh-CN: events has b, which nothing says',
  ]);
  const source =
    "export const s = { title: 'Anti-rollback', lines: () => [asked('Old, known holes stay out', x, 'WR_DIS=1')] };";
  assert.deepEqual(guideOf({ 'main/recipe/assurance/x.ts': source, 'main/other.ts': "f('Some other words')" }), [
    'Old, known holes stay out',
    'Anti-rollback',
  ]);
});

test('an answer is English for machines and a message for faces', () => {
  const answer = told('onBoardIn', { serial: 'SN-1', fixture: 'nest-2' });
  assert.equal(answer.said, 'SN-1 goes on the board in nest-2.');
  assert.equal(answered(saying(() => 'es-MX').answers, answer.message), 'SN-1 va en la tarjeta de nest-2.');
  const sent: typeof answer = JSON.parse(JSON.stringify(answer));
  assert.equal(answered(saying(() => 'zh-CN').answers, sent.message), 'SN-1 给 nest-2 中的板子。');
});

const english: Tree = { page: { a: 'A {name}', many: '{n, plural, one {1} other {#}}', b: 'B' } };

test('the check of a catalogue names each message that is missing, stray, broken, or asks for something else', () => {
  const wrong = (page: Tree, language: Language = 'es-MX') => differences(language, { page }, english);
  const many = '{n, plural, one {1} many {#} other {#}}';
  assert.deepEqual(wrong({ a: '{name}', many, b: 'B' }), []);
  assert.deepEqual(wrong({ a: '{name}', many }), ['es-MX: page/b is missing']);
  assert.deepEqual(wrong({ a: '{name}', many, b: 'B', c: 'C' }), ['es-MX: page/c is in no English catalogue']);
  assert.match(wrong({ a: 'A', many, b: 'B' })[0]!, /page\/a takes nothing and in English name/);
  assert.match(wrong({ a: '{nombre}', many, b: 'B' })[0]!, /page\/a takes nombre/);
  assert.match(wrong({ a: '{name', many, b: 'B' })[0]!, /page\/a is no ICU message/);
  assert.match(wrong({ a: "{name} 'x'", many, b: 'B' })[0]!, /page\/a has an '/);
  assert.match(wrong({ a: '{name}', many, b: ' ' })[0]!, /page\/b is empty/);
  assert.deepEqual(wrong({ a: '{name}', many: '{n, plural, one {1} other {#}}', b: 'B' }), [
    "es-MX: page/many has no plural for 'many'",
  ]);
  assert.deepEqual(wrong({ a: '{name}', many: '{n, plural, other {#}}', b: 'B' }, 'zh-CN'), []);
});

test('the check of faults names codes without words, and words without a fault', () => {
  const catalogue: Tree = { faults: { 'a.one': { what: 'A.', next: 'B.' }, 'b.gone': { what: 'A.', next: 'B.' } } };
  assert.deepEqual(codeDifferences('zh-CN', catalogue, 'faults', ['a.one', 'a.two']), [
    'zh-CN: faults has no words for a.two',
    'zh-CN: faults has words for b.gone, which nothing says',
  ]);
  assert.deepEqual(codeDifferences('zh-CN', { faults: { 'a.one': { what: 'A.' } } }, 'faults', ['a.one']), [
    "zh-CN: faults does not say 'what' and 'next' of a.one",
  ]);
});

test('the check of the page names messages that nobody says, texts of its own, and words that would stay', () => {
  const said = saidBy({
    'a.tsx': `const r = words.recipes;
      export const A = () => <p title="Good day" className="plain one">{r.title}{words.state[x]}{words.close}Hello</p>;
      const frozen = words.cancel;
      f(words.help.keys);`,
  });
  assert.deepEqual(said.bare, [
    'a.tsx:2 says "Good day", which is in no catalogue',
    'a.tsx:2 says "Hello", which is in no catalogue',
    'a.tsx:3 reads page/cancel once for ever, before anybody chose a language',
  ]);
  const left = unused(catalogues.en, said, '');
  assert.ok(!left.includes('page/recipes/title') && !left.includes('page/state/idle') && !left.includes('page/close'));
  assert.ok(!left.includes('page/help/keys/list/means'));
  assert.ok(left.includes('page/recipes/list') && left.includes('page/save') && left.includes('answers/starts'));
});

test('every language has words for everything, and none is the English one by mistake', () => {
  const of = leavesOf(catalogues.en);
  for (const language of ['zh-CN', 'es-MX'] as const) {
    const same = [...leavesOf(catalogues[language])].filter(
      ([at, text]) => of.get(at) === text && /[a-z]{4}/.test(text.replaceAll(/\{[^{}]*\}/g, '')),
    );
    // names, and words that are the same
    assert.ok(same.length < 30, `${language}: ${same.map(([at]) => at).join(' ')}`);
  }
});

test('a sentence that the terminal would say in English alone is seen; what goes into a fault or is a name is not', () => {
  const found = (text: string, exceptions = {}) =>
    bareWords({ 'main/cli/a.ts': text }, ['the help of it', 'one of §; more'], exceptions);
  for (const bare of [
    "streams.say('All boards are done.')",
    `streams.answer(\`\${count} boards\`)`,
    "streams.say('done')",
    "const head = ['boards an hour']; streams.say(head.join())",
    "function told(): string { return 'nothing was burned'; }",
    "switch (kind) { case 'a kind': streams.say('A board is left.') }",
    "const what = 'a board is left'; streams.say(what); throw wrong(what)",
  ])
    assert.equal(found(bare).length, 1, bare);
  for (const fine of [
    `throw new RecipeFault({ code: 'a.b', what: \`\${file} is missing.\`, next: 'Name another one.' })`,
    "function wrong(what: string): RecipeFault { return made(what); }\nconst why = 'it is no file'; work().catch(() => wrong(why))",
    `command(p, 'x', 'the help of it').option('--y', \`one of \${kinds}; more\`)`,
    "import { a } from 'a package'; if (by === 'given key') streams.say(words.done)",
    `streams.answer(\`BLOCK\${at} bits \${bits}\`); streams.answer(JSON.stringify(row))`,
  ])
    assert.deepEqual(found(fine), [], fine);
  const exception = { 'All boards': 'for programs' };
  assert.deepEqual(found("streams.say('All boards are done.')", exception), []);
  assert.match(found('', exception).join(), /nothing begins with "All boards" any more/);
});
