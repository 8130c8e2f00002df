// The list of components out of an SBOM: CycloneDX in JSON, SPDX 2.2 and 2.3 in JSON and as tags, as esp-idf-sbom and others write them. Of
// all that may stand there, names, versions, suppliers, CPEs and package URLs are read.
import { decodeText } from '../base/text.ts';
import type { BuildComponents, Component } from '../model/component.ts';

export interface Sbom extends Pick<BuildComponents, 'form' | 'components'> {
  /** What the document says it is about; null: it does not. */
  readonly product: { readonly name: string; readonly version: string | null } | null;
}

const mostComponents = 5_000;
const mostIds = 32;
const longestText = 512;
/** What a row of the ledger is to hold of it. */
const mostText = 1024 * 1024;

/** What is read of a component before anything of it is believed. */
interface Found {
  readonly name: unknown;
  readonly version: unknown;
  readonly supplier: unknown;
  readonly ids: readonly unknown[];
  readonly isProduct?: true;
}

class Mistake extends Error {}

/** Reads an SBOM; `mistake`: one sentence that says why it cannot be. Pure. */
export function readSbom(bytes: Uint8Array): { readonly sbom: Sbom } | { readonly mistake: string } {
  const read = decodeText(bytes);
  if ('mistake' in read) return { mistake: read.mistake.what };
  const text = read.text.trimStart();
  try {
    if (text === '') throw new Mistake('It is empty.');
    if (text.startsWith('{')) return { sbom: fromJson(text) };
    if (text.startsWith('<')) throw new Mistake('It is XML; only JSON and the tags of SPDX are read.');
    return { sbom: { form: 'SPDX', ...listed(fromTags(text)) } };
  } catch (error) {
    if (error instanceof Mistake) return { mistake: error.message };
    throw error;
  }
}

function fromJson(text: string): Sbom {
  let root: Record<string, unknown>;
  try {
    root = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Mistake('It is no JSON from its beginning to its end: it was cut off or changed.');
  }
  if (root.bomFormat === 'CycloneDX') return { form: 'CycloneDX', ...listed(ofCycloneDx(root)) };
  if (typeof root.spdxVersion === 'string') {
    expectSpdx2(root.spdxVersion);
    return { form: 'SPDX', ...listed(ofSpdx(root)) };
  }
  if ('@graph' in root)
    throw new Mistake('It is SPDX 3, which is not read: write SPDX 2.2 (spdx-json@2.2) or CycloneDX (cyclonedx-json).');
  throw new Mistake('It says neither "bomFormat": "CycloneDX" nor "spdxVersion".');
}

function expectSpdx2(version: string): void {
  if (!/^SPDX-2\.[0-9]$/.test(version))
    throw new Mistake(`It is of ${quoted(version)}; SPDX-2.2 and SPDX-2.3 are read.`);
}

/** Components within components too. */
function* ofCycloneDx(root: Record<string, unknown>): Generator<Found> {
  const { component: product } = recordOf(root.metadata ?? {}, 'metadata');
  if (product !== undefined) {
    const { name, version } = recordOf(product, 'metadata');
    yield { name, version, supplier: null, ids: [], isProduct: true };
  }
  const waiting: unknown[] = [root.components ?? []];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    for (const one of arrayOf(next, 'components')) {
      const { name, version, supplier, publisher, cpe, purl, evidence, components } = recordOf(one, 'components');
      if (components !== undefined) waiting.push(components);
      const identity = (evidence as { identity?: unknown } | undefined)?.identity ?? [];
      const further = [identity].flat().map((said) => (said as { concludedValue?: unknown } | null)?.concludedValue);
      yield {
        ...{ name, version },
        supplier: (supplier as { name?: unknown } | undefined)?.name ?? publisher,
        ids: [cpe, purl, ...further.filter((id) => typeof id === 'string' && /^(cpe|pkg):/.test(id))],
      };
    }
}

function* ofSpdx(root: Record<string, unknown>): Generator<Found> {
  const described = new Set(
    arrayOf(root.relationships ?? [], 'relationships').flatMap((one) => {
      const { relationshipType, relatedSpdxElement } = recordOf(one, 'relationships');
      return relationshipType === 'DESCRIBES' ? [relatedSpdxElement] : [];
    }),
  );
  for (const id of arrayOf(root.documentDescribes ?? [], 'documentDescribes')) described.add(id);
  const packages = arrayOf(root.packages ?? [], 'packages').map((one) => recordOf(one, 'packages'));
  const isProduct = productsOf(packages, ({ SPDXID }) => described.has(SPDXID));
  for (const one of packages) {
    const { name, versionInfo, supplier, externalRefs } = one;
    const refs = arrayOf(externalRefs ?? [], 'externalRefs').map((ref) => recordOf(ref, 'externalRefs'));
    const ids = refs.filter(({ referenceType }) => isId(referenceType)).map(({ referenceLocator }) => referenceLocator);
    yield { name, version: versionInfo, supplier: supplierOf(supplier), ids, ...isProduct(one) };
  }
}

