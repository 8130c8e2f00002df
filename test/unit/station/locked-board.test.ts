// A board whose door is shut and whose seal was lost: which one it is, is proven, or nothing is sealed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../main/base/clock.ts';
import type { LedgerReader } from '../../../main/ledger/ledger.ts';
import { readForRecovery } from '../../../main/station/recovery/read-board.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { BootFromFlash } from '../../../main/virtual/silicon.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { Nest } from '../chip/nest.ts';
import { type NestOptions, work } from './nest.ts';
import { Rig, siliconOf } from './parts.ts';
import { type AnyEvent, diskFull } from './scripted-ledger.ts';

const keyless = recipeNamed('esp32c3-production');
const keyed = recipeNamed('esp32p4-production');

/** Shuts boards and loses their seals: the disk was full at the end of each. */
async function shut(rig: Rig, ...seeds: number[]): Promise<VirtualChip[]> {
  const chips = seeds.map((seed) => siliconOf(rig.loaded, rig.loaded === keyed ? { seed, revision: 301 } : { seed }));
  rig.book.beforeSeal = () => {
    throw diskFull();
  };
  for (const chip of chips) assert.equal((await rig.run(chip)).fault?.code, 'ledger.full');
  rig.book.beforeSeal = () => undefined;
  return chips;
}

async function verdictOn(rig: Rig, chip: VirtualChip, options: NestOptions = {}) {
  const { verdicts, open, error } = await work(rig, chip, options);
  assert.deepEqual([error, open, verdicts.length], [null, 0, 1]);
  return verdicts[0]!;
}

const serialOf = (chip: VirtualChip) => chip.identity.mac.replaceAll(':', '');

describe('a hand that changes boards between the door and the last start', { concurrency: true }, () => {
  /** Firmware that prints a MAC, or none, before it is ready. */
  const prints =
    (mac: string | null): BootFromFlash =>
    (context) => {
      const result = bootFromFlash(context);
      return { ...result, lines: [...result.lines, ...(mac === null ? [] : [`app: base MAC ${mac}`]), 'app: ready'] };
    };
  const macs = ['34:85:18:00:00:01', '34:85:18:00:00:02'] as const;

  /** Makes board 2; at its last start board 1 lies in the fixture, made alike and shut, by `maker` (null: by the same station, whose seal was lost). */
  async function changed(
    shown: readonly (string | null)[],
    expect: string,
    maker: Rig | null,
    at: (event: AnyEvent) => boolean = (event) => event.type === 'step-started' && event.step === 'final-boot-proof',
  ) {
    const { recipe } = keyless;
    const bootProof = { ...recipe.bootProof, expect: [expect], timeoutSeconds: 1 };
    const rig = new Rig({ ...keyless, recipe: { ...recipe, bootProof } });
    const { chip: kind, silicon } = recipe;
    const [first, second] = macs.map(
      (mac, at) => new VirtualChip({ kind, revision: silicon.min, seed: at + 1, mac }, prints(shown[at] ?? null)),
    ) as [VirtualChip, VirtualChip];
    rig.book.beforeSeal = () => {
      throw diskFull();
    };
    await (maker ?? rig).run(first);
    rig.book.beforeSeal = () => undefined;
    assert.equal(first.efuse.field('DIS_DOWNLOAD_MODE'), 1);
    const nest = new Nest(second, first);
    rig.book.before = (event) => {
      if (nest.current === second && at(event)) nest.change();
    };
    const end = await rig.run(nest.chip);
    rig.book.before = () => undefined;
    second.powerOn();
    assert.equal(end.mac, macs[1]);
    assert.equal(rig.book.sealed.length, 0);
    return { rig, end, boards: [second, first] };
  }

  it('for another of this ledger, which prints its MAC: nothing is sealed, and each is finished later', async () => {
    const { rig, end, boards } = await changed([macs[0], null], 'app: ready', null);
    assert.deepEqual([end.fault?.code, end.fault?.safety], ['chip.other-board', 'resumable']);
    for (const chip of boards) {
      const verdict = await verdictOn(rig, chip, { serials: [serialOf(chip)] });
      assert.deepEqual([verdict.outcome, verdict.mac], ['passed', chip.identity.mac]);
    }
  });

  it('just before the start with an open door, after which its application may have shut it: nobody is started in its place', async () => {
    const booked = (event: AnyEvent) =>
      event.type === 'intend' && event.what === 'bits' && event.detail.stage === 'door';
    const { rig, end, boards } = await changed([null, null], 'app: ready', new Rig(keyless), booked);
    assert.ok(end.fault !== null && end.fault.safety !== 'condemned', end.fault?.code);
    assert.ok(!rig.book.said().some((event) => event.type === 'verified' && event.what === 'boot'));
    const verdict = await verdictOn(rig, boards[0]!);
    assert.deepEqual([verdict.outcome, verdict.mac], ['passed', macs[1]]);
  });

  it('for one that nobody here knows: a line with {mac} awaits the right one', async () => {
    const { rig, end, boards } = await changed(macs, 'app: base MAC {mac}', new Rig(keyless));
    assert.deepEqual([end.fault?.code, end.fault?.safety], ['boot-proof.failed', 'resumable']);
    const verdict = await verdictOn(rig, boards[0]!);
    assert.deepEqual([verdict.outcome, verdict.mac], ['passed', macs[1]]);
  });
});

