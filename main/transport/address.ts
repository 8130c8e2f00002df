import { FixtureFault } from '../model/fault.ts';

/** A port's address taken apart. `usb` names a place, whatever tty is there; `virtual` is opened by another room. */
export type PortAddress =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'usb'; readonly place: string }
  | { readonly kind: 'socket'; readonly host: string; readonly port: number }
  | { readonly kind: 'rfc2217'; readonly host: string; readonly port: number }
  | { readonly kind: 'virtual'; readonly spec: string };

const forms =
  '/dev/ttyUSB0, COM7, usb:1-2.3 (a place on the USB bus), socket://host:port, rfc2217://host:port or virtual:esp32p4';

/**
 * Takes an address apart. Forms: `/dev/...`, `COM<n>` (also `\\.\COM<n>`), `usb:<bus path>`, `socket://host:port`,
 * `rfc2217://host:port`, `virtual:<chip>`. FixtureFault `transport.address` for anything else.
 */
export function parseAddress(address: string): PortAddress {
  if (/^(\\\\\.\\)?COM\d+$/i.test(address) || /^\/[^\s]/.test(address)) return { kind: 'serial', path: address };
  const scheme = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(address);
  const rest = scheme?.[2] ?? '';
  switch (scheme?.[1]?.toLowerCase()) {
    case 'usb':
      if (rest !== '') return { kind: 'usb', place: rest };
      break;
    case 'virtual':
      if (rest !== '') return { kind: 'virtual', spec: rest };
      break;
    case 'socket':
    case 'rfc2217': {
      const target = hostAndPort(rest);
      if (target) return { kind: scheme?.[1]?.toLowerCase() as 'socket' | 'rfc2217', ...target };
      break;
    }
  }
  throw new FixtureFault({
    code: 'transport.address',
    what: `"${address}" is no address of a port.`,
    next: `Write it as one of: ${forms}.`,
    details: { address },
  });
}

/** `//host:port`, `//[v6]:port`; null where it is something else. */
function hostAndPort(rest: string): { host: string; port: number } | null {
  const match = /^\/\/(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})\/?$/i.exec(rest);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65535) return null;
  return { host: (match[1] ?? match[2]) as string, port };
}
