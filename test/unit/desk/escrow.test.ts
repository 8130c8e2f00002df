// A secret comes out of escrow for two custodians and a reason, when the book has it; else it is destroyed again.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { Role } from '../../../main/contract/contract.ts';
import type { Escrow, EscrowRelease, Ledger } from '../../../main/ledger/ledger.ts';
import { RecipeFault } from '../../../main/model/fault.ts';
import type { Signer } from '../../../main/signing/signer.ts';
import { CredentialShelf } from '../../../main/station/credential-shelf.ts';
import { type ReleaseParts, type ReleaseRequest, releaseEscrow } from '../../../main/station/desk/access/escrow.ts';
import { escrowAnswers } from '../../../main/station/desk/access/escrow-answers.ts';
import type { Operators } from '../../../main/station/desk/access/operators.ts';
import { DeskFile } from '../../../main/station/desk/desk-file.ts';
import { LabelDesk } from '../../../main/station/desk/labels/label-desk.ts';
import type { DeskParts } from '../../../main/station/desk/room.ts';
import { startLabelPrinter } from '../../tools/label-printer.ts';
import { record } from '../ledger/book.ts';
import { diskFull } from '../station/scripted-ledger.ts';
import { ScriptedSigner } from '../station/scripted-signer.ts';

const mac = 'aa:bb:cc:00:00:01';
const people: Readonly<Record<string, readonly Role[]>> = {
  cy: ['custodian'],
  di: ['custodian'],
  ed: ['engineer', 'qa', 'operator'],
};

async function scene() {
  const token = new ScriptedSigner();
  const secret = await token.random(32);
  const wrapped = await token.wrap({ label: 'escrow' }, secret);
  const fingerprint = secret.fingerprint();
  const escrow: Escrow = {
    mac,
    serial: null,
    run: 'R-1',
    at: '2026-11-22T10:00:00.000Z',
    what: 'jtag-token',
    fingerprint,
    wrapped,
  };
  const kept = { escrows: [escrow] as Escrow[], releases: [] as EscrowRelease[], refused: [] as (string | null)[] };
  const sealed = record('R-1', 1, { escrows: [{ what: 'jtag-token', fingerprint }] });
  const ledger: ReleaseParts['ledger'] = {
    sealedDevice: async () => ({ ...sealed, chip: { ...sealed.chip, mac } }),
    claimedBy: async () => null,
    history: async () => ({ mac, sealed: null, runs: [], openKeys: [], condemned: null }),
    acts: async () => [],
    escrows: async () => kept.escrows,
    noteEscrowRelease: async (release) => {
      kept.releases.push(release);
    },
    noteSession: async ({ operator }) => {
      kept.refused.push(operator);
    },
  };
  const parts: ReleaseParts = {
    ledger,
    signer: {
      keys: async () => [{ ...(await token.findKey({ label: 'escrow' })), id: wrapped.wrappingKeyId }],
      unwrap: (ref, one) => token.unwrap(ref, one),
    },
    people: {
      login: async (id, pin) => {
        const roles = people[id];
        if (roles === undefined || pin !== `${id}-pin`)
          throw new RecipeFault({ code: 'session.refused', what: 'No.', next: 'Again.' });
        return { id, roles };
      },
    },
  };
  const ask = (ids: readonly string[], more: Partial<ReleaseRequest> = {}, given: Partial<ReleaseParts> = {}) =>
    releaseEscrow(
      { ...parts, ...given },
      {
        device: mac,
        what: 'jtag-token',
        custodians: ids.map((id) => ({ id, pin: SecretBytes.take(new TextEncoder().encode(`${id}-pin`)) })),
        reason: 'came back from the field',
        face: 'terminal',
        ...more,
      },
    );
  return { token, secret, kept, parts, ask, escrow };
}

