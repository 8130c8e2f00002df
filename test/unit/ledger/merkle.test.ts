// The tree's hashes are those of RFC 9162: the leaves and roots that implementations of certificate transparency keep as their common vectors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGrown, leafHash, MerklePaths, MerkleTree, nodeHash } from '../../../main/ledger/merkle.ts';

const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('a tree of zero to eight leaves has the roots that everybody has', () => {
  const tree = new MerkleTree();
  roots.forEach((root, size) => {
    assert.deepEqual([tree.size, tree.root()], [size, root]);
    const leaf = leaves[size];
    if (leaf !== undefined) tree.append(leaf);
  });
});

test('that a tree grew out of another is shown for every pair of sizes, and nothing else is taken for it', () => {
  const most = 17;
  const rows = Array.from({ length: most }, (_, at) => leafHash(at.toString(16).padStart(64, '0')));
  const over = (size: number) => new MerklePaths(Buffer.from(rows.slice(0, size).join(''), 'hex'));
  const all = Array.from({ length: most + 1 }, (_, size) => over(size));
  for (let size = 1; size <= most; size++)
    for (let old = 1; old <= size; old++) {
      const [before, root, proof] = [all[old]!.root(), all[size]!.root(), all[size]!.growth(old)];
      const at = `${old} to ${size}`;
      assert.ok(isGrown(old, before, size, root, proof), at);
      assert.equal(isGrown(old, nodeHash(before, before), size, root, proof), false, at);
      assert.equal(isGrown(old, before, size, nodeHash(root, root), proof), false, at);
      if (old < size) assert.equal(isGrown(old, before, size, root, proof.slice(1)), false, at);
      if (old < size) assert.equal(isGrown(old, before, size, root, []), false, at);
      assert.equal(isGrown(old, before, size, root, [...proof, root]), false, at);
      for (const [n, hash] of proof.entries())
        assert.equal(isGrown(old, before, size, root, proof.with(n, nodeHash(hash, hash))), false, at);
    }
  // RFC 6962 has these two between seven leaves
  assert.equal(all[7]!.growth(3).length, 4);
  assert.equal(all[7]!.growth(4).length, 1);
});
