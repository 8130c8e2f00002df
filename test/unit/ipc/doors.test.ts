// Who gets in at the browser face, and what those who are in may do. One station for all, each question on a socket of its own.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { withoutSoftHsm } from '../signing/soft-token.ts';
import { keyOf, openLine, openLoopback, Page } from './rig.ts';

/** What a socket that is opened so comes to: the status of a refused handshake, or the code with which it is closed after `first`. */
function knock(address: string, headers: Record<string, string>, first?: string | Buffer): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, { headers });
    socket.on('unexpected-response', (_, response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', () => resolve(-1));
    socket.on('close', (code) => resolve(code));
    socket.on('open', () => socket.send(first ?? ''));
  });
}

function fetchWith(origin: string, path: string, options: { method?: string; host?: string } = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(origin);
    const headers = { host: options.host ?? host };
    const asked = request({ hostname, port, path, method: options.method ?? 'GET', headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('the doors of the browser face', { skip: withoutSoftHsm, timeout: 120_000 }, async (t) => {
  const opened = await openLine(t, 1);
  const loopback = await openLoopback(t, opened);
  const { origin } = loopback;
  const api = `${origin.replace('http', 'ws')}/api`;
  const { host } = new URL(origin);

  await t.test('pages are served by name from a list, to no foreign name, for reading only', async () => {
    assert.equal(await fetchWith(origin, '/'), 200);
    assert.equal(await fetchWith(origin, '/assets/app-1.js'), 200);
    for (const path of ['/../package.json', '/assets/../../x', '/..%2f..%2fetc%2fpasswd', '//etc/passwd', '/assets'])
      assert.equal(await fetchWith(origin, path), 404, path);
    assert.equal(await fetchWith(origin, '/', { host: 'evil.example' }), 421);
    assert.equal(await fetchWith(origin, '/', { method: 'POST' }), 405);
    const { headers } = await fetch(origin);
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  });

  await t.test('no page of another origin, no foreign host, no other path', async () => {
    const hello = JSON.stringify({ hello: keyOf(loopback) });
    assert.equal(await knock(api, { origin: 'http://evil.example' }, hello), 403);
    assert.equal(await knock(api, {}, hello), 403);
    assert.equal(await knock(api, { origin: 'null' }, hello), 403);
    assert.equal(await knock(api, { origin: 'http://evil.example', host: 'evil.example' }, hello), 403);
    assert.equal(await knock(api, { origin: `https://${host}` }, hello), 403);
    assert.equal(await knock(api.replace('/api', '/other'), { origin }, hello), 403);
  });

  await t.test('a wrong key, none, or something else than a key', async () => {
    const right = keyOf(loopback);
    for (const first of [
      JSON.stringify({ hello: right.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }),
      JSON.stringify({ hello: '' }),
      JSON.stringify({ hello: right, more: 1 }),
      JSON.stringify({ id: 1, call: 'line.snapshot', input: {} }),
      'no json',
      Buffer.from(JSON.stringify({ hello: right })),
    ])
      assert.equal(await knock(api, { origin }, first), 4401);
    assert.equal(keyOf(loopback), right);
  });

  await t.test('a link lets one page in; its reload secret lets the same page in again', async (inner) => {
    const key = keyOf(loopback);
    const page = await Page.open(inner, loopback, key);
    assert.notEqual(keyOf(loopback), key);
    assert.equal(await knock(api, { origin }, JSON.stringify({ hello: key })), 4401);
    assert.match(page.reload, /^[0-9a-f]{64}$/);
    const again = await Page.open(inner, loopback, page.reload);
    assert.equal((await again.call('line.snapshot', {})).fixtures.length, 1);
  });

  await t.test(
    'a frame that is no call closes the socket; what is no call of the contract is refused in words',
    async (inner) => {
      for (const frame of ['{', '[]', '{"id":-1,"call":"x"}', '{"id":1}', '{"id":1,"call":7,"input":{}}']) {
        const page = await Page.open(inner, loopback);
        page.socket.send(frame);
        assert.equal(await page.closed, 4400, frame);
      }
      const page = await Page.open(inner, loopback);
      page.socket.send('x'.repeat(2_000_000));
      assert.equal(await page.closed, 1009);
      const other = await Page.open(inner, loopback);
      for (const name of ['nothing.here', '__proto__', 'constructor', 'toString'])
        assert.equal(await other.refusal(name, {}), 'call.unknown');
      assert.equal(await other.refusal('line.snapshot', { more: 1 }), 'call.input');
      assert.equal(await other.refusal('devices.show', { mac: "' OR 1=1" }), 'call.input');
      assert.equal(
        await other.refusal('line.start', { recipe: 'esp32p4-production', order: null, count: 0 }),
        'call.input',
      );
      assert.equal(await other.refusal('recipes.read', { recipe: '../../etc/passwd' }), 'recipe.unknown');
      assert.equal(await other.refusal('recipes.save', { recipe: '../out', text: 'x' }), 'recipe.name');
    },
  );

  await t.test(
    'roles: nobody may anything once somebody is known, and each role what the contract says',
    async (inner) => {
      const page = await Page.open(inner, loopback);
      assert.equal((await page.call('session.state', {})).firstStart, true);
      assert.equal(
        await page.refusal('operators.save', { id: 'op', name: 'Op', roles: ['operator'], pin: '1234', badge: null }),
        'operators.no-custodian',
      );
      await page.call('operators.save', { id: 'cy', name: 'Cy', roles: ['custodian'], pin: '444433', badge: null });
      assert.equal((await page.call('session.state', {})).operator?.id, 'cy');
      await page.call('operators.save', {
        id: 'op',
        name: 'Op',
        roles: ['operator'],
        pin: '1234',
        badge: 'BADGE-000001',
      });
      assert.equal(
        await page.refusal('line.start', { recipe: 'esp32p4-production', order: null, count: 1 }),
        'session.role',
      );

      const other = await Page.open(inner, loopback);
      const state = await other.call('session.state', {});
      assert.deepEqual([state.operator, state.firstStart], [null, false]);
      assert.deepEqual(state.people, [
        { id: 'cy', name: 'Cy' },
        { id: 'op', name: 'Op' },
      ]);
      assert.ok(state.may?.includes('line.snapshot') && !state.may.includes('line.start'));
      assert.equal(
        await other.refusal('line.start', { recipe: 'esp32p4-production', order: null, count: 1 }),
        'session.nobody',
      );
      assert.equal(await other.refusal('devices.search', {}), 'session.nobody');
      assert.equal(await other.refusal('session.language', { language: 'es-MX' }), 'session.nobody');
      assert.equal(await other.refusal('session.login', { operator: 'op', pin: '9999' }), 'session.refused');
      assert.equal(await other.refusal('session.login', { operator: 'nobody', pin: '1234' }), 'session.refused');
      assert.equal(await other.refusal('session.badge', { badge: 'BADGE-000002' }), 'session.refused');
      assert.equal((await other.call('session.badge', { badge: 'BADGE-000001' })).operator?.id, 'op');
      const spoken = await other.call('session.language', { language: 'es-MX' });
      assert.deepEqual([spoken.operator?.language, spoken.language], ['es-MX', 'en']);
      assert.equal(await other.refusal('session.language', { language: 'tlh' as 'en' }), 'call.input');
      assert.equal(await other.refusal('operators.list', {}), 'session.role');
      assert.equal(await other.refusal('recipes.save', { recipe: 'mine', text: 'x' }), 'session.role');
      assert.equal((await other.call('session.logout', {})).operator, null);
      // the first page's session is its own
      assert.equal((await page.call('session.state', {})).operator?.id, 'cy');

      const [act] = await opened.station.parts.ledger.acts({ what: 'language-chosen' });
      assert.deepEqual([act?.by, act?.about, act?.detail], [['op'], 'op', { language: 'es-MX' }]);
      const said: unknown[] = [];
      for await (const row of opened.station.parts.ledger.exportRows()) if (row.kind === 'session') said.push(row.body);
      const text = JSON.stringify(said);
      for (const what of ['"login"', '"logout"', '"login-refused"', '"call-refused"'])
        assert.ok(text.includes(what), what);
      assert.doesNotMatch(text, /1234|9999|BADGE/);
    },
  );

  await t.test('wrong PINs are made to wait, the right one with them', async (inner) => {
    const page = await Page.open(inner, loopback);
    for (let tries = 0; tries < 3; tries++) await page.refusal('session.login', { operator: 'cy', pin: '000000' });
    assert.equal(await page.refusal('session.login', { operator: 'cy', pin: '444433' }), 'session.wait');
  });
});