test('two custodians get the very secret, and the book has their names and reason', async () => {
  const { ask, secret, kept } = await scene();
  const given = await ask(['cy', 'di']);
  assert.equal(given.secret.fingerprint(), secret.fingerprint());
  assert.deepEqual(kept.releases, [given.release]);
  assert.deepEqual([given.release.custodians, given.release.reason], [['cy', 'di'], 'came back from the field']);
});

test('one, the same one twice, three, somebody of another role, a wrong PIN, no reason: nothing comes out', async () => {
  const { ask, kept, token } = await scene();
  const bad = {
    custodians: ['cy', 'di'].map((id) => ({ id, pin: SecretBytes.take(new TextEncoder().encode('0000')) })),
  };
  for (const [asked, code] of [
    [ask(['cy']), 'escrow.two-people'],
    [ask(['cy', 'cy']), 'escrow.two-people'],
    [ask(['cy', 'di', 'ed']), 'escrow.two-people'],
    [ask(['cy', 'ed']), 'escrow.custodian'],
    [ask(['ed', 'di']), 'escrow.custodian'],
    [ask(['cy', 'di'], bad), 'session.refused'],
    [ask(['cy', 'di'], { reason: '  because ' }), 'escrow.reason'],
    [ask(['cy', 'di'], { what: 'proof-of-possession' }), 'escrow.none'],
  ] as const)
    await assert.rejects(asked, { code });
  assert.deepEqual(kept.releases, []);
  assert.deepEqual(kept.refused.filter((who) => who !== null).sort(), ['cy', 'ed', 'ed']);
  assert.ok(!token.calls.includes('unwrap'));
});

test('a release that the book does not take gives nothing out, and what was unwrapped is destroyed', async () => {
  const { ask, token, parts } = await scene();
  const ledger = {
    ...parts.ledger,
    noteEscrowRelease: async () => {
      throw diskFull();
    },
  };
  await assert.rejects(ask(['cy', 'di'], {}, { ledger }), { code: 'ledger.full' });
  assert.equal(token.secrets.length, 2);
  assert.ok(token.secrets[1]!.destroyed);
});

test('another secret than the one that was put away is not given out, and is destroyed', async () => {
  const { ask, token, kept } = await scene();
  token.unwrapped = (secret) => {
    secret.destroy();
    return SecretBytes.adopt(new Uint8Array(32));
  };
  await assert.rejects(ask(['cy', 'di']), { code: 'escrow.damaged' });
  assert.ok(token.secrets.at(-1)!.destroyed);
  assert.deepEqual(kept.releases, []);
});

test('a token without the key under which it was put away, or with two of that id, is asked nothing', async () => {
  const { ask, parts, token } = await scene();
  const [key] = await parts.signer.keys();
  for (const keys of [[], [key!, key!], [{ ...key!, id: 'ff' }], [{ ...key!, algorithm: 'rsa-3072' as const }]])
    await assert.rejects(ask(['cy', 'di'], {}, { signer: { ...parts.signer, keys: async () => keys } }), {
      code: 'escrow.key-away',
    });
  assert.ok(!token.calls.includes('unwrap'));
});

test('of several secrets the one that the record names is given, and none from after its seal', async () => {
  const { ask, kept, escrow, secret } = await scene();
  kept.escrows.unshift(
    { ...escrow, at: '2026-11-22T10:30:00.000Z' },
    { ...escrow, fingerprint: '00'.repeat(32), at: '2026-11-22T10:00:01.000Z' },
  );
  const given = await ask(['cy', 'di']);
  assert.equal(given.secret.fingerprint(), secret.fingerprint());
  kept.escrows.pop();
  await assert.rejects(ask(['cy', 'di']), { code: 'escrow.none' });
});

