import type { Database, Statement } from 'better-sqlite3';
import { fromHex } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import type { StepEvent, WrappedKey } from '../../model/event.ts';
import { faultOf } from '../../model/fault.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { RecipeRef } from '../../model/refs.ts';
import { type ChainHead, hashOfParts } from '../chain.ts';
import type { DroppedKey, Entry, WrappedKeyMark } from '../entry.ts';
import { type Bodies, dictionaryOfRecords, type StoredBody } from './bodies.ts';
import { claimsOf, claimsOfEvent } from './claims.ts';
import { eventRows, formOf, formOfSeal, type StoredRow, storedRows } from './events.ts';
import { duplicate, ledgerFaultOf, misuse } from './faults.ts';
import { Projections, type RunRow } from './projections.ts';
import type { Answer, TimedRequest, WriteRequest, Written } from './requests.ts';
import { storedTime } from './rows.ts';
import { toOverflow } from './wrapped-keys.ts';

const nothingWritten: Written = { row: null, hash: null, seq: null };

/** Turns requests into rows of the chain: decides what may be, appends, projects. One instance owns the writing connection. */
export class LedgerWriter {
  readonly #db: Database;
  readonly #file: string;
  readonly #bodies: Bodies;
  readonly #projections: Projections;
  readonly #sql: ReturnType<typeof statements>;
  #head: ChainHead;

  constructor(db: Database, file: string, head: ChainHead, bodies: Bodies) {
    this.#bodies = bodies;
    this.#db = db;
    this.#file = file;
    this.#head = head;
    this.#projections = new Projections(db);
    this.#sql = statements(db);
  }

  get head(): ChainHead {
    return this.#head;
  }

