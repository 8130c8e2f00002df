import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import type { CliContext } from '../../main/cli/context.ts';
import { runCommand } from '../../main/cli/program.ts';
import { openSqliteLedger, openSqliteLedgerForReading } from '../../main/ledger/sqlite/open.ts';
import { noOtherToken } from '../../main/signing/token-ring.ts';
import { createStation } from '../../main/start/compose.ts';
import { programVersion, stationConfigFolder } from '../../main/start/program-folder.ts';
import { restoreLedgerOf } from '../../main/start/real-ledger.ts';
import { peopleOf, settingsOf } from '../../main/start/settings.ts';
import { createVirtualBench } from '../../main/virtual/bench/bench.ts';
import { testFolder } from '../stories/terminal.ts';
import { ScriptedSigner } from '../unit/station/scripted-signer.ts';

export const p4 = join(stationConfigFolder, 'recipes/esp32p4-production.yaml');
export const pinOf = (id: string) => `${id}-271828`;

/** A token in memory that keeps no list of its keys. */
class Token extends ScriptedSigner {
  readonly status = async () => ({
    label: 'scripted',
    serial: '1',
    module: '',
    manufacturer: '',
    model: '',
    firmware: '',
    healthy: true,
    signMs: 1,
    pinCountLow: false,
  });
  readonly keys = async () => [];
  readonly generateKey = (key: { label: string }) => this.findKey(key);
}

export async function stationIn(data: string, openPort: CliContext['openPort']) {
  const ledger = await openSqliteLedger({ file: join(data, 'ledger.sqlite'), station: 'fuseline', clock: systemClock });
  return createStation({
    name: 'fuseline',
    software: { name: 'fuseline', version: '0' },
    ledger,
    signer: new Token().signer,
    openPort,
    clock: systemClock,
    random: systemRandom,
    people: peopleOf({ data }),
    development: settingsOf({ data }).development,
    boards: settingsOf({ data }).boards,
    embeddedToken: true,
  });
}

/** The list of people, made once a process: their PINs are costly to make. */
let madeList: string | null = null;

/** The terminal in this process, with people who type the PINs that `types` gives. */
export function terminal(t: TestContext, types: (id: string) => string = pinOf) {
  const data = testFolder(t);
  const bench = createVirtualBench({});
  t.after(() => bench.close());
  const opened: string[] = [];
  const open: CliContext['openPort'] = (address, how) => {
    opened.push(address);
    return bench.open(address.startsWith('virtual:') ? address : 'virtual:esp32p4?rev=v3.1&pacing=none', how);
  };
  const said: string[] = [];
  const line = (text: string) => void said.push(text);
  const places = { data };
  const context = {
    version: programVersion(),
    streams: { answer: line, say: line, live: false, columns: 100, redraw: () => undefined },
    clock: systemClock,
    random: systemRandom,
    openPort: open,
    stationConfig: stationConfigFolder,
    openStation: (options: { data?: string }) => stationIn(options.data ?? data, open),
    openLedger: () => openSqliteLedgerForReading(join(data, 'ledger.sqlite')),
    restoreLedger: (_: unknown, from: string, by: readonly string[]) => restoreLedgerOf(places, from, by),
    openSigner: async () => ({
      signer: new Token().signer,
      embedded: true,
      openToken: noOtherToken,
      refusal: async () => null,
      lookAtSpare: async () => null,
    }),
    hasEmbeddedToken: () => true,
    dataFolder: () => data,
    settings: () => settingsOf(places),
    people: () => peopleOf(places),
    askSecret: async (question: string) =>
      SecretBytes.take(new TextEncoder().encode(types(/PIN of (\S+)/.exec(question)![1]!))),
    fixtures: () => [],
    onInterrupt: () => () => undefined,
    leave: () => undefined,
    temporaryFolder: () => ({ folder: testFolder(t), remove: () => undefined }),
  } as unknown as CliContext;
  return {
    data,
    opened,
    /** Exit status and the fault's code, if one was told. */
    async run(...words: string[]): Promise<[number, string | null]> {
      said.length = 0;
      const status = await runCommand([...words, '--data', data], context);
      return [status, /\[([a-z-]+\.[a-z-]+)\]/.exec(said.join('\n'))?.[1] ?? null];
    },
    async people(): Promise<void> {
      const file = join(data, 'operators.json');
      if (madeList === null) {
        const people = peopleOf(places);
        for (const [id, roles] of [
          ['al', ['custodian']],
          ['bo', ['custodian', 'engineer']],
          ['en', ['engineer']],
          ['op', ['operator']],
          ['qa', ['qa']],
        ] as const)
          await people.save({ id, name: id, roles, pin: pinOf(id), badge: null });
        madeList = readFileSync(file, 'utf8');
      } else writeFileSync(file, madeList, { mode: 0o600 });
    },
    async acts(): Promise<string[]> {
      const ledger = await openSqliteLedgerForReading(join(data, 'ledger.sqlite'));
      const acts = (await ledger.acts({})).map(({ what, by, about }) => `${what} ${by.join('+')} ${about}`);
      await ledger.close();
      return acts;
    },
  };
}
