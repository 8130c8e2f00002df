// One run, on real boards in software, with a ledger and a token that a test commands: what is on disk before what, what is left behind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SecretBytes } from '../../../main/base/secret.ts';
import { isFault, LedgerFault } from '../../../main/model/fault.ts';
import { noAnswer } from '../../../main/protocol/faults.ts';
import type { RunEnd } from '../../../main/station/run.ts';
import type { VirtualChip } from '../../../main/virtual/chip.ts';
import { withPart } from '../../faults/boards.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { record } from '../ledger/book.ts';
import { burnedInto, deadFlash, Rig, siliconOf } from './parts.ts';
import { type AnyEvent, diskFull } from './scripted-ledger.ts';
import { tokenCrashed, tokenGone } from './scripted-signer.ts';

/** Two keys, a digest, every protection and a door; no identity. */
const plain = recipeNamed('esp32c3-production');
/** A device key with a certificate. */
const certified = recipeNamed('esp32p4-production');
/** Intents of a plain board: two keys and a digest, their locks, protections, the enabling bits, the door before the boot proof and at its burn. */
const intents = 9;

const faultIn = ({ fault, outcome }: RunEnd) => `${outcome} ${fault?.code} ${fault?.safety}`;
/** Whether the book says of a run that something is burned. */
const isBurn = ({ type }: { readonly type: string }) => type === 'burned' || type === 'verified';

describe('what is on disk before a board is touched', { concurrency: true }, () => {
  for (let wanted = 1; wanted <= intents; wanted++)
    it(`the ${wanted}. intent is refused by the disk: nothing of it is burned, nor of what follows`, async () => {
      const rig = new Rig(plain);
      const chip = siliconOf(plain);
      let seen = 0;
      let atIntent = '';
      let after = 0;
      rig.book.before = async (event) => {
        const { type } = event;
        const isEnd = type === 'run-ended' || (event.type === 'observed' && event.what === 'contact');
        if (seen === wanted && !isEnd) after++;
        if (type !== 'intend' || ++seen !== wanted) return;
        atIntent = burnedInto(chip);
        await sleep(50);
        throw diskFull();
      };
      const end = await rig.run(chip);
      assert.equal(faultIn(end), 'errored ledger.full resumable');
      assert.equal(seen, wanted);
      assert.equal(burnedInto(chip), atIntent, 'the board is as it was when its burn could not be written down');
      assert.equal(after, 0, 'nothing more was asked of the step');
      assert.equal(rig.book.sealed.length, 0);
      assert.ok(rig.token.secrets.every(({ destroyed }) => destroyed));
    });

  it('no burn begins while its intent is on its way to the disk', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    const seen: string[] = [];
    rig.book.before = async ({ type }) => {
      const before = burnedInto(chip);
      await sleep(20);
      assert.equal(burnedInto(chip), before, `the board changed while ${type} was written`);
      if (type === 'intend') seen.push(before);
    };
    assert.equal((await rig.run(chip)).outcome, 'passed');
    assert.equal(seen.length, intents);
    // The door is booked twice: before the boot proof, in which firmware may shut it, and where the station does.
    assert.equal(new Set([...seen, burnedInto(chip)]).size, intents, 'and each of them but one burned something');
  });

  for (const type of ['identified', 'planned', 'step-started', 'key-made', 'step-passed'] as const)
    it(`a disk that refuses ${type}: a board as the factory made it`, async () => {
      const rig = new Rig(plain);
      const chip = siliconOf(plain);
      rig.book.before = (event) => {
        if (event.type === type) throw diskFull();
      };
      assert.equal(faultIn(await rig.run(chip)), 'errored ledger.full resumable');
      assert.equal(burnedInto(chip), burnedInto(siliconOf(plain)));
      assert.ok(!rig.book.said().some(isBurn));
      assert.ok(rig.token.secrets.every(({ destroyed }) => destroyed));
    });

  it('what was said is said to the screens only after it is on disk', async () => {
    const rig = new Rig(plain);
    rig.book.before = async ({ type }) => {
      await sleep(5);
      const heard = rig.heard.filter((event) => event.type === 'run' && event.event.type !== 'progress');
      assert.equal(heard.length, rig.book.said().length, `${type} is heard of behind those before it`);
    };
    assert.equal((await rig.run(siliconOf(plain))).outcome, 'passed');
    const last = rig.heard.at(-1);
    assert.equal(last?.type === 'run' && last.event.type, 'run-ended');
  });

  it('a board that is lost after its first burn is not told as one that nothing was burned into', async () => {
    const rig = new Rig(plain);
    const intended = () => rig.book.said().some(({ type }) => type === 'intend');
    rig.given = (board) =>
      withPart(board, 'returnToRom', async () => {
        if (intended()) throw noAnswer('virtual:nest', true, []);
        await board.returnToRom();
      });
    assert.equal(faultIn(await rig.run(siliconOf(plain))), 'errored protocol.no-answer resumable');
  });

  it('a seal that cannot be written: the board is no passed one, and its end is in the book', async () => {
    const rig = new Rig(plain);
    rig.book.beforeSeal = () => {
      throw diskFull();
    };
    const end = await rig.run(siliconOf(plain));
    assert.equal(faultIn(end), 'errored ledger.full resumable');
    assert.equal(end.seal, null);
    assert.deepEqual(rig.book.calls.slice(-2), ['run-ended', 'endRun']);
  });

  it('a book that refuses even the end of a run: the fixture hears of it', async () => {
    const rig = new Rig(plain);
    rig.book.before = () => {
      throw diskFull();
    };
    await assert.rejects(rig.run(siliconOf(plain)), (error) => isFault(error, 'ledger.full'));
  });
});