  /**
   * Commits all requests in one transaction and answers each, in order. A refused request leaves no trace and does not touch its
   * neighbours; where a disk is full, each is tried alone, so that those that still fit are kept. When the commit itself fails, all of
   * them fail and the book is as before.
   */
  commit(requests: readonly TimedRequest[]): Answer<Written>[] {
    const headBefore = this.#head;
    try {
      this.#sql.begin.run();
      const answers = requests.map((request) => this.#apart(request));
      this.#sql.projected.run(String(this.#head.row));
      this.#sql.commit.run();
      return answers;
    } catch (error) {
      if (this.#db.inTransaction) this.#sql.rollback.run();
      this.#head = headBefore;
      this.#bodies.forget();
      const fault = ledgerFaultOf(error, this.#file).toJSON();
      if (fault.code === 'ledger.full' && requests.length > 1)
        return requests.flatMap((request) => this.commit([request]));
      return requests.map(() => ({ ok: false, fault }));
    }
  }

  /** One request in a savepoint of its own. Throws only what concerns the whole transaction. */
  #apart({ at, text }: TimedRequest): Answer<Written> {
    const headBefore = this.#head;
    this.#sql.savepoint.run();
    try {
      const value = this.#perform(JSON.parse(text) as WriteRequest, at);
      this.#sql.release.run();
      return { ok: true, value };
    } catch (error) {
      // Full disk and the like have ended the transaction already, or will fail the neighbours as well.
      if (!this.#db.inTransaction || isSqlite(error)) throw error;
      this.#sql.rollbackTo.run();
      this.#sql.release.run();
      this.#head = headBefore;
      this.#bodies.forget();
      return { ok: false, fault: faultOf(error).toJSON() };
    }
  }

  #perform(request: WriteRequest, at: string): Written {
    switch (request.op) {
      case 'openBatch': {
        const { batch } = request;
        if (this.#sql.batch.get(batch.id) !== undefined)
          throw duplicate('batch', batch.id, { mac: '', run: '' }, `A batch ${batch.id} exists already.`);
        return this.#add({ kind: 'batch-opened', run: null, body: { batch } }, at);
      }
      case 'closeBatch': {
        const batch = this.#sql.batch.get(request.id) as { closed_at: string | null } | undefined;
        if (batch === undefined) throw misuse(`There is no batch ${request.id} to close.`, { batch: request.id });
        if (batch.closed_at !== null) return nothingWritten;
        return this.#add({ kind: 'batch-closed', run: null, body: { id: request.id, at: request.at } }, at);
      }
      case 'putRecipe': {
        const { recipe, text } = request;
        const kept = this.#sql.recipeText.get(recipe.hash) as string | undefined;
        if (kept === text) return nothingWritten;
        if (kept !== undefined)
          throw misuse(`Another text is kept under recipe hash ${recipe.hash}.`, { hash: recipe.hash });
        return this.#add({ kind: 'recipe', run: null, body: { recipe, text } }, at);
      }
      case 'noteRecipeState':
        return this.#add({ kind: 'recipe-state', run: null, body: request.note }, at);
      case 'noteSession':
        return this.#add({ kind: 'session', run: null, body: request.note }, at);
      case 'noteAct':
        return this.#add({ kind: 'act', run: null, body: request.act }, at);
      case 'noteCheckpoint':
        return this.#add({ kind: 'checkpoint', run: null, body: request.checkpoint }, at);
      case 'noteEscrowRelease': {
        const { release } = request;
        if (this.#sql.device.get(release.mac) === undefined)
          throw misuse(`No run has met a board ${release.mac}.`, { mac: release.mac });
        return this.#add({ kind: 'escrow-released', run: null, body: release }, at);
      }
      case 'openRun': {
        const { run } = request;
        if (this.#sql.run.get(run.id) !== undefined) throw misuse(`The run ${run.id} exists already.`, { run: run.id });
        if (run.mac !== null) {
          checkMac(run.mac);
          if (run.serial !== null) this.#checkClaim('serial', run.serial, run.mac);
        }
        return this.#add({ kind: 'run-opened', run: run.id, body: { run } }, at);
      }
      case 'bindRun': {
        const { facts } = request;
        const run = this.#runOf(request.run);
        const { mac = run.mac, serial = run.serial } = facts;
        if (facts.mac !== undefined) checkMac(facts.mac);
        if (run.mac !== null && mac !== run.mac)
          throw misuse(`The run ${run.id} is bound to ${run.mac} and cannot be bound to ${mac}.`, { run: run.id });
        if (mac !== null && serial !== null) this.#checkClaim('serial', serial, mac);
        return this.#add({ kind: 'run-bound', run: run.id, body: facts }, at);
      }
      case 'append':
        return this.#append(request, at);
      case 'endRun': {
        const run = this.#runOf(request.run);
        const { outcome } = request.end;
        if (run.outcome === outcome) return nothingWritten;
        if (run.outcome !== null)
          throw misuse(`The run ${run.id} has ended as ${run.outcome} and cannot end as ${outcome}.`, { run: run.id });
        return this.#add({ kind: 'run-ended', run: run.id, body: request.end }, at);
      }
      case 'seal':
        return this.#seal(request.record, at);
      case 'condemn':
        return this.#condemn(request, at);
      case 'release': {
        const { mac, by, reason } = request;
        if (this.#deviceOf(mac).state === 'sealed')
          throw misuse(`The board ${mac} is sealed: there is nothing to release.`, { mac });
        return this.#add({ kind: 'released', run: null, body: { mac, reason, by, dropped: this.#dropped(mac) } }, at);
      }
      case 'dropKeys':
        return this.#dropKeys(request, at);
    }
  }

  /** The first reason holds, and when it was said; people may still let the keys go. */
  #condemn({ mac, run, reason, keepKeys, by }: Extract<WriteRequest, { op: 'condemn' }>, at: string): Written {
    const { state } = this.#deviceOf(mac);
    const dropped = keepKeys ? [] : this.#dropped(mac);
    if (state === 'condemned' && by === null)
      return keepKeys ? nothingWritten : this.#dropKeys({ op: 'dropKeys', mac, reason }, at);
    const body = { mac, reason, dropped, ...(by === null ? {} : { by }) };
    return this.#add({ kind: 'condemned', run, body }, at);
  }

  #dropKeys({ mac, reason }: Extract<WriteRequest, { op: 'dropKeys' }>, at: string): Written {
    const dropped = this.#dropped(mac);
    if (dropped.length === 0) return nothingWritten;
    return this.#add({ kind: 'keys-dropped', run: null, body: { mac, reason, dropped } }, at);
  }

  #deviceOf(mac: string): { readonly state: string } {
    const device = this.#sql.device.get(mac) as { state: string } | undefined;
    if (device === undefined) throw misuse(`No run has met a board ${mac}.`, { mac });
    return device;
  }

  #append(request: Extract<WriteRequest, { op: 'append' }>, at: string): Written {
    const run = this.#runOf(request.run);
    const { event, step } = request;
    const seq = run.events;
    const form = formOf(event, run.id);
    if (run.mac !== null) for (const [field, value] of claimsOfEvent(event)) this.#checkClaim(field, value, run.mac);
    if (event.type !== 'key-made' && event.type !== 'escrowed') {
      const written = this.#add({ kind: 'event', run: run.id, body: { seq, step, event: form } }, at);
      return { ...written, seq };
    }
    if (event.type === 'escrowed' && event.wrapped === null)
      throw misuse('A secret was escrowed without its wrapped form.', { run: run.id });
    const data = event.wrapped && wrappedBytes(event.wrapped);
    const mark = event.wrapped && data && markOf(event.wrapped, data);
    const booked = { ...form, wrapped: mark };
    const written = this.#add({ kind: 'event', run: run.id, body: { seq, step, event: booked } }, at);
    if (mark && data) this.#keep(written, run.id, event, mark, data);
    return { ...written, seq };
  }

  /** The wrapped bytes lie beside the chain: those of keys until the seal, those of escrowed secrets beyond it. */
  #keep(
    { row }: Written,
    run: string,
    event: Extract<StepEvent, { type: 'key-made' | 'escrowed' }>,
    { wrappingKeyId, mechanism, sha256 }: WrappedKeyMark,
    data: Uint8Array,
  ): void {
    const { fingerprint } = event;
    const common = [fingerprint, wrappingKeyId, mechanism, sha256] as const;
    if (event.type === 'key-made') this.#sql.keepKey.run(row, run, event.role, ...common, toOverflow(data));
    else this.#sql.keepEscrow.run(row, run, event.what, ...common, data);
  }

  #seal(given: SealedRecord, at: string): Written {
    const run = this.#runOf(given.run);
    const record = formOfSeal(given, run.id);
    const { mac } = record.chip;
    if (run.mac !== mac)
      throw misuse(`The record is of ${mac}, but the run ${run.id} is of ${run.mac ?? 'no board yet'}.`, {
        run: run.id,
        mac,
      });
    if (run.outcome !== null && run.outcome !== 'passed')
      throw misuse(`The run ${run.id} has ended as ${run.outcome} and cannot be sealed.`, { run: run.id, mac });
    const device = this.#sql.device.get(mac) as { state: string; last_run: string } | undefined;
    if (device?.state === 'condemned')
      throw misuse(`The board ${mac} was condemned and cannot be sealed.`, { run: run.id, mac });
    const seen = new Set<string>();
    for (const [field, value] of claimsOf(record)) {
      const claim = `${field} ${value}`;
      if (seen.has(claim))
        throw duplicate(field, value, { mac, run: run.id }, `The record names the ${field} ${value} twice.`);
      seen.add(claim);
      if (field === 'mac') this.#checkUnsealed(mac);
      else this.#checkClaim(field, value, mac);
    }
    const body = { record, dropped: this.#dropped(mac) };
    const sealed = this.#add({ kind: 'sealed', run: run.id, body }, at);
    const recipe = record.recipe.hash;
    if (!this.#bodies.hasDictionary(recipe))
      this.#bodies.keepDictionary(
        recipe,
        storedRows(this.#sql.events.all(run.n) as StoredRow[], this.#bodies).map((row) => row.body),
      );
    const records = dictionaryOfRecords(recipe);
    if (!this.#bodies.hasDictionary(records)) this.#bodies.keepDictionary(records, [canonicalJson(body)]);
    return sealed;
  }

  #checkUnsealed(mac: string): void {
    const claim = this.#sql.claim.get('mac', mac) as { mac: string; run: string } | undefined;
    if (claim !== undefined)
      throw duplicate('mac', mac, claim, `The board ${mac} was sealed already, by run ${claim.run}.`);
  }

  /** What exists once may belong to this MAC already (a retry), never to another. */
  #checkClaim(field: string, value: string, mac: string): void {
    const claim = this.#sql.claim.get(field, value) as { mac: string; run: string } | undefined;
    if (claim === undefined || claim.mac === mac) return;
    const what = `The ${field.replaceAll('-', ' ')} ${value} belongs to the board ${claim.mac} (run ${claim.run}), not to ${mac}.`;
    throw duplicate(field, value, claim, what);
  }

  #dropped(mac: string): DroppedKey[] {
    return this.#sql.openKeys.all(mac) as DroppedKey[];
  }

