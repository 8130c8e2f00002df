// What becomes of a board in the messages of IPC-CFX (IPC-2591; the names and members are those of the published SDK, version 2.1). Pure.
import { createHash } from 'node:crypto';
import type { FaultClass } from '../model/fault.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RunRecord } from '../model/record.ts';

export interface CfxMessage {
  /** As `CFX.Production.WorkStarted`. */
  readonly name: string;
  /** The same whenever the same is told again: a UUID. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A fault of the station at one fixture that was told and not cleared, as it was told (`Fault` of the SDK). */
export interface ToldFault {
  readonly FaultOccurrenceId: string;
  readonly FaultCode: string;
  readonly [member: string]: unknown;
}

/** A UUID by name (RFC 9562, version 8): the same name, the same id. */
export function uuidOf(...name: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(name)).digest('hex').slice(0, 32).split('');
  hex[12] = '8';
  hex[16] = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  const text = hex.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}

/** The envelope as it goes over the wire. `handle`: of the endpoint. */
export function envelope(handle: string, { name, id, at, body }: CfxMessage): Record<string, unknown> {
  return {
    MessageName: name,
    ...{
      Version: '2.1',
      TimeStamp: at,
      UniqueID: id,
      Source: handle,
      Target: null,
      RequestID: null,
      MessageBody: body,
    },
  };
}

interface Told {
  readonly run: RunRecord;
  readonly order: string | null;
  /** Of the row of the ledger. */
  readonly at: string;
}

/** A board is in and its work begins. What it is may not be known yet: then its identifier is null. */
export function begun({ run, order, at }: Told): CfxMessage[] {
  return [
    message('CFX.Production.UnitsArrived', run, at, { ...unitsOf(run), Lane: null }),
    message('CFX.Production.WorkStarted', run, at, {
      ...{ TransactionID: transactionOf(run), Lane: null, ...unitsOf(run) },
      ...{ RecipeName: run.recipe.name, Revision: String(run.recipe.revision), RelevantSurface: 'Unspecified' },
      WorkOrderIdentifier: order === null ? null : { WorkOrderId: order, Batch: run.batch },
    }),
  ];
}

const results: Readonly<Record<Outcome, 'Passed' | 'Failed' | 'Error' | 'Aborted'>> = {
  ...{ passed: 'Passed', failed: 'Failed', refused: 'Failed', errored: 'Error', aborted: 'Aborted' },
};
const works: Readonly<Record<Outcome, 'Completed' | 'Failed' | 'Aborted'>> = {
  ...{ passed: 'Completed', failed: 'Failed', refused: 'Failed', errored: 'Aborted', aborted: 'Aborted' },
};
const causes: Readonly<Record<FaultClass, string>> = {
  ...{ board: 'ElectricalFailure', fixture: 'MechanicalFailure', token: 'ServicesFailure', ledger: 'ServicesFailure' },
  ...{ recipe: 'ProcessError', program: 'SoftwareFailure' },
};

/**
 * What came of a board. A run that a trouble of the station ended (`errored`) is a fault of the station besides, until a board in that fixture
 * ends otherwise: `before` is the one that stands there.
 */
