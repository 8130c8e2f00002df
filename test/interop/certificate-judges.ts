// The two readers of certificates and exports that share nothing with the station: the page docs/verifier.html, and the Go program in heads/.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a reader says of a file: `ok` and what it is, or `bad` and why. */
export type Judgement = { readonly ok: boolean; readonly says: string };

interface Page {
  verify(
    bytes: Uint8Array,
    key?: string | null,
    kept?: readonly string[],
    witnesses?: readonly string[],
  ): Promise<Readonly<Record<string, unknown>>>;
  readonly Broken: new (sentence: string) => Error;
}

const pageFile = fileURLToPath(new URL('../../docs/verifier.html', import.meta.url));

/** The page's own script, run as it stands. */
export function verifierPage(): Page {
  const [, script] = /<script id="checks">([\s\S]*?)<\/script>/.exec(readFileSync(pageFile, 'utf8')) ?? [];
  const scope = { fuseline: null as Page | null };
  new Function('globalThis', script!)(scope);
  return scope.fuseline!;
}

/** A fault of the page itself is thrown: it says of every file that it holds or what is wrong. */
export async function judgedByPage(page: Page, file: Uint8Array, key: string | null): Promise<Judgement> {
  try {
    const found = await page.verify(file, key);
    const { kind, what, head, rows, heads, newest } = found as Record<string, unknown> & { head?: { size: number } };
    const says =
      kind === 'export' ? `${rows} rows, ${heads} heads, the newest over ${newest}` : `${kind} ${what} ${head!.size}`;
    return { ok: true, says };
  } catch (error) {
    if (error instanceof page.Broken) return { ok: false, says: error.message };
    // as the page tells its reader, too
    if (error instanceof TypeError) return { ok: false, says: `not of its form: ${error.message}` };
    throw error;
  }
}

/** Builds the Go program in `folder`; the reason where it cannot be built. */
export function buildGoJudge(folder: string): { readonly program: string } | { readonly cannot: string } {
  const work = join(folder, 'go');
  cpSync(fileURLToPath(new URL('./heads', import.meta.url)), work, { recursive: true });
  const program = join(folder, 'heads');
  const built = spawnSync('go', ['build', '-o', program, '.'], { cwd: work, encoding: 'utf8', timeout: 120_000 });
  return built.status === 0 ? { program } : { cannot: built.stderr?.slice(0, 200) ?? String(built.error) };
}

/** `key`: hex of the SubjectPublicKeyInfo. */
export function judgedByGo(program: string, files: readonly Uint8Array[], key: string): Judgement[] {
  const frames = files.flatMap((file) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(file.length);
    return [length, file];
  });
  const ran = spawnSync(program, ['frames', key], {
    input: Buffer.concat(frames),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return ran.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => ({ ok: line.startsWith('ok '), says: line.slice(line.indexOf(' ') + 1) }));
}
