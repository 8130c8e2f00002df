import type { Clock } from '../../base/clock.ts';
import type { Board } from '../../chip/board.ts';
import { connectBoard } from '../../chip/connect.ts';
import type { DeviceHistory, LedgerReader } from '../../ledger/ledger.ts';
import { isFault } from '../../model/fault.ts';
import type { RecoveryReport, RecoveryState } from '../../model/recovery.ts';
import type { RecipeRef } from '../../model/refs.ts';
import type { LoadedRecipe } from '../../recipe/load.ts';
import type { Port } from '../../transport/port.ts';
import { burnHistoryOf } from '../burn-history.ts';
import { begunRun, recipeWords } from '../condemning.ts';
import { refuseOtherChip } from '../known-chip.ts';
import type { Reach } from '../product-gates.ts';
import { isHalfEnabled, isNamed, waitingBoards } from '../waiting-boards.ts';
import { burnedThings } from './burned.ts';
import { finishAnswer, noAnswer } from './finish.ts';

export interface RecoveryParts {
  readonly clock: Clock;
  readonly ledger: LedgerReader;
  /** Where the board lies, as faults name it. */
  readonly fixture: string;
  /** What a person says that it is, by MAC or serial number: for a board that cannot be read; null: nothing. */
  readonly named: string | null;
  /** A recipe that stands here for the one of a board: exactly that one, else one of its name; null: none does. */
  find(ref: RecipeRef): LoadedRecipe | null;
  readonly signal?: AbortSignal;
}

/**
 * Reads a board of which nobody knows what it is, and says it: nothing is burned, written or loaded, and no firmware is started. Whatever
 * was read is held against the ledger. Faults of the loader and the port; a board whose door is shut is no fault but an answer.
 */
export async function readForRecovery(open: () => Promise<Port>, parts: RecoveryParts): Promise<RecoveryReport> {
  let board: Board;
  let reach: Reach = { canReset: false };
  try {
    const port = await open();
    reach = { canReset: port.hasControlLines, usb: port.usb };
    board = await connectBoard(port, {
      clock: parts.clock,
      ...(parts.signal ? { signal: parts.signal } : {}),
    });
  } catch (error) {
    if (!isFault(error, 'protocol.download-disabled')) throw error;
    return shutReport(parts, 'disabled', null);
  }
  try {
    const { security, mac, revision } = board.identity;
    if (security.secureDownload || mac === null || revision === null) return await shutReport(parts, 'secure', board);
    return await openReport(parts, board, { ...board.identity, mac, revision }, reach);
  } finally {
    await board.close();
  }
}

async function openReport(
  parts: RecoveryParts,
  board: Board,
  identity: Board['identity'] & { readonly mac: string; readonly revision: number },
  reach: Reach,
): Promise<RecoveryReport> {
  const { mac } = identity;
  const history = await parts.ledger.history(mac);
  let snapshot = await board.readEfuses();
  let other = refuseOtherChip(history, identity, snapshot, parts.fixture);
  // answers carry no checksum: a strange one is asked for again
  if (other !== null) {
    snapshot = await board.readEfuses();
    other = refuseOtherChip(history, identity, snapshot, parts.fixture);
  }
  const past = burnHistoryOf(history);
  const begun = begunRun(history, past);
  const burned = burnedThings(snapshot, other === null ? history : null, past);
  const state = stateOf(history, begun !== null, burned.length > 0, other !== null);
  const finish =
    state === 'half-done' && begun !== null
      ? await finishAnswer({
          board,
          identity,
          snapshot,
          history,
          past,
          begun,
          reach,
          ledger: parts.ledger,
          find: parts.find,
        })
      : noAnswer(state);
  const { what, next } =
    other === null
      ? words(state, history, begun === null ? null : recipeWords(begun.recipe), finish.possible)
      : { what: other.what, next: other.next };
  return {
    ...common(state, history, { what, next }),
    chip: { kind: identity.kind, title: board.profile.title, revision: identity.revision },
    mac,
    door: 'open',
    burned,
    finish,
    waiting: [],
  };
}

