import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { concat, utf8 } from '../../../main/base/bytes.ts';
import { parseImage } from '../../../main/image/app-image.ts';
import { buildImage } from '../../../main/image/build-image.ts';
import { readFirmware } from '../../../main/image/firmware.ts';
import { checkFirmware, type FirmwareTarget, sizeInFlash } from '../../../main/image/firmware-check.ts';
import { buildPartitionTable, parsePartitionTable } from '../../../main/image/partition-table.ts';
import { attachSignatures, buildSignatureBlock, imageDigest, padForSigning } from '../../../main/image/secure-boot.ts';
import type { FirmwareProblem, Partition } from '../../../main/image/types.ts';
import { demoFirmware } from '../../tools/make-demo-firmware.ts';

type Files = Map<string, Uint8Array>;
const demo = demoFirmware();
const p4v3: FirmwareTarget = {
  kind: 'esp32p4',
  chipId: 18,
  bootloaderOffset: 0x2000,
  revision: { min: 300, max: 399 },
  flashSize: 16 * 2 ** 20,
  secureBoot: true,
};

/** Problems of the P4 v3.x demonstration build after `change`. */
function problems(change: (files: Files) => void, target: Partial<FirmwareTarget> = {}): FirmwareProblem[] {
  const files: Files = new Map([...(demo.get('esp32p4-v3') as Files)].map(([name, bytes]) => [name, bytes.slice()]));
  change(files);
  const found = checkFirmware(readFirmware(files, 'esp32p4'), { ...p4v3, ...target });
  for (const problem of found) {
    assert.match(problem.what, /^[A-Z].*\.$/s, problem.code);
    assert.match(problem.remedy, /^[A-Z].*\.$/s, problem.code);
  }
  return found;
}
const codes = (found: FirmwareProblem[]) => found.map(({ code, severity, part }) => [code, severity, part]);
const file = (files: Files, name: string) => files.get(name) as Uint8Array;

function patch(files: Files, name: string, offset: number, ...bytes: number[]): void {
  file(files, name).set(bytes, offset);
}
function retable(files: Files, edit: (partition: Partition) => Partition | Partition[]): void {
  const { partitions } = parsePartitionTable(file(files, 'partition-table.bin'));
  files.set('partition-table.bin', buildPartitionTable(partitions.flatMap(edit)));
}
function relist(files: Files, from: string, to: string): void {
  const text = new TextDecoder().decode(files.get('flasher_args.json')).replaceAll(`"${from}"`, `"${to}"`);
  files.set('flasher_args.json', utf8(text));
}
const named = (name: string, edit: Partial<Partition>) => (partition: Partition) =>
  partition.name === name ? { ...partition, ...edit } : partition;

test('the demonstration builds have no fault, with and without Secure Boot', () => {
  const targets: Record<string, Partial<FirmwareTarget>> = {
    'esp32p4-v1': { revision: { min: 0, max: 199 } },
    'esp32p4-v3': {},
    esp32c3: { kind: 'esp32c3', chipId: 5, bootloaderOffset: 0, revision: { min: 3, max: 199 } },
    esp32s3: { kind: 'esp32s3', chipId: 9, bootloaderOffset: 0, revision: { min: 0, max: 99 } },
    esp32s2: { kind: 'esp32s2', chipId: 2, bootloaderOffset: 0x1000, revision: { min: 0, max: 199 } },
    esp32c61: { kind: 'esp32c61', chipId: 20, bootloaderOffset: 0, revision: { min: 100, max: 199 } },
    esp32c2: { kind: 'esp32c2', chipId: 12, bootloaderOffset: 0, revision: { min: 100, max: 199 } },
    esp32c5: { kind: 'esp32c5', chipId: 23, bootloaderOffset: 0x2000, revision: { min: 100, max: 199 } },
    esp32c6: { kind: 'esp32c6', chipId: 13, bootloaderOffset: 0, revision: { min: 0, max: 99 } },
    esp32h2: { kind: 'esp32h2', chipId: 16, bootloaderOffset: 0, revision: { min: 0, max: 199 } },
    esp32: { kind: 'esp32', chipId: 0, bootloaderOffset: 0x1000, revision: { min: 300, max: 399 } },
    esp32s31: { kind: 'esp32s31', chipId: 32, bootloaderOffset: 0x2000, revision: { min: 0, max: 99 } },
    esp32h21: { kind: 'esp32h21', chipId: 25, bootloaderOffset: 0, revision: { min: 0, max: 99 } },
    esp32h4: { kind: 'esp32h4', chipId: 28, bootloaderOffset: 0x2000, revision: { min: 0, max: 99 } },
  };
  assert.deepEqual([...demo.keys()].sort(), Object.keys(targets).sort());
  for (const [name, target] of Object.entries(targets))
    for (const secureBoot of [true, false]) {
      const whole = { ...p4v3, ...target, flashSize: 4 * 2 ** 20, secureBoot };
      assert.deepEqual(checkFirmware(readFirmware(demo.get(name) as Files, whole.kind), whole), [], name);
    }
});

