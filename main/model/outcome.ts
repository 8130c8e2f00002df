/** How a run ended; the word says where to look (passed | the board | a rule | the station | a person). */
export type Outcome = 'passed' | 'failed' | 'refused' | 'errored' | 'aborted';

import type { FaultClass, FaultRecord } from './fault.ts';

/** Which outcome a fault gives a run. A board that admission does not let in is not a bad board: a rule refuses it. */
export function outcomeOfFault({
  faultClass,
  code,
}: Pick<FaultRecord, 'code'> & { readonly faultClass: FaultClass }): Outcome {
  if (code.startsWith('admission.')) return 'refused';
  switch (faultClass) {
    case 'board':
      return 'failed';
    case 'recipe':
      return 'refused';
    default:
      return 'errored';
  }
}
