// Keys of devices exist in two places: read-protected in their silicon, and for minutes in the station's memory. Every byte that the
// station leaves anywhere else is searched for them.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { toHex } from '../../main/base/bytes.ts';
import { openBenchChip } from '../../main/virtual/bench/bench.ts';
import { keyFileBytes, slotOfPurpose } from '../../main/virtual/boot/keys.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { noToken, recipes } from './stage.ts';
import { start, testFolder } from './terminal.ts';

/** Every form in which a key could have leaked. */
function formsOf(key: Uint8Array): Buffer[] {
  const raw = Buffer.from(key);
  const backwards = Buffer.from(key.toReversed());
  const half = key.length / 2;
  const parts = [
    raw,
    backwards,
    raw.subarray(0, half),
    raw.subarray(half),
    backwards.subarray(0, half),
    backwards.subarray(half),
  ];
  const words = Buffer.from(raw).swap32();
  return [...parts, words].flatMap((part) => {
    const hex = part.toString('hex');
    // without the last characters, which depend on what follows
    const base64 = [0, 1, 2].map((skip) => part.subarray(skip).toString('base64').replace(/=+$/, '').slice(0, -2));
    return [part, Buffer.from(hex), Buffer.from(hex.toUpperCase()), ...base64.map((text) => Buffer.from(text))];
  });
}

/** The secrets in a chip's silicon, read protection ignored. */
function secretsOf(chip: VirtualChip): Uint8Array[] {
  const purposes = ['XTS_AES_256_KEY_1', 'XTS_AES_256_KEY_2', 'ECDSA_KEY', 'HMAC_UP'] as const;
  return purposes.map((purpose) => keyFileBytes(chip.efuse, slotOfPurpose(chip.efuse, purpose)!, purpose));
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

function findIn(place: string, bytes: Buffer, forms: readonly Buffer[]): void {
  for (const form of forms) assert.equal(bytes.indexOf(form), -1, `a key lies in ${place}`);
}

/** Command lines and environments of a process and all that it started. */
function processWords(pid: number): { place: string; bytes: Buffer }[] {
  const found: { place: string; bytes: Buffer }[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (!isUnder(Number(name), pid)) continue;
      for (const file of ['cmdline', 'environ'])
        found.push({ place: `${file} of process ${name}`, bytes: readFileSync(`/proc/${name}/${file}`) });
    } catch {
      // it ended meanwhile
    }
  }
  return found;
}

function isUnder(pid: number, ancestor: number): boolean {
  for (let at = pid; at > 1; ) {
    if (at === ancestor) return true;
    at = Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${at}/stat`, 'utf8'))![1]);
  }
  return false;
}

const noProc = process.platform === 'linux' ? noToken : 'only Linux shows what a process was started with';

describe('secrets', { skip: noProc, timeout: 240_000 }, () => {
  it('no key of a sealed board, nor of one that was cut off, lies anywhere the station writes', async (t) => {
    const folder = testFolder(t);
    const data = join(folder, 'data');
    mkdirSync(data);
    // the program log at its most talkative
    writeFileSync(join(data, 'station.yaml'), 'fuseline: 1\nstation: fuseline\nlog: { level: debug }\n');
    const boards = ['a', 'b', 'cut'].map((name) => join(folder, `${name}.chip`));
    const ports = boards.map(
      (state, at) =>
        `virtual:esp32p4?rev=v3.1&pacing=none&state=${encodeURIComponent(state)}${at === 2 ? '&fault=power-cut-after-burn:8' : ''}`,
    );
    const args = ports.flatMap((port) => ['--port', port]);
    const recipe = join(recipes, 'esp32p4-production.yaml');
    const work = start(['provision', '--json', '--recipe', recipe, '--data', data, ...args], {
      env: { TMPDIR: folder },
    });
    const words: { place: string; bytes: Buffer }[] = [];
    for (const step of ['prepare', 'burn-keys', 'shut-doors']) {
      await work.line((line) => line.includes(`"step":"${step}"`));
      words.push(...processWords(work.child.pid!));
    }
    const said = await work.ended;
    assert.equal(said.status, 1, said.err);
    assert.ok(
      words.some(({ place }) => place.startsWith('cmdline')),
      'processes were looked at',
    );
    assert.ok(new Set(words.map(({ place }) => place)).size >= 4, 'that of the token as well');

    const chips = boards.map((state) => openBenchChip(`virtual:esp32p4?state=${encodeURIComponent(state)}`));
    const secrets = chips.flatMap(secretsOf);
    assert.equal(secrets.length, 12);
    assert.equal(new Set(secrets.map(toHex)).size, 12);
    const forms = secrets.flatMap(formsOf);
    const files = filesUnder(data).filter((path) => !path.startsWith(join(data, 'token')));
    assert.ok(files.some((path) => path.endsWith('ledger.sqlite')));
    assert.match(readFileSync(join(data, 'log', 'fuseline.log'), 'utf8'), /"event":"exchange"/);
    for (const path of files) findIn(path, readFileSync(path), forms);
    for (const path of filesUnder(folder).filter((path) => !path.startsWith(data) && !boards.includes(path)))
      findIn(path, readFileSync(path), forms);
    findIn('stdout', Buffer.from(said.out), forms);
    findIn('stderr', Buffer.from(said.err), forms);
    for (const { place, bytes } of words) findIn(place, bytes, forms);
    // the search itself: each key is found where it is, in the chip's own state
    for (const [at, state] of boards.entries()) {
      const text = readFileSync(state);
      for (const key of secretsOf(chips[at]!))
        assert.ok(
          formsOf(key).some((form) => text.includes(form)),
          'found in its chip',
        );
    }
    // work files of the machine's own temporary folder that bear our name
    for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith('fuseline-rehearsal')))
      for (const path of filesUnder(join(tmpdir(), name))) findIn(path, readFileSync(path), forms);
  });
});