test('another chip', () => {
  assert.deepEqual(codes(problems(() => {}, { kind: 'esp32c5', chipId: 23 })), [
    ['chip-id', 'error', 'bootloader'],
    ['chip-id', 'error', 'ota_0'],
  ]);
});

test('silicon that bootloader and application do not run on', () => {
  assert.deepEqual(codes(problems(() => {}, { revision: { min: 0, max: 199 } })), [
    ['silicon-revision', 'error', 'bootloader'],
    ['silicon-revision', 'error', 'ota_0'],
  ]);
  assert.deepEqual(codes(problems(() => {}, { revision: { min: 100, max: 300 } })), [
    ['silicon-revision', 'warning', 'bootloader'],
    ['silicon-revision', 'warning', 'ota_0'],
  ]);
  const [problem] = problems(() => {}, { revision: { min: 103, max: 103 } });
  assert.match(problem?.what ?? '', /v3\.0 to v3\.99.*meant for v1\.3/);
});

test('damaged images', () => {
  // 0x200 lies in the data of the first segment, 0x1ffe0 in the hash at the end, byte 4 in the header.
  assert.deepEqual(codes(problems((files) => patch(files, 'fuseline_demo.bin', 0x300, 0x00, 0x01, 0x02))), [
    ['image-checksum', 'error', 'ota_0'],
    ['image-hash', 'error', 'ota_0'],
  ]);
  assert.deepEqual(codes(problems((files) => patch(files, 'bootloader.bin', 4, 1))), [
    ['image-hash', 'error', 'bootloader'],
  ]);
  assert.deepEqual(
    codes(problems((files) => files.set('fuseline_demo.bin', file(files, 'fuseline_demo.bin').slice(0, 70000)))),
    [['image-truncated', 'error', 'ota_0']],
  );
  assert.deepEqual(codes(problems((files) => patch(files, 'bootloader.bin', 0, 0))), [
    ['image-magic', 'error', 'bootloader'],
  ]);
  assert.deepEqual(codes(problems((files) => patch(files, 'bootloader.bin', 1, 17))), [
    ['image-segments', 'error', 'bootloader'],
  ]);
  assert.deepEqual(codes(problems((files) => patch(files, 'bootloader.bin', 23, 0))), [
    ['image-no-hash', 'warning', 'bootloader'],
    ['trailing-bytes', 'warning', 'bootloader'],
  ]);
  assert.deepEqual(codes(problems((files) => files.set('ota_data_initial.bin', new Uint8Array(0)))), [
    ['part-empty', 'error', 'otadata'],
  ]);
});

test('bytes behind an image: padding and a signature are in order, anything else is not', () => {
  const longer = (tail: Uint8Array) =>
    codes(problems((files) => files.set('bootloader.bin', concat(file(files, 'bootloader.bin'), tail))));
  assert.deepEqual(longer(new Uint8Array(100).fill(0xff)), []);
  assert.deepEqual(longer(new Uint8Array(100).fill(1)), [['trailing-bytes', 'warning', 'bootloader']]);
});

test('an image that is signed already takes no second sector', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signedOf = (image: Uint8Array) => {
    const bytes = padForSigning(image);
    const block = buildSignatureBlock({
      scheme: 'ecdsa-p256',
      spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
      imageDigest: imageDigest(bytes, 'ecdsa-p256'),
      signature: new Uint8Array(sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
    });
    return attachSignatures(image, [block]);
  };
  const sign_ = (files: Files) => {
    for (const name of ['bootloader.bin', 'fuseline_demo.bin']) files.set(name, signedOf(file(files, name)));
  };
  assert.deepEqual(problems(sign_), []);
  const files = new Map(demo.get('esp32p4-v3'));
  sign_(files);
  const [bootloader] = readFirmware(files, 'esp32p4').parts;
  assert.ok(bootloader);
  assert.equal(sizeInFlash(bootloader, true), 0x4000);
  assert.equal(sizeInFlash(bootloader, false), 0x4000);
});

test('a bootloader that fits, but not with its signature', () => {
  const tight = (files: Files) => {
    relist(files, '0x10000', '0x5000');
    retable(files, (partition) =>
      partition.offset < 0x20000 ? { ...partition, offset: partition.offset - 0xb000 } : partition,
    );
    relist(files, '0x17000', '0xc000');
  };
  assert.deepEqual(problems(tight, { secureBoot: false }), []);
  const found = problems(tight);
  assert.deepEqual(codes(found), [['bootloader-room', 'error', 'bootloader']]);
  assert.match(found[0]?.what ?? '', /9472 bytes, 16384 with padding.*0x2000 to 0x6000.*begins at 0x5000.*12288/s);
  assert.match(found[0]?.remedy ?? '', /CONFIG_PARTITION_TABLE_OFFSET to at least 0x6000/);
});