  #runOf(id: string): RunRow {
    const run = this.#sql.run.get(id) as RunRow | undefined;
    if (run === undefined) throw misuse(`There is no run ${id}.`, { run: id });
    return run;
  }

  #add(entry: Entry, at: string): Written {
    const row = this.#head.row + 1;
    const prev = this.#head.hash;
    const bodyText = canonicalJson(entry.body);
    const hash = hashOfParts({ row, at, kind: entry.kind, run: entry.run, prev }, bodyText);
    const { run, body } = this.#stored(entry, bodyText);
    this.#sql.entry.run(row, storedTime(at), entry.kind, run, body, fromHex(hash));
    this.#projections.project({ ...entry, row, at });
    this.#head = { row, hash };
    return { row, hash, seq: null };
  }

  /** What an entry's run and body are in the file. */
  #stored({ run, kind }: Entry, bodyText: string): { run: string | number | null; body: StoredBody } {
    const opened = run === null || kind === 'run-opened' ? undefined : (this.#sql.run.get(run) as RunRow | undefined);
    if (opened === undefined) return { run, body: bodyText };
    const { hash } = JSON.parse(opened.recipe) as RecipeRef;
    const records = dictionaryOfRecords(hash);
    const dictionary = kind === 'sealed' && this.#bodies.hasDictionary(records) ? records : hash;
    return { run: opened.opened_row ?? run, body: this.#bodies.stored(bodyText, dictionary) };
  }

  /** The first row of a new book, which binds its station, its random id and its schema. */
  begin(body: Extract<Entry, { kind: 'genesis' }>['body'], at: string): void {
    this.#db
      .transaction(() => {
        this.#add({ kind: 'genesis', run: null, body }, at);
        this.#db.prepare(`INSERT INTO meta (name, value) VALUES ('projected', '1')`).run();
      })
      .immediate();
  }
}