/** Lines of `Tag: value`; a value may go on over lines between `<text>` and `</text>`. */
function* fromTags(text: string): Generator<Found> {
  let version: string | null = null;
  const described = new Set<string>();
  const packages: { id?: string; name: string; version?: string; supplier?: string; ids: string[] }[] = [];
  let inPackage = false;
  let inText = false;
  for (const line of text.split(/\r?\n/)) {
    if (inText) {
      inText = !line.includes('</text>');
      continue;
    }
    const [, tag, value = ''] = /^([A-Za-z0-9]+):\s*(.*)$/.exec(line) ?? [];
    if (tag === undefined) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      throw new Mistake(
        version === null
          ? 'It is neither JSON nor SPDX: its first line has no tag such as SPDXVersion.'
          : `The line ${quoted(line)} has no tag: it was cut off or changed.`,
      );
    }
    inText = value.startsWith('<text>') && !value.includes('</text>');
    if (tag === 'SPDXVersion') {
      version = value.trim();
      expectSpdx2(version);
    }
    if (version === null) throw new Mistake(`It begins with ${quoted(tag)}, not with SPDXVersion.`);
    const last = packages.at(-1);
    if (tag === 'PackageName') {
      packages.push({ name: value, ids: [] });
      inPackage = true;
    } else if (tag === 'FileName' || tag === 'SnippetSPDXID') inPackage = false;
    else if (tag === 'Relationship') {
      const [, what = ''] = /^SPDXRef-DOCUMENT DESCRIBES (\S+)/.exec(value) ?? [];
      described.add(what);
    } else if (inPackage && last !== undefined) {
      if (tag === 'SPDXID') last.id = value.trim();
      if (tag === 'PackageVersion') last.version = value;
      if (tag === 'PackageSupplier') last.supplier = value;
      const [, type, id] = tag === 'ExternalRef' ? (/^\S+\s+(\S+)\s+(\S+)/.exec(value) ?? []) : [];
      if (id !== undefined && isId(type)) last.ids.push(id);
    }
  }
  if (version === null) throw new Mistake('It is neither JSON nor SPDX: it has no SPDXVersion.');
  if (inText) throw new Mistake('It ends within a <text>: it was cut off.');
  const isProduct = productsOf(packages, ({ id }) => described.has(id ?? ''));
  for (const one of packages)
    yield { ...one, version: one.version, supplier: supplierOf(one.supplier), ...isProduct(one) };
}

/** The packages that the document is about are the product; one that is about each of them names none so. */
function productsOf<T>(packages: readonly T[], isAbout: (one: T) => boolean): (one: T) => { isProduct?: true } {
  const isAboutAll = packages.every(isAbout);
  return (one) => (!isAboutAll && isAbout(one) ? { isProduct: true } : {});
}

function isId(type: unknown): boolean {
  return type === 'cpe23Type' || type === 'purl';
}

/** SPDX: `Organization: Espressif Systems`. */
function supplierOf(text: unknown): unknown {
  return typeof text === 'string' ? text.replace(/^(Organization|Person):\s*/, '') : text;
}

/** Each once, in an order of their own, so that the same components give the same list. */
function listed(found: Iterable<Found>): Pick<Sbom, 'product' | 'components'> {
  const components = new Map<string, Component>();
  let product: Sbom['product'] = null;
  let text = 0;
  for (const one of found) {
    const name = wordOf(one.name, 'a name');
    if (one.isProduct) {
      if (name !== null) product ??= { name, version: wordOf(one.version, 'a version') };
      continue;
    }
    if (name === null) throw new Mistake('One of its components has no name.');
    const given = one.ids.filter((id) => id !== undefined && id !== null);
    if (given.length > mostIds) throw new Mistake(`${quoted(name)} has more than ${mostIds} CPEs and package URLs.`);
    const ids = [...new Set(given.map((id) => wordOf(id, 'a CPE or package URL')))].filter((id) => id !== null).sort();
    const component: Component = {
      name,
      version: wordOf(one.version, 'a version'),
      supplier: wordOf(one.supplier, 'a supplier'),
      ids,
    };
    const key = JSON.stringify(component);
    if (components.has(key)) continue;
    components.set(key, component);
    text += key.length;
    if (components.size > mostComponents || text > mostText)
      throw new Mistake(`It lists more than ${mostComponents} components, or more than ${mostText} bytes of them.`);
  }
  if (components.size === 0) throw new Mistake('It lists no components.');
  return { product, components: [...components].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one) };
}

/** A text of one line as it may be shown; null for none, and for SPDX's words for none. */
function wordOf(value: unknown, what: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw new Mistake(`It has ${what} that is no text.`);
  const text = value.trim();
  if (text === '' || text === 'NOASSERTION' || text === 'NONE') return null;
  if (text.length > longestText) throw new Mistake(`It has ${what} of more than ${longestText} characters.`);
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) throw new Mistake(`It has ${what} with characters that cannot be seen.`);
  return text;
}

function arrayOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Mistake(`Its "${what}" is no list.`);
  return value as unknown[];
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Mistake(`Its "${what}" holds what is none.`);
  return value as Record<string, unknown>;
}

/** Of the file, as words may show it. */
function quoted(text: string): string {
  return JSON.stringify(
    Array.from(text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?'))
      .slice(0, 40)
      .join(''),
  );
}
