// What the factory's system is asked and told, and what its answers mean (docs/factory.md).
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { oneLine, printable } from '../base/printable.ts';
import { Fault } from '../model/fault.ts';
import { isTlsTrouble, mesAway, mesNotLetIn, mesNotProven, mesWrong } from './faults.ts';
import { type Connections, type FactoryDoor, postJson, type Reply } from './post.ts';

/** Longest words of another system that are shown and kept. */
const mostWords = 200;

const routeReply = z.object({ go: z.boolean(), words: z.string().optional() });
const refusalReply = z.object({ words: z.string() });

export interface TalkParts {
  readonly door: () => FactoryDoor;
  readonly connections: Connections;
  readonly clock: Clock;
  /** For one question, ms. */
  readonly ms: number;
}

/** May this board start? Faults `mes.*`: nobody said. `key`: the same for the same try of the same board. */
export async function askRoute(
  parts: TalkParts,
  key: string,
  body: unknown,
): Promise<{ readonly go: boolean; readonly words: string | null }> {
  const { status, reply, url } = await post(parts, '/route', key, body);
  const said = status === 200 ? routeReply.safeParse(json(reply)) : null;
  if (said === null || !said.success)
    throw mesWrong(url, status === 200 ? 'its answer has not the form {"go": true or false}' : `status ${status}`);
  return { go: said.data.go, words: shownWords(said.data.words) };
}

/** Tells a result. Null: it was taken; else why not, for ever, in the other's words. Faults `mes.*`: nobody said. */
export async function tellResult(parts: TalkParts, key: string, body: unknown): Promise<string | null> {
  const { status, reply, url } = await post(parts, '/result', key, body);
  if (status >= 200 && status < 300) return null;
  if (status !== 409 && status !== 422) throw mesWrong(url, `status ${status}`);
  const said = refusalReply.safeParse(json(reply));
  return (said.success ? shownWords(said.data.words) : null) ?? `status ${status}`;
}

async function post(
  parts: TalkParts,
  path: string,
  key: string,
  body: unknown,
): Promise<{ status: number; reply: Reply; url: string }> {
  const door = parts.door();
  const { url } = door;
  let reply: Reply;
  try {
    reply = await postJson(door, path, { key, body }, parts);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const { code = '', message } = error as { code?: string; message: string };
    if (isTlsTrouble(code) || code === 'EPROTO') throw mesNotProven(url, message, error);
    if (code === 'EMSGSIZE' || code.startsWith('HPE_')) throw mesWrong(url, message, error);
    throw mesAway(url, message || code, error);
  }
  const { status } = reply;
  if (status === 401 || status === 403) throw mesNotLetIn(url, status);
  if (status >= 500 || status === 429 || status === 408) throw mesAway(url, `status ${status}`);
  return { status, reply, url };
}

function json({ body }: Reply): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
}

/** Words of somebody else: in one line, not longer than a screen has room for, and nothing in them that a screen or terminal would obey. */
function shownWords(words: string | undefined): string | null {
  const line = oneLine(printable((words ?? '').trim()));
  if (line === '') return null;
  const letters = Array.from(line);
  return letters.length <= mostWords ? line : `${letters.slice(0, mostWords).join('')} …`;
}
