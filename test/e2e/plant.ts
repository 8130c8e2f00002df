// A plant for the screens that show one: sixteen stations, faults, a conflict, an order by leases, in a real server where one can be had.
import { systemRandom } from '../../main/base/random.ts';
import { plantAddress } from '../../main/plant/address.ts';
import { enroll, enrollViewer, initPlant } from '../../main/plant/administer.ts';
import { openSql } from '../../main/plant/connect.ts';
import {
  type PrivateServer,
  privateOwner,
  serverPrograms,
  startPrivateServer,
} from '../../main/plant/private-server.ts';
import type { Bench, BenchOptions } from './bench.ts';

interface ShownPlant {
  /** Text of the station file of one of them, which shows this plant. */
  readonly stationFile: string;
  readonly server: PrivateServer;
}

/** Null: there is no PostgreSQL here (test/faults/plant.test.ts says why), and the screens show that a station shows no plant. */
async function showPlant(): Promise<ShownPlant | null> {
  const programs = process.platform === 'win32' ? null : serverPrograms();
  if (programs === null) return null;
  const server = await startPrivateServer({ programs });
  const sql = openSql({ address: plantAddress(server.ownerUrl), user: privateOwner, ca: null, password: null });
  const keep = () => undefined;
  await initPlant(sql);
  for (let n = 1; n <= 16; n++) await enroll(sql, `line-${n}`, systemRandom, keep);
  await enrollViewer(sql, 'hq', systemRandom, keep);
  await sql.script(`
    UPDATE plant.stations SET seen_at = now() - CASE name WHEN 'line-7' THEN interval '40 minutes' ELSE interval '1 second' END, newest = 12
      WHERE name <> 'line-16';
    INSERT INTO plant.runs SELECT s.name, s.name || '-' || n, n, '60:55:f9:00:' || to_char(length(s.name), 'FM00') || ':' || to_char(n, 'FM00'),
      'SN-' || s.name || '-' || n, now() - n * interval '70 seconds', CASE WHEN n % 9 = 0 THEN 'failed' ELSE 'passed' END,
      CASE WHEN n % 9 = 0 THEN 'protocol.timeout' END FROM plant.stations AS s, generate_series(1, 40) AS n WHERE s.name <> 'line-16';
    INSERT INTO plant.orders (name, digest, boards, file) VALUES ('O-2026-17', sha256('a'), 5000, 'a');
    INSERT INTO plant.held (number, boards, station, first, last)
      SELECT number, boards, 'line-1', 1, 1200 FROM plant.orders UNION ALL SELECT number, boards, 'line-2', 1201, 2000 FROM plant.orders;
    SELECT plant.tell_conflict('fork', 'line-3', 118, 'hash', '', NULL, NULL);
    SELECT plant.tell_conflict('claim', 'line-5', 77, 'serial', 'SN-000017', 'line-2', 45);`);
  sql.end();
  return {
    server,
    stationFile: `fuseline: 1\nstation: line-1\nplant: {url: '${server.socketUrl}', viewer: {name: hq}}\n`,
  };
}

/** A bench whose station shows such a plant where there can be one; and what closes both. */
export async function benchWithPlant(
  open: (options: BenchOptions) => Promise<Bench>,
  options: BenchOptions,
): Promise<{ readonly bench: Bench; close(): Promise<void> }> {
  const plant = await showPlant();
  const bench = await open({ ...options, ...(plant === null ? {} : { stationFile: plant.stationFile }) });
  return {
    bench,
    async close() {
      await bench.close();
      await plant?.server.close();
    },
  };
}
