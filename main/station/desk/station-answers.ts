import { isoTime } from '../../base/clock.ts';
import type { StationView } from '../../contract/views.ts';
import { faultOf, RecipeFault } from '../../model/fault.ts';
import { lagOf, type PlantOfStation } from '../../model/plant.ts';
import { makeMissingKeys } from '../../recipe/making/token-keys.ts';
import { parseAddress } from '../../transport/address.ts';
import { told } from '../../words/told.ts';
import type { FixtureSpec } from '../fixture.ts';
import { acceptClock, requireStationClock } from '../station-clock.ts';
import { acceptToken } from '../token-ceremony.ts';
import { removePerson, savePerson } from './access/people.ts';
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
  | 'token.accept'
  | 'clock.accept'
  | 'operators.list'
  | 'operators.save'
  | 'operators.remove'
  | 'printer.set'
  | 'printer.test'
>;

function plantOf(plant: PlantOfStation | undefined): StationView['plant'] {
  return plant === undefined ? null : { ...plant.standing, lag: lagOf(plant.standing) };
}

export function stationAnswers(room: DeskRoom): Answers {
  const { station, line, shelf, file, labels, token, operators } = room;
  const { ledger } = station.parts;
  let head = ledger.opening.head;
  station.listen((event) => {
    if (event.type === 'verdict' && event.seal !== null) head = event.seal;
  });
  const view = async (): Promise<StationView> => ({
    name: station.parts.name,
    version: station.parts.software.version,
    dataFolder: room.dataFolder,
    ledgerHead: head,
    fixtures: line.snapshot().fixtures,
    printer: file.printer,
    printerFault: labels.fault,
    clockFault: await requireStationClock(station.parts).then(
      () => null,
      (error: unknown) => faultOf(error).toJSON(),
    ),
    plant: plantOf(station.parts.plant),
    demonstration: room.demonstration,
  });
  /** The whole list stands in the row: of two acts at once the later one holds, and the rows say so. */
  const bookFixtures = (fixtures: readonly FixtureSpec[], by: string) => {
    const detail = { fixtures: fixtures.map(({ name, address }) => `${name} ${address}`) };
    return ledger.noteAct({ what: 'fixtures-set', by: [by], about: null, detail });
  };
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
    async 'fixtures.teach'({ name, address }, by) {
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
      await bookFixtures(fixtures, by);
      line.setFixtures(fixtures);
      file.keepFixtures(fixtures);
      return line.snapshot().fixtures;
    },
    async 'fixtures.remove'({ name }, by) {
      line.mustBeIdle();
      const left = line.fixtures.filter((fixture) => fixture.name !== name);
      await bookFixtures(left, by);
      line.setFixtures(left);
      file.keepFixtures(left);
      return line.snapshot().fixtures;
    },
    'token.view': () => token.look(),
    async 'token.makeKeys'({ recipe }, by) {
      const { recipe: wanted, ref } = shelf.loaded(recipe);
      await ledger.noteAct({ what: 'keys-made', by: [by], about: recipe, detail: { hash: ref.hash } });
      await makeMissingKeys(wanted, station.parts.signer);
      return token.look();
    },
    async 'token.accept'({ reason, second = null }, by) {
      line.mustBeIdle();
      const { token: own } = station.parts;
      if (own !== undefined) await acceptToken({ operators, ledger, token: own }, { by, second, reason });
      return token.look();
    },
    async 'clock.accept'({ reason, second = null }, by) {
      line.mustBeIdle();
      await acceptClock({ operators, ledger, clock: station.parts.clock }, { by, second, reason });
      return await view();
    },
    'operators.list': () => operators.list(),
    async 'operators.save'({ second = null, ...change }, by) {
      await savePerson({ operators, ledger }, change, by, second);
      return operators.list();
    },
    async 'operators.remove'({ id, second = null }, by) {
      await removePerson({ operators, ledger }, id, by, second);
      return operators.list();
    },
    async 'printer.test'() {
      await labels.printTest(station.parts.name, isoTime(station.parts.clock.now()));
      return told('testLabelSent', {});
    },
    async 'printer.set'({ address }, by) {
      if (address !== null) parsePrinter(address);
      await ledger.noteAct({ what: 'printer-set', by: [by], about: address, detail: { before: file.printer } });
      file.keepPrinter(address);
      labels.forget();
      return await view();
    },
  };
}
