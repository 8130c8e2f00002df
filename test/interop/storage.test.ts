// What the station stored on a sealed board, judged by others: Espressif's partition tool decrypts its NVS, and a phone's side of SRP6a
// by another library is let in with the proof of possession of its label, and with no other.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHex } from '../../main/base/bytes.ts';
import { groupPrime } from '../../main/formats/srp6a.ts';
import { readNvs } from '../../main/image/nvs-read.ts';
import { bootFromFlash } from '../../main/virtual/boot/boot.ts';
import { keyFileBytes, slotOfPurpose } from '../../main/virtual/boot/keys.ts';
import { faultsOf, noToken, recipeNamed, setStage } from '../stories/stage.ts';
import { judging } from './espressif-tools.ts';

const { skip, judges, file, newPath, contentOf } = await judging();

test('NVS out of the flash of a sealed board, and a session with its label', { skip: skip || noToken }, async (t) => {
  const stage = await setStage();
  t.after(() => stage.close());
  stage.station.shelf.expectTaker();
  const loaded = recipeNamed('esp32p4-provisioning');
  const address = 'virtual:esp32p4?rev=v3.1&pacing=none&name=judged';
  const { counts } = await stage.provision(loaded, [address]);
  assert.equal(counts.passed, 1, faultsOf(stage));
  const chip = stage.chip(address);
  const { kind, revision, mac } = chip.identity;

  const keys = `${newPath()}.bin`;
  const hmacKey = file(keyFileBytes(chip.efuse, slotOfPurpose(chip.efuse, 'HMAC_UP')!, 'HMAC_UP'));
  await judges.pass(
    ...(['nvs_partition_gen', 'generate-key', '--key_protect_hmac'] as const),
    ...['--kp_hmac_inputkey', hmacKey, '--keyfile', keys],
  );
  const { offset, size } = loaded.firmware.table.partitions.find(({ name }) => name === 'fctry')!;
  const [sealed, opened] = [`${newPath()}.bin`, `${newPath()}.bin`];
  writeFileSync(sealed, chip.flash.read(offset, size));
  await judges.pass('nvs_partition_gen', 'decrypt', sealed, keys, opened);
  const { namespaces, problems } = readNvs(contentOf(opened));
  assert.deepEqual(problems, []);
  const factory = namespaces.find(({ name }) => name === 'factory')!.entries;
  assert.deepEqual(factory[0], { key: 'serial', value: { type: 'string', value: mac.replaceAll(':', '') } });
  assert.deepEqual(
    namespaces.map(({ name, entries }) => `${name}: ${entries.map(({ key }) => key).join(' ')}`),
    ['factory: serial batch hwrev seed', 'sec2: salt verifier', 'local_ctrl: salt verifier'],
  );

  const credentials = stage.station.shelf.take(mac)!;
  const proof = credentials.proof.use((bytes) => new TextDecoder().decode(bytes));
  credentials.proof.destroy();
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const { efuse, flash } = chip;
  const { firmware } = bootFromFlash({ kind, revision, mac, efuse, flash, random, burn: () => undefined });
  const session = async (namespace: string, username: string, password: string) => {
    const words = [groupPrime, username, password, toHex(randomBytes(256))];
    const [, key] = /^A (\w+)/m.exec(await judges.pass('srp_client', ...words))!;
    const [, salt, deviceKey] = /^sec2 (\w+) (\w+)$/.exec(
      firmware!.answer(`sec2 ${namespace} ${username} ${key}`)[0]!,
    )!;
    const answer = await judges.pass('srp_client', ...words, salt!, deviceKey!);
    const [, clientProof] = /^M1 (\w+)/m.exec(answer)!;
    const [said] = firmware!.answer(`sec2-proof ${clientProof}`);
    const deviceProof = /^sec2-proof (\w+)$/.exec(said!)?.[1];
    if (deviceProof === undefined) return said;
    return (await judges.pass('srp_client', ...words, salt!, deviceKey!, deviceProof)).trim().split('\n').at(-1);
  };
  assert.equal(await session('sec2', 'wifiprov', proof), 'fits');
  assert.equal(await session('local_ctrl', 'esp_local_ctrl', proof), 'fits');
  assert.equal(await session('sec2', 'wifiprov', proof.replace(/.$/, '_')), 'sec2-proof error wrong-proof');
  assert.equal(await session('sec2', 'somebody', proof), 'sec2-proof error wrong-proof');
});
