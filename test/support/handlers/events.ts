import { readFileSync } from 'node:fs';

/** A fresh copy of test/events/<name>.json. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into and change what real events hold
export function readEvent(name: string): any {
  return JSON.parse(readFileSync(new URL(`../../events/${name}.json`, import.meta.url), 'utf8'));
}
