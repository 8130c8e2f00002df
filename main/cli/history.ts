import type { FirmwareFacts } from '../model/assurance.ts';
import { revisionText } from '../model/chip.ts';
import type { StoredEvent } from '../model/event.ts';
import { type IdentifiedBy, identifiedWords } from '../model/record.ts';
import { bytesText, hex, secondsText } from './words.ts';

type Event = StoredEvent['event'];

/** What one event of a run says to a person who reads its story: one fact, without the bulk that --json holds. */
export function eventText(event: Event): string {
  switch (event.type) {
    case 'run-started':
      return `run started in fixture ${event.fixture}`;
    case 'run-ended':
      return `run ended: ${event.outcome}${event.fault ? `, ${event.fault.code}: ${event.fault.what}` : ''}`;
    case 'identified': {
      const { kind, revision, mac } = event.identity as { kind: string; revision: number; mac: string };
      const burned = Object.entries(event.efuses as object).filter(([, field]) => isBurned(field)).length;
      return `identified ${kind} ${revisionText(revision)}, MAC ${mac}; ${burned} eFuse fields are not 0`;
    }
    case 'planned':
      return `planned ${event.steps.join(', ')}${event.resumes ? `; goes on from run ${event.resumes}` : ''}; plan ${event.planDigest.slice(0, 16)}`;
    case 'waived':
      return `waived ${event.check}: ${event.reason}${event.by ? ` (${event.by})` : ''}`;
    case 'step-started':
      return `begins${event.irreversible ? ' (cannot be undone)' : ''}`;
    case 'step-passed':
      return `done in ${secondsText(event.ms)}`;
    case 'parked':
      return `parked: ${event.fault.what}`;
    case 'row-taken':
      return `took row ${event.row} of the list ${event.list}`;
    case 'label-scanned':
      return `${event.fits ? 'its label was scanned back' : 'another label was scanned for it'}: ${event.text}${event.operator === null ? '' : `, by ${event.operator}`}`;
    case 'resumed':
      return `goes on after ${secondsText(event.waitedMs)}`;
    case 'key-made':
      return `made the ${event.role} key, fingerprint ${event.fingerprint.slice(0, 16)}`;
    case 'escrowed':
      return `put the ${event.what} away in escrow${event.fingerprint === null ? '' : `, fingerprint ${event.fingerprint.slice(0, 16)}`}`;
    case 'keys-destroyed':
      return event.roles.length > 0
        ? `destroyed the station's copies of ${event.roles.join(', ')}, which lived ${secondsText(event.livedMs)}`
        : "destroyed what was left of the board's keys";
    case 'intend':
      return `is about to burn ${burnText(event.what, event.detail)}`;
    case 'burned':
      return `burned ${shortBurnText(event.what, event.detail)}`;
    case 'verified':
      return verifiedText(event.what, event.detail);
    case 'observed':
      return observedText(event.what, event.value);
    default:
      return event.type;
  }
}

function isBurned(field: unknown): boolean {
  const value = (field as { value?: unknown } | null)?.value;
  return value !== 0 && value !== null && !(typeof value === 'string' && /^0*$/.test(value));
}

function burnText(what: string, detail: unknown): string {
  if (what === 'key-block') {
    const { slot, name, purpose } = detail as { slot: number; name?: string; purpose: string };
    return `${purpose} into ${name ?? `BLOCK_KEY${slot}`}`;
  }
  if (what === 'device-encryption') {
    const { purposes } = detail as { purposes: readonly string[] };
    return `${purposes.join(' and ')} and SPI_BOOT_CRYPT_CNT by the device itself`;
  }
  const { fields } = detail as { fields?: readonly { field: string; from: number; to: number }[] };
  if (fields === undefined) return what;
  return fields.map(({ field, from, to }) => (from === 0 && to === 1 ? field : `${field} ${from} -> ${to}`)).join(', ');
}