export function ended(
  { run, at }: Omit<Told, 'order'>,
  before: ToldFault | null,
): { readonly messages: CfxMessage[]; readonly standing: ToldFault | null } {
  const outcome = run.outcome ?? 'aborted';
  const result = results[outcome];
  const { fault } = run;
  const messages = [
    message('CFX.Production.TestAndInspection.UnitsTested', run, at, {
      ...{ TransactionId: transactionOf(run), TestMethod: 'Automated', Tester: personOf(run.operator) },
      SamplingInformation: { SamplingMethod: 'NoSampling', LotSize: null, SampleSize: null },
      TestedUnits: [
        {
          ...{ UnitIdentifier: run.serial ?? run.mac, UnitPositionNumber: 1, OverallResult: result },
          Tests: [
            {
              ...{ UniqueIdentifier: uuidOf(run.id, 'test'), TestName: run.recipe.name },
              ...{ TestStartTime: run.startedAt, TestEndTime: run.endedAt ?? at, TestConditions: [] },
              ...{ TestProcedure: run.recipe.hash, Comments: `${run.id} ${outcome}`, Result: result },
              Error: fault === null ? null : `${fault.code}: ${fault.what}`,
              ...{ SymptomsFound: [], DefectsFound: [], Measurements: [] },
            },
          ],
        },
      ],
    }),
    message('CFX.Production.WorkCompleted', run, at, {
      ...{ TransactionID: transactionOf(run), Result: works[outcome], ...unitsOf(run), PerformanceImpacts: [] },
    }),
    message('CFX.Production.UnitsDeparted', run, at, { ...unitsOf(run), Lane: null }),
  ];
  const code = outcome === 'errored' ? (fault?.code ?? 'unknown') : null;
  if (before !== null && before.FaultCode !== code)
    messages.push(
      message('CFX.ResourcePerformance.FaultCleared', run, at, {
        ...{ FaultOccurrenceId: before.FaultOccurrenceId, Operator: null },
      }),
    );
  if (code === null) return { messages, standing: null };
  if (before?.FaultCode === code) return { messages, standing: before };
  const standing: ToldFault = {
    ...{ TransactionID: transactionOf(run), Cause: causes[fault?.class ?? 'program'], Severity: 'Error' },
    ...{ FaultCode: code, FaultOccurrenceId: uuidOf(run.id, 'fault'), Lane: null, Stage: null },
    ...{ SideLocation: 'Unknown', AccessType: 'Unknown', DescriptionTranslations: {} },
    ...{ Description: `${run.fixture}: ${fault?.what ?? ''}`, OccurredAt: at, DueDateTime: null },
  };
  messages.push(message('CFX.ResourcePerformance.FaultOccurred', run, at, { Fault: standing }));
  return { messages, standing };
}

/** `frequency`: seconds. `faults`: all that stand. Recipes are null, which is not to say: an empty list would say that there are none. */
export function heartbeat(handle: string, at: string, frequency: number, faults: readonly ToldFault[]): CfxMessage {
  const [hours, minutes, seconds] = [frequency / 3600, (frequency % 3600) / 60, frequency % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  );
  const body = {
    CFXHandle: handle,
    HeartbeatFrequency: `${hours}:${minutes}:${seconds}`,
    ActiveFaults: faults,
    ActiveRecipes: null,
  };
  return { name: 'CFX.Heartbeat', id: uuidOf(handle, 'heartbeat', at), at, body };
}

function message(name: string, run: RunRecord, at: string, body: CfxMessage['body']): CfxMessage {
  return { name, id: uuidOf(run.id, name), at, body };
}

function transactionOf(run: RunRecord): string {
  return uuidOf(run.id);
}

/** One unit a fixture: its serial number, else its MAC. */
function unitsOf(run: RunRecord) {
  const unit = run.serial ?? run.mac;
  const place = {
    PositionNumber: 1,
    PositionName: run.fixture,
    X: 0,
    Y: 0,
    Z: null,
    Rotation: 0,
    FlipX: false,
    FlipY: false,
  };
  const passed = { passed: 'Pass', failed: 'Fail', refused: 'Fail', errored: 'Skip', aborted: 'Skip' } as const;
  const status = run.outcome === null ? {} : { Status: passed[run.outcome] };
  return {
    ...{ PrimaryIdentifier: unit, HermesIdentifier: null, UnitCount: 1 },
    Units: [{ UnitIdentifier: unit, ...place, ...status }],
  };
}

function personOf(operator: string | null): Record<string, unknown> | null {
  if (operator === null) return null;
  return { OperatorIdentifier: operator, ActorType: 'Human', LastName: null, FirstName: null, LoginName: null };
}
