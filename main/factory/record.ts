// The result of a run as other systems of a factory read it: a test record in the form of OpenHTF's JSON output (openhtf.output.callbacks,
// TestRecord.as_base_types): dut_id, station_id, outcome, phases; what it has no place for stands in `metadata`.
import type { StoredEvent } from '../model/event.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RunRecord } from '../model/record.ts';

/** OpenHTF knows no board that a rule keeps out: `metadata.outcome` says our word. */
const outcomes: Readonly<Record<Outcome, 'PASS' | 'FAIL' | 'ERROR' | 'ABORTED'>> = {
  passed: 'PASS',
  failed: 'FAIL',
  refused: 'FAIL',
  errored: 'ERROR',
  aborted: 'ABORTED',
};

export interface RecordParts {
  readonly station: string;
  readonly order: string | null;
  readonly events: readonly StoredEvent[];
  /** Row of the ledger that ends the run, and its hash. */
  readonly row: number;
  readonly hash: string;
}

interface Phase {
  readonly name: string;
  readonly start_time_millis: number;
  readonly end_time_millis: number;
  readonly outcome: 'PASS' | 'FAIL' | 'ERROR';
}

/** What a phase of OpenHTF has beside these, and ours has none of: a reader may ask for it. */
const ofPhase = {
  ...{ measurements: {}, attachments: {}, diagnosis_results: [], failure_diagnosis_results: [] },
  ...{ options: null, result: null },
} as const;
const code = (name: string) => ({ name, docstring: null, sourcecode: '' });

export type TestRecord = ReturnType<typeof testRecord>;

/** A run that has ended. Nothing in it is secret: of keys there is nothing. */
export function testRecord(run: RunRecord, { station, order, events, row, hash }: RecordParts) {
  const outcome = run.outcome ?? 'aborted';
  return {
    dut_id: run.serial ?? run.mac,
    station_id: station,
    start_time_millis: Date.parse(run.startedAt),
    end_time_millis: Date.parse(run.endedAt ?? run.startedAt),
    outcome: outcomes[outcome],
    outcome_details:
      run.fault === null ? [] : [{ code: run.fault.code, description: `${run.fault.what} ${run.fault.next}` }],
    phases: phasesOf(events, run).map((phase, at) => ({
      ...{ ...ofPhase, ...phase, descriptor_id: at, codeinfo: code(phase.name) },
    })),
    ...{ diagnoses: [], log_records: [], code_info: code('fuseline') },
    metadata: {
      test_name: run.recipe.name,
      ...{ outcome, run: run.id, batch: run.batch, order, fixture: run.fixture, operator: run.operator },
      ...{ mac: run.mac, serial: run.serial, safety: run.fault?.safety ?? null },
      recipe: { name: run.recipe.name, revision: run.recipe.revision, hash: run.recipe.hash },
      ledger: { row, hash },
    },
  };
}

/** Steps that began; one that did not pass ended the run. */
function phasesOf(events: readonly StoredEvent[], run: RunRecord): Phase[] {
  const phases: Phase[] = [];
  let open: { name: string; at: number } | null = null;
  const end = (at: number, outcome: Phase['outcome']) => {
    if (open !== null) phases.push({ name: open.name, start_time_millis: open.at, end_time_millis: at, outcome });
    open = null;
  };
  for (const { at, event } of events) {
    const ms = Date.parse(at);
    if (event.type === 'step-started' && 'step' in event) {
      // a step that waited for the token is begun anew
      end(ms, 'ERROR');
      open = { name: String(event.step), at: ms };
    } else if (event.type === 'step-passed') end(ms, 'PASS');
  }
  end(Date.parse(run.endedAt ?? run.startedAt), run.outcome === 'failed' ? 'FAIL' : 'ERROR');
  return phases;
}
