// A page with nobody signed in: what it may write into a book that is kept for ever, and whether it can lock others out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { openLine, openLoopback, Page } from '../unit/ipc/rig.ts';
import { withoutSoftHsm } from '../unit/signing/soft-token.ts';

test('anonymous tries are counted, not listed; idle strangers lock nobody out', {
  skip: withoutSoftHsm,
  timeout: 200_000,
}, async (t) => {
  const opened = await openLine(t, 1);
  const loopback = await openLoopback(t, opened);
  const page = await Page.open(t, loopback);
  await page.call('operators.save', { id: 'cy', name: 'Cy', roles: ['custodian'], pin: '271828', badge: null });
  await page.call('session.logout', {});
  const rows = async () => (await opened.station.parts.ledger.verify()).rows;
  const before = await rows();
  const codes = await Promise.all(
    Array.from({ length: 1500 }, (_, at) => {
      const kind = at % 3;
      if (kind === 0) return page.refusal('session.login', { operator: `x${at}`, pin: '0' });
      if (kind === 1) return page.refusal('devices.search', { text: `${at}` });
      return page.refusal('session.badge', { badge: `none-${at}` });
    }),
  );
  assert.ok((await rows()) - before <= 5, `${(await rows()) - before} rows`);
  assert.ok(codes.some((code) => code === 'call.too-fast' || code === 'call.too-many'));

  await t.test('forty sockets that say nothing', async (inner) => {
    const strangers = Array.from({ length: 40 }, () => {
      const socket = new WebSocket(`${loopback.origin.replace('http', 'ws')}/api`, { origin: loopback.origin });
      socket.on('error', () => undefined);
      inner.after(() => socket.terminate());
      return new Promise((resolve) => {
        socket.once('open', resolve);
        socket.once('close', resolve);
      });
    });
    await Promise.all(strangers);
    const other = await Page.open(inner, loopback);
    assert.equal((await other.call('line.snapshot', {})).fixtures.length, 1);
  });
  await loopback.close();
  const [counted] = await opened.station.parts.ledger.acts({ what: 'anonymous-tries' });
  assert.ok(counted !== undefined && Number(counted.detail.calls) + Number(counted.detail.signIns) > 50);
});
