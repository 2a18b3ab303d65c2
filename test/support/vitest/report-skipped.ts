import { findChromium, NO_CHROMIUM } from '../browser/chromium.ts';
import { findBusybox, NO_BUSYBOX } from '../tools/busybox.ts';

/** Vitest's global set-up: at the end of the run, says again which tests were skipped and why. */
// biome-ignore lint/style/noDefaultExport: Vitest calls it
export default function reportSkipped(): () => void {
  return () => {
    if (!findChromium()) console.error(NO_CHROMIUM);
    if (!findBusybox()) console.error(NO_BUSYBOX);
  };
}
