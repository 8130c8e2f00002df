import { listSerialPorts, type SerialPortInfo, watchSerialPorts } from '../transport/serial/list.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { table, wordsOf } from './words.ts';

export interface PortsOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** The serial ports of this computer by their USB places, which are the addresses of fixtures; with --watch also as they come and go. */
export async function portsCommand(options: PortsOptions, context: CliContext): Promise<Exit> {
  const words = wordsOf(context).terminal.ports;
  if (!options.watch) {
    const ports = await listSerialPorts();
    if (options.json) for (const port of ports) context.streams.answer(JSON.stringify(port));
    else if (ports.length === 0) context.streams.say(words.none);
    else for (const line of table(ports.map(rowOf))) context.streams.answer(line);
    return exit.passed;
  }
  const stop = new AbortController();
  const ignore = context.onInterrupt(() => stop.abort());
  context.streams.say(words.watch);
  let before: readonly SerialPortInfo[] = [];
  await watchSerialPorts({
    clock: context.clock,
    signal: stop.signal,
    onChange(ports) {
      for (const { change, port } of changesOf(before, ports)) {
        const sign = change === 'came' ? '+' : '-';
        context.streams.answer(
          options.json ? JSON.stringify({ change, ...port }) : `${sign} ${rowOf(port).join('  ')}`,
        );
      }
      before = ports;
    },
  });
  ignore();
  return exit.passed;
}

/** What went, then what came. A port that is another device now went and came. */
export function changesOf(
  before: readonly SerialPortInfo[],
  now: readonly SerialPortInfo[],
): { readonly change: 'came' | 'went'; readonly port: SerialPortInfo }[] {
  const [old, fresh] = [before, now].map((ports) => new Set(ports.map((port) => JSON.stringify(port))));
  return [
    ...before.filter((port) => !fresh!.has(JSON.stringify(port))).map((port) => ({ change: 'went' as const, port })),
    ...now.filter((port) => !old!.has(JSON.stringify(port))).map((port) => ({ change: 'came' as const, port })),
  ];
}

/** Address for a station file, device name, and what tells adapters apart. */
function rowOf({ usbPath, path, usb, manufacturer, serialNumber }: SerialPortInfo): string[] {
  const id = usb === null ? '' : [usb.vendorId, usb.productId].map((n) => n.toString(16).padStart(4, '0')).join(':');
  return [usbPath ?? path, path, id, manufacturer ?? '', serialNumber ?? ''];
}
