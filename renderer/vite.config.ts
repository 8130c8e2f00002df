import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page is plain files beside each other: it is read from a folder by Electron and served as it is by the loopback face.
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'chrome130',
    assetsInlineLimit: 0, // the page's policy allows no data: fonts
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1024,
    reportCompressedSize: false,
  },
});
