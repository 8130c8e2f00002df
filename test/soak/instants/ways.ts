// Every kind of port between a station and one virtual chip.
import { openPort } from '../../../main/transport/open.ts';
import type { Port } from '../../../main/transport/port.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import { openPty } from '../../../main/virtual/listen/pty.ts';
import { listenTcp } from '../../../main/virtual/listen/tcp.ts';

export type Way = 'bench' | 'no lines' | 'raw TCP' | 'RFC 2217' | 'pty';

/** By how often each is drawn: what goes over a network costs most, and a pseudo-terminal is a process of its own. */
export const ways: readonly Way[] = [
  ...Array<Way>(24).fill('bench'),
  ...Array<Way>(12).fill('no lines'),
  ...Array<Way>(6).fill('raw TCP'),
  ...Array<Way>(6).fill('RFC 2217'),
  'pty',
];

/** A hand has to reset the board: the station cannot. */
export const isByHand = (way: Way): boolean => way === 'no lines' || way === 'raw TCP' || way === 'pty';

/** The far end of a way, there for one visit. */
export interface FarEnd {
  open(): Promise<Port>;
  close(): Promise<void>;
}

export async function farEnd(chip: VirtualChip, way: Way): Promise<FarEnd> {
  // what the adapter of another visit was set to is nothing to this one, whose rate nobody tells
  if (way === 'raw TCP' || way === 'pty') chip.setHostBaudRate(null);
  switch (way) {
    case 'bench':
    case 'no lines':
      return {
        open: async () => {
          const port = openVirtualPort(chip, 'virtual:soak');
          if (way === 'no lines') Object.defineProperty(port, 'hasControlLines', { value: false });
          return port;
        },
        close: async () => undefined,
      };
    case 'pty': {
      const pty = await openPty(chip);
      return { open: () => openPort(pty.path, { baudRate: 115200 }), close: () => pty.close() };
    }
    default: {
      const listener = await listenTcp(chip, way === 'RFC 2217' ? 'rfc2217' : 'tcp', '127.0.0.1', 0);
      const scheme = way === 'raw TCP' ? 'socket' : 'rfc2217';
      return {
        open: () => openPort(`${scheme}://127.0.0.1:${listener.port}`, { baudRate: 115200 }),
        close: () => listener.close(),
      };
    }
  }
}
