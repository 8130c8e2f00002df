import type { DeviceComparison } from '../../../contract/views.ts';
import type { DeviceHistory } from '../../../ledger/ledger.ts';
import { recordSections } from './device-page.ts';

type Row = DeviceComparison['rows'][number];

/** What every device has of its own: two devices that differ in it are as they should be. */
const ofItsOwn: readonly RegExp[] = [
  /^Sealed record: (sealed|station|serial|plan|identity|keys destroyed|finished later by)$/,
  /^Keys \(fingerprints\): (?!secure-boot)/,
  /^Certificate/,
  /^eFuses after: (MAC|CUSTOM_MAC|OPTIONAL_UNIQUE_ID|BLOCK_(USR_DATA|KEY\d)|KEY\d|SYS_DATA_PART2|.*_(CAL|INIT_CODE|TRIM|TEMP).*|PSRAM.*|FLASH_.*)/,
  /^Last run: /,
];

/**
 * Two devices side by side: first what differs and should not, then what each has of its own, then what is the same. Values are those of
 * the records, as a report of the device has them. Pure.
 */
export function compareDevices(a: DeviceHistory, b: DeviceHistory): DeviceComparison {
  const [left, right] = [valuesOf(a), valuesOf(b)];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  const rows = names.map((name): Row => {
    const [one, other] = [left.get(name) ?? null, right.get(name) ?? null];
    return { name, a: one, b: other, kind: one === other ? 'same' : isOwn(name, one, other) ? 'own' : 'differs' };
  });
  const order: readonly Row['kind'][] = ['differs', 'own', 'same'];
  return { a: a.mac, b: b.mac, rows: rows.sort((x, y) => order.indexOf(x.kind) - order.indexOf(y.kind)) };
}

/** Something that only one of them has is a difference, whatever it is. */
function isOwn(name: string, one: string | null, other: string | null): boolean {
  return (
    ![one, other].some((value) => value === null || value === '-') && ofItsOwn.some((pattern) => pattern.test(name))
  );
}

function valuesOf(device: DeviceHistory): Map<string, string> {
  const values = new Map<string, string>([['State', stateOf(device)]]);
  for (const { heading, rows } of device.sealed === null ? [] : recordSections(device.sealed)) {
    // long headings begin with their name
    const section = heading.split(':')[0];
    for (const [name, value] of rows) {
      const key = `${section}: ${section?.startsWith('Assurance') ? value.replace(/ {3}\(.*/, '') : name}`.trim();
      values.set(key.replace(/:$/, ''), section?.startsWith('Assurance') ? name.split('   ')[0]! : plain(key, value));
    }
  }
  if (device.sealed !== null) values.set('Kind of device key', device.sealed.identity?.key ?? '-');
  const last = device.runs.at(-1);
  values.set('Runs', String(device.runs.length));
  if (last === undefined) return values;
  const { run, events } = last;
  values.set('Last run: recipe', `${run.recipe.name} revision ${run.recipe.revision}, ${run.recipe.hash}`);
  values.set('Last run: fixture', run.fixture);
  values.set('Last run: person', run.operator ?? '-');
  values.set('Last run: started', run.startedAt);
  values.set(
    'Last run: outcome',
    run.fault === null ? (run.outcome ?? 'not ended') : `${run.outcome} (${run.fault.code})`,
  );
  for (const { event } of events)
    if (event.type === 'step-passed') values.set(`Last run: ${event.step}`, `${(event.ms / 1000).toFixed(1)} s`);
  return values;
}

/** Flash that is encrypted differs by its device's key: what it holds is compared, not its digest. The chip's MAC is told above. */
function plain(key: string, value: string): string {
  if (key.startsWith('Flash')) return value.replace(/(, encrypted) .*/, '$1');
  if (key === 'Sealed record: chip') return value.replace(/, [0-9a-f:]{17}$/, '');
  return value;
}

function stateOf({ sealed, condemned, runs }: DeviceHistory): string {
  if (condemned !== null) return 'condemned';
  return sealed !== null ? 'sealed' : (runs.at(-1)?.run.outcome ?? 'open');
}
