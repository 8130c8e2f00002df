import { RecipeFault } from '../../model/fault.ts';
import type { VirtualChip } from '../chip.ts';
import { openPty } from './pty.ts';
import { defaultBaudRate, listenTcp } from './tcp.ts';

/** A chip that foreign tools can talk to. */
export interface VirtualListener {
  /** `/dev/pts/N`, `socket://host:port` or `rfc2217://host:port`. */
  readonly address: string;
  /** Resolves when nothing listens any more, whoever ended it. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Ends the listening. */
  readonly signal?: AbortSignal;
  /**
   * How the chip is started where no control lines reach it (pty, tcp): 'download' (the default) waits for a loader, 'flash' boots.
   * An RFC 2217 client resets the chip itself; it begins with a boot from flash unless 'download' is asked for.
   */
  readonly strap?: 'download' | 'flash';
}

interface Where {
  readonly way: 'pty' | 'tcp' | 'rfc2217';
  readonly host: string;
  readonly port: number;
}

/**
 * Lets any tool talk to the chip. `where`: `pty`, `tcp:PORT`, `tcp:HOST:PORT`, `rfc2217:PORT`, `rfc2217:HOST:PORT`; port 0 takes any free
 * one, without a host it is this machine alone (127.0.0.1). Over pty and raw TCP the chip takes every baud rate, since none can be seen.
 *
 * The state file, where the chip has one, is written when a client goes and when the listening ends.
 *
 * RecipeFault `virtual.listen-form`; FixtureFault `virtual.listen`, `virtual.no-socat`, `virtual.pty`.
 */
export async function listenVirtualChip(
  chip: VirtualChip,
  where: string,
  options: ListenOptions = {},
): Promise<VirtualListener> {
  const { way, host, port } = parseWhere(where);
  options.signal?.throwIfAborted();
  const listener = way === 'pty' ? await openPty(chip) : await listenTcp(chip, way, host, port);
  const scheme = way === 'tcp' ? 'socket' : 'rfc2217';
  const address =
    'path' in listener ? listener.path : `${scheme}://${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
  const strap = options.strap ?? (way === 'rfc2217' ? 'flash' : 'download');
  // DTR alone holds the strap (VirtualChip.setLines); where no lines come from the client it stays held, for resets by software too
  chip.setLines({ dtr: strap === 'download', rts: false });
  chip.setHostBaudRate(way === 'rfc2217' ? defaultBaudRate : null);
  chip.powerOn();

  const stop = () => void listener.close();
  chip.onGone(stop);
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted) stop();
  const closed = listener.closed.then(() => {
    options.signal?.removeEventListener('abort', stop);
    chip.onGone(null);
    chip.save();
  });
  return {
    address,
    closed,
    async close() {
      await listener.close();
      await closed;
    },
  };
}

function parseWhere(where: string): Where {
  if (where === 'pty') return { way: 'pty', host: '', port: 0 };
  const match = /^(tcp|rfc2217):(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(where);
  const port = Number(match?.[4]);
  if (match === null || port > 65535) {
    throw new RecipeFault({
      code: 'virtual.listen-form',
      what: `"${where}" is no way to listen.`,
      next: 'Write pty, tcp:PORT, tcp:HOST:PORT, rfc2217:PORT or rfc2217:HOST:PORT.',
      details: { where },
    });
  }
  return { way: match[1] === 'tcp' ? 'tcp' : 'rfc2217', host: match[2] ?? match[3] ?? '127.0.0.1', port };
}