function checkMac(mac: string): void {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)) throw misuse(`'${mac}' is no MAC of the form aa:bb:cc:dd:ee:ff.`);
}

function wrappedBytes({ data }: WrappedKey): Uint8Array {
  return Uint8Array.from(Buffer.from(data, 'base64'));
}

/** What the chain holds of a wrapped key. */
function markOf({ wrappingKeyId, mechanism }: WrappedKey, data: Uint8Array): WrappedKeyMark {
  return { wrappingKeyId, mechanism, sha256: sha256Hex(data) };
}

function isSqlite(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_');
}

function statements(db: Database) {
  const sql = (text: string): Statement => db.prepare(text);
  return {
    begin: sql('BEGIN IMMEDIATE'),
    commit: sql('COMMIT'),
    rollback: sql('ROLLBACK'),
    savepoint: sql('SAVEPOINT request'),
    release: sql('RELEASE request'),
    rollbackTo: sql('ROLLBACK TO request'),
    projected: sql(`UPDATE meta SET value = ? WHERE name = 'projected'`),
    entry: sql('INSERT INTO entries (row, at, kind, run, body, hash) VALUES (?, ?, ?, ?, ?, ?)'),
    events: sql(eventRows),
    run: sql('SELECT * FROM runs WHERE id = ?'),
    batch: sql('SELECT closed_at FROM batches WHERE id = ?'),
    recipeText: sql('SELECT text FROM recipes WHERE hash = ?').pluck(),
    device: sql('SELECT state, last_run FROM devices WHERE mac = ?'),
    claim: sql('SELECT mac, run FROM claims WHERE field = ? AND value = ?'),
    keepKey: sql(
      `INSERT INTO wrapped_keys (row, run, role, fingerprint, wrapping_key_id, mechanism, sha256, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    keepEscrow: sql(
      `INSERT INTO escrows (row, run, what, fingerprint, wrapping_key_id, mechanism, sha256, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    openKeys: sql(
      `SELECT k.run, k.role, k.fingerprint, k.sha256 FROM runs r JOIN wrapped_keys k ON k.run = r.id WHERE r.mac = ? ORDER BY k.row`,
    ),
  };
}
