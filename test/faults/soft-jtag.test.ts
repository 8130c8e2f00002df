// JTAG shut softly: the token in escrow opens exactly the board that it was made for, whatever happened while its key was burned.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemRandom } from '../../main/base/random.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { jtagTokenOf } from '../../main/recipe/making/escrow.ts';
import { held, releaseEscrow } from '../../main/station/desk/access/escrow.ts';
import { Operators } from '../../main/station/desk/access/operators.ts';
import { keyFileBytes, slotOfPurpose } from '../../main/virtual/boot/keys.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { noToken, type Stage, setStage } from '../stories/stage.ts';
import { bringToEnd, recipeVariant, upTo } from './boards.ts';

/** Program commands of a run that meets no trouble: six key blocks and five programs of BLOCK0. */
const programs = 11;

const pin = (text: string) => SecretBytes.take(new TextEncoder().encode(text));

/** The station's custodians and others. */
async function people(stage: Stage): Promise<Operators> {
  const { clock } = stage.station.parts;
  const operators = new Operators({ file: join(stage.folder, 'operators.json'), clock, random: systemRandom });
  for (const [id, roles] of [
    ['cy', ['custodian']],
    ['di', ['custodian']],
    ['ed', ['engineer']],
  ] as const)
    await operators.save({ id, name: id, roles, pin: `${id}-pin-6`, badge: null });
  return operators;
}

/** A firmware that runs, with JTAG shut. */
function started(chip: VirtualChip): VirtualChip {
  chip.setLines({ dtr: false, rts: false });
  chip.reset();
  assert.equal(chip.mode, 'running');
  assert.equal(chip.jtag, 'soft-off');
  return chip;
}

