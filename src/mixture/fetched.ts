/** Fetches a bundle from a folder on a web server; every checksum is verified. */
import { MonbanError } from '../core/fault.js';
import { sha256 } from '../core/sha256-pure.js';
import {
  type Bundle,
  bundleOfFiles,
  checkEntry,
  type FileEntry,
  manifestName,
  parseManifest,
} from './manifest.js';

/** Gets what lies at an address; `fetch` is one. */
export type Fetch = (address: string) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}>;

export interface FetchOptions {
  readonly fetch?: Fetch;
  /** Called after each file with the bytes that have come and the bytes of the whole bundle. */
  readonly onBytes?: (come: number, all: number) => void;
}

async function bytesAt(address: string, get: Fetch): Promise<Uint8Array> {
  const fault = (found: string) =>
    new MonbanError({
      where: address,
      expected: 'a file of a bundle',
      found,
      todo: 'copy the whole folder of the bundle to the server, and check the address',
    });
  const answer = await get(address).catch((error: unknown) => {
    throw fault(String((error as Error).message ?? error));
  });
  if (!answer.ok) throw fault(`HTTP status ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Fetches the bundle below `folder`; throws MonbanError naming the file that is lacking or damaged. */
export async function fetchBundle(folder: string, options: FetchOptions = {}): Promise<Bundle> {
  const get: Fetch = options.fetch ?? ((address) => fetch(address));
  const base = folder.replace(/\/*$/, '');
  const path = `${base}/${manifestName}`;
  const text = new TextDecoder().decode(await bytesAt(path, get));
  const manifest = parseManifest(path, text, sha256);
  const all = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let come = 0;
  const one = async (entry: FileEntry): Promise<[string, Uint8Array]> => {
    const address = `${base}/${entry.path.split('/').map(encodeURIComponent).join('/')}`;
    const data = await bytesAt(address, get);
    checkEntry(address, data, entry, sha256);
    come += data.length;
    options.onBytes?.(come, all);
    return [entry.path, data];
  };
  const files = new Map(await Promise.all(manifest.files.map(one)));
  return bundleOfFiles(manifest, files, base, sha256);
}
