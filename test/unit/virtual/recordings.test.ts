import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recording } from '../../vectors.ts';
import { type DownloadChip, startStub, unsyncedChip } from './shared.ts';

// What a real ESP32-C3 ROM and Espressif's stub on it answered, byte for byte (FACTS 17).
const recorded = { kind: 'esp32c3', revision: 3, mac: '34:85:3a:f9:6a:3c', flashSize: 4 * 1024 * 1024 } as const;

async function replay(name: string, burned?: string, prepare?: (setup: DownloadChip) => Promise<void>) {
  const setup = unsyncedChip(recorded, ({ efuse }) => burned !== undefined && efuse.burnField(burned, 1));
  await prepare?.(setup);
  for (const { name: title, send, receive } of recording(name)) {
    if (send === '') continue;
    assert.equal(await setup.talk(send), receive, title);
  }
}

test('a fresh C3 answers as the recorded ROM', () => replay('rom_c3_fresh.json'));

test('a C3 in secure download mode answers as the recorded ROM', () =>
  replay('rom_c3_secure_download.json', 'ENABLE_SECURITY_DOWNLOAD'));

test('a stub on a C3 answers as the recorded one', () =>
  replay('stub_c3.json', undefined, async ({ talk }) => {
    assert.match(await startStub(talk), /c04f484149c0$/);
  }));