test('places', () => {
  assert.deepEqual(codes(problems((files) => relist(files, '0x2000', '0x1000'))), [
    ['bootloader-offset', 'error', 'bootloader'],
  ]);
  assert.deepEqual(codes(problems((files) => relist(files, '0x10000', '0x10800'))), [
    ['table-offset', 'error', 'partition-table'],
    ['partitions-overlap', 'error', 'nvs'],
  ]);
  assert.deepEqual(codes(problems((files) => relist(files, '0x17000', '0x18000'))), [
    ['part-offset', 'error', 'ota_data_initial.bin'],
    ['otadata-file', 'warning', 'otadata'],
  ]);
  // The application once more, in a partition for data.
  assert.deepEqual(
    codes(
      problems((files) => {
        relist(files, '0x17000', '0x1a000');
        files.set('ota_data_initial.bin', file(files, 'fuseline_demo.bin').slice(0, 0x1000));
      }),
    ),
    [
      ['part-offset', 'error', 'esp_secure_cert'],
      ['otadata-file', 'warning', 'otadata'],
    ],
  );
  assert.deepEqual(codes(problems((files) => files.set('ota_data_initial.bin', new Uint8Array(0xa000)))), [
    ['part-room', 'error', 'otadata'],
    ['parts-overlap', 'error', 'otadata'],
  ]);
});

test('an application that fits its partition only without its signature', () => {
  const tight = (files: Files) => retable(files, named('ota_0', { size: 0x20000 }));
  assert.deepEqual(problems(tight, { secureBoot: false }), []);
  const found = problems(tight);
  assert.deepEqual(codes(found), [['part-room', 'error', 'ota_0']]);
  assert.match(found[0]?.what ?? '', /135168 bytes with its signature, but partition ota_0 has 131072/);
});

test('the partition table', () => {
  const table = (edit: (partition: Partition) => Partition | Partition[]) =>
    codes(problems((files) => retable(files, edit)));
  assert.deepEqual(table(named('ota_1', { offset: 0x128000 })), [['app-alignment', 'error', 'ota_1']]);
  assert.deepEqual(table(named('phy_init', { offset: 0x19800, size: 0x800 })), [
    ['partition-alignment', 'error', 'phy_init'],
  ]);
  assert.deepEqual(table(named('phy_init', { size: 0 })), [['partition-empty', 'error', 'phy_init']]);
  assert.deepEqual(table(named('ota_1', { offset: 0x110000 })), [['partitions-overlap', 'error', 'ota_0']]);
  assert.deepEqual(table(named('nvs', { encrypted: true })), [['nvs-encrypted', 'error', 'nvs']]);
  assert.deepEqual(table(named('phy_init', { subtype: 4 })), [['nvs-keys-plain', 'error', 'phy_init']]);
  assert.deepEqual(table(named('phy_init', { subtype: 4, encrypted: true })), []);
  assert.deepEqual(codes(problems(() => {}, { flashSize: 2 ** 21 })), [
    ['header-flash-size', 'error', 'bootloader'],
    ['flash-size', 'error', 'ota_1'],
  ]);
  assert.deepEqual(
    problems(() => {}, { flashSize: null }),
    [],
  );
  // Partitions may describe the places of bootloader and table themselves.
  const own = { subtype: 0, encrypted: false, readonly: false };
  assert.deepEqual(
    table((partition) =>
      partition.name === 'nvs'
        ? [
            { ...own, name: 'boot', type: 2, offset: 0x2000, size: 0xe000 },
            { ...own, name: 'table', type: 3, offset: 0x10000, size: 0x1000 },
            partition,
          ]
        : partition,
    ),
    [],
  );
});

test('update slots', () => {
  const bare = (files: Files) => {
    relist(files, '0x17000', '0x1a000');
    files.set('ota_data_initial.bin', new Uint8Array(16));
    retable(files, (partition) => (partition.name === 'otadata' ? [] : partition));
  };
  assert.deepEqual(codes(problems(bare)), [['otadata-missing', 'error', null]]);

  const rollback = (edit: Partial<Partition>) => (files: Files) => {
    retable(files, named('ota_1', edit));
    files.set('sdkconfig', utf8('CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK=y\n'));
  };
  assert.deepEqual(codes(problems(rollback({ subtype: 0x20 }))), [['anti-rollback-factory', 'warning', 'ota_1']]);
  assert.deepEqual(problems(rollback({})), []);
  assert.deepEqual(
    problems((files) => retable(files, named('ota_1', { subtype: 0x20 }))),
    [],
  );
});

test('a bootloader that no ROM verifies under Secure Boot', () => {
  const large = (length: number) => (files: Files) => {
    const image = parseImage(file(files, 'bootloader.bin'));
    const { header } = image;
    const data = new Uint8Array(length);
    data.set(file(files, 'bootloader.bin').subarray(0x20, 0x70));
    const built = buildImage({ ...header, appendHash: true, segments: [{ loadAddress: 0x4ff33ce0, data }] });
    files.set('bootloader.bin', built);
  };
  const found = (length: number, target: Partial<FirmwareTarget> = {}) =>
    problems(large(length), target).some(({ code }) => code === 'bootloader-too-large');
  assert.ok(found(0x10000));
  assert.ok(!found(0xff00));
  assert.ok(!found(0x10000, { secureBoot: false }));
});
