import { withoutTurns } from '../base/printable.ts';
import type { CallName } from '../contract/contract.ts';

/** Calls that answer with a file, or with a text that a person edits and gives back: that has to come as it is. */
const exact: ReadonlySet<CallName> = new Set<CallName>([
  'recipes.read',
  'recipes.save',
  'devices.export',
  'devices.report',
  'devices.certificate',
  'batches.certificate',
  'labels.preview',
]);

/** The answer as a page may show it. */
export function shownAnswer(name: CallName, answer: unknown): unknown {
  return exact.has(name) ? answer : shown(answer);
}

/**
 * The same value, with what turns or hides text in any of its texts written out: serial numbers, orders, names, console lines and firmware
 * come from outside, and a page would show them backwards.
 */
export function shown<Value>(value: Value): Value {
  return changed(value) as Value;
}

function changed(value: unknown): unknown {
  if (typeof value === 'string') return withoutTurns(value);
  if (Array.isArray(value)) {
    const items = value.map(changed);
    return items.some((item, at) => item !== value[at]) ? items : value;
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const members = Object.entries(value).map(([key, member]) => [withoutTurns(key), member, changed(member)] as const);
  if (members.every(([key, before, after]) => before === after && Object.hasOwn(value, key))) return value;
  return Object.fromEntries(members.map(([key, , after]) => [key, after]));
}
