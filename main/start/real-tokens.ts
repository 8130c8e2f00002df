// The tokens that a station file names, with their real parts: the own one with its sessions and its spare, and those beside it.
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import type { SecretBytes } from '../base/secret.ts';
import type { Pkcs11Token, StationConfig } from '../config/station-file.ts';
import type { Ledger, LedgerReader } from '../ledger/ledger.ts';
import { isFault } from '../model/fault.ts';
import { lateToken } from '../signing/late-token.ts';
import { filePin, nobodysPin, type PinSource, promptPin } from '../signing/pin.ts';
import type { LaunchTokenProcess } from '../signing/pkcs11/token-child.ts';
import { openPkcs11Signer } from '../signing/pkcs11/token-signer.ts';
import type { Signer } from '../signing/signer.ts';
import { embeddedLabel, openEmbeddedToken } from '../signing/softhsm.ts';
import { TokenPool } from '../signing/token-pool.ts';
import { notListed, type OpenToken } from '../signing/token-ring.ts';
import { KnownToken } from '../station/known-token.ts';
import { SpareToken } from '../station/spare-token.ts';
import type { TokenOfStation } from '../station/token-ceremony.ts';
import { hasHistory } from '../station/token-knowledge.ts';
import { awayToken } from '../station/token-refusals.ts';

/** What a shell with means of its own has for the token; left out: its file, and a process forked from this Node.js. */
export interface TokenHost {
  /** Another keeper of the own token's PIN than the station file's `pin_file`, which is handed to it. */
  readonly pin?: (pinFile: PinSource) => PinSource;
  /** Asks a person for the PIN of the token named, where the station file names no `pin_file`. */
  readonly ask?: (token: Pick<Pkcs11Token, 'label' | 'serial'>) => Promise<SecretBytes>;
  readonly launch?: LaunchTokenProcess;
}

export interface TokenPlaces {
  readonly settings: StationConfig;
  readonly dataFolder: string;
  /** Opens the ledger for questions; null where there is none yet. */
  readonly openBook: () => Promise<Pick<LedgerReader, 'acts' | 'runs' | 'close'> | null>;
}

/** How often a token that was away at the start is looked for, in ms. */
const lookAgainMs = 500;

export interface OpenedTokens {
  readonly signer: Signer;
  readonly embedded: boolean;
  readonly openToken: OpenToken;
  /** Opens the spare one; null where there is none. */
  readonly openSpare: (() => Promise<Signer>) | null;
  /** Makes the private SoftHSM token where there is none, whatever the ledger knows: for a ceremony alone. */
  makeAnew(): Promise<void>;
}

/**
 * The station's own token and how to open the others. The private SoftHSM is made at a first start alone. An own token that is away opens
 * later, where it is the private one or has a spare.
 */
export async function openTokens(places: TokenPlaces, host: TokenHost): Promise<OpenedTokens> {
  const { token, tokens, spare, sessions } = places.settings;
  const launch = host.launch === undefined ? {} : { launch: host.launch };
  const own = token.kind === 'softhsm' ? embeddedLabel : token.label;
  const openToken: OpenToken = async (label) => {
    const listed = tokens.find((candidate) => candidate.label === label);
    if (listed !== undefined) return await openPkcs11(listed, pinOf(listed, host), launch);
    if (label === own) return null;
    throw notListed(
      label,
      tokens.map((candidate) => candidate.label),
    );
  };
  const withSessions = async (open: () => Promise<Signer>) =>
    new TokenPool(await open(), { open, most: sessions, clock: systemClock });
  const openSpare = spare === null ? null : () => withSessions(() => openPkcs11(spare, pinOf(spare, host), launch));
  const embedded = token.kind === 'softhsm';
  let isCeremony = false;
  const open = embedded
    ? () => openOwnSoftHsm(places, () => isCeremony, launch)
    : () => {
        const named = pinOf(token, host);
        return openPkcs11(token, host.pin?.(named) ?? named, launch);
      };
  const openOwn = () => withSessions(open);
  const signer = await openOwn().catch((error: unknown) => {
    if (!isFault(error, 'token.away') && openSpare === null) throw error;
    return late(openOwn);
  });
  const makeAnew = async () => {
    if (!embedded) return;
    isCeremony = true;
    await signer.status().finally(() => {
      isCeremony = false;
    });
  };
  return { signer, embedded, openToken, openSpare, makeAnew };
}

/** Tokens held to what the ledger knows of them, each given to `timed` first. */
export function heldTokens(
  { signer, openToken, openSpare, makeAnew }: OpenedTokens,
  ledger: Ledger,
  timed: (token: Signer) => Signer,
): { readonly signer: Signer; readonly token: TokenOfStation; readonly openToken: OpenToken } {
  const parts = { ledger, random: systemRandom } as const;
  const known = new KnownToken(timed(signer), { ...parts, role: 'own' });
  const beside: OpenToken = async (label) => {
    const opened = await openToken(label);
    return opened === null ? null : new KnownToken(timed(opened), { ...parts, role: `listed ${label}` });
  };
  if (openSpare === null) return { signer: known, token: { known, makeAnew, spare: null }, openToken: beside };
  const standing = new KnownToken(timed(late(openSpare)), { ...parts, role: 'own', isSpare: true });
  const both = new SpareToken(known, standing, { ledger, clock: systemClock });
  // opened now, so that it can take over at once
  void standing.refusal();
  return { signer: both, token: { known, makeAnew, spare: both }, openToken: beside };
}

function late(open: () => Promise<Signer>): Signer {
  return lateToken(open, (signal) => systemClock.sleep(lookAgainMs, signal));
}

/** TokenFault `token.away` where it is not there and this is no first start. */
function openOwnSoftHsm(
  { dataFolder, openBook }: TokenPlaces,
  isCeremony: () => boolean,
  launch: { readonly launch?: LaunchTokenProcess },
): Promise<Signer> {
  const folder = join(dataFolder, 'token');
  const mayMake = async () => {
    if (isCeremony()) return;
    const ledger = await openBook();
    if (ledger === null) return;
    try {
      if (await hasHistory(ledger)) throw awayToken(folder);
    } finally {
      await ledger.close();
    }
  };
  return openEmbeddedToken({ folder, clock: systemClock, random: systemRandom, mayMake, ...launch });
}

function pinOf({ label, serial, pinFile }: Pkcs11Token, { ask }: TokenHost): PinSource {
  if (pinFile !== null) return filePin(pinFile);
  return ask === undefined ? nobodysPin : promptPin(() => ask({ label, serial }));
}

function openPkcs11(
  { module, label, serial }: Pkcs11Token,
  pin: PinSource,
  launch: { readonly launch?: LaunchTokenProcess },
): Promise<Signer> {
  return openPkcs11Signer({ module, token: { label, serial }, pin, clock: systemClock, ...launch });
}
