import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { concat, fromHex, padTo, utf8 } from '../../main/base/bytes.ts';
import { appDescriptorBytes, buildImage, securePad } from '../../main/image/build-image.ts';
import { buildPartitionTable, parsePartitionTable } from '../../main/image/partition-table.ts';
import { chipIds } from '../../main/model/chip.ts';
import { openJudges } from '../interop/espressif-tools.ts';
import { noToken, recipeAt, recipes, setStage } from '../stories/stage.ts';
import type { Figure } from './figures.ts';
import { virtualLine } from './virtual-line.ts';

const baud = 2_000_000;
const latencyMs = 16;
const appSize = 4 * 1024 * 1024;
const chip = `esp32p4?rev=v3.1&flash=16MB&pacing=line&latency=${latencyMs}`;

/**
 * A whole production board: P4 v3 with an application of 4 MiB at 2 Mbaud behind an adapter of 16 ms, all doors, both boot proofs, from the
 * first byte to the seal; and as much of the same work as Espressif's tools do, in one script: sign, encrypt, write, burn. The script starts
 * no board and proves nothing, and the start of Python is not charged to it.
 */
export async function wholeBoard(): Promise<readonly Figure[]> {
  const what = 'a whole P4 board, 4 MiB application, 2 Mbaud, 16 ms latency';
  if (noToken) return [{ what, value: 'not measured', budget: noToken, met: null }];
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-bench-'));
  try {
    const build = bigBuild(folder);
    const ours = await station(folder);
    const share = ours.seconds / (ours.wire + ours.proofs);
    const theirs = await script(folder, build);
    return [
      {
        what,
        value: `${ours.seconds.toFixed(1)} s; ${((share - 1) * 100).toFixed(1)} % over`,
        budget: `within 5 % of wire (${ours.wire.toFixed(1)} s) and proofs (${ours.proofs.toFixed(1)} s)`,
        met: share <= 1.05,
      },
      { what: '  where it went', value: '', budget: ours.steps, met: null },
      typeof theirs === 'string'
        ? { what: "  the same by a script of Espressif's tools", value: 'not measured', budget: theirs, met: null }
        : {
            what: "  sign, encrypt, write and burn by a script of Espressif's tools",
            value: `${theirs.seconds.toFixed(1)} s; ${(theirs.seconds / ours.seconds).toFixed(2)} times ours`,
            budget: theirs.steps,
            met: null,
          },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The shipped P4 build with an application that fills 4 MiB, and room for it. */
function bigBuild(folder: string): string {
  const build = join(folder, 'build');
  cpSync(join(recipes, '../firmware/esp32p4-v3'), build, { recursive: true });
  const table = join(build, 'partition-table.bin');
  const { partitions } = parsePartitionTable(new Uint8Array(readFileSync(table)));
  const slot = { ota_0: 0x20000, ota_1: 0x4a0000 };
  const placed = partitions.map((row) =>
    row.name === 'ota_0' || row.name === 'ota_1' ? { ...row, offset: slot[row.name], size: 0x480000 } : row,
  );
  writeFileSync(table, buildPartitionTable(placed));
  const args = join(build, 'flasher_args.json');
  writeFileSync(args, readFileSync(args, 'utf8').replaceAll('4MB', '16MB'));
  // its header says how large the flash is, and the hash behind it covers that
  const bootloader = readFileSync(join(build, 'bootloader.bin'));
  bootloader[3] = (bootloader[3]! & 0x0f) | 0x40;
  createHash('sha256')
    .update(bootloader.subarray(0, -32))
    .digest()
    .copy(bootloader, bootloader.length - 32);
  writeFileSync(join(build, 'bootloader.bin'), bootloader);
  const mmuPageSize = 0x10000;
  const descriptor = appDescriptorBytes({
    ...{ secureVersion: 0, version: '1.0.0', projectName: 'fuseline_demo', idfVersion: 'v5.5.1', mmuPageSize },
    ...{ time: '12:00:00', date: 'Nov 22 2026' },
    elfSha256: createHash('sha256').update('whole board').digest('hex'),
  });
  const words = padTo(utf8('FUSELINE-PROOF-1\0'), 16, 0);
  const loop = fromHex('6f000000');
  const image = buildImage({
    ...{ chipId: chipIds.esp32p4, minRevision: 300, maxRevision: 399, entry: 0x4ff00000 },
    ...{ spiMode: 2, spiSpeed: 0xf, spiSize: 4, appendHash: true, mmuPageSize },
    segments: [
      { loadAddress: 0x40010020, data: concat(descriptor, words, randomBytes(appSize - 0x20000)) },
      { loadAddress: 0x4ff00000, data: loop },
      { loadAddress: 0x40000020, data: loop },
    ],
  });
  writeFileSync(join(build, 'fuseline_demo.bin'), securePad(image, mmuPageSize));
  return build;
}

async function station(folder: string) {
  const recipe = readFileSync(join(recipes, 'esp32p4-production.yaml'), 'utf8');
  const file = join(folder, 'whole-board.yaml');
  writeFileSync(file, recipe.replace('../firmware/esp32p4-v3', './build'));
  const loaded = recipeAt(file);
  const stage = await setStage((data) =>
    writeFileSync(
      join(data, 'station.yaml'),
      'fuseline: 1\nstation: bench\ndevelopment: true\ntoken:\n  kind: softhsm\nfixtures: []\n',
    ),
  );
  const line = await virtualLine(chip, 'rfc2217:0');
  try {
    const { counts } = await stage.provision(loaded, [line.address]);
    const verdict = stage.events.find((event) => event.type === 'verdict');
    if (counts.passed !== 1 || verdict?.type !== 'verdict')
      throw new Error(`the board did not pass: ${verdict?.fault?.what}`);
    const steps = new Map<string, number>();
    let bytes = 0;
    for (const event of stage.events) {
      if (event.type !== 'run') continue;
      if (event.event.type === 'step-passed') steps.set(event.step ?? '', event.event.ms);
      if (event.event.type === 'verified' && event.event.what === 'flash') bytes += event.event.detail.length;
    }
    const proofs = ((steps.get('boot-proof') ?? 0) + (steps.get('final-boot-proof') ?? 0)) / 1000;
    return {
      seconds: verdict.ms / 1000,
      wire: (bytes * 10) / baud,
      proofs,
      steps: [...steps].map(([step, ms]) => `${step} ${(ms / 1000).toFixed(2)}`).join(', '),
    };
  } finally {
    await line.close();
    await stage.close();
  }
}

/** What a careful person's script would do with one board, each tool called as seldom as it can be. */
async function script(folder: string, build: string): Promise<{ seconds: number; steps: string } | string> {
  const judges = await openJudges(folder, 600);
  if (typeof judges === 'string') return judges;
  const line = await virtualLine(chip, 'pty');
  const path = (name: string) => join(folder, name);
  const parts = [
    ['0x2000', 'bootloader.bin'],
    ['0x10000', 'partition-table.bin'],
    ['0x17000', 'ota_data_initial.bin'],
    ['0x20000', 'fuseline_demo.bin'],
  ] as const;
  try {
    await judges.pass('espsecure', 'generate-signing-key', '--version', '2', '--scheme', 'rsa3072', path('sign.pem'));
    await judges.pass(
      'espsecure',
      'digest-sbv2-public-key',
      '--keyfile',
      path('sign.pem'),
      '--output',
      path('digest.bin'),
    );
    for (const name of ['hmac', 'ecdsa']) writeFileSync(path(`${name}.bin`), randomBytes(32));
    const began = performance.now();
    const steps: string[] = [];
    const timed = async (name: string, work: () => Promise<unknown>) => {
      const from = performance.now();
      await work();
      steps.push(`${name} ${((performance.now() - from) / 1000).toFixed(2)}`);
    };
    await timed('sign and encrypt', async () => {
      await judges.pass('espsecure', 'generate-flash-encryption-key', '-l', '512', path('key.bin'));
      for (const [offset, name] of parts) {
        const signed =
          name === 'bootloader.bin' || name === 'fuseline_demo.bin' ? path(`signed-${name}`) : join(build, name);
        if (signed !== join(build, name))
          await judges.pass(
            'espsecure',
            'sign-data',
            '--version',
            '2',
            '--keyfile',
            path('sign.pem'),
            '--output',
            signed,
            join(build, name),
          );
        await judges.pass(
          'espsecure',
          'encrypt-flash-data',
          '--aes-xts',
          '-k',
          path('key.bin'),
          '--address',
          offset,
          '-o',
          path(`enc-${name}`),
          signed,
        );
      }
    });
    const port = ['--port', line.address, '--before', 'no-reset', '--after', 'no-reset'];
    await timed('write', () =>
      judges.pass(
        'esptool',
        ...[...port, '--baud', `${baud}`, 'write-flash', '--no-compress'],
        ...parts.flatMap(([offset, name]) => [offset, path(`enc-${name}`)]),
      ),
    );
    await timed('burn', () =>
      judges.pass(
        'espefuse',
        ...[...port, '--do-not-confirm', 'burn-key', 'BLOCK_KEY0', path('key.bin'), 'XTS_AES_256_KEY'],
        ...['BLOCK_KEY2', path('digest.bin'), 'SECURE_BOOT_DIGEST0', 'BLOCK_KEY3', path('hmac.bin'), 'HMAC_UP'],
        ...['burn-efuse', 'DIS_USB_JTAG', '1', 'DIS_PAD_JTAG', '1', 'SOFT_DIS_JTAG', '7', 'DIS_DIRECT_BOOT', '1'],
        ...['DIS_DOWNLOAD_MANUAL_ENCRYPT', '1', 'SECURE_BOOT_KEY_REVOKE1', '1', 'SECURE_BOOT_KEY_REVOKE2', '1'],
        ...['SPI_BOOT_CRYPT_CNT', '7', 'SECURE_BOOT_EN', '1', 'write-protect-efuse', 'RD_DIS'],
      ),
    );
    await timed('shut', () =>
      judges
        .pass('espefuse', ...port, '--do-not-confirm', 'burn-efuse', 'DIS_DOWNLOAD_MODE', '1')
        .catch((error: unknown) => {
          // It reads back what cannot be read any more.
          if (!/download/i.test(String(error)) && !/connect/i.test(String(error))) throw error;
        }),
    );
    return { seconds: (performance.now() - began) / 1000, steps: steps.join(', ') };
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).slice(-300).replaceAll('\n', ' ');
  } finally {
    judges.close();
    await line.close();
  }
}
