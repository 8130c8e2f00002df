// What the window takes for a scan: by the times at which keys were pressed alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';

class Field {
  #value = '';
  type = 'text';
  heard = 0;
  readonly dataset: Record<string, string> = {};
  get value(): string {
    return this.#value;
  }
  set value(value: string) {
    this.#value = value;
  }
  dispatchEvent(): void {
    this.heard++;
  }
}

// The window's code knows a browser's objects; this program has none of its own.
Object.assign(globalThis, { HTMLElement: Field, HTMLInputElement: Field, HTMLTextAreaElement: class {} });
interface Ears {
  heard(text: string): void;
  isName(text: string): boolean;
  slow(text: string): void;
  endless(text: string): void;
}
const { hearScanner } = (await import(new URL('../../../renderer/state/scanner.ts', import.meta.url).href)) as {
  hearScanner(target: unknown, ears: Ears): () => void;
};

/** A window with its scanner, in which somebody types so many ms a key; gives what was told. */
function typed(text: string, ms: number, options: { end?: string | null; field?: Field; repeat?: boolean } = {}) {
  const told: string[] = [];
  let prevented = 0;
  let onKey: (event: unknown) => void = () => undefined;
  const stop = hearScanner(
    {
      addEventListener: (_: string, listener: typeof onKey) => {
        onKey = listener;
      },
      removeEventListener: () => undefined,
    },
    {
      heard: (code) => told.push(`heard ${code}`),
      isName: (code) => ['f1', '7'].includes(code.toLowerCase()),
      slow: (code) => told.push(`slow ${code}`),
      endless: (code) => told.push(`endless ${code}`),
    },
  );
  let at = 1000;
  const press = (key: string) => {
    onKey({
      key,
      timeStamp: at,
      repeat: options.repeat ?? false,
      target: options.field ?? null,
      preventDefault: () => prevented++,
      stopPropagation: () => undefined,
    });
    at += ms;
  };
  for (const key of text) press(key);
  if (options.end !== null) press(options.end ?? 'Enter');
  return { told, prevented, stop };
}

test('scanners from 2 to 45 ms a key are heard, with Enter or Tab, and short names of fixtures', () => {
  for (const ms of [2, 15, 45, 100]) {
    const { told, stop } = typed('SN-0001', ms);
    assert.deepEqual(told, ['heard SN-0001'], `${ms} ms`);
    stop();
  }
  assert.deepEqual(typed('SN-0001', 5, { end: 'Tab' }).told, ['heard SN-0001']);
  assert.deepEqual(typed('F1', 20).told, ['heard F1']);
  assert.deepEqual(typed('7', 20).told, ['heard 7']);
  assert.deepEqual(typed('F9', 20).told, [], 'no name of a fixture');
});

test('what was typed into a field stays there; a PIN is no scan', () => {
  const field = new Field();
  assert.deepEqual(typed('hello there', 110, { field }).told, []);
  field.value = 'before';
  assert.deepEqual(typed('SN-0001', 45, { field }).told, ['heard SN-0001']);
  assert.deepEqual([field.value, field.heard], ['before', 1], 'what ran into it is taken out again');
  const pin = new Field();
  pin.type = 'password';
  assert.deepEqual(typed('1111', 70, { field: pin }).told, []);
  assert.deepEqual(typed('BADGE-0001', 10, { field: pin }).told, ['heard BADGE-0001']);
  const codes = new Field();
  codes.dataset.scan = 'here';
  assert.deepEqual(typed('PO-1177', 5, { field: codes }).told, []);
  assert.deepEqual(typed('aaaa', 30, { repeat: true }).told, [], 'a key that is held');
});

test('no code is lost silently', async () => {
  assert.deepEqual(typed('SN-0001', 200).told, ['slow SN-0001']);
  const { told } = typed('SN-0001', 5, { end: null });
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.deepEqual(told, ['endless SN-0001']);
});
