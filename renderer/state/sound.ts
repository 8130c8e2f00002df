import type { LineChange } from '../../main/contract/contract.ts';

type Outcome = LineChange['verdicts'][number]['outcome'];

/** Tones of each verdict: Hz and seconds. Passed rises, failed falls, the rest calls. */
const tones: Readonly<Record<Outcome, readonly (readonly [hertz: number, seconds: number])[]>> = {
  passed: [
    [660, 0.09],
    [990, 0.16],
  ],
  failed: [
    [330, 0.18],
    [196, 0.42],
  ],
  refused: [
    [440, 0.14],
    [440, 0.14],
  ],
  errored: [
    [523, 0.12],
    [262, 0.12],
    [523, 0.12],
  ],
  aborted: [[262, 0.2]],
};

/** A scan that was taken, and one that was not: neither sounds like a verdict. */
const scanTones = {
  taken: [[1320, 0.06]],
  refused: [
    [220, 0.12],
    [165, 0.12],
    [220, 0.12],
    [165, 0.24],
  ],
} as const;

/** The end of a batch: longer than any verdict, so that it is told apart from across the room. */
const endTones = [
  [523, 0.18],
  [659, 0.18],
  [784, 0.18],
  [1047, 0.5],
] as const;

/** Verdicts that a person must hear over others that came in the same moment, the gravest first. */
const gravity: readonly Outcome[] = ['failed', 'errored', 'refused', 'aborted', 'passed'];

let context: AudioContext | null = null;

/** A browser lets a page sound only after a person touched it. */
export function wakeSound(): void {
  context ??= new AudioContext();
  if (context.state === 'suspended') context.resume().catch(() => {});
}

/** Sounds the gravest of these outcomes, once. */
export function soundVerdicts(outcomes: readonly Outcome[]): void {
  const outcome = gravity.find((candidate) => outcomes.includes(candidate));
  if (outcome !== undefined) play(tones[outcome]);
}

/** Says at once whether a scan was taken: whoever scans looks at the board, not at the window. */
export function soundScan(what: keyof typeof scanTones): void {
  play(scanTones[what]);
}

/** Says that the batch has ended, behind the sound of its last board. */
export function soundBatchEnd(): void {
  play(endTones, 0.7);
}

function play(melody: readonly (readonly [hertz: number, seconds: number])[], inSeconds = 0): void {
  if (context === null || context.state !== 'running') return;
  let at = context.currentTime + inSeconds;
  for (const [hertz, seconds] of melody) {
    const tone = context.createOscillator();
    const loudness = context.createGain();
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.22, at + 0.012);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + seconds);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + seconds);
    at += seconds;
  }
}
