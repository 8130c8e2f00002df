// What this browser keeps to be let in again after the station was started anew: a key that no script can read out, used to answer alone.

const database = 'fuseline';
const shelf = 'seat';

export interface Seat {
  readonly id: string;
  readonly key: CryptoKey;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(database, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(shelf);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function withShelf<Value>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const opened = await open();
  try {
    return await new Promise((resolve, reject) => {
      const asked = act(opened.transaction(shelf, mode).objectStore(shelf));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } finally {
    opened.close();
  }
}

/** Keeps the seat that the station gave; the key in hexadecimal is forgotten with this call. */
export async function keepSeat(id: string, hex: string): Promise<void> {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  bytes.fill(0);
  await withShelf('readwrite', (store) => store.put({ id, key } satisfies Seat, 'kept'));
}

/** The seat of this browser; null: it has none, or may keep nothing. */
export async function keptSeat(): Promise<Seat | null> {
  try {
    return ((await withShelf('readonly', (store) => store.get('kept'))) as Seat | undefined) ?? null;
  } catch {
    return null;
  }
}

export function forgetSeat(): Promise<unknown> {
  return withShelf('readwrite', (store) => store.delete('kept')).catch(() => undefined);
}

/** As main/ipc/seats.ts makes it. */
export async function codeOf(
  { key }: Seat,
  side: 'station' | 'page',
  pageNonce: string,
  stationNonce: string,
): Promise<string> {
  const said = new TextEncoder().encode(`fuseline ${side} ${location.host} ${pageNonce} ${stationNonce}`);
  return hexOf(new Uint8Array(await crypto.subtle.sign('HMAC', key, said)));
}

export function freshNonce(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(32)));
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