/** The same where the fields were told a line above. */
function shortBurnText(what: string, detail: unknown): string {
  const { fields } = detail as { fields?: readonly unknown[] };
  return fields === undefined || what === 'device-encryption' || fields.length < 3
    ? burnText(what, detail)
    : `these ${fields.length} fields`;
}

function verifiedText(what: string, detail: unknown): string {
  switch (what) {
    case 'flash': {
      const { name, offset, length } = detail as { name: string; offset: number; length: number };
      return `flash holds ${name} at ${hex(offset)} (${bytesText(length)}), by the chip's own digest`;
    }
    case 'boot':
    case 'sealed-boot': {
      const { lines, challenge } = detail as { lines: readonly string[]; challenge?: string };
      const where = what === 'boot' ? 'with the door open' : 'with the door shut';
      return `booted ${where}, ${lines.length} console lines${challenge ? '; signed a fresh challenge with its own key' : ''}`;
    }
    case 'key-block':
    case 'block0':
    case 'block3': {
      const { effect } = detail as { effect?: string };
      return `read back ${shortBurnText(what, detail)}${effect ? `; seen: ${effect}` : ''}`;
    }
    case 'device-encryption': {
      const { by } = detail as { by: string };
      return `the device has encrypted its flash, by ${by}; nobody has a copy of its key`;
    }
    default:
      return `verified ${what}`;
  }
}

function observedText(what: string, value: unknown): string {
  const facts = value as Readonly<Record<string, unknown>>;
  switch (what) {
    case 'image':
      return `made ${facts.name} for ${hex(Number(facts.offset))}${facts.encrypted ? ', encrypted' : ''}, SHA-256 in flash ${String(facts.flashSha256).slice(0, 16)}`;
    case 'certificate-request':
      return `signed a certificate request with the ${facts.key} key`;
    case 'rsa-key-destroyed':
      return `zeroed the ${facts.key} key after ${facts.livedMs} ms`;
    case 'certificate':
      return `issued the certificate ${facts.serial}`;
    case 'flash':
      return `flash of ${bytesText(Number(facts.size))}, ${facts.loader} at ${facts.baudRate} baud`;
    case 'storage':
      return `made the NVS partition ${facts.partition} of ${(facts.keys as readonly unknown[]).length} values${facts.encryption === 'none' ? ', in clear' : `, encrypted (${facts.encryption})`}${facts.row === null ? '' : `, row ${facts.row} of its list`}`;
    case 'provisioning':
      return `made Security 2 credentials for user ${facts.username}, service ${facts.service}`;
    case 'key-unwrapped':
      return `took up the ${facts.role} key of an earlier run, fingerprint ${String(facts.fingerprint).slice(0, 16)}`;
    case 'key-block-given-up':
      return `gave ${facts.name ?? `BLOCK_KEY${facts.slot}`} up: ${facts.state}`;
    case 'efuses-before-door': {
      const burned = Object.entries(facts).filter(([, field]) => isBurned(field)).length;
      return `read all eFuses a last time: ${burned} of ${Object.keys(facts).length} fields are not 0`;
    }
    case 'firmware': {
      const { project, version, idfVersion, findings } = value as unknown as FirmwareFacts;
      const found = findings.filter(({ waived }) => !waived).length;
      return `takes ${project ?? 'firmware'} ${version ?? ''}, ESP-IDF ${idfVersion ?? 'unknown'}: ${found} findings of the build, ${findings.length - found} waived`;
    }
    case 'finishes-run':
      return `is the board of run ${facts.run}, known by ${facts.identifiedBy ? `${facts.identifiedBy}: ${identifiedWords[facts.identifiedBy as IdentifiedBy]}` : facts.by}`;
    case 'awaits-reset':
      return `waits for a person to reset the board with its boot pin released`;
    default: {
      const text = JSON.stringify(value);
      return `${what} ${text.length > 100 ? `${text.slice(0, 97)}...` : text}`;
    }
  }
}
