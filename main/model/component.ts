// What a firmware is made of, as the SBOM of its build tells it, and what may be asked of that.

export interface Component {
  readonly name: string;
  readonly version: string | null;
  readonly supplier: string | null;
  /** CPE 2.3 names and package URLs. */
  readonly ids: readonly string[];
}

/** The SBOM of a build as a recipe binds it: the digest is that of the file, the list what was read in it, in the order of names. */
export interface BuildComponents {
  /** Its name in the build folder, or the path by which the recipe names it. */
  readonly file: string;
  readonly sha256: string;
  readonly form: 'CycloneDX' | 'SPDX';
  readonly components: readonly Component[];
}

/** Versions from `least` on (`above`: behind it) and before `end` (`last`: up to it); null: no bound. */
export interface VersionSpan {
  readonly least: string | null;
  readonly above: string | null;
  readonly end: string | null;
  readonly last: string | null;
}

export interface ComponentQuestion {
  /** As it was asked. */
  readonly text: string;
  /** A name, a package URL without version, or the beginning of a CPE. */
  readonly name: string;
  /** Any of these; 'any': whatever the version. */
  readonly versions: 'any' | readonly VersionSpan[];
}

/** What a component is to a question: it fits; its version cannot be compared, so that nobody can say; or it does not. */
export type Fit = 'fits' | 'unclear' | 'not';

/**
 * `mbedtls`, `mbedtls@3.6.4`, `mbedtls@>=3.0 <3.6.4 || <2.28.10`, `pkg:github/Mbed-TLS/mbedtls@<3.6.4`, `cpe:2.3:a:arm:mbed_tls`. Null for what is
 * none.
 */
export function componentQuestion(text: string): ComponentQuestion | null {
  const trimmed = text.trim();
  // a scope of npm begins with an at sign
  const at = trimmed.indexOf('@', 1);
  const name = (at < 0 ? trimmed : trimmed.slice(0, at)).trim();
  if (name === '' || name.length > 512 || /^@[^/]*$/.test(name)) return null;
  if (at < 0) return { text: trimmed, name, versions: 'any' };
  const versions = versionSpans(trimmed.slice(at + 1));
  return versions === null ? null : { text: trimmed, name, versions };
}

const term = /(>=|<=|>|<|=|)\s*([\w.+~:-]+)/g;

/** `3.6.4`, `>=3.0 <3.6.4`, `<=2.28.9 || =3.6.0`. Null for what is none. */
export function versionSpans(text: string): readonly VersionSpan[] | null {
  const spans: VersionSpan[] = [];
  for (const part of text.split('||')) {
    const bounds = { least: null, above: null, end: null, last: null } as Record<keyof VersionSpan, string | null>;
    const terms = [...part.matchAll(term)];
    if (terms.length === 0 || part.replaceAll(term, '').trim() !== '') return null;
    for (const [, sign, version = ''] of terms) {
      if (partsOf(version) === null) return null;
      const sides = { '>=': ['least'], '>': ['above'], '<': ['end'], '<=': ['last'] } as const;
      for (const side of sides[sign as keyof typeof sides] ?? (['least', 'last'] as const)) {
        if (bounds[side] !== null) return null;
        bounds[side] = version;
      }
    }
    spans.push(bounds);
  }
  return spans;
}

/** Whether a component is what a question asks for. */
export function fits(component: Component, { name, versions }: ComponentQuestion): Fit {
  if (!isNamed(component, name)) return 'not';
  return versions === 'any' ? 'fits' : isWithin(component.version, versions);
}

/** Whether a version lies in one of these spans. */
export function isWithin(version: string | null, spans: readonly VersionSpan[]): Fit {
  if (version !== null && spans.some(({ least, last }) => least !== null && least === last && least === version))
    return 'fits';
  if (version === null || partsOf(version) === null) return 'unclear';
  const within = spans.some(
    ({ least, above, end, last }) =>
      (least === null || compareVersions(version, least) >= 0) &&
      (above === null || compareVersions(version, above) > 0) &&
      (end === null || compareVersions(version, end) < 0) &&
      (last === null || compareVersions(version, last) <= 0),
  );
  return within ? 'fits' : 'not';
}

/** Names compare without case, without the `component-` that esp-idf-sbom puts before names, and with `/` for the `__` of its managed ones. */
function isNamed({ name, ids }: Component, wanted: string): boolean {
  const asked = wanted.toLowerCase();
  if (asked.startsWith('cpe:')) return ids.some((id) => `${id.toLowerCase()}:`.startsWith(asked.replace(/:*$/, ':')));
  if (asked.startsWith('pkg:')) return ids.some((id) => packageOf(id) === packageOf(asked));
  const [own, other] = [plainName(name), plainName(asked)];
  return own === other || (!other.includes('/') && own.endsWith(`/${other}`));
}

function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^component-/, '')
    .replaceAll('__', '/');
}

