import type { BatchCounts } from '../../../contract/views.ts';
import type { Messages } from '../../../words/messages.ts';

/** What became of boards that are not sealed, for paper: a row a count. */
export function countRows(
  { failed, refused, unfinished, retries, firstPassYield }: BatchCounts,
  paper: Messages['paper'],
): readonly (readonly [string, string])[] {
  const { counts: names } = paper;
  return [
    [names.failed, paper.number({ value: failed })],
    [names.refused, paper.number({ value: refused })],
    [names.unfinished, paper.number({ value: unfinished })],
    [names.retries, paper.number({ value: retries })],
    [names.firstPassYield, firstPassYield === null ? '-' : paper.percent({ share: 100 * firstPassYield })],
  ];
}
