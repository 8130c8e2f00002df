import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokenCitations } from '../../citations.ts';

/** Written apart, so that the check does not find this file's wrong citations. */
const FACTS = 'FACTS';
const LAW = 'LAW';

const whole = {
  'docs/facts/loader.md': [
    '# 1 Loader',
    '## 1.1 Framing',
    'Rank: recorded · vectors a.json',
    '## 1.2 Opcodes',
    'Rank: from source · x',
    '## 1.3 Errors',
    'Rank: run in ROM · y',
    '# 6 HMAC',
    'Rank: inferred from 1.1',
  ].join('\n'),
  'docs/architecture.md': '# The house\n## Laws\n### LAW 2 Book before burn\n### ORDER 1 Connect\n## Exit status\n',
  'main/base/a.ts': '// as it is\n',
};

function broken(more: Record<string, string>): string[] {
  const texts = new Map(Object.entries({ ...whole, ...more }));
  return brokenCitations({ texts, has: (path) => texts.has(path) || path === 'main/base' });
}

describe('citations', () => {
  it('finds nothing where all of them lead somewhere', () => {
    assert.deepEqual(
      broken({
        'main/base/b.ts': `// ${FACTS} 1.1, 6 and 1.3; ${LAW} 2, ORDER 1, docs/architecture.md#exit-status; ${FACTS} 1.1 to 1.3.\n`,
        'docs/x.md':
          'See [the laws](architecture.md#law-2-book-before-burn), [all](../docs/facts), `main/base/a.ts` and `main/base/`.',
        'docs/facts': '',
      }),
      [],
    );
  });

  it('goes red on a section that there is not, in a list, in a range, over a line end', () => {
    assert.deepEqual(broken({ 'main/b.ts': `\n// see ${FACTS} 1.4` }), [
      'main/b.ts:2: FACTS 1.4 has no heading in docs/facts',
    ]);
    assert.deepEqual(broken({ 'main/b.ts': `// (${FACTS} 1.1, 7)` }), [
      'main/b.ts:1: FACTS 7 has no heading in docs/facts',
    ]);
    assert.deepEqual(broken({ 'main/b.ts': `// ${FACTS} 1.2 to 1.4` }), [
      'main/b.ts:1: FACTS 1.4 has no heading in docs/facts',
    ]);
    assert.deepEqual(broken({ 'main/b.ts': `/**\n * as in ${FACTS}\n * 2.10.\n */` }), [
      'main/b.ts:2: FACTS 2.10 has no heading in docs/facts',
    ]);
    assert.deepEqual(broken({ 'station-config/r.yaml': `# ${FACTS} 1.1 and\n# 1.9` }), [
      'station-config/r.yaml:1: FACTS 1.9 has no heading in docs/facts',
    ]);
  });

  it('takes no number for a citation that is none', () => {
    assert.deepEqual(broken({ 'main/b.ts': `// ${FACTS} 1.1: 4 bits, and 18 more; ${FACTS} 1.2, 3x` }), []);
  });

  it('goes red on a law and an order that there is not, and on the map that was', () => {
    assert.deepEqual(broken({ 'main/b.ts': `// ${LAW} 2 and 11` }), [
      'main/b.ts:1: LAW 11 has no heading in docs/architecture.md',
    ]);
    assert.deepEqual(broken({ 'main/b.ts': `// ${'ORDER'} 9` }), [
      'main/b.ts:1: ORDER 9 has no heading in docs/architecture.md',
    ]);
    assert.match(broken({ 'main/b.ts': `// ${'DES'}IGN law 2` }).join(), /^main\/b\.ts:1: DES.GN is no document/);
  });

  it('goes red on links, anchors and paths that lead nowhere', () => {
    assert.deepEqual(
      broken({
        'README.md': '[a](docs/no.md) [b](docs/architecture.md#no) [c](#here) [d](https://example.org/x.md)\n# Here',
      }),
      ['README.md:1: there is no docs/no.md', 'README.md:1: docs/architecture.md has no heading #no'],
    );
    assert.deepEqual(broken({ 'main/b.ts': "const next = 'See docs/gone.md.';" }), [
      'main/b.ts:1: there is no docs/gone.md',
    ]);
    assert.deepEqual(broken({ 'docs/x.md': '`main/base/gone.ts` and `main/*/any.ts`' }), [
      'docs/x.md:1: there is no main/base/gone.ts',
    ]);
  });

  it('goes red on a function that its file does not have', () => {
    const file = { 'main/base/run.ts': 'export function perform() {}' };
    assert.deepEqual(broken({ ...file, 'docs/x.md': '`perform` (`main/base/run.ts`)' }), []);
    assert.deepEqual(broken({ ...file, 'docs/x.md': '`form` (`main/base/run.ts`)' }), [
      'docs/x.md:1: main/base/run.ts knows no form',
    ]);
  });

  it('goes red on a way out of the repository', () => {
    assert.deepEqual(broken({ 'test/b.ts': `join(root, '..${'/shared'}/data')` }), [
      'test/b.ts:1: points at a folder beside the repository',
    ]);
  });

  it('goes red on a section of facts without a rank', () => {
    assert.match(
      broken({ 'docs/facts/x.md': '# 7 DS\nNo word.\n' }).join(),
      /^docs\/facts\/x\.md:1: section 7 says no rank/,
    );
    assert.match(
      broken({ 'docs/facts/x.md': '# 7 DS\n## 7.1 Keys\nRank: believed · us\n' }).join(),
      /^docs\/facts\/x\.md:2: section 7\.1 says no rank/,
    );
  });
});
