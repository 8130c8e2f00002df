import { concat, reversed } from '../../../main/base/bytes.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { rsEncode } from '../../../main/efuse/reed-solomon.ts';
import { efuseTableFor, keyBlockOf, purposeRule } from '../../../main/efuse/tables.ts';
import type { KeyPurpose } from '../../../main/efuse/types.ts';
import type { ChipKind, Revision } from '../../../main/model/chip.ts';
import { EfuseController } from '../../../main/virtual/efuse/controller.ts';
import { NorFlash } from '../../../main/virtual/flash.ts';
import type { BootContext } from '../../../main/virtual/silicon.ts';

/** eFuses and flash of a board without the chip around them, and what a boot burned. */
export interface TestBoard {
  readonly flash: NorFlash;
  readonly burned: [string, number][];
  readonly context: BootContext;
  burn(field: string, value: number): void;
  /** Burns 32 bytes of a key file as espefuse does: reversed where the purpose asks for it, read-protected where required. */
  burnKey(slot: number, purpose: KeyPurpose, file: Uint8Array): void;
}

export function testBoard(
  kind: ChipKind,
  revision: Revision,
  more: {
    readonly flashSize?: number;
    readonly firmwareShutsDoors?: boolean;
    readonly firmwareForcesConstantTime?: boolean;
    /** The bootloader is built to encrypt flash at its first start. */
    readonly encrypts?: boolean;
  } = {},
): TestBoard {
  const random = seededRandom(1);
  const table = efuseTableFor(kind, revision);
  const efuse = new EfuseController(table, random, { faultOf: () => null, cutPower: () => undefined });
  const flash = new NorFlash(more.flashSize ?? 4 * 1024 * 1024);
  const burned: [string, number][] = [];
  return {
    flash,
    burned,
    burn: (field, value) => efuse.burnField(field, value),
    burnKey(slot, purpose, file) {
      const rule = purposeRule(table, purpose);
      const data = rule.reversed ? reversed(file) : file;
      efuse.setFactoryBlock(keyBlockOf(table, slot).number, concat(data, rsEncode(data)));
      efuse.burnField(`KEY_PURPOSE_${slot}`, rule.number!);
      if (rule.readProtect === 'required') efuse.burnField('RD_DIS', 1 << slot);
    },
    context: {
      kind,
      revision,
      mac: '02:00:00:00:00:01',
      efuse,
      flash,
      random,
      firmwareShutsDoors: more.firmwareShutsDoors ?? false,
      firmwareForcesConstantTime: more.firmwareForcesConstantTime ?? false,
      ...(more.encrypts !== true
        ? {}
        : {
            encrypts: {
              burnKey(block: number, codeword: Uint8Array) {
                burned.push([`BLOCK${block}`, 1]);
                efuse.setFactoryBlock(block, codeword);
                efuse.powerOn();
              },
              powered: () => true,
            },
          }),
      burn(field, value) {
        burned.push([field, value]);
        efuse.burnField(field, value);
      },
    },
  };
}
