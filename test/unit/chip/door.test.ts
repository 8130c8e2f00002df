// The last burn: the ROM falls silent at one of two places (FACTS 19), over ports that can reset their board and ports that cannot.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBoard } from '../../../main/chip/live-board.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { hasField } from '../../../main/efuse/tables.ts';
import { type ChipKind, chipKinds } from '../../../main/model/chip.ts';
import { isFault } from '../../../main/model/fault.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import type { Port } from '../../../main/transport/port.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { DoorFound, VirtualFault } from '../../../main/virtual/silicon.ts';
import { fastClock } from './clocks.ts';
import { allStages, keyBytes, permitFor } from './rig.ts';

type Rig = { readonly doorFound?: DoorFound; readonly lines?: boolean; readonly faults?: readonly VirtualFault[] };

async function boardOf(kind: ChipKind, { doorFound, lines = true, faults = [] }: Rig) {
  const chip = new VirtualChip(
    { kind, seed: 7, flashSize: 1 << 20, faults, ...(doorFound === undefined ? {} : { doorFound }) },
    () => ({ lines: ['booted'], state: 'halted', firmware: null }),
  );
  const whole = openVirtualPort(chip, 'virtual:test');
  if (!lines) {
    chip.setLines({ dtr: true, rts: false });
    chip.reset();
  }
  const port: Port = lines ? whole : withoutLines(whole);
  const loader = await connectLoader(port, { clock: fastClock });
  return { chip, board: await openBoard(loader, { clock: fastClock }) };
}

/** The same wires without DTR and RTS, as raw TCP or a pseudo terminal has it. */
function withoutLines(port: Port): Port {
  return new Proxy(port, {
    get(target, name) {
      if (name === 'hasControlLines') return false;
      if (name === 'setLines') return () => Promise.reject(new Error('this port has no lines'));
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/** Burns one door over a board; what its effect was told as. */
async function shut({ board }: Awaited<ReturnType<typeof boardOf>>, door: string, baudRate = 115200): Promise<unknown> {
  if (baudRate !== 115200) await board.prepareFlashing({ baudRate, flashSize: 1 << 20, rom: true });
  const field = { field: door, value: 1, stage: 'door', reason: 'test' } as const;
  const plan = planBurn(await board.readEfuses(), { keys: [], fields: [field], writeProtect: [] }, { slots: [] });
  let effect: unknown = null;
  for await (const event of board.burn(plan, keyBytes, permitFor(plan), allStages))
    if (event.type === 'verified') effect = (event.detail as { readonly effect?: string }).effect;
  return effect;
}

async function firstLines(board: Awaited<ReturnType<typeof boardOf>>['board'], resetBy: 'lines' | 'operator') {
  const said: string[] = [];
  for await (const line of board.boot({ signal: AbortSignal.timeout(2000), resetBy })) {
    said.push(line);
    if (line === 'booted') break;
  }
  return said;
}

const doors = (kind: ChipKind) =>
  kind === 'esp32' ? ['UART_DOWNLOAD_DIS'] : ['DIS_DOWNLOAD_MODE', 'ENABLE_SECURITY_DOWNLOAD'];

for (const kind of chipKinds)
  for (const doorFound of ['at-next-command', 'before-answer'] as const)
    for (const lines of [true, false])
      test(`${kind}, silent ${doorFound}, ${lines ? 'with' : 'without'} reset lines: each door is believed by its effect`, async () => {
        for (const door of doors(kind)) {
          const rig = await boardOf(kind, { doorFound, lines });
          assert.ok(hasField(rig.chip.efuse.table, door), door);
          const effect = await shut(rig, door);
          const secure = door === 'ENABLE_SECURITY_DOWNLOAD';
          // Nothing of an ESP32's loader changes before its next reset.
          const expected = secure ? 'secure-download' : kind === 'esp32' && !lines ? 'read-back' : 'download-disabled';
          assert.equal(effect, expected, door);
          assert.equal(rig.chip.efuse.field(door), 1);
          if (secure) assert.equal((await rig.board.readSecurity()).secureDownload, true);
          if (!lines) {
            setTimeout(() => {
              rig.chip.setLines({ dtr: false, rts: false });
              rig.chip.reset();
            }, 20);
          }
          assert.equal(
            (await firstLines(rig.board, lines ? 'lines' : 'operator')).at(-1),
            'booted',
            'the reset leads to the application',
          );
          await rig.board.close();
        }
      });

test('a fast line: the ROM is found again at the rate it starts with', async () => {
  for (const lines of [true, false])
    for (const door of ['DIS_DOWNLOAD_MODE', 'ENABLE_SECURITY_DOWNLOAD']) {
      const rig = await boardOf('esp32c3', { lines });
      const effect = await shut(rig, door, 921600);
      assert.equal(effect, door === 'DIS_DOWNLOAD_MODE' ? 'download-disabled' : 'secure-download');
      await rig.board.close();
    }
});

test('a bit that does not take is burned again, and one that never does leaves the door open and says so', async () => {
  const weak = await boardOf('esp32c3', { faults: [{ kind: 'weak-burn', after: 1 }] });
  assert.equal(await shut(weak, 'DIS_DOWNLOAD_MODE'), 'download-disabled');
  await weak.board.close();
  const dead = await boardOf('esp32c3', { faults: [{ kind: 'dead-bit', after: 1 }] });
  await assert.rejects(
    () => shut(dead, 'DIS_DOWNLOAD_MODE'),
    (error) => isFault(error, 'burn.readback-differs') || isFault(error, 'burn.coding-error'),
  );
  await dead.board.close();
});

test('an answer that is lost around the door burn decides nothing', async () => {
  // The answers of one run are counted, then each of the last ones is lost in a run of its own.
  const counted = await boardOf('esp32c3', {});
  const before = counted.board.counters.commands;
  await shut(counted, 'ENABLE_SECURITY_DOWNLOAD');
  const all = counted.board.counters.commands;
  await counted.board.close();
  assert.ok(all - before > 8);
  for (let after = all - 9; after <= all; after++) {
    const rig = await boardOf('esp32c3', { faults: [{ kind: 'lost-answer', after }] });
    assert.equal(await shut(rig, 'ENABLE_SECURITY_DOWNLOAD'), 'secure-download', `answer ${after}`);
    await rig.board.close();
  }
});

test('a cut supply is no shut door', async () => {
  for (const lines of [true, false]) {
    const rig = await boardOf('esp32c3', { lines, faults: [{ kind: 'power-cut-after-burn', after: 1 }] });
    await assert.rejects(
      () => shut(rig, 'DIS_DOWNLOAD_MODE'),
      (error) => isFault(error, 'burn.lost-contact') && error.safety === 'resumable',
    );
    await rig.board.close();
  }
});
