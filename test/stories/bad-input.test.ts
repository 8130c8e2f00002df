// What people and machines get wrong: each is told in a sentence with its code, gives the promised exit status, and harms nothing. Most
// commands run in this process (`runHere`), some in one of their own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseImage } from '../../main/image/app-image.ts';
import { buildImage } from '../../main/image/build-image.ts';
import { openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { openPort } from '../../main/transport/open.ts';
import { openBenchChip } from '../../main/virtual/bench/bench.ts';
import { factoryBits } from '../faults/boards.ts';
import { block0Bits } from './judge.ts';
import { noToken, recipes } from './stage.ts';
import { chipProcess, objects, run, runHere, type Said, testFolder } from './terminal.ts';

const p4 = join(recipes, 'esp32p4-production.yaml');
const builds = join(recipes, '..', 'firmware');
const board = 'virtual:esp32p4?rev=v3.1&pacing=none';

/** A folder with a station's data in it, made once: token, keys, and a ledger with one sealed board. */
let made = '';
let cleanUp = () => {};
/** Where the sealed board of `made` is kept. */
const sealedChip = () => join(made, 'sealed.chip');
const sealedPort = () => `${board}&state=${encodeURIComponent(sealedChip())}`;

before(async () => {
  if (noToken) return;
  made = testFolder({
    after: (work) => {
      cleanUp = work;
    },
  });
  const said = await run(['provision', '--recipe', p4, '--port', sealedPort(), '--data', join(made, 'data')]);
  assert.equal(said.status, 0, said.err);
});
after(() => cleanUp());

/** A copy of the data for a case that writes in it. */
function ownData(t: { after(work: () => void): void }): string {
  const folder = testFolder(t);
  const data = join(folder, 'data');
  cpSync(join(made, 'data'), data, { recursive: true });
  // the token's paths stand in its configuration, which is made anew at every start
  return data;
}

interface Told {
  readonly status: number;
  readonly code: string;
  readonly sentence: RegExp;
}

function tells(said: Said, { status, code, sentence }: Told): void {
  const text = said.out + said.err;
  assert.match(text, sentence);
  assert.ok(text.includes(`[${code}`), `[${code}] in: ${text}`);
  assert.equal(said.status, status, text);
  assert.ok(!/\n\s+at .*:\d+:\d+/.test(text), `no stack: ${text}`);
}

/** Nothing of the board in this state file was burned. */
function untouched(file: string): void {
  const chip = openBenchChip(`virtual:esp32p4?state=${encodeURIComponent(file)}`);
  assert.deepEqual(block0Bits(chip), factoryBits(chip));
  for (let block = 4; block <= 9; block++) assert.ok(chip.efuse.hardwareBlock(block).every((word) => word === 0));
}

async function wholeChain(data: string): Promise<void> {
  const ledger = await openSqliteLedgerForReading(join(data, 'ledger.sqlite'));
  assert.equal((await ledger.verify()).broken, null);
  await ledger.close();
}

/** Lets the station of this data folder work on real ports without a person who signs in. */
function developmentIn(data: string): string {
  writeFileSync(join(data, 'station.yaml'), 'fuseline: 1\nstation: fuseline\ndevelopment: true\n');
  return data;
}

/** `provision` of one fresh board with the production recipe, in a copy of the data; judged by what it says and leaves. */
async function provisionTells(
  t: { after(work: () => void): void },
  args: readonly string[],
  told: Told,
  options: { readonly data?: string; readonly inProcess?: typeof run } = {},
): Promise<Said> {
  const data = options.data ?? ownData(t);
  const chip = join(data, '..', 'fresh.chip');
  const port = args.includes('--port') ? [] : ['--port', `${board}&state=${encodeURIComponent(chip)}`];
  const recipe = args.includes('--recipe') ? [] : ['--recipe', p4];
  const said = await (options.inProcess ?? runHere)(['provision', ...recipe, ...port, '--data', data, ...args]);
  tells(said, told);
  if (existsSync(chip)) untouched(chip);
  if (existsSync(join(data, 'ledger.sqlite'))) await wholeChain(data);
  return said;
}

describe('bad input at the terminal', { skip: noToken, concurrency: 2, timeout: 280_000 }, () => {
  it('no such port', async (t) => {
    const data = developmentIn(ownData(t));
    await provisionTells(
      t,
      ['--port', '/dev/ttyNOPE'],
      {
        status: 3,
        code: 'transport.not-found',
        sentence: /There is no port \/dev\/ttyNOPE\./,
      },
      { data },
    );
  });

  it('a port in use', async (t) => {
    const chip = await chipProcess(t, 'esp32p4?rev=v3.1', 'pty');
    const held = await openPort(chip.address, { baudRate: 115200 });
    try {
      await provisionTells(
        t,
        ['--port', chip.address],
        {
          status: 3,
          code: 'transport.busy',
          sentence: /Another program holds the port \/dev\/pts\/\d+\./,
        },
        { data: developmentIn(ownData(t)), inProcess: run },
      );
    } finally {
      await held.close();
    }
  });

  it('a chip of another kind, and silicon of another line', async (t) => {
    await provisionTells(t, ['--port', 'virtual:esp32s3?pacing=none'], {
      status: 1,
      code: 'admission.wrong-chip',
      sentence: /The board carries an ESP32-S3, and the recipe esp32p4-production is for the ESP32-P4\./,
    });
    await provisionTells(t, ['--port', 'virtual:esp32p4?rev=v1.3&pacing=none'], {
      status: 1,
      code: 'admission.wrong-revision',
      sentence: /The chip is revision v1\.3, and the recipe esp32p4-production is for v3\.0 to v3\.99\./,
    });
  });

  it('a board that is sealed already', async (t) => {
    await provisionTells(t, ['--port', sealedPort()], {
      status: 1,
      code: 'protocol.download-disabled',
      sentence: /its download mode is switched off for good/,
    });
  });

  it('a board that somebody else burned: a key block, and a digest of another key', async (t) => {
    const folder = testFolder(t);
    for (const [name, purpose] of [
      ['key', 4],
      ['digest', 9],
    ] as const) {
      const file = join(folder, name);
      const address = `${board}&state=${encodeURIComponent(file)}`;
      const chip = openBenchChip(address);
      chip.efuse.setFactoryBlock(4, new Uint8Array(44).fill(0x5a));
      chip.efuse.burnField('KEY_PURPOSE_0', purpose);
      chip.save();
      await provisionTells(t, ['--port', address], {
        status: 1,
        code: 'efuse.foreign-key',
        sentence: /BLOCK_KEY0 holds something that this station did not burn/,
      });
      const after = openBenchChip(address);
      assert.equal(after.efuse.field('KEY_PURPOSE_1'), 0, 'nothing was added');
      assert.equal(after.efuse.field('SECURE_BOOT_EN'), 0);
    }
  });

  it('a wrong PIN', async (t) => {
    const data = ownData(t);
    writeFileSync(join(data, 'token', 'pin'), 'x'.repeat(32));
    await provisionTells(t, [], { status: 3, code: 'token.pin', sentence: /refused the PIN/ }, { data });
  });

  it('no token of that name, and two of one name', async (t) => {
    const data = ownData(t);
    const tokens = join(data, 'token', 'tokens');
    const [first] = readdirSync(tokens);
    const other = testFolder(t);
    renameSync(join(tokens, first!), join(other, 'kept'));
    await provisionTells(t, [], { status: 3, code: 'token.none', sentence: /'fuseline'/ }, { data });
    renameSync(join(other, 'kept'), join(tokens, first!));
    const second = await runHere(['token', 'status', '--data', join(other, 'second')]);
    assert.equal(second.status, 0, second.err);
    cpSync(join(other, 'second', 'token', 'tokens'), tokens, { recursive: true });
    await provisionTells(
      t,
      [],
      { status: 3, code: 'token.ambiguous', sentence: /2 tokens 'fuseline': serials/ },
      { data },
    );
  });

  it('firmware of another chip, no firmware folder, a bootloader without room for its signature', async (t) => {
    await provisionTells(t, ['--firmware', join(builds, 'esp32c3')], {
      status: 2,
      code: 'recipe.refused',
      sentence: /is built for the esp32c3 \(chip id 5\); the esp32p4 has chip id 18\./,
    });
    await provisionTells(t, ['--firmware', '/nowhere/build'], {
      status: 2,
      code: 'recipe.no-firmware',
      sentence: /The firmware folder \/nowhere\/build cannot be read: there is no such file or folder\./,
    });
    const tight = join(testFolder(t), 'tight');
    cpSync(join(builds, 'esp32p4-v3'), tight, { recursive: true });
    const bootloader = join(tight, 'bootloader.bin');
    const built = new Uint8Array(readFileSync(bootloader));
    const { header, segments } = parseImage(built);
    const kept = segments.map(({ loadAddress, offset, length }) => ({
      loadAddress,
      data: built.subarray(offset, offset + length),
    }));
    // Between 0x2000 and the table at 0x10000 it fits, but not with the signature's sector.
    const code = { loadAddress: 0x4ff2a000, data: new Uint8Array(0xb000) };
    writeFileSync(bootloader, buildImage({ ...header, appendHash: true, segments: [...kept, code] }));
    await provisionTells(t, ['--firmware', tight], {
      status: 2,
      code: 'bootloader-room',
      sentence: /The bootloader takes \d+ bytes, 61440 with padding and the 4 KB signature sector, .*begins at 0x10000/,
    });
  });

  it('a recipe with several mistakes: every one, with its line', async (t) => {
    const file = join(testFolder(t), 'bad.yaml');
    const text = readFileSync(p4, 'utf8')
      .replace('revision: 1', 'revision: one')
      .replace('hmac_up: true', 'hmac_up: true\nhmac_down: true')
      .replace('key: xts-aes-256', 'key: xts-aes-512');
    writeFileSync(file, text);
    const line = (part: string) => text.slice(0, text.indexOf(part)).split('\n').length;
    const said = await provisionTells(t, ['--recipe', file], {
      status: 2,
      code: 'recipe.refused',
      sentence: /3 mistakes/,
    });
    for (const part of ['revision: one', 'hmac_down', 'key: xts-aes-512'])
      assert.ok(said.err.includes(`bad.yaml:${line(part)}:`), `the line of ${part} in: ${said.err}`);
  });

  it('serial numbers: twice the same, not of the pattern, none where one is asked for', async (t) => {
    const data = ownData(t);
    await provisionTells(t, ['--serial', 'SN0001'], { status: 2, code: 'cli.serial', sentence: /makes its own/ });
    const file = join(testFolder(t), 'scan.yaml');
    writeFileSync(file, readFileSync(p4, 'utf8').replace('from: mac', "from: scan\n  pattern: 'SN[0-9]{4}'"));
    const recipe = ['--recipe', file, '--firmware', join(builds, 'esp32p4-v3')];
    const options = { data };
    await provisionTells(
      t,
      [...recipe],
      { status: 1, code: 'admission.no-serial', sentence: /none was given/ },
      options,
    );
    await provisionTells(
      t,
      [...recipe, '--serial', 'SN12'],
      { status: 1, code: 'admission.serial-pattern', sentence: /"SN12" does not fit/ },
      options,
    );
    const first = await runHere(['provision', ...recipe, '--port', board, '--serial', 'SN0001', '--data', data]);
    assert.equal(first.status, 0, first.err);
    await provisionTells(
      t,
      [...recipe, '--serial', 'SN0001'],
      { status: 3, code: 'ledger.duplicate', sentence: /SN0001/ },
      options,
    );
  });

  it('a waiver without a reason, of nothing, and of a check that nobody may waive', async (t) => {
    await provisionTells(t, ['--waive', 'jtag-open'], {
      status: 2,
      code: 'cli.waiver',
      sentence: /not of the form CHECK=REASON/,
    });
    await provisionTells(t, ['--waive', 'no-such=because'], {
      status: 2,
      code: 'unknown-waiver',
      sentence: /no check "no-such"/,
    });
  });

  it('a disk that is full', async (t) => {
    const data = ownData(t);
    const small = join(testFolder(t), 'small');
    mkdirSync(small);
    const script = `mount -t tmpfs -o size=900k none '${small}' && cp -r '${data}/.' '${small}/' && (dd if=/dev/zero of='${small}/filler' bs=1k status=none || true) && "$@"`;
    if (spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs none '${small}'`]).status !== 0)
      return t.skip('this machine does not let a test mount a small file system');
    const state = join(data, 'board.chip');
    const port = `${board}&state=${encodeURIComponent(state)}`;
    const said = await run(['provision', '--json', '--recipe', p4, '--port', port, '--data', small], {
      wrap: (command) => ['unshare', '-rm', 'sh', '-c', script, 'sh', ...command],
    });
    tells(said, { status: 3, code: 'ledger.full', sentence: /full/ });
    assert.ok(objects(said).some((line) => line.type === 'fault' && line.code === 'ledger.full'));
    if (existsSync(state)) untouched(state);
  });

  it('a data folder that cannot be written', async (t) => {
    const data = ownData(t);
    const said = await run(['provision', '--recipe', p4, '--port', board, '--data', data], {
      wrap: (command) => [
        'unshare',
        '-rm',
        'sh',
        '-c',
        `mount --bind -o ro '${data}' '${data}' && mount -o remount,bind,ro '${data}' && "$@"`,
        'sh',
        ...command,
      ],
    });
    if (/unshare|mount:/.test(said.err)) return t.skip('this machine does not let a test mount read-only');
    tells(said, { status: 3, code: 'ledger.read-only', sentence: /cannot be (written|made)|read-only/ });
  });

  it('command lines that mean nothing', async () => {
    const cases: [readonly string[], RegExp][] = [
      [['frobnicate'], /unknown command 'frobnicate'/],
      [['provision', '--port', board], /required option '--recipe <file>' not specified/],
      [['provision', '--recipe', p4, '--colour', 'red'], /unknown option '--colour'/],
      [['provision', '--recipe', p4, '--port', board, '--count', 'zero'], /must be a whole number from 1 on/],
      [['device', 'inspect'], /required option '--port <port>' not specified/],
    ];
    for (const [i, [args, sentence]] of cases.entries()) {
      const said = await (i === 0 ? run : runHere)(args);
      assert.equal(said.status, 2, said.err);
      assert.match(said.err, sentence);
      assert.equal(said.out, '');
    }
  });

  it('no recipe, no fixture, an address of nothing', async (t) => {
    await provisionTells(t, ['--recipe', 'nope.yaml'], {
      status: 2,
      code: 'recipe.not-found',
      sentence: /nope\.yaml cannot be read/,
    });
    const data = ownData(t);
    const said = await runHere(['provision', '--recipe', p4, '--data', data]);
    tells(said, { status: 2, code: 'cli.no-port', sentence: /No fixture was named\./ });
    await provisionTells(t, ['--port', 'virtual:esp99'], {
      status: 2,
      code: 'virtual.address',
      sentence: /is no address of a virtual chip/,
    });
  });

  it('--json: every line of stdout is one object, faults included', async (t) => {
    const data = ownData(t);
    developmentIn(data);
    const said = await run([
      'provision',
      '--json',
      '--recipe',
      p4,
      '--port',
      board,
      '--port',
      '/dev/ttyNOPE',
      '--data',
      data,
    ]);
    assert.equal(said.status, 3);
    const verdicts = objects(said).filter((line) => line.type === 'verdict');
    assert.deepEqual(verdicts.map((line) => line.outcome).sort(), ['errored', 'passed']);
    const wrong = await runHere(['audit', 'show', 'nobody', '--json', '--data', data]);
    assert.deepEqual(
      objects(wrong).map((line) => [line.type, line.code]),
      [['fault', 'audit.unknown-device']],
    );
    assert.equal(wrong.status, 2);
  });
});
