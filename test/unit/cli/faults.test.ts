// What a command line cannot have is one sentence with a code, on stderr and in --json, and harms nothing. The commands run in this
// process, with a real ledger and a token in memory.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { parquetReadObjects } from 'hyparquet';
import { systemClock } from '../../../main/base/clock.ts';
import { silentLog } from '../../../main/base/log.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { CliContext } from '../../../main/cli/context.ts';
import { runCommand } from '../../../main/cli/program.ts';
import { ProgressDisplay } from '../../../main/cli/progress.ts';
import type { LedgerReader } from '../../../main/ledger/ledger.ts';
import { restoreSqliteLedger } from '../../../main/ledger/sqlite/open.ts';
import type { FaultRecord } from '../../../main/model/fault.ts';
import { noOtherToken, TokenRing } from '../../../main/signing/token-ring.ts';
import { Checkpoints } from '../../../main/station/checkpoints.ts';
import { Operators } from '../../../main/station/desk/access/operators.ts';
import { askWitness } from '../../../main/station/witnessing.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { judgedByPage, verifierPage } from '../../interop/certificate-judges.ts';
import { recipeNamed, repository } from '../../stories/stage.ts';
import { book, folder, run, sealBoard, signHead } from '../ledger/book.ts';
import { Rig, siliconOf } from '../station/parts.ts';
import { ScriptedSigner } from '../station/scripted-signer.ts';

const recipeOf = (name: string) => join(repository, 'station-config', 'recipes', `${name}.yaml`);

/** Commands of a station whose ledger has one sealed device, in a folder of its own. */
async function terminal(t: TestContext) {
  const { ledger, file } = await book(t);
  await sealBoard(ledger, 'r1', 1, null);
  const place = folder(t);
  const token = new ScriptedSigner();
  const lines = { answered: [] as string[], said: [] as string[] };
  const unclosed = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name) {
        if (name === 'close') return async () => undefined;
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const context: Partial<CliContext> = {
    version: '0',
    streams: {
      answer: (line) => void lines.answered.push(line),
      say: (line) => void lines.said.push(line),
      live: false,
      columns: 120,
      redraw: () => undefined,
    },
    clock: systemClock,
    random: seededRandom(3),
    stationConfig: join(repository, 'station-config'),
    openLedger: async () => unclosed<LedgerReader>(ledger),
    openStation: async () =>
      unclosed({
        parts: { ledger, signer: token.signer },
        bookedTokens: () => new TokenRing(token.signer, noOtherToken),
      }) as never,
    openSigner: async () => ({
      signer: token.signer,
      embedded: false,
      openToken: noOtherToken,
      refusal: async () => null,
      lookAtSpare: async () => null,
    }),
    hasEmbeddedToken: () => false,
    dataFolder: () => place,
    people: () => new Operators({ file: join(place, 'operators.json'), clock: systemClock, random: seededRandom(4) }),
    fixtures: () => [],
    onInterrupt: () => () => undefined,
    leave: () => undefined,
    askSecret: async () => SecretBytes.take(new TextEncoder().encode('0000')),
    settings: () => ({ fixtures: [], development: true }) as never,
  };
  /** The fault of a command that has to fail. */
  const fault = async (...words: readonly string[]): Promise<FaultRecord> => {
    lines.answered.length = 0;
    lines.said.length = 0;
    const status = await runCommand([...words, '--json'], context as CliContext);
    assert.notEqual(status, 0, words.join(' '));
    const told = JSON.parse(lines.answered.at(-1) ?? 'null') as (FaultRecord & { type: string }) | null;
    assert.equal(told?.type, 'fault', `${words.join(' ')}: ${lines.said.join('\n')}`);
    assert.ok(lines.said.some((line) => line.includes(`[${told!.code}]`)));
    assert.ok(told!.what.endsWith('.') && told!.next.endsWith('.'), told!.what);
    return told!;
  };
  const at = (name: string) => join(place, name);
  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(at(name), content);
    return at(name);
  };
  const people = () => new Operators({ file: at('operators.json'), clock: systemClock, random: seededRandom(4) });
  return { ledger, file, token, lines, context: context as CliContext, fault, at, write, people, unclosed };
}

