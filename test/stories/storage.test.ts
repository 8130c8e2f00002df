// What a recipe stores on each device reaches its firmware: typed values of its own, encrypted under keys that only it has, and
// credentials that let in whoever holds its label. Every other place is searched for them.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { toHex, utf8 } from '../../main/base/bytes.ts';
import { systemRandom } from '../../main/base/random.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import type { CliContext } from '../../main/cli/context.ts';
import { escrowRelease } from '../../main/cli/escrow.ts';
import { decryptNvs, nvsKeysFromHmac, readNvsKeys } from '../../main/image/nvs-encryption.ts';
import { readNvs } from '../../main/image/nvs-read.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { held } from '../../main/station/desk/access/escrow.ts';
import { Operators } from '../../main/station/desk/access/operators.ts';
import { DeskFile } from '../../main/station/desk/desk-file.ts';
import { LabelDesk } from '../../main/station/desk/labels/label-desk.ts';
import { bootFromFlash } from '../../main/virtual/boot/boot.ts';
import { flashView } from '../../main/virtual/boot/flash-view.ts';
import { keyFileBytes, slotOfPurpose } from '../../main/virtual/boot/keys.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { bringToEnd } from '../faults/boards.ts';
import { startLabelPrinter } from '../tools/label-printer.ts';
import { faultsOf, noToken, recipeAt, recipeNamed, recipes, repository, type Stage, setStage } from './stage.ts';

const storage = `storage:
  - partition: fctry
    encryption: hmac
    devices: devices.csv
    values:
      - { namespace: factory, key: serial, type: string, value: 'SN-{serial}' }
      - { namespace: factory, key: token, type: binary, random: 32 }
      - { namespace: wifi, key: psk, type: string, column: psk }
      - { namespace: factory, key: gain, type: i16, column: gain, secret: false }
  - partition: nvs
    encryption: nvs_keys
    values:
      - { namespace: cloud, key: root, type: binary, file: root.bin }
      - { namespace: cloud, key: secret, type: binary, random: 48 }
`;

const passwords = ['correct-horse-one-9', 'correct-horse-two-7'];

/** The shipped recipe with more to store, and a list of two devices. */
function recipeWith(t: TestContext, list: string): LoadedRecipe {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-storage-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const text = readFileSync(join(recipes, 'esp32p4-provisioning.yaml'), 'utf8')
    .replace('../firmware/esp32p4-v3', join(repository, 'station-config/firmware/esp32p4-v3'))
    .replace(/^storage:\n(?:(?: .*)?\n)*/m, `${storage}\n`);
  writeFileSync(join(folder, 'devices.csv'), list);
  writeFileSync(join(folder, 'root.bin'), Uint8Array.of(1, 2, 3));
  writeFileSync(join(folder, 'recipe.yaml'), text);
  return recipeAt(join(folder, 'recipe.yaml'));
}

const list = `id,psk,gain\nD1,${passwords[0]},-5\nD2,${passwords[1]},7\n`;

/** A partition of the chip's flash as it lies there. */
function partitionOf({ firmware }: LoadedRecipe, chip: VirtualChip, name: string): Uint8Array {
  const { offset, size } = firmware.table.partitions.find((one) => one.name === name)!;
  return chip.flash.read(offset, size);
}

/** What the partition holds in clear: by the chip's own keys, as its firmware gets them. */
function openedWith(keys: SecretBytes, bytes: Uint8Array): Map<string, unknown> {
  const { namespaces, problems } = readNvs(decryptNvs(bytes, keys));
  assert.deepEqual(problems, []);
  return new Map(
    namespaces.flatMap(({ name, entries }) => entries.map(({ key, value }) => [`${name}.${key}`, value.value])),
  );
}

function hmacKeyOf(chip: VirtualChip): Uint8Array {
  return keyFileBytes(chip.efuse, slotOfPurpose(chip.efuse, 'HMAC_UP')!, 'HMAC_UP');
}

function firmwareOf(chip: VirtualChip) {
  const { kind, revision, mac } = chip.identity;
  const random = (length: number) => new Uint8Array(length).fill(9);
  const { efuse, flash } = chip;
  return bootFromFlash({ kind, revision, mac, efuse, flash, random, burn: () => undefined });
}

/** Every file that the station left in its folder, but for the token's own, and everything that it said. */
async function traces(stage: Stage): Promise<{ place: string; bytes: Buffer }[]> {
  const files = readdirSync(stage.folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('token') && statSync(join(stage.folder, name)).isFile())
    .map((name) => ({ place: name, bytes: readFileSync(join(stage.folder, name)) }));
  assert.ok(files.some(({ place }) => place.endsWith('ledger.sqlite')));
  const rows: string[] = [];
  for await (const row of stage.station.parts.ledger.exportRows()) rows.push(JSON.stringify(row));
  return [
    ...files,
    { place: 'the export of the ledger', bytes: Buffer.from(rows.join('\n')) },
    { place: 'events', bytes: Buffer.from(JSON.stringify(stage.events)) },
  ];
}

