import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Signer } from '../../../main/signing/signer.ts';
import { awaitedSigner } from '../../../main/station/awaited-signer.ts';
import { StepHistory } from '../../../main/station/desk/line/step-history.ts';
import { Tile } from '../../../main/station/desk/line/tile.ts';
import { TokenWatch } from '../../../main/station/desk/line/token-watch.ts';
import { silentMs } from '../../../main/station/overdue.ts';
import type { Station } from '../../../main/station/station.ts';

test('a token that hangs is told of within two seconds, and that it answers again', async () => {
  assert.ok(silentMs < 2000);
  const answers: (() => void)[] = [];
  const token = { keys: () => new Promise((resolve) => answers.push(() => resolve([]))) } as unknown as Signer;
  const told: boolean[] = [];
  const signer = awaitedSigner(token, (isSilent) => told.push(isSilent), 20);
  const first = signer.keys();
  answers.shift()!();
  await first;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(told, [], 'what comes in time is no news');
  const late = [signer.keys(), signer.keys()];
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(told, [true], 'told once, however many wait');
  answers.shift()!();
  await late[0];
  assert.deepEqual(told, [true]);
  answers.shift()!();
  await late[1];
  assert.deepEqual(told, [true, false]);
});

test('the tile that waits for it says so, and no other', () => {
  const said = { needs: null, chosen: null, bound: null };
  const tile = new Tile({ name: 'nest', address: 'virtual:esp32p4' }, new StepHistory());
  const hear = (waiting: boolean) =>
    tile.hear({ type: 'token', fixture: 'nest', isSilent: waiting }, 0, '2026-11-22T10:00:00.000Z', () => 'take-out');
  assert.equal(tile.view(0, said).tokenIsSilent, false);
  hear(true);
  assert.equal(tile.view(0, said).tokenIsSilent, true);
  hear(false);
  assert.equal(tile.view(0, said).tokenIsSilent, false);
});

test('everybody hears of a silent token at once, and that it is back after a look', async () => {
  const heard: ((event: unknown) => void)[] = [];
  const status = { label: 'hsm', serial: '1', manufacturer: 'm', model: 'x', healthy: true, signMs: 3 };
  const station = {
    parts: { signer: { status: async () => status, keys: async () => [] } },
    listen: (listener: (event: unknown) => void) => {
      heard.push(listener);
      return () => undefined;
    },
  } as unknown as Station;
  const watch = new TokenWatch(station, false);
  const views: (string | null)[] = [];
  const back = new Promise<void>((resolve) => {
    watch.listen(({ healthy, fault }) => {
      views.push(fault?.code ?? String(healthy));
      if (healthy) resolve();
    });
  });
  heard[0]!({ type: 'token', fixture: 'nest', isSilent: true });
  assert.deepEqual(views, ['token.silent']);
  heard[0]!({ type: 'token', fixture: 'nest', isSilent: false });
  await back;
  assert.deepEqual(views, ['token.silent', 'true']);
  watch.close();
});
