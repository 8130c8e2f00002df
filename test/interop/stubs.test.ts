// The flasher stubs of the repository are those that the newest esptool loads.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toolsPython } from './espressif-tools.ts';

const ours = join(import.meta.dirname, '../../main/protocol/stubs');
const python = await toolsPython();

test('byte for byte', { skip: 'missing' in python && python.missing }, () => {
  const { python: program } = python as { python: string };
  const theirs = execFileSync(program, ['-c', 'import esptool; print(esptool.loader.StubFlasher.STUB_DIR)'], {
    encoding: 'utf8',
  }).trim();
  for (const name of readdirSync(ours).filter((each) => each !== 'NOTICE'))
    assert.deepEqual(readFileSync(join(ours, name)), readFileSync(join(theirs, '2', name)), name);
});
