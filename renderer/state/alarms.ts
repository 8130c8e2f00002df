import type { LineSnapshot, TokenView } from '../../main/contract/views.ts';

/**
 * What needs somebody, the gravest first: the station itself, the batch, the token, the printer, a scan, anything else asked for, the plant. What
 * the factory's own systems stand in may last for a shift: it hides no answer to what somebody does meanwhile.
 */
export const alarmKinds = ['link', 'batch', 'token', 'printer', 'scan', 'fault', 'plant'] as const;
export type AlarmKind = (typeof alarmKinds)[number];

/** Something that is not as it should be, until it is, or until the person whom it concerns has seen it. */
export interface Alarm {
  /** One alarm for each; the same again makes it new. */
  readonly id: string;
  readonly kind: AlarmKind;
  /** Since when, in ms since 1970. */
  readonly at: number;
  /** Whom it concerns, by id; null: everybody. */
  readonly by: string | null;
  readonly what: string;
  readonly next: string;
  readonly code: string;
}

/** No more than so many are kept; the oldest of the least grave go. */
const mostAlarms = 20;

/** The gravest first; of those alike the newest. */
export function inOrder(alarms: readonly Alarm[]): readonly Alarm[] {
  const rank = ({ kind }: Alarm) => alarmKinds.indexOf(kind);
  return [...alarms].sort((a, b) => rank(a) - rank(b) || b.at - a.at);
}

export function addAlarm(alarms: readonly Alarm[], alarm: Alarm): readonly Alarm[] {
  return inOrder([...alarms.filter(({ id }) => id !== alarm.id), alarm]).slice(0, mostAlarms);
}

/** Whether this person may put it away: what stands for a trouble of the station goes with the trouble alone. */
export function mayPutAway({ kind, by }: Alarm, person: string | null): boolean {
  return (kind === 'scan' || kind === 'fault') && (by === null || by === person);
}

interface Standing {
  readonly line: LineSnapshot | null;
  readonly token: TokenView | null;
  readonly alarms: readonly Alarm[];
}

/** Alarms that follow from how the station stands: they come and go with it, and keep the time at which they came. */
export function followState(state: Standing, at: number): readonly Alarm[] {
  const { line, token } = state;
  const batch = line?.batch?.endedAt === null ? null : (line?.batch?.fault ?? null);
  const standing = (
    [
      ['batch', batch],
      ['token', token?.fault ?? null],
      ['printer', line?.printerFault ?? null],
      ...(line?.plantFaults ?? []).map((fault) => ['plant', fault] as const),
    ] as const
  ).flatMap(([kind, fault]): Alarm[] => {
    if (fault === null) return [];
    const { what, next, code } = fault;
    const id = `${kind} ${code}`;
    const known = state.alarms.find((alarm) => alarm.id === id);
    if (known?.what === what && known.next === next) return [known];
    return [{ id, kind, at: known?.at ?? at, by: null, what, next, code }];
  });
  const others = state.alarms.filter(({ kind }) => kind === 'scan' || kind === 'fault');
  const next = inOrder([...standing, ...others]);
  const isSame = next.length === state.alarms.length && next.every((alarm, index) => alarm === state.alarms[index]);
  return isSame ? state.alarms : next;
}