describe('soft JTAG', { skip: noToken, timeout: 240_000 }, () => {
  it('a power cut in every burn, and none: each board is opened by its own token and by no other', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const { ledger, signer } = stage.station.parts;
    const loaded = recipeVariant(t, 'esp32p4-production', 'esp32p4-v3', {
      "jtag: 'off'": 'jtag: soft',
      'wrapping_key:\n  label: fuseline-wrapping':
        'wrapping_key:\n  label: fuseline-wrapping\nescrow_key:\n  label: escrow',
    });
    const addresses = upTo(programs + 1).map(
      (n) => `virtual:esp32p4?rev=v3.1&pacing=none&name=soft-${n}&seed=${700 + n}&fault=power-cut-in-burn:${n}`,
    );
    const ends = await bringToEnd(stage, loaded, addresses);
    assert.equal(ends.at(-1)!.verdicts.length, 1, `a run has ${programs} program commands: the next one never comes`);
    assert.ok(ends.slice(0, -1).every(({ end, verdicts }) => end === 'sealed' && verdicts.length > 1));
    const escrow = await signer.findKey({ label: 'escrow' });
    const tokens: Uint8Array[] = [];
    for (const { chip } of ends) {
      const { wrapped, fingerprint } = await held(ledger, chip.identity.mac, 'jtag-token');
      assert.equal(wrapped.wrappingKeyId, escrow.id);
      const record = await ledger.sealedDevice(chip.identity.mac);
      assert.deepEqual(record?.escrows, [{ what: 'jtag-token', fingerprint }]);
      using token = await signer.unwrap({ label: escrow.label, id: escrow.id }, wrapped);
      tokens.push(token.use((bytes) => bytes.slice()));
    }
    for (const [at, { chip, address }] of ends.entries()) {
      started(chip);
      const other = tokens[(at + 1) % tokens.length]!;
      assert.equal(chip.openJtag(other), false, `${address}: the token of another board`);
      assert.equal(chip.openJtag(tokens[at]!), true, `${address}: its own token`);
      assert.equal(chip.jtag, 'on');
      assert.equal(started(chip).jtag, 'soft-off', 'shut again by a reset');
      assert.deepEqual([chip.efuse.field('DIS_PAD_JTAG'), chip.efuse.field('DIS_USB_JTAG')], [0, 0]);
    }

    // Out it comes only for two different custodians with a reason, and the ledger knows first.
    const board = ends[0]!.chip;
    const parts = { ledger, signer, people: await people(stage) };
    const ask = (ids: readonly string[], more: object = {}) => {
      const custodians = ids.map((id) => ({ id, pin: pin(`${id}-pin-6`) }));
      const reason = 'came back from the field';
      const request = { device: board.identity.mac, what: 'jtag-token', custodians, reason, face: 'terminal' } as const;
      return releaseEscrow(parts, { ...request, ...more });
    };
    await assert.rejects(ask(['cy']), { code: 'escrow.two-people' });
    await assert.rejects(ask(['cy', 'cy']), { code: 'escrow.two-people' });
    await assert.rejects(ask(['cy', 'ed']), { code: 'escrow.custodian' });
    await assert.rejects(ask(['cy', 'nobody']), { code: 'session.refused' });
    await assert.rejects(ask(['cy', 'di'], { reason: 'because' }), { code: 'escrow.reason' });
    await assert.rejects(ask(['cy', 'di'], { device: 'aa:bb:cc:dd:ee:ff' }), { code: 'escrow.unknown-device' });
    await assert.rejects(ask(['cy', 'di'], { what: 'proof-of-possession' }), { code: 'escrow.none' });
    assert.equal((await ledger.escrowReleases()).length, 0);
    const { secret, release } = await ask(['cy', 'di'], { device: board.identity.mac.replaceAll(':', '') });
    assert.ok(secret.use((token) => started(board).openJtag(token)));
    secret.destroy();
    assert.deepEqual([release.mac, release.custodians], [board.identity.mac, ['cy', 'di']]);
    assert.equal((await ledger.escrowReleases()).length, 1);
    assert.equal((await ledger.verify()).broken, null);
  });

  it('a block that does not take its key: what is burned elsewhere is still the key of the token in escrow', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const { ledger, signer } = stage.station.parts;
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', { "jtag: 'off'": 'jtag: soft' });
    // Four key blocks: flash key, HMAC key, JTAG key, digest.
    const addresses = upTo(4).map(
      (n) => `virtual:esp32c3?rev=v0.4&pacing=none&name=dead-${n}&seed=${n}&fault=dead-bit:${n}`,
    );
    const ends = await bringToEnd(stage, loaded, addresses);
    for (const { chip, address, end } of ends) {
      assert.equal(end, 'sealed', address);
      const { wrapped } = await held(ledger, chip.identity.mac, 'jtag-token');
      const { label, id } = (await signer.keys()).find((key) => key.id === wrapped.wrappingKeyId)!;
      using token = await signer.unwrap({ label, id }, wrapped);
      assert.ok(
        token.use((bytes) => started(chip).openJtag(bytes)),
        address,
      );
    }
    assert.ok(
      ends.every(({ verdicts }) => verdicts.length === 2),
      'each was felt',
    );
  });

  it('one block for JTAG and an RSA device key: both come of its one key, also when its burn was cut', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const { ledger, signer } = stage.station.parts;
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', {
      "jtag: 'off'": 'jtag: soft',
      'hmac_up: true':
        'hmac_up: true\nhmac_down: shared\nidentity: {key: rsa-2048, csr: true, csr_subject: {CN: "{serial}"}}',
    });
    // Four key blocks: flash key, the shared key, HMAC key, digest.
    const addresses = ['', '&fault=power-cut-in-burn:2', '&fault=dead-bit:2'].map(
      (fault, n) => `virtual:esp32c3?rev=v0.4&pacing=none&name=shared-${n}&seed=${n + 900}${fault}`,
    );
    const ends = await bringToEnd(stage, loaded, addresses);
    for (const { chip, address, end } of ends) {
      assert.equal(end, 'sealed', address);
      const slot = slotOfPurpose(chip.efuse, 'HMAC_DOWN_ALL');
      assert.ok(slot !== null, address);
      for (const purpose of ['HMAC_DOWN_JTAG', 'HMAC_DOWN_DIGITAL_SIGNATURE'] as const)
        assert.equal(slotOfPurpose(chip.efuse, purpose), null, `${address}: ${purpose}`);
      const record = (await ledger.sealedDevice(chip.identity.mac))!;
      assert.match(JSON.stringify(record.bootProof), /"scheme":"rsa-pkcs1","signature":"[0-9a-f]{512}"/);
      const { wrapped } = await held(ledger, chip.identity.mac, 'jtag-token');
      const { label, id } = (await signer.keys()).find((key) => key.id === wrapped.wrappingKeyId)!;
      using token = await signer.unwrap({ label, id }, wrapped);
      using burned = SecretBytes.take(keyFileBytes(chip.efuse, slot, 'HMAC_DOWN_ALL'));
      using derived = jtagTokenOf(burned);
      token.use((bytes) => {
        assert.ok(started(chip).openJtag(bytes), address);
        assert.ok(
          derived.use((own) => Buffer.from(own).equals(bytes)),
          'of the very key in the block',
        );
      });
    }
  });

  it('the token of the fact sheet', () => {
    // hmac.json of the team's vectors (FACTS 6): key 40..5F, message 32 zero bytes.
    using key = SecretBytes.take(Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i));
    using token = jtagTokenOf(key);
    const golden = 'b0c3d0a2aa5b239dd03962ea406e4629f36020ffba250c86c5bd8794bee6900d';
    assert.equal(
      token.use((bytes) => Buffer.from(bytes).toString('hex')),
      golden,
    );
  });
});
