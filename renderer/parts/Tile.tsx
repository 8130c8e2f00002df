import { memo } from 'react';
import type { FixtureView } from '../../main/contract/views.ts';
import { clockText, durationText } from '../words/format.ts';
import { faultText, stepText, words } from '../words/words.ts';
import { Glyph } from './Glyph.tsx';
import { isBurning, lookOf, showsVerdict } from './tone.ts';

interface TileProps {
  readonly fixture: FixtureView;
  /** The one tile that the tabulator key reaches; arrows go on from there. */
  readonly reached: boolean;
  /** Who sits here, by id: a choice of another person does not concern this scanner. */
  readonly person?: string | null;
  /** The next serial number that is scanned without a choice goes here. */
  readonly isNextScan?: boolean;
  /** When the station was heard last, where it cannot be heard now: how the fixture stands is unknown then. */
  readonly lastWordAt?: number | null;
  onOpen(name: string): void;
  onReach(name: string): void;
}

/** One fixture as it is seen from three metres: colour, shape and word; below them what goes on. */
export const Tile = memo(function Tile(props: TileProps) {
  const { fixture, reached, person = null, isNextScan = false, lastWordAt = null, onOpen, onReach } = props;
  const isKnown = lastWordAt === null;
  const look = lookOf(fixture, isKnown);
  const { step, chosen } = fixture;
  const verdict = showsVerdict(fixture) ? fixture.verdict : null;
  const isMine = chosen !== null && chosen.by === person;
  const line = lineOf(fixture, lastWordAt);
  const scanWords = !isKnown
    ? null
    : chosen !== null
      ? isMine
        ? words.tile.chosen({ seconds: chosen.secondsLeft })
        : words.tile.chosenBy({ person: chosen.by })
      : isNextScan
        ? words.tile.scanGoesHere
        : null;
  return (
    <button
      type="button"
      className="tile"
      data-tone={look.tone}
      data-state={fixture.state}
      data-fixture={fixture.name}
      data-chosen={isKnown && chosen !== null ? (isMine ? 'mine' : 'other') : undefined}
      data-next={isNextScan && isKnown ? '' : undefined}
      data-was-burning={!isKnown && isBurning(fixture) ? '' : undefined}
      tabIndex={reached ? 0 : -1}
      aria-label={tileWords(fixture, lastWordAt, scanWords)}
      onClick={() => onOpen(fixture.name)}
      onFocus={() => onReach(fixture.name)}
    >
      <span className="tile-top">
        <span className="tile-name">{fixture.name}</span>
        <span className="tile-count">{words.tile.count({ passed: fixture.passed, tried: fixture.tried })}</span>
      </span>
      <span className="tile-head">
        <Glyph shape={look.shape} />
        <span className="tile-word">{look.word}</span>
      </span>
      <span className="tile-line">
        {scanWords !== null && <strong>{scanWords}</strong>} {line}
      </span>
      {isKnown && <Progress fixture={fixture} hidden={verdict !== null || isHeldUp(fixture)} />}
      <span className="tile-foot">
        <span className="tile-serial">{fixture.bound?.serial ?? fixture.serial ?? fixture.mac ?? ' '}</span>
        {isKnown && step !== null && verdict === null && <span>{words.tile.stepOf({ at: step.at, of: step.of })}</span>}
      </span>
    </button>
  );
});

/** The line below the word: while something is burned the one thing that counts; of a verdict why; else what is done. */
function lineOf(fixture: FixtureView, lastWordAt: number | null): string {
  if (lastWordAt !== null) {
    const last = isBurning(fixture) ? `${words.tile.burning}: ${words.tile.doNotRemove}` : lookOf(fixture).word;
    return words.tile.lastWord({ time: clockText(lastWordAt), word: last });
  }
  if (isBurning(fixture)) return words.tile.doNotRemove;
  const { verdict, step, state, bound } = fixture;
  if (verdict !== null && showsVerdict(fixture))
    return verdict.fault === null ? words.act[verdict.outcome] : faultText(verdict.fault).what;
  if (fixture.tokenIsSilent && state === 'running') return words.tile.tokenSilentMeans;
  if (fixture.ledgerIsSlow) return words.tile.ledgerSlowMeans;
  if (state === 'labelling') return words.detail.labelAct;
  if (state === 'mute') return words.tile.mute;
  if (state === 'held') return words.tile.held;
  if (bound !== null && bound.startsIn !== null) return words.tile.startsAs({ serial: bound.serial });
  return step === null ? '' : stepText(step);
}

/** Whether the work waits for something that nobody knows the end of. */
function isHeldUp({ tokenIsSilent, ledgerIsSlow, state }: FixtureView): boolean {
  return state === 'running' && (tokenIsSilent || ledgerIsSlow);
}

function Progress({ fixture, hidden }: { readonly fixture: FixtureView; readonly hidden: boolean }) {
  const { fraction, secondsLeft, step } = fixture;
  if (hidden || step === null) return <span className="tile-progress" data-empty="" />;
  return (
    <span className="tile-progress">
      <span className="bar">
        <span className="bar-done" style={{ transform: `scaleX(${fraction ?? 0})` }} />
      </span>
      <span className="tile-left">
        {secondsLeft === null ? '' : words.tile.left({ time: durationText(secondsLeft) })}
      </span>
    </span>
  );
}

/** The whole tile as a sentence. */
function tileWords(fixture: FixtureView, lastWordAt: number | null, scanWords: string | null): string {
  const { step, verdict } = fixture;
  const shown = showsVerdict(fixture) && verdict !== null;
  const parts = [
    words.detail.title({ fixture: fixture.name }),
    lookOf(fixture, lastWordAt === null).word,
    scanWords ?? '',
    lineOf(fixture, lastWordAt),
    shown || step === null ? '' : words.tile.stepOf({ at: step.at, of: step.of }),
    fixture.serial ?? '',
    words.tile.countMeans({ passed: fixture.passed, tried: fixture.tried }),
  ];
  return parts.filter((part) => part !== '').join(', ');
}
