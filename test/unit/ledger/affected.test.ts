// Which devices have a component: from the SBOM beside a build over the recipe's hash to the devices, and on the terminal.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { type AuditOptions, auditList } from '../../../main/cli/audit.ts';
import type { CliContext } from '../../../main/cli/context.ts';
import type { DeviceQuery, Ledger } from '../../../main/ledger/ledger.ts';
import { openSqliteLedgerForReading } from '../../../main/ledger/sqlite/open.ts';
import { componentsOf } from '../../../main/recipe/components.ts';
import { describeComponents } from '../../../main/recipe/diff.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { type KeptQuery, savedQuestions, saveQuestion } from '../../../main/station/questions.ts';
import { vectorText } from '../../vectors.ts';
import { book, mac, record, run } from './book.ts';

const config = join(import.meta.dirname, '../../../station-config');
const sbom = vectorText('sbom/fuseline_demo.cdx.json');

/** The example recipe with SBOMs beside its build, by their names. */
function recipeWith(name: string, sboms: Readonly<Record<string, string>>) {
  const place = join(at, name);
  mkdirSync(join(place, 'recipes'), { recursive: true });
  cpSync(join(config, 'recipes/esp32p4-production.yaml'), join(place, 'recipes/r.yaml'));
  cpSync(join(config, 'firmware/esp32p4-v3'), join(place, 'firmware/esp32p4-v3'), { recursive: true });
  for (const [file, text] of Object.entries(sboms)) writeFileSync(join(place, 'firmware/esp32p4-v3', file), text);
  return loadRecipe(join(place, 'recipes/r.yaml'));
}

function bound(name: string, sboms: Readonly<Record<string, string>>) {
  const { loaded, findings } = recipeWith(name, sboms);
  assert.ok(loaded, JSON.stringify(findings.filter(({ severity }) => severity === 'error')));
  return loaded;
}

const at = mkdtempSync(join(tmpdir(), 'fuseline-sbom-'));
after(() => rmSync(at, { recursive: true, force: true }));
const without = bound('without', {});
const given = bound('with', { 'bom.json': sbom, 'sbom-notes.txt': 'no SBOM' });
const newer = bound('newer', {
  'sbom.spdx': vectorText('sbom/fuseline_demo.spdx').replace('Version: 3.6.4', 'Version: 3.6.5'),
});
const odd = bound('odd', { 'bom.json': sbom.replaceAll('"3.6.4"', '"main"') });

async function seal(ledger: Ledger, n: number, of: ReturnType<typeof bound>, facts: Parameters<typeof record>[2] = {}) {
  const { ref } = of;
  const batch = facts.batch ?? null;
  await ledger.openRun(run(`r${n}`, { batch, recipe: ref, mac: mac(n), startedAt: `2026-11-2${n}T10:00:00.000Z` }));
  await ledger.seal(record(`r${n}`, n, { recipe: ref, batch, sealedAt: `2026-11-2${n}T10:00:45.000Z`, ...facts }));
}

test('the SBOM beside a build is bound by the hash of the recipe, and one that cannot be read stands in the way', () => {
  assert.equal(without.components, null);
  assert.equal(given.components?.components.length, 7);
  assert.equal(new Set([without, given, newer].map(({ ref }) => ref.hash)).size, 3);
  assert.deepEqual(
    describeComponents(given.components, newer.components).map(({ path, words }) => `${path}: ${words}`),
    ['components.mbedtls: 3.6.4 becomes 3.6.5'],
  );
  assert.deepEqual(
    describeComponents(given.components, null).map(({ weaker }) => weaker),
    [true],
  );
  const { recipe, file, firmware, firmwareFolder: place } = given;
  const checks = (recipeOf = recipe) =>
    componentsOf(recipeOf, file, { firmware, folder: place }).findings.map(
      ({ check, severity }) => `${severity} ${check}`,
    );
  const put = (name: string, text: string) => writeFileSync(join(place, name), text);
  assert.deepEqual(checks(), []);
  put('x.spdx.json', sbom);
  assert.deepEqual(checks(), ['error sbom-several']);
  const named = (path: string) => ({ ...recipe, firmware: { ...recipe.firmware, sbom: path } });
  assert.deepEqual(checks(named('../firmware/esp32p4-v3/bom.json')), []);
  assert.deepEqual(checks(named('../../without/recipes/r.yaml')), ['error sbom-unread'], 'outside of its folders');
  assert.deepEqual(checks(named('none.json')), ['error sbom-unread']);
  rmSync(join(place, 'x.spdx.json'));
  rmSync(join(place, 'bom.json'));
  symlinkSync(join(config, 'station.yaml'), join(place, 'bom.json'));
  assert.deepEqual(checks(), ['error sbom-unread'], 'a link that leads out of the folder');
  rmSync(join(place, 'bom.json'));
  put('bom.json', sbom.slice(0, 900));
  assert.deepEqual(checks(), ['error sbom-unread']);
  put('bom.json', sbom.replace('"1.0.0"', '"0.9.0"'));
  assert.deepEqual(checks(), ['warning sbom-other-build']);
});