describe('who is let in', { concurrency: true }, () => {
  /** Runs a board of which the book knows this. */
  async function known(furnish: (rig: Rig, chip: VirtualChip) => void): Promise<[string, Rig, VirtualChip]> {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    furnish(rig, chip);
    return [faultIn(await rig.run(chip)), rig, chip];
  }

  const untouched = (rig: Rig, chip: VirtualChip) => {
    assert.equal(burnedInto(chip), burnedInto(siliconOf(plain)));
    assert.ok(!rig.book.calls.includes('planned'));
  };

  it('not a board that was sealed before, whatever its silicon looks like', async () => {
    const [words, rig, chip] = await known(({ book }, { identity }) => {
      const sealed = record('R-0', 1);
      book.sealed.push({ ...sealed, chip: { ...sealed.chip, mac: identity.mac } });
    });
    assert.equal(words, 'refused admission.already-sealed sealed');
    untouched(rig, chip);
  });

  it('not a condemned one', async () => {
    const [words, rig, chip] = await known(({ book }, { identity }) =>
      book.condemned.push({ mac: identity.mac, run: null, reason: 'burn.readback-differs: bits.' }),
    );
    assert.equal(words, 'refused admission.condemned condemned');
    untouched(rig, chip);
    assert.equal(rig.book.condemned.length, 1, 'the first reason stays');
  });

  it('not a board whose serial number another one has', async () => {
    const [words, rig, chip] = await known(({ book }) => {
      book.bindRun = async () => {
        throw new LedgerFault({ code: 'ledger.duplicate', what: 'Taken.', next: 'Look.', safety: 'untouched' });
      };
    });
    assert.equal(words, 'errored ledger.duplicate untouched');
    untouched(rig, chip);
  });

  it('not a board that does not say who it is', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    rig.given = (board) => withPart(board, 'identity', { ...board.identity, mac: null });
    assert.equal(faultIn(await rig.run(chip)), 'refused admission.unreadable untouched');
    untouched(rig, chip);
  });

  it('not a board whose release nobody could reset for its proof', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    const end = await rig.run(chip, { canReset: false });
    assert.equal(faultIn(end), 'refused admission.cannot-reset untouched');
    untouched(rig, chip);
  });
});

