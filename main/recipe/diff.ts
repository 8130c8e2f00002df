import { canonicalJson } from '../base/json.ts';
import type { BuildComponents } from '../model/component.ts';
import { type Change, changeIn } from '../words/changes.ts';
import { english } from '../words/told.ts';
import type { Recipe } from './types.ts';

/** One difference: where, and what it means for a board. */
export interface Difference {
  readonly path: string;
  readonly change: Change;
  /** The change in English. */
  readonly words: string;
  /** Whether the second recipe protects less than the first. */
  readonly weaker: boolean;
}

/** Places whose change opens or shuts something, with the values from weak to strong. */
const strength = {
  'doors.downloadMode': ['"open"', '"secure"', '"disabled"'],
  'doors.jtag': ['"leave"', '"soft"', '"off"'],
  'doors.forceDownload': ['"leave"', '"off"'],
  'doors.usbDownload': ['"leave"', '"off"'],
  'doors.usbJtag': ['"leave"', '"off"'],
  'doors.usbSerialJtag': ['"leave"', '"off"'],
  'doors.directBoot': ['"leave"', '"off"'],
  'flashEncryption.mode': ['"development"', '"release"'],
  'flashEncryption.key': ['"xts-aes-128-derived"', '"xts-aes-128"', '"xts-aes-256"'],
  'secureBoot.revokeUnused': ['false', 'true'],
  'ota.encryption': ['"none"', '"rsa3072"', '"ecies-p256"'],
  hmacUp: ['false', 'true'],
  purpose: ['"development"', '"production"'],
} as const satisfies Partial<Record<NonNullable<Change['name']>, readonly string[]>>;

/** Sections whose being there at all is a protection. */
const sections = ['secureBoot', 'flashEncryption', 'identity', 'provisioning', 'ota'] as const;

/** What the second recipe asks for that the first does not, and the other way round, in words. Pure. */
export function describeDifferences(before: Recipe, after: Recipe): Difference[] {
  const differences: Difference[] = [];
  walk('', byName(before), byName(after), differences);
  return differences;
}

/** The recipe with what it stores by name instead of by place, so that one more value is one difference. */
function byName({ storage, ...rest }: Recipe): Record<string, unknown> {
  if (!storage) return rest;
  const partitions = storage.map(({ partition, values, ...how }) => {
    const named = values.map(({ namespace, key, ...value }) => [`${namespace}.${key}`, value]);
    return [partition, { ...how, values: Object.fromEntries(named) }];
  });
  return { ...rest, storage: Object.fromEntries(partitions) };
}

const difference = (path: string, change: Change, weaker: boolean): Difference => ({
  path,
  change,
  words: changeIn(english, change),
  weaker,
});

/** What one firmware is made of that the other is not, by the SBOMs of their builds; null: there is none. Pure. */
export function describeComponents(before: BuildComponents | null, after: BuildComponents | null): Difference[] {
  const named = (build: BuildComponents | null) => {
    const versions = new Map<string, string[]>();
    for (const { name, version } of build?.components ?? [])
      versions.set(name, [...(versions.get(name) ?? []), version ?? '–']);
    return versions;
  };
  const [was, is] = [named(before), named(after)];
  if (before === null || after === null) {
    if (before === after) return [];
    const kind = after === null ? 'removes' : 'addsSbom';
    return [difference('components', { kind, name: 'sbom', before: '', after: `${is.size}` }, after === null)];
  }
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((component) => {
    const [old, now] = [was.get(component)?.join(', '), is.get(component)?.join(', ')];
    if (old === now) return [];
    const kind = old === undefined ? 'newComponent' : now === undefined ? 'goneComponent' : 'becomes';
    const change = { kind, name: null, before: old ?? '', after: now ?? '' } as const;
    return [difference(`components.${component}`, change, false)];
  });
}

function walk(path: string, before: unknown, after: unknown, found: Difference[]): void {
  const section = sections.find((name) => name === path);
  if (section !== undefined && (before === null) !== (after === null)) {
    const kind = after === null ? 'removes' : 'adds';
    found.push(difference(path, { kind, name: section, before: '', after: canonicalJson(after) }, after === null));
    return;
  }
  if (isRecord(before) && isRecord(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      walk(path ? `${path}.${key}` : key, before[key], after[key], found);
    }
    return;
  }
  const [was, is] = [canonicalJson(before ?? null), canonicalJson(after ?? null)];
  if (was === is) return;
  const name = Object.hasOwn(strength, path) ? (path as keyof typeof strength) : null;
  const scale: readonly string[] = name === null ? [] : strength[name];
  const inClear = path.startsWith('storage.') && path.endsWith('.encryption') && is === '"none"';
  const weaker = inClear || (name !== null && scale.indexOf(is) < scale.indexOf(was));
  const kind = name === null ? 'becomes' : weaker ? 'opens' : 'tightens';
  found.push(difference(path, { kind, name, before: was, after: is }, weaker));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