function formsOf(secret: Uint8Array): Buffer[] {
  const raw = Buffer.from(secret);
  const hex = raw.toString('hex');
  const base64 = [0, 1, 2].map((skip) => raw.subarray(skip).toString('base64').replace(/=+$/, '').slice(0, -2));
  return [raw, Buffer.from(hex), Buffer.from(hex.toUpperCase()), ...base64.map((text) => Buffer.from(text))];
}

/** What `audit escrow release` answers to two custodians of this station. */
async function released(stage: Stage, device: string, options: { readonly as?: string }): Promise<string[]> {
  const { clock } = stage.station.parts;
  const people = new Operators({ file: join(stage.folder, 'operators.json'), clock, random: systemRandom });
  for (const id of ['cy', 'di'])
    await people.save({ id, name: id, roles: ['custodian'], pin: `${id}-pin-6`, badge: null });
  const answers: string[] = [];
  const world = {
    streams: { answer: (line: string) => answers.push(line), say: () => undefined },
    clock,
    random: systemRandom,
    dataFolder: () => stage.folder,
    people: () => people,
    stationConfig: join(repository, 'station-config'),
    openStation: async () => ({ parts: stage.station.parts, close: async () => undefined }),
    askSecret: async (question: string) => SecretBytes.take(utf8(`${/PIN of (\w+)/.exec(question)![1]}-pin-6`)),
  } as unknown as CliContext;
  const asked = { what: 'proof-of-possession', custodian: ['cy', 'di'], reason: 'the label came off in the field' };
  assert.equal(await escrowRelease(device, { ...asked, ...options }, world), 0);
  return answers;
}

