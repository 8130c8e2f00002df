// SBOMs as esp-idf-sbom 1.5.0 wrote them of one project (test/vectors/sbom; without the address of a
// registry that its CycloneDX says of the tool itself), and what is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { readSbom, type Sbom } from '../../../main/formats/sbom.ts';
import { compareVersions, componentQuestion, fits, isWithin, versionSpans } from '../../../main/model/component.ts';
import { vectorText } from '../../vectors.ts';

const written = (form: string) => vectorText(`sbom/fuseline_demo.${form}`);
function read(text: string): Sbom {
  const result = readSbom(utf8(text));
  assert.ok('sbom' in result, JSON.stringify(result));
  return result.sbom;
}
function mistake(bytes: Uint8Array | string): string {
  const result = readSbom(typeof bytes === 'string' ? utf8(bytes) : bytes);
  assert.ok('mistake' in result, 'it was read');
  return result.mistake;
}

test('the three forms that esp-idf-sbom writes tell the same components', () => {
  const [tags, spdx, cyclone] = ['spdx', 'spdx.json', 'cdx.json'].map((form) => read(written(form)));
  assert.deepEqual(tags, spdx);
  assert.deepEqual(tags!.product, { name: 'project-fuseline_demo', version: '1.0.0' });
  assert.deepEqual(cyclone!.product, tags!.product);
  assert.deepEqual(cyclone!.components, tags!.components);
  assert.deepEqual(
    tags!.components.map(({ name, version }) => `${name} ${version}`),
    [
      'component-espressif__cjson 1.7.18',
      'component-freertos v5.5.1',
      'component-main 1.0.0',
      'esp-idf 5.5.1',
      'lwip 2.2.0',
      'mbedtls 3.6.4',
      'toolchain-riscv32-esp-elf esp-14.2.0_20241119',
    ],
  );
  assert.deepEqual(
    tags!.components.find(({ name }) => name === 'mbedtls'),
    {
      name: 'mbedtls',
      version: '3.6.4',
      supplier: 'Arm Limited',
      ids: [
        'cpe:2.3:a:arm:mbed_tls:3.6.4:*:*:*:*:*:*:*',
        'cpe:2.3:a:trustedfirmware:mbed_tls:3.6.4:*:*:*:*:*:*:*',
        'pkg:github/Mbed-TLS/mbedtls@3.6.4',
      ],
    },
  );
});

test('components within components, and a document about each of its packages', () => {
  const nested = { bomFormat: 'CycloneDX', components: [{ name: 'a', components: [{ name: 'b', version: '2' }] }] };
  assert.deepEqual(
    read(JSON.stringify(nested)).components.map(({ name }) => name),
    ['a', 'b'],
  );
  const all = {
    spdxVersion: 'SPDX-2.3',
    documentDescribes: ['SPDXRef-a'],
    packages: [{ SPDXID: 'SPDXRef-a', name: 'a', versionInfo: 'NOASSERTION' }],
  };
  assert.deepEqual(read(JSON.stringify(all)).components, [{ name: 'a', version: null, supplier: null, ids: [] }]);
});