async function atTheDesk(t: TestContext, showSecret?: DeskParts['showSecret']) {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-escrow-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { parts, ...rest } = await scene();
  const file = new DeskFile(join(folder, 'desk.json'));
  const ledger = {
    ...parts.ledger,
    escrowReleases: async () =>
      rest.kept.releases.map((one, at) => ({ ...one, at: '2026-11-23T10:00:00.000Z', row: at })),
  } as unknown as Ledger;
  const labels = new LabelDesk(ledger, file, [folder], folder, new CredentialShelf());
  const station = { parts: { ledger, signer: parts.signer as Signer } };
  const operators = parts.people as Operators;
  const answers = escrowAnswers({ station, operators, labels, ...(showSecret && { showSecret }) });
  const ask = async (way: 'box' | 'label', second = { id: 'di', pin: 'di-pin' }, pin = 'cy-pin') =>
    answers['escrow.release'](
      { device: mac, what: 'jtag-token', way, reason: 'came back from the field', pin, second },
      'cy',
    );
  const hex = rest.secret.use((bytes) => Buffer.from(bytes).toString('hex'));
  return { ...rest, folder, file, answers, ask, hex };
}

test('at the desk a secret goes into a box of the program or onto a label, and never into an answer', async (t) => {
  const shown: { mac: string; what: string; text: string; typed: SecretBytes }[] = [];
  const desk = await atTheDesk(t, ({ mac, what, typed }) => {
    shown.push({ mac, what, typed, text: typed.use((bytes) => Buffer.from(bytes).toString('latin1')) });
  });
  const { answers, ask, hex, file, kept, token } = desk;
  const inBox = await ask('box');
  assert.deepEqual(
    shown.map(({ mac, what, text }) => [mac, what, text]),
    [[mac, 'jtag-token', hex]],
  );
  assert.ok(shown[0]!.typed.destroyed && token.secrets.every((one) => one === desk.secret || one.destroyed));

  const printer = await startLabelPrinter();
  t.after(() => printer.close());
  file.keepPrinter(printer.address);
  const onLabel = await ask('label');
  const printed = printer.zpl();
  assert.ok(printed.includes(`^FD${hex}^FS`) && printed.includes(`^FDMA,${hex}^FS`), printed);
  const list = await answers['escrow.list']({ device: null }, 'cy');
  assert.deepEqual(list.ways, ['box', 'label']);
  assert.deepEqual([list.kept.length, list.released.length, kept.releases.length], [1, 2, 2]);
  const said = JSON.stringify([inBox, onLabel, list]);
  assert.ok(!said.includes(hex) && !said.includes('wrapped'), said);
});

test('at the desk nobody is asked where a secret cannot come out, and one custodian is not two', async (t) => {
  const { answers, ask, file, folder, kept, token } = await atTheDesk(t);
  assert.deepEqual((await answers['escrow.list']({ device: mac }, 'cy')).ways, []);
  await assert.rejects(ask('box'), { code: 'escrow.no-box' });
  await assert.rejects(ask('label'), { code: 'printer.none' });
  file.keepPrinter('file:///labels.zpl');
  assert.deepEqual((await answers['escrow.list']({ device: mac }, 'cy')).ways, []);
  await assert.rejects(ask('label'), { code: 'label.secret-in-file' });
  assert.deepEqual(readdirSync(folder), ['desk.json'], 'no secret lies in a file');
  assert.deepEqual([kept.releases, kept.refused], [[], []]);
  const other = await atTheDesk(t, () => assert.fail('nothing is shown'));
  await assert.rejects(other.ask('box', { id: 'cy', pin: 'cy-pin' }), { code: 'escrow.two-people' });
  await assert.rejects(other.ask('box', { id: 'di', pin: 'di-pin' }, 'wrong'), { code: 'session.refused' });
  await assert.rejects(other.ask('box', { id: 'di', pin: 'wrong' }), { code: 'session.refused' });
  await assert.rejects(other.ask('box', { id: 'ed', pin: 'ed-pin' }), { code: 'escrow.custodian' });
  assert.deepEqual(other.kept.releases, []);
  assert.ok(![...token.calls, ...other.token.calls].includes('unwrap'));
});