function stateOf(
  { sealed, condemned, runs }: DeviceHistory,
  isBegun: boolean,
  isBurned: boolean,
  isOther: boolean,
): RecoveryState {
  if (isOther) return 'other-chip';
  if (sealed !== null) return 'sealed';
  if (condemned !== null) return 'condemned';
  if (isBegun) return isBurned ? 'half-done' : 'met';
  if (isBurned) return 'foreign';
  return runs.length > 0 ? 'met' : 'blank';
}

/** What a report says of any board that the ledger may know. */
function common(
  state: RecoveryState,
  history: DeviceHistory,
  said: Pick<RecoveryReport, 'what' | 'next'>,
): Pick<RecoveryReport, 'state' | 'what' | 'next' | 'serial' | 'runs' | 'lost' | 'acts'> {
  const isOpen = state === 'half-done' || state === 'condemned' || state === 'met' || state === 'shut';
  return {
    state,
    ...said,
    serial: history.sealed?.serial ?? history.runs.findLast(({ run }) => run.serial !== null)?.run.serial ?? null,
    runs: history.runs.map(({ run }) => ({
      run: run.id,
      recipe: run.recipe,
      fixture: run.fixture,
      operator: run.operator,
      at: run.startedAt,
      outcome: run.outcome,
      fault: run.fault === null ? null : `${run.fault.code}: ${run.fault.what}`,
    })),
    lost: isOpen ? lostBy(history) : [],
    acts: actsOf(state, history),
  };
}

function actsOf(state: RecoveryState, { runs }: DeviceHistory): RecoveryReport['acts'] {
  switch (state) {
    case 'half-done':
      return ['finish', 'release', 'condemn'];
    case 'condemned':
      return ['release', 'condemn'];
    case 'sealed':
      return ['verify'];
    case 'met':
      return ['condemn'];
    case 'shut':
      return runs.length > 0 ? ['finish', 'condemn'] : ['name'];
    case 'blank':
    case 'foreign':
    case 'other-chip':
      return [];
  }
}

function lostBy({ openKeys, runs }: DeviceHistory): string[] {
  const events = runs.flatMap((one) => one.events);
  const certificate = events.findLast(({ event }) => event.type === 'observed' && event.what === 'certificate');
  const roles = [...new Set(openKeys.map(({ role }) => role))];
  return [
    ...(roles.length === 0
      ? []
      : [`its wrapped keys (${roles.join(', ')}): what is burned under them nobody can go on with afterwards`]),
    ...(certificate?.event.type === 'observed' && certificate.event.what === 'certificate'
      ? [`the certificate ${certificate.event.value.serial}, which is then a device's that does not exist`]
      : []),
  ];
}

function words(
  state: RecoveryState,
  history: DeviceHistory,
  begunAs: string | null,
  possible: boolean | null,
): Pick<RecoveryReport, 'what' | 'next'> {
  const { mac, sealed, condemned, runs } = history;
  const last = runs.at(-1)?.run;
  const ends = `Two people may release it for another recipe (board release ${mac}) or condemn it (board condemn ${mac}).`;
  switch (state) {
    case 'blank':
      return {
        what: `The board ${mac} is as its maker delivered it, and was never here.`,
        next: 'It can become any product of this chip.',
      };
    case 'met':
      return {
        what: `The board ${mac} was here (last ${last?.startedAt} as ${last?.recipe.name}), and nothing is burned into it that its maker did not burn.`,
        next: 'It can become any product of this chip.',
      };
    case 'half-done':
      return {
        what: `The board ${mac} was begun as ${begunAs}, and is not finished.`,
        next: `${possible === true ? 'Finish it: the station goes on from what is burned.' : possible === null ? 'Bring its recipe, and look again.' : 'It cannot be finished so; see why.'} ${ends}`,
      };
    case 'sealed':
      return {
        what: `The board ${mac} was sealed on ${sealed!.sealedAt} as ${recipeWords(sealed!.recipe)} in run ${sealed!.run}.`,
        next: `It is a device: nothing is left to do. Whether it is as it was then says device verify; its record: audit show ${mac}.`,
      };
    case 'condemned':
      return {
        what: `The board ${mac} was condemned on ${condemned!.at}${condemned!.by === undefined ? '' : ` by ${condemned!.by.join(' and ')}`}: ${condemned!.reason.replace(/\.$/, '')}.`,
        next: ends,
      };
    case 'foreign':
      return {
        what:
          runs.length > 0
            ? `The board ${mac} holds something that nobody is to go on with here: it was released, or begun somewhere else.`
            : `Something is burned into the board ${mac}, and no run of this ledger burned it.`,
        next: 'Look in the ledger of the station that began it (--data DIR), and finish it there. Whether a recipe can be had on it as it is says recipe plan --port.',
      };
    case 'other-chip':
    case 'shut':
      throw new RangeError('these are told by what was read');
  }
}