describe('keys', { concurrency: true }, () => {
  it('are destroyed where a run passes, by its own step', async () => {
    const rig = new Rig(plain);
    assert.equal((await rig.run(siliconOf(plain))).outcome, 'passed');
    assert.ok(rig.token.secrets.length >= 2);
    assert.ok(rig.token.secrets.every(({ destroyed }) => destroyed));
    const destroyed = rig.book.said().find(({ type }) => type === 'keys-destroyed');
    assert.deepEqual(destroyed?.type === 'keys-destroyed' && destroyed.roles, ['flash-encryption', 'hmac-up']);
  });

  for (const [name, faults] of [
    ['the supply goes in a burn', [{ kind: 'power-cut-in-burn', after: 2 }]],
    ['flash does not take its bytes', deadFlash],
    ['a block does not take its key', [{ kind: 'dead-bit', after: 2 }]],
  ] as const)
    it(`are destroyed where ${name}`, async () => {
      const rig = new Rig(plain);
      const end = await rig.run(siliconOf(plain, { faults }));
      assert.equal(end.outcome, 'failed');
      assert.ok(rig.token.secrets.length >= 2);
      assert.ok(rig.token.secrets.every(({ destroyed }) => destroyed));
      assert.ok(!rig.book.said().some(({ type }) => type === 'keys-destroyed'), 'and no step says that it did it');
    });

  it('are made anew where the token went away in their making, and those of the first try are destroyed', async () => {
    const rig = new Rig(plain);
    let wraps = 0;
    rig.token.before = (call) => {
      if (call === 'wrap' && ++wraps === 2) throw tokenGone();
    };
    const end = await rig.run(siliconOf(plain));
    assert.equal(end.outcome, 'passed');
    assert.equal(rig.token.secrets.length, 4);
    assert.ok(rig.token.secrets.every(({ destroyed }) => destroyed));
    const types = rig.book.said().map(({ type }) => type);
    assert.ok(types.indexOf('parked') > 0 && types.indexOf('resumed') > types.indexOf('parked'));
    const [sealed] = rig.book.sealed;
    const made = rig.book.said().flatMap((event) => (event.type === 'key-made' ? [event.fingerprint] : []));
    const recorded = sealed!.keys.flatMap(({ role, fingerprint }) => (role.startsWith('secure') ? [] : [fingerprint]));
    assert.deepEqual(recorded.sort(), made.slice(-2).sort(), 'the record has the fingerprints of the second try');
  });

  it('wait for a token whose process ended, and not for ever', async () => {
    for (const [crashes, outcome] of [
      [5, 'passed'],
      [6, 'errored'],
    ] as const) {
      const rig = new Rig(plain);
      const chip = siliconOf(plain);
      const before = burnedInto(chip);
      let wraps = 0;
      rig.token.before = (call) => {
        if (call === 'wrap' && ++wraps <= crashes) throw tokenCrashed();
      };
      const end = await rig.run(chip);
      assert.equal(end.outcome, outcome, end.fault?.what);
      assert.equal(rig.book.said().filter(({ type }) => type === 'parked').length, 5);
      assert.ok(rig.token.secrets.every(({ destroyed }) => destroyed));
      if (outcome === 'passed') continue;
      assert.equal(end.fault?.code, 'token.crashed');
      assert.equal(burnedInto(chip), before);
    }
  });

  /** A board that lost its supply when its first key was in, and is inserted again. */
  async function half(): Promise<[Rig, VirtualChip]> {
    const rig = new Rig(plain);
    const chip = siliconOf(plain, { faults: [{ kind: 'power-cut-after-burn', after: 5 }] });
    const first = await rig.run(chip);
    assert.equal(faultIn(first), 'failed burn.lost-contact resumable');
    chip.powerOn();
    return [rig, chip];
  }

  it('of an earlier run are taken up where they are burned', async () => {
    const [rig, chip] = await half();
    const made = rig.token.secrets.length;
    const end = await rig.run(chip);
    assert.equal(end.outcome, 'passed', faultIn(end));
    assert.ok(rig.token.calls.includes('unwrap'));
    assert.ok(rig.token.secrets.slice(made).every(({ destroyed }) => destroyed));
    const planned = rig.book.said('R-2').find(({ type }) => type === 'planned');
    assert.equal(planned?.type === 'planned' && planned.resumes, 'R-1');
  });

  it('that come back as others are never used: the flash is not written, and the board not given up', async () => {
    const [rig, chip] = await half();
    const burned = burnedInto(chip);
    rig.token.unwrapped = (secret) => {
      secret.destroy();
      return SecretBytes.adopt(new Uint8Array(32).fill(1));
    };
    const end = await rig.run(chip);
    assert.equal(faultIn(end), 'errored prepare.key-lost resumable');
    assert.equal(burnedInto(chip), burned);
    assert.ok(rig.token.secrets.every(({ destroyed }) => destroyed));
    assert.equal(rig.book.condemned.length, 0);
    assert.ok(!rig.book.said('R-2').some((event) => event.type === 'step-started' && event.step === 'write-flash'));
  });
});

