/** A part that has not answered for so long is told of, in ms: far longer than an answer takes, shorter than people's patience. */
export const silentMs = 1500;

/**
 * Lets answers pass, and tells when one of them is overdue (true) and when none is any more (false): a part that hangs raises no fault, and
 * whoever stands before the board must not guess.
 */
export function overdueTeller(
  tell: (isOverdue: boolean) => void,
  afterMs = silentMs,
): <Value>(answer: Promise<Value>) => Promise<Value> {
  let overdue = 0;
  return async (answer) => {
    let isOverdue = false;
    const timer = setTimeout(() => {
      isOverdue = true;
      if (++overdue === 1) tell(true);
    }, afterMs);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      if (isOverdue && --overdue === 0) tell(false);
    }
  };
}
