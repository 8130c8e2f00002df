// Who is let in, who counts as a second person, and what asks for either.
import type { Mutant } from './mutant.ts';

const lockout = 'test/attacks/lockout.test.ts';
const twoPersons = 'test/attacks/two-persons.test.ts';
const faces = 'test/attacks/faces.test.ts';

export const gateMutants: readonly Mutant[] = [
  {
    id: 'lockout.own-badge-clears',
    file: 'main/station/desk/access/lockout.ts',
    before: 'if (!isShared || tries === 0) delete wrong[who];',
    after: 'if (true) delete wrong[who];',
    breaks: 'Whoever has a badge could guess those of others without end.',
    tests: [lockout],
  },
  {
    id: 'lockout.name-by-name',
    file: 'main/station/desk/access/operators.ts',
    before: ', counted.everyone]',
    after: ']',
    breaks: 'One PIN could be tried at everybody in turn.',
    tests: [lockout],
  },
  {
    id: 'people.one-hand',
    file: 'main/station/desk/access/second.ts',
    before: 'if (hand !== null) throw',
    after: 'if (false) throw',
    breaks: 'A custodian and a person whose PIN that custodian set alone would be two people.',
    tests: [twoPersons],
  },
  {
    id: 'people.older-pin',
    file: 'main/station/desk/access/second.ts',
    before: 'for (const act of given) for',
    after: 'for (const act of given.slice(0, 1)) for',
    breaks: 'A badge that two agreed to would hide that one of them knows the PIN.',
    tests: [twoPersons],
  },
  {
    id: 'approval.clock-back',
    file: 'main/station/desk/library/approval.ts',
    before: ' && (by.wayIn?.row ?? 0) < rehearsal.row)',
    after: ')',
    breaks: 'A PIN that was set after the rehearsal would look older under a clock that was put back.',
    tests: ['test/unit/desk/approval.test.ts'],
  },
  {
    id: 'gate.virtual-signs',
    file: 'main/station/work-gate.ts',
    before: 'return !embeddedToken && people.custodians > 0;',
    after: 'return false;',
    breaks: 'Anybody would get signatures of the HSM by way of a virtual board.',
    tests: [faces],
  },
  {
    id: 'budget.aliases',
    file: 'main/config/yaml.ts',
    before: 'if (++aliases <= mostAliases) return undefined;',
    after: 'if (++aliases > 0) return undefined;',
    breaks: 'One recipe text could freeze the boards for minutes.',
    tests: ['test/attacks/budgets.test.ts'],
  },
  {
    id: 'printer.lines',
    file: 'main/station/desk/labels/printer.ts',
    before: 'return bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d);',
    after: 'return bytes;',
    breaks: 'A label could be commands to whatever listens at the address of the printer.',
    tests: ['test/attacks/printer.test.ts'],
  },
  {
    id: 'compare.all-own',
    file: 'main/station/desk/reports/compare.ts',
    before: 'ofItsOwn.some((pattern) => pattern.test(name))',
    after: 'name !== null',
    breaks: 'Two devices with different fuses would seem to differ in nothing that matters.',
    tests: ['test/unit/desk/records.test.ts'],
  },
  {
    id: 'batches.report-unbooked',
    file: 'main/station/desk/reports/run-answers.ts',
    before: "await ledger.noteAct({ what: 'exported'",
    after: "void ({ what: 'exported'",
    breaks: 'A batch could leave the station as a file, and nobody would know.',
    tests: ['test/unit/desk/records.test.ts'],
  },
  {
    id: 'gate.development-from-anywhere',
    file: 'main/start/real-parts.ts',
    before: 'if (!settings.development) return settings;',
    after: 'if (true) return settings;',
    breaks: 'A station file of whoever types would turn all gates off.',
    tests: [faces],
  },
];
