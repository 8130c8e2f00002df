import type { Database } from 'better-sqlite3';
import { canonicalJson } from '../../base/json.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { RecipeRef } from '../../model/refs.ts';
import type { DeviceQuery, DeviceRow } from '../ledger.ts';
import { type Bodies, dictionaryOfRecords } from './bodies.ts';
import { KeptStatements } from './kept-statements.ts';
import { entriesOf, hasSerialParts, macEnd, partLength } from './serial-parts.ts';

/** How many devices one source of a text search looks at; bounds the time of any search whatever the size of the book. */
const cap = 5_000;
/** How many different batches, recipes or operators one text may fit. */
const maxValues = 50;
/** How many of the latest runs are looked through for a fixture or a fault's code, which no index holds. */
const latestRuns = 20_000;
/** Longer than a MAC: the beginning of a SHA-256, as people copy it out of a record. */
const digest = /^[0-9a-f]{13,64}$/i;
const wholeDigest = /^[0-9a-f]{64}$/i;
/** Behind every text that begins with a given one. */
const last = '\u{10ffff}';

export interface Filter {
  /** Columns that a source has to give for `sql` to be asked of it. */
  readonly columns: string;
  readonly sql: string;
  readonly values: readonly string[];
}

export interface Found {
  readonly n: number;
  readonly last_at: string;
}

/**
 * Finds devices, most recent first. Without a text one index answers in order. A text is looked for in each field's index: MAC, serial
 * and certificate serial by range; batch (also by its order), recipe and operator value by value, most recent first. Each source is bounded
 * by `cap`; where a bound was met, the most recent devices are looked through as well, so that these are never missed. Behind all that
 * begins with the text, and only where that does not fill the page, stands what has it elsewhere: the end of a MAC, a part of a serial
 * number (unless some device has the whole text as its own, or it is a whole digest), the fixture or the fault's code of one of the latest
 * runs. The beginning of a digest finds the device of a key, and those of each recipe whose boards have that image or key, each of which is
 * told only where its own sealed row says so.
 */
export class DeviceSearch {
  readonly #bodies: Bodies;
  readonly #sql: KeptStatements;
  readonly #hasParts: boolean;
  /** By the hash of a recipe, digests that its boards have in common. */
  readonly #digests = new Map<string, readonly string[]>();

  constructor(db: Database, bodies: Bodies) {
    this.#sql = new KeptStatements(db);
    this.#hasParts = hasSerialParts(db);
    this.#bodies = bodies;
  }

