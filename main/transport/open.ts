import { FixtureFault } from '../model/fault.ts';
import { parseAddress } from './address.ts';
import type { OpenOptions, Port } from './port.ts';

/**
 * Opens serial, USB-place, raw TCP and RFC 2217 addresses (see `parseAddress`). FixtureFault `transport.address` for a form that this
 * room does not open (also `virtual:`, whose opener is joined in above), else the faults of Port.
 */
export async function openPort(address: string, options: OpenOptions): Promise<Port> {
  const parsed = parseAddress(address);
  switch (parsed.kind) {
    case 'serial': {
      // The native part is loaded only by those who use it: a line of virtual or remote ports runs without.
      const { openSerialPort } = await import('./serial/serial-port.ts');
      return openSerialPort(parsed.path, address, options);
    }
    case 'usb': {
      const { openSerialPort } = await import('./serial/serial-port.ts');
      const { pathAtPlace } = await import('./serial/list.ts');
      return openSerialPort(await pathAtPlace(parsed.place), address, options);
    }
    case 'socket':
      return (await import('./network/socket-port.ts')).openSocketPort(parsed.host, parsed.port, address, options);
    case 'rfc2217':
      return (await import('./network/rfc2217-port.ts')).openRfc2217Port(parsed.host, parsed.port, address, options);
    case 'virtual':
      throw new FixtureFault({
        code: 'transport.address',
        what: `"${address}" names a virtual chip, which has no port of its own here.`,
        next: 'Open it through the station, which brings the virtual chips.',
        details: { address },
      });
  }
}