test('devices are found by component, ESP-IDF, chip and revision; what nobody can say is told', async (t) => {
  const { ledger, file } = await book(t);
  for (const { ref, canonicalText } of [given, newer, odd, without]) await ledger.putRecipe(ref, canonicalText);
  const openedAt = '2026-11-20T00:00:00.000Z';
  for (const id of ['B-1', 'B-2'])
    await ledger.openBatch({ id, order: null, recipe: given.ref, count: null, openedAt, closedAt: null });
  await seal(ledger, 0, given, { batch: 'B-1' });
  await seal(ledger, 1, newer);
  await seal(ledger, 2, given, { batch: 'B-2' });
  await seal(ledger, 3, without);
  await seal(ledger, 4, given, { chip: { kind: 'esp32p4', revision: 300, mac: mac(4), packageVersion: 0 } });
  await seal(ledger, 5, odd);
  await ledger.openRun(
    run('r6', { batch: 'B-1', recipe: given.ref, mac: mac(6), startedAt: '2026-11-26T10:00:00.000Z' }),
  );
  const find = async (query: DeviceQuery) =>
    (await ledger.devices(query)).map(({ lastRun }) => lastRun.slice(1)).join('');
  for (const [query, found] of [
    [{ text: 'component:mbedtls' }, '654210'],
    [{ text: ' Component: mbedtls@3.6.4 ' }, '65420'],
    [{ text: 'component:mbedtls@<3.6.4' }, '5'],
    [{ text: 'component:mbedtls@3.6.4', outcome: 'sealed' }, '5420'],
    [{ text: 'component:mbedtls@3.6.4', batch: 'B-1' }, '60'],
    [{ text: 'component:mbedtls', limit: 2, offset: 1 }, '54'],
    [{ text: 'component:nothing' }, ''],
    [{ affects: [{ component: 'lwip', chips: ['esp32'] }] }, ''],
    [{ affects: [{ component: 'mbedtls@3.6.5' }, { component: 'mbedtls@main' }].slice(0, 1) }, '51'],
    [{ affects: [{ espIdf: '<5.5.2' }] }, '654210'],
    [{ affects: [{ espIdf: '>=5.5.2' }] }, ''],
    [{ affects: [{ chips: ['esp32p4'] }] }, '6543210'],
    [{ affects: [{ chips: ['esp32p4'], revisions: '<3.1' }] }, '64'],
    [{ affects: [{ chips: ['esp32p4'], revisions: '<3.1' }], limit: 1, offset: 1 }, '4'],
  ] as const satisfies readonly (readonly [DeviceQuery, string])[])
    assert.equal(await find(query), found, JSON.stringify(query));
  const { recipes, silent } = await ledger.affected([{ component: 'mbedtls@3.6.4' }]);
  assert.deepEqual(
    recipes.map(({ recipe, fit, boards, components }) => [recipe.hash, fit, boards, components[0]?.version]),
    [
      [given.ref.hash, 'fits', 4, '3.6.4'],
      [odd.ref.hash, 'unclear', 1, 'main'],
    ],
  );
  assert.deepEqual(silent, { recipes: [without.ref], boards: 1 });
  for (const component of ['', '@', 'mbedtls@newest'])
    await assert.rejects(async () => ledger.devices({ text: `component:${component}` }), { code: 'ledger.component' });

  const lines: string[] = [];
  const answer = async (options: AuditOptions) => {
    lines.length = 0;
    const streams = { answer: (line: string) => lines.push(line), say: (line: string) => lines.push(line) };
    await auditList(options, {
      streams,
      openLedger: async () => ({
        ...ledger,
        affected: ledger.affected,
        acts: ledger.acts,
        devices: ledger.devices,
        close: async () => undefined,
      }),
    } as unknown as CliContext);
    return lines.join('\n');
  };
  const told = await answer({ component: 'mbedtls@3.6.4' });
  assert.match(told, /r1 +[0-9a-f]{16} +4 +mbedtls 3\.6\.4 +bom\.json [0-9a-f]{16}/);
  assert.match(told, /UNCLEAR +mbedtls main/);
  assert.match(told, /Nobody can say of 1 board of 1 further recipe:/);
  const own = join(at, 'own.yaml');
  writeFileSync(own, 'advisory: ACME-1\ntitle: a hole\naffects:\n  - component: lwip\n    versions: "<2.2.1"\n');
  assert.match(await answer({ advisory: own }), /^ACME-1: a hole\n[\s\S]*lwip 2\.2\.0/);
  assert.match(await answer({ advisory: 'cve-2026-25532' }), /CONFIG_ESP_WIFI_ENABLED[\s\S]* ESP-IDF 5\.5\.1 /);
  writeFileSync(own, 'advisory: ACME-1\naffects:\n  - versions: "<2.2.1"\n');
  await assert.rejects(answer({ advisory: own }), { code: 'cli.advisory', what: /line 3/ });
  await assert.rejects(answer({ advisory: own, text: 'x' }), { code: 'cli.both' });

  // kept by a name, what it asks and not the file that it came from
  const save = (name: string, query: KeptQuery | null) => saveQuestion(ledger, name, query, ['q1']);
  await save('old mbedtls', { affects: [{ component: 'mbedtls@<3.6.5' }], outcome: 'sealed' });
  await save('other', { text: 'SN-3' });
  await save('other', { text: 'SN-5' });
  assert.match(await answer({ question: 'old mbedtls' }), /^Question old mbedtls, saved 20.* by q1\.\n[\s\S]*SN-4/);
  assert.match(await answer({ question: 'other' }), /SN-5/);
  await save('other', null);
  assert.deepEqual(
    (await savedQuestions(ledger)).map(({ name, by }) => [name, by]),
    [['old mbedtls', ['q1']]],
  );
  await assert.rejects(answer({ question: 'other' }), { code: 'question.unknown', next: /"old mbedtls"/ });
  await assert.rejects(save('other', null), { code: 'question.unknown' });
  await assert.rejects(save('a\u202eb', {}), { code: 'question.name' });
  await assert.rejects(save('never', { text: 'component:@' }), { code: 'ledger.component' });

  // somebody edits the list of a recipe, so that it is not found any more
  await ledger.close();
  const db = new Database(file);
  db.prepare(`UPDATE recipes SET text = replace(text, '3.6.5', '3.6.9') WHERE hash = ?`).run(newer.ref.hash);
  db.close();
  const { ledger: edited } = await book(t, { file });
  await assert.rejects(edited.affected([{ component: 'mbedtls@3.6.5' }]), { code: 'ledger.recipe-changed' });
});

