import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { isFault } from '../../../main/model/fault.ts';
import { textOfFile } from '../../../main/model/text-file.ts';

test('a file that is no text is refused by its name and line', () => {
  assert.equal(textOfFile(utf8('grün'), 'list.csv'), 'grün');
  assert.throws(
    () => textOfFile(Uint8Array.of(0x61, 0x0a, 0xff, 0x62), 'list.csv'),
    (error) => isFault(error, 'text.encoding') && error.details.file === 'list.csv' && error.details.line === 2,
  );
});
