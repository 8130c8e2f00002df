import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recording } from '../../vectors.ts';
import { downloadChip, startStub } from './shared.ts';

// What a real ESP32-C3 ROM and Espressif's stub on it answered, byte for byte (FACTS 17).
const recorded = { kind: 'esp32c3', revision: 3, mac: '34:85:3a:f9:6a:3c', flashSize: 4 * 1024 * 1024 } as const;

async function replay(name: string, prepare: (setup: ReturnType<typeof downloadChip>) => Promise<void> | void) {
  const setup = downloadChip(recorded);
  await prepare(setup);
  for (const { name: title, send, receive } of recording(name)) {
    if (send === '') continue;
    assert.equal(await setup.talk(send), receive, title);
  }
}

test('a fresh C3 answers as the recorded ROM', () => replay('rom_c3_fresh.json', () => undefined));

test('a C3 in secure download mode answers as the recorded ROM', () =>
  replay('rom_c3_secure_download.json', ({ chip }) => chip.efuse.burnField('ENABLE_SECURITY_DOWNLOAD', 1)));

test('a stub on a C3 answers as the recorded one', () =>
  replay('stub_c3.json', async ({ talk }) => {
    assert.match(await startStub(talk), /c04f484149c0$/);
  }));
