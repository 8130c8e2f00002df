import type { StationView } from '../../contract/views.ts';
import { RecipeFault } from '../../model/fault.ts';
import { makeMissingKeys } from '../../recipe/making/token-keys.ts';
import { parseAddress } from '../../transport/address.ts';
import { parsePrinter } from './labels/printer.ts';
import type { DeskAnswers, DeskRoom } from './room.ts';

type Answers = Pick<
  DeskAnswers,
  | 'station.view'
  | 'fixtures.ports'
  | 'fixtures.teach'
  | 'fixtures.remove'
  | 'token.view'
  | 'token.makeKeys'
  | 'operators.list'
  | 'operators.save'
  | 'operators.remove'
  | 'printer.set'
>;

export function stationAnswers(room: DeskRoom): Answers {
  const { station, line, shelf, file, labels, token, operators } = room;
  let head = station.parts.ledger.opening.head;
  station.listen((event) => {
    if (event.type === 'verdict' && event.seal !== null) head = event.seal;
  });
  const view = (): StationView => ({
    name: station.parts.name,
    version: station.parts.software.version,
    dataFolder: room.dataFolder,
    ledgerHead: head,
    fixtures: line.snapshot().fixtures,
    printer: file.printer,
    printerFault: labels.fault,
    demonstration: room.demonstration,
  });
  return {
    'station.view': view,
    async 'fixtures.ports'() {
      // The native part is loaded only where somebody looks for ports.
      const { listSerialPorts } = await import('../../transport/serial/list.ts');
      return (await listSerialPorts()).map((port) => {
        const address = port.usbPath ?? port.path;
        const taught = line.fixtures.find((fixture) => fixture.address === address || fixture.address === port.path);
        const words = [port.manufacturer, port.serialNumber, port.path].filter((part) => part !== null).join(', ');
        return { address, words, taken: taught?.name ?? null };
      });
    },
    'fixtures.teach'({ name, address }) {
      line.mustBeIdle();
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(name))
        throw new RecipeFault({
          code: 'fixtures.name',
          what: `${JSON.stringify(name)} is no name for a fixture.`,
          next: 'Use letters, digits, dot, dash and underscore, 32 at most.',
        });
      parseAddress(address);
      const others = line.fixtures.filter((fixture) => fixture.name !== name);
      const holder = others.find((fixture) => fixture.address === address && !address.startsWith('virtual:'));
      if (holder !== undefined)
        throw new RecipeFault({
          code: 'fixtures.taken',
          what: `The port ${address} belongs to fixture ${holder.name}.`,
          next: `Remove ${holder.name} first, or choose another port.`,
        });
      const at = line.fixtures.findIndex((fixture) => fixture.name === name);
      const fixtures = at < 0 ? [...others, { name, address }] : line.fixtures.with(at, { name, address });
      line.setFixtures(fixtures);
      file.keepFixtures(fixtures);
      return line.snapshot().fixtures;
    },
    'fixtures.remove'({ name }) {
      const left = line.fixtures.filter((fixture) => fixture.name !== name);
      line.setFixtures(left);
      file.keepFixtures(left);
      return line.snapshot().fixtures;
    },
    'token.view': () => token.look(),
    async 'token.makeKeys'({ recipe }) {
      await makeMissingKeys(shelf.loaded(recipe).recipe, station.parts.signer);
      return token.look();
    },
    'operators.list': () => operators.list(),
    async 'operators.save'(change) {
      await operators.save(change);
      return operators.list();
    },
    'operators.remove'({ id }) {
      operators.remove(id);
      return operators.list();
    },
    'printer.set'({ address }) {
      if (address !== null) parsePrinter(address);
      file.keepPrinter(address);
      labels.forget();
      return view();
    },
  };
}
