// docs/burn-exchanges.md: every exchange of a burn set, taken down from a run on a virtual P4, and what it is for.
import { systemClock } from '../../main/base/clock.ts';
import { seededRandom } from '../../main/base/random.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { openBoard } from '../../main/chip/live-board.ts';
import { grantBurnPermit } from '../../main/chip/permit.ts';
import { planBurn } from '../../main/efuse/plan.ts';
import { efuseTableFor } from '../../main/efuse/tables.ts';
import type { StepEvent } from '../../main/model/event.ts';
import type { Loader, RegisterWrite } from '../../main/protocol/loader.ts';
import { connectLoader } from '../../main/protocol/loader-session.ts';
import { openVirtualPort } from '../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../main/virtual/chip.ts';
import { burnSet } from '../tools/burn-set.ts';

const table = efuseTableFor('esp32p4', 301);
const { base, registers, blocks } = table;

interface Row {
  readonly exchanges: number;
  readonly commands: string;
  readonly why: string;
}

const writeWords = (count: number) => `WRITE_REG of ${count}`;
const readWords = (count: number) => (count === 1 ? 'READ_REG' : `${count} READ_REG`);

/** What a packet of writes is for, by what is in it. */
function ofWrites(writes: readonly RegisterWrite[]): Omit<Row, 'exchanges'> {
  const of = (offset: number) => writes.find(({ address }) => address === base + offset);
  const commands = writeWords(writes.length);
  const cmd = of(registers.cmd);
  if (cmd !== undefined && (cmd.value & 2) !== 0)
    return { commands, why: 'burn: a packet of its own, so that nothing is burned that was not asked about before' };
  if (cmd !== undefined) return { commands, why: 'no register keeps a key; read the fuses anew' };
  if (writes.every(({ value }) => value === 0)) return { commands, why: 'no word of an earlier visit is staged' };
  return { commands, why: 'stage the words; nothing burns yet' };
}

/** What words are read for, by where they lie. */
function ofReads(addresses: readonly number[]): Omit<Row, 'exchanges'> {
  const commands = readWords(addresses.length);
  const offsets = addresses.map((address) => address - base);
  const [first = 0] = offsets;
  if (first === registers.cmd)
    return {
      commands,
      why: addresses.length === 1 ? 'is the controller idle' : 'are the fuses read: the second look counts',
    };
  if (first < registers.conf && first < blocks[0]!.readOffset)
    return { commands, why: 'BLOCK0 has no parity: what is staged is looked at before it burns' };
  if (first === blocks[1]!.readOffset)
    return { commands, why: 'who lies in the fixture: its MAC, and the word that tells it best' };
  if (first === registers.rsErr0) return { commands, why: 'coding errors of the block' };
  if (first < blocks[1]!.readOffset)
    return { commands, why: 'read back every word that was burned, with the copies that disagree' };
  if (first >= blocks[4]!.readOffset && first < registers.repeatErrors[0]!)
    return { commands, why: 'read the block back before anything of it is hidden' };
  return { commands, why: 'copies of BLOCK0 that disagree' };
}

/** Taken down while the set is burned; the titles are the burns. */
async function takeDown(): Promise<{ parts: { title: string; rows: Row[] }[]; exchanges: number; commands: number }> {
  const chip = new VirtualChip({ kind: 'esp32p4', revision: 301, seed: 1, flashSize: 1 << 20 }, () => ({
    lines: [],
    state: 'halted',
    firmware: null,
  }));
  const loader = await connectLoader(openVirtualPort(chip, 'virtual:generate'), { clock: systemClock });
  const parts: { title: string; rows: Row[] }[] = [{ title: 'Before the first burn', rows: [] }];
  const note = async <T>(row: Omit<Row, 'exchanges'>, work: () => Promise<T>): Promise<T> => {
    const before = loader.counters.exchanges;
    const result = await work();
    parts.at(-1)!.rows.push({ ...row, exchanges: loader.counters.exchanges - before });
    return result;
  };
  const noted: Partial<Loader> = {
    readRegister: (address) => note(ofReads([address]), () => loader.readRegister(address)),
    readRegisters: (addresses) => note(ofReads(addresses), () => loader.readRegisters(addresses)),
    writeRegisters: (writes) => note(ofWrites(writes), () => loader.writeRegisters(writes)),
  };
  const board = await openBoard(
    new Proxy(loader, {
      get(target, name: keyof Loader) {
        const value = noted[name] ?? target[name];
        return typeof value === 'function' && noted[name] === undefined ? value.bind(target) : value;
      },
    }),
    { clock: systemClock },
  );
  try {
    const plan = planBurn(await board.readEfuses(), burnSet('c0ffee00'.repeat(8)), { slots: [] });
    parts[0]!.rows.length = 0;
    const before = loader.counters;
    const keys = () => SecretBytes.adopt(seededRandom(1)(32));
    const permit = grantBurnPermit('generate', 'generate', plan);
    for await (const event of board.burn(plan, keys, permit, ['keys', 'read-protect', 'protection', 'enable']))
      if (event.type === 'intend') parts.push({ title: titleOf(event), rows: [] });
    const { exchanges, commands } = loader.counters;
    return { parts, exchanges: exchanges - before.exchanges, commands: commands - before.commands };
  } finally {
    await board.close();
    chip.powerOff();
  }
}

function titleOf(event: Extract<StepEvent, { type: 'intend' }>): string {
  if (event.what === 'key-block') return `${event.detail.name}: ${event.detail.purpose}`;
  if (event.what !== 'bits') return event.what;
  const names = event.detail.fields.map(({ field }) => field);
  return `BLOCK0: ${names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ')}`;
}

let made: Promise<{ file: string; text: string }> | null = null;

/** Made once a process: every run of it is the same. */
export function burnExchangesFile(): Promise<{ file: string; text: string }> {
  made ??= make();
  return made;
}

async function make(): Promise<{ file: string; text: string }> {
  const { parts, exchanges, commands } = await takeDown();
  const lines = [
    '# What each exchange of a burn set is for',
    '',
    'Made by `npm run generate` from a run of the station on a virtual ESP32-P4 v3.1: two key blocks, a Secure Boot digest and a dozen fuses. An',
    'exchange is what is sent in one go and waited for, so often the latency of an adapter is felt; several READ_REG go in one where the ROM is known',
    'to answer what comes behind each other (FACTS 19.5). A port or chip that is not known for it is asked one by one.',
    '',
    `**${exchanges} exchanges with ${commands} commands.** espefuse takes 867 of both (FACTS 18.1).`,
  ];
  for (const { title, rows } of parts) {
    lines.push('', `## ${title}`, '', '| exchanges | sent | what for |', '|---|---|---|');
    for (const row of rows) lines.push(`| ${row.exchanges} | ${row.commands} | ${row.why} |`);
  }
  return { file: 'docs/burn-exchanges.md', text: `${lines.join('\n')}\n` };
}
