// A browser that was let in once comes back after the station was started again; nobody else does.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { systemClock } from '../../../main/base/clock.ts';
import { systemRandom } from '../../../main/base/random.ts';
import { startLoopback } from '../../../main/ipc/loopback.ts';
import { Seats } from '../../../main/ipc/seats.ts';
import { withoutSoftHsm } from '../signing/soft-token.ts';
import { openLine, temporaryFolder } from './rig.ts';

interface Frame {
  readonly welcome?: boolean;
  readonly reload?: string;
  readonly seat?: { readonly id: string; readonly key: string };
  readonly greeting?: { readonly proof: string; readonly nonce: string };
}

const nonce = 'ab'.repeat(32);
const code = (key: string, side: string, host: string, stationNonce: string) =>
  createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`fuseline ${side} ${host} ${nonce} ${stationNonce}`)
    .digest('hex');

/** One page's end: frames in the order in which they come, and the code of the close. */
function knock(origin: string) {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/api`, { origin });
  const frames: Frame[] = [];
  let wake: () => void = () => undefined;
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as Frame);
    wake();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('error', () => undefined);
  return {
    opened: new Promise((resolve) => socket.once('open', resolve)),
    say: (frame: unknown) => socket.send(JSON.stringify(frame)),
    async next(): Promise<Frame> {
      while (frames.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return frames.shift()!;
    },
    closed,
    end: () => socket.terminate(),
  };
}

test('a seat is let in by what it answers, at this address alone, until it is forgotten', {
  skip: withoutSoftHsm,
  timeout: 120_000,
}, async (t) => {
  const { desk } = await openLine(t, 1);
  const folder = temporaryFolder(t);
  const file = join(folder, 'seats.json');
  const openSeats = () => new Seats(file, { clock: systemClock, random: systemRandom });
  const start = (seats: Seats, port = 0) =>
    startLoopback({ desk, clock: systemClock, random: systemRandom, page: folder, port, seats });
  const first = await start(openSeats());
  const page = knock(first.origin);
  await page.opened;
  page.say({ hello: first.link().split('#token=')[1] });
  const { seat, welcome } = await page.next();
  assert.ok(welcome && seat);
  assert.equal(statSync(file).mode & 0o077, 0, 'the station’s account alone reads it');
  const port = Number(new URL(first.origin).port);
  page.end();
  await first.close();

  // the station is started again, at the same place: the key is never said
  const seats = openSeats();
  const again = await start(seats, port);
  t.after(() => again.close());
  const { host } = new URL(again.origin);
  const back = knock(again.origin);
  await back.opened;
  back.say({ seat: seat.id, nonce });
  const { greeting } = await back.next();
  assert.equal(greeting?.proof, code(seat.key, 'station', host, greeting!.nonce), 'the station shows itself first');
  back.say({ proof: code(seat.key, 'page', host, greeting!.nonce) });
  const known = await back.next();
  assert.deepEqual([known.welcome, known.seat], [true, undefined]);

  const tryWith = async (proof: (stationNonce: string) => string, id = seat.id): Promise<number> => {
    const stranger = knock(again.origin);
    await stranger.opened;
    stranger.say({ seat: id, nonce });
    const answer = await Promise.race([stranger.next(), stranger.closed]);
    if (typeof answer === 'number') return answer;
    stranger.say({ proof: proof(answer.greeting!.nonce) });
    return Promise.race([stranger.closed, stranger.next().then(() => 0)]);
  };
  assert.equal(await tryWith((fresh) => code('00'.repeat(32), 'page', host, fresh)), 4401, 'another key');
  assert.equal(await tryWith(() => code(seat.key, 'page', host, greeting!.nonce)), 4401, 'an answer of before');
  assert.equal(
    await tryWith((fresh) => code(seat.key, 'page', '127.0.0.1:1', fresh)),
    4401,
    'an answer for another address, passed on',
  );
  assert.equal(await tryWith((fresh) => code(seat.key, 'station', host, fresh)), 4401, 'the station’s own word');
  assert.equal(await tryWith(() => '', '0'.repeat(16)), 4401, 'a seat that nobody has');

  assert.equal(seats.forget(seat.id), 1);
  assert.equal(await back.closed, 4401, 'its page goes at once');
  assert.equal(await tryWith((fresh) => code(seat.key, 'page', host, fresh)), 4401);
});

test('seats are forgotten after a month, sixteen are kept, and a file that is broken lets nobody in', (t) => {
  const file = join(temporaryFolder(t), 'seats.json');
  let now = Date.parse('2026-11-22T10:00:00.000Z');
  const open = () => new Seats(file, { clock: { now: () => now }, random: systemRandom });
  const seats = open();
  const { id } = seats.make();
  now += 29 * 86_400_000;
  assert.notEqual(open().greet(id, nonce, 'h'), null);
  now += 2 * 86_400_000;
  assert.equal(open().greet(id, nonce, 'h'), null);
  for (let n = 0; n < 20; n++) {
    now += 1000;
    seats.make();
  }
  assert.equal(open().list().length, 16);
  assert.ok(!JSON.stringify(open().list()).includes('key'));
  seats.keepPort(4321);
  assert.equal(open().port, 4321);
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 100));
  assert.deepEqual([open().list(), open().port], [[], null]);
});