  devices(query: DeviceQuery): DeviceRow[] {
    const limit = Math.min(Math.max(query.limit ?? 100, 0), 1000);
    const offset = Math.max(query.offset ?? 0, 0);
    const filter = filterOf(query);
    const text = query.text?.trim() ?? '';
    if (text === '') {
      const sql = `SELECT * FROM devices WHERE ${filter.sql} ORDER BY last_at DESC, n DESC LIMIT ? OFFSET ?`;
      return (this.#all(sql, ...filter.values, limit, offset) as unknown as Row[]).map(deviceRow);
    }
    const found = new Map<number, string>();
    const add = (rows: readonly Found[]) => {
      for (const row of rows) found.set(row.n, row.last_at);
    };
    let bounded = false;
    const enough = limit + offset;
    for (const [field, prefix] of ranges(text)) {
      const span = [prefix, prefix + last] as const;
      const range = `SELECT ${filter.columns} FROM devices WHERE ${field} >= ? AND ${field} < ? ORDER BY ${field} LIMIT ${cap}`;
      add(this.#all(recentOf(range, filter.sql), ...span, ...filter.values, enough));
      const beyond = `SELECT 1 FROM devices WHERE ${field} >= ? AND ${field} < ? LIMIT 1 OFFSET ${cap}`;
      bounded ||= this.#all(beyond, ...span).length > 0;
    }
    const ofDigest = digest.test(text) ? this.#byDigest(text.toLowerCase(), filter, enough) : [];
    add(ofDigest);
    for (const field of ['batch', 'recipe_name', 'operator'] as const) {
      const values = field === 'batch' ? this.#batchesOf(text) : this.#valuesOf(field, text);
      const bound = filter.sql === '1' ? enough : Math.max(enough, Math.floor(cap / Math.max(values.length, 1)));
      const recent = `SELECT ${filter.columns} FROM devices WHERE ${field} = ? ORDER BY last_at DESC LIMIT ?`;
      for (const value of values) add(this.#all(recentOf(recent, filter.sql), value, bound, ...filter.values, enough));
      bounded ||= values.length === maxValues || (values.length > 0 && filter.sql !== '1');
    }
    if (bounded) add(this.#recent(text, filter, enough));
    const begins = new Set(found.keys());
    // what has a digest at its beginning has none in its midst: the devices need not be looked through
    if (found.size < enough && ofDigest.length === 0)
      for (const row of this.#parts(text, filter, enough)) found.set(row.n, row.last_at);
    const rank = (n: number) => (begins.has(n) ? 0 : 1);
    const order = [...found].sort(
      ([a, atA], [b, atB]) => rank(a) - rank(b) || (atA < atB ? 1 : atA > atB ? -1 : b - a),
    );
    return order
      .slice(offset, offset + limit)
      .map(([n]) => deviceRow(this.#all('SELECT * FROM devices WHERE n = ?', n)[0] as unknown as Row));
  }

  #byDigest(text: string, filter: Filter, enough: number): readonly Found[] {
    const span = [text, text + last];
    const owners = `SELECT mac FROM claims WHERE field = ? AND value >= ? AND value < ? LIMIT ${cap}`;
    const ofKeys = recentOf(`SELECT ${filter.columns} FROM devices WHERE mac IN (${owners})`, filter.sql);
    const ofRecipe = `SELECT ${filter.columns} FROM devices WHERE recipe_name = ? AND recipe = ? ORDER BY last_at DESC LIMIT ?`;
    const bound = filter.sql === '1' ? enough : Math.max(enough, cap);
    return [
      ...(['fingerprint', 'public-key'] as const).flatMap((field) =>
        this.#all(ofKeys, field, ...span, ...filter.values, enough),
      ),
      ...this.#firstSealedWith(
        text,
        this.#recipesWith(text).flatMap((recipe) =>
          this.#all(
            recentOf(ofRecipe, filter.sql),
            ...[recipe.name, canonicalJson(recipe), bound, ...filter.values, enough],
          ),
        ),
        enough,
      ),
    ];
  }

  /** The most recent of them whose sealed row has that digest: a row is unpacked and read for each, so no more than are asked for. */
  #firstSealedWith(text: string, devices: Found[], enough: number): Found[] {
    devices.sort((a, b) => (a.last_at < b.last_at ? 1 : a.last_at > b.last_at ? -1 : b.n - a.n));
    const found: Found[] = [];
    for (const device of devices) {
      if (found.length === enough) break;
      if (this.#sealedWith(device.n, text)) found.push(device);
    }
    return found;
  }

  /** Whether the sealed row of a device has that digest: what one board has, others of its recipe need not (certificates, NVS). */
  #sealedWith(n: number, text: string): boolean {
    const sql = `SELECT e.body FROM devices d JOIN book e ON e.row = d.sealed_row WHERE d.n = ? AND d.state = 'sealed'`;
    const [row] = this.#all(sql, n) as unknown as { body: unknown }[];
    const body = row === undefined ? null : this.#bodies.text(row.body);
    return body?.includes(text) === true && digestsIn(body).some((one) => one.startsWith(text));
  }

  /** Recipes whose boards have an image or a Secure Boot key of a digest that begins so: as the first sealed board of each had it. */
  #recipesWith(text: string): RecipeRef[] {
    const recipes = this.#all('SELECT hash, name, revision FROM recipes') as unknown as RecipeRef[];
    return recipes.filter(({ hash }) => this.#digestsOf(hash).some((one) => one.startsWith(text)));
  }

  #digestsOf(recipe: string): readonly string[] {
    const known = this.#digests.get(recipe);
    if (known !== undefined) return known;
    const text = this.#bodies.kept(dictionaryOfRecords(recipe));
    if (text === null) return [];
    const digests = digestsIn(text);
    this.#digests.set(recipe, digests);
    return digests;
  }

  /** Those of the most recent devices (that pass the filter) of which any field begins with the text. */
  #recent(text: string, filter: Filter, enough: number): readonly Found[] {
    const prefixes = [
      ...ranges(text),
      ...(['batch', 'recipe_name', 'operator'] as const).map((field) => [field, text] as const),
    ];
    const columns = prefixes.map(([field]) => field).join(', ');
    const recent = `SELECT n, last_at, ${columns} FROM devices WHERE ${filter.sql} ORDER BY last_at DESC LIMIT ${cap}`;
    return this.#all(
      recentOf(recent, prefixes.map(([field]) => `(${field} >= ? AND ${field} < ?)`).join(' OR ')),
      ...filter.values,
      ...prefixes.flatMap(([, prefix]) => [prefix, prefix + last]),
      enough,
    );
  }

  /** Those that have the text elsewhere than at a beginning. */
  #parts(text: string, filter: Filter, enough: number): readonly Found[] {
    const { columns } = filter;
    const runs = `SELECT DISTINCT mac FROM (SELECT mac, fixture, fault FROM runs ORDER BY n DESC LIMIT ${latestRuns})
      WHERE mac IS NOT NULL AND (fixture = ? COLLATE NOCASE OR (length(?) >= ${partLength} AND fault LIKE ? ESCAPE '!'))`;
    const ofRuns = recentOf(`SELECT ${columns} FROM devices WHERE mac IN (${runs})`, filter.sql);
    return [
      ...this.#byMacEnd(text, filter, enough),
      ...(this.#mayBePart(text) ? this.#bySerialPart(text, filter, enough) : []),
      ...this.#all(ofRuns, text, text, `%"code":"${escaped(text)}%`, ...filter.values, enough),
    ];
  }

  #byMacEnd(text: string, filter: Filter, enough: number): readonly Found[] {
    const tail = macTail(text);
    if (tail === null) return [];
    const ends = `SELECT ${filter.columns} FROM devices WHERE substr(mac, -${macEnd}) = ? AND mac LIKE ?`;
    return this.#all(recentOf(ends, filter.sql), tail.slice(-macEnd), `%${tail}`, ...filter.values, enough);
  }

  /** Of what very many have the devices that were begun last are looked at, and those on which something was done last. */
  #bySerialPart(text: string, filter: Filter, enough: number): readonly Found[] {
    const has = `serial LIKE ? ESCAPE '!'`;
    const part = `%${escaped(text)}%`;
    const entries = this.#hasParts ? entriesOf(text) : null;
    const { columns, sql, values } = filter;
    if (entries === null) {
      const each = `SELECT ${columns} FROM devices WHERE ${has}`;
      return this.#all(recentOf(each, sql), part, ...values, enough);
    }
    const bound = sql === '1' ? cap : cap * 8;
    const may = `SELECT rowid FROM serial_parts WHERE serial_parts MATCH ? ORDER BY rowid DESC LIMIT ${bound}`;
    const those = `SELECT ${columns} FROM devices WHERE n IN (${may}) AND ${has}`;
    const last = `SELECT n, last_at, serial FROM devices WHERE ${sql} ORDER BY last_at DESC LIMIT ${cap}`;
    const beyond = `SELECT 1 FROM serial_parts WHERE serial_parts MATCH ? LIMIT 1 OFFSET ${bound}`;
    return [
      ...this.#all(recentOf(those, sql), entries, part, ...values, enough),
      ...(this.#all(beyond, entries).length > 0 ? this.#all(recentOf(last, has), ...values, part, enough) : []),
    ];
  }

  /**
   * Whether parts of serial numbers are meant. Who gives a whole digest, or what some device has as its MAC, its
   * serial number or that of its certificate, means no part of another serial number.
   */
  #mayBePart(text: string): boolean {
    const whole = (field: string) => `SELECT 1 FROM devices WHERE ${field} = ? LIMIT 1`;
    return (
      text.length >= partLength &&
      !wholeDigest.test(text) &&
      ranges(text).every(([field, value]) => this.#all(whole(field), value).length === 0)
    );
  }

  /** Batches whose name or order begins with the text. */
  #batchesOf(text: string): string[] {
    const byOrder = this.#all(
      `SELECT id AS value FROM batches WHERE order_text LIKE ? ESCAPE '!' ORDER BY opened_at DESC LIMIT ${maxValues}`,
      `${escaped(text)}%`,
    ) as unknown as { value: string }[];
    return [...new Set([...this.#valuesOf('batch', text), ...byOrder.map(({ value }) => value)])];
  }

  /** The different values of a field that begin with the text, the last in order first; one index lookup each. */
  #valuesOf(field: string, text: string): string[] {
    const values: string[] = [];
    for (let below = text + last; values.length < maxValues; ) {
      const sql = `SELECT ${field} AS value FROM devices WHERE ${field} >= ? AND ${field} < ? ORDER BY ${field} DESC LIMIT 1`;
      const row = this.#all(sql, text, below)[0] as unknown as { value: string } | undefined;
      if (row === undefined) break;
      values.push(row.value);
      below = row.value;
    }
    return values;
  }

  #all(sql: string, ...values: (string | number)[]): Found[] {
    return this.#sql.of(sql).all(...values) as Found[];
  }
}

