import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SerialPort as Serial } from 'serialport';
import type { Clock } from '../../base/clock.ts';
import { FixtureFault } from '../../model/fault.ts';
import type { Port } from '../port.ts';

/** One serial port of this computer as it is plugged in now. */
export interface SerialPortInfo {
  /** What the driver calls it: `/dev/ttyUSB0`, `COM7`. Changes from one plugging to the next. */
  readonly path: string;
  /** The physical place, `usb:1-2.3:1.0` (bus, hub ports, interface); null for a port that is not USB. The identity of a fixture. */
  readonly usbPath: string | null;
  readonly usb: Port['usb'];
  readonly serialNumber: string | null;
  readonly manufacturer: string | null;
}

const ttyClass = '/sys/class/tty';

/** All serial ports, ordered by path. On Linux read from sysfs, elsewhere from the operating system through `serialport`. */
export async function listSerialPorts(): Promise<SerialPortInfo[]> {
  const ports = process.platform === 'linux' ? await listFromSysfs(ttyClass) : await listFromSystem();
  return ports.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Ports of a sysfs tty class folder: those with a device behind them. Reading sysfs (well below a millisecond a port) instead of
 * starting `udevadm` keeps a watch at two looks a second free of processes.
 */
export async function listFromSysfs(folder: string): Promise<SerialPortInfo[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const ports = await Promise.all(names.map((name) => portOfSysfs(folder, name)));
  return ports.filter((port) => port !== null);
}

async function portOfSysfs(folder: string, name: string): Promise<SerialPortInfo | null> {
  // The platform's fixed ports (ttyS*) are listed only where hardware stands behind them: type 0 is an empty place.
  const device = await realpath(join(folder, name, 'device')).catch(() => null);
  if (device === null) return null;
  const driver = basename(await realpath(join(device, 'driver')).catch(() => ''));
  if (driver === 'serial8250' || driver === 'port') {
    const type = await textFile(join(folder, name, 'type'));
    if (type === null || type === '0') return null;
  }
  const path = `/dev/${name}`;
  const place = usbPlaceOf(device);
  if (place === null) return { path, usbPath: null, usb: null, serialNumber: null, manufacturer: null };
  const usbDevice = place.folder;
  const [vendor, product, serialNumber, manufacturer] = await Promise.all(
    ['idVendor', 'idProduct', 'serial', 'manufacturer'].map((file) => textFile(join(usbDevice, file))),
  );
  return {
    path,
    usbPath: `usb:${place.interface}`,
    usb: idOf(vendor, product),
    serialNumber: serialNumber ?? null,
    manufacturer: manufacturer ?? null,
  };
}

/** The USB interface (`1-2.3:1.0`) in a sysfs device path, and the folder of its device. ttyUSB devices lie one level below it. */
function usbPlaceOf(device: string): { interface: string; folder: string } | null {
  for (let at = device; at.length > 1; at = dirname(at)) {
    if (/^\d+-[\d.]+:\d+\.\d+$/.test(basename(at))) return { interface: basename(at), folder: dirname(at) };
  }
  return null;
}

async function textFile(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
}

function idOf(vendor: string | null | undefined, product: string | null | undefined): Port['usb'] {
  if (!vendor || !product) return null;
  return { vendorId: Number.parseInt(vendor, 16), productId: Number.parseInt(product, 16) };
}

async function listFromSystem(): Promise<SerialPortInfo[]> {
  const ports = await Serial.list();
  return ports.map((port) => ({
    path: port.path,
    usbPath: port.locationId ? `usb:${port.locationId}` : null,
    usb: idOf(port.vendorId, port.productId),
    serialNumber: port.serialNumber ?? null,
    manufacturer: port.manufacturer ?? null,
  }));
}

/** USB ids of the adapter behind a path (links such as /dev/serial/by-id are followed); null where it is none. */
export async function usbIdOf(path: string): Promise<Port['usb']> {
  if (process.platform === 'linux') {
    const name = basename(await realpath(path).catch(() => path));
    return (await portOfSysfs(ttyClass, name))?.usb ?? null;
  }
  return (await listFromSystem().catch(() => [])).find((port) => port.path === path)?.usb ?? null;
}

/**
 * Path of the one tty at a place of the USB bus: `1-2.3` (the device) or `1-2.3:1.0` (one interface of it). FixtureFault
 * `transport.not-found` where nothing is plugged in there, `transport.address` where a device has several ports and none is named.
 */
export async function pathAtPlace(place: string, ports?: readonly SerialPortInfo[]): Promise<string> {
  const all = ports ?? (await listSerialPorts());
  const found = all.filter((port) => port.usbPath === `usb:${place}` || port.usbPath?.startsWith(`usb:${place}:`));
  const [first] = found;
  if (first && found.length === 1) return first.path;
  if (!first) {
    throw new FixtureFault({
      code: 'transport.not-found',
      what: `No serial port is plugged in at usb:${place}.`,
      next: 'Plug the fixture into its place, or compare the address with the list of ports.',
      details: { address: `usb:${place}` },
    });
  }
  throw new FixtureFault({
    code: 'transport.address',
    what: `The device at usb:${place} has ${found.length} serial ports.`,
    next: `Name one of them: ${found.map((port) => port.usbPath).join(', ')}.`,
    details: { address: `usb:${place}` },
  });
}

/** How often the list is looked at: short against a hand that plugs, long against the cost of a look. */
const watchEveryMs = 500;

/**
 * Looks at the list until `signal` aborts and tells each change (and the first list). Resolves when it ends; faults of a single look
 * are passed over, the next look tells.
 */
export async function watchSerialPorts(options: {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onChange: (ports: readonly SerialPortInfo[]) => void;
  readonly list?: () => Promise<readonly SerialPortInfo[]>;
}): Promise<void> {
  const list = options.list ?? listSerialPorts;
  let known: string | null = null;
  while (!options.signal.aborted) {
    const ports = await list().catch(() => null);
    if (options.signal.aborted) return;
    const text = JSON.stringify(ports);
    if (ports !== null && text !== known) {
      known = text;
      options.onChange(ports);
    }
    await options.clock.sleep(watchEveryMs, options.signal).catch(() => undefined);
  }
}
