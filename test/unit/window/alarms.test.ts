import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Alarm, addAlarm, followState } from '../../../renderer/state/alarms.ts';

test('while the systems of the factory are away for a shift, the answer to what somebody does stands before that', () => {
  const away = { what: 'The MES does not answer.', next: 'Wait.', code: 'mes.away' };
  const line = { batch: null, printerFault: null, plantFaults: [away] } as unknown as Parameters<
    typeof followState
  >[0]['line'];
  const refused: Alarm = { id: 'fault x', kind: 'fault', at: 1, by: 'op-1', what: 'No.', next: 'Ask.', code: 'x' };
  const standing = followState({ line, token: null, alarms: [] }, 2);
  assert.deepEqual(
    addAlarm(standing, refused).map(({ kind }) => kind),
    ['fault', 'plant'],
  );
});
