import type { StoredEvent } from '../../main/contract/contract.ts';
import { durationText } from '../words/format.ts';
import { words } from '../words/words.ts';

type Event = StoredEvent['event'];

/** What the eye should find in a long story: changes for ever, proofs, faults, borders of steps. */
export type EventMark = 'step' | 'burn' | 'proof' | 'fault' | 'plain';

/** One entry of the ledger as a line for people. */
export function eventWords(event: Event): { readonly mark: EventMark; readonly text: string } {
  const said = words.events;
  switch (event.type) {
    case 'run-started':
      return { mark: 'step', text: said.runStarted(event.fixture, event.operator) };
    case 'identified':
      return { mark: 'plain', text: said.identified };
    case 'planned':
      return { mark: 'plain', text: said.planned(event.planDigest.slice(0, 12), event.resumes) };
    case 'step-started':
      return { mark: 'step', text: said.stepStarted(event.step, event.irreversible) };
    case 'step-passed':
      return { mark: 'plain', text: said.stepPassed(event.step, event.ms) };
    case 'observed':
      return { mark: 'plain', text: `${event.what}: ${brief(event.value)}` };
    case 'intend':
      return { mark: 'burn', text: said.intend(event.what) };
    case 'burned':
      return { mark: 'burn', text: said.burned(event.what) };
    case 'verified':
      return { mark: 'proof', text: said.verified(event.what) };
    case 'key-made':
      return { mark: 'plain', text: said.keyMade(event.role, event.fingerprint.slice(0, 16)) };
    case 'escrowed':
      return { mark: 'plain', text: said.escrowed(event.what) };
    case 'keys-destroyed':
      return { mark: 'proof', text: said.keysDestroyed(event.roles.join(', '), durationText(event.livedMs / 1000)) };
    case 'waived':
      return { mark: 'plain', text: said.waived(event.check, event.reason) };
    case 'parked':
      return { mark: 'fault', text: said.parked(event.fault.what) };
    case 'row-taken':
      return { mark: 'plain', text: said.rowTaken(event.row, event.list) };
    case 'resumed':
      return { mark: 'plain', text: said.resumed(durationText(event.waitedMs / 1000)) };
    case 'run-ended':
      return {
        mark: event.outcome === 'passed' ? 'proof' : 'fault',
        text: said.runEnded(words.outcome[event.outcome], durationText(event.ms / 1000)),
      };
    case 'label-scanned':
      return {
        mark: event.fits ? 'proof' : 'fault',
        text: said.labelScanned(event.text, event.fits, event.operator),
      };
    case 'progress':
      return { mark: 'plain', text: `${event.done}/${event.total} ${event.unit}` };
  }
}

/** Longest value that a line shows whole. */
const longest = 24;

/** A fact in one line: names and short values; long ones (digests, certificates) only by their beginning. */
function brief(value: unknown): string {
  if (Array.isArray(value)) return value.map(brief).join(', ');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, part]) => `${name} ${typeof part === 'object' && part !== null ? '…' : brief(part)}`)
      .slice(0, 6)
      .join(', ');
  const text = String(value).replace(/-----BEGIN [A-Z ]+-----\s*/, '');
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
