import { secondsText } from '../base/number-text.ts';
import type { Outcome } from '../model/outcome.ts';
import type { StepId } from '../recipe/types.ts';
import type { FixtureState, StationEvent } from '../station/events.ts';
import type { Messages } from '../words/messages.ts';
import { saying } from '../words/saying.ts';
import type { Streams } from './context.ts';
import { eventSaid } from './event-said.ts';
import { clipped, columnsOf, faultLines, padded } from './words.ts';

interface Row {
  state: FixtureState | Outcome;
  step: string;
  fraction: number | null;
  board: string;
  passed: number;
  tried: number;
}

/**
 * A row a fixture, drawn over itself on a terminal; on a pipe a line for each step and verdict instead, so that a log stays a log.
 */
export class ProgressDisplay {
  readonly #streams: Streams;
  readonly #rows = new Map<string, Row>();
  readonly #timer: NodeJS.Timeout | null;
  readonly #said: Messages;
  readonly #words: Messages['terminal'];
  #batchLine = '';
  #note = '';

  constructor(streams: Streams, fixtures: readonly string[]) {
    this.#streams = streams;
    this.#said = saying(() => streams.language ?? 'en');
    this.#words = this.#said.terminal;
    for (const fixture of fixtures) {
      this.#rows.set(fixture, { state: 'idle', step: '', fraction: null, board: '', passed: 0, tried: 0 });
    }
    this.#timer = streams.live ? setInterval(() => this.#draw(), 100) : null;
  }

  hear(event: StationEvent): void {
    if (event.type === 'batch') {
      this.#batchLine =
        event.of === null ? this.#words.batchOpen(event) : this.#words.batch({ ...event, of: event.of });
      return;
    }
    const row = this.#rows.get(event.fixture);
    if (row === undefined) return;
    switch (event.type) {
      case 'fixture':
        row.state = event.state;
        if (event.state === 'waiting') this.#line(event.fixture, this.#words.waiting);
        if (event.state === 'absent') this.#line(event.fixture, this.#words.absent);
        if (event.state === 'waiting' || event.state === 'absent' || event.state === 'identifying')
          Object.assign(row, { step: '', fraction: null, board: '' });
        break;
      case 'run':
        this.#hearRun(event, row);
        break;
      case 'token':
        this.#verdict(event.fixture, event.isSilent ? this.#words.tokenSilent : this.#words.tokenAgain);
        break;
      case 'ledger':
        this.#verdict(event.fixture, event.isSlow ? this.#words.diskSlow : this.#words.diskAgain);
        break;
      case 'verdict': {
        row.tried++;
        if (event.outcome === 'passed') row.passed++;
        row.state = event.outcome;
        row.step = event.fault ? event.fault.code : this.#words.sealedRow({ row: event.seal?.row ?? '–' });
        row.fraction = null;
        const name = event.serial ?? event.mac ?? this.#words.unknownBoard;
        if (event.outcome === 'passed') {
          this.#verdict(
            event.fixture,
            this.#words.passed({ board: name, time: secondsText(event.ms), row: event.seal?.row ?? '–' }),
          );
        } else {
          this.#verdict(event.fixture, `${this.#words.outcomes[event.outcome]}  ${name}`);
          if (event.fault)
            for (const line of faultLines(event.fault, this.#streams.language))
              this.#verdict(event.fixture, `    ${line}`);
        }
        break;
      }
    }
  }

  #hearRun(event: Extract<StationEvent, { type: 'run' }>, row: Row): void {
    const inner = event.event;
    switch (inner.type) {
      case 'identified':
        row.board = inner.identity.mac;
        break;
      case 'step-started':
        row.state = 'running';
        row.step = this.#said.steps[inner.step as StepId];
        row.fraction = null;
        this.#line(event.fixture, `${row.board}  ${row.step}`);
        break;
      case 'observed':
        if (inner.what === 'contact' && inner.value.wear !== undefined)
          this.#verdict(event.fixture, this.#words.wears({ words: inner.value.wear }));
        if (inner.what === 'awaits-reset') this.#verdict(event.fixture, eventSaid(inner, this.#streams.language));
        break;
      case 'progress':
        row.fraction = inner.total > 0 ? inner.done / inner.total : null;
        break;
      case 'parked':
        row.state = 'parked';
        this.#verdict(event.fixture, eventSaid(inner, this.#streams.language));
        break;
      case 'resumed':
        row.state = 'running';
        this.#verdict(event.fixture, eventSaid(inner, this.#streams.language));
        break;
    }
  }

  /** A sentence under the rows, e.g. that the batch is being stopped. */
  note(text: string): void {
    this.#note = text;
    if (this.#timer === null) this.#streams.say(text);
  }

  close(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#draw();
    this.#streams.redraw([]);
  }

  /** Steps go line by line only where nothing can be drawn over. */
  #line(fixture: string, text: string): void {
    if (this.#timer === null) this.#streams.say(`${fixture}  ${text}`);
  }

  #verdict(fixture: string, text: string): void {
    if (this.#timer === null) this.#streams.say(`${fixture}  ${text}`);
    else this.#log.push(`${fixture}  ${text}`);
  }

  readonly #log: string[] = [];

  #draw(): void {
    const { state, outcome } = this.#said.page;
    const stateOf = (row: Row) =>
      ({ ...state, ...outcome, ready: this.#words.ready, 'mes-away': state.mesAway })[row.state];
    const rows = [...this.#rows];
    const widths = [
      Math.max(...rows.map(([name]) => columnsOf(name))),
      Math.max(...rows.map(([, row]) => columnsOf(stateOf(row)))),
      17,
    ];
    const lines = rows.map(([name, row]) => {
      const bar = row.fraction === null ? '' : ` ${barOf(row.fraction)} ${Math.floor(row.fraction * 100)} %`;
      const cells = [name, stateOf(row), row.board].map((cell, at) => padded(cell, widths[at]!));
      return `${cells.join('  ')}  ${row.step}${bar}  ${row.passed}/${row.tried}`;
    });
    const tail = [...this.#log.slice(-8), this.#batchLine, this.#note].filter((line) => line !== '');
    this.#streams.redraw([...lines, ...tail].map((line) => clipped(line, this.#streams.columns)));
  }
}

function barOf(fraction: number): string {
  const full = Math.round(fraction * 20);
  return `[${'#'.repeat(full)}${'.'.repeat(20 - full)}]`;
}
