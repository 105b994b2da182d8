import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { DEV_PORT } from './dev/ports.ts';

export default defineConfig({
  // Relative addresses: the page works wherever it is served.
  base: './',
  // White space between elements is what it is in HTML, so that the formatter may break lines there.
  plugins: [vue({ template: { compilerOptions: { whitespace: 'preserve' } } })],
  build: {
    target: 'es2022',
    // The content security policy allows no data: fonts or scripts; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: DEV_PORT,
    // dev/proxy.ts brings the daemon's Unix socket to TCP.
    proxy: { '/api': { target: 'http://127.0.0.1:' + (process.env.VNVME_UI_PROXY_PORT ?? DEV_PORT + 1) } },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
});