test('chips of a revision are found behind any number of others, also in a book of an older program', async (t) => {
  const { ledger, file } = await book(t);
  await ledger.putRecipe(given.ref, given.canonicalText);
  const openedAt = '2026-11-20T00:00:00.000Z';
  await ledger.openBatch({ id: 'B-1', order: null, recipe: given.ref, count: null, openedAt, closedAt: null });
  const chip = (n: number, revision: number) =>
    ({ kind: 'esp32p4', revision, mac: mac(n), packageVersion: 0 }) as const;
  for (const [n, revision] of [100, 100, 301, 102, 301, 301].entries())
    await seal(ledger, n, given, { chip: chip(n, revision), batch: n === 1 ? null : 'B-1' });
  await ledger.openRun(run('r6', { batch: 'B-1', recipe: given.ref, mac: mac(6), startedAt: openedAt }));
  const affects = (revisions: string) => [{ chips: ['esp32p4'], revisions }];
  const answers = async (of: Pick<Ledger, 'devices' | 'affected'>) => {
    const found = async (query: DeviceQuery) =>
      (await of.devices(query)).map(({ lastRun }) => lastRun.slice(1)).join('');
    return [
      await found({ affects: affects('<1.1') }),
      await found({ affects: affects('<1.1'), limit: 1, offset: 1 }),
      await found({ affects: affects('<1.1'), outcome: 'sealed' }),
      await found({ affects: affects('1.2 || >=3'), batch: 'B-1' }),
      await found({ affects: [...affects('<1.1'), { component: 'mbedtls' }], limit: 3 }),
    ];
  };
  // (of the board that is not sealed nobody knows the revision)
  const right = ['106', '0', '10', '54326', '543'];
  assert.deepEqual(await answers(ledger), right);
  const boards = async (revisions: string) =>
    (await ledger.affected(affects(revisions))).recipes.map((one) => one.boards);
  assert.deepEqual([await boards('<1.1'), await boards('>=3'), await boards('1.2')], [[3], [4], [2]]);
  assert.equal((await ledger.verify()).edited, null);
  await ledger.close();

  const change = (...sql: string[]) => {
    const db = new Database(file);
    for (const one of sql) db.exec(one);
    db.close();
  };
  change('DROP INDEX devices_revision', 'ALTER TABLE devices DROP COLUMN revision', 'PRAGMA user_version = 7');
  const older = await openSqliteLedgerForReading(file);
  assert.deepEqual(await answers(older), right);
  assert.equal((await older.verify()).edited, null);
  await older.close();
  const { ledger: again } = await book(t, { file });
  assert.deepEqual(await answers(again), right);
  assert.equal((await again.verify()).edited, null);
  await again.close();

  // somebody makes a board look like one of another revision
  change(`UPDATE devices SET revision = 100 WHERE mac = '${mac(4)}'`);
  const { ledger: edited } = await book(t, { file });
  await assert.rejects(edited.devices({ affects: affects('<1.1') }), { code: 'ledger.seal-changed' });
  assert.match((await edited.verify()).edited?.what ?? '', /revision of aa:bb:cc:00:00:04 is 100/);
});
