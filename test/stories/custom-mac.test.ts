// MAC addresses of a product's own: given out of a list, each once, booked before they are burned, and read back.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { decodeSnapshot } from '../../main/efuse/snapshot.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { loadRecipe } from '../../main/recipe/load.ts';
import { openStationOf } from '../../main/start/real-parts.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { bringToEnd } from '../faults/boards.ts';
import { snapshotOf } from '../interop/virtual-bench.ts';
import { faultsOf, noToken, recipeAt, recipes, type Stage, setStage } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuseline-mac-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
/** A recipe that gives out the addresses of this list and does little else. */
function withList(build: string, list: string, section = 'custom_mac: {list: LIST}'): string {
  const at = `list-${count++}.csv`;
  writeFileSync(join(folder, at), list);
  const chip = build.replace(/-v\d$/, '');
  const [min, max] = { esp32p4: ['v3.0', 'v3.1'], esp32: ['v3.0', 'v3.1'], esp32c2: ['v1.0', 'v1.2'] }[chip] ?? [
    'v0.3',
    'v0.4',
  ];
  const file = join(folder, `mac-${count}.yaml`);
  writeFileSync(
    file,
    `fuseline: 1
name: own-mac
revision: 1
purpose: development
chip: ${chip}
silicon: {min: ${min}, max: ${max}}
firmware: {folder: ${join(recipes, '../firmware', build)}}
doors: {jtag: leave, direct_boot: leave, download_mode: open}
boot_proof: {when: before-door, expect: ['app_init: Project name:']}
wrapping_key: {label: fuseline-wrapping}
${section.replace('LIST', at)}
`,
  );
  return file;
}

/** What firmware reads as its own address (esp_hw_support/mac_addr.c): bytes in their order, of ESP32 with version and check byte. */
function ownMac({ efuse }: VirtualChip): string {
  const kind = efuse.table.chip;
  const [block, at] = kind === 'esp32' ? [3, 1] : kind === 'esp32c2' ? [1, 0] : [3, 25];
  const bytes = new Uint8Array(Uint32Array.from(efuse.hardwareBlock(block)).buffer);
  if (kind === 'esp32') assert.equal(bytes[23], 1, 'version of the address');
  return Buffer.from(bytes.subarray(at, at + 6))
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1:');
}

const takenOf = async (stage: Pick<Stage, 'station'>) =>
  (await stage.station.parts.ledger.rowsTaken('custom-mac')).map(({ row, mac }) => [row, mac]);