test('files that are not there, that are there already, or are something else', async (t) => {
  const { fault, at, write } = await terminal(t);
  const taken = write('taken', 'mine');
  const zeros = write('zeros', new Uint8Array(64));
  const nowhere = at('no/such/folder/file');
  for (const [words, code] of [
    [['image', 'inspect', nowhere], 'image.not-found'],
    [['cert', 'show', nowhere], 'image.not-found'],
    [['cert', 'show', zeros], 'cert.empty'],
    [['cert', 'build', '--device', zeros, '--out', at('new')], 'cert.not-a-certificate'],
    [['cert', 'build', '--ca', zeros, '--out', at('new')], 'cert.not-a-certificate'],
    [['cert', 'build', '--out', at('new')], 'cli.missing'],
    [['image', 'sign', zeros, '--out', at('new')], 'cli.missing'],
    [['cert', 'build', '--tlv', `51=${zeros}`, '--out', taken], 'image.cannot-write'],
    [['cert', 'build', '--tlv', `51=${zeros}`, '--out', nowhere], 'image.cannot-write'],
    [['audit', 'export', '--out', taken], 'audit.cannot-write'],
    [['audit', 'export', '--out', nowhere], 'audit.cannot-write'],
    [['audit', 'verify', '--file', nowhere], 'audit.no-export'],
    [['audit', 'verify', '--file', taken], 'audit.no-export'],
    [['audit', 'verify', '--file', write('list', '[1]\n')], 'audit.no-export'],
    [['release', 'verify', at('')], 'ota.no-release'],
  ] as const)
    assert.equal((await fault(...words)).code, code, words.join(' '));
  assert.equal(readFileSync(taken, 'utf8'), 'mine');
  assert.ok(!existsSync(at('new')));
});