describe('a shut board that is not sealed', { concurrency: true }, () => {
  it('with a device key: its signature says which of two it is, and it is sealed under the run that found it', async () => {
    const rig = new Rig(keyed);
    const [first, second] = await shut(rig, 1, 2);
    const made = rig.book.said('R-2').length;
    const verdict = await verdictOn(rig, second!);
    assert.deepEqual([verdict.outcome, verdict.mac], ['passed', second!.identity.mac]);
    const [record] = rig.book.sealed;
    assert.equal(record?.run, verdict.run);
    assert.equal(record?.chip.mac, second!.identity.mac);
    assert.equal(rig.book.sealed.length, 1);
    assert.equal(rig.book.said('R-2').length, made, 'nothing is added to the run that was cut off');
    assert.equal((await rig.book.history(second!.identity.mac)).openKeys.length, 0);
    assert.ok((await rig.book.history(first!.identity.mac)).openKeys.length > 0, 'the other one still waits');
    const last = rig.book.calls.slice(-4);
    assert.deepEqual(last, ['observed', 'verified', 'keys-destroyed', 'seal'], 'all is said before it is sealed');
  });

  it('of another make: its signature is none of ours, and nothing is sealed', async () => {
    const rig = new Rig(keyed);
    await shut(rig, 1);
    const [foreign] = await shut(new Rig(keyed), 3);
    const verdict = await verdictOn(rig, foreign!);
    assert.deepEqual([verdict.outcome, verdict.fault?.code], ['refused', 'admission.other-shut-board']);
    assert.equal(rig.book.sealed.length, 0);
  });

  it('without a device key: only a serial number tells', async () => {
    const rig = new Rig(keyless);
    const [chip] = await shut(rig, 1);
    const unknown = await verdictOn(rig, chip!);
    assert.deepEqual([unknown.outcome, unknown.fault?.code], ['refused', 'admission.which-shut-board']);
    assert.equal(rig.book.sealed.length, 0);
    const verdict = await verdictOn(rig, chip!, { serials: [serialOf(chip!)] });
    assert.deepEqual([verdict.outcome, verdict.mac, verdict.serial], ['passed', chip!.identity.mac, serialOf(chip!)]);
  });

  it('which nobody here has shut stays refused: by its door alone, with any serial number', async () => {
    const rig = new Rig(keyless);
    const [foreign] = await shut(new Rig(keyless), 3);
    for (const serials of [[null], [serialOf(foreign!)]]) {
      const verdict = await verdictOn(rig, foreign!, { serials });
      assert.equal(verdict.fault?.code, 'protocol.download-disabled');
      assert.match(verdict.fault!.what, /No board that was begun here waits for its seal/);
      assert.match(verdict.fault!.what, /No board that was begun here waits for its seal/);
    }
    assert.equal(rig.book.sealed.length, 0);
  });

  it('is finished once: sealed, or condemned since, it waits for no seal any more', async () => {
    const rig = new Rig(keyless);
    const [chip, other] = await shut(rig, 1, 2);
    await rig.book.condemn(other!.identity.mac, null, 'dropped');
    const passed = await verdictOn(rig, chip!, { serials: [serialOf(chip!)] });
    assert.equal(passed.outcome, 'passed');
    for (const board of [chip!, other!]) {
      const again = await verdictOn(rig, board, { serials: [serialOf(board)] });
      assert.equal(again.fault?.code, 'protocol.download-disabled');
    }
    assert.equal(rig.book.sealed.length, 1);
  });

  it('that its own firmware shut before anybody could read what switched its security on: it is not sealed, and told so', async () => {
    const { recipe } = keyless;
    const doors = { ...recipe.doors, downloadMode: 'secure', shutByFirmware: true } as const;
    const rig = new Rig({ ...keyless, recipe: { ...recipe, doors } });
    const options = { seed: 1, firmwareShutsDoors: true, firmwarePrintsMac: true };
    const chip = siliconOf(rig.loaded, options);
    // the ledger goes when the burn is read back: its last word is what was meant
    rig.book.before = (event) => {
      if (event.type === 'burned' && event.what === 'bits' && event.detail.stage === 'enable') throw diskFull();
    };
    const broken = await rig.run(chip);
    assert.deepEqual([broken.fault?.code, broken.fault?.safety], ['ledger.full', 'resumable']);
    rig.book.before = () => undefined;
    chip.powerOff();
    chip.powerOn();
    for (let waited = 0; chip.efuse.field('ENABLE_SECURITY_DOWNLOAD') === 0 && waited < 2000; waited += 10)
      await sleep(10);
    const verdict = await verdictOn(rig, chip);
    assert.deepEqual([verdict.fault?.code, verdict.fault?.safety], ['admission.half-enabled', 'shut']);
    assert.equal(rig.book.sealed.length, 0);
    const report = await readForRecovery(async () => openVirtualPort(chip, 'virtual:test'), {
      clock: systemClock,
      // (of the ledger it asks what the scripted one knows)
      ledger: rig.book as unknown as LedgerReader,
      fixture: '1',
      named: chip.identity.mac,
      find: () => null,
    });
    assert.deepEqual([report.state, report.finish.possible, report.acts], ['shut', false, ['condemn']]);
    assert.match(report.next, /cannot be sealed/);
  });

  it('whose disk is full again stays unsealed', async () => {
    const rig = new Rig(keyless);
    const [chip] = await shut(rig, 1);
    rig.book.before = (event) => {
      if (event.type === 'verified') throw diskFull();
    };
    const verdict = await verdictOn(rig, chip!, { serials: [serialOf(chip!)] });
    assert.deepEqual([verdict.outcome, verdict.fault?.code], ['errored', 'ledger.full']);
    assert.equal(rig.book.sealed.length, 0);
  });
});
