import { isCollection, isScalar, isSeq, parseDocument } from 'yaml';

export type YamlPath = readonly string[];
export type YamlValue = string | number | boolean;

/** The document as plain values, or null while it cannot be read. */
export function readYaml(text: string): unknown {
  try {
    const document = parseDocument(text);
    return document.errors.length > 0 ? null : document.toJS();
  } catch {
    return null;
  }
}

export function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
}

/**
 * The text with one value changed. A value that stands there is replaced in its place, so that comments, order and blanks stay as their
 * author wrote them; only a new key, a list or a table makes the document be written anew. Null takes the key away, and with it whatever
 * table or list has nothing else. `form`: how a number is written.
 */
export function changeYaml(
  text: string,
  path: YamlPath,
  value: YamlValue | readonly unknown[] | Record<string, unknown> | null,
  form: 'hex' | 'decimal' = 'decimal',
): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  if (value === null) {
    for (let at = path; at.length > 0; at = at.slice(0, -1)) {
      document.deleteIn(at);
      const above = document.getIn(at.slice(0, -1));
      if (at.length === 1 || !isCollection(above) || above.items.length > 0) break;
      // a member of a list stays until it is taken away itself
      if (isSeq(document.getIn(at.slice(0, -2)))) break;
    }
    return document.toString({ lineWidth: 0 });
  }
  const node = document.getIn(path, true);
  if (typeof value !== 'object' && isScalar(node) && node.range) {
    const [from, to] = node.range;
    return text.slice(0, from) + scalarText(value, form) + text.slice(to);
  }
  const made = document.createNode(value);
  if (form === 'hex' && isScalar(made)) made.format = 'HEX';
  document.setIn(path, made);
  return document.toString({ lineWidth: 0 });
}

/** A scalar as it may stand after a colon: plain where it cannot be taken for something else. */
function scalarText(value: YamlValue, form: 'hex' | 'decimal'): string {
  if (form === 'hex' && typeof value === 'number') return `0x${value.toString(16).toUpperCase()}`;
  if (typeof value !== 'string') return String(value);
  const plain =
    /^[A-Za-z0-9./_][\w./ ,+()-]*$/.test(value) && !/^(true|false|yes|no|on|off|null|~|[\d.]+)$/i.test(value);
  return plain && value === value.trim() ? value : `'${value.replaceAll("'", "''")}'`;
}
