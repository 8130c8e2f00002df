// A virtual board behind the real loader, and what the tests around burning share.

import { seededRandom } from '../../../main/base/random.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { Board, BurnStage, KeyBytes } from '../../../main/chip/board.ts';
import { openBoard } from '../../../main/chip/live-board.ts';
import { grantBurnPermit } from '../../../main/chip/permit.ts';
import { profileOf } from '../../../main/chip/profiles.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { BurnPlan, EfusePast, PastSlot, WantedEfuses } from '../../../main/efuse/plan-types.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { ChipKind, Revision } from '../../../main/model/chip.ts';
import type { StepEvent } from '../../../main/model/event.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualFault } from '../../../main/virtual/silicon.ts';
import { fastClock } from './clocks.ts';

export function virtualChip(kind: ChipKind, revision: Revision, faults: readonly VirtualFault[] = []): VirtualChip {
  return new VirtualChip({ kind, revision, seed: 7, faults, flashSize: 1 << 20 }, () => ({
    lines: ['booted'],
    state: 'halted',
    firmware: null,
  }));
}

/** Meets the chip as the station does; the board has to be closed. */
export async function meet(chip: VirtualChip): Promise<Board> {
  const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock: fastClock });
  return openBoard(loader, { clock: fastClock });
}

/** `readRegisters` of a loader that is asked one by one. */
export const oneByOne = (read: (address: number) => Promise<number>) => async (addresses: readonly number[]) => {
  const values: number[] = [];
  for (const address of addresses) values.push(await read(address));
  return values;
};

export const allStages: readonly BurnStage[] = ['keys', 'read-protect', 'protection', 'enable', 'door'];
export const permitFor = (plan: BurnPlan) => grantBurnPermit('run-1', 'digest-1', plan);

/** Secret of a role and part: the same in every run of a test. */
export function secretOf(role: string, part: string): Uint8Array {
  return seededRandom(role.length * 16 + part.length)(32);
}

export const keyBytes: KeyBytes = (role, part) => SecretBytes.adopt(secretOf(role, part));

/** The same as long as this chip wants them. */
export const keyBytesOf = (kind: ChipKind): KeyBytes =>
  kind === 'esp32c2' ? (role, part) => SecretBytes.adopt(secretOf(role, part).slice(0, 16)) : keyBytes;

export const digest = 'c0ffee00'.repeat(8);

/** What a production recipe wants: XTS-AES-256 where there is one (two key blocks), a digest, and the fuses of FACTS 13.3. */
export function production(
  kind: ChipKind,
  revision: Revision,
  door: string | null = 'ENABLE_SECURITY_DOWNLOAD',
): WantedEfuses {
  const profile = profileOf(kind);
  const table = efuseTableFor(kind, revision);
  const field = (name: string, value: number, stage: 'protection' | 'enable' | 'door') => ({
    field: name,
    value,
    stage,
    reason: 'production',
  });
  const derived = 'XTS_AES_128_KEY_DERIVED_FROM_128_EFUSE_BITS';
  const flash = (
    part: 'whole' | 'low' | 'high',
    purpose: 'XTS_AES_128_KEY' | 'XTS_AES_256_KEY_1' | 'XTS_AES_256_KEY_2' | typeof derived,
  ) => ({ material: { kind: 'secret', role: 'flash-encryption', part }, purpose, slot: null }) as const;
  return {
    keys: [
      ...(profile.flashEncryption.includes('xts-aes-256')
        ? [flash('low', 'XTS_AES_256_KEY_1'), flash('high', 'XTS_AES_256_KEY_2')]
        : [flash('whole', profile.flashEncryption.includes('xts-aes-128-derived') ? derived : 'XTS_AES_128_KEY')]),
      { material: { kind: 'digest', index: 0, sha256: digest }, purpose: 'SECURE_BOOT_DIGEST0', slot: null },
    ],
    fields: [
      ...profile.production.jtag.map((entry) => field(entry.field, entry.value, 'protection')),
      ...profile.production.directBoot.map((name) => field(name, 1, 'protection')),
      ...profile.production.flashEncryptionRelease
        .filter(({ minRevision }) => revision >= (minRevision ?? 0))
        .map((entry) => field(entry.field, entry.value, 'protection')),
      ...(profile.digests === 1 ? [] : ['SECURE_BOOT_KEY_REVOKE1', 'SECURE_BOOT_KEY_REVOKE2']).map((name) =>
        field(name, 1, 'protection'),
      ),
      field('SPI_BOOT_CRYPT_CNT', 7, 'enable'),
      field('SECURE_BOOT_EN', 1, 'enable'),
      ...(door === null ? [] : [field(door, 1, 'door')]),
    ],
    writeProtect: [
      { field: 'RD_DIS', reason: 'digests stay readable' },
      ...profile.production.flashEncryptionWriteProtect
        .filter((name) => table.fields.some((candidate) => candidate.name === name))
        .map((name) => ({ field: name, reason: 'release mode' })),
    ],
  };
}

const classicField = (name: string, value: number, stage: 'protection' | 'enable' | 'door') => ({
  field: name,
  value,
  stage,
  reason: 'production',
});
/** What a production recipe wants of the classic ESP32. */
export const classicProduction: WantedEfuses = {
  keys: [
    {
      material: { kind: 'secret', role: 'flash-encryption', part: 'whole' },
      purpose: 'FLASH_ENCRYPTION',
      slot: null,
    },
    { material: { kind: 'digest', index: 0, sha256: digest }, purpose: 'SECURE_BOOT_DIGEST0', slot: null },
  ],
  fields: [
    classicField('FLASH_CRYPT_CONFIG', 15, 'protection'),
    classicField('JTAG_DISABLE', 1, 'protection'),
    // BLOCK3, bit by bit
    classicField('SECURE_VERSION', 3, 'protection'),
    classicField('FLASH_CRYPT_CNT', 127, 'enable'),
    classicField('ABS_DONE_1', 1, 'enable'),
    classicField('UART_DOWNLOAD_DIS', 1, 'door'),
  ],
  writeProtect: [{ field: 'RD_DIS', reason: 'the digest stays readable' }],
};

/** A ledger as far as key slots go. */
export class Book {
  readonly events: StepEvent[] = [];

  get past(): EfusePast {
    const slots = new Map<number, PastSlot>();
    const givenUp: number[] = [];
    for (const event of this.events) {
      if (event.type === 'observed' && event.what === 'key-block-given-up') givenUp.push(event.value.slot);
      if ((event.type !== 'intend' && event.type !== 'verified') || event.what !== 'key-block') continue;
      const { detail } = event;
      if (!('role' in detail)) continue;
      const proven = event.type === 'verified' || (slots.get(detail.slot)?.proven ?? false);
      slots.set(detail.slot, { slot: detail.slot, role: detail.role, part: detail.part, fingerprint: 'f', proven });
    }
    return { slots: [...slots.values()], givenUp };
  }

  /** Plans the board as it is and carries the plan out, booking every event before it asks for the next. */
  async run(board: Board, wanted: WantedEfuses, stages = allStages): Promise<BurnPlan> {
    let plan = planBurn(await board.readEfuses(), wanted, this.past);
    // as a run does: answers carry no checksum
    if (plan.refusals.length > 0) plan = planBurn(await board.readEfuses(), wanted, this.past);
    if (plan.refusals.length > 0) throw new Error(plan.refusals.map(({ what }) => what).join(' '));
    const keys = keyBytesOf(board.identity.kind);
    for await (const event of board.burn(plan, keys, permitFor(plan), stages)) this.events.push(event);
    return plan;
  }
}