/** A package URL without its version, qualifiers and path. */
function packageOf(id: string): string {
  const bare = id.toLowerCase().replace(/[?#].*$/, '');
  const at = bare.lastIndexOf('@');
  return at > bare.lastIndexOf('/') ? bare.slice(0, at) : bare;
}

interface VersionParts {
  readonly numbers: readonly bigint[];
  /** Before the release itself: rc1, beta, dev. */
  readonly early: readonly (string | bigint)[] | null;
  /** Behind it: what git describe counts, or a revision of the packager. */
  readonly late: readonly (string | bigint)[];
}

/** `v5.5.1`, `3.6.0-rc1`, `1.7.18~1`, `5.5.1-39-gabcdef0`, `esp-14.2.0_20241119`. Null where no number begins it, as in a hash of git. */
function partsOf(version: string): VersionParts | null {
  const text = version.trim();
  if (text.length > 256 || /^(?=.*[a-f])[0-9a-f]{7,40}$/.test(text)) return null;
  const match = /^(?:v|[a-z]+[-_])?(\d+(?:\.\d+)*)(.*)$/i.exec(text);
  if (match === null) return null;
  const numbers = match[1]!.split('.').map(BigInt);
  const rest = (match[2]!.split('+')[0]!.match(/\d+|[a-z]+/gi) ?? []).map((part) =>
    /^\d/.test(part) ? BigInt(part) : part.toLowerCase(),
  );
  const isEarly = /^(rc|alpha|beta|a|b|dev|pre|preview|snapshot)$/.test(String(rest[0] ?? ''));
  return { numbers, early: isEarly ? rest : null, late: isEarly ? [] : rest };
}

/** Below 0 where `a` is the older one. Both are versions that `partsOf` reads. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  if (left === null || right === null) return 0;
  for (let at = 0; at < Math.max(left.numbers.length, right.numbers.length); at++) {
    const order = compareParts(left.numbers[at] ?? 0n, right.numbers[at] ?? 0n);
    if (order !== 0) return order;
  }
  if (left.early !== null || right.early !== null) {
    if (left.early === null) return 1;
    if (right.early === null) return -1;
    return compareLists(left.early, right.early);
  }
  return compareLists(left.late, right.late);
}

function compareLists(a: readonly (string | bigint)[], b: readonly (string | bigint)[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [left, right] = [a[at], b[at]];
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    const order = compareParts(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

function compareParts(a: string | bigint, b: string | bigint): number {
  if (typeof a !== typeof b) return typeof a === 'bigint' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What something published concerns: all that is told of it together. Versions and revisions as `versionSpans` reads them. */
export interface Affected {
  /** As `componentQuestion` reads it. */
  readonly component?: string;
  readonly espIdf?: string;
  readonly chips?: readonly string[];
  /** Of the silicon: `<1.2`. */
  readonly revisions?: string;
}

/** What the books know of all boards of a recipe. */
export interface RecipeFacts {
  readonly chip: string | null;
  readonly components: BuildComponents | null;
  readonly idfVersion: string | null;
}

/** As `Fit`; 'silent': the books do not have what is asked for. */
export type RecipeFit = Fit | 'silent';

/** Whether boards of a recipe are concerned by any of these, but for their revisions, which each has of its own. */
export function recipeFit(facts: RecipeFacts, concerns: readonly Affected[]): RecipeFit {
  const order: readonly RecipeFit[] = ['fits', 'unclear', 'silent', 'not'];
  const found = concerns.map((one) => fitOfOne(facts, one));
  return order.find((fit) => found.includes(fit)) ?? 'not';
}

function fitOfOne(facts: RecipeFacts, { component, espIdf, chips }: Affected): RecipeFit {
  const found: RecipeFit[] = ['fits'];
  if (chips !== undefined) found.push(chips.includes(facts.chip ?? '') ? 'fits' : 'not');
  if (component !== undefined) found.push(componentFit(facts.components, component));
  if (espIdf !== undefined) {
    const version = idfVersionOf(facts);
    found.push(version === null ? 'silent' : isWithin(version, versionSpans(espIdf) ?? []));
  }
  const worst: readonly RecipeFit[] = ['not', 'silent', 'unclear', 'fits'];
  return worst.find((fit) => found.includes(fit)) ?? 'fits';
}

/** As the application says it, else the SBOM. */
export function idfVersionOf({ idfVersion, components }: RecipeFacts): string | null {
  return idfVersion ?? components?.components.find(({ name }) => name === 'esp-idf')?.version ?? null;
}

function componentFit(build: BuildComponents | null, asked: string): RecipeFit {
  const question = componentQuestion(asked);
  if (build === null || question === null) return 'silent';
  const found = build.components.map((component) => fits(component, question));
  return found.includes('fits') ? 'fits' : found.includes('unclear') ? 'unclear' : 'not';
}
