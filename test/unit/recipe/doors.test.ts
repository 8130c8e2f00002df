import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { WantedEfuses } from '../../../main/efuse/plan-types.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { fieldOf } from '../../../main/efuse/tables.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import { loadRecipeText } from '../../../main/recipe/load.ts';
import { wantedEfuses } from '../../../main/recipe/plan/wanted-efuses.ts';
import { refuseOwnPort } from '../../../main/station/admission.ts';

const folder = join(import.meta.dirname, '../../../station-config/recipes');

/** What is told of a recipe with these doors, as errors. */
function told(name: string, doors: Readonly<Record<string, string>>, also: (text: string) => string = (text) => text) {
  const file = join(folder, `${name}.yaml`);
  let text = readFileSync(file, 'utf8');
  for (const [key, value] of Object.entries(doors)) {
    const line = new RegExp(`^  ${key}:.*$`, 'm');
    text = line.test(text)
      ? text.replace(line, `  ${key}: '${value}'`)
      : text.replace(/^doors:$/m, `doors:\n  ${key}: '${value}'`);
  }
  const { loaded, findings } = loadRecipeText(also(text), file);
  const errors = findings.filter(({ severity, waived }) => severity === 'error' && waived === null);
  return { loaded, errors, checks: errors.map(({ check }) => check) };
}

describe('doors that a chip does not have are refused with its reason', () => {
  test('soft JTAG', () => {
    const { errors } = told('esp32c61-production', { jtag: 'soft' });
    const [finding] = errors.filter(({ check }) => check === 'soft-jtag');
    assert.match(finding?.what ?? '', /ESP32-C61 has no HMAC peripheral/);
    for (const name of ['esp32p4-production', 'esp32s3-production', 'esp32s2-production', 'esp32c3-production'])
      assert.deepEqual(told(name, { jtag: 'soft' }).checks, [], name);
  });

  test('USB, and what the ROM prints', () => {
    assert.deepEqual(told('esp32s2-production', { usb_jtag: 'off' }).checks, ['usb-jtag', 'efuse.unknown-field']);
    assert.ok(told('esp32p4-production', { usb_serial_jtag: 'off' }).checks.includes('usb-serial-jtag'));
    assert.deepEqual(told('esp32s3-production', { usb_serial_jtag: 'off' }).checks, ['efuse.s3-usb']);
    assert.deepEqual(told('esp32s3-production', { usb_serial_jtag: 'off', jtag: 'soft' }).checks, []);
    assert.deepEqual(told('esp32c3-production', { usb_download: 'off', force_download: 'off' }).checks, []);
  });

  test('a silent ROM where its words are still needed', () => {
    assert.ok(told('esp32p4-production', { rom_print: 'silent' }).checks.includes('rom-print-shut'));
    const secure = { rom_print: 'silent', download_mode: 'secure' };
    assert.deepEqual(told('esp32p4-production', secure).checks, []);
    const expecting = (text: string) => text.replace("'app_init: Project name:'", "'^entry 0x'");
    assert.deepEqual(told('esp32p4-production', secure, expecting).checks, ['rom-print-proof']);
  });
});

test('JTAG is shut softly or for good, never both, in whatever words', () => {
  const soft = { jtag: 'soft' };
  assert.ok(told('esp32p4-production', { ...soft, usb_jtag: 'off' }).checks.includes('efuse.jtag-both'));
  const byName = (text: string) => `${text}efuses:\n  DIS_PAD_JTAG: 1\n`;
  assert.deepEqual(told('esp32p4-production', soft, byName).checks, ['efuse-contradicts', 'efuse.jtag-both']);
  // On S2 the same bit has an older name.
  const older = (text: string) => `${text}efuses:\n  HARD_DIS_JTAG: 1\n`;
  assert.deepEqual(told('esp32s2-production', soft, older).checks, ['efuse-contradicts', 'efuse.jtag-both']);
});

test('a door that is asked for by name, behind the back of doors, is refused by the planner itself', () => {
  for (const [name, fields] of [
    [
      'esp32p4-development',
      ['DIS_DOWNLOAD_MODE', 'ENABLE_SECURITY_DOWNLOAD', 'DIS_USB_OTG_DOWNLOAD_MODE', 'UART_PRINT_CONTROL'],
    ],
    ['esp32c3-production', ['ENABLE_SECURITY_DOWNLOAD', 'DIS_USB_DOWNLOAD_MODE']],
    ['esp32s2-production', ['DIS_USB_DOWNLOAD_MODE']],
    ['esp32-production', ['UART_DOWNLOAD_DIS', 'DIS_DOWNLOAD_MODE']],
  ] as const)
    for (const field of fields)
      assert.ok(
        told(
          name,
          { download_mode: name === 'esp32c3-production' ? 'disabled' : 'open' },
          (text) => `${text}efuses:\n  ${field}: 1\n`,
        ).checks.includes('efuse.door-too-early'),
        `${name} ${field}`,
      );
});

/** Names of the fields of each program, in order. */
function programs(
  kind: ChipKind,
  doors: Readonly<Record<string, string>>,
  edit?: (wanted: WantedEfuses) => WantedEfuses,
) {
  const { loaded, checks } = told(`${kind}-production`, doors);
  assert.deepEqual(checks, []);
  const { recipe } = loaded!;
  const profile = profileOf(kind);
  const table = profile.efuseTables.find(({ revisions }) => revisions.min <= recipe.silicon.min)!;
  const wanted = wantedEfuses(recipe, profile, table, recipe.silicon.min, ['11'.repeat(32)]);
  const plan = planBurn(blankSnapshot(table), edit?.(wanted) ?? wanted, { slots: [] });
  return {
    plan,
    wanted,
    blank: blankSnapshot(table),
    stages: plan.burns.flatMap((burn) =>
      burn.kind === 'bits' ? [{ stage: burn.stage, fields: burn.fields.map(({ field }) => field) }] : [],
    ),
  };
}

