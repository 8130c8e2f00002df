// What a chip needs that no compiler asks for (docs/adding-a-chip.md): each place is named for each kind.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import { type ChipKind, chipKinds } from '../../../main/model/chip.ts';

const root = join(import.meta.dirname, '../../..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');

/** Folders of demonstration firmware; one for each chip but the P4. */
const firmware: Partial<Record<ChipKind, readonly string[]>> = { esp32p4: ['esp32p4-v1', 'esp32p4-v3'] };

for (const kind of chipKinds) {
  const { title } = profileOf(kind);
  /** Whether a table of the document has a row that begins with the name. */
  const hasRow = (document: string, name: string) =>
    text(document)
      .split('\n')
      .some((line) => line.startsWith('|') && new RegExp(`^\\| *\`?${name}\`?( [^|]*)? *\\|`).test(line));

  test(`${title}: recipe, demonstration firmware, eFuse table of ESP-IDF`, () => {
    assert.match(text(`station-config/recipes/${kind}-production.yaml`), new RegExp(`^chip: ${kind}$`, 'm'));
    for (const folder of firmware[kind] ?? [kind]) {
      assert.ok(existsSync(join(root, 'station-config/firmware', folder, 'flasher_args.json')), folder);
      assert.ok(hasRow('station-config/firmware/README.md', folder), `${folder} in its README`);
    }
    assert.ok(existsSync(join(root, 'test/vectors/efuse', `${kind}.csv`)));
  });

  test(`${title}: rows in the documents`, () => {
    assert.ok(hasRow('docs/engineers.md', title), 'what each chip can');
    assert.ok(hasRow('docs/facts/loader.md', title), '1.5 chip identity');
  });
}
