// A fixture and one board: what is in the book before the board is touched, what the fixture says, that its port is never left open.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFault } from '../../../main/model/fault.ts';
import type { FixtureGate } from '../../../main/station/fixture.ts';
import { recipeVariant } from '../../faults/boards.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { work } from './nest.ts';
import { burnedInto, deadFlash, Rig, siliconOf } from './parts.ts';
import { diskFull } from './scripted-ledger.ts';

const plain = recipeNamed('esp32c3-production');

/** A person at the line who lets every board in, unless a test says otherwise. */
function person(facts: Partial<FixtureGate> = {}): FixtureGate {
  return {
    contacts: () => 1,
    admit: async () => ({ serial: null }),
    gone: () => undefined,
    named: () => null,
    scansLabels: false,
    finish: async () => undefined,
    ...facts,
  };
}

describe('a fixture', { concurrency: true }, () => {
  it('opens the run in the book, works, seals, and says the verdict last', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    const { verdicts, outcomes, states, open, error } = await work(rig, chip);
    assert.equal(error, null);
    assert.deepEqual(outcomes, ['passed']);
    assert.deepEqual(states, ['identifying', 'running', 'shown', 'idle']);
    assert.deepEqual(rig.book.calls.slice(0, 3), ['openRun', 'run-started', 'identified']);
    const [run] = rig.book.runRecords;
    assert.match(run!.id, /^R-\d{8}T\d{6}-[0-9a-f]{8}$/);
    assert.deepEqual([run!.fixture, run!.operator, run!.batch], ['nest', 'op-7', 'B-1']);
    assert.deepEqual(
      verdicts.map(({ outcome, mac, seal, run: id }) => [outcome, mac, seal?.row, id]),
      [['passed', chip.identity.mac, 1, run!.id]],
    );
    assert.equal(open, 0);
  });

  it('burns nothing where its run cannot be opened, and leaves no port open', async () => {
    for (const refuse of ['openRun', 'run-started']) {
      const rig = new Rig(plain);
      const chip = siliconOf(plain);
      if (refuse === 'openRun')
        rig.book.openRun = async () => {
          throw diskFull();
        };
      rig.book.before = ({ type }) => {
        if (type === refuse) throw diskFull();
      };
      const { error, outcomes, verdicts, open } = await work(rig, chip);
      assert.ok(isFault(error, 'ledger.full'));
      assert.deepEqual([outcomes, verdicts], [[], []]);
      assert.equal(burnedInto(chip), burnedInto(siliconOf(plain)));
      assert.equal(open, 0, refuse);
    }
  });

  it('says of a failed board what happened, and closes its port', async () => {
    const rig = new Rig(plain);
    const { verdicts, open } = await work(rig, siliconOf(plain, { faults: deadFlash }));
    assert.deepEqual([verdicts[0]?.outcome, verdicts[0]?.fault?.code], ['failed', 'chip.flash-differs']);
    assert.equal(open, 0);
  });

  it('refuses a board of another chip, untouched', async () => {
    const other = recipeNamed('esp32c6-production');
    const chip = siliconOf(other);
    const { verdicts, open } = await work(new Rig(plain), chip);
    const [verdict] = verdicts;
    assert.deepEqual([verdict?.outcome, verdict?.fault?.code], ['refused', 'admission.wrong-chip']);
    assert.match(String(verdict?.fault?.details.mac), /^[0-9a-f:]{17}$/, 'the ledger has which board it was');
    assert.equal(burnedInto(chip), burnedInto(siliconOf(other)));
    assert.equal(open, 0);
  });

  it('refuses a board in Secure Download Mode that no run here has shut, by what it still says', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    chip.efuse.burnField('ENABLE_SECURITY_DOWNLOAD', 1);
    const { verdicts, open } = await work(rig, chip);
    assert.deepEqual([verdicts[0]?.outcome, verdicts[0]?.fault?.code], ['refused', 'admission.secure-download']);
    assert.equal(open, 0);
    assert.ok(!rig.book.calls.includes('planned'));
  });

  it('does not shut the port by which it reaches the board', async (t) => {
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', {
      'download_mode: disabled': 'download_mode: disabled\n  usb_serial_jtag: off',
    });
    const chip = siliconOf(loaded);
    const { verdicts, open } = await work(new Rig(loaded), chip, { usb: { vendorId: 0x303a, productId: 0x1001 } });
    assert.equal(verdicts[0]?.fault?.code, 'admission.own-port');
    assert.equal(burnedInto(chip), burnedInto(siliconOf(loaded)));
    assert.equal(open, 0);
  });

  it('does not start a board before somebody lets it in', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    const asked: (string | null)[] = [];
    const gate = person({
      admit: async ({ mac }) => {
        asked.push(mac);
        assert.equal(rig.book.runRecords.length, 0);
        assert.equal(burnedInto(chip), burnedInto(siliconOf(plain)));
        return { serial: null };
      },
    });
    const { outcomes, states } = await work(rig, chip, { gate });
    assert.deepEqual([outcomes, asked], [['passed'], [chip.identity.mac]]);
    assert.deepEqual(states, ['waiting', 'ready', 'running', 'shown', 'idle']);
  });

  it('claims no place for a board that was not let in when the batch ended', async () => {
    const rig = new Rig(plain);
    const stop = new AbortController();
    const gate = person({
      admit: async () => {
        stop.abort(new Error('the batch ends'));
        return null;
      },
    });
    const { outcomes, givenBack, open } = await work(rig, siliconOf(plain), { gate, signal: stop.signal });
    assert.deepEqual([outcomes, givenBack, open], [[], 0, 0]);
    assert.equal(rig.book.runRecords.length, 0);
  });

  it('waits for the label of a sealed board where the recipe wants it scanned back, and says its verdict then', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    const finished: string[] = [];
    const gate = person({
      scansLabels: true,
      finish: async ({ mac, run }) => {
        finished.push(mac, run);
        assert.equal(rig.book.sealed.length, 1, 'sealed before its label');
        assert.ok(!rig.heard.some(({ type }) => type === 'verdict'), 'and told after it');
      },
    });
    const { states } = await work(rig, chip, { gate });
    assert.deepEqual(states.slice(-4), ['running', 'labelling', 'shown', 'idle']);
    assert.deepEqual(finished, [chip.identity.mac, rig.book.runRecords[0]!.id]);
  });
});
