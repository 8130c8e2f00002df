import { memo } from 'react';
import type { FixtureView } from '../../main/contract/views.ts';
import { durationText } from '../words/format.ts';
import { words } from '../words/words.ts';
import { Glyph } from './Glyph.tsx';
import { lookOf, showsVerdict } from './tone.ts';

interface TileProps {
  readonly fixture: FixtureView;
  /** The one tile that the tabulator key reaches; arrows go on from there. */
  readonly reached: boolean;
  onOpen(name: string): void;
  onReach(name: string): void;
}

/** One fixture as it is seen from three metres: colour, shape and word; below them what goes on. */
export const Tile = memo(function Tile({ fixture, reached, onOpen, onReach }: TileProps) {
  const look = lookOf(fixture);
  const { step } = fixture;
  const verdict = showsVerdict(fixture) ? fixture.verdict : null;
  const act = fixture.state === 'labelling' ? words.detail.labelAct : '';
  const line = verdict === null ? (step?.title ?? act) : (verdict.fault?.what ?? words.act[verdict.outcome]);
  return (
    <button
      type="button"
      className="tile"
      data-tone={look.tone}
      data-state={fixture.state}
      data-fixture={fixture.name}
      tabIndex={reached ? 0 : -1}
      aria-label={tileWords(fixture)}
      onClick={() => onOpen(fixture.name)}
      onFocus={() => onReach(fixture.name)}
    >
      <span className="tile-top">
        <span className="tile-name">{fixture.name}</span>
        <span className="tile-count">{words.tile.count(fixture.passed, fixture.tried)}</span>
      </span>
      <span className="tile-head">
        <Glyph shape={look.shape} />
        <span className="tile-word">{look.word}</span>
      </span>
      <span className="tile-line" data-burning={step?.irreversible && verdict === null ? '' : undefined}>
        {line}
      </span>
      <Progress fixture={fixture} hidden={verdict !== null} />
      <span className="tile-foot">
        <span className="tile-serial">{fixture.serial ?? fixture.mac ?? ' '}</span>
        {step !== null && verdict === null && <span>{words.tile.stepOf(step.at, step.of)}</span>}
      </span>
    </button>
  );
});

function Progress({ fixture, hidden }: { readonly fixture: FixtureView; readonly hidden: boolean }) {
  const { fraction, secondsLeft, step } = fixture;
  if (hidden || step === null) return <span className="tile-progress" data-empty="" />;
  return (
    <span className="tile-progress">
      <span className="bar" data-burning={step.irreversible ? '' : undefined}>
        <span className="bar-done" style={{ transform: `scaleX(${fraction ?? 0})` }} />
      </span>
      <span className="tile-left">
        {step.irreversible
          ? words.tile.irreversible
          : secondsLeft === null
            ? ''
            : words.tile.left(durationText(secondsLeft))}
      </span>
    </span>
  );
}

/** The whole tile as a sentence. */
function tileWords(fixture: FixtureView): string {
  const { step, verdict } = fixture;
  const shown = showsVerdict(fixture) && verdict !== null;
  const parts = [
    words.detail.title(fixture.name),
    lookOf(fixture).word,
    shown ? (verdict.fault?.what ?? words.act[verdict.outcome]) : (step?.title ?? ''),
    shown || step === null ? '' : words.tile.stepOf(step.at, step.of),
    fixture.serial ?? '',
    words.tile.countMeans(fixture.passed, fixture.tried),
  ];
  return parts.filter((part) => part !== '').join(', ');
}
