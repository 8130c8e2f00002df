import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { toHex } from '../../main/base/bytes.ts';
import { systemClock } from '../../main/base/clock.ts';
import { connectBoard } from '../../main/chip/connect.ts';
import { isFault } from '../../main/model/fault.ts';
import type { SealedRecord } from '../../main/model/record.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { issueCaCertificate, serialNumberFrom } from '../../main/signing/certificates.ts';
import { pemOf } from '../../main/signing/pem.ts';
import { bootFromFlash } from '../../main/virtual/boot/boot.ts';
import { flashKey, keyFileBytes, slotOfPurpose } from '../../main/virtual/boot/keys.ts';
import { VirtualChip } from '../../main/virtual/chip.ts';
import { noRealBuilds, realBuild } from '../real-builds.ts';
import { block0Bits, flashHoldsFirmware, leftOpen } from './judge.ts';
import { faultsOf, noToken, recipeAt, recipeNamed, type Stage, setStage } from './stage.ts';

const eight = [1, 2, 3, 4, 5, 6, 7, 8];

describe('eight boards at once, from bare to sealed', { concurrency: 1 }, () => {
  it('ESP32-P4 v3 demonstration firmware: everything the chip offers', { skip: noToken }, async () => {
    const loaded = recipeNamed('esp32p4-production');
    await provisionEight(
      loaded,
      (n) => `virtual:esp32p4?rev=v3.1&pacing=none&name=p4-${n}`,
      async (stage, records, chips) => {
        for (const [at, chip] of chips.entries()) {
          const record = records[at]!;
          const scalar = keyFileBytes(chip.efuse, slotOfPurpose(chip.efuse, 'ECDSA_KEY')!, 'ECDSA_KEY');
          assert.ok(!JSON.stringify(record).includes(toHex(scalar)));
          assert.ok(record.bootProof.afterDoor);
          assert.deepEqual(leftOpen(record, loaded), []);
        }
        await certificatesVerify(stage, records);
      },
    );
  });

  describe('builds that others published', { skip: noToken || noRealBuilds }, () => {
    it('ESP32-S3: Secure Boot and flash encryption', async () => {
      const loaded = recipeNamed('esp32s3-production', {
        firmwareFolder: realBuild('esp32s3-real'),
        waivers: [{ check: 'secure-padding', reason: 'a public build, made without Secure Boot' }],
      });
      await provisionEight(loaded, (n) => `virtual:esp32s3?pacing=none&name=s3-${n}`);
    });

    it('ESP32-P4 v1: flash encryption alone', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fuseline-recipe-'));
      try {
        const file = join(folder, 'p4-encrypted.yaml');
        writeFileSync(file, encryptedOnly);
        const loaded = recipeAt(file, { firmwareFolder: realBuild('esp32p4-real') });
        await provisionEight(loaded, (n) => `virtual:esp32p4?rev=v1.3&flash=32MB&pacing=none&name=real-${n}`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  it('ESP32-C3 demonstration firmware: Secure Boot and XTS-AES-128', { skip: noToken }, async () => {
    await provisionEight(recipeNamed('esp32c3-production'), (n) => `virtual:esp32c3?pacing=none&name=c3-${n}`);
  });

  it('ESP32-P4 v1 demonstration firmware', { skip: noToken }, async () => {
    await provisionEight(
      recipeNamed('esp32p4-v1-production'),
      (n) => `virtual:esp32p4?rev=v1.3&pacing=none&name=v1-${n}`,
    );
  });
});

/** Provisions eight boards and judges each by what lies in its silicon. */
async function provisionEight(
  loaded: LoadedRecipe,
  addressOf: (n: number) => string,
  more: (stage: Stage, records: SealedRecord[], chips: VirtualChip[]) => Promise<void> = async () => undefined,
): Promise<void> {
  const stage = await setStage();
  try {
    const addresses = eight.map(addressOf);
    const result = await stage.provision(loaded, addresses);
    assert.equal(result.counts.passed, 8, faultsOf(stage));
    const chips = addresses.map((address) => stage.chip(address));
    const records: SealedRecord[] = [];
    for (const chip of chips) {
      const record = await stage.station.parts.ledger.sealedDevice(chip.identity.mac);
      assert.ok(record, `${chip.identity.mac} is sealed`);
      flashHoldsFirmware(chip, record, loaded);
      onlyPlannedBits(chip, stage, record);
      records.push(record);
    }
    const keys = chips.map((chip) => toHex(flashKey(chip.efuse)!));
    assert.equal(new Set(keys).size, 8, 'no two boards share a key');
    assert.ok(
      keys.every((key) => new Set(key.match(/../g)).size > 8),
      'keys are not trivial',
    );
    const door = records[0]!.efusesAfter.burnedAfterwards;
    if (door.DIS_DOWNLOAD_MODE === 1) for (const address of addresses) await doorIsShut(stage, address);
    assert.equal((await stage.station.parts.ledger.verify()).broken, null);
    await more(stage, records, chips);
  } finally {
    await stage.close();
  }
}

/** BLOCK0 holds exactly what a blank chip of the kind has, plus what the ledger says was burned: every fuse of the recipe and no other. */
function onlyPlannedBits(chip: VirtualChip, stage: Stage, record: SealedRecord): void {
  const { kind, revision, mac } = chip.identity;
  const blank = new VirtualChip({ kind, revision, mac }, bootFromFlash);
  const factory = block0Bits(blank);
  const burned = new Set<string>();
  for (const event of stage.events) {
    if (
      event.type !== 'run' ||
      event.run !== record.run ||
      event.event.type !== 'verified' ||
      event.event.what !== 'bits' ||
      event.event.detail.block !== 0
    )
      continue;
    for (const { field, to } of event.event.detail.fields) for (const bit of bitsOf(chip, field, to)) burned.add(bit);
  }
  assert.deepEqual(
    [...block0Bits(chip)].filter((bit) => !factory.has(bit)).sort(),
    [...burned].filter((bit) => !factory.has(bit)).sort(),
  );
}

function bitsOf(chip: VirtualChip, name: string, value: number): string[] {
  if (name.startsWith('WR_DIS.')) {
    const frozen = name.slice('WR_DIS.'.length).replace(/ and \d+ more$/, '');
    const field = chip.efuse.table.fields.find((candidate) => candidate.name === frozen);
    const block = chip.efuse.table.blocks.find((candidate) => candidate.name === frozen);
    return [`${field?.writeDisableBit ?? block?.writeDisableBit}`];
  }
  if (name.startsWith('RD_DIS.')) {
    const block = chip.efuse.table.blocks.find((candidate) => candidate.name === name.slice('RD_DIS.'.length));
    return block!.readDisableBits.map((bit) => `${32 + bit}`);
  }
  const field = chip.efuse.table.fields.find((candidate) => candidate.name === name)!;
  const places = field.pieces.flatMap((piece) => Array.from({ length: piece.length }, (_, at) => piece.bit + at));
  return places.filter((_, at) => Math.floor(value / 2 ** at) % 2 === 1).map(String);
}

async function doorIsShut(stage: Stage, address: string): Promise<void> {
  const port = await stage.bench.open(address, { baudRate: 115200 });
  await assert.rejects(
    () => connectBoard(port, { clock: systemClock }),
    (error) => isFault(error, 'protocol.download-disabled'),
  );
}

/** openssl, which knows nothing of us, accepts each device certificate under the CA's self-signed one. */
async function certificatesVerify(stage: Stage, records: readonly SealedRecord[]): Promise<void> {
  const { signer } = stage.station.parts;
  using random = await signer.random(20);
  const { der } = await issueCaCertificate({
    signer,
    ca: { label: 'device-ca' },
    subject: [
      { type: 'CN', value: 'Example Device CA' },
      { type: 'O', value: 'Example' },
    ],
    serialNumber: random.use(serialNumberFrom),
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date('2099-01-01T00:00:00Z'),
  });
  const ca = join(stage.folder, 'ca.pem');
  writeFileSync(ca, pemOf('CERTIFICATE', der));
  for (const [at, record] of records.entries()) {
    const file = join(stage.folder, `device-${at}.pem`);
    writeFileSync(file, record.identity!.certificatePem!);
    const said = execFileSync('openssl', ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', ca, file], {
      encoding: 'utf8',
    });
    assert.match(said, /: OK/);
  }
  assert.equal(new Set(records.map((record) => record.identity!.certificateSerial)).size, records.length);
}

const encryptedOnly = `
fuseline: 1
name: p4-encrypted
revision: 1
description: the real P4 build, flash encryption alone
purpose: development
chip: esp32p4
silicon: { min: v0.1, max: v1.99 }
firmware: { folder: . }
flash: { size: 32MB, baud_rate: 2000000 }
flash_encryption: { key: xts-aes-256, mode: release }
doors: { jtag: 'off', direct_boot: 'off', download_mode: disabled }
boot_proof:
  when: both
  expect: ['app_init: Project name:']
wrapping_key: { label: fuseline-wrapping }
`;