describe('a person who stops', { concurrency: true }, () => {
  it('stops between steps: nothing is burned, the outcome is no fault', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    const stop = new AbortController();
    rig.book.before = (event) => {
      if (event.type === 'step-passed' && event.step === 'write-flash') stop.abort(new Error('stop'));
    };
    const end = await rig.run(chip, { signal: stop.signal });
    assert.deepEqual([end.outcome, end.fault], ['aborted', null]);
    assert.equal(burnedInto(chip), burnedInto(siliconOf(plain)));
    assert.ok(rig.token.secrets.every(({ destroyed }) => destroyed));
  });

  it('never stops inside a burn: the step that burns is carried to its end', async () => {
    const rig = new Rig(plain);
    const stop = new AbortController();
    rig.book.before = (event) => {
      if (event.type === 'intend') stop.abort(new Error('stop'));
    };
    const end = await rig.run(siliconOf(plain), { signal: stop.signal });
    assert.equal(end.outcome, 'aborted');
    const types = rig.book.said().map(({ type }) => type);
    const count = (type: AnyEvent['type']) => types.filter((one) => one === type).length;
    assert.ok(count('intend') > 1);
    assert.equal(count('intend'), count('burned'));
    assert.deepEqual(types.slice(-3), ['step-passed', 'observed', 'run-ended']);
  });
});

describe('the end of a run', { concurrency: true }, () => {
  it("a number that turns out to be another board's at the seal: says that the board is burned", async () => {
    const rig = new Rig(plain);
    rig.book.beforeSeal = () => {
      throw new LedgerFault({ code: 'ledger.duplicate', what: 'It is taken.', next: 'Look.', safety: 'untouched' });
    };
    const end = await rig.run(siliconOf(plain));
    assert.equal(faultIn(end), 'errored ledger.duplicate resumable');
    assert.match(end.fault!.what, /finished, but cannot be sealed: It is taken/);
  });

  it('bits that nobody burned: condemned in the book, with the reason', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain, { faults: [{ kind: 'dead-bit', after: 6 }] });
    const end = await rig.run(chip);
    assert.equal(faultIn(end), 'failed burn.readback-differs condemned');
    assert.deepEqual(
      rig.book.condemned.map(({ mac, run, reason }) => [mac, run, reason.split(':')[0]]),
      [[chip.identity.mac, 'R-1', 'burn.readback-differs']],
    );
    assert.deepEqual(rig.book.calls.slice(-3), ['run-ended', 'endRun', 'condemn']);
    const { openKeys } = await rig.book.history(chip.identity.mac);
    assert.equal(openKeys.length, 2, 'only people let keys go');
  });

  it('what the token signs for a board is a row of its own, before it signs', async () => {
    const rig = new Rig(certified);
    const end = await rig.run(siliconOf(certified));
    assert.equal(end.outcome, 'passed');
    const rows = rig.book.noted.filter(({ what, detail }) => what === 'signed' && detail.run === 'R-1');
    assert.deepEqual(
      rows.map(({ by, about, detail }) => [by, about, detail.scheme]),
      [[['op-7'], certified.recipe.identity?.certificate?.ca.label, 'ecdsa']],
    );
    const full = new Rig(certified);
    const release = await full.station.prepareRelease(certified);
    full.book.noteAct = async () => {
      throw diskFull();
    };
    const chip = siliconOf(certified);
    const before = burnedInto(chip);
    assert.equal(faultIn(await full.run(chip, { release })), 'errored ledger.full resumable');
    assert.equal(burnedInto(chip), before);
    assert.ok(!full.book.said().some((event) => event.type === 'observed' && event.what === 'certificate'));
  });

  it('the record says what the events say', async () => {
    const rig = new Rig(plain);
    const chip = siliconOf(plain);
    const end = await rig.run(chip, {}, { operator: 'op-9' });
    const [sealed] = rig.book.sealed;
    assert.equal(sealed?.chip.mac, chip.identity.mac);
    assert.deepEqual([sealed?.operator, sealed?.station, sealed?.run], ['op-9', 'line-1', 'R-1']);
    assert.equal(end.seal?.row, 1);
    const planned = rig.book.said().find(({ type }) => type === 'planned');
    assert.equal(sealed?.planDigest, planned?.type === 'planned' && planned.planDigest);
    assert.ok(sealed?.keysDestroyedAt);
  });
});
