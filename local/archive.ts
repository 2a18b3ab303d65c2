import { zipSync } from 'fflate';

const unix = 3;
const readableByAll = 0o100644 << 16;
/** The earliest time that the format knows. */
const mtime = new Date(1980, 0, 1);

/** A zip archive of these files by path. The same files give the same bytes. */
export function zip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return zipSync(files, { mtime, os: unix, attrs: readableByAll, level: 9 });
}
