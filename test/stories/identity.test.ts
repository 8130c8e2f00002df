// Device identities beside P-256: P-384 in two blocks under a chain of CAs, RSA for the DS peripheral, requests for a CA elsewhere.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { toHex } from '../../main/base/bytes.ts';
import { parseSecureCert, tlvTypes } from '../../main/image/secure-cert.ts';
import type { SealedRecord } from '../../main/model/record.ts';
import { issueCaCertificate, serialNumberFrom } from '../../main/signing/certificates.ts';
import { pemOf } from '../../main/signing/pem.ts';
import { bootRuleOf } from '../../main/station/boot-rule.ts';
import { registrationText, sealedOf } from '../../main/station/registration.ts';
import { proveSealedBoard } from '../../main/station/verify-device.ts';
import { flashView } from '../../main/virtual/boot/flash-view.ts';
import { faultsOf, noToken, recipeAt, recipes, type Stage, setStage } from './stage.ts';

const skip = noToken || (spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed');
const firmware = (name: string) => join(recipes, '..', 'firmware', name);

describe('device identities', { skip, concurrency: 1 }, () => {
  let stage: Stage;
  before(async () => {
    stage = await setStage();
  });
  after(() => stage.close());

  /** The recipe of the repository with this identity (and more) in place of its own. */
  function recipeWith(name: string, build: string, identity: string, more = ''): string {
    const file = join(stage.folder, `${name}.yaml`);
    const text = readFileSync(join(recipes, `${name}.yaml`), 'utf8')
      .replace(/^identity:\n(?: .*\n|\n(?= ))*/m, '')
      .replace(/^serial:\n(?: .*\n)*/m, '')
      .replace(/folder: .*/, `folder: ${firmware(build)}`);
    const challenge = text.includes('challenge:')
      ? text
      : text.replace('boot_proof:\n', 'boot_proof:\n  challenge: required\n');
    writeFileSync(file, `${challenge}\n${identity}${more}`);
    return file;
  }

  async function sealed(file: string, address: string): Promise<SealedRecord> {
    const result = await stage.provision(recipeAt(file), [address]);
    assert.equal(result.counts.passed, 1, faultsOf(stage));
    const record = await stage.station.parts.ledger.sealedDevice(stage.chip(address).identity.mac);
    assert.ok(record);
    return record;
  }

  /** What firmware finds in the certificate partition. */
  function entriesOf(address: string, record: SealedRecord) {
    const { offset } = record.images.find(({ name }) => name === 'esp_secure_cert')!;
    const chip = stage.chip(address);
    return parseSecureCert(flashView(chip.efuse, chip.flash).read(offset, 0x2000));
  }

  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const write = (name: string, text: string | Uint8Array) => {
    const path = join(stage.folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('P-384 in two key blocks, under a chain of CAs, with alternative names, a fixed end and a drawn serial number', async () => {
    const { signer } = stage.station.parts;
    const key = await signer.generateKey({ label: 'chained-ca', use: 'device-ca', algorithm: 'ecdsa-p384' });
    const ca = await deviceCaUnderRoot(key.label);
    const identity = `identity:
  key: ecdsa-p384
  csr: true
  certificate:
    ca: {label: chained-ca}
    ca_chain: [device-ca.pem, root.pem]
    subject: {CN: '{serial}', O: Example}
    alternative_names: {dns: ['{serial}.devices.example.com'], uri: ['urn:dev:sn:{serial}']}
    usages: [client-auth, server-auth]
    not_after: 2049-12-31
`;
    const address = 'virtual:esp32p4?pacing=none&name=p384';
    const record = await sealed(
      recipeWith(
        'esp32p4-production',
        'esp32p4-v3',
        identity,
        "serial: {from: random, format: 'FL-{random}', length: 12}\n",
      ),
      address,
    );
    assert.match(record.serial ?? '', /^FL-[0-9A-HJKMNP-TV-Z]{12}$/);
    const purposes = [0, 1, 2, 3, 4, 5].map((slot) => stage.chip(address).efuse.field(`KEY_PURPOSE_${slot}`));
    assert.deepEqual(
      purposes.filter((purpose) => purpose === 17 || purpose === 18).sort(),
      [17, 18],
      'both halves have their purpose',
    );
    const { identity: proven, bootProof } = record;
    assert.equal(proven?.key, 'ecdsa-p384');
    assert.match(JSON.stringify(bootProof), /"scheme":"ecdsa-p384","signature":"[0-9a-f]{192}"/);

    const device = write('p384.pem', proven!.certificatePem!);
    const verdict = openssl(
      ...['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca.root, '-untrusted', ca.device, device],
    );
    assert.match(verdict, /: OK/);
    const certificate = new X509Certificate(proven!.certificatePem!);
    assert.equal(
      certificate.subjectAltName,
      `DNS:${record.serial}.devices.example.com, URI:urn:dev:sn:${record.serial}`,
    );
    assert.equal(certificate.validTo, 'Dec 31 23:59:59 2049 GMT');
    assert.equal(
      toHex(new Uint8Array(certificate.publicKey.export({ format: 'der', type: 'spki' }))),
      proven!.publicKey,
    );

    const request = openssl('req', '-verify', '-noout', '-text', '-in', write('p384.csr', proven!.csrPem!));
    assert.match(request, /Subject: CN ?= ?FL-[0-9A-Z]+, O ?= ?Example/);
    assert.match(request, /Signature Algorithm: ecdsa-with-SHA384/);
    assert.match(request, /TLS Web Client Authentication, TLS Web Server Authentication/);
    assert.match(request, /URI:urn:dev:sn:FL-/);

    const entries = entriesOf(address, record);
    const chain = entries.find(({ type }) => type === tlvTypes.caCertificate)!.data;
    const text = readFileSync(ca.device, 'utf8') + readFileSync(ca.root, 'utf8');
    assert.equal(new TextDecoder().decode(chain), `${text}\0`);
    const high = record.keys.find(({ role }) => role === 'ecdsa-identity')!.blocks;
    assert.equal(high.length, 2);
    assert.equal(
      stage
        .chip(address)
        .efuse.field(`KEY_PURPOSE_${entries.find(({ type }) => type === tlvTypes.securityConfig)!.data[0]! - 4}`),
      18,
    );
  });

  /** A root by openssl, and under it the device CA of the token's key. */
  async function deviceCaUnderRoot(label: string): Promise<{ root: string; device: string }> {
    const rootKey = join(stage.folder, 'root.key');
    const root = join(stage.folder, 'root.pem');
    openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-384',
        '-nodes',
        '-days',
        '20000',
        '-subj',
        '/CN=Root',
      ],
      ...['-addext', 'keyUsage=critical,keyCertSign', '-keyout', rootKey, '-out', root],
    );
    const { signer, clock } = stage.station.parts;
    using random = await signer.random(20);
    const selfSigned = await issueCaCertificate({
      signer,
      ca: { label },
      subject: [{ type: 'CN', value: 'Line 1' }],
      serialNumber: random.use(serialNumberFrom),
      notBefore: new Date(clock.now()),
      notAfter: new Date('2060-01-01T00:00:00Z'),
    });
    const device = join(stage.folder, 'device-ca.pem');
    const own = write('own.pem', pemOf('CERTIFICATE', selfSigned.der));
    const ext = write(
      'ca.ext',
      'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
    );
    const pub = write('own.pub', openssl('x509', '-in', own, '-noout', '-pubkey'));
    openssl(
      ...[
        'x509',
        '-new',
        '-force_pubkey',
        pub,
        '-subj',
        '/CN=Line 1',
        '-CA',
        root,
        '-CAkey',
        rootKey,
        '-days',
        '12000',
      ],
      ...['-extfile', ext, '-out', device],
    );
    return { root, device };
  }

  it('RSA-3072 for the DS peripheral of silicon without ECDSA, and a request alone for a CA elsewhere', async () => {
    const identity = 'identity: {key: rsa-3072, csr: true, csr_subject: {CN: "{serial}", O: Example}}\n';
    const address = 'virtual:esp32p4?pacing=none&rev=v1.3&name=rsa';
    const record = await sealed(recipeWith('esp32p4-v1-production', 'esp32p4-v1', identity), address);
    const { identity: proven } = record;
    assert.deepEqual([proven?.key, proven?.certificatePem, proven?.certificateSerial], ['rsa-3072', null, null]);
    assert.match(JSON.stringify(record.bootProof), /"scheme":"rsa-pkcs1","signature":"[0-9a-f]{768}"/);
    const csr = write('rsa.csr', proven!.csrPem!);
    assert.match(openssl('req', '-verify', '-noout', '-text', '-in', csr), /Public-Key: \(3072 bit\)/);
    const spki = openssl('req', '-in', csr, '-noout', '-pubkey');
    assert.equal(Buffer.from(spki.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('hex'), proven!.publicKey);
    const types = entriesOf(address, record).map(({ type }) => type);
    assert.deepEqual(types, [tlvTypes.dsData, tlvTypes.dsContext]);

    const { ledger, clock, random } = stage.station.parts;
    const { checks } = await proveSealedBoard(() => stage.bench.open(address, { baudRate: 115200 }), {
      ...{ clock, random, record },
      find: (id) => ledger.sealedDevice(id),
      ruleOf: (hash) => bootRuleOf(ledger, hash),
    });
    assert.deepEqual(
      checks.map(({ what, ok }) => [what, ok]),
      [
        ['door', true],
        ['boot', true],
        ['Secure Boot', true],
        ['device key', true],
      ],
    );
    assert.equal(checks.at(-1)?.evidence, 'rsa-3072, a request for a certificate');
  });

  it('both are told to a cloud by the order they were made for', async () => {
    const records: SealedRecord[] = [];
    for await (const record of sealedOf(stage.station.parts.ledger, 'story')) records.push(record);
    assert.equal(records.length, 2);
    const things = [...registrationText(records, 'aws')].map((line) => Object.keys(JSON.parse(line)));
    assert.deepEqual(things, [
      ['ThingName', 'SerialNumber', 'CertificatePem'],
      ['ThingName', 'SerialNumber', 'CSR'],
    ]);
    const [operation] = [...registrationText(records.slice(0, 1), 'azure')];
    assert.equal(JSON.parse(operation!).enrollments[0].registrationId, records[0]!.serial);
    await assert.rejects(sealedOf(stage.station.parts.ledger, 'no such order').next(), /no batch and no order/);
  });
});
