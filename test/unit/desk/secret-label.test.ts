import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { LedgerReader } from '../../../main/ledger/ledger.ts';
import type { SealedRecord } from '../../../main/model/record.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { CredentialShelf } from '../../../main/station/credential-shelf.ts';
import { DeskFile } from '../../../main/station/desk/desk-file.ts';
import { LabelDesk } from '../../../main/station/desk/labels/label-desk.ts';
import { drawLabel } from '../../../main/station/desk/labels/label-preview.ts';
import {
  fillLabel,
  findTemplate,
  isProvisioningCode,
  sampleFacts,
} from '../../../main/station/desk/labels/label-template.ts';
import { fillSecretLabel, wantsCredentials } from '../../../main/station/desk/labels/secret-label.ts';
import { startLabelPrinter } from '../../tools/label-printer.ts';

const template = '^XA^FO1,1^BQN,2,4^FDQA,{provisioning}^FS^FO1,90^A0N,20,20^FD{serial}: {proof}^FS^XZ';
const credentials = (proof: string) => ({
  username: 'wifi_prov',
  service: 'PROV_30DA01',
  transport: 'ble' as const,
  proof: SecretBytes.adopt(utf8(proof)),
});

test('a label with the proof of possession is made of bytes, and gives the printer no commands', () => {
  assert.ok(wantsCredentials(template));
  assert.ok(!wantsCredentials('^FD{qr}^FS'));
  const facts = sampleFacts('sensor', 3, 'esp32p4');
  using label = fillSecretLabel(template, facts, credentials('0123^456~89_abcd\\fghjkmnp'));
  const zpl = label.use((bytes) => new TextDecoder().decode(bytes));
  const code =
    '{"ver":"v1","name":"PROV_5F30DA01","username":"wifi_5Fprov","pop":"0123_5E456_7E89_5Fabcd_5C_5Cfghjkmnp","transport":"ble"}';
  assert.equal(
    zpl,
    `^XA^FO1,1^BQN,2,4^FH_^FDQA,${code}^FS^FO1,90^A0N,20,20^FH_^FDSAMPLE-0001: 0123_5E456_7E89_5Fabcd_5Cfghjkmnp^FS^XZ`,
  );
});

test('the code of a label is known as one that nothing may keep', () => {
  assert.ok(isProvisioningCode('{"ver":"v1","name":"PROV_1","pop":"abc","transport":"ble"}'));
  assert.ok(!isProvisioningCode('SN-0001 30:ed:a0:00:00:01'));
});

test('credentials go onto one label; a printer that fails keeps them for the next try, then only the escrow has them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-secret-label-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'device.zpl'), template);
  const mac = '30:ed:a0:30:da:01';
  const sealed = { chip: { mac, kind: 'esp32p4' }, serial: 'SN-1', recipe: { name: 'r', revision: 1, hash: 'h' } };
  const record = { ...sealed, batch: null, identity: null, sealedAt: '2026-11-22', provisioning: { fingerprint: 'f' } };
  const ledger = {
    sealedDevice: async () => record as unknown as SealedRecord,
    recipe: async () => null,
  } as unknown as LedgerReader;
  const shelf = new CredentialShelf();
  const file = new DeskFile(join(folder, 'desk.json'));
  const desk = new LabelDesk(ledger, file, [folder], folder, shelf);
  const kept = credentials('0123456789abcdefghjkmnpq');
  shelf.keep(mac, kept);

  file.keepPrinter('tcp://127.0.0.1:1');
  desk.print(mac, true);
  await desk.close();
  assert.equal(desk.fault?.code, 'printer.unreachable');
  assert.ok(!JSON.stringify(desk.fault).includes('0123456789'), 'no fault tells it');

  file.keepPrinter('file:///labels.zpl');
  await assert.rejects(desk.again(mac), { code: 'label.secret-in-file' });
  desk.print(mac, true);
  await desk.close();
  assert.equal(desk.fault?.code, 'label.secret-in-file');
  assert.deepEqual(readdirSync(folder), ['desk.json', 'device.zpl'], 'not even an empty file');
  const printer = await startLabelPrinter();
  t.after(() => printer.close());
  file.keepPrinter(printer.address);
  await desk.again(mac);
  assert.match(printer.zpl(), /"pop":"0123456789abcdefghjkmnpq"/);
  assert.ok(kept.proof.destroyed);
  await assert.rejects(desk.again(mac), { code: 'label.in-escrow' });

  // Without a printer, or on a label that does not show them, they go at once.
  file.keepPrinter(null);
  const unprinted = credentials('0123456789abcdefghjkmnpq');
  shelf.keep(mac, unprinted);
  desk.print(mac, false);
  assert.ok(unprinted.proof.destroyed);
  file.keepPrinter('file:///labels.zpl');
  writeFileSync(join(folder, 'device.zpl'), '^XA^FD{serial}^FS^XZ');
  const unshown = credentials('0123456789abcdefghjkmnpq');
  shelf.keep(mac, unshown);
  desk.print(mac, false);
  await desk.close();
  assert.ok(unshown.proof.destroyed);
});

test('nothing is kept for labels where nobody prints any, nor for more boards than a line holds', () => {
  const idle = new CredentialShelf();
  const first = credentials('0123456789abcdefghjkmnpq');
  idle.keep('a', first);
  assert.ok(first.proof.destroyed);
  assert.equal(idle.take('a'), null);

  const shelf = new CredentialShelf();
  shelf.expectTaker();
  const all = Array.from({ length: 65 }, () => credentials('0123456789abcdefghjkmnpq'));
  for (const [at, one] of all.entries()) shelf.keep(`${at}`, one);
  assert.deepEqual(
    all.map(({ proof }) => proof.destroyed),
    all.map((_, at) => at === 0),
  );
  shelf.close();
  assert.ok(all.every(({ proof }) => proof.destroyed));
});

test('the shipped label of the provisioning recipe shows code and proof, in a preview those of no device', () => {
  const shipped = findTemplate('esp32p4-provisioning', [join(stationConfigFolder, 'labels')])!;
  assert.ok(wantsCredentials(shipped));
  const facts = sampleFacts('esp32p4-provisioning', 1, 'esp32p4');
  const svg = drawLabel(fillLabel(shipped, facts));
  assert.ok(svg.includes(facts.proof!) && svg.includes('<path'));
  // Magnification 3: three dots a module, and a drawing has two units a module.
  assert.ok(svg.includes('scale(1.5)'));
});
