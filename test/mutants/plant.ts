// The plant: what PostgreSQL refuses by itself, and what a station holds against it.
import type { Mutant } from './mutant.ts';

const tests = ['test/faults/plant.test.ts'];
const tables = 'main/plant/migrations.ts';

export const plantMutants: readonly Mutant[] = [
  {
    id: 'plant.hash',
    file: tables,
    before: 'CHECK (hash = plant.row_hash("row", at, kind, run, body, prev))',
    after: 'CHECK (true)',
    breaks: 'The plant would take a row that was changed on its way.',
    tests,
    name: 'the database itself',
  },
  {
    id: 'plant.follows',
    file: tables,
    before: 'FOREIGN KEY (station, before, prev) REFERENCES plant.rows (station, "row", hash)',
    after: 'CHECK (true)',
    breaks: 'The plant would take rows behind a gap, or of another chain.',
    tests,
    name: 'the database itself',
  },
  {
    id: 'plant.own-rows',
    file: tables,
    before: 'WITH CHECK (station = (SELECT plant.me()))',
    after: 'WITH CHECK (true)',
    breaks: "A station could write another one's rows.",
    tests,
    name: "a station's role",
  },
  {
    id: 'plant.clash',
    file: tables,
    before: 'IF held.station <> NEW.station OR held.mac <> own THEN',
    after: 'IF false THEN',
    breaks: 'Two devices of two stations could have one serial number, and nobody would hear of it.',
    tests,
    name: 'what two boards',
  },
  {
    id: 'plant.same-book',
    file: 'main/plant/forwarder.ts',
    before: 'if (own?.hash === there.hash) return there;',
    after: 'return there;',
    breaks: 'A copied or restored ledger would not be told as what it is.',
    tests,
    name: 'a second station',
  },
  {
    id: 'plant.server-proven',
    file: 'main/plant/connect.ts',
    before: 'rejectUnauthorized: true',
    after: 'rejectUnauthorized: false',
    breaks: 'Any computer on the network could be taken for the plant.',
    tests,
    name: 'who is not let in',
  },
  {
    id: 'plant.places-once',
    file: tables,
    before: 'CONSTRAINT held_once EXCLUDE USING gist (places WITH &&)',
    after: 'CONSTRAINT held_once CHECK (true)',
    breaks: 'A database that was put back would give the places of one station to another.',
    tests,
    name: 'places of an order',
  },
  {
    id: 'plant.own-places',
    file: tables,
    before: 'WHERE l.digest = given AND l.station = of AND l.returned IS NULL',
    after: 'WHERE l.digest = given AND l.returned IS NULL',
    breaks: 'A station could give back what another one uses.',
    tests,
    name: 'places of an order',
  },
  {
    id: 'plant.remembered',
    file: 'main/plant/leasing.ts',
    before: 'for (const lease of kept) await keep(sql, number, order, lease);',
    after: '',
    breaks: 'Leases that an older backup forgot would be given again.',
    tests,
    name: 'places of an order',
  },
];
