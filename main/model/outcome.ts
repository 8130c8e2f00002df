/** How a run ended; the word says where to look (passed | the board | a rule | the station | a person). */
export type Outcome = 'passed' | 'failed' | 'refused' | 'errored' | 'aborted';

import type { FaultClass } from './fault.ts';

/** Which outcome a fault of this class gives a run. */
export function outcomeOfFault(faultClass: FaultClass): Outcome {
  switch (faultClass) {
    case 'board':
      return 'failed';
    case 'recipe':
      return 'refused';
    default:
      return 'errored';
  }
}