/** Of Secure Boot keys and images as they were signed, and as they lie in flash where nothing encrypts them, by the body of a sealed row. */
function digestsIn(sealed: string): string[] {
  const { record } = JSON.parse(sealed) as { record: SealedRecord };
  return [
    ...(record.secureBoot?.keyDigests ?? []),
    ...record.images.flatMap((image) => [image.plainSha256 ?? [], image.encrypted ? [] : image.flashSha256].flat()),
  ];
}

/** Of a bounded source those that pass, the most recent first; the last value is how many. */
function recentOf(source: string, passes: string): string {
  return `SELECT n, last_at FROM (${source}) WHERE ${passes} ORDER BY last_at DESC, n DESC LIMIT ?`;
}

/** Near unique fields and how the text would begin in them. */
function ranges(text: string): (readonly ['mac' | 'serial' | 'certificate', string])[] {
  const mac = macPrefix(text);
  return [...(mac === null ? [] : [['mac', mac] as const]), ['serial', text], ['certificate', text]];
}

/** 'AABBC', 'aa-bb-c', 'aa:bb:c' as 'aa:bb:c'; null for what cannot begin a MAC. */
function macPrefix(text: string): string | null {
  const digits = text.toLowerCase().replaceAll(/[:-]/g, '');
  if (!/^[0-9a-f]{1,12}$/.test(digits)) return null;
  return (digits.match(/.{1,2}/g) ?? []).join(':');
}