test('what is damaged, huge, hostile or something else is one sentence, and nothing of it is taken', () => {
  const cyclone = (components: unknown) => JSON.stringify({ bomFormat: 'CycloneDX', components });
  const deep = (levels: number) =>
    `{"bomFormat":"CycloneDX","components":${Array.from({ length: levels }, (_, at) => `[{"name":"x${at}","components":`).join('')}[]${'}]'.repeat(levels)}}`;
  for (const [text, words] of [
    ['', /empty/],
    [written('spdx.json').slice(0, 3000), /no JSON/],
    [written('spdx').replace(/<\/text>\n(?![\s\S]*<\/text>)/, ''), /ends within a <text>/],
    [written('spdx').replace('PackageVersion: 3.6.4', 'P\u0000'), /zero byte/],
    [written('spdx').replace('PackageVersion: 3.6.4', 'and so on'), /"and so on" has no tag/],
    [written('spdx3.json'), /SPDX 3/],
    ['<?xml version="1.0"?><bom/>', /XML/],
    ['hello', /neither JSON nor SPDX/],
    ['PackageName: x', /begins with "PackageName"/],
    ['SPDXVersion: SPDX-1.2', /"SPDX-1.2"/],
    ['{"project_name": "x"}', /neither/],
    [cyclone([]), /no components/],
    [cyclone({ a: 1 }), /"components" is no list/],
    [cyclone(['mbedtls']), /holds what is none/],
    [cyclone([{ version: '1' }]), /no name/],
    [cyclone([{ name: 7 }]), /a name that is no text/],
    [cyclone([{ name: 'mbed\u202etls' }]), /cannot be seen/],
    [cyclone([{ name: 'mbed\u001b[2Jtls' }]), /cannot be seen/],
    [cyclone([{ name: 'x'.repeat(600) }]), /more than 512 characters/],
    [cyclone(Array.from({ length: 5001 }, (_, at) => ({ name: `c${at}` }))), /more than 5000 components/],
    [deep(6000), /more than 5000 components/],
    [
      cyclone([
        { name: 'x', evidence: { identity: Array.from({ length: 40 }, (_, n) => ({ concludedValue: `pkg:a/${n}` })) } },
      ]),
      /more than 32 CPEs/,
    ],
  ] as const) {
    const said = mistake(text);
    assert.match(said, words);
    assert.ok(said.length < 200 && !said.includes('\u001b'), said);
  }
  // single bytes taken out of a real one: read or refused, never anything else
  for (const form of ['spdx', 'spdx.json', 'cdx.json'])
    for (let at = 7; at < written(form).length; at += 97) readSbom(utf8(written(form).slice(0, at)));
});

test('versions compare as people mean them', () => {
  const order = ['1.2', '1.2.1-a', '1.2.1-rc1', '1.2.1-rc10', 'v1.2.1', '1.2.1-3-gabc1234', '1.2.1~2', '1.10', '2'];
  for (let at = 1; at < order.length; at++)
    if (order[at] !== '1.2.1~2') assert.ok(compareVersions(order[at - 1]!, order[at]!) < 0, order[at]);
  assert.equal(compareVersions('3.6', '3.6.0'), 0);
  assert.ok(compareVersions('esp-13.2.0_20240530', 'esp-14.2.0_20241119') < 0);
  const within = (version: string | null, text: string) => isWithin(version, versionSpans(text)!);
  for (const [version, text, fit] of [
    ['3.6.3', '>=3.0 <3.6.4', 'fits'],
    ['3.6.4', '>=3.0 <3.6.4', 'not'],
    ['2.28.9', '<2.28.10 || >=3.0 <3.6.4', 'fits'],
    ['2.28.10', '<=2.28.9||>=3.0<3.6.4', 'not'],
    ['5.5-dev-12-gabcdef0', '>=5.5-a <5.5', 'fits'],
    ['main', 'main', 'unclear'],
    ['3f2a1bc9', '<3', 'unclear'],
    [null, '<3', 'unclear'],
    ['3.6.4', '>3.6.4', 'not'],
    ['v3.6.4', '=3.6.4', 'fits'],
  ] as const)
    if (text !== 'main') assert.equal(within(version, text), fit, `${version} ${text}`);
  for (const text of ['', 'main', '<', '>=3 >=4', '3 || ', '<3 <4', '3,4', '=> 3'])
    assert.equal(versionSpans(text), null, text);
});

test('a component is asked for by name, package URL and CPE', () => {
  const { components } = read(written('spdx'));
  const found = (text: string) =>
    components
      .filter((one) => fits(one, componentQuestion(text)!) !== 'not')
      .map(({ name }) => name.replace(/^component-/, ''));
  for (const [text, names] of [
    ['mbedtls', ['mbedtls']],
    ['MbedTLS@<3.6.5', ['mbedtls']],
    ['mbedtls@<3.6.4', []],
    ['freertos', ['freertos']],
    ['component-freertos@>=5.5', ['freertos']],
    ['espressif/cjson', ['espressif__cjson']],
    ['cjson', ['espressif__cjson']],
    ['json', []],
    ['pkg:github/mbed-tls/mbedtls', ['mbedtls']],
    ['pkg:github/Mbed-TLS/mbedtls@3.6.4', ['mbedtls']],
    ['cpe:2.3:a:arm:mbed_tls', ['mbedtls']],
    ['cpe:2.3:a:arm:mbed_tl', []],
    ['cpe:2.3:a:arm', ['mbedtls']],
  ] as const)
    assert.deepEqual(found(text), [...names], text);
  for (const text of ['', '@3', 'mbedtls@', 'mbedtls@newest']) assert.equal(componentQuestion(text), null, text);
});