describe('what a recipe stores', { skip: noToken, timeout: 240_000 }, () => {
  it('reaches the firmware of each board, and lies nowhere else', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    stage.station.shelf.expectTaker();
    const { ledger, signer } = stage.station.parts;
    const loaded = recipeWith(t, list);
    const [a, b, late] = ['a', 'b', 'late'].map((name) => `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}`);
    const { counts } = await stage.provision(loaded, [a!, b!]);
    assert.equal(counts.passed, 2, faultsOf(stage));

    const secrets: Uint8Array[] = passwords.map(utf8);
    const rowsSeen: string[] = [];
    const proofs = new Map<string, Uint8Array>();
    for (const address of [a!, b!]) {
      const chip = stage.chip(address);
      const { mac } = chip.identity;
      const record = await ledger.sealedDevice(mac);
      assert.deepEqual(record?.storage?.[1], {
        partition: 'nvs',
        encryption: 'nvs_keys',
        keys: ['cloud.root', 'cloud.secret'],
        row: null,
      });
      const { row, keys } = record!.storage![0]!;
      rowsSeen.push(row!);
      assert.deepEqual(keys.slice(-4), ['sec2.salt', 'sec2.verifier', 'local_ctrl.salt', 'local_ctrl.verifier']);

      using hmac = nvsKeysFromHmac(SecretBytes.adopt(hmacKeyOf(chip)));
      const factory = openedWith(hmac, partitionOf(loaded, chip, 'fctry'));
      assert.equal(factory.get('factory.serial'), `SN-${mac.replaceAll(':', '')}`);
      assert.deepEqual(
        [factory.get('wifi.psk'), factory.get('factory.gain')],
        row === 'D1' ? [passwords[0], -5n] : [passwords[1], 7n],
      );
      const { offset, size } = loaded.firmware.table.partitions.find(({ name }) => name === 'nvs_keys')!;
      using own = readNvsKeys(flashView(chip.efuse, chip.flash).read(offset, size))!;
      const cloud = openedWith(own, partitionOf(loaded, chip, 'nvs'));
      assert.deepEqual(cloud.get('cloud.root'), Uint8Array.of(1, 2, 3));

      const { lines, firmware } = firmwareOf(chip);
      const said = lines.join('\n');
      assert.match(said, /nvs: fctry: 8 values, encryption hmac/);
      assert.match(said, /nvs: nvs: 2 values, encryption nvs_keys/);
      assert.match(said, new RegExp(`nvs: factory serial=SN-${mac.replaceAll(':', '')}`));
      assert.match(
        firmware!.answer(`sec2 sec2 wifiprov ${'05'.repeat(384)}`)[0]!,
        /^sec2 [0-9a-f]{32} [0-9a-f]{760,768}$/,
      );
      assert.deepEqual(firmware!.answer(`sec2-proof ${'00'.repeat(64)}`), ['sec2-proof error wrong-proof']);

      // The label's proof of possession is the one in escrow, and the one that the record names.
      const credentials = stage.station.shelf.take(mac)!;
      assert.equal(credentials.service, `PROV_${mac.replaceAll(':', '').slice(-6).toUpperCase()}`);
      const escrow = await held(ledger, mac, 'proof-of-possession');
      assert.equal(escrow.fingerprint, record?.provisioning?.fingerprint);
      using released = await signer.unwrap({ label: 'fuseline-wrapping' }, escrow.wrapped);
      const proof = released.use((bytes) => bytes.slice());
      assert.deepEqual(
        credentials.proof.use((bytes) => bytes.slice()),
        proof,
      );
      assert.equal(proof.length, 24);
      proofs.set(mac, proof);
      credentials.proof.destroy();

      const texts = [factory.get('factory.token'), cloud.get('cloud.secret'), factory.get('sec2.verifier')];
      secrets.push(
        proof,
        ...(texts as Uint8Array[]),
        hmac.use((bytes) => bytes.slice()),
        own.use((bytes) => bytes.slice()),
      );
      secrets.push(hmacKeyOf(chip));
    }
    assert.deepEqual(rowsSeen.sort(), ['D1', 'D2']);
    assert.equal(new Set(secrets.map(toHex)).size, secrets.length, 'nothing is shared by two boards');

    // A third board finds the list used up, and is left as it was.
    await stage.provision(loaded, [late!]);
    const refused = stage.events.findLast((event) => event.type === 'verdict');
    assert.deepEqual([refused?.fault?.code, refused?.fault?.safety], ['storage.rows-used', 'untouched']);

    for (const { place, bytes } of await traces(stage))
      for (const secret of secrets)
        for (const form of formsOf(secret)) assert.equal(bytes.indexOf(form), -1, `a secret lies in ${place}`);

    // Printed once, it comes out again to two custodians: as it is typed, as the code, as the whole label.
    const { mac } = stage.chip(a!).identity;
    const proof = new TextDecoder().decode(proofs.get(mac)!);
    const code = `{"ver":"v1","name":"PROV_${mac.replaceAll(':', '').slice(-6).toUpperCase()}","username":"wifiprov","pop":"${proof}","transport":"ble"}`;
    assert.deepEqual(await released(stage, mac, {}), [proof]);
    assert.deepEqual(await released(stage, mac, { as: 'code' }), [code]);
    mkdirSync(join(stage.folder, 'labels'));
    writeFileSync(join(stage.folder, 'labels/esp32p4-provisioning.zpl'), '^XA^FDQA,{provisioning}^FS^FD{serial}^FS^XZ');
    assert.deepEqual(await released(stage, mac, { as: 'label' }), [
      `^XA^FH_^FDQA,${code.replace('_', '_5F')}^FS^FH_^FD${mac.replaceAll(':', '')}^FS^XZ`,
    ]);
    assert.equal((await ledger.escrowReleases()).length, 3);
  });

  it('after a power cut: made anew, but for the row of its list, and the newest escrow is that of the label', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const { ledger, signer } = stage.station.parts;
    const loaded = recipeWith(t, list);
    const addresses = ['in-burn:3', 'after-burn:8'].map(
      (cut, at) => `virtual:esp32p4?rev=v3.1&pacing=none&name=cut-${at}&seed=${at + 40}&fault=power-cut-${cut}`,
    );
    const ends = await bringToEnd(stage, loaded, addresses);
    for (const { chip, end, verdicts, address } of ends) {
      assert.equal(end, 'sealed', address);
      assert.equal(verdicts.length, 2, `${address} was cut`);
      const { mac } = chip.identity;
      const history = await ledger.history(mac);
      const taken = history.runs.flatMap(({ events }) => events).filter(({ event }) => event.type === 'row-taken');
      assert.equal(taken.length, 1, 'one row for ever');
      const record = await ledger.sealedDevice(mac);
      const escrow = await held(ledger, mac, 'proof-of-possession');
      assert.equal(escrow.fingerprint, record?.provisioning?.fingerprint);
      using _proof = await signer.unwrap({ label: 'fuseline-wrapping' }, escrow.wrapped);
      assert.match(firmwareOf(chip).lines.join('\n'), /fctry: 8 values, encryption hmac/);
    }
  });

  it('is printed as a code on the label of the sealed board, and then kept no longer', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const { ledger } = stage.station.parts;
    const file = new DeskFile(join(stage.folder, 'desk.json'));
    const printer = await startLabelPrinter();
    t.after(() => printer.close());
    file.keepPrinter(printer.address);
    const template = join(stage.folder, 'esp32p4-provisioning.zpl');
    writeFileSync(template, '^XA^FDQA,{provisioning}^FS^FD{serial} {proof}^FS^XZ');
    const labels = new LabelDesk(ledger, file, [stage.folder], stage.folder, stage.station.shelf);
    const gate = {
      contacts: () => 1,
      admit: async () => ({ serial: null }),
      gone: () => undefined,
      named: () => null,
      scansLabels: false,
      finish: async ({ mac }: { readonly mac: string }) => labels.print(mac, false),
    };
    const address = 'virtual:esp32p4?rev=v3.1&pacing=none&name=printed';
    const { counts } = await stage.provision(recipeNamed('esp32p4-provisioning'), [address], { gate });
    assert.equal(counts.passed, 1, faultsOf(stage));
    await labels.close();
    assert.equal(labels.fault, null);
    const { mac } = stage.chip(address).identity;
    const [proof] = await released(stage, mac, {});
    const zpl = printer.zpl();
    assert.ok(zpl.includes(`"pop":"${proof}"`) && zpl.includes(`${mac.replaceAll(':', '')} ${proof}`), zpl);
    assert.equal(stage.station.shelf.take(mac), null);
  });
});