/** 'b710', '0b:71:0' as the end of a MAC with its colons; null for what cannot end one. */
function macTail(text: string): string | null {
  const digits = text.toLowerCase().replaceAll(/[:-]/g, '');
  if (!/^[0-9a-f]{3,11}$/.test(digits)) return null;
  const odd = digits.length % 2;
  const pairs = digits.slice(odd).match(/../g) ?? [];
  return [...(odd === 0 ? [] : [digits.slice(0, 1)]), ...pairs].join(':');
}

/** A text as LIKE takes it literally. */
function escaped(text: string): string {
  return text.replaceAll(/[!%_]/g, '!$&');
}

export function filterOf(query: DeviceQuery): Filter {
  const terms: (readonly [string, string | null])[] = [];
  if (query.batch !== undefined) terms.push(['batch = ?', query.batch]);
  // 'state' values stand in the text so that SQLite sees that the partial index fits.
  if (query.outcome === 'open') terms.push([`state = 'open'`, null]);
  else if (query.outcome === 'sealed') terms.push([`state = 'sealed'`, null]);
  else if (query.outcome !== undefined) terms.push(['outcome = ?', query.outcome]);
  if (query.from !== undefined) terms.push(['last_at >= ?', query.from]);
  // 'Z' is behind every time of a day that begins with the date alone.
  if (query.to !== undefined) terms.push(['last_at <= ?', /T/.test(query.to) ? query.to : `${query.to}Z`]);
  return {
    // Without terms an index alone answers: no row of the table has to be looked up.
    columns: terms.length === 0 ? 'n, last_at' : 'n, last_at, batch, outcome, state',
    sql: terms.length === 0 ? '1' : terms.map(([sql]) => sql).join(' AND '),
    values: terms.flatMap(([, value]) => (value === null ? [] : [value])),
  };
}

export interface Row {
  mac: string;
  serial: string | null;
  chip: string | null;
  recipe: string;
  batch: string | null;
  outcome: Outcome | null;
  sealed_at: string | null;
  last_run: string;
  last_at: string;
  attempts: number;
  condemned: string | null;
}

export function deviceRow(row: Row): DeviceRow {
  return {
    mac: row.mac,
    serial: row.serial,
    chip: row.chip,
    recipe: JSON.parse(row.recipe) as RecipeRef,
    batch: row.batch,
    outcome: row.outcome,
    sealedAt: row.sealed_at,
    lastRun: row.last_run,
    lastAt: row.last_at,
    attempts: row.attempts,
    condemned: row.condemned !== null,
  };
}
