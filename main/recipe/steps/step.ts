import type { Clock } from '../../base/clock.ts';
import type { RandomSource } from '../../base/random.ts';
import type { SecretBytes } from '../../base/secret.ts';
import type { Board } from '../../chip/board.ts';
import type { BurnPermit } from '../../chip/permit.ts';
import type { EfuseSnapshot } from '../../efuse/types.ts';
import type { CsvRow } from '../../formats/csv.ts';
import type { KeyRole, StepEvent, WrappedKey } from '../../model/event.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { Signer } from '../../signing/signer.ts';
import type { DeviceCredentials } from '../making/device-credentials.ts';
import type { Release } from '../making/release.ts';
import type { NamedFiles } from '../named-files.ts';
import type { Plan, Recipe, StepId } from '../types.ts';
import type { Cleaning } from './clean-flash.ts';

/** Bytes as they will lie in this board's flash. */
export interface FlashImage {
  readonly name: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Null for a part that holds secrets: a digest of it could be searched for what is easily guessed. */
  readonly plainSha256: string | null;
  readonly flashSha256: string;
  readonly encrypted: boolean;
}

/** What the steps of one run make for one another; it dies with the run. Secrets are only in `keys`. */
export interface Workspace {
  readonly keys: Map<KeyRole, SecretBytes>;
  /** When the first key came to be (monotonic ms), for the destruction record. */
  keysBornAt: number | null;
  images: readonly FlashImage[];
  /** The erasing of what no image takes, which goes on while keys are made; to be stopped when the run ends early. */
  cleaning: Cleaning | null;
  identity: SealedRecord['identity'];
  /** For the label of this board; destroyed with the run where nobody takes it. */
  credentials: DeviceCredentials | null;
  /** What final read-out before the door showed. */
  efusesAfter: EfuseSnapshot | null;
  keysDestroyedAt: string | null;
  /** How the application shut download mode by itself, before the station could; null: it did not. */
  doorShutByFirmware: 'secure' | 'disabled' | null;
  /** Whether its next start has to show which board it is. */
  mustShow: boolean;
  /** By what the board showed in its last start that it is this one; null: by nothing, or it was not started yet. */
  shownBy: 'signature' | 'console-mac' | null;
}

/** All that a step may touch. */
export interface StepContext {
  readonly board: Board;
  readonly plan: Plan;
  readonly recipe: Recipe;
  readonly release: Release;
  readonly signer: Signer;
  readonly clock: Clock;
  /** For challenges and IVs; keys come from the token. */
  readonly random: RandomSource;
  readonly permit: BurnPermit;
  readonly workspace: Workspace;
  /** Wrapped keys of an earlier run of this board, by role. */
  readonly earlierKeys: ReadonlyMap<KeyRole, { readonly wrapped: WrappedKey; readonly fingerprint: string }>;
  /** Who resets a board whose port has no reset lines. */
  readonly resetBy: 'lines' | 'operator';
  readonly batch: string | null;
  /** The files that the recipe names beside its build. */
  readonly files: NamedFiles;
  /** Whether another board that this ledger had has this MAC (with colons). */
  isOther(mac: string): Promise<boolean>;
  /** This board's row in the list of each stored partition that has one. */
  readonly rows: ReadonlyMap<string, CsvRow>;
}

/**
 * One step of a plan. `perform` yields an event before the thing it announces can happen: the run makes it durable before it asks for
 * the next (LAW 2). Irreversible steps get no signal: a person stops a run between steps, never inside a burn.
 */
export interface Step {
  readonly id: StepId;
  readonly irreversible: boolean;
  /** What it will do under this plan, in words. */
  summary(plan: Pick<Plan, 'parts' | 'burn' | 'keys'>, recipe: Recipe): string;
  perform(context: StepContext, signal?: AbortSignal): AsyncGenerator<StepEvent, void, void>;
}

export function newWorkspace(): Workspace {
  return {
    keys: new Map(),
    keysBornAt: null,
    images: [],
    cleaning: null,
    identity: null,
    credentials: null,
    efusesAfter: null,
    keysDestroyedAt: null,
    doorShutByFirmware: null,
    mustShow: false,
    shownBy: null,
  };
}

/** Zeroes the credentials of the workspace; safe to call again. */
export function destroyCredentials(workspace: Workspace): void {
  workspace.credentials?.proof.destroy();
  workspace.credentials = null;
}

/** Zeroes every key of the workspace; safe to call again. */
export function destroyKeys(workspace: Workspace): void {
  for (const key of workspace.keys.values()) key.destroy();
  workspace.keys.clear();
}
