import { canonicalJson } from '../base/json.ts';
import type { BuildComponents } from '../model/component.ts';
import type { Recipe } from './types.ts';

/** One difference: where, and what it means for a board. */
export interface Difference {
  readonly path: string;
  readonly words: string;
  /** Whether the second recipe protects less than the first. */
  readonly weaker: boolean;
}

/** Places whose change opens or shuts something, with the values from weak to strong. */
const strength: Readonly<Record<string, { readonly order: readonly string[]; readonly what: string }>> = {
  'doors.downloadMode': { order: ['"open"', '"secure"', '"disabled"'], what: 'download mode' },
  'doors.jtag': { order: ['"leave"', '"soft"', '"off"'], what: 'JTAG' },
  'doors.forceDownload': { order: ['"leave"', '"off"'], what: 'download mode by software' },
  'doors.usbDownload': { order: ['"leave"', '"off"'], what: 'download mode over USB' },
  'doors.usbJtag': { order: ['"leave"', '"off"'], what: 'JTAG over USB' },
  'doors.usbSerialJtag': { order: ['"leave"', '"off"'], what: 'USB-Serial-JTAG' },
  'doors.directBoot': { order: ['"leave"', '"off"'], what: 'direct boot' },
  'flashEncryption.mode': { order: ['"development"', '"release"'], what: 'flash encryption' },
  'flashEncryption.key': {
    order: ['"xts-aes-128-derived"', '"xts-aes-128"', '"xts-aes-256"'],
    what: 'the flash-encryption key',
  },
  'secureBoot.revokeUnused': { order: ['false', 'true'], what: 'revocation of unused digest slots' },
  'ota.encryption': { order: ['"none"', '"rsa3072"', '"ecies-p256"'], what: 'the encryption of updates' },
  hmacUp: { order: ['false', 'true'], what: 'the HMAC key' },
  purpose: { order: ['"development"', '"production"'], what: 'the purpose' },
};

/** Sections whose being there at all is a protection. */
const sections: Readonly<Record<string, string>> = {
  secureBoot: 'Secure Boot',
  flashEncryption: 'flash encryption',
  identity: 'the device identity',
  provisioning: 'the provisioning credentials',
  ota: 'releases for updates',
};

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

/** What one firmware is made of that the other is not, by the SBOMs of their builds; null: there is none. Pure. */
export function describeComponents(before: BuildComponents | null, after: BuildComponents | null): Difference[] {
  const named = (build: BuildComponents | null) => {
    const versions = new Map<string, string[]>();
    for (const { name, version } of build?.components ?? [])
      versions.set(name, [...(versions.get(name) ?? []), version ?? 'no version']);
    return versions;
  };
  const [was, is] = [named(before), named(after)];
  if (before === null || after === null) {
    if (before === after) return [];
    const words = after === null ? 'removes the SBOM of the build' : `adds an SBOM of ${is.size} components`;
    return [{ path: 'components', words, weaker: after === null }];
  }
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((name) => {
    const [old, now] = [was.get(name)?.join(', ') ?? 'nothing', is.get(name)?.join(', ') ?? 'nothing'];
    return old === now ? [] : [{ path: `components.${name}`, words: `${old} becomes ${now}`, weaker: false }];
  });
}

function walk(path: string, before: unknown, after: unknown, found: Difference[]): void {
  const section = sections[path];
  if (section !== undefined && (before === null) !== (after === null)) {
    found.push({
      path,
      words: after === null ? `removes ${section}` : `adds ${section}: ${canonicalJson(after)}`,
      weaker: after === null,
    });
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
  const scale = strength[path];
  const inClear = path.startsWith('storage.') && path.endsWith('.encryption') && is === '"none"';
  const weaker = inClear || (scale !== undefined && scale.order.indexOf(is) < scale.order.indexOf(was));
  const words = scale ? `${weaker ? 'opens' : 'tightens'} ${scale.what}: ${was} becomes ${is}` : `${was} becomes ${is}`;
  found.push({ path, words, weaker });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