test('what may silence or lose the board comes behind the boot proof, and download mode is shut by a program of its own', () => {
  const { stages } = programs('esp32c3', { rom_print: 'silent', usb_download: 'off', download_mode: 'secure' });
  assert.deepEqual(
    stages.filter(({ stage }) => stage === 'door').map(({ fields }) => fields.toSorted()),
    [
      ['DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE', 'DIS_USB_SERIAL_JTAG_ROM_PRINT', 'UART_PRINT_CONTROL'],
      ['ENABLE_SECURITY_DOWNLOAD'],
    ],
  );
  const plain = programs('esp32c3', {}).stages.filter(({ stage }) => stage === 'door');
  assert.equal(plain.length, 1, 'no program more where nobody asked for one');
});

test('soft JTAG burns no hard bit, and a board whose JTAG is shut for good is refused', () => {
  const { plan, stages, wanted, blank } = programs('esp32s3', { jtag: 'soft' });
  const fields = stages.flatMap((program) => program.fields);
  assert.ok(fields.includes('SOFT_DIS_JTAG'));
  assert.ok(!fields.includes('DIS_PAD_JTAG') && !fields.includes('DIS_USB_JTAG'));
  assert.ok(plan.slots.some(({ purpose, todo }) => purpose === 'HMAC_DOWN_JTAG' && todo.readProtect));
  const unused = programs('esp32s3', { jtag: 'soft' }, (wanted) => ({
    ...wanted,
    fields: wanted.fields.filter(({ field }) => field !== 'SOFT_DIS_JTAG'),
  }));
  assert.deepEqual(
    unused.plan.refusals.map(({ code }) => code),
    ['efuse.jtag-key-unused'],
  );
  const { bit } = fieldOf(blank.table, 'DIS_PAD_JTAG').pieces[0]!;
  const block0 = blank.blocks[0]!.with(bit >>> 5, (1 << (bit & 31)) >>> 0);
  const [refusal, ...more] = planBurn({ ...blank, blocks: blank.blocks.with(0, block0) }, wanted, {
    slots: [],
  }).refusals;
  assert.deepEqual([refusal?.code, refusal?.condemns, more], ['efuse.jtag-hard-already', true, []]);
});

test('a recipe never shuts the port through which the board is reached', () => {
  const { loaded } = told('esp32c3-production', { usb_download: 'off' });
  const own = { vendorId: 0x303a, productId: 0x1001 };
  assert.equal(refuseOwnPort(loaded!.recipe, own)?.code, 'admission.own-port');
  assert.equal(refuseOwnPort(loaded!.recipe, { vendorId: 0x10c4 }), null);
  assert.equal(refuseOwnPort(loaded!.recipe, null), null);
  assert.equal(refuseOwnPort(told('esp32c3-production', {}).loaded!.recipe, own), null);
  // By name it is the same port, under an older name too.
  for (const name of ['DIS_USB_SERIAL_JTAG', 'DIS_USB_DEVICE'])
    assert.match(
      refuseOwnPort(
        { ...loaded!.recipe, doors: told('esp32c3-production', {}).loaded!.recipe.doors, efuses: { [name]: 1 } },
        own,
      )?.what ?? '',
      new RegExp(name),
    );
});

describe('secure download mode of an ESP32-P4 whose flash is off in download mode', () => {
  const secure = { download_mode: 'secure' };
  const silicon = (min: string) => (text: string) => text.replace(/min: v3\.\d/, `min: ${min}`);
  const infos = (edit: (text: string) => string) => {
    const file = join(folder, 'esp32p4-production.yaml');
    const text = readFileSync(file, 'utf8').replace(/^ {2}download_mode:.*$/m, "  download_mode: 'secure'");
    return loadRecipeText(edit(text), file).findings.map(({ check }) => check);
  };

  test('v3.1 is told, v3.2 burns what it needs', () => {
    assert.ok(infos(silicon('v3.1')).includes('secure-download-flash'));
    assert.ok(infos(silicon('v3.0')).includes('secure-download-flash'));
    assert.ok(!infos(silicon('v3.2')).includes('secure-download-flash'));
    const { recipe } = told('esp32p4-production', secure).loaded!;
    const profile = profileOf('esp32p4');
    const table = profile.efuseTables.find(({ name }) => name === 'esp32p4-v3')!;
    const burned = (revision: number) => {
      const wanted = wantedEfuses(recipe, profile, table, revision, ['11'.repeat(32)]);
      assert.deepEqual(planBurn(blankSnapshot(table), wanted, { slots: [] }).refusals, []);
      return wanted.fields.some(({ field }) => field === 'DOWNLOAD_MODE_XPD_ON');
    };
    assert.deepEqual([300, 301, 302].map(burned), [false, false, true]);
    const open = told('esp32p4-production', {}).loaded!.recipe;
    assert.ok(
      !wantedEfuses(open, profile, table, 302, ['11'.repeat(32)]).fields.some(
        ({ field }) => field === 'DOWNLOAD_MODE_XPD_ON',
      ),
    );
  });
});
