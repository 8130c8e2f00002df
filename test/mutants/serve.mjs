// Loaded before a program (--import, which NODE_OPTIONS carries into its children and threads): serves one source file of the product with
// one text in it replaced. Nothing on disk changes.
import { registerHooks } from 'node:module';

/** @type {{ url: string, before: string, after: string }} */
const { url: damaged, before, after } = JSON.parse(process.env.FUSELINE_MUTANT ?? '');

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (url !== damaged) return loaded;
    const text = Buffer.from(/** @type {Uint8Array} */ (loaded.source)).toString('utf8');
    // by a function: in a string `$&` would mean something
    return { ...loaded, source: text.replace(before, () => after) };
  },
});
