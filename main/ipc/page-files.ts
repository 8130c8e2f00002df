import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
};

/**
 * What the page may do. Everything comes from where the page came from; nothing is remote, nothing is inline. `connect` names where it
 * may open its WebSocket.
 */
export function contentPolicy(connect: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export interface PageFile {
  readonly status: 200 | 404;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * The files of the built page. They are listed once: only what is in the list can be asked for, so no path leads out of the folder.
 */
export class PageFiles {
  readonly #files: ReadonlyMap<string, string>;
  readonly #policy: string;

  constructor(folder: string, policy: string) {
    this.#policy = policy;
    this.#files = new Map(
      (existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [])
        .filter((entry) => entry.isFile())
        .map((entry) => {
          const file = join(entry.parentPath, entry.name);
          return [`/${relative(folder, file).split(sep).join('/')}`, file];
        }),
    );
  }

  /** The file at this path of an address, `/` being the page itself. */
  async read(path: string): Promise<PageFile> {
    const wanted = path === '/' ? '/index.html' : path;
    const file = this.#files.get(wanted);
    const body = file === undefined ? null : await readFile(file).catch(() => null);
    const headers = {
      'Content-Security-Policy': this.#policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), bluetooth=()',
    };
    if (file === undefined || body === null)
      return {
        status: 404,
        headers: { ...headers, 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' },
        body: new TextEncoder().encode('There is no such page here.\n'),
      };
    return {
      status: 200,
      headers: {
        ...headers,
        'Content-Type': types[extname(file)] ?? 'application/octet-stream',
        // What the build names by its content never changes; the page itself may with every start.
        'Cache-Control': wanted.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
      },
      body,
    };
  }
}
