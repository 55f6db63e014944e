/** The browser that tests of pages use, how it is started, and what serves the page. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** A user may lack the browser; CI may not. */
export const skipped = !existsSync(executablePath) && process.env.CI === undefined;
export const why = skipped ? ` (skipped: no ${executablePath}; apt-get install chromium)` : '';

/** Debian's build tries to reach hosts in the background; tests must not. */
const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Any static web server: paths below the site, and nothing else. */
function serve(site: string): Promise<Server> {
  const made = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const path = join(site, pathname === '/' ? 'index.html' : decodeURIComponent(pathname));
    if (!path.startsWith(site) || !existsSync(path)) return void response.writeHead(404).end();
    const type = types[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(readFileSync(path));
  });
  return new Promise((resolve) => {
    made.listen(0, '127.0.0.1', () => resolve(made));
  });
}

/** A page of a browser of its own, which has not gone to the site yet. */
export interface OpenedPage {
  readonly page: Page;
  /** Where the site is served. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serves a folder and starts the browser. */
export async function openPage(
  site: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const server = await serve(site);
  const browser = await chromium.launch({ executablePath, args: browserArguments });
  return {
    page: await browser.newPage(options),
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      await browser.close();
      server.close();
    },
  };
}
