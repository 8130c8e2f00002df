// The payload of Sparkplug B 3.0 (sparkplug_b.proto of Eclipse Tahu): protobuf, of which only what a node of ours says is written, and only
// what it is asked is read.

/** Data types by their numbers in the specification (6.4.16). */
export const metricTypes = { UInt64: 8, Boolean: 11, String: 12, DateTime: 13 } as const;

export type Metric = {
  readonly name: string;
  /** Of what happened while nobody listened. */
  readonly isHistorical?: boolean;
} & (
  | { readonly type: 'UInt64' | 'DateTime'; readonly value: number | null }
  | { readonly type: 'Boolean'; readonly value: boolean | null }
  | { readonly type: 'String'; readonly value: string | null }
);

/** `at`: ms since 1970, of the message and of each metric. `seq`: 0 to 255; null: none, as in a death. */
export function sparkplugPayload(at: number, seq: number | null, metrics: readonly Metric[]): Uint8Array {
  return Buffer.concat([
    number(1, at),
    ...metrics.map((metric) => bytes(2, metricBytes(metric, at))),
    ...(seq === null ? [] : [number(3, seq)]),
  ]);
}

function metricBytes({ name, type, value, isHistorical = false }: Metric, at: number): Buffer {
  return Buffer.concat([
    bytes(1, Buffer.from(name)),
    number(3, at),
    number(4, metricTypes[type]),
    ...(isHistorical ? [number(5, 1)] : []),
    value === null
      ? number(7, 1)
      : typeof value === 'string'
        ? bytes(15, Buffer.from(value))
        : typeof value === 'boolean'
          ? number(14, value ? 1 : 0)
          : number(11, value),
  ]);
}

/** A field of a number, wire type 0. */
function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

/** A field of bytes, wire type 2. */
function bytes(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const digits: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) digits.push(Number(rest & 127n) | 128);
  return Buffer.from([...digits, Number(rest)]);
}

/** Names of the metrics that a command sets to true; what is no payload commands nothing. */
export function commanded(payload: Uint8Array): string[] {
  try {
    return fieldsOf(payload).flatMap(({ field, value }) => {
      if (field !== 2 || typeof value === 'bigint') return [];
      const metric = fieldsOf(value);
      const name = metric.findLast((one) => one.field === 1)?.value;
      const isTrue = metric.findLast((one) => one.field === 14)?.value === 1n;
      return isTrue && name instanceof Uint8Array ? [Buffer.from(name).toString('utf8')] : [];
    });
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** RangeError for what is no protobuf. Groups, which nobody writes any more, are none. */
function fieldsOf(message: Uint8Array): { readonly field: number; readonly value: bigint | Uint8Array }[] {
  const fields: { field: number; value: bigint | Uint8Array }[] = [];
  let at = 0;
  const read = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError('a number without an end');
  };
  const take = (length: number): Uint8Array => {
    if (length > message.length - at) throw new RangeError('bytes without an end');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(read());
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) fields.push({ field, value: read() });
    else if (type === 1) take(8);
    else if (type === 2) fields.push({ field, value: take(Number(read())) });
    else if (type === 5) take(4);
    else throw new RangeError('no such type');
  }
  return fields;
}