/** A board whose door is shut tells nothing of itself to the loader: what it may be the ledger says. */
async function shutReport(
  parts: RecoveryParts,
  door: 'secure' | 'disabled',
  board: Board | null,
): Promise<RecoveryReport> {
  const { ledger, named } = parts;
  const waiting = await waitingBoards(ledger);
  const meant = named === null ? null : (waiting.find((one) => isNamed(one, named)) ?? null);
  const sealed = named === null || meant !== null ? null : await ledger.sealedDevice(named.trim());
  const mac = meant?.mac ?? sealed?.chip.mac ?? null;
  const history =
    mac === null ? { mac: '', sealed: null, runs: [], openKeys: [], condemned: null } : await ledger.history(mac);
  const state: RecoveryState = sealed !== null ? 'sealed' : 'shut';
  const isLost = meant !== null && isHalfEnabled(meant);
  const shut = door === 'secure' ? 'It is in secure download mode' : 'Its download mode is off';
  const said =
    sealed !== null
      ? words('sealed', history, null, null)
      : {
          what: `${shut}, so that neither its MAC nor its eFuses can be read. ${meant === null ? shutWords(waiting.length, named) : `It is said to be ${meant.mac}, which was begun as ${recipeWords(meant.run.recipe)} and waits for its seal.`}`,
          next: isLost
            ? `Set it aside: it cannot be sealed. Two people end it (board condemn ${mac}).`
            : meant !== null
              ? 'Finish it: it is started, and sealed when it shows nothing else.'
              : waiting.length > 0
                ? 'Say by its label which one it is (--device, or scan it), or let it be finished: its signature or its console may tell.'
                : 'Look for its serial number in the ledgers of other stations; a device of this one is held against its record by device verify --serial.',
        };
  return {
    ...common(state, history, said),
    chip: board === null ? null : { kind: board.identity.kind, title: board.profile.title, revision: null },
    mac,
    door,
    burned: [],
    finish: {
      possible: meant === null ? null : !isLost,
      recipe: meant?.run.recipe ?? null,
      why: [
        isLost
          ? 'It was lost while flash encryption and Secure Boot were being switched on, and its own firmware has shut the door since: whether every one of these bits took nobody can read any more.'
          : 'The door is shut: everything that can be burned is. What is missing is the proof of its start, and the seal.',
      ],
      left: meant === null || isLost ? [] : ['boot proof with the door shut', 'seal'],
    },
    acts:
      waiting.length === 0 && sealed === null
        ? []
        : sealed !== null
          ? ['verify']
          : isLost
            ? ['condemn']
            : ['finish', ...(meant === null ? (['name'] as const) : (['condemn'] as const))],
    waiting: waiting.map(({ mac: one, run }) => ({ mac: one, serial: run.serial })),
  };
}

function shutWords(waiting: number, named: string | null): string {
  const said = named === null ? '' : `${JSON.stringify(named)} is none that this ledger knows. `;
  if (waiting === 0) return `${said}No board of this ledger waits for its seal behind a shut door.`;
  return `${said}${waiting === 1 ? 'One board waits' : `${waiting} boards wait`} here for the seal, and it may be one of them, a sealed one, or none.`;
}
