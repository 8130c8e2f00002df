// What is said twice of a board: the first plan holds, of all else the last word.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredEvent } from '../../../main/model/event.ts';
import { toldBy } from '../../../main/station/told.ts';
import { everyEvent } from '../model/facts.ts';

const stored = (events: readonly StoredEvent['event'][]): StoredEvent[] =>
  events.map((event, seq) => ({ run: 'r1', seq, at: `2026-11-26T10:00:0${seq}.000Z`, step: null, event }));

test('where two runs made a board, the plan of the first is the one it was made by', () => {
  const planned = everyEvent.find((event) => event.type === 'planned')!;
  const later = { ...planned, planDigest: 'later' };
  assert.equal(toldBy(stored([planned, later])).planned?.planDigest, planned.planDigest);
});

test('a step that was carried out anew says its facts again, and the last word counts', () => {
  const image = everyEvent.find((event) => event.type === 'observed' && event.what === 'image')!;
  assert.ok(image.type === 'observed' && image.what === 'image');
  const again = { ...image, value: { ...image.value, flashSha256: 'again' } };
  const elsewhere = { ...image, value: { ...image.value, offset: 0x10000 } };
  const { images } = toldBy(stored([image, elsewhere, again]));
  assert.deepEqual(
    [...images].map(([offset, { flashSha256 }]) => [offset, flashSha256]),
    [
      [image.value.offset, 'again'],
      [0x10000, image.value.flashSha256],
    ],
  );
});

test('what this program does not know is in no record of its own', () => {
  const unknown = { type: 'unknown', kind: 'observed firmware', version: 9, raw: { type: 'observed' } } as const;
  assert.deepEqual(toldBy(stored([unknown])), toldBy([]));
});
