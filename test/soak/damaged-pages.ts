// A closed ledger of which the disk gives a page back as zeros, noise, in half or with one bit changed: each opening, question, write and audit
// either goes well or says that this file is damaged; nothing else comes of it, and no answer is another than before.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '../../main/base/json.ts';
import { type RandomSource, seededRandom } from '../../main/base/random.ts';
import { auditBook } from '../../main/ledger/sqlite/auditor.ts';
import { ledgerFaultOf } from '../../main/ledger/sqlite/faults.ts';
import { type OpenedBook, openBook } from '../../main/ledger/sqlite/opening.ts';
import { LedgerQuestions } from '../../main/ledger/sqlite/reader.ts';
import type { WriteRequest } from '../../main/ledger/sqlite/requests.ts';
import { writeWitness } from '../../main/ledger/sqlite/witness.ts';
import { keyMade, mac, note, recipe, record, run } from '../unit/ledger/book.ts';
import { belowLarge as below } from './draws.ts';
import type { Tally } from './tally.ts';

const at = '2026-11-22T10:00:00.000Z';
const pageBytes = 4096;
const damages = ['zeros', 'noise', 'half', 'bit'] as const;

const open = (file: string) => openBook({ file, station: 'line-1', at, maxBytes: null });

function shut({ db, lock }: OpenedBook): void {
  db.close();
  lock.release();
}

/** Some boards from insertion to seal. */
export function layBook(file: string): void {
  const opened = open(file);
  const write = (request: WriteRequest) => opened.writer.commit([{ at, text: canonicalJson(request) }]);
  write({ op: 'putRecipe', recipe, text: 'fuseline: 1\nname: sensor\n'.repeat(40) });
  for (let n = 0; n < 8; n++) {
    const id = `r${n}`;
    write({ op: 'openRun', run: run(id) });
    write({ op: 'bindRun', run: id, facts: { mac: mac(n), serial: `SN-${n}`, chip: 'esp32p4' } });
    write({ op: 'append', run: id, step: 'prepare', event: keyMade(`key-${n}`, new Uint8Array(72).fill(n)) as never });
    for (let event = 0; event < 5; event++)
      write({ op: 'append', run: id, step: null, event: note(`${event} ${'x'.repeat(200)}`) as never });
    if (n < 6) write({ op: 'seal', record: record(id, n) });
  }
  writeWitness(file, opened.writer.head);
  shut(opened);
}

/** What people and stations ask, by name. */
export const questions: Readonly<Record<string, (of: LedgerQuestions) => unknown>> = {
  history: (of) => of.history(mac(2)),
  events: (of) => of.events('r2'),
  devices: (of) => of.devices({}),
  part: (of) => of.devices({ text: 'N-2' }),
  runs: (of) => of.runs({}),
  sealed: (of) => of.sealedDevice(mac(1)),
  acts: (of) => of.acts({}),
  recipe: (of) => of.recipe(recipe.hash),
  tree: (of) => of.treePortion(20_000),
  export: (of) => of.exportPortion(0, 2000),
  claim: (of) => of.claimedBy('serial', 'SN-2'),
};

/** `count` pages damaged, one a copy. */
export function soakDamagedPages(seed: number, count: number, tally: Tally): void {
  const random = seededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-soak-'));
  try {
    const file = join(folder, 'ledger.sqlite');
    layBook(file);
    const good = readFileSync(file);
    const whole = open(file);
    const asked = new LedgerQuestions(whole.db);
    const answers = Object.entries(questions).map(([name, ask]) => [name, JSON.stringify(ask(asked))] as const);
    shut(whole);
    for (let n = 0; n < count; n++) {
      const page = below(random, good.length / pageBytes);
      const how = damages[below(random, damages.length)]!;
      const own = mkdtempSync(join(folder, 'damaged-'));
      const damaged = join(own, 'ledger.sqlite');
      writeFileSync(damaged, damagedPage(good, page, how, random));
      copyFileSync(`${file}.head`, `${damaged}.head`);
      tally.strike(`a page: ${how}`);
      for (const what of strangeIn(damaged, new Map(answers)))
        tally.lost.push(`damaged page, seed ${seed}, instant ${n}: page ${page}, ${how}: ${what}`);
      rmSync(own, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function damagedPage(good: Buffer, page: number, how: (typeof damages)[number], random: RandomSource): Buffer {
  const bad = Buffer.from(good);
  const part = bad.subarray(page * pageBytes, (page + 1) * pageBytes);
  if (how === 'zeros') part.fill(0);
  if (how === 'half') part.fill(0, pageBytes / 2);
  if (how === 'noise') part.set(random(pageBytes));
  const bit = below(random, 8 * pageBytes);
  if (how === 'bit') part[bit >>> 3]! ^= 1 << (bit & 7);
  return bad;
}

/** Everything that is neither right nor told as damage. */
function strangeIn(file: string, right: ReadonlyMap<string, string>): string[] {
  const strange: string[] = [];
  const attempt = <T>(name: string, work: () => T): T | null => {
    try {
      return work();
    } catch (error) {
      const fault = ledgerFaultOf(error, file);
      if (fault.faultClass !== 'ledger') strange.push(`${name}: ${fault.code}: ${fault.what}`);
      return null;
    }
  };
  const opened = attempt('opening', () => open(file));
  if (opened === null) return strange;
  const asked = attempt('looking', () => new LedgerQuestions(opened.db));
  if (asked === null) {
    shut(opened);
    return strange;
  }
  const others = Object.keys(questions).filter((name) => {
    const answer = attempt(name, () => JSON.stringify(questions[name]!(asked)));
    return answer !== null && answer !== right.get(name);
  });
  const request: WriteRequest = { op: 'openRun', run: run('x1', { mac: mac(2) }) };
  const [written] = opened.writer.commit([{ at, text: canonicalJson(request) }]);
  if (written?.ok === false && written.fault.class !== 'ledger') strange.push(`writing: ${written.fault.what}`);
  shut(opened);
  const report = attempt('audit', () => auditBook(file, {}));
  const isTold = report === null || report.broken !== null || report.edited !== null;
  if (others.length > 0 && !isTold) strange.push(`another answer to ${others.join(', ')}, and the audit finds nothing`);
  return strange;
}
