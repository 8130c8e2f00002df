import { faultOf, isFault, LedgerFault } from '../model/fault.ts';
import { type OwnSql, openSql, plantFault } from '../plant/connect.ts';
import { stationDoor } from '../plant/station-door.ts';
import { giveCosignature, headThere, othersThere } from '../plant/witness.ts';
import type { Station } from '../station/station.ts';
import { lastWitnessed, witnessHead } from '../station/witnessing.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { witnessRoles } from './heads.ts';
import { withStation } from './opened.ts';
import { keysOf, plantNotConfigured } from './plant.ts';
import { type SignInOptions, signInWhereKnown } from './sign-in.ts';
import { faultLines, wordsOf } from './words.ts';

export interface PlantWitnessOptions extends SignInOptions {
  readonly json?: boolean;
  /** STATION=FILE. */
  readonly key?: readonly string[];
  /** Minutes. */
  readonly every?: number;
}

/** Cosigns the newest head of each other station that the plant has, once or again and again until Ctrl-C. */
export function plantWitness(options: PlantWitnessOptions, context: CliContext): Promise<Exit> {
  const keys = keysOf(options.key);
  const { name, plant } = context.settings(options);
  if (plant === null) throw plantNotConfigured();
  const ended = new AbortController();
  const stop = context.onInterrupt(() => ended.abort(new Error('interrupted')));
  return withStation(options, context, async (station) => {
    const by = await signInWhereKnown(station.parts.ledger, options, witnessRoles, context);
    for (let status: Exit = exit.passed; ; ) {
      const door = stationDoor(plant, name);
      const sql = openSql(door);
      try {
        status = await witnessAll(sql, station, { keys, by, json: options.json === true }, context);
      } catch (error) {
        const fault = faultOf(plantFault(error, door));
        if (options.every === undefined || fault.code === 'plant.no-witness') throw fault;
        for (const line of faultLines(fault.toJSON(), context.streams.language)) context.streams.say(line);
      } finally {
        sql.end();
      }
      if (options.every === undefined || ended.signal.aborted) return status;
      await context.clock.sleep(options.every * 60_000, ended.signal).catch(() => undefined);
      if (ended.signal.aborted) return status;
    }
  }).finally(stop);
}

async function witnessAll(
  sql: OwnSql,
  station: Station,
  {
    keys,
    by,
    json,
  }: { readonly keys: ReadonlyMap<string, string>; readonly by: string | null; readonly json: boolean },
  context: CliContext,
): Promise<Exit> {
  const others = await othersThere(sql);
  if (others === null)
    throw new LedgerFault({
      code: 'plant.no-witness',
      what: 'The plant does not let this station witness the heads of the others.',
      next: 'Its owner lets it: plant init (where the tables are older), then plant enroll with --witness. Nothing was cosigned.',
    });
  const { streams } = context;
  const { plant: words } = wordsOf(context).terminal;
  const seen = {
    ...{ none: words.headNone, seen: words.headSeen },
    ...{ behind: words.headBehind, differs: words.headDiffers },
  };
  let status: Exit = exit.passed;
  for (const name of others) {
    const tell = (state: string, size: number, line: string) =>
      streams.answer(json ? JSON.stringify({ station: name, state, size }) : line);
    const there = await headThere(sql, name, (origin) => lastWitnessed(station.parts.ledger, origin));
    if (there.state !== 'new') {
      if (there.state === 'behind' || there.state === 'differs') status = exit.station;
      tell(there.state, there.size, seen[there.state]({ station: name, rows: there.size }));
      continue;
    }
    try {
      const key = keys.get(name);
      const note = await witnessHead(
        station.parts,
        { request: there.request, ...(key === undefined ? {} : { key }) },
        by,
      );
      await giveCosignature(sql, name, note);
      tell('cosigned', there.size, words.headCosigned({ station: name, rows: there.size }));
    } catch (error) {
      // one station's head that is refused keeps nobody from seeing the others
      if (!isFault(error) || (error.faultClass !== 'recipe' && error.faultClass !== 'ledger')) throw error;
      status = exit.station;
      tell(error.code, there.size, words.headRefused({ station: name, rows: there.size }));
      for (const line of faultLines(error.toJSON(), streams.language)) streams.say(line);
    }
  }
  return status;
}
