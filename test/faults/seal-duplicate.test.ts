// What a record states turns out at the seal to belong to another board: the board is burned by then, and is told so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ledger } from '../../main/ledger/ledger.ts';
import { LedgerFault } from '../../main/model/fault.ts';
import { makeMissingKeys } from '../../main/recipe/making/token-keys.ts';
import { createStation } from '../../main/start/compose.ts';
import type { StationEvent } from '../../main/station/events.ts';
import { noToken, recipeNamed, setStage } from '../stories/stage.ts';

test('a board whose record cannot be sealed is neither untouched nor sealed', { skip: noToken }, async (t) => {
  const stage = await setStage();
  t.after(() => stage.close());
  const { parts } = stage.station;
  const taken = new LedgerFault({
    code: 'ledger.duplicate',
    what: 'The certificate 01 belongs to another board.',
    next: 'Set the board aside.',
    safety: 'untouched',
  });
  // the real book, but for the seal
  const ledger = new Proxy(parts.ledger, {
    get(book, name) {
      if (name === 'seal') return () => Promise.reject(taken);
      const member: unknown = Reflect.get(book, name, book);
      return typeof member === 'function' ? member.bind(book) : member;
    },
  }) as Ledger;
  const station = createStation({ ...parts, ledger });
  const verdicts: StationEvent[] = [];
  station.listen((event) => event.type === 'verdict' && verdicts.push(event));
  const loaded = recipeNamed('esp32c3-production');
  await makeMissingKeys(loaded.recipe, parts.signer);
  const address = 'virtual:esp32c3?pacing=none';
  const job = { loaded, fixtures: [{ name: 'F1', address }], count: 1, order: null, operator: null, serials: [] };
  await station
    .provision({ ...job, resetBy: 'lines', signal: new AbortController().signal })
    .catch((error: unknown) => assert.equal((error as LedgerFault).code, 'ledger.duplicate'));
  const [verdict] = verdicts;
  assert.ok(verdict?.type === 'verdict');
  assert.deepEqual([verdict.fault?.code, verdict.fault?.safety], ['ledger.duplicate', 'resumable']);
  assert.match(verdict.fault!.what, /finished, but cannot be sealed: The certificate 01/);
  assert.equal(await parts.ledger.sealedDevice(stage.chip(address).identity.mac), null);
});