test('lists, histories and reports come in the language of the terminal, their columns below their headings; for machines they are alike', async (t) => {
  const { ledger, lines, ...made } = await terminal(t);
  const chip = siliconOf(recipeNamed('esp32c3-production'));
  const context: CliContext = { ...made.context, openPort: async (address) => openVirtualPort(chip, address) };
  await ledger.openRun(run('r2', { mac: 'aa:bb:cc:00:00:02', operator: '王小明', fixture: '夹具二' }));
  const place = folder(t);
  const file = (name: string, text: string) => {
    writeFileSync(join(place, name), text);
    return join(place, name);
  };
  let fresh = 0;
  /** What a command says; NEW stands for a file or folder that is not there yet. */
  const say = async (...words: readonly string[]) => {
    lines.answered.length = 0;
    lines.said.length = 0;
    const given = words.map((word) => (word === 'NEW' ? join(place, `NEW${fresh++}`) : word));
    assert.equal(await runCommand(given, context), 0, `${words.join(' ')}\n${lines.said.join('\n')}`);
    return [...lines.answered, ...lines.said].flatMap((text) => text.replace(/NEW\d+/g, 'NEW').split('\n'));
  };
  const owner = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = file('owner.pem', String(owner.privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const publicKey = file('owner.pub', String(owner.publicKey.export({ type: 'spki', format: 'pem' })));
  const asked = (await say('order', 'ask')).join('');
  const signing = ['--recipe', recipeOf('esp32c3-production'), '--boards', '3', '--expires', '2099-01-01'];
  const forStation = ['--for', `${file('asked.json', asked)}=2`, '--key-file', key];
  await say('order', 'sign', 'O-1', ...signing, ...forStation, '--out', join(place, 'O-1.order'));
  const values = file('values.csv', 'key,type,encoding,value\nWIFI,namespace,,\nssid,data,string,line\n');
  await say('nvs', 'build', values, '--size', '0x3000', '--out', join(place, 'nvs.bin'));
  const builds = join(repository, 'station-config', 'firmware', 'esp32p4-v3');
  for (const words of [
    ['--help'],
    ['help', 'order', 'sign'],
    ['completion', '--help'],
    ['audit', 'list'],
    ['audit', 'list', '--component', 'mbedtls'],
    ['audit', 'runs'],
    ['audit', 'batches'],
    ['audit', 'questions'],
    ['audit', 'deeds'],
    ['audit', 'verify'],
    ['audit', 'show', 'aa:bb:cc:00:00:01'],
    ['audit', 'escrow', 'list'],
    ['people', 'list'],
    ['recipe', 'check', recipeOf('esp32p4-production')],
    ['recipe', 'plan', recipeOf('esp32p4-production')],
    ['device', 'inspect', '--port', 'nest'],
    ['recover', '--port', 'nest'],
    ['order', 'sign', 'O-2', ...signing, ...forStation, '--out', 'NEW'],
    ['order', 'show', join(place, 'O-1.order'), '--key', publicKey],
    ['simulate', '--seconds', '31'],
    ['recipe', 'diff', recipeOf('esp32p4-production'), recipeOf('esp32p4-production')],
    ['recipe', 'diff', recipeOf('esp32p4-production'), recipeOf('esp32p4-development')],
    ['recipe', 'assurance', recipeOf('esp32p4-production')],
    ['nvs', 'build', values, '--size', '0x3000', '--out', 'NEW'],
    ['nvs', 'show', join(place, 'nvs.bin')],
    ['image', 'inspect', join(builds, 'fuseline_demo.bin')],
    ['image', 'inspect', join(builds, 'partition-table.bin')],
    ['image', 'encrypt-ota', join(builds, 'fuseline_demo.bin'), '--public-key', publicKey, '--out', 'NEW'],
    ['ledger', 'backup', '--out', 'NEW'],
    ['ledger', 'export', '--out', 'NEW'],
    ['ledger', 'archive', '--out', 'NEW'],
    ['diagnose', '--out', 'NEW'],
  ]) {
    const own = new Set(await say(...words));
    for (const language of ['zh-CN', 'es-MX']) {
      const told = await say(...words, '--language', language);
      // names and values are alike; why a bit is burned, and why a board cannot be finished, the engine says
      const english = told
        .filter((line) => own.has(line) && !/ BLOCK\d+ bits? |^ {2}Nothing is begun here/.test(line))
        .filter((line) => /[a-z]{3,} [a-z]{3,}/.test(line) || /^[^A-Z0-9_-]*[a-z]{3}[^A-Z0-9_-]*$/.test(line));
      assert.deepEqual(english, [], `${language}: ${words.join(' ')}`);
    }
    if (words[0] === 'audit')
      assert.deepEqual(await say(...words, '--json', '--language', 'zh-CN'), await say(...words, '--json'));
  }
  // a Han character takes two columns
  const [head = '', row = ''] = await say('audit', 'runs', '--language', 'zh-CN');
  const before = (line: string, part: string) =>
    line.slice(0, line.indexOf(part)).replace(/\p{Script=Han}/gu, '..').length;
  assert.equal(before(head, 'MAC'), before(row, 'aa:bb'));
  assert.equal(before(head, '配方'), before(row, 'sensor r3'));
  assert.ok(row.includes('夹具二  王小明'), row);
});

test('people are told in the language they ask for, with the station’s own words below; machines in English', async (t) => {
  const { context, fault, lines } = await terminal(t);
  const told = await fault('audit', 'show', 'nobody', '--language', 'es_MX.UTF-8');
  assert.match(told.what, /^The ledger knows no device/);
  assert.match(
    lines.said.join('\n'),
    /^El libro no conoce ese dispositivo\.\nDé una MAC .*\nEn palabras de la estación: The ledger knows/,
  );
  lines.said.length = 0;
  const draft = join(folder(t), 'draft.yaml');
  writeFileSync(
    draft,
    readFileSync(recipeOf('esp32p4-production'), 'utf8').replace(/download_mode: \w+/, 'download_mode: open'),
  );
  await runCommand(['recipe', 'check', draft, '--language', 'zh-CN'], context);
  assert.match(
    lines.said.join('\n'),
    /错误（\d）\n[\s\S]*错误: doors\.download_mode: 在生产配方中下载模式保持开放。\n *设为 disabled 或 secure，.*\[download-open, 可豁免\]\n *工站原文：In a production recipe download mode stays open\./,
  );
  lines.answered.length = 0;
  await runCommand(['audit', 'list', '--text', 'nobody', '--language', 'es-MX'], context);
  await runCommand(['audit', 'verify', '--language', 'zh-CN'], context);
  assert.equal(lines.answered[0], 'Ningún dispositivo coincide.');
  assert.match(lines.answered[1]!, /^链完整：\d+ 行，链头 /);
  lines.said.length = 0;
  for (const words of [['audt'], ['clock', 'accept'], ['audit', 'list', '--limit', '0'], ['people', 'list', 'x y']])
    assert.equal(await runCommand([...words, '--language=zh-CN'], context), 2);
  const hint = '（--help 显示可用的内容）';
  assert.deepEqual(lines.said, [
    ...["错误：未知命令 'audt'", '（您是指 audit 吗？）', hint, "错误：缺少必需的选项 '--reason <text>'", hint],
    ...["错误：选项 '--limit <n>' 的值 '0' 不合要求。它必须是不小于 1 的整数。", hint],
    ...['错误：参数过多。应为 0 个，实际给出 1 个：x y。', hint],
  ]);
  assert.equal(await runCommand(['audit', 'list', '--language', 'tlh'], context), 2);
  assert.match(lines.said.join(' '), /must be one of en, zh-CN, es-MX/);
  lines.said.length = 0;
  const display = new ProgressDisplay({ ...context.streams, language: 'zh-CN' }, ['f1']);
  display.hear({ type: 'fixture', fixture: 'f1', state: 'waiting' } as never);
  display.hear({ type: 'run', fixture: 'f1', event: { type: 'step-started', step: 'burn-keys' } } as never);
  const gone = { code: 'transport.gone', what: 'The port usb:1 went away.', next: 'Check.', safety: 'resumable' };
  display.hear({
    type: 'verdict',
    fixture: 'f1',
    outcome: 'errored',
    serial: 'SN',
    mac: null,
    ms: 5,
    seal: null,
    fault: gone,
  } as never);
  display.close();
  const drawn: (readonly string[])[] = [];
  const live = {
    ...context.streams,
    language: 'zh-CN',
    live: true,
    columns: 24,
    redraw: (of: readonly string[]) => drawn.push(of),
  };
  const drawing = new ProgressDisplay(live as never, ['f1', '夹具二']);
  drawing.hear({ type: 'fixture', fixture: 'f1', state: 'running' } as never);
  drawing.close();
  // a row is as wide as a terminal draws it, and no wider than the terminal
  assert.deepEqual(drawn[0], [`f1      进行中${' '.repeat(10)}`, `夹具二  空闲${' '.repeat(12)}`]);
  assert.deepEqual(lines.said, [
    'f1  等待下一块板子',
    'f1    烧录密钥',
    'f1  工站故障  SN',
    'f1      端口消失了。',
    'f1      板子做到一半且安全：本工站可以继续。',
    'f1      检查 USB 线和夹具电源，再放入板子。',
    'f1      工站原文：The port usb:1 went away. Check.',
    'f1      [transport.gone]',
  ]);
});

test('options that cannot be taken', async (t) => {
  const { fault, at, write } = await terminal(t);
  const plain = recipeOf('esp32c3-production');
  const list = write('list.csv', 'key,type,encoding,value\na,namespace,,\nb,data,u8,1\n');
  for (const [words, code] of [
    [['provision', '--recipe', plain, '--port', '/dev/x', '--port', '/dev/x'], 'cli.port-twice'],
    [
      [
        'provision',
        '--recipe',
        plain,
        '--port',
        'virtual:esp32c3?name=a',
        '--port',
        'virtual:esp32c3',
        '--device',
        'x',
      ],
      'cli.device',
    ],
    [['provision', '--recipe', plain, '--port', 'virtual:esp32c3', '--count', '2', '--device', 'x'], 'cli.device'],
    [['virtual-chip', '--listen', 'tcp:0'], 'cli.no-chip'],
    [['token', 'certificate', '--recipe', plain], 'token.no-ca'],
    [['cert', 'build', '--rsa', 'rsa-2048', '--chip', 'esp32c3', '--ds-key-id', '9', '--out', at('new')], 'cli.value'],
    [['cert', 'build', '--rsa', 'rsa-1', '--out', at('new')], 'cli.value'],
    [['audit', 'registration', '--batch', 'B-0'], 'registration.no-batch'],
    [['release', 'build', '--recipe', recipeOf('esp32p4-production'), '--out', at('release')], 'ota.none'],
    [['nvs', 'build', list, '--size', '0x6000', '--keys', at('no-such-key'), '--out', at('new')], 'image.not-found'],
  ] as const)
    assert.equal((await fault(...words)).code, code, words.join(' '));
  assert.ok(!existsSync(at('new')) && !existsSync(at('release')));
});

test('heads and their key are given out, held against the book, and told where there are none', async (t) => {
  const { fault, at, write, context, lines, ledger, token } = await terminal(t);
  for (const what of ['witness', 'key']) assert.equal((await fault('audit', what)).code, 'audit.no-head');
  const heads = new Checkpoints({ ledger, signer: token.signer, clock: systemClock, log: silentLog });
  await heads.sign('a test');
  await heads.close();
  assert.equal(await runCommand(['audit', 'witness', '--out', at('head')], context), 0);
  assert.equal(await runCommand(['audit', 'key', '--out', at('key')], context), 0);
  const against = ['audit', 'verify', '--key', at('key'), '--witness', at('head')];
  assert.equal(await runCommand(against, context), 0, lines.said.join('\n'));
  assert.match(lines.answered.join('\n'), /Signed heads: 1, .*\nAll of them by the given key/);
  assert.equal((await fault('audit', 'verify', '--key', write('no-key', 'hello'))).code, 'audit.key');
  const other = await fault(
    'audit',
    'verify',
    '--witness',
    write('other', readFileSync(at('head'), 'utf8').replace('line-1', 'line-2')),
  );
  assert.deepEqual([other.code, /of another book/.test(other.what)], ['ledger.chain-broken', true]);
});

test('a copy of the ledger is made and put back, and what is missing is said', async (t) => {
  const { fault, at, context, lines, ledger } = await terminal(t);
  assert.equal(await runCommand(['ledger', 'backup', '--out', at('copy')], context), 0, lines.said.join('\n'));
  assert.match(lines.answered.join('\n'), /copy holds rows 1 to 7, head [0-9a-f]{64}/);
  assert.match(lines.said.join('\n'), /wrapped keys of boards that are not finished/);
  assert.equal((await fault('ledger', 'backup', '--out', at('copy'))).code, 'ledger.backup');
  await sealBoard(ledger, 'r2', 2);
  await ledger.backup(at('newer'));
  const file = at('station.db');
  const restoreLedger = (_: unknown, from: string) => restoreSqliteLedger({ file, from, by: [], clock: systemClock });
  Object.assign(context, { restoreLedger });
  assert.equal(await runCommand(['ledger', 'restore', at('newer')], context), 0);
  assert.match(lines.answered.join('\n'), /There was none before it/);
  assert.equal(await runCommand(['ledger', 'restore', at('copy')], context), 0);
  assert.match(lines.answered.join('\n'), /MISSING: rows 8 to 14\..*\n {2}sealed: aa:bb:cc:00:00:02 SN-2\n/);
  assert.equal((await fault('ledger', 'restore', at('no-such'))).code, 'ledger.backup');
});

test('a table that was edited is told with what it says and what the chain says', async (t) => {
  const { fault, file } = await terminal(t);
  const db = new Database(file);
  db.exec(`UPDATE devices SET serial = 'SN-7'`);
  db.close();
  const edited = await fault('audit', 'verify');
  assert.deepEqual([edited.code, edited.details.table], ['ledger.table-edited', 'devices']);
  assert.match(edited.what, /serial of .* is "SN-7", and the chain says "SN-1"/);
});

test('a chain that was changed is told with its row, of the ledger and of an export alike', async (t) => {
  const { fault, at, write, context, lines } = await terminal(t);
  assert.equal(await runCommand(['audit', 'export', '--out', at('rows')], context), 0);
  assert.equal(await runCommand(['audit', 'verify', '--file', at('rows')], context), 0, lines.said.join('\n'));
  const rows = readFileSync(at('rows'), 'utf8').replace('SN-1', 'SN-2');
  const broken = await fault('audit', 'verify', '--file', write('changed', rows));
  assert.deepEqual([broken.code, broken.class], ['ledger.chain-broken', 'ledger']);
  assert.match(broken.what, /row \d+/);
});

test('keys of the token that do not go together, or are no keys for this', async (t) => {
  const { fault, at, write, token } = await terminal(t);
  const image = write('app.bin', readFileSync(join(repository, 'station-config/firmware/esp32c3/bootloader.bin')));
  const sign = (...keys: string[]) =>
    fault('image', 'sign', image, ...keys.flatMap((key) => ['--key', key]), '--out', at('signed'));
  assert.equal((await sign('secure-boot-1', 'device-ca')).code, 'image.wrong-key');
  assert.equal((await sign('fuseline-wrapping')).code, 'image.wrong-key');
  const short = await token.wrap({ label: 'fuseline-wrapping' }, SecretBytes.adopt(new Uint8Array(24)));
  const list = write('list.csv', 'key,type,encoding,value\na,namespace,,\nb,data,u8,1\n');
  const keys = write('key.json', JSON.stringify(short));
  assert.equal(
    (await fault('nvs', 'build', list, '--size', '0x6000', '--keys', keys, '--out', at('nvs.bin'))).code,
    'cli.nvs-key',
  );
  assert.ok(token.secrets.every(({ destroyed }) => destroyed));
  assert.ok(!existsSync(at('signed')) && !existsSync(at('nvs.bin')));
});

test('escrow: nobody there, no such label, no place to write; nobody is asked for a PIN in vain', async (t) => {
  const { fault, at, write, people, context, token } = await terminal(t);
  let asked = 0;
  Object.assign(context, {
    askSecret: async () => {
      asked++;
      return SecretBytes.take(new TextEncoder().encode('123456'));
    },
  });
  const release = (...more: string[]) =>
    fault(
      ...['audit', 'escrow', 'release', 'SN-1', '--what', 'proof-of-possession', '--reason', 'the label was lost'],
      ...['--custodian', 'cy', '--custodian', 'di', ...more],
    );
  assert.equal((await release()).code, 'escrow.nobody');
  const operators = people();
  for (const id of ['cy', 'di'])
    await operators.save({ id, name: id, roles: ['custodian'], pin: '123456', badge: null });
  assert.equal((await release('--as', 'label')).code, 'escrow.no-label');
  assert.equal((await release('--as', 'code')).code, 'escrow.no-label');
  assert.equal((await release('--out', write('taken', 'mine'))).code, 'escrow.cannot-write');
  assert.equal((await release('--out', at('no/folder/secret'))).code, 'escrow.cannot-write');
  assert.equal(asked, 0);
  assert.equal((await release('--out', at('secret'))).code, 'escrow.none');
  assert.ok(!existsSync(at('secret')), 'a file that stayed empty goes away again');
  assert.ok(!token.calls.includes('unwrap'));
});

test('a board that is not as its record says', async (t) => {
  const { fault, context, lines } = await terminal(t);
  const loaded = recipeNamed('esp32c3-production');
  const rig = new Rig(loaded);
  const chip = siliconOf(loaded);
  assert.equal((await rig.run(chip)).outcome, 'passed');
  const [sealed] = rig.book.sealed;
  // a blank chip that says it is that device
  const blank = siliconOf(loaded, { mac: chip.identity.mac });
  Object.assign(context, {
    openLedger: async () => ({ sealedDevice: async () => sealed, close: async () => undefined }),
    openPort: async (address: string) => openVirtualPort(blank, address),
  });
  const told = await fault('device', 'verify', '--port', 'virtual:nest');
  assert.deepEqual([told.code, told.safety], ['device.differs', 'sealed']);
  const report = JSON.parse(lines.answered[0]!) as { ok: boolean; checks: { ok: boolean }[] };
  assert.ok(!report.ok && report.checks.some(({ ok }) => ok), 'its MAC is as recorded');
});

test('a release for a device that this ledger does not know', async (t) => {
  const { fault, at, write } = await terminal(t);
  mkdirSync(at('firmware'));
  const text = readFileSync(recipeOf('esp32p4-production'), 'utf8').replaceAll(
    '../firmware',
    join(repository, 'station-config', 'firmware'),
  );
  const recipe = write(
    'update.yaml',
    `${text}\nota:\n  encryption: ecies-p256\n  manifest_key:\n    label: manifest\n`,
  );
  const told = await fault('release', 'build', '--recipe', recipe, '--out', at('release'), '--device', 'SN-404');
  assert.equal(told.code, 'ota.no-device', told.what);
  assert.ok(!existsSync(at('release')));
});

test('an archive is read and checked without its ledger, and every change of its files is found', async (t) => {
  const { fault, at, context, lines, ledger, token } = await terminal(t);
  const heads = new Checkpoints({ ledger, signer: token.signer, clock: systemClock, log: silentLog });
  await heads.sign('a test');
  await heads.close();
  const archive = at('archive');
  assert.equal(await runCommand(['ledger', 'archive', '--out', archive], context), 0, lines.said.join('\n'));
  const of = (name: string) => join(archive, name);
  const verify = ['audit', 'verify', '--archive', archive];
  assert.equal(await runCommand([...verify, '--key', of('heads-1.pem')], context), 0, lines.said.join('\n'));
  assert.match(lines.answered.join('\n'), /The chain is whole: 8 rows, .*\n.*\nAll of them by the given key/);
  const manifest = JSON.parse(readFileSync(of('manifest.json'), 'utf8'));
  const rows = readFileSync(of('rows.jsonl'));
  assert.equal(rows.toString().trimEnd().split('\n').length, manifest.rows);
  const found = await judgedByPage(verifierPage(), rows, readFileSync(of('heads-1.pem'), 'utf8'));
  assert.match(found.says, /^8 rows, 1 heads/);
  assert.match(readFileSync(of('verifier.html'), 'utf8'), /id="checks"/);
  const kept = (await ledger.head()).hash;
  assert.equal(manifest.head, kept);
  for (const [name, change] of [
    ['rows.jsonl', () => writeFileSync(of('rows.jsonl'), rows.toString().replace('op-7', 'op-8'))],
    ['README.txt', () => appendFileSync(of('README.txt'), ' ')],
    ['more', () => writeFileSync(of('more'), '')],
    ['ledger-format.md', () => rmSync(of('ledger-format.md'))],
    ['SHA256SUMS', () => rmSync(of('SHA256SUMS'))],
  ] as const) {
    change();
    const { code, what } = await fault(...verify);
    assert.deepEqual([code, what.includes(name)], ['audit.archive', true], what);
    if (name === 'rows.jsonl') writeFileSync(of(name), rows);
    if (name === 'README.txt') truncateSync(of(name), statSync(of(name)).size - 1);
    if (name === 'more') rmSync(of(name));
  }
  assert.equal((await fault('ledger', 'archive', '--out', archive)).code, 'audit.cannot-write');
});

test('tables for analysis say what the chain says, in both forms', async (t) => {
  const { fault, at, context, lines, ledger } = await terminal(t);
  await ledger.openBatch({
    ...{ id: 'B-7', order: '=PO 7', recipe: { name: 'sensor', revision: 3, hash: 'ab' }, count: 1 },
    ...{ openedAt: '2026-11-22T09:00:00.000Z', closedAt: null },
  });
  await sealBoard(ledger, 'r2', 2, 'B-7');
  await ledger.openRun({ ...run('r3'), serial: null });
  const export_ = (table: string, as: string) => [
    'ledger',
    'export',
    '--table',
    table,
    '--as',
    as,
    '--out',
    at(`${table}.${as}`),
  ];
  for (const table of ['devices', 'runs'])
    for (const as of ['csv', 'parquet'])
      assert.equal(await runCommand(export_(table, as), context), 0, lines.said.join('\n'));
  const csv = readFileSync(at('devices.csv'), 'utf8').trimEnd().split('\r\n');
  assert.deepEqual(
    [csv.length, csv[0]!.split(',').slice(0, 5)],
    [3, ['mac', 'serial', 'chip', 'chip_revision', 'recipe']],
  );
  assert.match(csv[2]!, /^aa:bb:cc:00:00:02,SN-2,esp32p4,301,sensor,3,(ab){32},'=PO 7,B-7,line-1,nest-1,op-7,/);
  const read = async (table: string) => {
    const file = readFileSync(at(`${table}.parquet`));
    return await parquetReadObjects({
      file: file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer,
    });
  };
  const devices = await read('devices');
  assert.deepEqual(
    devices.map(({ mac, order, chip_revision, started_at, seconds, row }) => [
      mac,
      order,
      chip_revision,
      started_at,
      seconds,
      row,
    ]),
    [
      ['aa:bb:cc:00:00:01', null, 301n, new Date('2026-11-22T10:00:00.000Z'), 45, 7n],
      ['aa:bb:cc:00:00:02', '=PO 7', 301n, new Date('2026-11-22T10:00:00.000Z'), 45, 14n],
    ],
  );
  const runs = await read('runs');
  assert.deepEqual(
    runs.map(({ run: id, mac, outcome, ended_at }) => [id, mac, outcome, ended_at === null]),
    [
      ['r1', 'aa:bb:cc:00:00:01', 'passed', false],
      ['r2', 'aa:bb:cc:00:00:02', 'passed', false],
      ['r3', null, null, true],
    ],
  );
  assert.equal((await fault(...export_('runs', 'csv'))).code, 'audit.cannot-write');
});

test('heads go to a witness and back by files, and the terminal says who saw what', async (t) => {
  const { fault, at, context, lines, ledger, token, unclosed } = await terminal(t);
  await signHead(ledger);
  const { ledger: other } = await book(t, { station: 'line 2' });
  const parts = (of: typeof ledger) => ({ ledger: of, signer: token.signer, clock: systemClock });
  const at_ = (of: typeof ledger): typeof context => ({
    ...context,
    openLedger: async () => unclosed<LedgerReader>(of),
    openStation: async () =>
      ({
        parts: parts(of),
        askWitness: (what: { readonly old?: number }) => askWitness(parts(of), what, async () => undefined),
        close: async () => undefined,
      }) as never,
  });
  const [here, there] = [at_(ledger), at_(other)];
  const does = async (where: typeof context, ...words: readonly string[]) =>
    assert.equal(await runCommand(words, where), 0, lines.said.join('\n'));
  await does(here, 'audit', 'key', '--out', at('heads.pem'));
  await does(there, 'heads', 'key', '--out', at('w.key'));
  await does(here, 'heads', 'ask', '--out', at('asked'));
  await does(there, 'heads', 'witness', at('asked'), '--key', at('heads.pem'), '--out', at('seen'));
  await does(here, 'heads', 'take', at('seen'), '--witness-key', at('w.key'));
  await does(there, 'heads', 'seen', '--out', at('kept'));
  lines.answered.length = 0;
  await does(here, 'audit', 'verify', '--key', at('heads.pem'), '--witness-key', at('w.key'));
  assert.match(
    lines.answered.join('\n'),
    /Rows 1 to 7 were seen by fuseline\/line%202\/witness at \S+, by the given key/,
  );
  const { code } = await fault('audit', 'verify', '--head', 'hello');
  assert.equal(code, 'audit.head');
});