describe('a MAC address of its own', { skip: noToken }, () => {
  for (const [build, address] of [
    ['esp32p4-v3', 'esp32p4?rev=v3.1'],
    ['esp32c3', 'esp32c3?rev=v0.4'],
    ['esp32c2', 'esp32c2?rev=v1.2'],
    ['esp32', 'esp32?rev=v3.0'],
  ] as const)
    it(`${build}: burned, frozen where nothing else lies there, and shown`, async () => {
      const stage = await setStage();
      try {
        const loaded = recipeAt(withList(build, '02:00:5e:10:20:30\n02:00:5E:10:20:34\n'));
        const port = `virtual:${address}&pacing=none&name=own`;
        const result = await stage.provision(loaded, [port]);
        assert.equal(result.counts.passed, 1, faultsOf(stage));
        const chip = stage.chip(port);
        assert.equal(ownMac(chip), '02:00:5e:10:20:30');
        assert.deepEqual(await takenOf(stage), [['02:00:5e:10:20:30', chip.identity.mac]]);
        const shown = Object.entries(decodeSnapshot(snapshotOf(chip))).find(([field]) =>
          /(^|\.)MAC_CUSTOM$/.test(field),
        )!;
        assert.equal(shown[1].text, '02:00:5e:10:20:30');
        assert.equal(shown[1].writeProtected, build !== 'esp32', 'ESP32 keeps its block open for SECURE_VERSION');
      } finally {
        await stage.close();
      }
    });

  it('is given out once, over batches and starts of the program, and never in doubt', async () => {
    const stage = await setStage();
    try {
      const list = '02:00:00:00:00:02\n02:00:00:00:00:04\n02:00:00:00:00:06\n';
      const loaded = recipeAt(withList('esp32c3', list));
      const board = (n: number) => `virtual:esp32c3?rev=v0.4&pacing=none&name=mac-${n}&seed=${n + 40}`;
      assert.equal((await stage.provision(loaded, [board(1), board(2)])).counts.passed, 2, faultsOf(stage));
      // Another recipe with the same addresses goes on where this one ended.
      const other = recipeAt(withList('esp32c3', `custom_mac\n${list}`));
      assert.equal((await stage.provision(other, [board(3)])).counts.passed, 1, faultsOf(stage));
      const before = stage.events.length;
      const fourth = await stage.provision(loaded, [board(4)]);
      assert.equal(fourth.counts.passed, 0);
      assert.match(faultsOf({ ...stage, events: stage.events.slice(before) }), /^custom-mac\.used-up: All 3 addresses/);
      const macs = [1, 2, 3].map((n) => ownMac(stage.chip(board(n))));
      assert.deepEqual(macs.toSorted(), ['02:00:00:00:00:02', '02:00:00:00:00:04', '02:00:00:00:00:06']);
      await stage.station.close();
      const again = await openStationOf({ data: stage.folder }, stage.bench.open);
      try {
        assert.equal((await takenOf({ station: again })).length, 3);
      } finally {
        await again.close();
      }
    } finally {
      await stage.close();
    }
  });

  it('belongs to the board that it was begun on, whatever cut its burn', async () => {
    const stage = await setStage();
    try {
      const list = Array.from({ length: 8 }, (_, n) => `02:00:00:00:01:0${n}`).join('\n');
      const loaded = recipeAt(withList('esp32c3', `${list}\n`));
      // The address is the first burn, its write protection the second.
      const addresses = ['power-cut-in-burn:1', 'power-cut-after-burn:1', 'weak-burn:1', 'power-cut-in-burn:2'].map(
        (fault, n) => `virtual:esp32c3?rev=v0.4&pacing=none&name=cut-mac-${n}&seed=${n + 60}&fault=${fault}`,
      );
      const ends = await bringToEnd(stage, loaded, addresses);
      const taken = new Map((await takenOf(stage)) as [string, string][]);
      assert.equal(taken.size, addresses.length, 'one each');
      for (const { chip, end, address } of ends) {
        assert.equal(end, 'sealed', address);
        assert.equal(taken.get(ownMac(chip)), chip.identity.mac, address);
      }
    } finally {
      await stage.close();
    }
  });

  it('is by list the board’s own, and refused where it is somebody’s already', async () => {
    const stage = await setStage();
    try {
      const port = (n: number) => `virtual:esp32c3?rev=v0.4&pacing=none&name=by-${n}&seed=${n + 80}`;
      const chips: string[] = [];
      for (const n of [1, 2, 3, 4]) {
        await (await stage.bench.open(port(n), { baudRate: 115_200 })).close();
        chips.push(stage.chip(port(n)).identity.mac);
      }
      const [first, second, third, fourth] = chips as [string, string, string, string];
      const load = (list: string) => recipeAt(withList('esp32c3', list));
      const refused = async (loaded: LoadedRecipe, n: number, code: RegExp) => {
        const before = stage.events.length;
        const burned = stage.chip(port(n)).efuse.burned();
        assert.equal((await stage.provision(loaded, [port(n)])).counts.passed, 0);
        assert.match(faultsOf({ ...stage, events: stage.events.slice(before) }), code);
        assert.deepEqual(stage.chip(port(n)).efuse.burned(), burned, 'nothing was burned');
      };
      const rows = load(`mac,custom_mac\n${second},02:00:00:00:02:02\n${first},02:00:00:00:02:04\n`);
      assert.equal((await stage.provision(rows, [port(1)])).counts.passed, 1, faultsOf(stage));
      assert.equal(ownMac(stage.chip(port(1))), '02:00:00:00:02:04');
      await refused(rows, 3, /^custom-mac\.no-row/);
      await refused(load(`mac,custom_mac\n${third},02:00:00:00:02:04\n`), 3, /^custom-mac\.taken/);
      await refused(load(`${first}\n`), 3, /^custom-mac\.factory: .* a board that was here/);
      await refused(load(`${third}\n`), 3, /^custom-mac\.factory: .* this board/);
      // A board whose own MAC was given away stays out, whatever recipe it comes for.
      const away = load(`mac,custom_mac\n${second},${fourth}\n`);
      assert.equal((await stage.provision(away, [port(2)])).counts.passed, 1, faultsOf(stage));
      await refused(load('02:00:00:00:03:00\n'), 4, /^admission\.mac-given/);
    } finally {
      await stage.close();
    }
  });

  it('is refused by the check where no device may have it', () => {
    const checks = (list: string, section?: string) =>
      loadRecipe(withList('esp32c3', list, section))
        .findings.filter(({ check }) => check.startsWith('custom-mac') || check === 'recipe.no-file')
        .map(({ check, line, what }) => `${check}:${line} ${what}`);
    for (const [list, said] of [
      ['01:00:5e:00:00:01\n', /:1 The address is a multicast address/],
      ['02:00:00:00:00:02\nff:ff:ff:ff:ff:ff\n', /:2 The address is the broadcast address/],
      ['00:00:00:00:00:00\n', /:1 The address is all zeros/],
      ['02:00:00:00:00:02\n02-00-00-00-00-02\n', /:2 The address stands in line 1 already/],
      ['custom_mac\n02:00:00:00:00:02\n020000000002\n', /:3 The address stands in line 2 already/],
      ['02:00:00:00:00\n', /no column custom_mac|no MAC address/],
      ['custom_mac\n02:00:00:00:00:0g\n', /:2 .*no MAC address/],
      ['mac;custom_mac\n60:55:f9:00:00:01;02:00:00:00:00:02\n', /semicolons/],
      ['mac,custom_mac\n60:55:f9:00:00:01,60:55:f9:00:00:02\n60:55:f9:00:00:02,02:00:00:00:00:04\n', /factory’s own/],
      [
        'mac,custom_mac\n60:55:f9:00:00:01,02:00:00:00:00:02\n60:55:f9:00:00:01,02:00:00:00:00:04\n',
        /mac stands in line 2/,
      ],
      ['', /custom-mac-list/],
    ] as const)
      assert.match(checks(list).join('\n'), said, JSON.stringify(list));
    assert.deepEqual(checks('02:00:00:00:00:02\n'), []);
    assert.match(checks('x', 'custom_mac: {list: nowhere.csv}').join(), /recipe\.no-file/);
  });
});
